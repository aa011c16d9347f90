/** Linear algebra (spec/primitives/linalg.md). */
export { cholesky } from './cholesky.ts';
export { geqrf, householderProduct, qr } from './qr.ts';
export { lu, luPivotsToPermutation } from './lu.ts';
export { triangularSolve, type TriangularSolveParams } from './triangular-solve.ts';
export { tridiagonalSolve } from './tridiagonal-solve.ts';
