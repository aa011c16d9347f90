/**
 * Slices that start at computed places: dynamic_slice and dynamic_update_slice (spec/primitives/indexing.md).
 */
import { ANY, type DType, dtypes, INTEGERS } from '../core/dtypes.ts';
import {
  type Aval,
  flatten,
  forEachIndex,
  type HostArray,
  mover,
  numbers,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import {
  type BatchAxis,
  type Call,
  definePrimitive,
  type Gen,
  knownOperand,
  type Operand,
  operandAval,
} from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { inFront, NATURALS, range, shifted, show, toFront } from './axes.ts';
import { call, choices, smallShape } from './draw.ts';
import { type Defined, exact, inexact, type NoParams } from './elementwise.ts';
import { doubles, strided } from './layout.ts';
import { mapBound, unlessUncertain } from './windows.ts';

/** One starting point per axis, all scalars of one dtype. */
function checkStarts(starts: readonly Aval[], rank: number): true | string {
  if (starts.length !== rank) return `there must be one start per operand axis: ${rank}, got ${starts.length}`;
  if (starts.some((s) => s.shape.length > 0))
    return `starts must be scalars, got shapes ${show(starts.map((s) => show(s.shape)))}`;
  const dtypes = new Set(starts.map((s) => s.dtype));
  return dtypes.size <= 1 || `starts must have one dtype, got ${show([...dtypes])}`;
}

const checkFits = (name: string, sizes: Shape, shape: Shape): true | string =>
  (sizes.length === shape.length && sizes.every((n, d) => Number.isInteger(n) && n >= 0 && n <= shape[d]!)) ||
  `${name} must have one entry per operand axis, from 0 to its size, got ${show(sizes)} for ${show(shape)}`;

/** The starts, moved so that a window of these sizes fits. */
const movedStarts = (starts: readonly HostArray[], sizes: Shape, shape: Shape): number[] =>
  starts.map((s, d) => Math.max(0, Math.min(doubles(s)[0]!, shape[d]! - sizes[d]!)));

function readWindow(x: HostArray, starts: readonly HostArray[], sizes: Shape): HostArray {
  const strides = stridesOf(x.shape);
  return strided(x, sizes, strides, flatten(movedStarts(starts, sizes, x.shape), strides));
}

function writeWindow(x: HostArray, update: HostArray, starts: readonly HostArray[]): HostArray {
  const strides = stridesOf(x.shape);
  const first = flatten(movedStarts(starts, update.shape, x.shape), strides);
  const data = x.data.slice();
  const move = mover(data, update);
  forEachIndex(update.shape, (index, flat) => move(first + flatten(index, strides), flat));
  return { shape: x.shape, dtype: x.dtype, data };
}

/** A start of 0 beside the given ones. */
const zeroStart = (lax: Lax, starts: readonly NDArray[]): NDArray => lax.full([], 0, starts[0]?.dtype ?? 'int32');

/** For each lane, the window of its operand at its starts. The operand's batch axis, if it has one, is in front. */
function windowPerLane(
  lax: Lax,
  operand: { readonly value: NDArray; readonly batched: boolean },
  starts: readonly NDArray[],
  sizes: Shape,
  axis: BatchAxis,
): NDArray {
  const vectors = starts.map((s) => lax.broadcastInDim(s, [axis.size, 1], s.ndim === 0 ? [] : [0]));
  const axes = range(sizes.length);
  return lax.gather(
    operand.value,
    lax.concatenate(vectors, 1),
    {
      offset_dims: shifted(axes),
      collapsed_slice_dims: [],
      start_index_map: operand.batched ? shifted(axes) : axes,
      operand_batching_dims: operand.batched ? [0] : [],
      start_indices_batching_dims: operand.batched ? [0] : [],
    },
    operand.batched ? [Math.min(axis.size, 1), ...sizes] : sizes,
    { mode: 'clip' },
  );
}

export interface DynamicSliceParams {
  readonly slice_sizes: Shape;
}

const STARTS = { name: 'starts', dtypes: INTEGERS, variadic: { atLeast: 0 } } as const;
const knownStarts = (starts: readonly Operand[]): NDArray[] => starts.map(knownOperand);

export const dynamicSlice: Defined<'dynamic_slice', DynamicSliceParams, 'C1' | 'C2'> = definePrimitive({
  name: 'dynamic_slice',
  spec: 'spec/primitives/indexing.md#dynamic_slice',
  operands: [{ name: 'operand', dtypes: ANY }, STARTS],
  params: { slice_sizes: NATURALS },
  dtypes: ANY,
  constraints: {
    C1: ([x, ...starts]) => checkStarts(starts, x!.shape.length),
    C2: ([x], p) => checkFits('slice_sizes', p.slice_sizes, x!.shape),
  },
  infer: ([x], p) => [{ ...x!, shape: p.slice_sizes }],
  evaluate: ([x, ...starts], p) => [readWindow(x!, starts, p.slice_sizes)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x, ...starts]) {
      const back = ct ? lax.dynamicUpdateSlice(lax.zerosLike(operandAval(x!)), ct, knownStarts(starts)) : null;
      return [back, ...starts.map(() => null)];
    },
  },
  batch(lax, [x, ...starts], [at, ...startAt], axis, p) {
    const value = at === null ? x! : lax.moveAxis(x!, at!, 0);
    if (startAt.every((a) => a === null)) {
      return inFront(lax.dynamicSlice(value, [zeroStart(lax, starts), ...starts], [axis.size, ...p.slice_sizes]));
    }
    return inFront(windowPerLane(lax, { value, batched: at !== null }, starts, p.slice_sizes, axis));
  },
  bound: ([x, ...starts], [y], p) => [
    unlessUncertain(starts, sizeOf(y!.shape), () =>
      mapBound(x!, (part) =>
        readWindow(
          part,
          starts.map((s) => s.value),
          p.slice_sizes,
        ),
      ),
    ),
  ],
  accuracy: exact,
  cases: (gen) =>
    gen
      .shape()
      .chain((shape) =>
        choices(gen, (pick) => shape.map((n) => n - pick(n + 1))).chain((slice_sizes) =>
          withStarts(gen, [[gen.dtype, shape]], shape.length, { slice_sizes }),
        ),
      ),
  breaks: {
    C1: (gen) =>
      brokenStarts(gen, (shape, starts) => call(gen, [[gen.dtype, shape], ...starts], { slice_sizes: shape })),
    C2: (gen) =>
      smallShape(gen, 1).chain((s) =>
        gen.fc
          .constantFrom(
            s.slice(1),
            s.map((n) => n + 1),
            s.map(() => -1),
          )
          .chain((slice_sizes) => withStarts(gen, [[gen.dtype, s]], s.length, { slice_sizes })),
      ),
  },
});

export const dynamicUpdateSlice: Defined<'dynamic_update_slice', NoParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'dynamic_update_slice',
  spec: 'spec/primitives/indexing.md#dynamic_update_slice',
  operands: [{ name: 'operand', dtypes: ANY }, { name: 'update', dtypes: ANY }, STARTS],
  params: {},
  dtypes: ANY,
  constraints: {
    C1: ([x, update]) =>
      x!.dtype === update!.dtype || `operand and update must have one dtype, got ${x!.dtype} and ${update!.dtype}`,
    C2: ([x, , ...starts]) => checkStarts(starts, x!.shape.length),
    C3: ([x, update]) => checkFits("update's shape", update!.shape, x!.shape),
  },
  infer: ([x]) => [x!],
  evaluate: ([x, update, ...starts]) => [writeWindow(x!, update!, starts)],
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x, update, ...starts]) {
      if (!ct) return [null, null, ...starts.map(() => null)];
      const at = knownStarts(starts);
      const { shape } = operandAval(update!);
      return [
        'linear' in x! ? lax.dynamicUpdateSlice(ct, lax.zerosLike({ shape, dtype: ct.dtype }), at) : null,
        'linear' in update! ? lax.dynamicSlice(ct, at, shape) : null,
        ...starts.map(() => null),
      ];
    },
  },
  batch(lax, [x, update, ...starts], [at, updateAt, ...startAt], axis) {
    const operand = toFront(lax, x!, at!, axis);
    const updates = toFront(lax, update!, updateAt!, axis);
    if (startAt.some((a) => a !== null)) return inFront(updatePerLane(lax, operand, updates, starts, axis));
    return inFront(lax.dynamicUpdateSlice(operand, updates, [zeroStart(lax, starts), ...starts]));
  },
  bound: ([x, update, ...starts], [y]) => [
    unlessUncertain(starts, sizeOf(y!.shape), () => {
      if (x!.bound === null && update!.bound === null) return null;
      const part = (of: 'worst' | 'variance'): Float64Array => {
        const [into, from] = [x!, update!].map(({ value, bound }): HostArray => {
          const data = bound?.[of] ?? new Float64Array(sizeOf(value.shape));
          return { shape: value.shape, dtype: 'float64', data };
        });
        return Float64Array.from(
          numbers(
            writeWindow(
              into!,
              from!,
              starts.map((s) => s.value),
            ),
          ),
        );
      };
      return { worst: part('worst'), variance: part('variance') };
    }),
  ],
  accuracy: exact,
  cases: (gen) =>
    gen.shape().chain((shape) =>
      choices(gen, (pick) => shape.map((n) => n - pick(n + 1))).chain((update) =>
        withStarts(
          gen,
          [
            [gen.dtype, shape],
            [gen.dtype, update],
          ],
          shape.length,
          {},
        ),
      ),
    ),
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((s) =>
        withStarts(
          gen,
          [
            [gen.dtype, s],
            [gen.dtype === 'int32' ? 'float32' : 'int32', s],
          ],
          s.length,
          {},
        ),
      ),
    C2: (gen) =>
      brokenStarts(gen, (shape, starts) => call(gen, [[gen.dtype, shape], [gen.dtype, shape], ...starts], {})),
    C3: (gen) =>
      smallShape(gen, 1).chain((s) =>
        gen.fc
          .constantFrom(
            s.slice(1),
            s.map((n) => n + 1),
          )
          .chain((update) =>
            withStarts(
              gen,
              [
                [gen.dtype, s],
                [gen.dtype, update],
              ],
              s.length,
              {},
            ),
          ),
      ),
  },
});

/**
 * Each lane's update at its own starts: the update is surrounded by room on all sides, and the window of it is read
 * whose start is as far before the update as the update shall begin after the operand's start. A mask goes the same way.
 */
function updatePerLane(
  lax: Lax,
  operand: NDArray,
  updates: NDArray,
  starts: readonly NDArray[],
  axis: BatchAxis,
): NDArray {
  const shape = operand.shape.slice(1);
  const inner = updates.shape.slice(1);
  const room = shape.map((n, d) => n - inner[d]!);
  const offsets = starts.map((s, d) => {
    const wide = dtypes[s.dtype].bytes < 4 ? lax.convertElementType(s, 'int32') : s; // which holds the size of any axis
    return lax.sub(room[d]!, lax.clamp(0, wide, room[d]!));
  });
  const config = room.map((n) => [n, n, 0] as const);
  const zero = lax.zerosLike({ shape: [], dtype: operand.dtype });
  const surrounded = lax.pad(updates, zero, [[0, 0, 0], ...config]);
  const mask = lax.pad(lax.full(inner, true, 'bool'), lax.full([], false, 'bool'), config);
  const placed = windowPerLane(lax, { value: surrounded, batched: true }, offsets, shape, axis);
  const inside = windowPerLane(lax, { value: mask, batched: false }, offsets, shape, axis);
  return lax.select(inside, placed, operand);
}

type Types = readonly (readonly [DType, Shape])[];

/** Starts within the operand, outside of it, and far away. */
function withStarts<P>(gen: Gen, operands: Types, rank: number, params: P): ReturnType<typeof call<P>> {
  const { fc } = gen;
  return fc
    .tuple(fc.constantFrom(...INTEGERS), fc.boolean())
    .chain(([dtype, far]) => {
      const min = dtypes[dtype].kind === 'int' ? -3 : 0;
      const starts = range(rank).map(() => (far ? gen.array(dtype, []) : gen.array(dtype, [], { min, max: 6 })));
      return fc.tuple(fc.tuple(...operands.map(([of, shape]) => gen.array(of, shape))), fc.tuple(...starts));
    })
    .map(([args, starts]): Call<P> => ({ args: [...args, ...starts], params }));
}

/** One start too few, one that is not a scalar, or starts of two dtypes. */
function brokenStarts<P>(
  gen: Gen,
  make: (shape: Shape, starts: Types) => ReturnType<typeof call<P>>,
): ReturnType<typeof call<P>> {
  return smallShape(gen, 2).chain((shape) => {
    const good = shape.map((): [DType, Shape] => ['int32', []]);
    return gen.fc.oneof(
      make(shape, good.slice(1)),
      make(shape, good.with(0, ['int32', [1]])),
      make(shape, good.with(0, ['uint32', []])),
    );
  });
}
