/** Reductions over axes, and cumulative sums. `f(x, axis, options)` and `f(x, { axis, … })` are the same call. */
import { integer } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { checkDType, type DType, isComplex, isInexact, partOf } from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import { showAval, sizeOf } from '../../core/host.ts';
import type { ArrayLike, Axis, NDArray, ReduceOptions } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { accumulated, canonicalAxes, canonicalAxis, inexact, mergeAxis, numeric, roomy, truthy } from './arguments.ts';

export type Reduction = (x: ArrayLike, axis?: Axis | ReduceOptions, options?: ReduceOptions) => NDArray;

interface Reduced {
  readonly array: NDArray;
  readonly axes: number[];
  readonly dtype: DType | undefined;
  /** Puts the reduced axes back with size 1, if `keepdims` asks for it. */
  finish(y: NDArray): NDArray;
}

const OPTIONS = ['axis', 'keepdims', 'dtype'];
const WITHOUT_DTYPE = ['axis', 'keepdims'];

function prepare(
  x: ArrayLike,
  axis: Axis | ReduceOptions | undefined,
  options: ReduceOptions | undefined,
  known: readonly string[],
  where: string,
  ...more: []
): Reduced {
  refuseExtra(more, 'np.prepare');
  const array = asArray(x, where);
  const given = mergeAxis<ReduceOptions>(axis, options, known, where);
  const axes = canonicalAxes(given.axis, array.ndim, where);
  const dtype = given.dtype === undefined ? undefined : checkDType(given.dtype, `${where}: dtype`);
  return { array, axes, dtype, finish: (y) => (given.keepdims === true ? lax.expandDims(y, axes) : y) };
}

const inDtype = (x: NDArray, dtype: DType): NDArray => (x.dtype === dtype ? x : lax.convertElementType(x, dtype));

/** Sums and products, of integers in at least the size of the default integer, of bool too. */
const accumulation =
  (name: string, reduce: (x: NDArray, axes: number[]) => NDArray): Reduction =>
  (x, axis, options, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const { array, axes, dtype, finish } = prepare(x, axis, options, OPTIONS, `np.${name}`);
    return finish(reduce(inDtype(array, dtype ?? accumulated(array.dtype)), axes));
  };
export const sum: Reduction = accumulation('sum', lax.reduceSum);
export const prod: Reduction = accumulation('prod', lax.reduceProd);

const extremum =
  (name: string, reduce: (x: NDArray, axes: number[]) => NDArray): Reduction =>
  (x, axis, options, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const { array, axes, finish } = prepare(x, axis, options, WITHOUT_DTYPE, `np.${name}`);
    if (axes.some((d) => array.shape[d] === 0)) {
      throw new ArgumentError(
        `np.${name}: ${showAval(array.aval)} has no elements along axes [${String(axes)}], and ${name} of nothing has no value`,
      );
    }
    return finish(reduce(array, axes));
  };
/** The largest element; NaN if there is one. @throws ArgumentError if there is none */
export const max: Reduction = extremum('max', lax.reduceMax);
export const min: Reduction = extremum('min', lax.reduceMin);
export const amax: Reduction = max;
export const amin: Reduction = min;
/** The largest less the smallest element. */
export const ptp: Reduction = (x, axis, options, ...more: []) => {
  refuseExtra(more, 'np.ptp');
  const { array, axes, finish } = prepare(x, axis, options, WITHOUT_DTYPE, 'np.ptp');
  return finish(lax.sub(max(array, axes), min(array, axes)));
};

const test =
  (name: string, reduce: (x: NDArray, axes: number[]) => NDArray): Reduction =>
  (x, axis, options, ...more: []) => {
    refuseExtra(more, `np.${name}`);
    const { array, axes, finish } = prepare(x, axis, options, WITHOUT_DTYPE, `np.${name}`);
    return finish(reduce(truthy(array, `np.${name}`), axes));
  };
export const all: Reduction = test('all', lax.reduceAnd);
export const any: Reduction = test('any', lax.reduceOr);
/** How many elements are not zero, as int32. */
export const countNonzero: Reduction = test('countNonzero', (x, axes) => lax.reduceSum(inDtype(x, 'int32'), axes));

/** The mean, of integers too a float; of no elements NaN. That of floats of 16 bits is computed in float32. */
export const mean: Reduction = (x, axis, options, ...more: []) => {
  refuseExtra(more, 'np.mean');
  const { array, axes, dtype, finish } = prepare(x, axis, options, OPTIONS, 'np.mean');
  const to = dtype ?? inexact(array.dtype);
  const values = inDtype(array, roomy(to));
  return finish(inDtype(lax.div(lax.reduceSum(values, axes), count(values, axes)), to));
};

const count = (x: NDArray, axes: readonly number[]): number => sizeOf(axes.map((d) => x.shape[d]!));

export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the number of elements before dividing: 0 for the population, 1 for a sample. */
  readonly correction?: number;
  /** NumPy's older name of `correction`. */
  readonly ddof?: number;
}
/** The mean of the squared distances from the mean; NaN where the divisor is not positive. */
export function variance(x: ArrayLike, axis?: Axis | VarianceOptions, options?: VarianceOptions, ...more: []): NDArray {
  refuseExtra(more, 'np.var');
  return varianceOf(x, axis, options, 'np.var');
}

function varianceOf(
  x: ArrayLike,
  axis: Axis | VarianceOptions | undefined,
  options: VarianceOptions | undefined,
  where: string,
): NDArray {
  const given = mergeAxis<VarianceOptions>(axis, options, [...OPTIONS, 'correction', 'ddof'], where);
  const { correction, ddof, ...rest } = given;
  const { array, axes, dtype, finish } = prepare(x, rest, undefined, OPTIONS, where);
  const to = dtype ?? inexact(array.dtype);
  if (!isInexact(to)) throw new ArgumentError(`${where}: dtype must be a float, got ${to}`);
  const values = inDtype(array, roomy(to));
  const centred = lax.sub(values, spread(mean(values, axes, { keepdims: true }), values));
  const squares = isComplex(to) ? lax.real(lax.mul(centred, lax.conj(centred))) : lax.mul(centred, centred);
  const divisor = count(values, axes) - (correction ?? ddof ?? 0);
  return finish(inDtype(lax.div(lax.reduceSum(squares, axes), divisor > 0 ? divisor : NaN), partOf(to)));
}
export const std = (x: ArrayLike, axis?: Axis | VarianceOptions, options?: VarianceOptions, ...more: []): NDArray => {
  refuseExtra(more, 'np.std');
  return lax.sqrt(varianceOf(x, axis, options, 'np.std'));
};

/** A reduction with its axes kept, repeated over them. */
const spread = (y: NDArray, over: NDArray): NDArray =>
  lax.broadcastInDim(
    y,
    over.shape,
    over.shape.map((_, d) => d),
  );

export interface IndexReductionOptions {
  readonly axis?: number | null;
  readonly keepdims?: boolean;
}
export type IndexReduction = (
  x: ArrayLike,
  axis?: number | null | IndexReductionOptions,
  options?: IndexReductionOptions,
) => NDArray;

const indexReduction =
  (name: string, reduce: (x: NDArray, axis: number) => NDArray): IndexReduction =>
  (x, axis, options, ...more: []) => {
    const where = `np.${name}`;
    refuseExtra(more, where);
    const array = asArray(x, where);
    const given = mergeAxis<IndexReductionOptions>(axis, options, WITHOUT_DTYPE, where);
    const axisOrNone = given.axis ?? null;
    const flat = axisOrNone === null;
    const along = flat ? lax.reshape(array, [array.size]) : array;
    const at = flat ? 0 : canonicalAxis(axisOrNone, array.ndim, where);
    if (along.shape[at] === 0)
      throw new ArgumentError(`${where}: ${showAval(array.aval)} has no elements along axis ${axisOrNone}`);
    const index = reduce(along, at);
    if (given.keepdims !== true) return index;
    return flat ? lax.reshape(index, array.shape.map(() => 1)) : lax.expandDims(index, [at]); // prettier-ignore
  };
/** The index of the largest element, the first one of several; of the first NaN if there is one. Without axis: into the flat array. */
export const argmax: IndexReduction = indexReduction('argmax', (x, axis) => lax.argmax(x, axis));
export const argmin: IndexReduction = indexReduction('argmin', (x, axis) => lax.argmin(x, axis));

export type Accumulation = (x: ArrayLike, axis?: number | null, options?: { readonly dtype?: DType }) => NDArray;
const running =
  (name: string, accumulate: lax.Cumulative): Accumulation =>
  (x, axis, options = {}, ...more: []) => {
    const where = `np.${name}`;
    refuseExtra(more, where);
    checkOptions(options, ['dtype'], where);
    const array = asArray(x, where);
    const values = inDtype(
      array,
      options.dtype === undefined ? numeric(array.dtype) : checkDType(options.dtype, `${where}: dtype`),
    );
    if (axis === undefined || axis === null) return accumulate(lax.reshape(values, [values.size]), 0);
    return accumulate(values, canonicalAxis(axis, values.ndim, where));
  };
/** The sums of the elements up to each one. Without axis: of the flat array. */
export const cumsum: Accumulation = running('cumsum', lax.cumsum);
/** The products of the elements up to each one. Without axis: of the flat array. */
export const cumprod: Accumulation = running('cumprod', lax.cumprod);

/** The differences of neighbours along an axis, `n` times over. */
export function diff(x: ArrayLike, n: number = 1, axis: number = -1, ...more: []): NDArray {
  refuseExtra(more, 'np.diff');
  let array = asArray(x, 'np.diff');
  const at = canonicalAxis(axis, array.ndim, 'np.diff');
  if (integer(n, 'np.diff: n') < 0) throw new ArgumentError(`np.diff: n must be 0, 1, 2 …, got ${n}`);
  for (let i = 0; i < n; i++) {
    const size = array.shape[at]!;
    if (size === 0) break;
    const [upper, lower] = [lax.sliceInDim(array, 1, size, 1, at), lax.sliceInDim(array, 0, size - 1, 1, at)];
    array = array.dtype === 'bool' ? lax.ne(upper, lower) : lax.sub(upper, lower);
  }
  return array;
}
