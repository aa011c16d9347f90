/** The functions of `lax` that make and rearrange arrays. */
import { asArray, operands, scalar } from '../core/convert.ts';
import { checkDType, type DType } from '../core/dtypes.ts';
import { sameShape, type Shape } from '../core/host.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';
import { apply } from './apply.ts';

export const broadcastInDim = (x: ArrayLike, shape: Shape, broadcastDimensions: Shape): NDArray =>
  apply('broadcast_in_dim', [asArray(x, 'broadcast_in_dim')], { shape, broadcast_dimensions: broadcastDimensions });
/** New leading dimensions of the given sizes. */
export function broadcast(x: NDArray, sizes: Shape): NDArray {
  return broadcastInDim(
    x,
    [...sizes, ...x.shape],
    x.shape.map((_, d) => d + sizes.length),
  );
}
export function reshape(x: NDArray, newSizes: Shape): NDArray {
  return sameShape(x.shape, newSizes) ? x : apply('reshape', [x], { new_sizes: newSizes });
}
export const squeeze = (x: NDArray, dimensions: Shape): NDArray =>
  dimensions.length === 0 ? x : apply('squeeze', [x], { dimensions });
/** New dimensions of size 1 at the given positions of the result. */
export function expandDims(x: NDArray, dimensions: Shape): NDArray {
  if (dimensions.length === 0) return x;
  const rank = x.ndim + dimensions.length;
  const kept = Array.from({ length: rank }, (_, d) => d).filter((d) => !dimensions.includes(d));
  const shape = new Array<number>(rank).fill(1);
  kept.forEach((d, i) => (shape[d] = x.shape[i]!));
  return broadcastInDim(x, shape, kept);
}
export function transpose(x: NDArray, permutation: Shape): NDArray {
  return permutation.every((p, i) => p === i) && permutation.length === x.ndim
    ? x
    : apply('transpose', [x], { permutation });
}
/** The axis `from` moved to position `to`; the others keep their order. */
export function moveAxis(x: NDArray, from: number, to: number): NDArray {
  const order = x.shape.map((_, d) => d).filter((d) => d !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
export const rev = (x: NDArray, dimensions: Shape): NDArray =>
  dimensions.length === 0 ? x : apply('rev', [x], { dimensions });
export const slice = (x: NDArray, startIndices: Shape, limitIndices: Shape, strides?: Shape | null): NDArray =>
  apply('slice', [x], {
    start_indices: startIndices,
    limit_indices: limitIndices,
    strides: strides ?? startIndices.map(() => 1),
  });
/** A slice along one axis. */
export function sliceInDim(x: NDArray, start: number, limit: number, stride: number = 1, axis: number = 0): NDArray {
  return slice(
    x,
    x.shape.map((_, d) => (d === axis ? start : 0)),
    x.shape.map((n, d) => (d === axis ? limit : n)),
    x.shape.map((_, d) => (d === axis ? stride : 1)),
  );
}
export type PaddingConfig = readonly (readonly [low: number, high: number, interior: number])[];
export const pad = (x: NDArray, paddingValue: ArrayLike, paddingConfig: PaddingConfig): NDArray =>
  apply('pad', operands([x, paddingValue], 'pad'), { padding_config: paddingConfig });
export const concatenate = (xs: readonly NDArray[], dimension: number): NDArray =>
  apply('concatenate', xs, { dimension });
/** Parts of the given sizes along an axis. */
export const split = (x: NDArray, sizes: Shape, axis: number = 0): readonly NDArray[] =>
  bind(primitives.split, [x], { sizes, axis });
export const broadcastedIota = (dtype: DType, shape: Shape, dimension: number): NDArray =>
  apply('iota', [], { dtype: checkDType(dtype, 'iota: dtype'), shape, dimension });
/** 0, 1, … size − 1. */
export const iota = (dtype: DType, size: number): NDArray => broadcastedIota(dtype, [size], 0);

/** An array of one value. */
export function full(shape: Shape, value: number | bigint | boolean, dtype: DType): NDArray {
  const one = scalar(value, checkDType(dtype, 'full: dtype'), 'full');
  if (shape.length === 0) return one;
  return broadcastInDim(one, shape, []);
}
export const fullLike = (x: NDArray, value: number | bigint | boolean): NDArray => full(x.shape, value, x.dtype);
export const zerosLike = (x: { readonly shape: Shape; readonly dtype: DType }): NDArray =>
  full(x.shape, x.dtype === 'bool' ? false : 0, x.dtype);
