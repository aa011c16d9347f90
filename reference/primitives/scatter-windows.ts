/**
 * What the scatters share: windows of updates that meet an operand at computed places, in the general form of XLA
 * (spec/primitives/indexing.md#windows). The primitives differ in what becomes of an element and the updates it meets.
 */
import { type DType, INTEGERS } from '../core/dtypes.ts';
import { type Aval, type Element, elements, type HostArray, type Shape, sizeOf, storer } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { definePrimitive, type ParamSchema } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import {
  checkAxes,
  checkDisjoint,
  checkDistinct,
  inFront,
  NATURALS,
  remaining,
  shifted,
  show,
  toFront,
} from './axes.ts';
import type { Defined } from './elementwise.ts';
import { scatterBreaks, scatterCases } from './indexing-cases.ts';
import {
  allHold,
  checkAxisList,
  checkBatchSizes,
  checkIndexBatching,
  checkIndexVectors,
  checkMode,
  forEachWindowElement,
  type GatherDimensionNumbers,
  type IndexMode,
  MODES,
  windowAxes,
} from './windows.ts';

/** How a scatter places its updates; XLA's and JAX's names, the counterparts of GatherDimensionNumbers. */
export interface ScatterDimensionNumbers {
  /** The axes of the updates that run over a window. */
  readonly update_window_dims: Shape;
  /** The axes of the operand in which windows have size 1, left out of the updates. */
  readonly inserted_window_dims: Shape;
  /** The operand axis that each element of an index vector is for. */
  readonly scatter_dims_to_operand_dims: Shape;
  readonly operand_batching_dims: Shape;
  readonly scatter_indices_batching_dims: Shape;
}

export interface ScatterParams {
  readonly dimension_numbers: ScatterDimensionNumbers;
  readonly mode: IndexMode;
  /** Promises, which a backend may use. */
  readonly unique_indices: boolean;
  readonly indices_are_sorted: boolean;
}
export type ScatterConstraint =
  'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10' | 'C11' | 'C12' | 'C13';
export type Scatter<N extends string> = Defined<N, ScatterParams, ScatterConstraint>;

// ---- places

/** The gather that reads what the scatter writes. */
export const gatherDims = (d: ScatterDimensionNumbers): GatherDimensionNumbers => ({
  offset_dims: d.update_window_dims,
  collapsed_slice_dims: d.inserted_window_dims,
  start_index_map: d.scatter_dims_to_operand_dims,
  operand_batching_dims: d.operand_batching_dims,
  start_indices_batching_dims: d.scatter_indices_batching_dims,
});

/** The sizes of a window in the operand. */
export function windowSizes(operand: Shape, updates: Shape, d: ScatterDimensionNumbers): number[] {
  const sizes = new Array<number>(operand.length).fill(1);
  windowAxes(operand.length, gatherDims(d)).forEach((axis, i) => (sizes[axis] = updates[d.update_window_dims[i]!]!));
  return sizes;
}

/** For each operand element that meets updates, their flat positions, in the order of the index vectors. */
export function meetings(
  [operand, indices, updates]: readonly HostArray[],
  { dimension_numbers: d, mode }: ScatterParams,
): ReadonlyMap<number, readonly number[]> {
  const windows = { dims: gatherDims(d), sizes: windowSizes(operand!.shape, updates!.shape, d), mode };
  const met = new Map<number, number[]>();
  forEachWindowElement(operand!.shape, indices!, windows, (update, at) => {
    if (at < 0) return;
    const others = met.get(at);
    if (others === undefined) met.set(at, [update]);
    else others.push(update);
  });
  return met;
}

/** The operand with each element that meets updates replaced by what `combine` makes of it and them. */
export function combined(
  xs: readonly HostArray[],
  p: ScatterParams,
  combine: (terms: readonly Element[], dtype: DType) => Element,
): HostArray {
  const [x, , updates] = xs;
  const { shape, dtype } = x!;
  const data = x!.data.slice();
  const store = storer(dtype, data);
  const [before, added] = [elements(x!), elements(updates!)];
  for (const [at, from] of meetings(xs, p)) store(at, combine([before(at), ...from.map(added)], dtype));
  return { shape, dtype, data };
}

/** How many updates an operand element can meet: one per position. */
export const mostMeetings = (indices: Aval): number => sizeOf(indices.shape.slice(0, -1));

/** What a gather reads where each update is written; `fill` where an update is dropped. */
export function readBack(
  lax: Lax,
  y: NDArray,
  indices: NDArray,
  updates: Shape,
  p: ScatterParams,
  fill: number | boolean | null = null,
): NDArray {
  // Nothing fits an empty operand, along an inserted axis not even for the gather.
  if (y.size === 0) return lax.zerosLike({ shape: updates, dtype: y.dtype });
  const sizes = windowSizes(y.shape, updates, p.dimension_numbers);
  return lax.gather(y, indices, gatherDims(p.dimension_numbers), sizes, { fillValue: fill, ...options(p) });
}

export const options = (p: ScatterParams): { mode: IndexMode; uniqueIndices: boolean; indicesAreSorted: boolean } => ({
  mode: p.mode,
  uniqueIndices: p.unique_indices,
  indicesAreSorted: p.indices_are_sorted,
});

// ---- definitions

const PARAMS: { readonly [K in keyof ScatterParams]: ParamSchema } = {
  dimension_numbers: {
    type: 'object',
    properties: {
      update_window_dims: NATURALS,
      inserted_window_dims: NATURALS,
      scatter_dims_to_operand_dims: NATURALS,
      operand_batching_dims: NATURALS,
      scatter_indices_batching_dims: NATURALS,
    },
    required: [
      'update_window_dims',
      'inserted_window_dims',
      'scatter_dims_to_operand_dims',
      'operand_batching_dims',
      'scatter_indices_batching_dims',
    ],
    additionalProperties: false,
  },
  mode: { enum: MODES },
  unique_indices: { type: 'boolean' },
  indices_are_sorted: { type: 'boolean' },
};

const CONSTRAINTS: Scatter<string>['constraints'] = {
  C1: ([x, , updates]) =>
    x!.dtype === updates!.dtype || `operand and updates must have one dtype, got ${x!.dtype} and ${updates!.dtype}`,
  C2: ([, indices]) => checkIndexVectors(indices!.shape, 'indices'),
  C3: ([x, indices], { dimension_numbers: d }) =>
    allHold(
      d.scatter_dims_to_operand_dims.length === indices!.shape.at(-1) ||
        `scatter_dims_to_operand_dims must name one axis per element of an index vector: ${indices!.shape.at(-1)}, got ${show(d.scatter_dims_to_operand_dims)}`,
      checkAxes('scatter_dims_to_operand_dims', d.scatter_dims_to_operand_dims, x!.shape.length),
      checkDistinct('scatter_dims_to_operand_dims', d.scatter_dims_to_operand_dims),
    ),
  C4: ([, , updates], { dimension_numbers: d }) =>
    checkAxisList('update_window_dims', d.update_window_dims, updates!.shape.length),
  C5: ([x], { dimension_numbers: d }) => checkAxisList('inserted_window_dims', d.inserted_window_dims, x!.shape.length),
  C6: ([x], { dimension_numbers: d }) =>
    checkAxisList('operand_batching_dims', d.operand_batching_dims, x!.shape.length),
  C7: (_, { dimension_numbers: d }) =>
    allHold(
      checkDisjoint('operand_batching_dims', d.operand_batching_dims, 'inserted_window_dims', d.inserted_window_dims),
      checkDisjoint(
        'operand_batching_dims',
        d.operand_batching_dims,
        'scatter_dims_to_operand_dims',
        d.scatter_dims_to_operand_dims,
      ),
    ),
  C8: ([, indices], { dimension_numbers: d }) =>
    checkIndexBatching(
      'scatter_indices_batching_dims',
      d.scatter_indices_batching_dims,
      indices!.shape,
      d.operand_batching_dims,
    ),
  C9: ([x, indices], { dimension_numbers: d }) =>
    checkBatchSizes(x!.shape, d.operand_batching_dims, indices!.shape, d.scatter_indices_batching_dims),
  C10: ([x], { dimension_numbers: d }) => {
    const named = d.update_window_dims.length + d.inserted_window_dims.length + d.operand_batching_dims.length;
    return (
      named === x!.shape.length ||
      `every operand axis must be in the windows (update_window_dims), inserted or batching: ${x!.shape.length} axes, got ${named}`
    );
  },
  C11: ([, indices, updates], { dimension_numbers: d }) => {
    const positions = remaining(updates!.shape.length, d.update_window_dims).map((axis) => updates!.shape[axis]!);
    const wanted = indices!.shape.slice(0, -1);
    return (
      show(positions) === show(wanted) ||
      `the axes of updates outside its windows must be those of indices but the last: ${show(wanted)}, got ${show(positions)}`
    );
  },
  C12: ([x, , updates], { dimension_numbers: d }) => {
    const axes = windowAxes(x!.shape.length, gatherDims(d));
    const window = d.update_window_dims.map((axis) => updates!.shape[axis]!);
    const room = axes.map((axis) => x!.shape[axis]!);
    return (
      window.every((n, i) => n <= room[i]!) ||
      `windows must fit the operand's axes: at most ${show(room)}, got ${show(window)}`
    );
  },
  C13: (_, p) => checkMode(p.mode),
};

type LaxScatter = 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax';

/** Completes a scatter. `of` is its function in lax. */
export function scattering<const N extends string>(
  definition: Pick<Scatter<N>, 'name' | 'spec' | 'dtypes' | 'evaluate' | 'differentiate' | 'bound' | 'accuracy'> & {
    readonly of: LaxScatter;
  },
): Scatter<N> {
  const { of, ...rest } = definition;
  return definePrimitive<N, ScatterParams, ScatterConstraint>({
    ...rest,
    operands: [
      { name: 'operand', dtypes: definition.dtypes },
      { name: 'indices', dtypes: INTEGERS },
      { name: 'updates', dtypes: definition.dtypes },
    ],
    params: PARAMS,
    constraints: CONSTRAINTS,
    infer: ([x]) => [x!],
    batch(lax, [x, indices, updates], [atX, atI, atU], axis, p) {
      const operand = toFront(lax, x!, atX!, axis);
      const update = toFront(lax, updates!, atU!, axis);
      const vectors = atI === null ? indices! : lax.moveAxis(indices!, atI!, 0);
      const promises = { ...options(p), indicesAreSorted: p.indices_are_sorted && atI === null };
      return inFront(lax[of](operand, vectors, update, widened(p.dimension_numbers, atI === null), promises));
    },
    cases: scatterCases,
    breaks: scatterBreaks,
  });
}

/** With a batch axis in front of the operand. Without indices of its own each lane is one more position along the windows. */
const widened = (d: ScatterDimensionNumbers, together: boolean): ScatterDimensionNumbers => ({
  update_window_dims: together ? [0, ...shifted(d.update_window_dims)] : shifted(d.update_window_dims),
  inserted_window_dims: shifted(d.inserted_window_dims),
  scatter_dims_to_operand_dims: shifted(d.scatter_dims_to_operand_dims),
  operand_batching_dims: together ? shifted(d.operand_batching_dims) : [0, ...shifted(d.operand_batching_dims)],
  scatter_indices_batching_dims: together
    ? d.scatter_indices_batching_dims
    : [0, ...shifted(d.scatter_indices_batching_dims)],
});
