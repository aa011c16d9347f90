import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { np } from '../../index.ts';

const floats = fc.oneof(fc.constantFrom(0, -0, NaN, Infinity, -Infinity), fc.float());

describe('comparisons', () => {
  it("are JavaScript's, NaN included", () => {
    fc.assert(
      fc.property(floats, floats, (x, y) => {
        const [a, b] = [np.array(x), np.array(y)];
        const got = [
          np.equal(a, b),
          np.notEqual(a, b),
          np.less(a, b),
          np.lessEqual(a, b),
          np.greater(a, b),
          np.greaterEqual(a, b),
        ];
        expect(got.map((v) => v.item())).toEqual([x === y, x !== y, x < y, x <= y, x > y, x >= y]);
      }),
    );
  });
});

describe('logic', () => {
  it('takes what is not zero as true', () => {
    fc.assert(
      fc.property(floats, fc.integer({ min: -2, max: 2 }), (x, y) => {
        const [a, b] = [np.array(x), np.array(BigInt(y))];
        const [p, q] = [x !== 0, y !== 0];
        const got = [np.logicalAnd(a, b), np.logicalOr(a, b), np.logicalXor(a, b), np.logicalNot(a)];
        expect(got.map((v) => v.item())).toEqual([p && q, p || q, p !== q, !p]);
      }),
    );
  });
});

describe('bits', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  it('are those of 32-bit integers', () => {
    fc.assert(
      fc.property(int32, int32, (x, y) => {
        const [a, b] = [np.array(BigInt(x)), np.array(BigInt(y))];
        const got = [np.bitwiseAnd(a, b), np.bitwiseOr(a, b), np.bitwiseXor(a, b), np.invert(a)];
        expect(got.map((v) => v.item())).toEqual([x & y, x | y, x ^ y, ~x]);
      }),
    );
  });
});

describe('tests of numbers', () => {
  it('isnan, isinf, isfinite', () => {
    fc.assert(
      fc.property(floats, (x) => {
        const a = np.array(x);
        const got = [np.isnan(a), np.isinf(a), np.isfinite(a), np.isposinf(a), np.isneginf(a)];
        expect(got.map((v) => v.item())).toEqual([
          Number.isNaN(x),
          Math.abs(x) === Infinity,
          Number.isFinite(x),
          x === Infinity,
          x === -Infinity,
        ]);
      }),
    );
    expect(np.isfinite(np.array([1n])).js()).toEqual([true]);
    expect(np.isnan(np.array([true])).js()).toEqual([false]);
  });
  it('isclose, allclose, arrayEqual', () => {
    const x = np.array([1, 2, NaN, Infinity]);
    const y = np.array([1.000001, 2.1, NaN, Infinity]);
    expect(np.isclose(x, y).js()).toEqual([true, false, false, true]);
    expect(np.isclose(x, y, { atol: 0.2, equalNan: true }).js()).toEqual([true, true, true, true]);
    expect(np.allclose(x, x, { equalNan: true }).item()).toBe(true);
    expect(np.arrayEqual(x, x).item()).toBe(false);
    expect(np.arrayEqual(x, x, { equalNan: true }).item()).toBe(true);
    expect(np.arrayEqual(x, np.zeros([3])).item()).toBe(false);
  });
});
