/** What the derivative rules of eigh, svd and eig are made of, beside linalg-rules.ts. */
import { isComplex } from '../core/dtypes.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Lax } from '../core/rules.ts';
import { range } from './axes.ts';
import { adjoint, identity, lower, onDiagonal, rowsAt, upper } from './linalg-rules.ts';

export const realOf = (lax: Lax, x: NDArray): NDArray => (isComplex(x.dtype) ? lax.real(x) : x);
/** Real numbers in the dtype of a matrix. */
export const inDtypeOf = (lax: Lax, x: NDArray, m: NDArray): NDArray => lax.convertElementType(x, m.dtype);

/** A batch of vectors repeated as the rows of matrices of the given shape, or as the columns. */
export const asRows = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  lax.broadcastInDim(x, shape, [...range(shape.length - 2), shape.length - 1]);
export const asColumns = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  lax.broadcastInDim(x, shape, range(shape.length - 1));

/** Column j times x[j]. */
export const scaledColumns = (lax: Lax, m: NDArray, x: NDArray): NDArray =>
  lax.mul(m, asRows(lax, inDtypeOf(lax, x, m), m.shape));

/** The diagonals of square matrices. */
export const diagonal = (lax: Lax, m: NDArray): NDArray => lax.reduceSum(onDiagonal(lax, m), [m.ndim - 1]);

/** xⱼ − xᵢ at row i and column j. */
export const differences = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  lax.sub(asRows(lax, x, shape), asColumns(lax, x, shape));

/** 1/x, and 0 where x is 0: what is equal turns nothing into one another. */
export function inverseOrZero(lax: Lax, x: NDArray): NDArray {
  const one = lax.fullLike(x, 1);
  const isZero = lax.eq(x, lax.zerosLike(x));
  return lax.select(isZero, lax.zerosLike(x), lax.div(one, lax.select(isZero, one, x)));
}

const offDiagonal = (lax: Lax, x: NDArray): NDArray => lax.add(lower(lax, x, -1), upper(lax, x, 1));

/** 1/x off the diagonal, 0 on it and where x is 0. (That the diagonal is 0 is seen from its place, so that it is certain.) */
export const inversesOfGaps = (lax: Lax, x: NDArray): NDArray =>
  offDiagonal(lax, inverseOrZero(lax, lax.add(offDiagonal(lax, x), identity(lax, x, x.shape.at(-1)!))));

/** The Hermitian matrix of which one triangle is given; of the diagonal the real part counts. */
export function hermitian(lax: Lax, x: NDArray, isLower: boolean): NDArray {
  const triangle = isLower ? lower(lax, x, -1) : upper(lax, x, 1);
  const half = lax.add(triangle, lax.mul(onDiagonal(lax, x), 0.5));
  return lax.add(half, adjoint(lax, half));
}

/** a⁻¹·b. */
export function solution(lax: Lax, a: NDArray, b: NDArray): NDArray {
  const [lu, , order] = lax.linalg.lu(a);
  const y = lax.linalg.triangularSolve(lu, rowsAt(lax, b, order), { leftSide: true, lower: true, unitDiagonal: true });
  return lax.linalg.triangularSolve(lu, y, { leftSide: true });
}
