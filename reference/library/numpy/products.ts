/** Products of vectors, matrices and tensors: each is one contraction (`dot_general`). */
import { integer, oneOrMore } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { checkDType, type DType } from '../../core/dtypes.ts';
import { checkOptions, ShapeError, refuseExtra, ArgumentError } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import {
  broadcastShape,
  broadcastShapes,
  canonicalAxis,
  numeric,
  promoteArguments,
  promoteDtypes,
} from './arguments.ts';
import { diagonal } from './indexing.ts';
import { ravel } from './shape.ts';

export type ProductOptions = lax.DotOptions;
const DOT_OPTIONS = ['precision', 'preferredElementType'];

function pair(x: ArrayLike, y: ArrayLike, where: string): [NDArray, NDArray] {
  return promoteDtypes([x, y], where) as [NDArray, NDArray];
}
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
const times = (x: NDArray, y: NDArray): NDArray => (x.dtype === 'bool' ? lax.bitwiseAnd(x, y) : lax.mul(x, y));
const ranksOf = (x: NDArray, y: NDArray): string => `${showAval(x.aval)} and ${showAval(y.aval)}`;

function contract(
  x: NDArray,
  y: NDArray,
  xAxes: readonly number[],
  yAxes: readonly number[],
  options: ProductOptions,
  where: string,
): NDArray {
  xAxes.forEach((a, i) => {
    if (x.shape[a] !== y.shape[yAxes[i]!]) {
      throw new ShapeError(
        `${where}: axis ${a} of ${showAval(x.aval)} and axis ${yAxes[i]} of ${showAval(y.aval)} differ in size`,
      );
    }
  });
  return lax.dotGeneral(x, y, [[xAxes, yAxes], [[], []]], options); // prettier-ignore
}

/** Vectors: their inner product; matrices: their product; else the last axis of `x` with the last but one of `y`. */
export function dot(x: ArrayLike, y: ArrayLike, options: ProductOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.dot');
  checkOptions(options, DOT_OPTIONS, 'np.dot');
  const [a, b] = pair(x, y, 'np.dot');
  if (a.ndim === 0 || b.ndim === 0) {
    const [u, v] = promoteArguments([a, b], 'np.dot') as [NDArray, NDArray];
    return times(u, v);
  }
  return contract(a, b, [a.ndim - 1], [Math.max(0, b.ndim - 2)], options, 'np.dot');
}

/** The matrix product over the last two axes; the axes before them broadcast. */
export function matmul(x: ArrayLike, y: ArrayLike, options: ProductOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.matmul');
  checkOptions(options, DOT_OPTIONS, 'np.matmul');
  const [a, b] = pair(x, y, 'np.matmul');
  if (a.ndim === 0 || b.ndim === 0)
    throw new ShapeError(`np.matmul: takes no scalars, got ${ranksOf(a, b)}; use np.multiply`);
  if (b.ndim <= 2) return contract(a, b, [a.ndim - 1], [Math.max(0, b.ndim - 2)], options, 'np.matmul');
  if (a.ndim === 1) return contract(a, b, [0], [b.ndim - 2], options, 'np.matmul');
  const lead = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], 'np.matmul');
  const [u, v] = [a, b].map((z) => broadcastShape(z, [...lead, ...z.shape.slice(-2)], 'np.matmul')) as [
    NDArray,
    NDArray,
  ];
  if (a.shape.at(-1) !== b.shape.at(-2)) throw new ShapeError(`np.matmul: the inner sizes of ${ranksOf(a, b)} differ`);
  const batch = range(0, lead.length);
  return lax.dotGeneral(u, v, [[[lead.length + 1], [lead.length]], [batch, batch]], options); // prettier-ignore
}

/** Sums of products over the last axis of both. */
export function inner(x: ArrayLike, y: ArrayLike, options: ProductOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.inner');
  checkOptions(options, DOT_OPTIONS, 'np.inner');
  const [a, b] = pair(x, y, 'np.inner');
  if (a.ndim === 0 || b.ndim === 0) return dot(a, b, options);
  return contract(a, b, [a.ndim - 1], [b.ndim - 1], options, 'np.inner');
}

/** Every element of `x` times every element of `y`. */
export function outer(x: ArrayLike, y: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.outer');
  const [a, b] = pair(x, y, 'np.outer');
  const shape = [a.size, b.size];
  return times(lax.broadcastInDim(ravel(a), shape, [0]), lax.broadcastInDim(ravel(b), shape, [1]));
}

/** The inner product of all elements. */
export const vdot = (x: ArrayLike, y: ArrayLike, options: ProductOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.vdot');
  checkOptions(options, DOT_OPTIONS, 'np.vdot');
  const [a, b] = pair(x, y, 'np.vdot');
  return dot(ravel(a), ravel(b), options);
};

export type TensordotAxes = number | readonly [x: number | readonly number[], y: number | readonly number[]];
/** Contracts the last n axes of `x` with the first n of `y`, or the axes listed for each. */
export function tensordot(
  x: ArrayLike,
  y: ArrayLike,
  axes: TensordotAxes = 2,
  options: ProductOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.tensordot');
  checkOptions(options, DOT_OPTIONS, 'np.tensordot');
  const [a, b] = pair(x, y, 'np.tensordot');
  const list = (given: number | readonly number[], rank: number): number[] =>
    oneOrMore(given, 'np.tensordot: axes').map((d) => canonicalAxis(d, rank, 'np.tensordot'));
  const isPair = (given: TensordotAxes): given is Exclude<TensordotAxes, number> => Array.isArray(given);
  if (isPair(axes)) {
    if (axes.length !== 2)
      throw new ArgumentError('np.tensordot: axes are a number, or a list of those of either array');
    const [xAxes, yAxes] = [list(axes[0], a.ndim), list(axes[1], b.ndim)];
    if (xAxes.length !== yAxes.length)
      throw new ShapeError(`np.tensordot: ${xAxes.length} axes of one array with ${yAxes.length} of the other`);
    return contract(a, b, xAxes, yAxes, options, 'np.tensordot');
  }
  const count = integer(axes, 'np.tensordot: axes');
  if (count > Math.min(a.ndim, b.ndim) || count < 0)
    throw new ShapeError(`np.tensordot: ${ranksOf(a, b)} do not both have ${count} axes`);
  return contract(a, b, range(a.ndim - count, a.ndim), range(0, count), options, 'np.tensordot');
}

/** The Kronecker product. */
export function kron(x: ArrayLike, y: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.kron');
  const [a, b] = pair(x, y, 'np.kron');
  const rank = Math.max(a.ndim, b.ndim);
  const sizes = (z: NDArray): number[] => [...new Array<number>(rank - z.ndim).fill(1), ...z.shape];
  const [m, n] = [sizes(a), sizes(b)];
  const blocks = m.flatMap((size, d) => [size, n[d]!]);
  const wide = lax.broadcastInDim(lax.reshape(a, m), blocks, range(0, rank).map((d) => 2 * d)); // prettier-ignore
  const narrow = lax.broadcastInDim(lax.reshape(b, n), blocks, range(0, rank).map((d) => 2 * d + 1)); // prettier-ignore
  return lax.reshape(times(wide, narrow), m.map((size, d) => size * n[d]!)); // prettier-ignore
}

export interface TraceOptions {
  readonly offset?: number;
  readonly axis1?: number;
  readonly axis2?: number;
  readonly dtype?: DType;
}
/** The sum along a diagonal. */
export function trace(x: ArrayLike, options: TraceOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.trace');
  checkOptions(options, ['offset', 'axis1', 'axis2', 'dtype'], 'np.trace');
  const line = diagonal(asArray(x, 'np.trace'), options.offset, options.axis1, options.axis2);
  const dtype = options.dtype === undefined ? numeric(line.dtype) : checkDType(options.dtype, 'np.trace: dtype');
  return lax.reduceSum(line.dtype === dtype ? line : lax.convertElementType(line, dtype), [line.ndim - 1]);
}
