/**
 * Reading windows at computed places: gather, in the general form of XLA (spec/primitives/indexing.md#gather).
 */
import { ANY, INTEGERS } from '../core/dtypes.ts';
import { elementFrom, type HostArray, hostScalar, type Shape, sizeOf, take } from '../core/host.ts';
import { definePrimitive, knownOperand, operandAval } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { checkAxes, checkDisjoint, checkDistinct, inFront, NATURALS, shifted, show } from './axes.ts';
import { gatherCases, gatherBreaks } from './indexing-cases.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import {
  allHold,
  checkAxisList,
  checkBatchSizes,
  checkIndexBatching,
  checkIndexVectors,
  checkMode,
  defaultFill,
  forEachWindowElement,
  gatheredShape,
  type GatherDimensionNumbers,
  type IndexMode,
  isValueOf,
  mapBound,
  MODES,
  unlessUncertain,
  type Windows,
} from './windows.ts';

export interface GatherParams {
  readonly dimension_numbers: GatherDimensionNumbers;
  readonly slice_sizes: Shape;
  readonly mode: IndexMode;
  /** null: NaN, the smallest signed or the largest unsigned integer, true. */
  readonly fill_value: number | boolean | null;
  /** Promises, which a backend may use. */
  readonly unique_indices: boolean;
  readonly indices_are_sorted: boolean;
}
export type GatherConstraint =
  'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10' | 'C11' | 'C12' | 'C13';

const windowsOf = (p: GatherParams): Windows => ({ dims: p.dimension_numbers, sizes: p.slice_sizes, mode: p.mode });
const flags = (p: GatherParams): { uniqueIndices: boolean; indicesAreSorted: boolean } => ({
  uniqueIndices: p.unique_indices,
  indicesAreSorted: p.indices_are_sorted,
});

function evaluate(operand: HostArray, indices: HostArray, p: GatherParams): HostArray {
  const shape = gatheredShape(indices.shape, windowsOf(p));
  const places = new Int32Array(sizeOf(shape));
  forEachWindowElement(operand.shape, indices, windowsOf(p), (to, from) => (places[to] = from));
  const { dtype } = operand;
  const fill = p.fill_value === null ? defaultFill(dtype) : elementFrom(dtype, Number(p.fill_value));
  return take(operand, shape, (i) => places[i]!, hostScalar(dtype, fill));
}

export const gather: Defined<'gather', GatherParams, GatherConstraint> = definePrimitive({
  name: 'gather',
  spec: 'spec/primitives/indexing.md#gather',
  operands: [
    { name: 'operand', dtypes: ANY },
    { name: 'indices', dtypes: INTEGERS },
  ],
  params: {
    dimension_numbers: {
      type: 'object',
      properties: {
        offset_dims: NATURALS,
        collapsed_slice_dims: NATURALS,
        start_index_map: NATURALS,
        operand_batching_dims: NATURALS,
        start_indices_batching_dims: NATURALS,
      },
      required: [
        'offset_dims',
        'collapsed_slice_dims',
        'start_index_map',
        'operand_batching_dims',
        'start_indices_batching_dims',
      ],
      additionalProperties: false,
    },
    slice_sizes: NATURALS,
    mode: { enum: MODES },
    fill_value: { type: ['number', 'boolean', 'null'] },
    unique_indices: { type: 'boolean' },
    indices_are_sorted: { type: 'boolean' },
  },
  dtypes: ANY,
  constraints: {
    C1: ([, indices]) => checkIndexVectors(indices!.shape, 'indices'),
    C2: ([x, indices], { dimension_numbers: d }) =>
      allHold(
        d.start_index_map.length === indices!.shape.at(-1) ||
          `start_index_map must name one axis per element of an index vector: ${indices!.shape.at(-1)}, got ${show(d.start_index_map)}`,
        checkAxes('start_index_map', d.start_index_map, x!.shape.length),
        checkDistinct('start_index_map', d.start_index_map),
      ),
    C3: ([, indices], { dimension_numbers: d }) =>
      checkAxisList('offset_dims', d.offset_dims, d.offset_dims.length + indices!.shape.length - 1),
    C4: ([x], { dimension_numbers: d }) =>
      checkAxisList('collapsed_slice_dims', d.collapsed_slice_dims, x!.shape.length),
    C5: ([x], { dimension_numbers: d }) =>
      checkAxisList('operand_batching_dims', d.operand_batching_dims, x!.shape.length),
    C6: (_, { dimension_numbers: d }) =>
      allHold(
        checkDisjoint('operand_batching_dims', d.operand_batching_dims, 'collapsed_slice_dims', d.collapsed_slice_dims),
        checkDisjoint('operand_batching_dims', d.operand_batching_dims, 'start_index_map', d.start_index_map),
      ),
    C7: ([, indices], { dimension_numbers: d }) =>
      checkIndexBatching(
        'start_indices_batching_dims',
        d.start_indices_batching_dims,
        indices!.shape,
        d.operand_batching_dims,
      ),
    C8: ([x, indices], { dimension_numbers: d }) =>
      checkBatchSizes(x!.shape, d.operand_batching_dims, indices!.shape, d.start_indices_batching_dims),
    C9: ([x], p) =>
      (p.slice_sizes.length === x!.shape.length && p.slice_sizes.every((n, d) => n >= 0 && n <= x!.shape[d]!)) ||
      `slice_sizes must have one entry per operand axis, from 0 to its size, got ${show(p.slice_sizes)} for ${show(x!.shape)}`,
    C10: ([x], { dimension_numbers: d }) => {
      const named = d.offset_dims.length + d.collapsed_slice_dims.length + d.operand_batching_dims.length;
      return (
        named === x!.shape.length ||
        `every operand axis must be in the windows (offset_dims), collapsed or batching: ${x!.shape.length} axes, got ${named}`
      );
    },
    C11: (_, { slice_sizes, dimension_numbers: d }) =>
      (d.collapsed_slice_dims.every((axis) => slice_sizes[axis] === 1) &&
        d.operand_batching_dims.every((axis) => slice_sizes[axis]! <= 1)) ||
      `slice_sizes must be 1 at collapsed_slice_dims and at most 1 at operand_batching_dims, got ${show(slice_sizes)}`,
    C12: (_, p) => checkMode(p.mode),
    C13: ([x], p) =>
      p.fill_value === null ||
      isValueOf(x!.dtype, p.fill_value) ||
      `fill_value must be null or a value of ${x!.dtype}, got ${String(p.fill_value)}`,
  },
  infer: ([x, indices], p) => [{ ...x!, shape: gatheredShape(indices!.shape, windowsOf(p)) }],
  evaluate: ([x, indices], p) => [evaluate(x!, indices!, p)],
  differentiate: {
    active: inexact,
    // What is filled in does not depend on the operand.
    jvp: (lax, [, indices], [dx], _, p) => [along(dx, (t) => gatherLike(lax, t, indices!, { ...p, fill_value: 0 }))],
    transpose: {
      linearIn: [[0]],
      rule(lax, [ct], [x, indices], p) {
        const d = p.dimension_numbers;
        const scatter = {
          update_window_dims: d.offset_dims,
          inserted_window_dims: d.collapsed_slice_dims,
          scatter_dims_to_operand_dims: d.start_index_map,
          operand_batching_dims: d.operand_batching_dims,
          scatter_indices_batching_dims: d.start_indices_batching_dims,
        };
        const zeros = lax.zerosLike(operandAval(x!));
        const back = along(ct, (t) =>
          lax.scatterAdd(zeros, knownOperand(indices!), t, scatter, { mode: p.mode, ...flags(p) }),
        );
        return [back, null];
      },
    },
  },
  batch(lax, [x, indices], [atX, atI], axis, p) {
    const d = p.dimension_numbers;
    const operand = atX === null ? x! : lax.moveAxis(x!, atX!, 0);
    const vectors = atI === null ? indices! : lax.moveAxis(indices!, atI!, 0);
    const inOperand = atX === null ? (axes: Shape) => axes : shifted;
    const inIndices = atI === null ? (axes: Shape) => axes : shifted;
    // In front of the result stands the batch axis of the indices or, if only the operand has one, that of the windows.
    const both = atX !== null && atI !== null;
    const dimension_numbers: GatherDimensionNumbers = {
      offset_dims: atI === null ? [0, ...shifted(d.offset_dims)] : shifted(d.offset_dims),
      collapsed_slice_dims: inOperand(d.collapsed_slice_dims),
      start_index_map: inOperand(d.start_index_map),
      operand_batching_dims: [...(both ? [0] : []), ...inOperand(d.operand_batching_dims)],
      start_indices_batching_dims: [...(both ? [0] : []), ...inIndices(d.start_indices_batching_dims)],
    };
    const own = atX === null ? [] : [both ? Math.min(axis.size, 1) : axis.size];
    return inFront(
      gatherLike(lax, operand, vectors, {
        ...p,
        dimension_numbers,
        slice_sizes: [...own, ...p.slice_sizes],
        unique_indices: p.unique_indices && (both || atI === null),
        indices_are_sorted: p.indices_are_sorted && atI === null,
      }),
    );
  },
  bound: ([x, indices], [y], p) => [
    unlessUncertain([indices!], sizeOf(y!.shape), () =>
      mapBound(x!, (part) => evaluate(part, indices!.value, { ...p, fill_value: 0 })),
    ),
  ],
  accuracy: exact,
  cases: gatherCases,
  breaks: gatherBreaks,
});

type LaxArray = ReturnType<Lax['gather']>;
const gatherLike = (lax: Lax, x: LaxArray, indices: LaxArray, p: GatherParams): LaxArray =>
  lax.gather(x, indices, p.dimension_numbers, p.slice_sizes, { mode: p.mode, fillValue: p.fill_value, ...flags(p) });
