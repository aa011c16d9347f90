/** Eigenvalues, singular values, and what is made of them. */
import { finite } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { finfo, isComplex } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { customJvp } from '../../transforms/custom-jvp.ts';
import { eye } from './creation.ts';
import { inexact } from './arguments.ts';
import { matmul } from './products.ts';
import { matrixTranspose } from './shape.ts';

const matrix = (a: ArrayLike, where: string): NDArray => {
  const array = asArray(a, where);
  return lax.convertElementType(array, inexact(array.dtype));
};
function adjoint(x: NDArray): NDArray {
  const turned = matrixTranspose(x);
  return isComplex(x.dtype) ? lax.conj(turned) : turned;
}

export interface HermitianOptions {
  /** Which triangle is read, if the matrix is not symmetrized. */
  readonly UPLO?: 'L' | 'U';
  readonly symmetrizeInput?: boolean;
}

/**
 * Eigenvalues in ascending order, and eigenvectors as columns, of a Hermitian matrix.
 *
 * @example
 * const [w, v] = np.linalg.eigh(np.array([[2, 1], [1, 2]])); // w: [1, 3]
 */
export function eigh(a: ArrayLike, options: HermitianOptions = {}, ...more: []): readonly [w: NDArray, v: NDArray] {
  refuseExtra(more, 'np.linalg.eigh');
  checkOptions(options, ['UPLO', 'symmetrizeInput'], 'np.linalg.eigh');
  const [v, w] = lax.linalg.eigh(matrix(a, 'np.linalg.eigh'), {
    lower: options.UPLO !== 'U',
    symmetrizeInput: options.symmetrizeInput ?? true,
  });
  return [w, v];
}
export const eigvalsh = (a: ArrayLike, options: HermitianOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.linalg.eigvalsh');
  checkOptions(options, ['UPLO', 'symmetrizeInput'], 'np.linalg.eigvalsh');
  return eigh(matrix(a, 'np.linalg.eigvalsh'), options)[0];
};

/**
 * Eigenvalues and right eigenvectors, as columns, of any square matrix; both are complex.
 *
 * @example
 * const [w, v] = np.linalg.eig(np.array([[0, 1], [-1, 0]])); // w: [i, -i]
 */
export function eig(a: ArrayLike, ...more: []): readonly [w: NDArray, v: NDArray] {
  refuseExtra(more, 'np.linalg.eig');
  const [w, v] = lax.linalg.eig(matrix(a, 'np.linalg.eig'), { computeLeftEigenvectors: false });
  return [w!, v!];
}
export const eigvals = (a: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.linalg.eigvals');
  return lax.linalg.eig(matrix(a, 'np.linalg.eigvals'), {
    computeLeftEigenvectors: false,
    computeRightEigenvectors: false,
  })[0]!;
};

/** a = U·diag(s)·Vᴴ with s descending; U and V are square unless `fullMatrices` is false. */
export function svd(
  a: ArrayLike,
  options: { readonly fullMatrices?: boolean } = {},
  ...more: []
): readonly [u: NDArray, s: NDArray, vh: NDArray] {
  refuseExtra(more, 'np.linalg.svd');
  checkOptions(options, ['fullMatrices'], 'np.linalg.svd');
  return lax.linalg.svd(matrix(a, 'np.linalg.svd'), { fullMatrices: options.fullMatrices ?? true });
}
export const svdvals = (a: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.linalg.svdvals');
  return lax.linalg.svd(matrix(a, 'np.linalg.svdvals'), { computeUv: false });
};

const last = (x: NDArray, at: number): NDArray => {
  const axis = x.ndim - 1;
  const from = at < 0 ? at + x.shape[axis]! : at;
  return lax.squeeze(lax.sliceInDim(x, from, from + 1, 1, axis), [axis]);
};

/**
 * The number of singular values above `rtol` times the largest one: by default max(m, n)·2u, the rounding error of a
 * matrix that large, as in NumPy (Press et al., Numerical Recipes, 2007, §2.6).
 */
export function matrixRank(a: ArrayLike, rtol?: number, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.matrixRank');
  const array = matrix(a, 'np.linalg.matrixRank');
  const s = svdvals(array);
  const share =
    (rtol === undefined ? rtol : finite(rtol, 'np.linalg.matrixRank: rtol')) ??
    Math.max(...array.shape.slice(-2)) * 2 * finfo(array.dtype).unitRoundoff;
  const least = lax.expandDims(lax.mul(last(s, 0), share), [s.ndim - 1]);
  const counts = lax.gt(s, lax.broadcastInDim(least, s.shape, s.shape.map((_, d) => d))); // prettier-ignore
  return lax.reduceSum(lax.convertElementType(counts, 'int32'), [s.ndim - 1]);
}

/** The largest singular value over the smallest: the condition number in the 2-norm. */
export function cond(a: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.cond');
  const s = svdvals(matrix(a, 'np.linalg.cond'));
  if (s.shape.at(-1) === 0) throw new ArgumentError('np.linalg.cond: takes no empty matrices');
  return lax.div(last(s, 0), last(s, -1));
}

/**
 * The Moore–Penrose inverse: singular values up to `rtol` times the largest one count as 0 (10·max(m, n)·2u by default, as
 * in JAX). Its derivative is Golub and Pereyra's, which needs no distinct singular values.
 */
export function pinv(a: ArrayLike, rtol?: number, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.pinv');
  const array = matrix(a, 'np.linalg.pinv');
  const [m, n] = array.shape.slice(-2) as [number, number];
  const share =
    (rtol === undefined ? rtol : finite(rtol, 'np.linalg.pinv: rtol')) ??
    20 * Math.max(m, n) * finfo(array.dtype).unitRoundoff;
  const inverse = customJvp((x: NDArray) => {
    if (x.size === 0) return matrixTranspose(x);
    const [u, s, vh] = svd(x, { fullMatrices: false });
    const axes = s.shape.map((_, d) => d);
    const least = lax.broadcastInDim(lax.expandDims(lax.mul(last(s, 0), share), [s.ndim - 1]), s.shape, axes);
    const isZero = lax.le(s, least);
    const inverses = lax.select(isZero, lax.zerosLike(s), lax.div(lax.fullLike(s, 1), lax.select(isZero, lax.fullLike(s, 1), s))); // prettier-ignore
    const rows = lax.broadcastInDim(lax.convertElementType(inverses, x.dtype), [...s.shape, m], axes);
    return matmul(adjoint(vh), lax.mul(rows, adjoint(u)));
  });
  inverse.defjvp(([x], [dx]) => {
    const p = inverse(x);
    const [ph, dh] = [adjoint(p), adjoint(dx)];
    const outside = lax.sub(identity(p, m), matmul(x, p));
    const inside = lax.sub(identity(p, n), matmul(p, x));
    const fixed = lax.neg(matmul(matmul(p, dx), p));
    const out = matmul(matmul(matmul(p, ph), dh), outside);
    const into = matmul(matmul(inside, dh), matmul(ph, p));
    return [p, lax.add(lax.add(fixed, out), into)];
  });
  return inverse(array);
}

/** Identity matrices for each of a batch. */
const identity = (x: NDArray, n: number): NDArray =>
  lax.broadcast(lax.convertElementType(eye(n), x.dtype), x.shape.slice(0, -2));
