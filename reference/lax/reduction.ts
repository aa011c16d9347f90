/** Reductions and cumulative functions of `lax`. */
import { asArray } from '../core/convert.ts';
import type { DType } from '../core/dtypes.ts';
import { checkOptions, refuseExtra, isPlainObject } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import type { PrimitiveName } from '../primitives/index.ts';
import { apply } from './apply.ts';

type Axes = Shape | { readonly axes: Shape };
const isOptions = (axes: Axes): axes is { readonly axes: Shape } => isPlainObject(axes);
const reduction =
  (name: PrimitiveName): ((x: ArrayLike, axes: Axes) => NDArray) =>
  (x, axes, ...more: []) => {
    refuseExtra(more, name);
    if (!isOptions(axes)) return apply(name, [asArray(x, name)], { axes });
    checkOptions(axes, ['axes'], name);
    return apply(name, [asArray(x, name)], { axes: axes.axes });
  };
export const reduceSum: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_sum');
export const reduceProd: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_prod');
export const reduceMax: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_max');
export const reduceMin: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_min');
export const reduceAnd: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_and');
export const reduceOr: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_or');
export const reduceXor: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_xor');
/** The first index of the largest element along `axis`; the first NaN wins. */
export const argmax = (x: NDArray, axis: number, indexDtype: DType = 'int32', ...more: []): NDArray => {
  refuseExtra(more, 'lax.argmax');
  return apply('argmax', [x], { axes: [axis], index_dtype: indexDtype });
};
export const argmin = (x: NDArray, axis: number, indexDtype: DType = 'int32', ...more: []): NDArray => {
  refuseExtra(more, 'lax.argmin');
  return apply('argmin', [x], { axes: [axis], index_dtype: indexDtype });
};
export type Cumulative = (x: NDArray, axis?: number, options?: { readonly reverse?: boolean }) => NDArray;
const cumulative =
  (name: PrimitiveName): Cumulative =>
  (x, axis = 0, options = {}, ...more: []) => {
    refuseExtra(more, name);
    checkOptions(options, ['reverse'], name);
    return apply(name, [x], { axis, reverse: options.reverse ?? false });
  };
export const cumsum: Cumulative = cumulative('cumsum');
export const cumprod: Cumulative = cumulative('cumprod');
export const cummax: Cumulative = cumulative('cummax');
export const cummin: Cumulative = cumulative('cummin');
export const cumlogsumexp: Cumulative = cumulative('cumlogsumexp');
