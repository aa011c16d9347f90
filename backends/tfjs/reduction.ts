/** Reductions along axes. */
import { type DType, iinfo, isInteger } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Lower } from '../table.ts';
import { extreme } from './arithmetic.ts';
import { type Shape, type Tensor, view } from './engine.ts';
import { flat, type Kernels, LONGEST_RUN } from './kernels.ts';
import type { Part, Value } from './lowering.ts';

/** `x` as a matrix whose rows run over `axes`. */
export function rowsAlong(k: Kernels, x: Tensor, axes: Shape): Tensor {
  const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const size = (of: Shape): number => sizeOf(of.map((d) => x.shape[d]!));
  return view(k.transpose(x, [...kept, ...axes]), [size(kept), size(axes)]);
}

/** Rows along one axis as the array of the given shape. */
export function fromRows(k: Kernels, rows: Tensor, shape: Shape, axis: number): Tensor {
  const order = [...shape.keys()].filter((d) => d !== axis).concat(axis);
  const permuted = order.map((d) => shape[d]!);
  return k.transpose(
    view(rows, permuted),
    order.map((_, d) => order.indexOf(d)),
  );
}

/** Rows as blocks of about √n elements, filled up with zeros: [rows, blocks, block]. */
export function inBlocks(k: Kernels, rows: Tensor): Tensor {
  const [count, n] = rows.shape as [number, number];
  const block = Math.ceil(Math.sqrt(n));
  const blocks = Math.ceil(n / block);
  const missing = blocks * block - n;
  const full = missing === 0 ? rows : k.concat([rows, k.full([count, missing], 0, rows.dtype)], 1);
  return view(full, [count, blocks, block]);
}

/**
 * Sums of rows. The kernels add one after the other (wasm's rounds each time), so long rows are summed in blocks: at
 * most 2⌈√n⌉ additions follow one another. It also keeps the cpu engine's sums of integers below 2⁵³.
 */
export function sumRows(k: Kernels, rows: Tensor): Tensor {
  const [count, n] = rows.shape as [number, number];
  if (n <= LONGEST_RUN) return k.run('Sum', { x: rows }, { axis: [1], keepDims: false });
  const blocked = inBlocks(k, rows);
  const [, blocks, block] = blocked.shape as [number, number, number];
  return sumRows(k, view(sumRows(k, view(blocked, [count * blocks, block])), [count, blocks]));
}

type Combine = (a: Tensor, b: Tensor) => Tensor;

/**
 * Combines the halves of each row until one element is left: exact wherever the elementwise kernel is. The rows stand
 * upright, so that halves are contiguous.
 */
function foldRows(k: Kernels, rows: Tensor, combine: Combine): Tensor {
  const count = rows.shape[0]!;
  const part = (x: Tensor, from: number, n: number): Tensor => k.slice(x, [from, 0], [n, count]);
  let columns = k.transpose(rows, [1, 0]);
  for (let n = rows.shape[1]!; n > 1; n = Math.ceil(n / 2)) {
    const half = Math.floor(n / 2);
    const both = combine(flat(part(columns, 0, half)), flat(part(columns, half, half)));
    const halved = view(both, [half, count]);
    columns = n === 2 * half ? halved : k.concat([halved, part(columns, n - 1, 1)], 0);
  }
  return columns;
}

/** A reduction. `empty`: the result of a row without elements. */
const reduction =
  (
    reduce: (k: Kernels, rows: Tensor, type: DType) => Tensor,
    empty: (type: DType) => number,
  ): Lower<Kernels, Value, Tensor, { readonly axes: Shape }> =>
  (k, [x], { axes }, [result]) => {
    if (sizeOf(x!.shape) === 0) return [k.full(result!.shape, empty(x!.type), x!.dtype)];
    return [reduce(k, rowsAlong(k, x!, axes), x!.type)];
  };

const folded =
  (combine: (k: Kernels, type: DType) => Combine): ((k: Kernels, rows: Tensor, type: DType) => Tensor) =>
  (k, rows, type) =>
    foldRows(k, rows, combine(k, type));
const extremum = (largest: boolean): ((k: Kernels, rows: Tensor, type: DType) => Tensor) =>
  folded((k, type) => (a, b) => extreme(k, a, b, type, largest));

/** As the engine holds it: the largest uint32 has the bits of −1. */
const lowest = (type: DType): number => (type === 'float32' ? -Infinity : iinfo(type).min);
const highest = (type: DType): number => (type === 'float32' ? Infinity : type === 'uint32' ? -1 : iinfo(type).max);

/** The cpu engine multiplies integers in double precision, its floats too, which is good. */
const product = (k: Kernels, rows: Tensor, type: DType): Tensor =>
  isInteger(type)
    ? foldRows(k, rows, (a, b) => k.mulInt(a, b))
    : k.run('Prod', { x: rows }, { axis: [1], keepDims: false });

/** The first position that holds NaN or, without NaN, the extremum. */
function argExtremum(k: Kernels, x: Value, { axes }: ParamsOf<'argmax'>, largest: boolean): Tensor {
  const rows = rowsAlong(k, x, axes);
  const [count, n] = rows.shape as [number, number];
  const size = count * n;
  const best = k.broadcast(view(extremum(largest)(k, rows, x.type), [count, 1]), [count, n]);
  const elements = view(rows, [size]);
  const equal = k.eq(elements, view(best, [size]));
  const hit = x.type === 'float32' ? k.or(equal, k.isNaN(elements)) : equal;
  const positions = view(k.broadcast(view(k.range(0, n), [1, n]), [count, n]), [size]);
  const candidates = k.where(hit, positions, k.like(positions, n));
  return k.run('Min', { x: view(candidates, [count, n]) }, { axis: [1], keepDims: false });
}

export const reductions: Part<
  | 'reduce_sum'
  | 'reduce_max'
  | 'reduce_min'
  | 'reduce_prod'
  | 'reduce_and'
  | 'reduce_or'
  | 'reduce_xor'
  | 'argmax'
  | 'argmin'
> = {
  reduce_sum: reduction(sumRows, () => 0),
  reduce_prod: reduction(product, () => 1),
  reduce_max: reduction(extremum(true), lowest),
  reduce_min: reduction(extremum(false), highest),
  reduce_and: reduction(
    folded((k, type) => (type === 'bool' ? k.and : k.bitAnd)),
    (type) => (type === 'bool' ? 1 : -1),
  ),
  reduce_or: reduction(
    folded((k, type) => (type === 'bool' ? k.or : (a, b) => k.bitOr(a, b))),
    () => 0,
  ),
  reduce_xor: reduction(
    folded((k, type) => (type === 'bool' ? k.ne : (a, b) => k.bitXor(a, b))),
    () => 0,
  ),
  argmax: (k, [x], params) => [argExtremum(k, x!, params, true)],
  argmin: (k, [x], params) => [argExtremum(k, x!, params, false)],
};
