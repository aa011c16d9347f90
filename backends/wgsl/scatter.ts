/**
 * Scatters without atomic operations, the same in every run: each element of the result takes the updates that meet it,
 * in their order. It looks through all of them where they are few; of many it finds its own in their list, sorted by where
 * they go.
 */
import { type DType, isInexact } from '../../reference/core/dtypes.ts';
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import { remaining } from '../../reference/primitives/axes.ts';
import { gatherDims, type ScatterParams, windowSizes } from '../../reference/primitives/scatter-windows.ts';
import { windowAxes } from '../../reference/primitives/windows.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index } from './compile/index-space.ts';
import type { Graph, Lowerer, Part } from './compile/lowering.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import { accumulated, blocksFor, type Visit } from './accumulating.ts';
import { startOfWindow, type Windows } from './indexing.ts';
import { extreme, type Monoid, product, sum } from './monoids.ts';

/** Updates that each element may look through. */
const FEW = 64;
/** Looks in all that are made without sorting. */
const MOST_LOOKS = 2 ** 20;

/** What becomes of an element and the updates that it meets. */
export interface Combination {
  readonly monoid: Monoid;
  /** Only the last update counts. */
  readonly replaces?: boolean;
  /** The error grows with the length of the chain. */
  readonly isSum?: boolean;
}

/** A scatter's operands, and what of the updates is where. */
export class Scattering {
  readonly x: Node;
  readonly indices: Node;
  readonly updates: Node;
  readonly windows: Windows;
  /** The axes of the updates that index vectors are along, those that run with axes of the operand included. */
  readonly positions: readonly number[];
  /** The positions of one batch: these are all that an element can meet. */
  readonly own: Shape;
  /** The axes of the operand that windows have, each with the axis of the updates. */
  readonly inWindow: readonly (readonly [operand: number, updates: number])[];

  constructor([x, indices, updates]: readonly Node[], { dimension_numbers, mode }: ScatterParams) {
    [this.x, this.indices, this.updates] = [x!, indices!, updates!];
    const { shape } = x!.type;
    const dims = gatherDims(dimension_numbers);
    this.windows = { operand: shape, dims, sizes: windowSizes(shape, updates!.type.shape, dimension_numbers), mode };
    this.positions = remaining(updates!.type.shape.length, dims.offset_dims);
    const isBatching = (i: number): boolean => dims.start_indices_batching_dims.includes(i);
    this.own = indices!.type.shape.slice(0, -1).map((n, i) => (isBatching(i) ? 1 : n));
    this.inWindow = windowAxes(shape.length, dims).map((axis, i) => [axis, dims.offset_dims[i]!]);
  }

  /** Whether windows are as long as the operand. */
  isWhole(axis: number): boolean {
    return this.windows.sizes[axis] === this.windows.operand[axis];
  }

  /** The update of the index vector at `position`, `within` its window along each axis of the operand. */
  update(k: Builder, position: readonly Code[], within: (axis: number) => Code): Code {
    const dims: Code[] = [];
    this.positions.forEach((d, i) => (dims[d] = position[i]!));
    for (const [axis, d] of this.inWindow) dims[d] = within(axis);
    return k.at(this.updates, dims);
  }
}

// ---- few updates

/** Every index vector is looked at but those of other batches. */
function lookedThrough(s: Scattering, { monoid, isSum = false }: Combination): Node {
  const { dims: d, operand, sizes } = s.windows;
  const batching = d.start_indices_batching_dims;
  const looks = sizeOf(s.own);
  const visit =
    (k: Builder, at: readonly Code[]): Visit =>
    (i, add) => {
      const position = [...Index.flat(s.own, i).dims(k)];
      batching.forEach((p, b) => (position[p] = at[d.operand_batching_dims[b]!]!));
      const start = startOfWindow(k, s.indices, position, s.windows);
      // Before the window the difference wraps around: to more than any size.
      const within = operand.map((_, axis) =>
        start.dims[axis] === '0u' ? at[axis]! : k.let('u32', `${at[axis]} - ${start.dims[axis]}`),
      );
      const meets = operand.flatMap((_, axis) =>
        d.operand_batching_dims.includes(axis) || s.isWhole(axis) ? [] : [`(${within[axis]} < ${sizes[axis]}u)`],
      );
      const condition = [start.fits, ...meets].join(' && ');
      k.block(`if (${condition})`, () =>
        add(
          monoid.lift(
            k,
            s.update(k, position, (axis) => (s.isWhole(axis) ? at[axis]! : within[axis]!)),
            () => '0',
          ),
        ),
      );
    };
  return new Computation({
    name: 'scatter',
    operands: [s.x, s.indices, s.updates],
    pulled: [s.x, s.updates],
    results: [s.x.type],
    finishes: true,
    make: (making, { results: [result] }) =>
      making.each(sizeOf(operand), (k, i) => {
        const index = Index.flat(operand, i);
        const at = index.dims(k);
        const first = monoid.lift(k, k.element(s.x, index), () => '0');
        const range = { from: '0u', to: `${looks}u`, inBlocksOf: isSum ? blocksFor(looks) : null };
        k.define(result!, index, monoid.lower(k, accumulated(k, monoid, first, range, visit(k, at))));
      }),
  }).results[0]!;
}

// ---- many updates

/** How many updates are combined. */
export type Way = (graph: Graph, s: Scattering, combination: Combination) => Node;

/** Sorted by the place that they go to, by rows of elements that windows have whole. */
export function sorted(graph: Graph, s: Scattering, { monoid, replaces = false, isSum = false }: Combination): Node {
  const { operand } = s.windows;
  const partial = s.inWindow.filter(([axis]) => !s.isWhole(axis));
  const keyed = operand
    .map((_, axis) => axis)
    .filter((axis) => !s.inWindow.some(([whole]) => whole === axis && s.isWhole(axis)));
  const places = keyed.map((axis) => operand[axis]!);
  const positions = s.indices.type.shape.slice(0, -1);
  const rows = [...positions, ...partial.map(([axis]) => s.windows.sizes[axis]!)];
  const count = sizeOf(rows);

  /** The place of a row; one behind the last if it is dropped. */
  const place = new Indexed(
    { shape: [count], dtype: 'uint32' },
    [s.indices],
    (k, index) => {
      const row = Index.flat(rows, index.flat(k)).dims(k);
      const start = startOfWindow(k, s.indices, row.slice(0, positions.length), s.windows);
      const at = [...start.dims];
      partial.forEach(([axis], i) => (at[axis] = k.let('u32', addIndex(at[axis]!, row[positions.length + i]!))));
      const flat = Index.of(
        places,
        keyed.map((axis) => at[axis]!),
      ).flat(k);
      return start.fits === 'true' ? flat : k.let('u32', `select(${sizeOf(places)}u, ${flat}, ${start.fits})`);
    },
    { cost: 8 },
  );
  const number = graph.call('iota', [], { shape: [count], dtype: 'uint32', dimension: 0 });
  const [keys, numbers] = graph.callAll('sort', [place, number], { dimension: 0, is_stable: true, num_keys: 1 });

  const visit =
    (k: Builder, at: readonly Code[]): Visit =>
    (i, add) => {
      const row = Index.flat(rows, k.at(numbers!, [i])).dims(k);
      const within = (axis: number): Code => {
        const p = partial.findIndex(([own]) => own === axis);
        return p < 0 ? at[axis]! : row[positions.length + p]!;
      };
      add(monoid.lift(k, s.update(k, row.slice(0, positions.length), within), () => '0'));
    };
  return new Computation({
    name: 'scatter',
    operands: [s.x, s.updates, keys!, numbers!],
    pulled: [s.x, s.updates],
    results: [s.x.type],
    finishes: true,
    make(making, { results: [result] }) {
      // Where the rows of each place begin in order, and where the last ones end.
      const starts = making.temporary({ shape: [sizeOf(places) + 1], dtype: 'uint32' });
      making.each(sizeOf(places) + 1, (k, i) => k.store(starts, i, firstNotBelow(k, keys!, count, i)));
      making.each(sizeOf(operand), (k, i) => {
        const index = Index.flat(operand, i);
        const at = index.dims(k);
        const own = Index.of(
          places,
          keyed.map((axis) => at[axis]!),
        ).flat(k);
        const [from, to] = [k.at(starts, [own]), k.at(starts, [k.let('u32', addIndex(own, '1u'))])];
        const first = monoid.lift(k, k.element(s.x, index), () => '0');
        const range = {
          from: replaces ? k.let('u32', `max(${from} + 1u, ${to}) - 1u`) : from,
          to,
          inBlocksOf: isSum ? blocksFor(sizeOf(positions)) : null,
        };
        k.define(result!, index, monoid.lower(k, accumulated(k, monoid, first, range, visit(k, at))));
      });
    },
  }).results[0]!;
}

/** The first of sorted numbers that is not less than `key`; their count if all are. */
function firstNotBelow(k: Builder, keys: Node, count: number, key: Code): Code {
  const [low, high] = [k.variable('u32', '0u'), k.variable('u32', `${count}u`)];
  k.block(`while (${low} < ${high})`, () => {
    const middle = k.read(`(${low} + ${high}) / 2u`);
    k.line(`if (${k.at(keys, [middle])} < ${key}) { ${low} = ${middle} + 1u; } else { ${high} = ${middle}; }`);
  });
  return k.read(low);
}

// ---- the family

/** The lowering of a scatter, with its way of combining more updates than each element can look through. */
export const scattering =
  (of: (dtype: DType) => Combination, way: Way = sorted): Lowerer<ScatterParams> =>
  (graph, operands, p) => {
    const [x, , updates] = operands;
    if (sizeOf(updates!.type.shape) === 0 || sizeOf(x!.type.shape) === 0) return [x!];
    const s = new Scattering(operands, p);
    const looks = sizeOf(s.own);
    const combination = of(x!.type.dtype);
    const isCheap = looks <= FEW || looks * sizeOf(x!.type.shape) <= MOST_LOOKS;
    return [isCheap ? lookedThrough(s, combination) : way(graph, s, combination)];
  };

/** The later of two. */
const last = (dtype: DType): Monoid => ({
  state: [dtype],
  initial: (k) => [k.constant(dtype, 0)],
  lift: (_, x) => [x],
  combine: (_k, _a, b) => b,
  lower: (_, [x]) => x!,
});

export const adding = (dtype: DType): Combination => ({ monoid: sum(dtype), isSum: isInexact(dtype) });
export const least = (dtype: DType): Combination => ({ monoid: extreme(dtype, 'min') });
export const greatest = (dtype: DType): Combination => ({ monoid: extreme(dtype, 'max') });

export const scatters: Part<'scatter' | 'scatter_add' | 'scatter_mul' | 'scatter_min' | 'scatter_max'> = {
  scatter: scattering((dtype) => ({ monoid: last(dtype), replaces: true })),
  scatter_add: scattering(adding),
  scatter_mul: scattering((dtype) => ({ monoid: product(dtype) })),
  scatter_min: scattering(least),
  scatter_max: scattering(greatest),
};
