/**
 * The functions of `lax.linalg`: each applies one primitive of linear algebra to matrices, or to batches of them (the
 * dimensions before the last two). What they mean stands in spec/primitives/linalg.md.
 */
import { asArray } from '../core/convert.ts';
import { checkOptions, refuseExtra } from '../core/errors.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';
import { apply } from './apply.ts';
import { symmetrized } from './symmetrized.ts';

export * from './spectral.ts';

export interface CholeskyOptions {
  /** Factor (x + xᴴ)/2 (the default); else only the lower triangle is read. */
  readonly symmetrizeInput?: boolean;
}

/**
 * The lower triangular L with L·Lᴴ = x; NaN where x is not positive definite.
 *
 * @example
 * lax.linalg.cholesky(np.array([[4, 2], [2, 5]])); // [[2, 0], [1, 2]]
 */
export function cholesky(x: NDArray, options: CholeskyOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'lax.linalg.cholesky');
  checkOptions(options, ['symmetrizeInput'], 'lax.linalg.cholesky');
  return apply('cholesky', [
    (options.symmetrizeInput ?? true) && asArray(x, 'lax.linalg.cholesky').ndim >= 2 ? symmetrized(x) : x,
  ]);
}

export interface TriangularSolveOptions {
  /** Solve op(a)·x = b; else x·op(a) = b (the default). */
  readonly leftSide?: boolean;
  /** Which triangle of `a` is read; the upper one by default. */
  readonly lower?: boolean;
  readonly transposeA?: boolean;
  readonly conjugateA?: boolean;
  /** Take the diagonal of `a` as ones. */
  readonly unitDiagonal?: boolean;
}

/** The solution x of x·op(a) = b, or of op(a)·x = b, for triangular `a`; `b` may have one dimension less: one vector each. */
export function triangularSolve(a: NDArray, b: NDArray, options: TriangularSolveOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'lax.linalg.triangularSolve');
  const known = ['leftSide', 'lower', 'transposeA', 'conjugateA', 'unitDiagonal'] as const;
  checkOptions(options, known, 'lax.linalg.triangularSolve');
  for (const x of [a, b]) asArray(x, 'lax.linalg.triangularSolve');
  const left = options.leftSide ?? false;
  const params = {
    left_side: left,
    lower: options.lower ?? false,
    transpose_a: options.transposeA ?? false,
    conjugate_a: options.conjugateA ?? false,
    unit_diagonal: options.unitDiagonal ?? false,
  };
  if (b.ndim !== a.ndim - 1) return apply('triangular_solve', [a, b], params);
  const kept = b.shape.map((_, d) => (left || d < b.ndim - 1 ? d : d + 1));
  const shape = left ? [...b.shape, 1] : b.shape.toSpliced(-1, 0, 1);
  const matrix = apply('broadcast_in_dim', [b], { shape, broadcast_dimensions: kept });
  return apply('reshape', [apply('triangular_solve', [a, matrix], params)], { new_sizes: b.shape });
}

/** P·x = L·U with partial pivoting: L (without its ones) and U in one matrix, the row exchanges, and the order of rows they make. */
export function lu(x: NDArray, ...more: []): readonly [lu: NDArray, pivots: NDArray, permutation: NDArray] {
  refuseExtra(more, 'lax.linalg.lu');
  const [packed, pivots, permutation] = bind(primitives.lu, [x], {});
  return [packed!, pivots!, permutation!];
}

/** The order of rows that exchanges make. */
export const luPivotsToPermutation = (pivots: NDArray, permutationSize: number, ...more: []): NDArray => {
  refuseExtra(more, 'lax.linalg.luPivotsToPermutation');
  return apply('lu_pivots_to_permutation', [pivots], { permutation_size: permutationSize });
};

/** Householder's reflectors and R in one matrix, and the reflectors' factors. */
export function geqrf(a: NDArray, ...more: []): readonly [a: NDArray, taus: NDArray] {
  refuseExtra(more, 'lax.linalg.geqrf');
  const [packed, taus] = bind(primitives.geqrf, [a], {});
  return [packed!, taus!];
}

/** The first columns of the product of the reflectors that `geqrf` gives. */
export const householderProduct = (a: NDArray, taus: NDArray, ...more: []): NDArray => {
  refuseExtra(more, 'lax.linalg.householderProduct');
  return apply('householder_product', [a, taus]);
};

export interface QrOptions {
  /** All columns of Q (the default), or as many as x has at most. */
  readonly fullMatrices?: boolean;
}

/**
 * x = Q·R, the columns of Q orthonormal, R upper triangular.
 *
 * @example
 * const [q, r] = lax.linalg.qr(np.array([[3, 1], [4, 2]]));
 */
export function qr(x: NDArray, options: QrOptions = {}, ...more: []): readonly [q: NDArray, r: NDArray] {
  refuseExtra(more, 'lax.linalg.qr');
  checkOptions(options, ['fullMatrices'], 'lax.linalg.qr');
  const [q, r] = bind(primitives.qr, [x], { full_matrices: options.fullMatrices ?? true });
  return [q!, r!];
}

/** The solution of A·x = b, A with the diagonals dl[i] = A[i, i − 1], d[i] = A[i, i] and du[i] = A[i, i + 1]. */
export const tridiagonalSolve = (dl: NDArray, d: NDArray, du: NDArray, b: NDArray, ...more: []): NDArray => {
  refuseExtra(more, 'lax.linalg.tridiagonalSolve');
  return apply('tridiagonal_solve', [dl, d, du, b]);
};
