/** Joining, splitting, repeating and padding. */
import { arrayList, integers, oneOrMore } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { ArgumentError, checkOptions, ShapeError, refuseExtra } from '../../core/errors.ts';
import { showAval, sameShape } from '../../core/host.ts';
import { type ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { canonicalAxis, promoteDtypes } from './arguments.ts';
import { atleast1d, atleast2d, ravel, transpose } from './shape.ts';

/** @throws ArgumentError for no arrays, or something other than a list of them */
function parts(xs: readonly ArrayLike[], where: string): NDArray[] {
  if (arrayList(xs, where).length === 0) throw new ArgumentError(`${where}: needs at least one array`);
  return promoteDtypes(xs, where);
}

/** Arrays one after the other along an axis they have; with axis null, flattened first. */
export function concatenate(xs: readonly ArrayLike[], axis: number | null = 0, ...more: []): NDArray {
  refuseExtra(more, 'np.concatenate');
  const arrays = parts(xs, 'np.concatenate');
  if (axis === null) return lax.concatenate(arrays.map(ravel), 0);
  return lax.concatenate(arrays, canonicalAxis(axis, arrays[0]!.ndim, 'np.concatenate'));
}
export const concat: typeof concatenate = concatenate;

/** Arrays of one shape along a new axis. */
export function stack(xs: readonly ArrayLike[], axis: number = 0, ...more: []): NDArray {
  refuseExtra(more, 'np.stack');
  const arrays = parts(xs, 'np.stack');
  const other = arrays.find((x) => !sameShape(x.shape, arrays[0]!.shape));
  if (other !== undefined)
    throw new ShapeError(`np.stack: the shapes differ: ${showAval(arrays[0]!.aval)} and ${showAval(other.aval)}`);
  const at = canonicalAxis(axis, arrays[0]!.ndim + 1, 'np.stack');
  return lax.concatenate(
    arrays.map((x) => lax.expandDims(x, [at])),
    at,
  );
}

export const vstack = (xs: readonly ArrayLike[], ...more: []): NDArray => {
  refuseExtra(more, 'np.vstack');
  return concatenate(parts(xs, 'np.vstack').map(atleast2d), 0);
};
export function hstack(xs: readonly ArrayLike[], ...more: []): NDArray {
  refuseExtra(more, 'np.hstack');
  const arrays = parts(xs, 'np.hstack').map(atleast1d);
  return concatenate(arrays, arrays[0]!.ndim === 1 ? 0 : 1);
}
/** Vectors as the columns of a matrix. */
export const columnStack = (xs: readonly ArrayLike[], ...more: []): NDArray => {
  refuseExtra(more, 'np.columnStack');
  return concatenate(
    parts(xs, 'np.columnStack').map((x) => (x.ndim < 2 ? transpose(atleast2d(x)) : x)),
    1,
  );
};

/** The slices along an axis, without it: `const [a, b] = np.unstack(random.split(key))`. */
export function unstack(x: ArrayLike, axis: number = 0, ...more: []): NDArray[] {
  refuseExtra(more, 'np.unstack');
  const array = asArray(x, 'np.unstack');
  const at = canonicalAxis(axis, array.ndim, 'np.unstack');
  return Array.from({ length: array.shape[at]! }, (_, i) => lax.squeeze(lax.sliceInDim(array, i, i + 1, 1, at), [at]));
}

/** Parts along an axis: as many equal ones as a number says, or cut before the positions of a list. */
export function split(
  x: ArrayLike,
  indicesOrSections: number | readonly number[],
  axis: number = 0,
  ...more: []
): NDArray[] {
  refuseExtra(more, 'np.split');
  const array = asArray(x, 'np.split');
  const at = canonicalAxis(axis, array.ndim, 'np.split');
  const size = array.shape[at]!;
  const cuts =
    typeof indicesOrSections === 'number'
      ? equalCuts(size, indicesOrSections)
      : integers(indicesOrSections, 'np.split: indicesOrSections');
  const bounds = [0, ...cuts, size].map((n) => Math.min(size, n < 0 ? Math.max(0, n + size) : n));
  return bounds.slice(1).map((end, i) => lax.sliceInDim(array, bounds[i]!, Math.max(bounds[i]!, end), 1, at));
}

function equalCuts(size: number, sections: number): number[] {
  if (!Number.isInteger(sections) || sections < 1 || size % sections !== 0) {
    throw new ShapeError(`np.split: an axis of size ${size} has no ${sections} equal parts`);
  }
  return Array.from({ length: sections - 1 }, (_, i) => ((i + 1) * size) / sections);
}

/** The array side by side with itself. */
export function tile(x: ArrayLike, reps: number | readonly number[], ...more: []): NDArray {
  refuseExtra(more, 'np.tile');
  const array = asArray(x, 'np.tile');
  const given = oneOrMore(reps, 'np.tile: reps');
  const rank = Math.max(array.ndim, given.length);
  const wide = lax.reshape(array, [...new Array<number>(rank - array.ndim).fill(1), ...array.shape]);
  return given.reduce((y, n, i) => tileAxis(y, n, rank - given.length + i), wide);
}

function tileAxis(x: NDArray, count: number, axis: number): NDArray {
  if (!Number.isInteger(count) || count < 0)
    throw new ArgumentError(`np.tile: repetitions must be 0, 1, 2 …, got ${count}`);
  if (count === 1) return x;
  const shape = [...x.shape];
  shape.splice(axis, 0, count);
  const copies = lax.broadcastInDim(
    x,
    shape,
    x.shape.map((_, d) => (d < axis ? d : d + 1)),
  );
  return lax.reshape(
    copies,
    x.shape.map((n, d) => (d === axis ? n * count : n)),
  );
}

/** Each element several times in a row, along an axis or in the flat array; a list gives each its own number. */
export function repeat(
  x: ArrayLike,
  repeats: number | readonly number[],
  axis: number | null = null,
  ...more: []
): NDArray {
  refuseExtra(more, 'np.repeat');
  const given = asArray(x, 'np.repeat');
  const array = axis === null ? ravel(given) : given;
  const at = canonicalAxis(axis ?? 0, array.ndim, 'np.repeat');
  if (typeof repeats === 'number') return repeatEach(array, repeats, at);
  const size = array.shape[at]!;
  if (integers(repeats, 'np.repeat: repeats').length !== size)
    throw new ShapeError(`np.repeat: ${repeats.length} repetitions for an axis of size ${size}`);
  return lax.concatenate(
    repeats.map((n, i) => repeatEach(lax.sliceInDim(array, i, i + 1, 1, at), n, at)),
    at,
  );
}

function repeatEach(x: NDArray, count: number, axis: number): NDArray {
  if (!Number.isInteger(count) || count < 0)
    throw new ArgumentError(`np.repeat: repetitions must be 0, 1, 2 …, got ${count}`);
  const shape = [...x.shape];
  shape.splice(axis + 1, 0, count);
  const copies = lax.broadcastInDim(
    x,
    shape,
    x.shape.map((_, d) => (d <= axis ? d : d + 1)),
  );
  return lax.reshape(
    copies,
    x.shape.map((n, d) => (d === axis ? n * count : n)),
  );
}

/** One number for all sides, `[before, after]` for all axes, or one such pair per axis. */
export type PadWidth = number | readonly [number, number] | Pairs;
type Pairs = readonly (readonly [number, number])[];
export interface PadOptions {
  readonly mode?: 'constant';
  readonly constantValues?: ArrayLike;
}
/** The array with a margin of `constantValues` (0). */
export function pad(x: ArrayLike, padWidth: PadWidth, options: PadOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.pad');
  checkOptions(options, ['mode', 'constantValues'], 'np.pad');
  if ((options.mode ?? 'constant') !== 'constant')
    throw new ArgumentError(`np.pad: mode must be 'constant', got '${options.mode}'`);
  const array = asArray(x, 'np.pad');
  const pairs = widthPairs(padWidth);
  const widths = array.shape.map((_, d) => pairs[pairs.length === 1 ? 0 : d] ?? [0, 0]);
  if (![1, array.ndim].includes(pairs.length)) {
    throw new ShapeError(`np.pad: ${pairs.length} pairs of widths for an array of rank ${array.ndim}`);
  }
  if (widths.flat().some((n) => n < 0)) {
    throw new ArgumentError(`np.pad: widths must be 0, 1, 2 …, got ${JSON.stringify(padWidth)}`);
  }
  const value = options.constantValues ?? (array.dtype === 'bool' ? false : 0);
  const filler = value instanceof NDArray ? lax.convertElementType(value, array.dtype) : value;
  return lax.pad(
    array,
    filler,
    widths.map(([low, high]) => [low, high, 0]),
  );
}

/** One pair for all axes, or a pair for each. */
function widthPairs(width: PadWidth): Pairs {
  const given: readonly unknown[] = Array.isArray(width) && Array.isArray(width[0]) ? width : [width];
  return given.map((pair) => {
    const [before, after = before, ...none] = oneOrMore(pair, 'np.pad: padWidth');
    if (before === undefined || none.length > 0)
      throw new ArgumentError(`np.pad: padWidth has pairs [before, after], got ${JSON.stringify(width)}`);
    return [before, after!];
  });
}
