/** The constants and dtype names of `numpy`. */

export const pi: number = Math.PI;
export const e: number = Math.E;
export const inf: number = Infinity;
export const nan: number = NaN;
/** Euler's constant γ. */
export const eulerGamma: number = 0.5772156649015329;
/** A new axis of size 1, where NumPy says `np.newaxis`. */
export const newaxis: null = null;

export const float32 = 'float32' as const;
export const float64 = 'float64' as const;
export const int32 = 'int32' as const;
export const uint32 = 'uint32' as const;
export const bool = 'bool' as const;
/** Other names that NumPy has for these. */
export const bool_ = 'bool' as const;
export const single = 'float32' as const;
export const double = 'float64' as const;
