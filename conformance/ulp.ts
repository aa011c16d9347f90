/**
 * Distances between floats in units in the last place, and their histograms.
 */
import { type DType, finfo } from '../reference/core/dtypes.ts';
import { bfloat16Bits } from '../reference/core/host.ts';
import { ulpSize } from '../reference/transforms/rounding.ts';
import type { Measured } from './types.ts';

const floats = { float16: new Float16Array(1), float32: new Float32Array(1), float64: new Float64Array(1) };
const bits16 = new Int16Array(floats.float16.buffer);
const bits32 = new Int32Array(floats.float32.buffer);
const bits64 = new BigInt64Array(floats.float64.buffer);

/** The position of a float among all floats of its dtype, in order; −0 and +0 have the same. */
function ordinal(x: number, dtype: DType): bigint {
  if (dtype === 'float64') {
    floats.float64[0] = x;
    const bits = bits64[0]!;
    return bits >= 0n ? bits : -(bits & 0x7fffffffffffffffn);
  }
  const bits = shortBits(x, dtype);
  return BigInt(bits >= 0 ? bits : -(bits & 0x7fffffff));
}

/** The bits of a float of up to 32, the sign first among 32. */
function shortBits(x: number, dtype: DType): number {
  if (dtype === 'float32') {
    floats.float32[0] = x;
    return bits32[0]!;
  }
  if (dtype === 'bfloat16') return sixteen(bfloat16Bits(x));
  floats.float16[0] = x;
  return sixteen(bits16[0]!);
}

/** 16 bits with their sign where those of 32 have it. */
const sixteen = (bits: number): number => (bits & 0x8000 ? 0x80000000 | 0 : 0) | (bits & 0x7fff);

/** How many steps between neighbouring floats lead from a to b; infinity is next to the largest number. Infinite for NaN. */
export function ulpDistance(a: number, b: number, dtype: DType): number {
  if (Object.is(a, b) || a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity;
  const steps = ordinal(a, dtype) - ordinal(b, dtype);
  return Number(steps < 0n ? -steps : steps);
}

/** The distance of a float from a correctly rounded one, in units in the last place of the latter; in steps where one is infinite. */
export function ulpsApart(got: number, expected: number, dtype: DType): number {
  if (!Number.isFinite(got) || !Number.isFinite(expected)) return ulpDistance(expected, got, dtype);
  return Math.abs(got - expected) / ulpSize(expected, dtype);
}

/**
 * The error of a float32 in units in the last place of the exact value, a fraction. Beyond the largest number the scale
 * goes on for one step, which is where infinity counts; where the exact value is infinite, nothing else is near it.
 */
export function ulpError(got: number, exact: number, dtype: DType): number {
  if (Object.is(got, exact) || got === exact) return 0;
  if (Number.isNaN(got) || !Number.isFinite(exact)) return Infinity;
  const { max } = finfo(dtype);
  const limit = max + ulpSize(max, dtype);
  const clip = (v: number): number => Math.max(-limit, Math.min(limit, v));
  return Math.abs(clip(got) - clip(exact)) / ulpSize(exact, dtype);
}

/** The last bin of sixteenths; four bins per doubling follow. Bin 0 is for exact results. */
const FINE = 64;

/** The upper end of a bin. */
export const binEdge = (bin: number): number => (bin <= FINE ? bin / 16 : 4 * 2 ** ((bin - FINE) / 4));

export function binOf(error: number): number {
  if (error <= 4) return Math.ceil(error * 16);
  return FINE + Math.ceil(4 * Math.log2(Math.min(error, Number.MAX_VALUE) / 4));
}

export type Histogram = Map<number, number>;

export function addTo(histogram: Histogram, bins: Measured['bins']): void {
  for (const [bin, count] of bins) histogram.set(bin, (histogram.get(bin) ?? 0) + count);
}

/** The smallest edge that a share of all elements does not exceed. */
export function quantile(histogram: Histogram, share: number, edgeOf: (bin: number) => number = binEdge): number {
  const total = [...histogram.values()].reduce((sum, n) => sum + n, 0);
  let seen = 0;
  for (const [bin, count] of [...histogram].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= share * total) return edgeOf(bin);
  }
  return 0;
}
