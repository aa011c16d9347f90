/** The functions of `lax` that make and rearrange arrays. */
import { arrayList, integer, integers, shapeArgument } from '../core/arguments.ts';
import { refuseExtra, ArgumentError, describe, ShapeError } from '../core/errors.ts';
import { asArray, isScalar, operands, scalar } from '../core/convert.ts';
import { checkDType, isDType, type DType } from '../core/dtypes.ts';
import { sameShape, type Shape } from '../core/host.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';
import { apply } from './apply.ts';

export const broadcastInDim = (x: ArrayLike, shape: Shape, broadcastDimensions: Shape, ...more: []): NDArray => {
  refuseExtra(more, 'lax.broadcastInDim');
  return apply('broadcast_in_dim', [asArray(x, 'broadcast_in_dim')], {
    shape,
    broadcast_dimensions: broadcastDimensions,
  });
};
/** New leading dimensions of the given sizes. */
export function broadcast(x: NDArray, sizes: Shape, ...more: []): NDArray {
  refuseExtra(more, 'lax.broadcast');
  const array = asArray(x, 'lax.broadcast');
  return broadcastInDim(
    array,
    [...integers(sizes, 'lax.broadcast: sizes'), ...array.shape],
    array.shape.map((_, d) => d + sizes.length),
  );
}
export function reshape(x: NDArray, newSizes: Shape, ...more: []): NDArray {
  refuseExtra(more, 'lax.reshape');
  const array = asArray(x, 'lax.reshape');
  return sameShape(array.shape, integers(newSizes, 'lax.reshape: newSizes'))
    ? array
    : apply('reshape', [array], { new_sizes: newSizes });
}
export const squeeze = (x: NDArray, dimensions: Shape, ...more: []): NDArray => {
  refuseExtra(more, 'lax.squeeze');
  const array = asArray(x, 'lax.squeeze');
  return integers(dimensions, 'lax.squeeze: dimensions').length === 0
    ? array
    : apply('squeeze', [array], { dimensions });
};
/** New dimensions of size 1 at the given positions of the result. */
export function expandDims(x: NDArray, dimensions: Shape, ...more: []): NDArray {
  refuseExtra(more, 'lax.expandDims');
  const { shape: sizes, ndim } = asArray(x, 'lax.expandDims');
  if (integers(dimensions, 'lax.expandDims: dimensions').length === 0) return x;
  const rank = ndim + dimensions.length;
  const kept = Array.from({ length: rank }, (_, d) => d).filter((d) => !dimensions.includes(d));
  const shape = new Array<number>(rank).fill(1);
  if (kept.length !== ndim)
    throw new ShapeError(
      `lax.expandDims: dimensions [${dimensions.join(', ')}] are not distinct places of a result of rank ${rank}`,
    );
  kept.forEach((d, i) => (shape[d] = sizes[i]!));
  return broadcastInDim(x, shape, kept);
}
export function transpose(x: NDArray, permutation: Shape, ...more: []): NDArray {
  refuseExtra(more, 'lax.transpose');
  const array = asArray(x, 'lax.transpose');
  return integers(permutation, 'lax.transpose: permutation').every((p, i) => p === i) &&
    permutation.length === array.ndim
    ? array
    : apply('transpose', [array], { permutation });
}
/** The axis `from` moved to position `to`; the others keep their order. */
export function moveAxis(x: NDArray, from: number, to: number, ...more: []): NDArray {
  refuseExtra(more, 'lax.moveAxis');
  const { ndim } = asArray(x, 'lax.moveAxis');
  for (const axis of [from, to]) {
    if (integer(axis, 'lax.moveAxis: from and to') < 0 || axis >= ndim)
      throw new ShapeError(`lax.moveAxis: axis ${axis} is out of range for an array of rank ${ndim}`);
  }
  const order = x.shape.map((_, d) => d).filter((d) => d !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
export const rev = (x: NDArray, dimensions: Shape, ...more: []): NDArray => {
  refuseExtra(more, 'lax.rev');
  const array = asArray(x, 'lax.rev');
  return integers(dimensions, 'lax.rev: dimensions').length === 0 ? array : apply('rev', [array], { dimensions });
};
export const slice = (
  x: NDArray,
  startIndices: Shape,
  limitIndices: Shape,
  strides?: Shape | null,
  ...more: []
): NDArray => {
  refuseExtra(more, 'lax.slice');
  return apply('slice', [x], {
    start_indices: integers(startIndices, 'lax.slice: startIndices'),
    limit_indices: integers(limitIndices, 'lax.slice: limitIndices'),
    strides: integers(strides ?? startIndices.map(() => 1), 'lax.slice: strides'),
  });
};
/** A slice along one axis. */
export function sliceInDim(
  x: NDArray,
  start: number,
  limit: number,
  stride: number = 1,
  axis: number = 0,
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.sliceInDim');
  const { shape } = asArray(x, 'lax.sliceInDim');
  if (integer(axis, 'lax.sliceInDim: axis') < 0 || axis >= shape.length)
    throw new ShapeError(`lax.sliceInDim: axis ${axis} is out of range for an array of rank ${shape.length}`);
  const at = (value: number, otherwise: (n: number) => number, name: string): number[] =>
    shape.map((n, d) => (d === axis ? integer(value, `lax.sliceInDim: ${name}`) : otherwise(n)));
  return slice(
    x,
    at(start, () => 0, 'start'),
    at(limit, (n) => n, 'limit'),
    at(stride, () => 1, 'stride'),
  );
}
export type PaddingConfig = readonly (readonly [low: number, high: number, interior: number])[];
export const pad = (x: NDArray, paddingValue: ArrayLike, paddingConfig: PaddingConfig, ...more: []): NDArray => {
  refuseExtra(more, 'lax.pad');
  return apply('pad', operands([x, paddingValue], 'pad'), { padding_config: paddingConfig });
};
export const concatenate = (xs: readonly NDArray[], dimension: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.concatenate');
  return apply('concatenate', arrayList(xs, 'lax.concatenate'), { dimension });
};
/** Parts of the given sizes along an axis. */
export const split = (x: NDArray, sizes: Shape, axis: number = 0, ...more: []): readonly NDArray[] => {
  refuseExtra(more, 'lax.split');
  return bind(primitives.split, [x], { sizes, axis });
};
export const broadcastedIota = (dtype: DType, shape: Shape, dimension: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.broadcastedIota');
  const sizes = integers(shape, 'lax.broadcastedIota: shape');
  return apply('iota', [], { dtype: checkDType(dtype, 'iota: dtype'), shape: sizes, dimension });
};
/** 0, 1, … size − 1. */
export const iota = (dtype: DType, size: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.iota');
  return broadcastedIota(dtype, shapeArgument(integer(size, 'lax.iota: size'), 'lax.iota'), 0);
};

/** An array of one value. */
export function full(shape: Shape, value: number | bigint | boolean, dtype: DType, ...more: []): NDArray {
  refuseExtra(more, 'lax.full');
  if (!isScalar(value)) throw new ArgumentError(`lax.full: the value must be a number, got ${describe(value)}`);
  const one = scalar(value, checkDType(dtype, 'lax.full: dtype'), 'lax.full');
  if (integers(shape, 'lax.full: shape').length === 0) return one;
  return broadcastInDim(one, shape, []);
}
export const fullLike = (x: NDArray, value: number | bigint | boolean, ...more: []): NDArray => {
  refuseExtra(more, 'lax.fullLike');
  const { shape, dtype } = asArray(x, 'lax.fullLike');
  if (!isScalar(value)) throw new ArgumentError(`lax.fullLike: the value must be a number, got ${describe(value)}`);
  return full(shape, value, dtype);
};
export const zerosLike = (x: { readonly shape: Shape; readonly dtype: DType }, ...more: []): NDArray => {
  refuseExtra(more, 'lax.zerosLike');
  if (!isDType((x as typeof x | null | undefined)?.dtype))
    throw new ArgumentError(`lax.zerosLike: expected an array, got ${describe(x)}`);
  return full(x.shape, x.dtype === 'bool' ? false : 0, x.dtype);
};
