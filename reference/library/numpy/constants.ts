/** The constants and dtype names of `numpy`. */
import type { DType } from '../../core/dtypes.ts';

export const pi: number = Math.PI;
export const e: number = Math.E;
export const inf: number = Infinity;
export const nan: number = NaN;
/** Euler's constant γ. */
export const eulerGamma: number = 0.5772156649015329;
/** A new axis of size 1, where NumPy says `np.newaxis`. */
export const newaxis: null = null;

export const float32 = 'float32' satisfies DType;
export const float64 = 'float64' satisfies DType;
export const int32 = 'int32' satisfies DType;
export const uint32 = 'uint32' satisfies DType;
export const bool = 'bool' satisfies DType;
/** The names under which NumPy also knows bool and float32. */
export const bool_ = 'bool' satisfies DType;
export const single = 'float32' satisfies DType;
export const double = 'float64' satisfies DType;
