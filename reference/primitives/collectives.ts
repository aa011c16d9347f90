/**
 * Collectives: what the lanes of a named axis do together (spec/transformations/collectives.md). pmean, pswapaxes,
 * psum_scatter and the like are made of these in lax/collectives.ts.
 */
import { type Collective, type CollectivePrimitive, defineCollective, NAMED_AXIS, type NamedAxis } from '../core/collective.ts'; // prettier-ignore
import { ANY, NUMBERS, ORDERED } from '../core/dtypes.ts';
import { ConcreteArray } from '../core/array.ts';
import { type Aval, aval, hostArray, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { BatchAxis, Batched } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { AXIS, checkAxis, inFront, NATURALS, range, show, toFront } from './axes.ts';
import { along, inexact } from './elementwise.ts';
import { meanOfWinners } from './reduction.ts';

/** A result that is the same in every lane. */
const inNoLane = (out: NDArray): Batched => ({ out: [out], at: [null] });

/** Axes `d` and `d + 1` as one. */
const merged = (lax: Lax, x: NDArray, d: number): NDArray =>
  lax.reshape(x, x.shape.toSpliced(d, 2, x.shape[d]! * x.shape[d + 1]!));

const vector: Aval = aval([4], 'float32');
const example: NamedAxis = { axis_name: 'i', axis_size: 2 };

// ---- reductions

type LaneReduction<N extends string> = CollectivePrimitive<N, NamedAxis, never>;

/** Completes a reduction over all lanes: `of` is the function of lax that reduces along an axis. */
const laneReduction = <const N extends 'psum' | 'pmax' | 'pmin'>(
  of: 'reduceSum' | 'reduceMax' | 'reduceMin',
  definition: Pick<Collective<N, NamedAxis, never>, 'name' | 'spec' | 'operands' | 'differentiate'>,
): LaneReduction<N> =>
  defineCollective<N, NamedAxis, never>({
    ...definition,
    params: NAMED_AXIS,
    constraints: {},
    infer: ([x]) => [x!],
    batch: 'elementwise',
    resolve: (lax, [x], [at], axis) => inNoLane(lax[of](toFront(lax, x!, at!, axis), [0])),
    breaks: {},
  });

export const psum: LaneReduction<'psum'> = laneReduction('reduceSum', {
  name: 'psum',
  spec: 'spec/transformations/collectives.md#psum',
  operands: [{ name: 'x', dtypes: NUMBERS }],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.collective('psum', [t], p))],
  },
});

/** The tangents of the lanes that have the extreme, averaged. */
const extremeLane: LaneReduction<'pmax'>['differentiate'] = {
  active: inexact,
  jvp: (lax, [x], [dx], [y], p) => [
    along(dx, (t) => meanOfWinners(lax, x!, t, y!, { sum: (v) => lax.collective('psum', [v], p), repeat: (v) => v })),
  ],
};

export const pmax: LaneReduction<'pmax'> = laneReduction('reduceMax', {
  name: 'pmax',
  spec: 'spec/transformations/collectives.md#pmax',
  operands: [{ name: 'x', dtypes: ORDERED }],
  differentiate: extremeLane,
});

export const pmin: LaneReduction<'pmin'> = laneReduction('reduceMin', {
  name: 'pmin',
  spec: 'spec/transformations/collectives.md#pmin',
  operands: [{ name: 'x', dtypes: ORDERED }],
  differentiate: extremeLane,
});

// ---- moves

export type Permutation = readonly (readonly [source: number, destination: number])[];
export type PermuteParams = NamedAxis & { readonly perm: Permutation };

const distinct = (lanes: readonly number[], what: string): true | string =>
  new Set(lanes).size === lanes.length || `a lane must be a ${what} once at most, got ${show(lanes)}`;

export const ppermute: CollectivePrimitive<'ppermute', PermuteParams, 'C1' | 'C2' | 'C3'> = defineCollective({
  name: 'ppermute',
  spec: 'spec/transformations/collectives.md#ppermute',
  operands: [{ name: 'x', dtypes: ANY }],
  params: { ...NAMED_AXIS, perm: { type: 'array', items: { ...NATURALS, minItems: 2, maxItems: 2 } } },
  constraints: {
    C1: (_, { perm, axis_size: n }) =>
      perm.flat().every((lane) => Number.isInteger(lane) && lane >= 0 && lane < n) ||
      `the lanes in perm must be in [0, ${n}), got ${show(perm.map(show))}`,
    C2: (_, { perm }) => distinct(perm.map(([from]) => from), 'source'), // prettier-ignore
    C3: (_, { perm }) => distinct(perm.map(([, to]) => to), 'destination'), // prettier-ignore
  },
  infer: ([x]) => [x!],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [
      along(ct, (t) => lax.collective('ppermute', [t], { ...p, perm: p.perm.map(([from, to]) => [to, from]) })),
    ],
  },
  batch: 'elementwise',
  resolve(lax, [x], [at], axis, { perm }) {
    if (at === null && perm.length === axis.size) return inNoLane(x!);
    return inFront(fromLanes(lax, toFront(lax, x!, at!, axis), perm));
  },
  breaks: {
    C1: { operands: [vector], params: { ...example, perm: [[0, 2]] } },
    C2: { operands: [vector], params: { ...example, perm: [[0, 0], [0, 1]] } }, // prettier-ignore
    C3: { operands: [vector], params: { ...example, perm: [[0, 0], [1, 0]] } }, // prettier-ignore
  },
});

/** Row `to` of the result is row `from` of `x`; zeros where nothing goes. */
function fromLanes(lax: Lax, x: NDArray, perm: Permutation): NDArray {
  const [n, ...lane] = x.shape as [number, ...number[]];
  if (n === 0) return x;
  const sources = new Array<number>(n).fill(n);
  for (const [from, to] of perm) sources[to] = from;
  const dimensions = {
    offset_dims: range(lane.length).map((d) => d + 1),
    collapsed_slice_dims: [0],
    start_index_map: [0],
    operand_batching_dims: [],
    start_indices_batching_dims: [],
  };
  const rows = ConcreteArray.fromHost(hostArray('int32', [n, 1], sources));
  const fillValue = x.dtype === 'bool' ? false : 0;
  return lax.gather(x, rows, dimensions, [1, ...lane], { mode: 'fill', fillValue });
}

export type AllGatherParams = NamedAxis & {
  readonly all_gather_dimension: number;
  /** Along an axis that is there, instead of a new one. */
  readonly tiled: boolean;
};

export const allGather: CollectivePrimitive<'all_gather', AllGatherParams, 'C1'> = defineCollective({
  name: 'all_gather',
  spec: 'spec/transformations/collectives.md#all_gather',
  operands: [{ name: 'x', dtypes: ANY }],
  params: { ...NAMED_AXIS, all_gather_dimension: AXIS, tiled: { type: 'boolean' } },
  constraints: {
    C1: ([x], p) => checkAxis('all_gather_dimension', p.all_gather_dimension, x!.shape.length + (p.tiled ? 0 : 1)),
  },
  infer: ([x], p) => [{ ...x!, shape: gatheredShape(x!.shape, p) }],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.ownPartOfSum(t, p, p.all_gather_dimension, p.tiled))],
  },
  batch(lax, [x], [at], _, p) {
    const d = p.all_gather_dimension;
    const after = at! <= d;
    const out = lax.collective('all_gather', [x!], { ...p, all_gather_dimension: after ? d + 1 : d });
    return { out: [out], at: [after || p.tiled ? at! : at! + 1] };
  },
  resolve(lax, [x], [at], axis, { all_gather_dimension: d, tiled }) {
    const all = lax.moveAxis(toFront(lax, x!, at!, axis), 0, d);
    return inNoLane(tiled ? merged(lax, all, d) : all);
  },
  breaks: { C1: { operands: [vector], params: { ...example, all_gather_dimension: 1, tiled: true } } },
});

const gatheredShape = (shape: Shape, { all_gather_dimension: d, tiled, axis_size: n }: AllGatherParams): number[] =>
  tiled ? shape.with(d, shape[d]! * n) : shape.toSpliced(d, 0, n);

export type AllToAllParams = NamedAxis & { readonly split_axis: number; readonly concat_axis: number };

export const allToAll: CollectivePrimitive<'all_to_all', AllToAllParams, 'C1' | 'C2' | 'C3'> = defineCollective({
  name: 'all_to_all',
  spec: 'spec/transformations/collectives.md#all_to_all',
  operands: [{ name: 'x', dtypes: ANY }],
  params: { ...NAMED_AXIS, split_axis: AXIS, concat_axis: AXIS },
  constraints: {
    C1: ([x], p) => checkAxis('split_axis', p.split_axis, x!.shape.length),
    C2: ([x], p) => checkAxis('concat_axis', p.concat_axis, x!.shape.length),
    C3: ([x], { split_axis, axis_size: n }) =>
      x!.shape[split_axis]! % n === 0 ||
      `the size of axis ${split_axis} must be a multiple of the number of lanes, ${n}, got ${x!.shape[split_axis]!}`,
  },
  infer: ([x], p) => [{ ...x!, shape: exchangedShape(x!.shape, p) }],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [
      along(ct, (t) =>
        lax.collective('all_to_all', [t], { ...p, split_axis: p.concat_axis, concat_axis: p.split_axis }),
      ),
    ],
  },
  batch(lax, [x], [at], _, p) {
    const moved = (d: number): number => (at! <= d ? d + 1 : d);
    const params = { ...p, split_axis: moved(p.split_axis), concat_axis: moved(p.concat_axis) };
    return { out: [lax.collective('all_to_all', [x!], params)], at: [at!] };
  },
  resolve: (lax, [x], [at], axis, p) => inFront(exchanged(lax, toFront(lax, x!, at!, axis), axis, p)),
  breaks: {
    C1: { operands: [vector], params: { ...example, split_axis: 1, concat_axis: 0 } },
    C2: { operands: [vector], params: { ...example, split_axis: 0, concat_axis: 1 } },
    C3: { operands: [vector], params: { ...example, axis_size: 3, split_axis: 0, concat_axis: 0 } },
  },
});

function exchangedShape(shape: Shape, { split_axis: s, concat_axis: c, axis_size: n }: AllToAllParams): number[] {
  const parts = shape.with(s, shape[s]! / n);
  return parts.with(c, parts[c]! * n);
}

/** Rows are lanes, before and after: part `to` of row `from` goes to row `to`, where it is part `from`. */
function exchanged(
  lax: Lax,
  x: NDArray,
  { size }: BatchAxis,
  { split_axis: s, concat_axis: c }: AllToAllParams,
): NDArray {
  const parts = lax.reshape(x, x.shape.toSpliced(s + 1, 1, size, x.shape[s + 1]! / size));
  const byReceiver = lax.moveAxis(parts, s + 1, 0);
  return merged(lax, lax.moveAxis(byReceiver, 1, c + 1), c + 1);
}

// ---- the lane itself

export const axisIndex: CollectivePrimitive<'axis_index', NamedAxis, never> = defineCollective({
  name: 'axis_index',
  spec: 'spec/transformations/collectives.md#axis_index',
  operands: [],
  params: NAMED_AXIS,
  constraints: {},
  infer: () => [aval([], 'int32')],
  differentiate: { zero: 'the number of a lane depends on nothing' },
  batch: 'elementwise',
  resolve: (lax, _x, _at, { size }) => inFront(lax.iota('int32', size)),
  breaks: {},
});
