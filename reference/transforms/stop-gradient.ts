import { refuseExtra } from '../core/errors.ts';
import { isInexact } from '../core/dtypes.ts';
import { flatten, type Mapped, unflatten } from '../core/tree.ts';
import { asArray } from '../core/convert.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';

/**
 * The same values, through which no derivative passes (spec/transformations/stop-gradient.md).
 *
 * @example
 * grad((x) => x.mul(stopGradient(x)))(3).item(); // 3, not 6
 */
export function stopGradient<T>(tree: T, ...more: []): Mapped<T, NDArray> {
  refuseExtra(more, 'stopGradient');
  const [leaves, treedef] = flatten(tree);
  const stopped = leaves.map((leaf) => {
    const x = asArray(leaf, 'stopGradient');
    return isInexact(x.dtype) ? lax.stopGradient(x) : x;
  });
  return unflatten(treedef, stopped) as Mapped<T, NDArray>;
}
