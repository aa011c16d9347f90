import { describe, expect, test, vi } from 'vitest';
import { ProgramError } from '../core/errors.ts';
import { hostScalar } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { programFromJson, programToJson } from '../core/load.ts';
import type { NDArray } from '../core/ndarray.ts';
import { parseProgram } from '../core/parse.ts';
import { LIMITS } from '../core/program.ts';
import { printProgram } from '../core/text.ts';
import { checkpoint, evaluateJaxpr, grad, jacfwd, jit, jvp, lax, linearize, makeJaxpr, np, vmap } from '../index.ts';
import { allPrimitives } from '../primitives/index.ts';
import { errorBound } from './error-bound.ts';
import { transforms } from './rules.ts';

vi.setConfig({ testTimeout: 120_000 }); // for slow machines; most of these take a second or two

/** Recursion would not survive 20,000 equations; `npm run test:full` has five times as many. */
const DEEP = 20_000;
const N = process.env['TEST_LEVEL'] === 'full' ? 5 * DEEP : DEEP;
const times = (n: number, f: (y: NDArray) => NDArray, x: NDArray): NDArray => {
  let y = x;
  for (let k = 0; k < n; k++) y = f(y);
  return y;
};
/** x^(n + 1): at 1 the value is 1 and the derivative n + 1, which no rounding touches. */
const chain =
  (n: number) =>
  (x: NDArray): NDArray =>
    times(n, (y) => lax.mul(y, x), x);

describe(`${N} equations in a row`, () => {
  const f = chain(N);
  test('are traced', () => expect(makeJaxpr(f)(1).equations).toHaveLength(N));
  test('evaluate', () => expect([f(np.array(1)), jit(f)(1)].map((y) => y.item())).toEqual([1, 1]));
  test('batch', () => expect(vmap(f)(np.array([1, -1, 0])).js()).toEqual([1, -1, 0]));
  test('differentiate forwards', () => expect(jvp(f, [1], [1])[1].item()).toBe(N + 1));
  test('differentiate backwards', () => expect(grad(f)(1).item()).toBe(N + 1));
});

describe(`${DEEP} equations in a row`, () => {
  const f = chain(DEEP);
  test.each<[string, () => NDArray]>([
    ['linearize', () => linearize(f, [1])[1](1)],
    ['jacfwd', () => jacfwd(f)(1)],
    ['jit of grad', () => jit(grad(f))(1)],
    ['grad of jit', () => grad(jit(f))(1)],
    ['grad of checkpoint', () => grad(checkpoint(f))(1)],
  ])('%s', (_, run) => expect(run().item()).toBe(DEEP + 1));
  test('vmap of jit', () => expect(vmap(jit(f))(np.array([1, -1])).js()).toEqual([1, -1]));

  test('each of them a call of a jitted function', () => {
    const negated = jit((x: NDArray) => lax.neg(x));
    const calls = (x: NDArray): NDArray => times(DEEP, negated, x);
    expect(jit(grad(calls))(1).item()).toBe(1);
    expect(vmap(calls)(np.array([1, 2])).js()).toEqual([1, 2]);
  });
});

describe(`a program of ${N} equations`, () => {
  const table = new Map(allPrimitives().map((p) => [p.name, p]));
  const lines = Array.from({ length: N }, (_, i) => `    y${i + 1}:f32[] = mul y${i} x\n`).join('');
  const text = `etalon.program/1\n{ lambda ; y0:f32[] x:f32[]. let\n${lines}  in (y${N},) }\n`;
  const program: Jaxpr = parseProgram(text, table);
  const one = hostScalar('float32', 1);

  test('is printed, and read back from text and from JSON', () => {
    const printed = printProgram(program);
    expect(program.toString().split('\n')).toHaveLength(N + 2);
    expect(printProgram(parseProgram(printed, table))).toBe(printed);
    expect(printProgram(programFromJson(JSON.parse(JSON.stringify(programToJson(program))), table))).toBe(printed);
  });

  test('evaluates, and has an error bound', () => {
    expect(evaluateJaxpr(program, [one, one])[0]!.data).toEqual(one.data);
    expect(errorBound(program, [one, one], 'strict')[0]!.bound!.worst[0]).toBeLessThan(1);
  });

  test('loses the equations that nobody needs', () => {
    expect(transforms.dce(program, [true]).jaxpr.equations).toHaveLength(N);
    expect(transforms.dce(program, [false]).jaxpr.equations).toHaveLength(0);
  });

  test('is differentiated, split and transposed', () => {
    const { known, unknown } = transforms.partialEval(transforms.jvp(program, [true, false]).jaxpr, [
      true,
      true,
      false,
    ]);
    expect([known, unknown].map((j) => j.equations.length)).toEqual([N, N]);
    const linear = unknown.inputs.map((_, i) => i === unknown.inputs.length - 1);
    expect(transforms.transpose(unknown, linear, [true]).jaxpr.equations).toHaveLength(N);
  });
});

// A function cannot be called with so many arguments.
describe('100,000 operands', () => {
  const xs = Array.from({ length: 100_000 }, (_, i) => np.array([i % 2]));
  const half = xs.length / 2;
  const sum = (list: readonly NDArray[]): NDArray => lax.reduceSum(lax.concatenate(list, 0), [0]);

  test('add up', () => expect(jvp(jit(sum), [xs], [xs])[1].item()).toBe(half));
  test('have a gradient each', () => expect(sum(grad(jit(sum))(xs)).item()).toBe(xs.length));
  test('are constants of a program', () => expect(jit((x: NDArray) => lax.add(sum(xs), x))(1).item()).toBe(half + 1));
});

describe('programs within programs', () => {
  const nested = (depth: number, wrap: (f: (x: NDArray) => NDArray) => (x: NDArray) => NDArray) => {
    let f = (x: NDArray): NDArray => lax.neg(x);
    for (let k = 0; k < depth; k++) f = wrap(f);
    return f;
  };
  const inScan = (f: (x: NDArray) => NDArray) => (x: NDArray) =>
    lax.scan((c: NDArray) => [f(c), null], x, null, { length: 1 })[0];

  test.each([
    ['jit in jit', (f: (x: NDArray) => NDArray) => jit(f)],
    ['scan in scan', inScan],
    ['checkpoint in checkpoint', (f: (x: NDArray) => NDArray) => checkpoint(f)],
  ])('%s, 100 deep', (_, wrap) => {
    const f = nested(100, wrap);
    expect(f(np.array(2)).item()).toBe(-2);
    expect(jit(grad(f))(2).item()).toBe(-1);
    expect(vmap(f)(np.array([1, 2])).js()).toEqual([-1, -2]);
  });

  test('beyond the limit there is an error, before the stack overflows', () => {
    const tooDeep = nested(1_000, (f) => jit(f));
    expect(() => tooDeep(np.array(1))).toThrow(ProgramError);
    expect(() => tooDeep(np.array(1))).toThrow(`nested more than ${LIMITS.depth} deep`);
    const forever: (x: NDArray) => NDArray = jit((x: NDArray): NDArray => forever(x));
    expect(() => forever(np.array(1))).toThrow('does a function call itself?');
    expect(jit((x: NDArray) => lax.neg(x))(1).item()).toBe(-1);
  });
});
