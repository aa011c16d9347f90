/**
 * The spectral functions of `lax.linalg`, of matrices or batches of them. What they mean stands in
 * spec/primitives/spectral.md.
 */
import { asArray } from '../core/convert.ts';
import { checkOptions, refuseExtra } from '../core/errors.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';
import { symmetrized } from './symmetrized.ts';

export interface EighOptions {
  /** Which triangle of `x` is read, if it is not symmetrized; the lower one by default. */
  readonly lower?: boolean;
  /** Decompose (x + xᴴ)/2 (the default); else only one triangle is read. */
  readonly symmetrizeInput?: boolean;
  /** Eigenvalues in ascending order (the default); else in any. */
  readonly sortEigenvalues?: boolean;
}

/**
 * Eigenvectors, as columns, and eigenvalues of a Hermitian matrix: x·V = V·diag(w).
 *
 * @example
 * const [v, w] = lax.linalg.eigh(np.array([[2, 1], [1, 2]])); // w: [1, 3]
 */
export function eigh(x: NDArray, options: EighOptions = {}, ...more: []): readonly [v: NDArray, w: NDArray] {
  refuseExtra(more, 'lax.linalg.eigh');
  checkOptions(options, ['lower', 'symmetrizeInput', 'sortEigenvalues'], 'lax.linalg.eigh');
  const [v, w] = bind(
    primitives.eigh,
    [(options.symmetrizeInput ?? true) && asArray(x, 'lax.linalg.eigh').ndim >= 2 ? symmetrized(x) : x],
    {
      lower: options.lower ?? true,
      sort_eigenvalues: options.sortEigenvalues ?? true,
    },
  );
  return [v!, w!];
}

export interface SvdOptions {
  /** U and V square (the default), or as thin as they can be. */
  readonly fullMatrices?: boolean;
  /** Else only the singular values. */
  readonly computeUv?: boolean;
}

/**
 * x = U·diag(s)·Vᴴ with s descending, U and V with orthonormal columns.
 *
 * @example
 * const [u, s, vh] = lax.linalg.svd(np.array([[3, 0], [4, 5]]), { fullMatrices: false });
 */
export function svd(x: NDArray, options: SvdOptions & { readonly computeUv: false }): NDArray;
export function svd(
  x: NDArray,
  options?: SvdOptions & { readonly computeUv?: true },
): readonly [u: NDArray, s: NDArray, vh: NDArray];
export function svd(x: NDArray, options: SvdOptions = {}, ...more: []): NDArray | readonly [NDArray, NDArray, NDArray] {
  refuseExtra(more, 'lax.linalg.svd');
  checkOptions(options, ['fullMatrices', 'computeUv'], 'lax.linalg.svd');
  const [s, u, vh] = bind(primitives.svd, [x], {
    full_matrices: options.fullMatrices ?? true,
    compute_uv: options.computeUv ?? true,
  });
  return u && vh ? [u, s!, vh] : s!;
}

export interface EigOptions {
  readonly computeLeftEigenvectors?: boolean;
  readonly computeRightEigenvectors?: boolean;
}

/**
 * Eigenvalues of any square matrix, and the left and the right eigenvectors that are asked for (both by default), all
 * complex: uᴴ·x = λ·uᴴ and x·v = λ·v.
 *
 * @example
 * const [w, vl, vr] = lax.linalg.eig(np.array([[0, 1], [-1, 0]])); // w: [i, -i]
 */
export function eig(x: NDArray, options: EigOptions = {}, ...more: []): readonly NDArray[] {
  refuseExtra(more, 'lax.linalg.eig');
  checkOptions(options, ['computeLeftEigenvectors', 'computeRightEigenvectors'], 'lax.linalg.eig');
  return bind(primitives.eig, [x], {
    compute_left_eigenvectors: options.computeLeftEigenvectors ?? true,
    compute_right_eigenvectors: options.computeRightEigenvectors ?? true,
  });
}
