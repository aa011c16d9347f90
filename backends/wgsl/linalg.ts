/** Linear algebra: decompositions and systems of equations. */
import type { Part } from './compile/lowering.ts';
import { cholesky, lu, luPivotsToPermutation, triangularSolve, tridiagonalSolve } from './linalg/elimination.ts';

import { geqrf, householderProduct, qr } from './linalg/reflections.ts';

export const linalg: Part<
  | 'cholesky'
  | 'triangular_solve'
  | 'lu'
  | 'lu_pivots_to_permutation'
  | 'tridiagonal_solve'
  | 'geqrf'
  | 'householder_product'
  | 'qr'
> = {
  cholesky,
  triangular_solve: triangularSolve,
  lu,
  lu_pivots_to_permutation: luPivotsToPermutation,
  geqrf,
  householder_product: householderProduct,
  qr,
  tridiagonal_solve: tridiagonalSolve,
};
