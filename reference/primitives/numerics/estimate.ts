/**
 * Values that are known to within an error, for dtypes of fewer digits than float64: nearly always the error leaves no
 * choice of the number to round to, and a slower and better function is only asked where it does.
 */
import type { DType } from '../../core/dtypes.ts';
import { rounder } from '../../core/host.ts';

/** A value, and what it is off by at most. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * What plain double arithmetic loses of the largest magnitude on the way, in the functions of this directory: they take
 * fewer than 256 roundings (and functions of the host, within an ulp), of at most 2⁻⁵³ each. It is also four times the
 * 64 units that the sums of the incomplete functions are held to.
 */
export const PLAIN_ERROR: number = 2 ** -44;

/** The number of `dtype` to which both ends of the interval round; null if there are two, and for float64. */
export function settled({ value, error }: Estimate, dtype: DType): number | null {
  if (dtype === 'float64' || !Number.isFinite(value)) return null;
  const round = rounder(dtype);
  const low = round(value - error);
  return Object.is(low, round(value + error)) ? low : null;
}
