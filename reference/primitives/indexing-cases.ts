/**
 * Calls of gather and of the scatters, valid and broken. Both are drawn as windows of an operand: each operand axis is
 * collapsed, batching or in the window, and index vectors address some of the axes.
 */
import type * as FC from 'fast-check';
import { type DType, dtypes, INTEGERS } from '../core/dtypes.ts';
import type { Shape } from '../core/host.ts';
import type { Call, Gen } from '../core/primitive.ts';
import { range, remaining } from './axes.ts';
import { choices, type Pick, shuffled } from './draw.ts';
import type { GatherConstraint, GatherParams } from './gather.ts';
import type { ScatterConstraint, ScatterParams } from './scatter-windows.ts';
import { gatheredShape, type GatherDimensionNumbers, type IndexMode, MODES, type Windows } from './windows.ts';

interface Drawn extends Windows {
  readonly operand: Shape;
  readonly indices: Shape;
  readonly indexType: DType;
  /** Indices are drawn from here, or (null) from the whole dtype. */
  readonly limits: { readonly min: number; readonly max: number } | null;
  readonly promises: boolean;
  readonly fill: number | null;
}

function draw(operand: Shape, pick: Pick): Drawn {
  const kinds = operand.map((n) => (n === 0 ? 'window' : (['window', 'collapsed', 'batching'] as const)[pick(3)]!));
  const axesOf = (kind: string): number[] => range(operand.length).filter((d) => kinds[d] === kind);
  const batching = axesOf('batching');
  const sizes = operand.map((n, d) => (kinds[d] === 'window' ? n - pick(n + 1) : 1));
  // The axes of indices before the last: the batching ones and up to two others, in any order.
  const others = range(pick(3)).map(() => pick(4));
  const order = shuffled(range(batching.length + others.length), pick);
  const positions = order.map((i) => (i < batching.length ? operand[batching[i]!]! : others[i - batching.length]!));
  const map = shuffled(remaining(operand.length, batching), pick).filter(() => pick(3) > 0);
  const offsets = axesOf('window').length;
  const rank = positions.length + offsets;
  const dims: GatherDimensionNumbers = {
    offset_dims: shuffled(range(rank), pick)
      .slice(0, offsets)
      .sort((a, b) => a - b),
    collapsed_slice_dims: axesOf('collapsed'),
    start_index_map: map,
    operand_batching_dims: batching,
    start_indices_batching_dims: range(batching.length).map((i) => order.indexOf(i)),
  };
  const mode: IndexMode = MODES[pick(3)]!;
  const room = Math.min(...map.map((d) => operand[d]! - sizes[d]!), 6);
  const indexType = INTEGERS[pick(INTEGERS.length)]!;
  const nearby = { min: dtypes[indexType].kind === 'int' ? -2 : 0, max: room + 2 };
  const limits = mode === 'promise_in_bounds' ? { min: 0, max: room } : pick(4) === 0 ? null : nearby;
  const single = others.every((n) => n === 1);
  return {
    operand,
    indices: [...positions, map.length],
    dims,
    sizes,
    mode,
    indexType,
    limits,
    promises: single && pick(2) === 1,
    fill: [null, 0, 1][pick(3)]!,
  };
}

const drawn = (gen: Gen): FC.Arbitrary<Drawn> =>
  gen.shape({ maxRank: 4 }).chain((s) => choices(gen, (pick) => draw(s, pick)));

const promised = ({ promises }: Drawn): { unique_indices: boolean; indices_are_sorted: boolean } => ({
  unique_indices: promises,
  indices_are_sorted: promises,
});

function gatherCall(gen: Gen, d: Drawn): FC.Arbitrary<Call<GatherParams>> {
  const fill_value = d.fill === null || gen.dtype !== 'bool' ? d.fill : d.fill === 1;
  const params: GatherParams = {
    dimension_numbers: d.dims,
    slice_sizes: d.sizes,
    mode: d.mode,
    fill_value,
    ...promised(d),
  };
  return gen.fc
    .tuple(gen.array(gen.dtype, d.operand), gen.array(d.indexType, d.indices, d.limits ?? {}))
    .map((args) => ({ args, params }));
}

const scatterParams = (d: Drawn): ScatterParams => ({
  dimension_numbers: {
    update_window_dims: d.dims.offset_dims,
    inserted_window_dims: d.dims.collapsed_slice_dims,
    scatter_dims_to_operand_dims: d.dims.start_index_map,
    operand_batching_dims: d.dims.operand_batching_dims,
    scatter_indices_batching_dims: d.dims.start_indices_batching_dims,
  },
  mode: d.mode,
  ...promised(d),
});

function scatterCall(gen: Gen, d: Drawn, updates: Shape, dtype: DType = gen.dtype): FC.Arbitrary<Call<ScatterParams>> {
  return gen.fc
    .tuple(
      gen.array(gen.dtype, d.operand),
      gen.array(d.indexType, d.indices, d.limits ?? {}),
      gen.array(dtype, updates),
    )
    .map((args) => ({ args, params: scatterParams(d) }));
}

export const gatherCases = (gen: Gen): FC.Arbitrary<Call<GatherParams>> => drawn(gen).chain((d) => gatherCall(gen, d));
export const scatterCases = (gen: Gen): FC.Arbitrary<Call<ScatterParams>> =>
  drawn(gen).chain((d) => scatterCall(gen, d, gatheredShape(d.indices, d)));

/**
 * What broken calls start from: one batching axis, one that is addressed and collapsed, one in the window.
 * operand [2, 4, 3], indices [2, 5, 1], result [2, 5, 3].
 */
const PLAIN: Drawn = {
  operand: [2, 4, 3],
  indices: [2, 5, 1],
  dims: {
    offset_dims: [2],
    collapsed_slice_dims: [1],
    start_index_map: [1],
    operand_batching_dims: [0],
    start_indices_batching_dims: [0],
  },
  sizes: [1, 1, 3],
  mode: 'clip',
  indexType: 'int32',
  limits: { min: 0, max: 3 },
  promises: false,
  fill: null,
};

type Changes = Partial<Omit<Drawn, 'dims'>> & { readonly dims?: Partial<GatherDimensionNumbers> };
const changed = ({ dims, ...others }: Changes): Drawn => ({ ...PLAIN, ...others, dims: { ...PLAIN.dims, ...dims } });

const UNBATCHED: Partial<GatherDimensionNumbers> = { operand_batching_dims: [], start_indices_batching_dims: [] };

/** Breaks that gather and the scatters have in common, in the terms of a gather. */
const BREAKS = {
  indexVectors: [{ indices: [], dims: { ...UNBATCHED, start_index_map: [] } }],
  startIndexMap: [
    { dims: { start_index_map: [1, 2] } },
    { dims: { start_index_map: [3] } },
    { indices: [2, 5, 2], dims: { start_index_map: [1, 1] } },
  ],
  collapsed: [{ dims: { collapsed_slice_dims: [3] } }, { dims: { collapsed_slice_dims: [1, 1] } }],
  batching: [
    { dims: { operand_batching_dims: [3] } },
    { dims: { operand_batching_dims: [0, 0], start_indices_batching_dims: [0, 1] } },
  ],
  disjoint: [{ dims: { operand_batching_dims: [1] } }, { dims: { start_index_map: [0] } }],
  indicesBatching: [
    { dims: { start_indices_batching_dims: [] } },
    { dims: { start_indices_batching_dims: [2] } },
    { dims: { operand_batching_dims: [0, 2], start_indices_batching_dims: [0, 0] } },
  ],
  batchSizes: [{ dims: { start_indices_batching_dims: [1] } }],
  everyAxis: [{ dims: { collapsed_slice_dims: [] } }],
  mode: [{ mode: 'wrap' as IndexMode }],
} satisfies Record<string, readonly Changes[]>;

type Break<P> = (gen: Gen) => FC.Arbitrary<Call<P>>;

const gathers =
  (list: readonly Changes[]): Break<GatherParams> =>
  (gen) =>
    gen.fc.constantFrom(...list).chain((changes) => gatherCall(gen, changed(changes)));

export const gatherBreaks: { readonly [K in GatherConstraint]: Break<GatherParams> } = {
  C1: gathers(BREAKS.indexVectors),
  C2: gathers(BREAKS.startIndexMap),
  C3: gathers([{ dims: { offset_dims: [3] } }, { dims: { offset_dims: [2, 2] } }]),
  C4: gathers(BREAKS.collapsed),
  C5: gathers(BREAKS.batching),
  C6: gathers(BREAKS.disjoint),
  C7: gathers(BREAKS.indicesBatching),
  C8: gathers(BREAKS.batchSizes),
  C9: gathers([{ sizes: [1, 1, 4] }, { sizes: [1, 1, -1] }, { sizes: [1, 1] }]),
  C10: gathers(BREAKS.everyAxis),
  C11: gathers([{ sizes: [1, 2, 3] }, { sizes: [2, 1, 3] }]),
  C12: gathers(BREAKS.mode),
  C13: (gen) =>
    gatherCall(gen, PLAIN).map(({ args, params }) => ({
      args,
      params: { ...params, fill_value: gen.dtype === 'bool' ? 1 : true },
    })),
};

/** The updates keep the shape that fits the plain call, unless another is given. */
const scatters =
  (list: readonly Changes[], updates: Shape = [2, 5, 3]): Break<ScatterParams> =>
  (gen) =>
    gen.fc.constantFrom(...list).chain((changes) => scatterCall(gen, changed(changes), updates));

export const scatterBreaks: { readonly [K in ScatterConstraint]: Break<ScatterParams> } = {
  C1: (gen) => scatterCall(gen, PLAIN, [2, 5, 3], gen.dtype === 'int32' ? 'float32' : 'int32'),
  C2: scatters(BREAKS.indexVectors),
  C3: scatters(BREAKS.startIndexMap),
  C4: scatters([{ dims: { offset_dims: [3] } }, { dims: { offset_dims: [2, 2] } }]),
  C5: scatters(BREAKS.collapsed),
  C6: scatters(BREAKS.batching),
  C7: scatters(BREAKS.disjoint),
  C8: scatters(BREAKS.indicesBatching),
  C9: scatters(BREAKS.batchSizes),
  C10: scatters(BREAKS.everyAxis),
  C11: scatters([{}], [2, 4, 3]),
  C12: scatters([{}], [2, 5, 4]),
  C13: scatters(BREAKS.mode),
};
