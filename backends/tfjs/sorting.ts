/** Elements in order. */
import type { DType } from '../../reference/core/dtypes.ts';
import { type Tensor, view } from './engine.ts';
import { flat, type Kernels } from './kernels.ts';
import type { Part, Value } from './lowering.ts';
import { fromRows, rowsAlong } from './reduction.ts';

/** The number of rows and their length. */
type Size = readonly [count: number, n: number];

/** The place of each row's first element, for each element. */
const firstOfRows = (k: Kernels, [count, n]: Size): Tensor =>
  k.ints(
    Int32Array.from({ length: count * n }, (_, i) => i - (i % n)),
    [count * n],
  );

/**
 * The places of the elements of all rows, each row in descending order of the keys: the last key counts most, and equal
 * elements stay in place. TopK compares numbers, int32 or float32 without NaN, and keeps equal ones in place if it is asked
 * for all elements.
 */
function descending(k: Kernels, size: Size, keys: readonly Tensor[]): Tensor {
  const first = firstOfRows(k, size);
  return keys.reduce((order: Tensor | null, key) => {
    const x = view(order === null ? key : k.take(key, order, 0), size);
    const [, positions] = k.engine.runAll('TopK', { x }, { k: size[1], sorted: true });
    const places = k.add(flat(positions!), first);
    return order === null ? places : k.take(order, places, 0);
  }, null)!;
}

/** 1 where a bool holds. */
const flag = (k: Kernels, x: Tensor): Tensor => k.fromBool(x, 'int32');
/** Turns the order of int32 around: −x would leave the smallest one where it is. */
const turned = (k: Kernels, x: Tensor): Tensor => k.sub(k.like(x, -1), x);
/** Numbers of any dtype but float32 as int32 in the same order. */
const asInt = (k: Kernels, x: Tensor, type: DType): Tensor =>
  type === 'bool' ? flag(k, x) : type === 'uint32' ? k.flipSign(x) : x;
const withoutNaN = (k: Kernels, x: Tensor): Tensor => k.where(k.isNaN(x), k.like(x, 0), x);

/** Keys that give ascending order, NaN last. */
function ascendingKeys(k: Kernels, x: Tensor, type: DType): Tensor[] {
  if (type !== 'float32') return [turned(k, asInt(k, x, type))];
  return [k.negFloat(withoutNaN(k, x)), turned(k, flag(k, k.isNaN(x)))];
}

/** Keys that give descending order, NaN first and +0 before −0. */
function descendingKeys(k: Kernels, x: Tensor, type: DType): Tensor[] {
  if (type !== 'float32') return [asInt(k, x, type)];
  const isPositive = k.gt(k.div(k.like(x, 1), x), k.like(x, 0));
  return [flag(k, isPositive), withoutNaN(k, x), flag(k, k.isNaN(x))];
}

const sizeOfRows = (rows: Tensor): Size => rows.shape as [number, number];

export const sorting: Part<'sort' | 'top_k'> = {
  sort(k, operands, { dimension, num_keys }) {
    const rows = operands.map((x) => rowsAlong(k, x, [dimension]));
    const keys = rows.slice(0, num_keys).flatMap((x, i) => [{ x: flat(x), type: operands[i]!.type }]);
    const size = sizeOfRows(rows[0]!);
    const order = descending(k, size, keys.reverse().flatMap(({ x, type }) => ascendingKeys(k, x, type))); // prettier-ignore
    return rows.map((x, i) => fromRows(k, k.take(flat(x), order, 0), operands[i]!.shape, dimension));
  },
  top_k(k, [x], { k: wanted, axis }) {
    const rows = rowsAlong(k, x!, [axis]);
    const size = sizeOfRows(rows);
    const order = descending(k, size, descendingKeys(k, flat(rows), x!.type));
    const best = (of: Tensor): Tensor => k.slice(view(of, size), [0, 0], [size[0], wanted]);
    const restored = (of: Tensor): Tensor => fromRows(k, best(of), (x as Value).shape.with(axis, wanted), axis);
    return [restored(k.take(flat(rows), order, 0)), restored(k.sub(order, firstOfRows(k, size)))];
  },
};
