import { expect, test } from 'vitest';
import { fromNested } from '../reference/core/convert.ts';
import { ShapeError } from '../reference/core/errors.ts';
import { type Block, blocksOf, runBlock } from './run-blocks.ts';

const prelude = {
  array: (x: number[]) => fromNested(x, undefined, 'array'),
  fail: () => {
    throw new ShapeError('two shapes');
  },
};
const run = async (...lines: string[]): Promise<string[]> => {
  const page = ['# Page', '```ts run', ...lines, '```'].join('\n');
  return (await runBlock(blocksOf('page.md', page)[0]!, prelude)).map(({ line, message }) => `${line}: ${message}`);
};

test('only blocks marked so are run, and know their lines', () => {
  const page = '```ts\na\n```\n\n```ts run\nb\n```\n\n````md\n```ts run\nc\n```\n````\n```ts run\nd\ne\n```\n';
  const blocks: Block[] = [
    { page: 'p.md', line: 6, code: 'b' },
    { page: 'p.md', line: 15, code: 'd\ne' },
  ];
  expect(blocksOf('p.md', page)).toEqual(blocks);
});

test('assertions that hold', async () => {
  const block = [
    'const f = (x: number): number => x + 1;',
    'f(1);',
    '// => 2',
    'f(2); // => 3',
    'array([0.1, -0, 2]);',
    '// => f32[3]',
    '//    [0.1, -0, 2]',
    '// an ordinary comment',
    '[array([1]), { a: -0, b: null }];',
    '// => [f32[1] [1], { a: -0, b: null }]',
    'fail();',
    '// throws two sh',
    'fail(); // throws ShapeError: two shapes',
    'Promise.resolve(4);',
    '// => 4',
  ];
  expect(await run(...block)).toEqual([]);
});

test('assertions that do not hold', async () => {
  expect(await run('1 + 1;', '// => 3')).toEqual(['4: expected 3\n     got 2']);
  expect(await run('1 + 1;', '// throws no')).toEqual(['4: expected an error: no\n     got the value: 2']);
  expect((await run('fail();', '// throws three'))[0]).toContain('got: ShapeError: two shapes');
  expect((await run('fail();', '// => 3'))[0]).toContain('got an error: ShapeError: two shapes');
  expect((await run('fail();', '1;', '// => 1'))[0]).toContain('5: the block stopped before this: ShapeError');
  expect(await run('1 + 1;')).toEqual(['3: the block asserts nothing: write // => or // throws']);
  await expect(run('const x = 1;', '// => 1')).rejects.toThrow('page.md:4: an assertion needs an expression statement');
});
