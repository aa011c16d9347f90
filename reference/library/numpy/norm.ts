/** Norms of vectors and matrices. */
import { oneOrMore } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { isComplex } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { canonicalAxis, inexact } from './arguments.ts';
import { moveaxis } from './shape.ts';
import { svdvals } from './spectral.ts';

/** Of vectors: a number p, ±Infinity, 0 (how many are not 0). Of matrices: 'fro', 'nuc', ±1, ±2, ±Infinity. */
export type Order = number | 'fro' | 'nuc' | null;
export interface NormOptions {
  readonly axis?: number | readonly number[] | null;
  readonly keepdims?: boolean;
}

/** √Σ|x|², with the derivative 0 where it is 0 (JAX: NaN). */
function euclidean(x: NDArray, axes: readonly number[]): NDArray {
  const squares = isComplex(x.dtype) ? lax.real(lax.mul(x, lax.conj(x))) : lax.mul(x, x);
  const sum = lax.reduceSum(squares, axes);
  const isZero = lax.eq(sum, lax.zerosLike(sum));
  return lax.select(isZero, lax.zerosLike(sum), lax.sqrt(lax.select(isZero, lax.fullLike(sum, 1), sum)));
}

function ofVectors(x: NDArray, order: number | null, axis: number): NDArray {
  if (order === null || order === 2) return euclidean(x, [axis]);
  const sizes = lax.abs(x);
  if (order === Infinity) return lax.reduceMax(sizes, [axis]);
  if (order === -Infinity) return lax.reduceMin(sizes, [axis]);
  if (order === 0) return lax.reduceSum(lax.convertElementType(lax.ne(sizes, 0), sizes.dtype), [axis]);
  if (order === 1) return lax.reduceSum(sizes, [axis]);
  const sum = lax.reduceSum(lax.pow(sizes, lax.fullLike(sizes, order)), [axis]);
  return lax.pow(sum, lax.fullLike(sum, 1 / order));
}

function ofMatrices(x: NDArray, order: Order, [row, column]: readonly [number, number]): NDArray {
  const extreme = (sum: number, kept: number, f: typeof lax.reduceMax): NDArray =>
    f(lax.reduceSum(lax.abs(x), [sum]), [kept > sum ? kept - 1 : kept]);
  const values = (): NDArray => svdvals(moveaxis(x, [row, column], [-2, -1]));
  switch (order) {
    case null:
    case 'fro':
      return euclidean(
        x,
        [row, column].sort((a, b) => a - b),
      );
    case 'nuc':
      return lax.reduceSum(values(), [x.ndim - 2]);
    case 1:
      return extreme(row, column, lax.reduceMax);
    case -1:
      return extreme(row, column, lax.reduceMin);
    case Infinity:
      return extreme(column, row, lax.reduceMax);
    case -Infinity:
      return extreme(column, row, lax.reduceMin);
    case 2:
      return lax.reduceMax(values(), [x.ndim - 2]);
    case -2:
      return lax.reduceMin(values(), [x.ndim - 2]);
    default:
      throw new ArgumentError(`np.linalg.norm: ord ${String(order)} is not one of matrices`);
  }
}

/**
 * The norm of vectors along an axis, of matrices along two; without an axis of the whole array, as a vector if `ord` is
 * null.
 *
 * @example
 * np.linalg.norm(np.array([3, 4])); // 5
 */
export function norm(x: ArrayLike, ord: Order = null, options: NormOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.linalg.norm');
  checkOptions(options, ['axis', 'keepdims'], 'np.linalg.norm');
  const given = asArray(x, 'np.linalg.norm');
  const array = lax.convertElementType(given, inexact(given.dtype));
  const list = options.axis ?? array.shape.map((_, d) => d);
  const axes = oneOrMore(list, 'np.linalg.norm: axis').map((d) => canonicalAxis(d, array.ndim, 'np.linalg.norm'));
  const finish = (y: NDArray): NDArray =>
    options.keepdims === true
      ? lax.expandDims(
          y,
          [...axes].sort((a, b) => a - b),
        )
      : y;
  if (ord === null && (options.axis ?? null) === null) return finish(euclidean(array, axes));
  const [first, second] = axes;
  if (axes.length === 2) return finish(ofMatrices(array, ord, [first!, second!]));
  if (axes.length !== 1) throw new ArgumentError(`np.linalg.norm: takes one axis or two, got [${axes.join(', ')}]`);
  if (typeof ord === 'string') throw new ArgumentError(`np.linalg.norm: ord '${ord}' is not one of vectors`);
  return finish(ofVectors(array, ord, first!));
}
