/** sort and top_k: the positions in order are computed; the elements are then found by them, wherever they are asked for. */
import { isComplex } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder, Code } from './compile/builder.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import { keyOf } from './ordering.ts';
import { rank } from './ranking.ts';

/** The keys of an element. */
type KeysOf = (k: Builder, code: Code, x: Node) => readonly Code[];

/** Where the elements of each row along `axis` are, in order: rows one after the other. */
function ordered(name: string, xs: readonly Node[], axis: number, keysOf: KeysOf): Node {
  const { shape } = xs[0]!.type;
  const [length, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))];
  const count = sizeOf(shape) / length;
  const keys = xs.reduce((n, x) => n + (isComplex(x.type.dtype) ? 2 : 1), 0);
  return new Computation({
    name,
    operands: xs,
    results: [{ shape: [count, length], dtype: 'int32' }],
    make: (making, { results: [order] }) =>
      rank(
        making,
        {
          count,
          length,
          keys,
          key(k, row, j) {
            const [outer, own] = Index.flat([count / inner, inner], row).dims(k);
            const at = Index.of([count / inner, length, inner], [outer!, j, own!]).flat(k);
            return xs.flatMap((x) => keysOf(k, k.element(x, Index.flat(x.type.shape, at)), x));
          },
        },
        order!,
      ),
  }).results[0]!;
}

/** Reads the order of a row at a place along the axis: which position its element has. */
function positionAt(k: Builder, order: Node, dims: readonly Code[], x: Node, axis: number): Code {
  const rest = (of: readonly (number | Code)[]): readonly (number | Code)[] => of.filter((_, d) => d !== axis);
  const row = Index.of(rest(x.type.shape) as number[], rest(dims) as Code[]).flat(k);
  return k.at(order, [row, dims[axis]!]);
}

/** The first `length` elements of each row in order. */
const arranged = (x: Node, order: Node, axis: number, length: number): Node =>
  new Indexed(
    { ...x.type, shape: x.type.shape.with(axis, length) },
    [x, order],
    (k, index) => {
      const dims = index.dims(k);
      return k.at(x, dims.with(axis, k.let('u32', `u32(${positionAt(k, order, dims, x, axis)})`)));
    },
    { cost: 1 },
  );

const ascending: KeysOf = (k, code, { type: { dtype } }) =>
  isComplex(dtype)
    ? ['x', 'y'].map((part) => keyOf(k, `${code}.${part}`, 'float32', { nan: 'last', zeros: 'equal' }))
    : [keyOf(k, code, dtype, { nan: 'last', zeros: 'equal' })];

/** NaN first, +0 before −0. */
const descending: KeysOf = (k, code, { type: { dtype } }) => [
  k.let('i32', `~${keyOf(k, code, dtype, { nan: 'last', zeros: 'apart' })}`),
];

const sort: Lowerer<ParamsOf<'sort'>> = (_, operands, { dimension, num_keys }) => {
  const { shape } = operands[0]!.type;
  if (sizeOf(shape) === 0 || shape[dimension] === 1) return operands;
  const order = ordered('sort', operands.slice(0, num_keys), dimension, ascending);
  return operands.map((x) => arranged(x, order, dimension, shape[dimension]!));
};

const topK: Lowerer<ParamsOf<'top_k'>> = (_, [x], { k: length, axis }, results) => {
  if (sizeOf(results[0]!.shape) === 0)
    return results.map((type) => new Indexed(type, [], (k) => k.constant(type.dtype, 0)));
  const order = ordered('top_k', [x!], axis, descending);
  const positions = new Indexed(results[1]!, [order], (k, index) => positionAt(k, order, index.dims(k), x!, axis));
  return [arranged(x!, order, axis, length), positions];
};

export const sorting: Part<'sort' | 'top_k'> = { sort, top_k: topK };
