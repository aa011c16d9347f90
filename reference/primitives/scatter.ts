/**
 * Adding windows at computed places: scatter_add, in the general form of XLA (spec/primitives/indexing.md#scatter_add).
 */
import { type DType, INTEGERS, isFloat, NUMBERS } from '../core/dtypes.ts';
import { allocate, build, type HostArray, numbers, type Shape, sizeOf, storer } from '../core/host.ts';
import { type Bound, definePrimitive, knownOperand, operandAval } from '../core/primitive.ts';
import {
  checkAxes,
  checkDisjoint,
  checkDistinct,
  checkIncreasing,
  inFront,
  NATURALS,
  remaining,
  shifted,
  show,
  toFront,
} from './axes.ts';
import { type Defined, inexact } from './elementwise.ts';
import { exactSum, type FloatDType, isFloatDType } from './exact.ts';
import { scatterBreaks, scatterCases } from './indexing-cases.ts';
import { magnitudes } from './layout.ts';
import {
  allHold,
  checkBatchSizes,
  checkIndexVectors,
  checkMode,
  forEachWindowElement,
  type GatherDimensionNumbers,
  type IndexMode,
  MODES,
  unlessUncertain,
  windowAxes,
  type Windows,
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

export interface ScatterAddParams {
  readonly dimension_numbers: ScatterDimensionNumbers;
  readonly mode: IndexMode;
  /** Promises, which a backend may use. */
  readonly unique_indices: boolean;
  readonly indices_are_sorted: boolean;
}
export type ScatterConstraint =
  'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10' | 'C11' | 'C12' | 'C13';

/** The gather that reads what the scatter writes. */
const gatherDims = (d: ScatterDimensionNumbers): GatherDimensionNumbers => ({
  offset_dims: d.update_window_dims,
  collapsed_slice_dims: d.inserted_window_dims,
  start_index_map: d.scatter_dims_to_operand_dims,
  operand_batching_dims: d.operand_batching_dims,
  start_indices_batching_dims: d.scatter_indices_batching_dims,
});

/** The sizes of a window in the operand. */
function windowSizes(operand: Shape, updates: Shape, d: ScatterDimensionNumbers): number[] {
  const sizes = new Array<number>(operand.length).fill(1);
  windowAxes(operand.length, gatherDims(d)).forEach((axis, i) => (sizes[axis] = updates[d.update_window_dims[i]!]!));
  return sizes;
}

const windowsOf = (operand: Shape, updates: Shape, p: ScatterAddParams): Windows => ({
  dims: gatherDims(p.dimension_numbers),
  sizes: windowSizes(operand, updates, p.dimension_numbers),
  mode: p.mode,
});

/** For each operand element, the operand's element and the updates that are added to it. */
function forEachSum(
  [operand, indices, updates]: readonly HostArray[],
  p: ScatterAddParams,
  visit: (at: number, terms: readonly number[]) => void,
): void {
  const [from, added] = [numbers(operand!), numbers(updates!)];
  const sums = Array.from(from, (x) => [x]);
  forEachWindowElement(operand!.shape, indices!, windowsOf(operand!.shape, updates!.shape, p), (u, at) => {
    if (at >= 0) sums[at]!.push(added[u]!);
  });
  sums.forEach((terms, at) => visit(at, terms));
}

/** An element that nothing is added to stays as it is; −0 stays −0 where only −0 is added, as it does in IEEE 754. */
function sumOf(terms: readonly number[], dtype: FloatDType): number {
  if (terms.every((x) => Object.is(x, -0))) return -0;
  return terms.length === 1 ? terms[0]! : exactSum(terms, 0, terms.length, dtype);
}

function evaluate(xs: readonly HostArray[], p: ScatterAddParams): HostArray {
  const { shape, dtype } = xs[0]!;
  const data = allocate(dtype, sizeOf(shape));
  const store = storer(dtype, data);
  forEachSum(xs, p, (at, terms) => {
    store(at, isFloatDType(dtype) ? sumOf(terms, dtype) : terms.reduce((a, b) => (a + b) | 0));
  });
  return { shape, dtype, data };
}

/** The same with plain sums in double precision, for magnitudes and bounds. */
function plainSums(xs: readonly HostArray[], p: ScatterAddParams): Float64Array {
  const result = new Float64Array(sizeOf(xs[0]!.shape));
  forEachSum(xs, p, (at, terms) => (result[at] = terms.reduce((a, b) => a + b)));
  return result;
}

export const scatterAdd: Defined<'scatter_add', ScatterAddParams, ScatterConstraint> = definePrimitive({
  name: 'scatter_add',
  spec: 'spec/primitives/indexing.md#scatter_add',
  operands: [
    { name: 'operand', dtypes: NUMBERS },
    { name: 'indices', dtypes: INTEGERS },
    { name: 'updates', dtypes: NUMBERS },
  ],
  params: {
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
  },
  dtypes: NUMBERS,
  constraints: {
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
      allHold(
        checkAxes('update_window_dims', d.update_window_dims, updates!.shape.length),
        checkIncreasing('update_window_dims', d.update_window_dims),
      ),
    C5: ([x], { dimension_numbers: d }) =>
      allHold(
        checkAxes('inserted_window_dims', d.inserted_window_dims, x!.shape.length),
        checkIncreasing('inserted_window_dims', d.inserted_window_dims),
      ),
    C6: ([x], { dimension_numbers: d }) =>
      allHold(
        checkAxes('operand_batching_dims', d.operand_batching_dims, x!.shape.length),
        checkIncreasing('operand_batching_dims', d.operand_batching_dims),
      ),
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
      allHold(
        d.scatter_indices_batching_dims.length === d.operand_batching_dims.length ||
          `scatter_indices_batching_dims and operand_batching_dims must be equally many, got ${show(d.scatter_indices_batching_dims)} and ${show(d.operand_batching_dims)}`,
        checkAxes('scatter_indices_batching_dims', d.scatter_indices_batching_dims, indices!.shape.length - 1),
        checkDistinct('scatter_indices_batching_dims', d.scatter_indices_batching_dims),
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
  },
  infer: ([x]) => [x!],
  evaluate: (xs, p) => [evaluate(xs, p)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x, indices, updates], p) {
      if (!ct) return [null, null, null];
      const [operand, update] = [operandAval(x!), operandAval(updates!)];
      const sizes = windowSizes(operand.shape, update.shape, p.dimension_numbers);
      const gathered = (): typeof ct =>
        lax.gather(ct, knownOperand(indices!), gatherDims(p.dimension_numbers), sizes, { fillValue: 0, ...options(p) });
      return ['linear' in x! ? ct : null, null, 'linear' in updates! ? gathered() : null];
    },
  },
  batch(lax, [x, indices, updates], [atX, atI, atU], axis, p) {
    const d = p.dimension_numbers;
    const operand = toFront(lax, x!, atX!, axis);
    const update = toFront(lax, updates!, atU!, axis);
    const vectors = atI === null ? indices! : lax.moveAxis(indices!, atI!, 0);
    // Without indices of its own each lane is one more position along the windows.
    const together = atI === null;
    const dims: ScatterDimensionNumbers = {
      update_window_dims: together ? [0, ...shifted(d.update_window_dims)] : shifted(d.update_window_dims),
      inserted_window_dims: shifted(d.inserted_window_dims),
      scatter_dims_to_operand_dims: shifted(d.scatter_dims_to_operand_dims),
      operand_batching_dims: together ? shifted(d.operand_batching_dims) : [0, ...shifted(d.operand_batching_dims)],
      scatter_indices_batching_dims: together
        ? d.scatter_indices_batching_dims
        : [0, ...shifted(d.scatter_indices_batching_dims)],
    };
    const promises = { ...options(p), indicesAreSorted: p.indices_are_sorted && together };
    return inFront(lax.scatterAdd(operand, vectors, update, dims, promises));
  },
  bound([x, indices, updates], [y], p) {
    const size = sizeOf(y!.shape);
    const added = (part: keyof Bound): Float64Array =>
      plainSums(
        [boundPart(x!.value, x!.bound?.[part]), indices!.value, boundPart(updates!.value, updates!.bound?.[part])],
        p,
      );
    const known = (): Bound | null =>
      x!.bound === null && updates!.bound === null ? null : { worst: added('worst'), variance: added('variance') };
    return [unlessUncertain([indices!], size, known)];
  },
  accuracy([x, indices], p) {
    if (!isFloat(x!.dtype)) return { kind: 'exact' };
    return {
      kind: 'sum',
      // Every position can add one term to an element.
      terms: 1 + sizeOf(indices!.shape.slice(0, -1)),
      magnitude: ([operand, at, updates]) => plainSums([magnitudes(operand!), at!, magnitudes(updates!)], p),
    };
  },
  cases: scatterCases,
  breaks: scatterBreaks,
});

const options = (p: ScatterAddParams): { mode: IndexMode; uniqueIndices: boolean; indicesAreSorted: boolean } => ({
  mode: p.mode,
  uniqueIndices: p.unique_indices,
  indicesAreSorted: p.indices_are_sorted,
});

const FLOAT64: DType = 'float64';
/** A part of a bound as an array; zeros for what is exact. */
const boundPart = ({ shape }: HostArray, part: Float64Array | undefined): HostArray =>
  part === undefined ? build(FLOAT64, shape, () => 0) : { shape, dtype: FLOAT64, data: part };
