import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Complex } from '../../core/host.ts';
import * as c from './complex-functions.ts';

const z = (re: number, im: number): Complex => ({ re, im });
/** What underflows may lose its sign. */
const part = fc.double({ min: -20, max: 20, noNaN: true }).map((v) => (Math.abs(v) < 1e-300 ? 0 * v : v));
const numbers = fc.record({ re: part, im: part });
/** Values are within 8 units u of their modulus (spec/primitives/math.md#complex). */
const UNITS = 8 * 2 ** -53;
const distance = (a: Complex, b: Complex): number => c.modulus(c.subComplex(a, b));

describe('functions and their inverses', () => {
  it.each([
    ['log', c.expOfComplex, c.logOfComplex, (w: Complex) => w],
    ['log1p', c.expm1OfComplex, c.log1pOfComplex, (w: Complex) => c.addComplex(w, z(1, 0))],
    ['asinh', c.sinhOfComplex, c.asinhOfComplex, (w: Complex) => c.coshOfComplex(c.asinhOfComplex(w))],
    ['acosh', c.coshOfComplex, c.acoshOfComplex, (w: Complex) => c.sinhOfComplex(c.acoshOfComplex(w))],
    ['asin', c.sinOfComplex, c.asinOfComplex, (w: Complex) => c.cosOfComplex(c.asinOfComplex(w))],
    ['acos', c.cosOfComplex, c.acosOfComplex, (w: Complex) => c.sinOfComplex(c.acosOfComplex(w))],
  ] as const)('%s', (_, f, inverse, slope) => {
    fc.assert(
      fc.property(numbers, (w) => {
        const back = inverse(w);
        fc.pre(c.modulus(back) < Infinity);
        // f turns an error of its argument into one of |f′| times that, and makes one of its own.
        const allowed = UNITS * (c.modulus(slope(w)) * c.modulus(back) + c.modulus(w)) * 1.01;
        expect(distance(f(back), w)).toBeLessThanOrEqual(allowed + 1e-300);
      }),
    );
  });

  it('sqrt', () => {
    fc.assert(
      fc.property(numbers, (w) => {
        const root = c.sqrtOfComplex(w);
        expect(distance(c.mulComplex(root, root), w)).toBeLessThanOrEqual(3 * UNITS * c.modulus(w) + 1e-300);
      }),
    );
  });
});

describe('symmetry', () => {
  const functions = Object.entries(c).filter(([name]) => /^(?!pow|integerPower|sign).*OfComplex$/.test(name)) as [
    string,
    (w: Complex) => Complex,
  ][];
  it.each(functions)('%s of the conjugate is the conjugate', (_, f) => {
    fc.assert(
      fc.property(numbers, (w) => {
        expect(f(c.conjugate(w))).toEqual(c.conjugate(f(w)));
      }),
    );
  });
});

describe('branch cuts follow the sign of zero', () => {
  it.each([
    ['sqrt', c.sqrtOfComplex, z(-4, 0), z(0, 2)],
    ['log', c.logOfComplex, z(-1, 0), z(0, Math.PI)],
    ['asin', c.asinOfComplex, z(2, 0), z(Math.PI / 2, Math.acosh(2))],
    ['acos', c.acosOfComplex, z(-2, 0), z(Math.PI, -Math.acosh(2))],
    ['acosh', c.acoshOfComplex, z(-2, 0), z(Math.acosh(2), Math.PI)],
    ['atanh', c.atanhOfComplex, z(2, 0), z(Math.log(3) / 2, Math.PI / 2)],
  ] as const)('%s', (_, f, above, expected) => {
    expect(distance(f(above), expected)).toBeLessThanOrEqual(UNITS * c.modulus(expected));
    expect(distance(f(c.conjugate(above)), c.conjugate(expected))).toBeLessThanOrEqual(UNITS * c.modulus(expected));
  });
});

describe('the range', () => {
  it('neither overflows nor underflows on the way', () => {
    expect(c.modulus(z(3e300, 4e300))).toBe(5e300);
    // Half a spacing for each of the three numbers that are written down, and for the result.
    expect(Math.abs(c.modulus(z(3e-310, 4e-310)) - 5e-310)).toBeLessThanOrEqual(2 * Number.MIN_VALUE);
    expect(c.divComplex(z(1e300, 1e300), z(1e300, 1e300))).toEqual(z(1, 0));
    expect(c.divComplex(z(1e-300, 0), z(1e300, 0))).toEqual(z(0, 0));
    expect(c.sqrtOfComplex(z(0, 2e300)).re).toBe(c.sqrtOfComplex(z(0, 2e300)).im);
    expect(c.expOfComplex(z(710, Math.PI / 2)).re).toBeLessThan(1e300);
  });

  it('has the infinities of Annex G', () => {
    expect(c.modulus(z(NaN, -Infinity))).toBe(Infinity);
    expect(c.divComplex(z(1, 1), z(0, 0))).toEqual(z(Infinity, Infinity));
    expect(c.divComplex(z(1, 1), z(Infinity, 1))).toEqual(z(0, 0));
    expect(c.expOfComplex(z(-Infinity, NaN))).toEqual(z(0, 0));
    expect(c.tanhOfComplex(z(Infinity, 1))).toEqual(z(1, 0));
    expect(c.tanhOfComplex(z(Infinity, NaN))).toEqual(z(1, 0));
    expect(c.tanhOfComplex(z(30, Infinity)).im).toBeNaN(); // as in ISO C: only beside an infinite part the angle says nothing
    expect(c.atanhOfComplex(z(1, 0))).toEqual(z(Infinity, 0));
    expect(c.logOfComplex(z(0, 0))).toEqual(z(-Infinity, 0));
  });

  it('NaN beside a finite part gives NaN', () => {
    expect(c.logisticOfComplex(z(1e15, NaN)).re).toBeNaN();
    expect(c.logisticOfComplex(z(Infinity, NaN))).toEqual(z(1, 0));
  });

  it('powers of 0', () => {
    expect(c.powOfComplex(z(0, 0), z(0, 0))).toEqual(z(1, 0));
    expect(c.powOfComplex(z(0, 0), z(2, 1))).toEqual(z(0, 0));
    expect(c.powOfComplex(z(0, 0), z(0, 1)).re).toBeNaN();
  });
});
