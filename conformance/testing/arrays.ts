/** For tests of the library: arrays from fast-check, and their elements as plain numbers. */
import fc from 'fast-check';
import { sizeOf } from '../../reference/core/host.ts';
import { type NDArray, np } from '../../reference/index.ts';

/** Shapes of moderate size; `minRank` and `maxRank` inclusive, sizes from `minSize`. */
export const shapes = (limits: { minRank?: number; maxRank?: number; minSize?: number } = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: limits.minSize ?? 0, max: 4 }), {
    minLength: limits.minRank ?? 0,
    maxLength: limits.maxRank ?? 3,
  });

/** An array of the shape with small integers as values (so that sums and products are exact), in float32 or another dtype. */
export const smallIntegers = (
  shape: readonly number[],
  dtype: 'float32' | 'int32' = 'float32',
): fc.Arbitrary<NDArray> =>
  fc
    .array(fc.integer({ min: -9, max: 9 }), { minLength: sizeOf(shape), maxLength: sizeOf(shape) })
    .map((values) => np.array(values, { dtype, shape }));

/** Shape, dtype and nested values: arrays that are equal have equal ones, NaN and −0 included. */
export const contents = (x: NDArray): { dtype: string; shape: readonly number[]; values: number[] } => ({
  dtype: x.dtype,
  shape: x.shape,
  values: Array.from(x.dataSync(), Number),
});
