import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rounder } from '../reference/core/host.ts';
import { ulpSize } from '../reference/transforms/rounding.ts';
import { addTo, binEdge, binOf, type Histogram, quantile, ulpDistance, ulpError } from './ulp.ts';

const f32 = fc.float({ noNaN: true, min: -(2 ** 120), max: 2 ** 120 });
/** The neighbour towards +∞, by its bits. */
function next(x: number): number {
  const value = new Float32Array([x === 0 ? 0 : x]);
  const bits = new Int32Array(value.buffer);
  bits[0]! += bits[0]! >= 0 ? 1 : -1;
  return value[0]!;
}

describe('ulpDistance', () => {
  test('counts steps between neighbours', () => {
    fc.assert(
      fc.property(f32, fc.nat(50), (x, n) => {
        let y = x;
        for (let i = 0; i < n; i++) y = next(y);
        return ulpDistance(x, y, 'float32') === n && ulpDistance(y, x, 'float32') === n;
      }),
    );
  });

  test('counts steps of its dtype', () => {
    const short = fc.constantFrom('float16' as const, 'bfloat16' as const, 'float64' as const);
    fc.assert(
      fc.property(short, fc.double({ noNaN: true, min: -6e4, max: 6e4 }), fc.nat(50), (dtype, v, n) => {
        const x = rounder(dtype)(v);
        let y = x;
        for (let i = 0; i < n; i++) y = rounder(dtype)(y + Math.sign(v || 1) * ulpSize(y, dtype));
        return ulpDistance(x, y, dtype) === n && ulpDistance(y, x, dtype) === n;
      }),
    );
  });

  test('is 0 between zeros, and infinite for a single NaN', () => {
    expect(ulpDistance(-0, 0, 'float32')).toBe(0);
    expect(ulpDistance(NaN, NaN, 'float64')).toBe(0);
    expect(ulpDistance(NaN, 1, 'float64')).toBe(Infinity);
    expect(ulpDistance(-(2 ** -149), 2 ** -149, 'float32')).toBe(2);
    expect(ulpDistance(1, 1 + 2 ** -52, 'float64')).toBe(1);
  });
});

describe('ulpError', () => {
  test('of a correctly rounded value is at most one half', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e38, max: 1e38 }),
        (x) => ulpError(Math.fround(x), x, 'float32') <= 0.5,
      ),
    );
  });

  test('goes on beyond the largest number for one step', () => {
    const max = (2 - 2 ** -23) * 2 ** 127;
    expect(ulpError(Infinity, max, 'float32')).toBe(1);
    expect(ulpError(max, 2 ** 130, 'float32')).toBe(1);
    expect(ulpError(max, Infinity, 'float32')).toBe(Infinity);
  });

  test('one step is one ulp', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, min: 0, max: 2 ** 100 }),
        (x) => ulpError(next(x), x, 'float32') === 1 && next(x) - x === ulpSize(x, 'float32'),
      ),
    );
  });
});

describe('histograms', () => {
  test('an error lies in its bin', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 0, max: 1e9 }), (error) => {
        const bin = binOf(error);
        const close = 1 + 2 ** -40; // the logarithm rounds
        return error <= binEdge(bin) * close && (bin === 0 ? error === 0 : error * close >= binEdge(bin - 1));
      }),
    );
  });

  test('a quantile is the edge that the share reaches', () => {
    const histogram: Histogram = new Map();
    addTo(histogram, [
      [binOf(0), 90],
      [binOf(1), 9],
      [binOf(100), 1],
    ]);
    expect(quantile(histogram, 0.5)).toBe(0);
    expect(quantile(histogram, 0.99)).toBe(1);
    expect(quantile(histogram, 1)).toBeGreaterThanOrEqual(100);
  });
});
