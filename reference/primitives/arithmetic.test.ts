import fc from 'fast-check';
import { grad, jvp, lax, type NDArray, np, vmap } from 'etalon';
import { describe, expect, it } from 'vitest';
import { evaluator, isNearest, units } from '../../conformance/testing/elementwise.ts';
import {
  abs,
  add,
  ceil,
  clamp,
  div,
  floor,
  max,
  min,
  mul,
  neg,
  rem,
  round,
  sign,
  stopGradient,
  sub,
} from './arithmetic.ts';

const { min: LEAST, max: MOST } = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('float32 arithmetic is rounded once', () => {
  it.each([
    ['add', add, (a: bigint, b: bigint) => [a + b, 1n] as const],
    ['sub', sub, (a: bigint, b: bigint) => [a - b, 1n] as const],
    ['mul', mul, (a: bigint, b: bigint) => [a * b, 1n << 149n] as const],
    ['div', div, (a: bigint, b: bigint) => [a << 149n, b] as const],
  ])('%s', (_, primitive, exact) => {
    const evaluate = evaluator(primitive, 'float32');
    fc.assert(
      fc.property(finite, finite, (x, y) => {
        fc.pre(primitive !== div || y !== 0);
        const result = evaluate(x, y);
        fc.pre(Number.isFinite(result));
        expect(isNearest(result, ...exact(units(x), units(y)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('rem is exact', () => {
    const evaluate = evaluator(rem, 'float32');
    fc.assert(
      fc.property(finite, finite, (x, y) => {
        fc.pre(y !== 0);
        expect(units(evaluate(x, y))).toBe(units(x) % units(y));
      }),
    );
  });
});

describe.each([
  ['int32', fc.integer(), (v: bigint) => BigInt.asIntN(32, v)],
  ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (v: bigint) => BigInt.asUintN(32, v)],
] as const)('%s arithmetic wraps modulo 2³²', (dtype, values, wrap) => {
  it.each([
    ['add', add, (a: bigint, b: bigint) => a + b],
    ['sub', sub, (a: bigint, b: bigint) => a - b],
    ['mul', mul, (a: bigint, b: bigint) => a * b],
    ['div', div, (a: bigint, b: bigint) => (b === 0n ? -1n : a / b)],
    ['rem', rem, (a: bigint, b: bigint) => (b === 0n ? a : a % b)],
  ])('%s', (_, primitive, exact) => {
    const evaluate = evaluator(primitive, dtype);
    const small = fc.integer({ min: dtype === 'int32' ? -3 : 0, max: 3 });
    fc.assert(
      fc.property(fc.oneof(values, small), fc.oneof(values, small), (x, y) => {
        expect(BigInt(evaluate(x, y))).toBe(wrap(exact(BigInt(x), BigInt(y))));
      }),
    );
  });

  it('neg', () => {
    const evaluate = evaluator(neg, dtype);
    fc.assert(
      fc.property(values, (x) => {
        expect(BigInt(evaluate(x))).toBe(wrap(-BigInt(x)));
      }),
    );
  });
});

describe('corners', () => {
  it('of integers', () => {
    const i32 = (p: Parameters<typeof evaluator>[0]) => evaluator(p, 'int32');
    expect(i32(div)(7, 0)).toBe(-1);
    expect(i32(div)(LEAST, -1)).toBe(LEAST);
    expect(i32(rem)(LEAST, -1)).toBe(0);
    expect(i32(rem)(-7, 3)).toBe(-1);
    expect(i32(abs)(LEAST)).toBe(LEAST);
    expect(i32(max)(LEAST, MOST)).toBe(MOST);
    expect(evaluator(div, 'uint32')(7, 0)).toBe(2 ** 32 - 1);
    expect(evaluator(neg, 'uint32')(1)).toBe(2 ** 32 - 1);
    expect(evaluator(sign, 'uint32')(9)).toBe(1);
  });

  it.each(['float32', 'float64'] as const)('of %s', (dtype) => {
    const f = (p: Parameters<typeof evaluator>[0]) => evaluator(p, dtype);
    expect(f(max)(-0, 0)).toBe(0);
    expect(f(max)(0, -0)).toBe(0);
    expect(f(min)(0, -0)).toBe(-0);
    expect(f(max)(NaN, Infinity)).toBeNaN();
    expect(f(min)(-Infinity, NaN)).toBeNaN();
    expect(f(sign)(-0)).toBe(-0);
    expect(f(sign)(NaN)).toBeNaN();
    expect(f(neg)(0)).toBe(-0);
    expect(f(abs)(-0)).toBe(0);
    expect(f(floor)(-0)).toBe(-0);
    expect(f(ceil)(-0.5)).toBe(-0);
    expect(f(rem)(-6, 3)).toBe(-0);
    expect(f(rem)(5, Infinity)).toBe(5);
    expect(f(rem)(5, 0)).toBeNaN();
    expect(f(div)(1, -0)).toBe(-Infinity);
    expect(f(stopGradient)(-0)).toBe(-0);
  });

  it('of clamp: the upper limit wins, NaN anywhere gives NaN', () => {
    const f = evaluator(clamp, 'float32');
    expect(f(5, 0, 1)).toBe(1);
    expect(f(0, -3, 1)).toBe(0);
    expect([f(NaN, 0, 1), f(0, NaN, 1), f(0, 0, NaN)]).toEqual([NaN, NaN, NaN]);
  });

  it('of round', () => {
    const away = evaluator(round, 'float32', { rounding_method: 'AWAY_FROM_ZERO' });
    const even = evaluator(round, 'float32', { rounding_method: 'TO_NEAREST_EVEN' });
    const values = [-2.5, -1.5, -0.5, -0.2, 0.5, 0.49999997, 2.5, 2 ** 23 + 1, -Infinity];
    expect(values.map((x) => away(x))).toEqual([-3, -2, -1, -0, 1, 0, 3, 2 ** 23 + 1, -Infinity]);
    expect(values.map((x) => even(x))).toEqual([-2, -2, -0, -0, 0, 0, 2, 2 ** 23 + 1, -Infinity]);
    expect(away(NaN)).toBeNaN();
  });
});

/** The derivative of each operand at one point. */
const slopes = (f: (...x: readonly NDArray[]) => NDArray, ...at: readonly number[]): unknown[] =>
  at.map((_, i) => grad((x: NDArray) => f(...at.map((v, k) => (k === i ? x : np.array(v)))))(at[i]!).item());

describe('derivatives', () => {
  it('max and min split a tie and follow the operand that is chosen', () => {
    expect(slopes(lax.max, 2, 2)).toEqual([0.5, 0.5]);
    expect(slopes(lax.min, 2, 2)).toEqual([0.5, 0.5]);
    expect(slopes(lax.max, 1, 3)).toEqual([0, 1]);
    expect(slopes(lax.min, 1, 3)).toEqual([1, 0]);
  });

  it('abs has slope 0 at 0; steps have slope 0', () => {
    expect([-2, 0, 2].map((x) => slopes(lax.abs, x)[0])).toEqual([-1, 0, 1]);
    for (const f of [lax.sign, lax.floor, lax.ceil, lax.round]) expect(slopes((x) => f(x), 1.5)).toEqual([0]);
  });

  it('div does not square the divisor, which would overflow', () => {
    expect(slopes(lax.div, 1e-25, 1e-25).map((d) => Math.fround(d as number))).toEqual([1e25, -1e25].map(Math.fround));
  });

  it('rem takes the quotient that belongs to the remainder', () => {
    const y = Math.fround(0.1);
    const x = Math.fround(7 * y); // just below 7·y, but x/y rounds to 7 in float32
    expect([x < 7 * y, Math.fround(x / y)]).toEqual([true, 7]);
    expect(slopes(lax.rem, x, y)).toEqual([1, -6]);
    expect(slopes(lax.rem, -7, 2)).toEqual([1, 3]);
  });

  it('clamp passes the tangent of the one operand that it gives', () => {
    expect(slopes(lax.clamp, 0, 0.5, 1)).toEqual([0, 1, 0]);
    expect(slopes(lax.clamp, 0, -1, 1)).toEqual([1, 0, 0]);
    expect(slopes(lax.clamp, 0, 7, 1)).toEqual([0, 0, 1]);
    expect(slopes(lax.clamp, 2, 0, 1)).toEqual([0, 0, 1]);
    expect(slopes(lax.clamp, 0, 0, 1)).toEqual([0, 0, 0]);
  });

  it('clamp sums the cotangents of a scalar limit', () => {
    const f = (lo: NDArray): NDArray => lax.clamp(lo, np.array([-1, -2, 5]), 9).sum();
    expect(grad(f)(0).item()).toBe(2);
  });

  it('a result of nothing but constants carries no tangent', () => {
    const [, tangent] = jvp((x) => lax.mul(lax.stopGradient(x), 2), [3], [1]);
    expect(tangent.item()).toBe(0);
  });
});

describe('clamp under vmap', () => {
  const lo = np.array([-1, 0, 2]);
  const x = np.array([[-3, 0.5, 4], [1, 1, 1], [9, -9, 0]]); // prettier-ignore
  const row = (i: number): number[] => (x.js() as number[][])[i]!;

  it('repeats batched scalar limits', () => {
    const out = vmap((l, v) => lax.clamp(l, v, 3), [0, 0])(lo, x);
    const limits = lo.js() as number[];
    expect(out.js()).toEqual(limits.map((l, i) => row(i).map((v) => Math.min(Math.max(v, l), 3))));
  });

  it('repeats what is the same for all', () => {
    const out = vmap((l) => lax.clamp(l, np.array(row(0)), 3))(lo);
    const limits = lo.js() as number[];
    expect(out.js()).toEqual(limits.map((l) => row(0).map((v) => Math.min(Math.max(v, l), 3))));
  });
});
