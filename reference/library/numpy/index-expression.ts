/**
 * What `x.at(…)` and `x.slice(…)` take: NumPy's indexing with JavaScript's values (spec/values.md#indexing). Basic entries
 * choose along one axis each; arrays of indices, "advanced" ones, are broadcast together and choose points.
 */
import { ArgumentError, ConcretizationError, describe, ShapeError } from '../../core/errors.ts';
import { integer } from '../../core/arguments.ts';
import { type Shape, showAval } from '../../core/host.ts';
import { type IndexEntry, NDArray, type Range } from '../../core/ndarray.ts';
import { fromNested } from '../../core/convert.ts';
import { Tracer } from '../../core/trace.ts';
import * as lax from '../../lax.ts';
import { broadcastShape, broadcastShapes, checkIntegers, promoteDtypes } from './arguments.ts';
import { where as choose } from './elementwise.ts';

/** What an entry says of an axis. */
export type Choice =
  | { readonly kind: 'new' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'position'; readonly at: number }
  /** `count` positions from `start` on, `step` apart. */
  | { readonly kind: 'range'; readonly start: number; readonly step: number; readonly count: number }
  | { readonly kind: 'points'; readonly indices: NDArray };

/** An entry's choice and the axis that it is made of; new axes have none. */
export type AxisChoice = Choice & { readonly axis: number };

/** The choices in order, one for every axis of the array, new axes among them. @throws ArgumentError, ShapeError */
export function choicesOf(x: NDArray, entries: readonly IndexEntry[], name: string): AxisChoice[] {
  const flat = entries.flatMap((e) => (e instanceof NDArray && e.dtype === 'bool' ? truePositions(e, name) : [e]));
  const ellipses = flat.filter((e) => e === '...').length;
  if (ellipses > 1) throw new ArgumentError(`${name}: one '...' at most, got ${ellipses}`);
  const used = flat.filter((e) => e !== null && e !== '...').length;
  const rest = x.ndim - used;
  if (rest < 0) throw new ShapeError(`${name}: ${used} indices for ${showAval(x.aval)}, which has ${x.ndim} axes`);
  const whole = new Array<IndexEntry>(rest).fill([]);
  const complete = ellipses === 1 ? flat.flatMap<IndexEntry>((e) => (e === '...' ? whole : [e])) : [...flat, ...whole];
  let axis = 0;
  return complete.map((entry) => {
    if (entry === null) return { kind: 'new', axis: -1 };
    const choice = choiceOf(entry, x.shape[axis]!, `${name}, axis ${axis} of ${showAval(x.aval)}`);
    return { ...choice, axis: axis++ };
  });
}

function choiceOf(entry: IndexEntry, size: number, where: string): Choice {
  if (entry instanceof NDArray) {
    const indices = checkIntegers(entry, where);
    if (indices.dtype.startsWith('uint')) return { kind: 'points', indices };
    return { kind: 'points', indices: choose(lax.lt(indices, 0), lax.add(indices, size), indices) };
  }
  if (Array.isArray(entry)) return rangeOf(entry as unknown as Range, size, where);
  const at = Number(entry);
  if ((typeof entry !== 'number' && typeof entry !== 'bigint') || !Number.isInteger(at)) {
    throw new ArgumentError(
      `${where}: an index is an integer, a range [start, stop, step], null, '...' or an array, got ${describe(entry)}`,
    );
  }
  if (at < -size || at >= size) throw new ShapeError(`${where}: index ${at} is out of range for a size of ${size}`);
  return { kind: 'position', at: at < 0 ? at + size : at };
}

/** Python's slices: limits beyond the ends are the ends, negative ones count from the last element. */
function rangeOf([start, stop, step = 1]: Range, size: number, where: string): Choice {
  for (const [what, n] of Object.entries({ start, stop, step })) {
    if (n != null) integer(n, `${where}: ${what} of a range`);
  }
  if (step === 0) throw new ArgumentError(`${where}: step of a range must not be 0`);
  const [first, last] = step > 0 ? [0, size] : [-1, size - 1];
  const clamped = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, first), last);
  const from = start == null ? (step > 0 ? first : last) : clamped(start);
  const to = stop == null ? (step > 0 ? last : first) : clamped(stop);
  const count = Math.max(0, Math.ceil((to - from) / step));
  return count === size && step === 1 ? { kind: 'whole' } : { kind: 'range', start: from, step, count };
}

/** Where a mask is true: one array of indices per axis of it. */
function truePositions(mask: NDArray, name: string): NDArray[] {
  if (mask instanceof Tracer) {
    throw new ConcretizationError(
      `${name}: how many elements a traced mask, ${showAval(mask.aval)}, chooses is not known, so the result has no shape. ` +
        `Use np.where(mask, a, b), which chooses for each element`,
    );
  }
  const truth = mask.dataSync();
  const found = Array.from(truth as ArrayLike<number>, (bit, i) => (bit ? i : -1)).filter((i) => i >= 0);
  let stride = 1;
  return mask.shape
    .toReversed()
    .map((n) => {
      const along = found.map((i) => Math.floor(i / stride) % n);
      stride *= n;
      return fromNested(along, 'int32', name);
    })
    .reverse();
}

/** How the axes of an indexed array lie, and the indices that `gather` and `scatter` take. */
export interface Layout {
  /** The shape of what is chosen, without and with the new axes. */
  readonly shape: Shape;
  readonly withNew: Shape;
  /** Axes of the array that are indexed; the others are whole. */
  readonly indexed: readonly number[];
  /** Axes of the result that are whole axes of the array. */
  readonly windows: readonly number[];
  /** One index per indexed axis, along the last axis. */
  readonly indices: NDArray;
}

interface ResultAxis {
  readonly size: number;
  readonly choice: AxisChoice | null;
}

export const hasPoints = (choices: readonly AxisChoice[]): boolean => choices.some((c) => c.kind === 'points');

/**
 * Points stand where the first of them does, if nothing lies between them, else in front; beside points, positions count
 * as such (NumPy, "Combining advanced and basic indexing").
 */
export function layoutOf(x: NDArray, choices: readonly AxisChoice[], name: string): Layout {
  const isPoint = ({ kind }: Choice): boolean => kind === 'points' || (kind === 'position' && hasPoints(choices));
  const points = choices.flatMap((c) => (c.kind === 'points' ? [c.indices] : []));
  const pointShape = broadcastShapes(points.map((p) => p.shape), name); // prettier-ignore
  const along = pointShape.map((size): ResultAxis => ({ size, choice: null }));
  const first = choices.findIndex(isPoint);
  const together = choices.slice(first, choices.findLastIndex(isPoint) + 1).every(isPoint);
  const axes: ResultAxis[] = first >= 0 && !together ? [...along] : [];
  choices.forEach((choice, i) => {
    if (i === first && together) axes.push(...along);
    if (choice.kind === 'new') axes.push({ size: 1, choice });
    if (choice.kind === 'whole') axes.push({ size: x.shape[choice.axis]!, choice });
    if (choice.kind === 'range') axes.push({ size: choice.count, choice });
  });
  const kept = axes.filter(({ choice }) => choice?.kind !== 'new');
  const batch = kept.filter(({ choice }) => choice?.kind !== 'whole');
  const chosen = choices.filter(({ kind }) => kind !== 'new' && kind !== 'whole');
  return {
    shape: kept.map((a) => a.size),
    withNew: axes.map((a) => a.size),
    indexed: chosen.map((c) => c.axis),
    windows: kept.flatMap(({ choice }, d) => (choice?.kind === 'whole' ? [d] : [])),
    indices: indexArray(chosen, batch, pointShape, name),
  };
}

/** The index of every chosen axis at every position of the batch. */
function indexArray(
  chosen: readonly AxisChoice[],
  batch: readonly ResultAxis[],
  pointShape: Shape,
  name: string,
): NDArray {
  const shape = batch.map((a) => a.size);
  const firstPoint = batch.findIndex((a) => a.choice === null);
  const columns = chosen.map((choice) => {
    if (choice.kind === 'points') {
      const points = broadcastShape(choice.indices, pointShape, name);
      return lax.broadcastInDim(points, shape, pointShape.map((_, d) => firstPoint + d)); // prettier-ignore
    }
    if (choice.kind === 'position') return lax.full(shape, choice.at, 'int32');
    const { start, step } = choice as AxisChoice & { kind: 'range' };
    const steps = lax.broadcastedIota('int32', shape, batch.findIndex((a) => a.choice === choice)); // prettier-ignore
    return lax.add(lax.mul(steps, step), start);
  });
  if (columns.length === 0) return lax.zerosLike({ shape: [...shape, 0], dtype: 'int32' });
  const alike = promoteDtypes([lax.full([], 0, 'int32'), ...columns], name).slice(1);
  return lax.concatenate(alike.map((c) => lax.expandDims(c, [shape.length])), shape.length); // prettier-ignore
}
