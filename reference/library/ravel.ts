import { asArray } from '../core/convert.ts';
import { DTypeError, ShapeError } from '../core/errors.ts';
import { showAval } from '../core/host.ts';
import type { ArrayLike, NDArray } from '../core/ndarray.ts';
import { flatten, type Mapped, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { promoteDtypes } from './numpy/arguments.ts';

/**
 * All elements of a tree of arrays as one vector, and the function from such a vector to a tree like it. Leaves of
 * several dtypes are promoted to one, in which `unravel` then wants its vector; it gives each leaf its own dtype.
 *
 * @example
 * const [flat, unravel] = tree.ravelPytree({ w: np.ones([2, 2]), b: np.zeros([2]) });
 * flat.shape; // [6]
 * unravel(flat.mul(2)); // { b: [0, 0], w: [[2, 2], [2, 2]] }
 * @throws ArgumentError for a leaf that is no array; unravel throws ShapeError, DTypeError for another kind of vector
 */
export function ravelPytree<T>(tree: T): [flat: NDArray, unravel: (flat: ArrayLike) => Mapped<T, NDArray>] {
  const [leaves, treedef] = flatten(tree);
  const paths = treedef.paths();
  const arrays = leaves.map((leaf, i) => asArray(leaf, `tree.ravelPytree, leaf ${paths[i]}`));
  const flat = arrays.length === 0 ? lax.full([0], 0, 'float32') : joined(arrays);
  const avals = arrays.map((x) => x.aval);
  const mixed = avals.some(({ dtype }) => dtype !== flat.dtype);

  const unravel = (vector: ArrayLike): Mapped<T, NDArray> => {
    const x = asArray(vector, 'unravel');
    if (x.ndim !== 1 || x.size !== flat.size) {
      throw new ShapeError(`unravel: expected a vector of ${flat.size} elements, got ${showAval(x.aval)}`);
    }
    if (mixed && x.dtype !== flat.dtype) {
      throw new DTypeError(`unravel: the leaves have several dtypes, so the vector must be ${flat.dtype}, got ${showAval(x.aval)}`); // prettier-ignore
    }
    let at = 0;
    const parts = avals.map(({ shape, dtype }, i) => {
      const part = lax.reshape(lax.slice(x, [at], [(at += arrays[i]!.size)]), shape);
      return mixed ? lax.convertElementType(part, dtype) : part;
    });
    return unflatten(treedef, parts) as Mapped<T, NDArray>;
  };
  return [flat, unravel];
}

const joined = (arrays: readonly NDArray[]): NDArray =>
  lax.concatenate(promoteDtypes(arrays, 'tree.ravelPytree').map((x) => lax.reshape(x, [x.size])), 0); // prettier-ignore
