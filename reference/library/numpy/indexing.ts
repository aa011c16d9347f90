/** Elements by index. Indices may be arrays; out of range they give NaN (or the least integer), clip, or wrap, by `mode`. */
import { integer } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { ArgumentError, checkOptions, ShapeError, refuseExtra } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { broadcastShape, broadcastShapes, canonicalAxis, checkIntegers } from './arguments.ts';
import { mod, where } from './elementwise.ts';
import { moveaxis } from './shape.ts';

/** `fill`: NaN, the least integer or true; negative indices count from the end. `clip`: the nearest index. `wrap`: modulo the size. */
export type TakeMode = 'fill' | 'clip' | 'wrap';
export interface TakeOptions {
  readonly mode?: TakeMode;
  /** What out-of-range indices give in mode `fill`. */
  readonly fillValue?: number | boolean | null;
}

/** Indices in the range that `gather` expects, and its mode. @throws ArgumentError for an unknown mode */
function prepareIndices(
  indices: NDArray,
  size: number,
  options: TakeOptions,
  name: string,
): { at: NDArray; gather: lax.IndexOptions } {
  checkOptions(options, ['mode', 'fillValue'], name);
  const mode: string = options.mode ?? 'fill';
  if (mode === 'clip') return { at: indices, gather: { mode: 'clip' } };
  if (mode === 'wrap') return { at: mod(indices, size), gather: { mode: 'promise_in_bounds' } };
  if (mode !== 'fill') throw new ArgumentError(`${name}: mode must be fill, clip or wrap, got '${mode}'`);
  const at = indices.dtype === 'uint32' ? indices : where(lax.lt(indices, 0), lax.add(indices, size), indices);
  return { at, gather: { mode: 'fill', fillValue: options.fillValue ?? null } };
}

/** Numbers written down become int32; arrays must hold integers. */
const indexArray = (indices: ArrayLike, name: string): NDArray =>
  typeof indices === 'number' ? lax.full([], indices, 'int32') : checkIntegers(asArray(indices, name), name);

/**
 * Slices along an axis by their indices; without axis, elements of the flat array. The result has the indices' shape in
 * the place of the axis.
 * @example
 * np.take(x, 0, 0); // the first row
 */
export function take(
  x: ArrayLike,
  indices: ArrayLike,
  axis?: number | null,
  options: TakeOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.take');
  const given = asArray(x, 'np.take');
  const array = axis == null ? lax.reshape(given, [given.size]) : given;
  const at = canonicalAxis(axis ?? 0, array.ndim, 'np.take');
  const size = array.shape[at]!;
  const list = indexArray(indices, 'np.take');
  const outShape = [...array.shape.slice(0, at), ...list.shape, ...array.shape.slice(at + 1)];
  if (list.size === 0) return lax.zerosLike({ shape: outShape, dtype: array.dtype });
  if (size === 0) throw new ArgumentError(`np.take: axis ${at} of ${showAval(array.aval)} has nothing to take`);
  const prepared = prepareIndices(list, size, options, 'np.take');
  const before = Array.from({ length: at }, (_, d) => d);
  const after = Array.from({ length: array.ndim - at - 1 }, (_, d) => at + list.ndim + d);
  return lax.gather(
    array,
    lax.expandDims(prepared.at, [list.ndim]),
    {
      offset_dims: [...before, ...after],
      collapsed_slice_dims: [at],
      start_index_map: [at],
      operand_batching_dims: [],
      start_indices_batching_dims: [],
    },
    array.shape.map((n, d) => (d === at ? 1 : n)),
    prepared.gather,
  );
}

/** For every position of `indices`, the element of `x` at that position but for `axis`, where the index says. */
export function takeAlongAxis(
  x: ArrayLike,
  indices: ArrayLike,
  axis: number | null = -1,
  options: TakeOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.takeAlongAxis');
  const given = asArray(x, 'np.takeAlongAxis');
  const list = indexArray(indices, 'np.takeAlongAxis');
  const array = axis === null ? lax.reshape(given, [given.size]) : given;
  if (list.ndim !== array.ndim) {
    throw new ShapeError(`np.takeAlongAxis: ${showAval(array.aval)} and indices ${showAval(list.aval)} differ in rank`);
  }
  const at = canonicalAxis(axis ?? 0, array.ndim, 'np.takeAlongAxis');
  const replace = (shape: readonly number[], n: number): number[] => shape.map((m, d) => (d === at ? n : m));
  const common = broadcastShapes([replace(array.shape, 1), replace(list.shape, 1)], 'np.takeAlongAxis');
  const operand = broadcastShape(array, replace(common, array.shape[at]!), 'np.takeAlongAxis');
  const positions = broadcastShape(list, replace(common, list.shape[at]!), 'np.takeAlongAxis');
  if (array.shape[at] === 0) return lax.zerosLike({ shape: positions.shape, dtype: array.dtype });
  const prepared = prepareIndices(positions, array.shape[at]!, options, 'np.takeAlongAxis');
  const others = common.map((_, d) => d).filter((d) => d !== at);
  return lax.gather(
    operand,
    lax.expandDims(prepared.at, [positions.ndim]),
    {
      offset_dims: [],
      collapsed_slice_dims: [at],
      start_index_map: [at],
      operand_batching_dims: others,
      start_indices_batching_dims: others,
    },
    operand.shape.map(() => 1),
    prepared.gather,
  );
}

/** A diagonal of the last two axes (or of two others, which go), as the last axis of the result. */
export function diagonal(x: ArrayLike, offset: number = 0, axis1: number = 0, axis2: number = 1, ...more: []): NDArray {
  refuseExtra(more, 'np.diagonal');
  for (const n of [offset, axis1, axis2]) integer(n, 'np.diagonal: offset and axes');
  const array = asArray(x, 'np.diagonal');
  if (array.ndim < 2)
    throw new ShapeError(`np.diagonal: needs an array of rank 2 or more, got ${showAval(array.aval)}`);
  const moved = moveaxis(array, [axis1, axis2], [-2, -1]);
  const lead = moved.shape.slice(0, -2);
  const [n, m] = moved.shape.slice(-2) as [number, number];
  const length = Math.max(0, Math.min(n + Math.min(offset, 0), m - Math.max(offset, 0)));
  // In the flattened matrix the elements of a diagonal are m + 1 apart.
  const flat = lax.reshape(moved, [...lead, n * m]);
  if (length === 0) return lax.sliceInDim(flat, 0, 0, 1, lead.length);
  const start = offset >= 0 ? offset : -offset * m;
  return lax.sliceInDim(flat, start, start + (length - 1) * (m + 1) + 1, m + 1, lead.length);
}
