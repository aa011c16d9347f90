/** Linear algebra: decompositions and systems of equations. */
import type { Part } from './compile/lowering.ts';
import { cholesky, lu, luPivotsToPermutation, triangularSolve, tridiagonalSolve } from './linalg/elimination.ts';

export const linalg: Part<'cholesky' | 'triangular_solve' | 'lu' | 'lu_pivots_to_permutation' | 'tridiagonal_solve'> = {
  cholesky,
  triangular_solve: triangularSolve,
  lu,
  lu_pivots_to_permutation: luPivotsToPermutation,
  tridiagonal_solve: tridiagonalSolve,
};
