/** Linear algebra: the engines have no kernels for it. */
import { gap, type Gap } from '../../reference/core/backend.ts';

const none = gap('no linear algebra in tfjs');

type Name =
  | 'cholesky'
  | 'triangular_solve'
  | 'lu'
  | 'lu_pivots_to_permutation'
  | 'geqrf'
  | 'householder_product'
  | 'qr'
  | 'tridiagonal_solve';

export const linalg: Readonly<Record<Name, Gap>> = {
  cholesky: none,
  triangular_solve: none,
  lu: none,
  lu_pivots_to_permutation: none,
  geqrf: none,
  householder_product: none,
  qr: none,
  tridiagonal_solve: none,
};
