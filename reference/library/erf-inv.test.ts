import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad, type NDArray, lax, np } from '../index.ts';
import { erfInv } from './erf-inv.ts';

describe('erfInv', () => {
  it('is the inverse of erf', () => {
    fc.assert(
      fc.property(fc.double({ min: -5.8, max: 5.8, noNaN: true }), (y) => {
        const x = lax.erf(np.array(y, 'float64'));
        fc.pre(Math.abs(x.item() as number) < 1);
        // An ulp of x is an error of √π/2·exp(y²) ulps of y; a few ulps of its own.
        const slope = (Math.sqrt(Math.PI) / 2) * Math.exp(y * y);
        const back = erfInv(x).item() as number;
        expect(Math.abs(back - y)).toBeLessThanOrEqual(2 ** -52 * (slope + 8 * Math.abs(y)));
      }),
    );
  });
  it('in float32 is that in float64 but for rounding', () => {
    fc.assert(
      fc.property(fc.float({ min: -1, max: 1, noNaN: true, minExcluded: true, maxExcluded: true }), (x) => {
        const [single, double] = [
          erfInv(np.array(x)).item() as number,
          erfInv(np.array(x, 'float64')).item() as number,
        ];
        // Giles gives 3e-7 for the approximation; Horner in float32 adds a few roundings.
        expect(Math.abs(single - double)).toBeLessThanOrEqual(6e-7 * Math.abs(double) + 2 ** -149);
      }),
    );
  });
  it('at the edges', () => {
    expect(erfInv(np.array([0, -0, 1, -1, 2, NaN])).js()).toEqual([0, -0, Infinity, -Infinity, NaN, NaN]);
  });
  it('differentiates: √π/2·exp(y²)', () => {
    for (const x of [0, 0.3, -0.9, 0.999]) {
      const at = np.array(x, 'float64');
      const y = erfInv(at).item() as number;
      const exact = (Math.sqrt(Math.PI) / 2) * Math.exp(y * y);
      expect(Math.abs((grad((v: NDArray) => erfInv(v))(at).item() as number) / exact - 1)).toBeLessThan(1e-9);
    }
  });
});
