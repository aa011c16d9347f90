/** Matrices of the last two axes, batches before them, in the rules of linear algebra: compositions of `lax`. */
import { isComplex, partOf } from '../core/dtypes.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Lax } from '../core/rules.ts';
import { range } from './axes.ts';

export function matmul(lax: Lax, a: NDArray, b: NDArray): NDArray {
  const batch = range(a.ndim - 2);
  return lax.dotGeneral(a, b, [
    [[a.ndim - 1], [a.ndim - 2]],
    [batch, batch],
  ]);
}

const swapped = (lax: Lax, x: NDArray): NDArray =>
  lax.transpose(x, [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2]);
export const conjugate = (lax: Lax, x: NDArray): NDArray => (isComplex(x.dtype) ? lax.conj(x) : x);
/** The conjugate transpose. */
export const adjoint = (lax: Lax, x: NDArray): NDArray => conjugate(lax, swapped(lax, x));
export const realPart = (lax: Lax, x: NDArray): NDArray => (isComplex(x.dtype) ? lax.real(x) : x);

/** A batch of vectors repeated as the rows, or as the columns, of matrices of the given shape. */
export const asRows = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  lax.broadcastInDim(x, shape, [...range(shape.length - 2), shape.length - 1]);
export const asColumns = (lax: Lax, x: NDArray, shape: Shape): NDArray =>
  lax.broadcastInDim(x, shape, range(shape.length - 1));

/** Column j times x[j], real factors beside complex columns included. */
export const scaledColumns = (lax: Lax, m: NDArray, x: NDArray): NDArray =>
  lax.mul(m, asRows(lax, lax.convertElementType(x, m.dtype), m.shape));

/** Where the row and the column are so related. */
export function where(lax: Lax, shape: Shape, relation: 'eq' | 'gt' | 'lt'): NDArray {
  const [row, column] = [2, 1].map((d) => lax.broadcastedIota('int32', shape, shape.length - d));
  return lax[relation](row!, column!);
}

/** The diagonals of square matrices. */
export const diagonal = (lax: Lax, m: NDArray): NDArray =>
  lax.reduceSum(lax.select(where(lax, m.shape, 'eq'), m, lax.zerosLike(m)), [m.ndim - 1]);

/** 1/x, and 0 where x is 0: what divides by nothing takes no part. */
export function inverseOrZero(lax: Lax, x: NDArray): NDArray {
  const isZero = lax.eq(x, lax.zerosLike(x));
  return lax.select(isZero, lax.zerosLike(x), lax.div(lax.fullLike(x, 1), lax.select(isZero, lax.fullLike(x, 1), x)));
}

/** The Hermitian matrix of which one triangle is given, the diagonal's real part counting. */
export function hermitian(lax: Lax, x: NDArray, lower: boolean): NDArray {
  const half = lax.mul(x, lax.fullLike(x, 0.5));
  const triangle = lax.select(where(lax, x.shape, lower ? 'gt' : 'lt'), x, lax.zerosLike(x));
  const own = lax.add(triangle, lax.select(where(lax, x.shape, 'eq'), half, lax.zerosLike(x)));
  return lax.add(own, adjoint(lax, own));
}

/** Real numbers in the dtype of a matrix. */
export const inDtypeOf = (lax: Lax, x: NDArray, m: NDArray): NDArray =>
  partOf(m.dtype) === m.dtype ? x : lax.convertElementType(x, m.dtype);

/** a⁻¹·b. */
export function solve(lax: Lax, a: NDArray, b: NDArray): NDArray {
  throw new Error('not yet' + lax + a + b);
}
