import fc from 'fast-check';
import { grad, lax, np, vmap } from 'etalon';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../conformance/testing/elementwise.ts';
import { hostArray, hostScalar } from '../core/host.ts';
import type { Bounded } from '../core/primitive.ts';
import { eq, ge, gt, isFinite, le, lt, ne, selectN } from './comparison.ts';

describe('comparisons', () => {
  const six = [eq, ne, lt, le, gt, ge].map((p) => [p.name, p] as const);

  it.each(six)('%s of floats treats the zeros as equal and NaN as unordered', (name, primitive) => {
    const evaluate = evaluator(primitive, 'float32');
    expect(evaluate(-0, 0)).toBe(Number(['eq', 'le', 'ge'].includes(name)));
    for (const other of [NaN, 0, Infinity]) {
      expect(evaluate(NaN, other)).toBe(Number(name === 'ne'));
      expect(evaluate(other, NaN)).toBe(Number(name === 'ne'));
    }
  });

  it('say one of less, equal and greater about two numbers', () => {
    const values = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer());
    fc.assert(
      fc.property(values, values, (x, y) => {
        const [e, n, l, L, g, G] = six.map(([, p]) => evaluator(p, 'int32')(x, y));
        expect([e! + l! + g!, e! + n!, l! + G!, g! + L!]).toEqual([1, 1, 1, 1]);
        expect(e).toBe(Number(BigInt(x) === BigInt(y)));
      }),
    );
  });

  it('uint32 is compared without a sign', () => {
    expect(evaluator(gt, 'uint32')(2 ** 31, 1)).toBe(1);
  });

  it('is_finite', () => {
    expect([0, -1e30, NaN, Infinity, -Infinity].map((x) => evaluator(isFinite, 'float32')(x))).toEqual([1, 1, 0, 0, 0]);
  });
});

describe('select_n', () => {
  const cases = [10, 20, 30].map((v) => hostArray('float32', [2], [v, v + 1]));
  const select = (which: readonly number[], shape: readonly number[]): number[] =>
    Array.from(selectN.evaluate([hostArray('int32', shape, which), ...cases], {})[0]!.data as Float32Array);

  it('chooses per element, or one case for all; out-of-range numbers take the nearest', () => {
    expect(select([2, 0], [2])).toEqual([30, 11]);
    expect(select([1], [])).toEqual([20, 21]);
    expect(select([-7, 9], [2])).toEqual([10, 31]);
  });

  it('takes the second case where a bool is true', () => {
    const [x, y] = cases as [(typeof cases)[0], (typeof cases)[0]];
    expect(selectN.evaluate([hostArray('bool', [2], [1, 0]), x, y], {})[0]!.data).toEqual(Float32Array.of(20, 11));
  });

  it('carries the bound of the case chosen, or the hull of all where the choice is open', () => {
    const exactly = (v: number): Bounded => ({ value: hostScalar('float64', v), bound: null });
    const about = (v: number, worst: number): Bounded => ({
      value: hostScalar('float64', v),
      bound: { worst: Float64Array.of(worst), variance: Float64Array.of(worst ** 2) },
    });
    const which = (open: boolean): Bounded => ({
      value: hostScalar('bool', 1),
      bound: open ? { worst: Float64Array.of(Infinity), variance: Float64Array.of(Infinity) } : null,
    });
    const bound = (open: boolean): number => {
      const rule = selectN.bound as Extract<typeof selectN.bound, (...args: never) => unknown>;
      return rule([which(open), exactly(3), about(5, 0.25)], [hostScalar('float64', 5)], {})[0]!.worst[0]!;
    };
    expect(bound(false)).toBe(0.25);
    expect(bound(true)).toBe(2);
  });

  it('hands each case the cotangents of its elements', () => {
    const which = np.array([0n, 1n, 2n]);
    const f = (x: Parameters<typeof lax.mul>[0]) => lax.selectN(which, x, lax.mul(x, 2), lax.mul(x, 3)).sum();
    expect(grad(f)(np.array([1, 1, 1])).js()).toEqual([1, 2, 3]);
  });

  it('under vmap repeats a batched scalar choice and what is the same for all', () => {
    const [x, y] = [np.array([1, 2]), np.array([10, 20])];
    const choose = vmap((p) => lax.selectN(p, x, y));
    expect(choose(np.array([true, false])).js()).toEqual([[10, 20], [1, 2]]); // prettier-ignore
    const both = vmap((a) => lax.selectN(np.array(true), a, y));
    expect(both(np.array([[1, 2], [3, 4]])).js()).toEqual([[10, 20], [10, 20]]); // prettier-ignore
  });
});
