/** Elements in order, and the positions that bring them into it. */
import { refuseExtra } from '../../core/errors.ts';
import { asArray } from '../../core/convert.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { canonicalAxis } from './arguments.ts';

/** The array and the axis; without an axis the flat array. */
function along(x: ArrayLike, axis: number | null, where: string): { readonly array: NDArray; readonly at: number } {
  const array = asArray(x, where);
  if (axis === null) return { array: lax.reshape(array, [array.size]), at: 0 };
  return { array, at: canonicalAxis(axis, array.ndim, where) };
}

/** The elements in ascending order, NaN last. With axis null: of the flat array. */
export function sort(x: ArrayLike, axis: number | null = -1, ...more: []): NDArray {
  refuseExtra(more, 'np.sort');
  const { array, at } = along(x, axis, 'np.sort');
  return lax.sort(array, at);
}

/** Where the elements are in ascending order: `takeAlongAxis(x, argsort(x))` is `sort(x)`. Equal ones stay in place. */
export function argsort(x: ArrayLike, axis: number | null = -1, ...more: []): NDArray {
  refuseExtra(more, 'np.argsort');
  const { array, at } = along(x, axis, 'np.argsort');
  return lax.sort([array, lax.broadcastedIota('int32', array.shape, at)], at)[1]!;
}
