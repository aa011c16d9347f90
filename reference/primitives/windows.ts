/**
 * What gather, scatter_add and the dynamic slices share: windows of an operand, each at a starting point that an index
 * vector names (spec/primitives/indexing.md#windows).
 */
import { domainOf, type DType, dtypes, finfo, integerLimits, isInexact } from '../core/dtypes.ts';
import {
  type Element,
  elementFrom,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  numbers,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import { checkAxes, checkDistinct, checkIncreasing, remaining, show } from './axes.ts';

export const MODES = ['clip', 'fill', 'promise_in_bounds'] as const;
/**
 * What becomes of windows that do not fit. `clip`: they are moved until they do. `fill`: gather gives a fill value,
 * scatter_add drops the update. `promise_in_bounds`: the caller promises that there are none.
 */
export type IndexMode = (typeof MODES)[number];

/** How a gather reads its operands; XLA's and JAX's names. The index vector is the last axis of `indices`. */
export interface GatherDimensionNumbers {
  /** The axes of the result that run over a window. */
  readonly offset_dims: Shape;
  /** The axes of the operand in which windows have size 1, left out of the result. */
  readonly collapsed_slice_dims: Shape;
  /** The operand axis that each element of an index vector is for. */
  readonly start_index_map: Shape;
  /** Axes of the operand that go together with `start_indices_batching_dims`. */
  readonly operand_batching_dims: Shape;
  readonly start_indices_batching_dims: Shape;
}

/** Windows: the dimension numbers of a gather with the sizes of a window. */
export interface Windows {
  readonly dims: GatherDimensionNumbers;
  readonly sizes: Shape;
  readonly mode: IndexMode;
}

/** The operand axes that windows extend over in the result. */
export const windowAxes = (rank: number, dims: GatherDimensionNumbers): number[] =>
  remaining(rank, dims.collapsed_slice_dims, dims.operand_batching_dims);

/** The shape of all windows together: those of `indices` without the last axis, and `offset_dims` among them. */
export function gatheredShape(indices: Shape, { dims, sizes }: Omit<Windows, 'mode'>): number[] {
  const positions = indices.slice(0, -1);
  const window = windowAxes(sizes.length, dims).map((d) => sizes[d]!);
  const rank = positions.length + window.length;
  return Array.from({ length: rank }, (_, d) => (dims.offset_dims.includes(d) ? window.shift()! : positions.shift()!));
}

/** The flat positions of all indices of `shape`, in row-major order. */
function offsetsOf(shape: Shape, strides: readonly number[]): number[] {
  const offsets = new Array<number>(sizeOf(shape));
  forEachIndex(shape, (index, flat) => (offsets[flat] = flatten(index, strides)));
  return offsets;
}

/** Visits the elements of all windows with their flat positions in the result and in the operand; −1: outside. */
export function forEachWindowElement(
  operand: Shape,
  indices: HostArray,
  windows: Windows,
  visit: (result: number, operand: number) => void,
): void {
  const { dims, sizes, mode } = windows;
  const shape = gatheredShape(indices.shape, windows);
  const strides = stridesOf(shape);
  const operandStrides = stridesOf(operand);
  const axes = windowAxes(operand.length, dims);
  const window = axes.map((d) => sizes[d]!);
  const inOperand = offsetsOf(
    window,
    axes.map((d) => operandStrides[d]!),
  );
  const inResult = offsetsOf(
    window,
    dims.offset_dims.map((d) => strides[d]!),
  );
  const positionStrides = remaining(shape.length, dims.offset_dims).map((d) => strides[d]!);
  const vectors = elements(indices);
  const length = indices.shape.at(-1)!;

  forEachIndex(indices.shape.slice(0, -1), (position, p) => {
    const start = new Array<number>(operand.length).fill(0);
    dims.start_index_map.forEach((d, i) => (start[d] = Number(vectors(p * length + i))));
    dims.operand_batching_dims.forEach((d, i) => (start[d] = position[dims.start_indices_batching_dims[i]!]!));
    const fits = moveInside(start, operand, sizes, mode);
    const from = flatten(start, operandStrides);
    const to = flatten(position, positionStrides);
    for (let w = 0; w < inOperand.length; w++) visit(to + inResult[w]!, fits ? from + inOperand[w]! : -1);
  });
}

/** Moves `start` until a window of these sizes fits, unless the mode is fill; says whether it does. */
function moveInside(start: number[], shape: Shape, sizes: Shape, mode: IndexMode): boolean {
  let fits = true;
  for (let d = 0; d < start.length; d++) {
    const last = shape[d]! - sizes[d]!;
    if (mode !== 'fill') start[d] = Math.max(0, Math.min(start[d]!, last));
    if (start[d]! < 0 || start[d]! > last) fits = false;
  }
  return fits;
}

/** What stands outside the operand: NaN, the smallest signed or the largest unsigned integer, true. */
export function defaultFill(dtype: DType): Element {
  if (isInexact(dtype)) return elementFrom(dtype, NaN);
  if (dtype === 'bool') return 1;
  const { min, max } = integerLimits(dtype);
  const value = dtypes[dtype].kind === 'int' ? min : max;
  return domainOf(dtype) === 'bigint' ? value : Number(value);
}

/** Whether the dtype has the value. */
export function isValueOf(dtype: DType, value: unknown): boolean {
  if (dtype === 'bool') return typeof value === 'boolean';
  if (typeof value !== 'number') return false;
  if (isInexact(dtype)) return !Number.isFinite(value) || Math.abs(value) <= finfo(dtype).max;
  const { min, max } = integerLimits(dtype);
  return Number.isInteger(value) && value >= min && value <= max;
}

// ---- constraints and bounds

/** The first complaint among verdicts. */
export const allHold = (...verdicts: readonly (true | string)[]): true | string =>
  verdicts.find((v) => v !== true) ?? true;

/** Axes of an array of this rank, in increasing order. */
export const checkAxisList = (name: string, axes: Shape, rank: number): true | string =>
  allHold(checkAxes(name, axes, rank), checkIncreasing(name, axes));

export const checkIndexVectors = (indices: Shape, name: string): true | string =>
  indices.length > 0 || `${name} must have rank 1 or more (its last axis holds index vectors), got shape []`;

/** The axes of indices that batching axes of the operand pair up with. */
export const checkIndexBatching = (name: string, axes: Shape, indices: Shape, operandAxes: Shape): true | string =>
  allHold(
    axes.length === operandAxes.length ||
      `${name} and operand_batching_dims must be equally many, got ${show(axes)} and ${show(operandAxes)}`,
    checkAxes(name, axes, indices.length - 1),
    checkDistinct(name, axes),
  );

/** Batching axes of an operand and of its indices pair up with equal sizes. */
export const checkBatchSizes = (operand: Shape, axes: Shape, indices: Shape, of: Shape): true | string =>
  axes.every((d, i) => operand[d] === indices[of[i]!]) ||
  `batching axes must have equal sizes, got ${show(axes.map((d) => operand[d]))} and ${show(of.map((d) => indices[d]))}`;

export const checkMode = (mode: IndexMode): true | string =>
  MODES.includes(mode) || `mode must be one of ${MODES.join(', ')}, got ${String(mode)}`;

/** An index that may be wrong leaves nothing certain; `known` is the bound for the indices as they are. */
export function unlessUncertain(indices: readonly Bounded[], size: number, known: () => Bound | null): Bound | null {
  const uncertain = indices.some(({ bound }) => bound?.worst.some((error) => error > 0));
  if (!uncertain) return known();
  return { worst: new Float64Array(size).fill(Infinity), variance: new Float64Array(size).fill(Infinity) };
}

/** Applies a linear map to both parts of a bound. */
export function mapBound({ value, bound }: Bounded, map: (part: HostArray) => HostArray): Bound | null {
  if (bound === null) return null;
  const part = (data: Float64Array): Float64Array =>
    Float64Array.from(numbers(map({ shape: value.shape, dtype: 'float64', data })));
  return { worst: part(bound.worst), variance: part(bound.variance) };
}
