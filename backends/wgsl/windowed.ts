/** Windows of an operand: their sums and extremes, and what happens to the largest or smallest element of each. */
import { type DType, isInexact } from '../../reference/core/dtypes.ts';
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import {
  windowCounts,
  windowExtents,
  type WindowParams,
  windowSize,
} from '../../reference/primitives/window-shapes.ts';
import type { SelectParams } from '../../reference/primitives/window-winners.ts';
import { accumulated, blocksFor } from './accumulating.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index, shiftIndex, timesIndex } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, type Node } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import { padded, standsAt } from './joining.ts';
import { extreme, type Monoid, place, type State, sum } from './monoids.ts';

/** What a monoid makes of the elements of the window at `window`; `lift` is told an element's place in the operand. */
function folded(
  k: Builder,
  x: Node,
  p: WindowParams,
  window: readonly Code[],
  monoid: Monoid,
  lift: (at: Index) => State,
): State {
  const { shape, dtype } = x.type;
  if (sizeOf(shape) === 0) return monoid.initial(k);
  const config = p.padding.map(([low, high], d) => [low, high, p.base_dilation[d]! - 1] as const);
  const size = windowSize(p);
  const range = { from: '0u', to: `${size}u`, inBlocksOf: isInexact(dtype) ? blocksFor(size) : null };
  return accumulated(k, monoid, monoid.initial(k), range, (i, add) => {
    const within = Index.flat(p.window_dimensions, i).dims(k);
    const dims = window.map((o, d) =>
      k.let('u32', addIndex(timesIndex(o, p.window_strides[d]!), timesIndex(within[d]!, p.window_dilation[d]!))),
    );
    const { at, inside } = padded(k, dims, shape, config);
    k.block(`if (${inside})`, () => add(lift(Index.of(shape, at))));
  });
}

// ---- sums and extremes

/** Whether no element is in two windows. */
const isApart = (p: WindowParams): boolean => windowExtents(p).every((n, d) => n <= p.window_strides[d]!);

const reducing =
  (name: string, monoidOf: (dtype: DType) => Monoid): Lowerer<WindowParams> =>
  (_, [operand], p, [result]) => {
    const x = operand!;
    const { shape, dtype } = result!;
    const monoid = monoidOf(dtype);
    return new Computation({
      name,
      operands: [x],
      pulled: isApart(p) ? [x] : [],
      results: [{ shape, dtype }],
      finishes: true,
      make: (making, { results: [to] }) =>
        making.each(sizeOf(shape), (k, i) => {
          const index = Index.flat(shape, i);
          const state = folded(k, x, p, index.dims(k), monoid, (at) => monoid.lift(k, k.element(x, at), () => '0'));
          k.define(to!, index, monoid.lower(k, state));
        }),
    }).results;
  };

// ---- winners

/** No element's place. */
const NONE = '0x7fffffffu';

/** The place of the selected element of a window, row-major. */
function winner(k: Builder, x: Node, p: SelectParams, window: readonly Code[]): Code {
  const monoid = place(x.type.dtype, p.select_prim === 'ge' ? 'max' : 'min', 'uint32');
  const lift = (at: Index): State => monoid.lift(k, k.element(x, at), () => k.let('i32', `i32(${at.flat(k)})`));
  return k.let('u32', monoid.lower(k, folded(k, x, p, window, monoid, lift)));
}

const selectAndGatherAdd: Lowerer<SelectParams> = (_, [tangents, x], p, [result]) => {
  const { shape, dtype } = result!;
  return new Computation({
    name: 'select_and_gather_add',
    operands: [tangents!, x!],
    results: [{ shape, dtype }],
    finishes: true,
    make: (making, { results: [to] }) =>
      making.each(sizeOf(shape), (k, i) => {
        const index = Index.flat(shape, i);
        const at = winner(k, x!, p, index.dims(k));
        const code = k.either(
          registerOf(dtype),
          `${at} == ${NONE}`,
          () => k.constant(dtype, 0),
          () => k.element(tangents!, Index.flat(x!.type.shape, at)),
        );
        k.define(to!, index, code);
      }),
  }).results;
};

/** Each element asks the windows that may hold it whether they have selected it. */
const selectAndScatterAdd: Lowerer<SelectParams> = (_, [source, operand], p) => {
  const x = operand!;
  const { shape, dtype } = x.type;
  const counts = windowCounts(shape, p);
  const monoid = sum(dtype);
  // Without a window there is nothing to ask.
  const size = sizeOf(counts) === 0 ? 0 : windowSize(p);
  const range = { from: '0u', to: `${size}u`, inBlocksOf: isInexact(dtype) ? blocksFor(size) : null };
  return new Computation({
    name: 'select_and_scatter_add',
    operands: [source!, x],
    pulled: [source!],
    results: [{ shape, dtype }],
    finishes: true,
    make(making, { results: [to] }) {
      const winners = making.temporary({ shape: counts, dtype: 'uint32' });
      making.each(sizeOf(counts), (k, i) => k.store(winners, i, winner(k, x, p, Index.flat(counts, i).dims(k))));
      making.each(sizeOf(shape), (k, i) => {
        const index = Index.flat(shape, i);
        const dims = index.dims(k);
        const state = accumulated(k, monoid, monoid.initial(k), range, (w, add) => {
          const { at, isWindow } = windowOf(k, dims, Index.flat(p.window_dimensions, w).dims(k), counts, p);
          k.block(`if (${isWindow})`, () => {
            const window = Index.of(counts, at);
            k.block(`if (${k.element(winners, window)} == ${index.flat(k)})`, () =>
              add(monoid.lift(k, k.element(source!, window), () => '0')),
            );
          });
        });
        k.define(to!, index, monoid.lower(k, state));
      });
    },
  }).results;
};

/** The window that holds the element at `dims` as its element `within`, and whether there is one. */
function windowOf(
  k: Builder,
  dims: readonly Code[],
  within: readonly Code[],
  counts: Shape,
  p: WindowParams,
): { at: readonly Code[]; isWindow: Code } {
  const all = dims.map((i, d) => {
    const position = k.let('u32', shiftIndex(timesIndex(i, p.base_dilation[d]!), p.padding[d]![0]));
    const start =
      within[d] === '0u' ? position : k.let('u32', `${position} - ${timesIndex(within[d]!, p.window_dilation[d]!)}`);
    return standsAt(k, start, counts[d]!, p.window_strides[d]!);
  });
  return { at: all.map(({ at }) => at), isWindow: all.flatMap(({ conditions }) => conditions).join(' && ') || 'true' };
}

export const windowed: Part<
  'reduce_window_sum' | 'reduce_window_max' | 'reduce_window_min' | 'select_and_gather_add' | 'select_and_scatter_add'
> = {
  reduce_window_sum: reducing('reduce_window_sum', sum),
  reduce_window_max: reducing('reduce_window_max', (dtype) => extreme(dtype, 'max')),
  reduce_window_min: reducing('reduce_window_min', (dtype) => extreme(dtype, 'min')),
  select_and_gather_add: selectAndGatherAdd,
  select_and_scatter_add: selectAndScatterAdd,
};
