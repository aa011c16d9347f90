/** What the derivative and batching rules of linear algebra are made of: batches of matrices, as expressions of `lax`. */
import { isComplex } from '../core/dtypes.ts';
import { type Aval, type Shape, showAval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Batched, BatchRule } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { range, toFront } from './axes.ts';

// ---- types

export const rows = (x: { readonly shape: Shape }): number => x.shape.at(-2)!;
export const columns = (x: { readonly shape: Shape }): number => x.shape.at(-1)!;
/** The dimensions before the last two (or the last one). */
export const batchOf = ({ shape }: { readonly shape: Shape }, rank: 1 | 2 = 2): Shape => shape.slice(0, -rank);

export const checkMatrix = (name: string, x: Aval): true | string =>
  x.shape.length >= 2 || `${name} must be a matrix or a batch of matrices, got ${showAval(x)}`;
export const checkSquare = (name: string, x: Aval): true | string =>
  (x.shape.length >= 2 && rows(x) === columns(x)) ||
  `${name} must be a square matrix or a batch of them, got ${showAval(x)}`;

// ---- values

export const transposed = (lax: Lax, x: NDArray): NDArray =>
  lax.transpose(x, [...range(x.ndim - 2), x.ndim - 1, x.ndim - 2]);
export const conjugate = (lax: Lax, x: NDArray): NDArray => (isComplex(x.dtype) ? lax.conj(x) : x);
/** Re z, in the dtype of z. */
export const realPart = (lax: Lax, z: NDArray): NDArray =>
  isComplex(z.dtype) ? lax.convertElementType(lax.real(z), z.dtype) : z;
export const adjoint = (lax: Lax, x: NDArray): NDArray => conjugate(lax, transposed(lax, x));

export function product(lax: Lax, a: NDArray, b: NDArray): NDArray {
  const batch = range(a.ndim - 2);
  const inner: readonly [Shape, Shape] = [[a.ndim - 1], [b.ndim - 2]];
  return lax.dotGeneral(a, b, [inner, [batch, batch]], { precision: 'HIGHEST' });
}

/** Where the column less the row is as asked. */
function diagonals(lax: Lax, x: NDArray, which: 'le' | 'ge' | 'eq', k: number): NDArray {
  const [row, column] = [x.ndim - 2, x.ndim - 1].map((d) => lax.broadcastedIota('int32', x.shape, d)) as [NDArray, NDArray]; // prettier-ignore
  return lax[which](column, lax.add(row, k));
}
/** On and below diagonal k. */
export const lower = (lax: Lax, x: NDArray, k: number = 0): NDArray =>
  lax.select(diagonals(lax, x, 'le', k), x, lax.zerosLike(x));
/** On and above diagonal k. */
export const upper = (lax: Lax, x: NDArray, k: number = 0): NDArray =>
  lax.select(diagonals(lax, x, 'ge', k), x, lax.zerosLike(x));
export const onDiagonal = (lax: Lax, x: NDArray): NDArray =>
  lax.select(diagonals(lax, x, 'eq', 0), x, lax.zerosLike(x));

/** Identity matrices in the dtype of `x`. */
export function identity(lax: Lax, x: NDArray, size: number): NDArray {
  const ones = lax.full([...batchOf(x), size, size], 1, x.dtype);
  return onDiagonal(lax, ones);
}

/** A part of the last two dimensions. */
export function block(lax: Lax, x: NDArray, [r0, r1]: Shape, [c0, c1]: Shape): NDArray {
  const batch = batchOf(x);
  return lax.slice(x, [...batch.map(() => 0), r0!, c0!], [...batch, r1!, c1!]);
}
/** Blocks below one another (`-2`) or side by side (`-1`). */
export const joined = (lax: Lax, blocks: readonly NDArray[], axis: -1 | -2): NDArray =>
  lax.concatenate(blocks, blocks[0]!.ndim + axis);

/** Rows of matrices in another order. */
export function rowsAt(lax: Lax, x: NDArray, order: NDArray): NDArray {
  if (x.size === 0) return x;
  const batch = range(x.ndim - 2);
  return lax.gather(
    x,
    lax.expandDims(order, [order.ndim]),
    {
      offset_dims: [x.ndim - 1],
      collapsed_slice_dims: [x.ndim - 2],
      start_index_map: [x.ndim - 2],
      operand_batching_dims: batch,
      start_indices_batching_dims: batch,
    },
    [...batch.map(() => 1), 1, columns(x)],
    { mode: 'promise_in_bounds', uniqueIndices: true },
  );
}

// ---- vmap

/** A batch axis becomes one more leading dimension; operands without one are repeated. */
export const leading =
  <P>(apply: (lax: Lax, operands: readonly NDArray[], params: P) => readonly NDArray[]): BatchRule<P> =>
  (lax, operands, at, axis, params): Batched => {
    const front = operands.map((x, i) => toFront(lax, x, at[i]!, axis));
    const out = apply(lax, front, params);
    return { out, at: out.map(() => 0) };
  };
