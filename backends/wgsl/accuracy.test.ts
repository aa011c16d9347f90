/** The functions' errors, in units in the last place of what the reference finds in double precision. */
import { afterAll, describe, expect, test } from 'vitest';
import { openWgsl, runCalls } from '../../conformance/testing/wgsl.ts';
import { ulpError } from '../../conformance/ulp.ts';
import { finfo } from '../../reference/core/dtypes.ts';
import { hostArray, numbers } from '../../reference/core/host.ts';
import type { AnyFirstOrder } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';

const session = await openWgsl();
const isMissing = typeof session === 'string';
afterAll(() => {
  if (!isMissing) session.close();
});

const { tiny, max } = finfo('float32');
const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, 0.5, -0.5, 2, -2, 3, -3, max, -max, tiny, -tiny];

/** Numbers of all sizes, and as many between −8 and 8. The multiples of the golden ratio are spread evenly. */
function points(perExponent: number, seed: number): number[] {
  let i = seed;
  const fraction = (): number => (++i * 0.6180339887498949) % 1;
  const sized = Array.from({ length: 253 * perExponent }, (_, k) => {
    const size = (1 + fraction()) * 2 ** (Math.floor(k / perExponent) - 126);
    return fraction() < 0.5 ? size : -size;
  });
  return [...sized, ...sized.map(() => 16 * fraction() - 8)].map(Math.fround);
}

/** What was measured, rounded up; all of it is within the table of the profile `strict`. */
const UNARY: Readonly<Record<string, number>> = {
  rsqrt: 1.5,
  cbrt: 1,
  exp: 1,
  exp2: 1.25,
  expm1: 1.5,
  logistic: 2.5,
  log: 1,
  log1p: 1,
  sin: 2.25,
  cos: 2.25,
  tan: 3.25,
  asin: 2.5,
  acos: 1.5,
  atan: 2,
  sinh: 1.5,
  cosh: 1.5,
  tanh: 1.5,
  asinh: 2,
  acosh: 2,
  atanh: 2,
  erf: 1.5,
  erfc: 4,
  erf_inv: 2.5,
  lgamma: 1.5,
  digamma: 1,
  bessel_i0e: 3.25,
  bessel_i1e: 3.25,
};
const BINARY: Readonly<Record<string, number>> = { atan2: 2.5, pow: 1.25 };

/** The incomplete gamma and beta functions: sums of some tens of terms, of which the table allows 64. */
const INCOMPLETE = 10;

/** Numbers in [0, 1), as evenly in the plane or in space: the powers of these are independent (Roberts' sequence). */
function spread(axis: number): () => number {
  let at = 0.5;
  return () => (at = (at + 1.2207440846057596 ** -axis) % 1);
}

/** All lists of n of the numbers. */
const combinations = (n: number, of: readonly number[]): readonly (readonly number[])[] =>
  n === 0 ? [[]] : combinations(n - 1, of).flatMap((list) => of.map((x) => [...list, x]));

/** The columns of rows. */
const transposed = (rows: readonly (readonly number[])[], columns: number): readonly (readonly number[])[] =>
  Array.from({ length: columns }, (_, k) => rows.map((row) => Math.fround(row[k]!)));

/** The largest error; where one of the two is not finite, the other has to be the same. */
function worst(got: Float64Array, exact: Float64Array): number {
  let most = 0;
  for (const [i, y] of exact.entries()) {
    if (Math.abs(y) <= tiny && Math.abs(got[i]!) <= tiny) continue;
    most = Math.max(most, ulpError(got[i]!, Math.abs(y) > max ? Math.fround(y) : y, 'float32'));
  }
  return most;
}

async function errors(names: readonly string[], operands: readonly (readonly number[])[]): Promise<number[]> {
  const shape = [operands[0]!.length];
  const inputs = operands.map((x) => hostArray('float32', shape, Float32Array.from(x)));
  const calls = names.map((name) => ({
    primitive: primitives[name as 'exp'] as AnyFirstOrder,
    operands: operands.map((_, i) => i),
    params: {},
  }));
  const results = await runCalls(session as Exclude<typeof session, string>, calls, inputs);
  const wide = operands.map((x) => hostArray('float64', shape, Float64Array.from(x)));
  return calls.map(({ primitive }, i) => {
    const exact = numbers(primitive.evaluate(wide, {})[0]!) as Float64Array;
    return worst(Float64Array.from(numbers(results[i]!)), exact);
  });
}

describe.skipIf(isMissing)(isMissing ? session : 'accuracy', () => {
  test('functions of one number', async () => {
    const names = Object.keys(UNARY);
    const found = await errors(names, [[...points(4, 1), ...SPECIAL]]);
    for (const [i, name] of names.entries()) expect(found[i], name).toBeLessThanOrEqual(UNARY[name]!);
  });

  test('beside the zeros of log |Γ| and ψ', async () => {
    const steps = Array.from({ length: 4000 }, (_, i) => -10 + i / 320);
    const found = await errors(['lgamma', 'digamma'], [steps.map(Math.fround)]);
    for (const error of found) expect(error).toBeLessThanOrEqual(1.5);
  });

  test('functions of two numbers', async () => {
    const names = Object.keys(BINARY);
    const [x, y] = [points(4, 2), points(4, 3)];
    const pairs = SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b] as const));
    const found = await errors(names, [
      [...x, ...x.toReversed(), ...pairs.map(([a]) => a)],
      [...y, ...y, ...pairs.map(([, b]) => b)],
    ]);
    for (const [i, name] of names.entries()) expect(found[i], name).toBeLessThanOrEqual(BINARY[name]!);
  });

  test('zeta functions, on both sides of their poles', async () => {
    const orders = Array.from({ length: 9 * 200 }, (_, i) => Math.floor(i / 200));
    const x = orders.map((_, i) => Math.fround(-6 + (i % 200) * 0.1234));
    const found = await errors(['zeta', 'polygamma'], [orders.map((m) => m + 1), x]);
    const more = await errors(['polygamma'], [orders, x]);
    for (const error of [...found, ...more]) expect(error).toBeLessThanOrEqual(4);
  });

  test('incomplete gamma functions, inside and far outside of the distribution', async () => {
    const names = ['igamma', 'igammac', 'igamma_grad_a', 'random_gamma_grad'];
    const [size, place] = [spread(1), spread(2)];
    const inside = Array.from({ length: 2000 }, (_, i) => {
      const a = 2 ** (i % 3 === 0 ? 100 * size() : 14 * size() - 7);
      return [a, Math.max(0, a + 14 * (2 * place() - 1) * Math.sqrt(a))];
    });
    const small = Array.from({ length: 1000 }, () => [2 ** (30 * size() - 28), 2 ** (40 * place() - 36)]);
    const [a, x] = transposed([...inside, ...small, ...combinations(2, [...SPECIAL, 4e37, 1e-30])], 2);
    const found = await errors(names, [
      [...a!, ...points(4, 4).map(Math.abs)],
      [...x!, ...points(4, 5).map(Math.abs)],
    ]);
    for (const [i, name] of names.entries()) expect(found[i], name).toBeLessThanOrEqual(INCOMPLETE);
  });

  test('incomplete beta function, likewise', async () => {
    const [first, second, place] = [spread(1), spread(2), spread(3)];
    const inside = Array.from({ length: 2000 }, (_, i) => {
      const [a, b] = [first, second].map((size) => 2 ** (i % 3 === 0 ? 40 * size() : 14 * size() - 7)) as [
        number,
        number,
      ];
      const [mean, rest] = [a / (a + b), b / (a + b)];
      return [a, b, mean + 14 * (2 * place() - 1) * Math.sqrt((mean * rest) / (a + b + 1))];
    });
    const atEnds = Array.from({ length: 1000 }, (_, i) => {
      const end = 2 ** -(24 * place());
      return [2 ** (40 * first() - 30), 2 ** (40 * second() - 30), i % 2 === 0 ? end : 1 - end];
    });
    const calls = [...inside, ...atEnds].map(([a, b, x]) => [a!, b!, Math.min(1, Math.max(0, x!))]);
    const all = transposed([...calls, ...combinations(3, [...SPECIAL.slice(0, 9), max, tiny, 1e-30])], 3);
    const [found] = await errors(['regularized_incomplete_beta'], all);
    expect(found).toBeLessThanOrEqual(INCOMPLETE);
  });

  test('sine, cosine and tangent of what is nearly a multiple of π/2', async () => {
    // The floats nearest to one; the last two are the nearest of all (Muller, Elementary Functions, 11.3).
    const multiples = Array.from({ length: 4000 }, (_, k) => Math.fround((k * k + 1) * (Math.PI / 2)));
    const found = await errors(['sin', 'cos', 'tan'], [[...multiples, 16367173 * 2 ** 72, 12584565 * 2 ** 10]]);
    for (const error of found) expect(error).toBeLessThanOrEqual(3.25);
  });
});
