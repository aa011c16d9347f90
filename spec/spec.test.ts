/** The specification against the code: every executed example, and everything that `npm run check:spec` compares. */
import { beforeAll, describe, expect, test } from 'vitest';
import { checkCalls, checkPages } from '../tools/check-spec.ts';
import { blocksOf, loadPrelude, runBlock } from '../tools/run-blocks.ts';
import { readPages } from '../tools/spec/pages.ts';

let prelude: Record<string, unknown>;
beforeAll(async () => {
  prelude = await loadPrelude();
});

const pages = readPages('.').map((page) => ({ ...page, blocks: blocksOf(page.path, page.text) }));

describe.each(pages.filter((page) => page.blocks.length > 0))('$path', ({ blocks }) => {
  test.each(blocks)('line $line', async (block) => {
    expect(await runBlock(block, prelude)).toEqual([]);
  });
});

test('pages and code say the same', async () => {
  const { seen, problems } = await checkPages('.');
  expect(problems).toEqual([]);
  expect(Object.entries(seen).filter(([, n]) => n === 0)).toEqual([]);
});

test('every constraint has calls that meet it and calls that break it', () => {
  const { seen, problems } = checkCalls();
  expect(problems).toEqual([]);
  expect(seen['valid calls']).toBeGreaterThan(1000);
  expect(seen['conditions broken']).toBeGreaterThan(100);
});
