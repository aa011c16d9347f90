/** `numpy.linalg`: systems of equations, determinants, factors and norms of matrices, or of batches of them. */
import { ArgumentError, checkOptions, ShapeError, refuseExtra } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { broadcastShape, broadcastShapes, inexact, promoteDtypes } from './arguments.ts';
import { abs, sign as signOf } from './elementwise.ts';
import { diagonal, takeAlongAxis } from './indexing.ts';
import { eye } from './creation.ts';
import { prod, sum } from './reductions.ts';

function matrix(x: ArrayLike, where: string): NDArray {
  const [a] = promoteDtypes([x], where, inexact);
  if (a!.ndim < 2) throw new ShapeError(`${where} takes a matrix or a batch of matrices, got ${showAval(a!.aval)}`);
  return a!;
}
function square(x: ArrayLike, where: string): NDArray {
  const a = matrix(x, where);
  if (a.shape.at(-1) !== a.shape.at(-2))
    throw new ShapeError(`${where} takes square matrices, got ${showAval(a.aval)}`);
  return a;
}

export interface CholeskyOptions extends lax.linalg.CholeskyOptions {
  /** The upper triangular factor U of x = Uᴴ·U. */
  readonly upper?: boolean;
}
/**
 * The triangular factor of positive definite matrices; NaN for others.
 *
 * @example
 * np.linalg.cholesky(np.array([[4, 2], [2, 5]])); // [[2, 0], [1, 2]]
 */
export function cholesky(x: ArrayLike, options: CholeskyOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.cholesky');
  checkOptions(options, ['upper', 'symmetrizeInput'], 'np.linalg.cholesky');
  const l = lax.linalg.cholesky(square(x, 'np.linalg.cholesky'), { symmetrizeInput: options.symmetrizeInput ?? true });
  return options.upper === true ? transposed(l) : l;
}

const transposed = (x: NDArray): NDArray => lax.moveAxis(x, x.ndim - 1, x.ndim - 2);

/**
 * The solution x of a·x = b; a `b` of one dimension is one vector. Infinities or NaN where `a` is singular.
 *
 * @example
 * np.linalg.solve(np.array([[2, 1], [1, 3]]), np.array([3, 4])); // [1, 1]
 */
export function solve(a: ArrayLike, b: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.solve');
  const [left, right] = promoteDtypes([a, b], 'np.linalg.solve', inexact) as [NDArray, NDArray];
  const m = square(left, 'np.linalg.solve');
  if (right.ndim === 1) return lax.squeeze(solve(m, lax.expandDims(right, [1])), [m.ndim - 1]);
  if (right.ndim === 0 || right.shape.at(-2) !== m.shape.at(-1)) {
    const both = [m, right].map((x) => showAval(x.aval)).join(' and ');
    throw new ShapeError(`np.linalg.solve: the rows of b must be those of a, got ${both}`);
  }
  const lead = broadcastShapes([m.shape.slice(0, -2), right.shape.slice(0, -2)], 'np.linalg.solve');
  const [u, v] = [m, right].map((x) => broadcastShape(x, [...lead, ...x.shape.slice(-2)], 'np.linalg.solve')) as [NDArray, NDArray]; // prettier-ignore
  const [lu, , order] = lax.linalg.lu(u);
  const rows = takeAlongAxis(v, broadcastShape(lax.expandDims(order, [order.ndim]), v.shape, 'np.linalg.solve'), -2);
  const y = lax.linalg.triangularSolve(lu, rows, { leftSide: true, lower: true, unitDiagonal: true });
  return lax.linalg.triangularSolve(lu, y, { leftSide: true });
}

/**
 * The inverse; infinities or NaN of singular matrices.
 *
 * @example
 * np.linalg.inv(np.array([[1, 1], [0, 2]])); // [[1, -0.5], [0, 0.5]]
 */
export function inv(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.inv');
  const a = square(x, 'np.linalg.inv');
  return solve(a, broadcastShape(eye(a.shape.at(-1)!, { dtype: a.dtype }), a.shape, 'np.linalg.inv'));
}

/** The diagonal of U, and the sign that the exchanges of rows make. */
function pivotsOf(a: NDArray): [diagonal: NDArray, sign: NDArray] {
  const [lu, pivots] = lax.linalg.lu(a);
  const moved = lax.ne(pivots, lax.broadcastedIota('int32', pivots.shape, pivots.ndim - 1));
  const odd = lax.rem(sum(moved, -1, { dtype: 'int32' }), 2);
  return [diagonal(lu, 0, -2, -1), lax.convertElementType(lax.sub(1, lax.mul(odd, 2)), a.dtype)];
}

/**
 * The determinant: the product of the pivots. The derivative divides by them.
 *
 * @example
 * np.linalg.det(np.array([[1, 2], [3, 4]])); // about -2
 */
export function det(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.det');
  const [pivots, sign] = pivotsOf(square(x, 'np.linalg.det'));
  return lax.mul(sign, prod(pivots, -1));
}

/** The sign of the determinant and the logarithm of its modulus, which does not overflow. */
export function slogdet(x: ArrayLike, ...more: []): readonly [sign: NDArray, logabsdet: NDArray] {
  refuseExtra(more, 'np.linalg.slogdet');
  const [pivots, sign] = pivotsOf(square(x, 'np.linalg.slogdet'));
  return [lax.mul(sign, prod(signOf(pivots), -1)), sum(lax.log(abs(pivots)), -1)];
}

/** Q and R; `mode` 'complete' gives all columns of Q. */
export function qr(x: ArrayLike, mode?: 'reduced' | 'complete'): readonly [q: NDArray, r: NDArray];
/** R alone. */
export function qr(x: ArrayLike, mode: 'r'): NDArray;
export function qr(
  x: ArrayLike,
  mode: 'reduced' | 'complete' | 'r' = 'reduced',
  ...more: []
): NDArray | readonly [q: NDArray, r: NDArray] {
  refuseExtra(more, 'np.linalg.qr');
  if (!['reduced', 'complete', 'r'].includes(mode)) {
    throw new ArgumentError(`np.linalg.qr: mode must be 'reduced', 'complete' or 'r', got '${String(mode)}'`);
  }
  const factors = lax.linalg.qr(matrix(x, 'np.linalg.qr'), { fullMatrices: mode === 'complete' });
  return mode === 'r' ? factors[1] : factors;
}

export * from './norm.ts';
export * from './spectral.ts';
