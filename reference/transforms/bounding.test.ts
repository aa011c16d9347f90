import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorBound, grad, jit, np, vmap } from '../index.ts';
import { ConcretizationError, OptionError } from '../core/errors.ts';
import type { NDArray } from '../core/ndarray.ts';

const f = (x: NDArray): NDArray => np.sin(x).mul(x).sum();
const vector = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 5 });

describe('errorBound', () => {
  test('gives the value, a proof, and what is likely, in the shape of the result', () => {
    fc.assert(
      fc.property(vector, (numbers) => {
        const x = np.array(numbers.map((n) => n / 8));
        const { value, worst, likely } = errorBound(f)(x);
        const exact = numbers.reduce((sum, n) => sum + Math.sin(n / 8) * (n / 8), 0);
        expect(value.item()).toBe(f(x).item());
        expect(Math.abs((value.item() as number) - exact)).toBeLessThanOrEqual(worst.item() as number);
        expect([worst.dtype, likely.dtype, worst.shape]).toEqual(['float64', 'float64', []]);
      }),
    );
  });

  test('keeps the tree of the result, and bounds derivatives', () => {
    const result = errorBound((x: NDArray) => ({ slope: grad(f)(x), sign: x.greater(0) }))(np.array([1, -2]));
    expect(result.slope.worst.shape).toEqual([2]);
    expect(result.sign.worst.js()).toEqual([0, 0]);
    expect(result.sign.value.js()).toEqual([true, false]);
  });

  test('is wider for a profile that permits more', () => {
    const worst = (profile: 'strict' | 'gpu'): number => errorBound(np.sin, { profile })(1).worst.item() as number;
    expect(worst('gpu')).toBeGreaterThan(100 * worst('strict'));
  });

  test('of a sign is nothing, but where the sign is uncertain', () => {
    const worst = (g: (x: NDArray) => NDArray): unknown =>
      errorBound((x: NDArray) => np.sign(g(np.sin(x))))(1).worst.item();
    expect(worst((y) => y)).toBe(0);
    expect(worst((y) => np.negative(y))).toBe(0);
    expect(worst((y) => y.sub(y))).toBe(Infinity);
  });

  test('of a maximum grows with the number of those that it may be', () => {
    const likely = (xs: readonly number[]): number =>
      errorBound((x: NDArray) => np.max(np.exp(x)))(np.array(xs)).likely.item() as number;
    expect(likely([1])).toBe(errorBound(np.exp)(1).likely.item());
    expect(likely([1, 0])).toBe(likely([1]));
    expect(likely([1, 1])).toBeGreaterThan(likely([1]));
    expect(likely([1, 1, 1])).toBeGreaterThan(likely([1, 1]));
  });

  describe('of subnormal operands', () => {
    const part = fc
      .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -140, max: -120 }))
      .map(([n, e]) => n * 2 ** e);
    const flushed = (v: number): number => (Math.abs(v) < 2 ** -126 ? 0 : v);
    const factor = 2 ** 100;
    const bounds = (x: NDArray, profile: 'strict' | 'gpu'): number[] =>
      errorBound((y: NDArray) => np.multiply(y, factor), { profile })(x).worst.js() as number[];

    test('holds where they count as zeros, and only there', () => {
      fc.assert(
        fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (numbers) => {
          const [gpu, strict] = [bounds(np.array(numbers), 'gpu'), bounds(np.array(numbers), 'strict')];
          for (const [i, v] of numbers.entries()) {
            const lost = Math.abs(v - flushed(v)) * factor;
            expect(gpu[i]).toBeGreaterThanOrEqual(lost);
            expect(strict[i]! < lost).toBe(lost > 0);
          }
        }),
      );
    });

    test('leaves integers beside them alone', () => {
      const scaled = (x: NDArray, n: NDArray): NDArray => np.multiply(x, n.add(1).astype('float32'));
      const [x, n] = [np.array([0.5]), np.array([2], { dtype: 'int32' })];
      expect(errorBound(scaled, { profile: 'gpu' })(x, n).worst.js()).toEqual(errorBound(scaled)(x, n).worst.js());
    });

    test('counts zeros as being on both sides of a pole, and nothing else', () => {
      const slope = (x: number, profile: 'strict' | 'gpu'): unknown =>
        errorBound((y: NDArray) => np.divide(1, y), { profile })(x).worst.item();
      expect(slope(0, 'strict')).toBeLessThan(Infinity);
      expect(slope(0, 'gpu')).toBe(Infinity);
      expect(slope(1, 'gpu')).toBeLessThan(2 ** -20);
    });

    test('holds of each part of a complex number', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 5 }), (pairs) => {
          const x = np.array(pairs.map(([re, im]) => ({ re, im })));
          const [gpu, strict] = [bounds(x, 'gpu'), bounds(x, 'strict')];
          for (const [i, [re, im]] of pairs.entries()) {
            const lost = Math.hypot(re - flushed(re), im - flushed(im)) * factor;
            expect(gpu[i]).toBeGreaterThanOrEqual(lost);
            if (lost > 0) expect(gpu[i]).toBeGreaterThan(strict[i]!);
          }
        }),
      );
    });
  });

  test('needs values', () => {
    const bound = (x: NDArray): NDArray => errorBound(f)(x).worst;
    const x = np.array([1, 2]);
    for (const traced of [jit(bound), vmap(bound), grad((y: NDArray) => errorBound(() => y.sum())().value)]) {
      expect(() => traced(x)).toThrow(ConcretizationError);
    }
  });

  test('refuses what is no option, and no profile', () => {
    expect(() => errorBound(f, { profil: 'gpu' } as never)).toThrow(OptionError);
    expect(() => errorBound(f, { profile: 'loose' as never })).toThrow(
      'errorBound: profile must be one of strict, fast, gpu',
    );
  });
});
