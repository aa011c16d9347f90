/**
 * Indexing by values: gather, scatter_add and the dynamic slices. Positions are computed by the engine, as int32 row
 * numbers: the operand is seen as rows of the trailing axes that every window spans whole.
 */
import { gap } from '../../reference/core/backend.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import { forEachIndex, type Shape, sizeOf, stridesOf } from '../../reference/core/host.ts';
import type { IndexMode } from '../../reference/primitives/indexing.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { type Tensor, view } from './engine.ts';
import { flat, INT_MAX, type Kernels, LONGEST_RUN } from './kernels.ts';
import type { Part, Value } from './lowering.ts';
import { aroundAxis, replaced } from './shape.ts';

/** `x` limited to [0, limit]. An unsigned number that is negative as an int32 is a large one. */
function clampIndex(k: Kernels, x: Tensor, type: DType, limit: number): Tensor {
  const large = type === 'uint32' ? k.where(k.lt(x, k.like(x, 0)), k.like(x, INT_MAX), x) : x;
  return k.run('Minimum', { a: k.run('Maximum', { a: large, b: k.like(x, 0) }), b: k.like(x, limit) });
}

/** What gather and scatter have in common: windows into an operand, one per index vector. */
interface Windows {
  readonly operand: Shape;
  /** Size of a window along each operand axis. */
  readonly sizes: Shape;
  /** Operand axes that a window does not have. */
  readonly dropped: Shape;
  /** The operand axis of each component of an index vector. */
  readonly map: Shape;
  /** Pairs of an operand axis and an axis of the indices that run together. */
  readonly batching: readonly (readonly [operand: number, indices: number])[];
  readonly mode: IndexMode;
}

interface Positions {
  /** Row numbers, [windows × rows of a window]. */
  readonly rows: Tensor;
  /** Which windows lie inside the operand, one per row; null if all do, or are moved. */
  readonly inside: Tensor | null;
  /** Elements of a row, and rows of the operand. */
  readonly width: number;
  readonly height: number;
}

/** How many trailing axes every window spans. */
function wholeAxes({ operand, sizes, dropped }: Windows): number {
  let count = 0;
  for (let d = operand.length - 1; d >= 0 && sizes[d] === operand[d] && !dropped.includes(d); d--) count++;
  return count;
}

function positions(k: Kernels, indices: Value, windows: Windows): Positions {
  const { operand, sizes, map, batching, mode } = windows;
  const leading = operand.length - wholeAxes(windows);
  const width = sizeOf(operand.slice(leading));
  const strides = stridesOf(operand.slice(0, leading));
  const batch = indices.shape.slice(0, -1);
  const count = sizeOf(batch);
  const vectors = view(indices, [count, map.length]);

  let start = k.ints(batchOffsets(batch, batching, strides), [count]);
  let inside: Tensor | null = null;
  map.forEach((axis, j) => {
    const index = view(k.slice(vectors, [0, j], [count, 1]), [count]);
    const limit = operand[axis]! - sizes[axis]!;
    const clamped = clampIndex(k, index, indices.type, limit);
    if (mode === 'fill') {
      const fits = k.eq(clamped, index);
      inside = inside === null ? fits : k.and(inside, fits);
    }
    if (axis < leading) start = k.add(start, k.mul(clamped, k.like(clamped, strides[axis]!)));
  });

  const offsets = windowOffsets(sizes.slice(0, leading), strides);
  const shape = [count, offsets.length];
  const repeat = (x: Tensor): Tensor => flat(k.broadcast(view(x, [count, 1]), shape));
  const within = flat(k.broadcast(k.ints(offsets, [1, offsets.length]), shape));
  return {
    rows: k.add(repeat(start), within),
    inside: inside === null ? null : repeat(inside),
    width,
    height: sizeOf(operand.slice(0, leading)),
  };
}

/** The row at which the slice of each batch element begins. */
function batchOffsets(batch: Shape, batching: Windows['batching'], strides: Shape): Int32Array {
  const offsets = new Int32Array(sizeOf(batch));
  forEachIndex(batch, (index, at) => {
    for (const [operand, indices] of batching) offsets[at]! += index[indices]! * strides[operand]!;
  });
  return offsets;
}

/** The rows of a window that begins at row 0. */
function windowOffsets(sizes: Shape, strides: Shape): Int32Array {
  const offsets = new Int32Array(sizeOf(sizes));
  forEachIndex(sizes, (index, at) => {
    for (let d = 0; d < sizes.length; d++) offsets[at]! += index[d]! * strides[d]!;
  });
  return offsets;
}

/** The axes of `rank` that are not listed. */
const others = (rank: number, axes: Shape): number[] =>
  Array.from({ length: rank }, (_, d) => d).filter((d) => !axes.includes(d));

function invert(permutation: Shape): number[] {
  const undo: number[] = [];
  permutation.forEach((p, i) => (undo[p] = i));
  return undo;
}

const pairs = (a: Shape, b: Shape): (readonly [number, number])[] => a.map((x, i) => [x, b[i]!] as const);

// ---- gather

/** JAX's rule: NaN, the smallest int32, the largest uint32, true. As the engine holds it. */
const defaultFill = (type: DType): number =>
  type === 'float32' ? NaN : type === 'int32' ? -(2 ** 31) : type === 'uint32' ? -1 : 1;

function gather(k: Kernels, x: Value, indices: Value, p: ParamsOf<'gather'>, result: Shape): Tensor {
  const dims = p.dimension_numbers;
  const dropped = [...dims.collapsed_slice_dims, ...dims.operand_batching_dims];
  const { rows, inside, width, height } = positions(k, indices, {
    operand: x.shape,
    sizes: p.slice_sizes,
    dropped,
    map: dims.start_index_map,
    batching: pairs(dims.operand_batching_dims, dims.start_indices_batching_dims),
    mode: p.mode,
  });
  const taken = flat(k.take(view(x, [height, width]), rows, 0));
  const filled = inside === null ? taken : fillOutside(k, taken, inside, width, fillValue(x.type, p.fill_value));
  // The windows lie behind the batch axes; the result has them at offset_dims.
  const order = [...others(result.length, dims.offset_dims), ...dims.offset_dims];
  return k.transpose(
    view(
      filled,
      order.map((d) => result[d]!),
    ),
    invert(order),
  );
}

function fillOutside(k: Kernels, taken: Tensor, inside: Tensor, width: number, value: number): Tensor {
  const rows = inside.shape[0]!;
  const mask = flat(k.broadcast(view(inside, [rows, 1]), [rows, width]));
  return k.where(mask, taken, k.like(taken, value));
}

/** The value as the engine holds it. */
function fillValue(type: DType, value: number | boolean | null): number {
  if (value === null) return defaultFill(type);
  return type === 'float32' ? Number(value) : type === 'bool' ? Number(Boolean(value)) : Number(value) | 0;
}

// ---- scatter_add

function scatterAdd(k: Kernels, x: Value, indices: Value, updates: Tensor, p: ParamsOf<'scatter_add'>): Tensor {
  if (sizeOf(updates.shape) === 0) return x;
  const dims = p.dimension_numbers;
  const dropped = [...dims.inserted_window_dims, ...dims.operand_batching_dims].sort((a, b) => a - b);
  const window = dims.update_window_dims.map((d) => updates.shape[d]!);
  const kept = others(x.shape.length, dropped);
  const { rows, inside, width, height } = positions(k, indices, {
    operand: x.shape,
    sizes: x.shape.map((_, d) => (dropped.includes(d) ? 1 : window[kept.indexOf(d)]!)),
    dropped,
    map: dims.scatter_dims_to_operand_dims,
    batching: pairs(dims.operand_batching_dims, dims.scatter_indices_batching_dims),
    mode: p.mode,
  });
  // Updates that fall outside go to one more row, which is dropped.
  const targets = inside === null ? rows : k.where(inside, rows, k.like(rows, height));
  const order = [...others(updates.shape.length, dims.update_window_dims), ...dims.update_window_dims];
  const count = targets.shape[0]!;
  const values = view(k.transpose(updates, order), [count, width]);
  const sums = scatterRows(k, targets, values, height);
  const operand = flat(x);
  const total = k.add(operand, sums);
  if (x.dtype !== 'float32') return total;
  // ScatterNd begins with +0, and −0 + 0 is not −0: what only −0 is added to stays as it is.
  const changes = k.not(isMinusZero(k, flat(values)));
  const touched = k.run(
    'ScatterNd',
    { indices: view(targets, [count, 1]), updates: view(k.fromBool(changes, 'int32'), [count, width]) },
    { shape: [height + 1, width] },
  );
  const mask = k.toBool(flat(k.slice(touched, [0, 0], [height, width])));
  return k.where(mask, total, operand);
}

const isMinusZero = (k: Kernels, x: Tensor): Tensor =>
  k.and(k.eq(x, k.like(x, 0)), k.lt(k.div(k.like(x, 1), x), k.like(x, 0)));

function scatterRows(k: Kernels, targets: Tensor, values: Tensor, height: number): Tensor {
  const [count, width] = values.shape as [number, number];
  if (values.dtype === 'float32' && count > LONGEST_RUN) {
    const half = Math.ceil(count / 2);
    const part = (from: number, size: number): Tensor =>
      k.tidy(() => scatterRows(k, k.slice(targets, [from], [size]), k.slice(values, [from, 0], [size, width]), height));
    return k.add(part(0, half), part(half, count - half));
  }
  const sums = k.run(
    'ScatterNd',
    { indices: view(targets, [count, 1]), updates: values },
    { shape: [height + 1, width] },
  );
  return flat(k.slice(sums, [0, 0], [height, width]));
}

// ---- dynamic slices

function dynamicSlice(k: Kernels, x: Tensor, starts: readonly Value[], sizes: Shape): Tensor {
  return sizes.reduce((part, size, axis) => {
    const n = x.shape[axis]!;
    if (size === n) return part;
    const start = clampIndex(k, flat(starts[axis]!), starts[axis]!.type, n - size);
    const rows = k.add(k.spread(start, size), k.range(0, size));
    return view(k.take(aroundAxis(part, axis), rows, 1), replaced(part.shape, axis, size));
  }, x);
}

/** Repeats the update's rows over the operand's shape, then chooses it where it lies. */
function dynamicUpdateSlice(k: Kernels, x: Tensor, update: Tensor, starts: readonly Value[]): Tensor {
  if (sizeOf(update.shape) === 0) return x;
  let spread = update;
  let mask: Tensor | null = null;
  x.shape.forEach((n, axis) => {
    const size = update.shape[axis]!;
    if (size === n) return;
    const start = clampIndex(k, flat(starts[axis]!), starts[axis]!.type, n - size);
    const positions = k.sub(k.range(0, n), k.spread(start, n));
    const rows = clampIndex(k, positions, 'int32', size - 1);
    spread = view(k.take(aroundAxis(spread, axis), rows, 1), replaced(spread.shape, axis, n));
    const line = view(k.eq(rows, positions), [1, n, 1]);
    const here = flat(k.broadcast(line, aroundAxis(x, axis).shape));
    mask = mask === null ? here : k.and(mask, here);
  });
  return mask === null ? update : k.where(mask, flat(spread), flat(x));
}

const onlyAdds = gap('the engine can only add updates');

export const indexing: Part<
  | 'gather'
  | 'scatter'
  | 'scatter_add'
  | 'scatter_mul'
  | 'scatter_min'
  | 'scatter_max'
  | 'dynamic_slice'
  | 'dynamic_update_slice'
> = {
  gather: (k, [x, indices], params, [result]) => [gather(k, x!, indices!, params, result!.shape)],
  scatter_add: (k, [x, indices, updates], params) => [scatterAdd(k, x!, indices!, updates!, params)],
  scatter: onlyAdds,
  scatter_mul: onlyAdds,
  scatter_min: onlyAdds,
  scatter_max: onlyAdds,
  dynamic_slice: (k, [x, ...starts], { slice_sizes }) => [dynamicSlice(k, x!, starts, slice_sizes)],
  dynamic_update_slice: (k, [x, update, ...starts]) => [dynamicUpdateSlice(k, x!, update!, starts)],
};
