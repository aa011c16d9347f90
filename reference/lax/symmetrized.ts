/** What the functions of `lax.linalg` that read one triangle make of a matrix that nobody promised to be Hermitian. */
import { scalar } from '../core/convert.ts';
import { isComplex } from '../core/dtypes.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';

/** (x + xᴴ)/2. */
export function symmetrized(x: NDArray): NDArray {
  const permutation = [...Array(x.ndim - 2).keys(), x.ndim - 1, x.ndim - 2];
  const [turned] = bind(primitives.transpose, [x], { permutation });
  const back = isComplex(x.dtype) ? bind(primitives.conj, [turned!], {}) : [turned];
  const [sum] = bind(primitives.add, [x, back[0]!], {});
  const half = scalar(0.5, x.dtype, 'symmetrized');
  const [halves] = bind(primitives.broadcast_in_dim, [half], { shape: x.shape, broadcast_dimensions: [] });
  return bind(primitives.mul, [sum!, halves!], {})[0]!;
}
