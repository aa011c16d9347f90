import { RuleTester } from 'eslint';
import parser from 'typescript-eslint';
import { afterAll, describe, expect, it } from 'vitest';
import etalon from './index.ts';

RuleTester.describe = describe;
RuleTester.it = it;
(RuleTester as unknown as { afterAll: typeof afterAll }).afterAll = afterAll;

const tester = new RuleTester({
  languageOptions: {
    parser: parser.parser,
    parserOptions: {
      projectService: { allowDefaultProject: ['*.ts'] },
      tsconfigRootDir: import.meta.dirname,
    },
  },
});
const filename = `${import.meta.dirname}/case.ts`;

/** A file that begins with what the package declares, as far as the rules look at it. */
const file = (code: string): string => `
declare abstract class NDArray { readonly aval: object; equal(y: number): NDArray; item(): number; shape: number[]; [Symbol.iterator](): never; }
declare class Tracer extends NDArray {}
declare const x: NDArray, y: NDArray, t: Tracer, maybe: NDArray | undefined, either: NDArray | number, n: number, list: NDArray[], o: object;
${code}`;
const valid = (...codes: readonly string[]): RuleTester.ValidTestCase[] =>
  codes.map((code) => ({ name: code, filename, code: file(code) }));
const invalid = (messageId: string, ...codes: readonly string[]): RuleTester.InvalidTestCase[] =>
  codes.map((code) => ({ name: code, filename, code: file(code), errors: [{ messageId }] }));

const run = (name: string, cases: Parameters<RuleTester['run']>[2]): void =>
  tester.run(name, etalon.rules![name] as Parameters<RuleTester['run']>[1], cases);

run('no-array-condition', {
  valid: valid(
    'if (x.item() > 0) n;',
    'if (maybe) n;', // asks whether it is there
    'const a = maybe ?? x;',
    'const a = maybe || x;',
    'const a = x ?? y;',
    'if (n) n;',
    'if (list.length) n;',
    'if (!o) n;',
    'for (;;) break;',
    'const a = -x;',
    'const a = Boolean(n);',
  ),
  invalid: invalid(
    'condition',
    'if (x) n;',
    'if (t) n;',
    'if (either) n;',
    'while (x) n;',
    'do n; while (x);',
    'for (; x; ) n;',
    'const a = x ? 1 : 2;',
    'const a = !x;',
    'const a = x && y;',
    'const a = x || y;',
    'const a = Boolean(x);',
    'function f<T extends NDArray>(v: T) { if (v) n; }',
    'if (x.equal(0)) n;',
  ),
});

run('no-array-equality', {
  valid: valid(
    'maybe === undefined;',
    'maybe == null;',
    'x !== null;',
    'x.item() === 3;',
    'n === 3;',
    'x === o;', // may be meant: is it this object?
    'x.equal(3);',
    'switch (n) { case 1: break; default: }',
  ),
  invalid: invalid(
    'equality',
    'x === y;',
    'x !== y;',
    'x == y;',
    '(x as unknown as NDArray | 3) === 3;',
    'either === 1;',
    'either != t;',
    '(maybe as NDArray | bigint) === 1n;',
    'switch (either) { case 1: break; }',
  ),
});

run('no-array-operator', {
  valid: valid('n * 2;', '-n;', 'x.item() + 1;', '`${x}`;', 'x === y;', 'let i = 0; i++; i += n;', 'typeof x;', '!x;'),
  invalid: invalid(
    'operator',
    'x + 1;',
    '1 + x;',
    'x * y;',
    't ** 2;',
    'x < 1;',
    'x >= y;',
    'x & 1;',
    'either - 1;',
    '-x;',
    '+x;',
    '~x;',
    'let z = x as any as NDArray; z++;',
    'let z: NDArray = x; z += 1;',
    "'a' + x;",
  ),
});

run('no-array-index', {
  valid: valid('list[0];', 'x.shape[0];', 'x.item();', 'list[0] = x;', 'x[Symbol.iterator];'),
  invalid: [
    ...invalid('read', 'x[0];', 't[n];', "x['0:2'];", 'list[0]![1];', 'const { a } = x[0];', 'n + x[0];'),
    ...invalid('written', 'x[0] = 1;', 'x[n] += 1;', 'list[0]![1] = n;'),
  ],
});

run('no-array-iteration', {
  valid: valid(
    'for (const a of list) a;',
    'const [a] = list;',
    '[...list];',
    'const f = { ...x };', // pointless, but no loop
    'Math.max(...[n]);',
    'for (const k in x) k;',
  ),
  invalid: invalid(
    'iteration',
    'for (const a of x) a;',
    '[...x];',
    'Math.max(...t);',
    'const [a] = x;',
    'let a; [a] = x;',
    'function* g() { yield* x; }',
    'async function f() { for await (const a of x) a; }',
  ),
});

const imports = `import { jit, lax, grad as gradient } from 'etalon';
import * as all from 'etalon';
import { map } from 'etalon/lax';
import { jit as other } from 'elsewhere';
`;
const withImports = <T extends { code: string }>(cases: readonly T[]): T[] =>
  cases.map((one) => ({ ...one, code: imports + one.code }));

run('no-async-transform', {
  valid: withImports(
    valid(
      'jit((v) => v);',
      'other(async (v) => v);',
      '[1].map(async (v) => v);',
      'list.map(async (v) => v);',
      'jit(n);',
    ),
  ),
  invalid: withImports(
    invalid(
      'async',
      'jit(async (v) => v);',
      'jit(function* (v) { yield v; });',
      'gradient(async function (v) { return v; });',
      'all.vmap(async (v) => v);',
      'all.lax.scan(async (c, v) => [c, v], x, y);',
      'lax.cond(true, (v) => v, async (v) => v, x);',
      'map(async (v) => v, x);',
      'const f = async (v: NDArray) => v; jit(f);',
      'jit((v) => Promise.resolve(v));',
    ),
  ),
});

describe('the configuration', () => {
  const { recommended } = etalon.configs;
  it('turns every rule on', () =>
    expect(Object.keys(recommended.rules!)).toEqual(Object.keys(etalon.rules!).map((name) => `etalon/${name}`)));
  it('says what to write', () => {
    for (const { meta } of Object.values(etalon.rules!) as { meta: { messages: Record<string, string> } }[])
      for (const message of Object.values(meta.messages)) expect(message).toMatch(/Write |Await outside/);
  });
});
