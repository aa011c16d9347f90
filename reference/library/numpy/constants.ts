/** The constants and dtype names of `numpy`. */

export const pi: number = Math.PI;
export const e: number = Math.E;
export const inf: number = Infinity;
export const nan: number = NaN;
/** Euler's constant γ. */
export const eulerGamma: number = 0.5772156649015329;
/** A new axis of size 1, where NumPy says `np.newaxis`. */
export const newaxis: null = null;

export const bool = 'bool' as const;
export const int8 = 'int8' as const;
export const int16 = 'int16' as const;
export const int32 = 'int32' as const;
export const int64 = 'int64' as const;
export const uint8 = 'uint8' as const;
export const uint16 = 'uint16' as const;
export const uint32 = 'uint32' as const;
export const uint64 = 'uint64' as const;
export const float16 = 'float16' as const;
export const bfloat16 = 'bfloat16' as const;
export const float32 = 'float32' as const;
export const float64 = 'float64' as const;
export const complex64 = 'complex64' as const;
export const complex128 = 'complex128' as const;
/** Other names that NumPy has for these. */
export const bool_ = 'bool' as const;
export const half = 'float16' as const;
export const single = 'float32' as const;
export const double = 'float64' as const;
export const csingle = 'complex64' as const;
export const cdouble = 'complex128' as const;
