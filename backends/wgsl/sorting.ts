/**
 * sort and top_k. Few operands are carried along while their rows are put in order; of many the positions are, and the
 * elements are then found by them, wherever they are asked for.
 */
import { isComplex } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import type { Making } from './compile/making.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { linesAlong } from './lines.ts';
import { BLOCK, mergeRows, rankRows } from './merging.ts';
import { keyOf, numberOf, type Order } from './ordering.ts';
import { radixSort } from './radix.ts';
import type { Rows } from './records.ts';

/** Rows up to this long are ranked by one kernel, if that compares no more than so many pairs. */
const SHORT = 64;
const FEW_PAIRS = { cpu: 2 ** 18, gpu: 2 ** 26 } as const;
/** Rows from this length on are sorted digit by digit on CPUs, if there are so many records: it takes many counters. */
const LONG = 2 ** 13;
const MANY = 2 ** 16;
/** Words of an element that are carried rather than found again. */
const MOST_CARRIED = 2;
/** Words of keys that rows are sorted by at once: a kernel reads and writes a buffer for each, and one for positions. */
const MOST_KEYS = 3;

/** Writes the first `keep` records of each row in order, the way that is the fastest. */
function order(making: Making, rows: Rows, keep: number): void {
  const { count, length } = rows;
  const { cpu } = making.target;
  const pairs = count * length * length;
  if (length > BLOCK && length <= SHORT && pairs <= FEW_PAIRS[cpu ? 'cpu' : 'gpu']) rankRows(making, rows, keep);
  else if (cpu && keep === length && length >= LONG && count * length >= MANY) radixSort(making, rows);
  else mergeRows(making, rows, keep);
}

// ---- elements as words

const wordsOf = ({ type: { dtype } }: Node): number => (isComplex(dtype) ? 2 : 1);

/** The bits of an element. */
function toWords(k: Builder, { type: { dtype } }: Node, code: Code): readonly Code[] {
  switch (registerOf(dtype)) {
    case 'bool':
      return [k.let('u32', `select(0u, 1u, ${code})`)];
    case 'u32':
      return [code];
    case 'vec2f':
      return ['x', 'y'].map((part) => k.let('u32', `bitcast<u32>(${code}.${part})`));
    default:
      return [k.let('u32', `bitcast<u32>(${code})`)];
  }
}

function fromWords(k: Builder, { type: { dtype } }: Node, [word, other]: readonly Code[]): Code {
  const register = registerOf(dtype);
  switch (register) {
    case 'bool':
      return k.let('bool', `(${word} != 0u)`);
    case 'u32':
      return word!;
    case 'vec2f':
      return k.let('vec2f', `vec2f(bitcast<f32>(${word}), bitcast<f32>(${other}))`);
    default:
      return k.let(register, `bitcast<${register}>(${word})`);
  }
}

const ASCENDING: Order = { nan: 'last', zeros: 'equal' };

/** The keys of an element: of complex numbers the parts. */
function keysOf(k: Builder, { type: { dtype } }: Node, code: Code): readonly Code[] {
  if (!isComplex(dtype)) return [keyOf(k, code, dtype, ASCENDING)];
  return ['x', 'y'].map((part) => keyOf(k, `${code}.${part}`, 'float32', ASCENDING));
}

const keyTypes = (xs: readonly Node[]): Rows['keys'] =>
  xs.flatMap(({ type: { dtype } }) => (isComplex(dtype) ? (['float32', 'float32'] as const) : [dtype]));

// ---- sort

/** The operands themselves, moved with their keys. */
function carried(xs: readonly Node[], numKeys: number, axis: number): readonly Node[] {
  const { shape } = xs[0]!.type;
  const lines = linesAlong(shape, axis);
  const starts = xs.map((_, i) => xs.slice(0, i).reduce((n, x) => n + wordsOf(x), 0));
  const partsOf = (k: Builder, words: readonly Code[], i: number): Code =>
    fromWords(k, xs[i]!, words.slice(starts[i], starts[i]! + wordsOf(xs[i]!)));
  return new Computation({
    name: 'sort',
    operands: xs,
    results: xs.map(({ type }) => type),
    finishes: true,
    make: (making, { results }) => {
      const rows: Rows = {
        ...{ count: lines.count, length: lines.length, words: xs.reduce((n, x) => n + wordsOf(x), 0) },
        keys: keyTypes(xs.slice(0, numKeys)),
        load: (k, row, j) => xs.flatMap((x) => toWords(k, x, k.element(x, lines.at(k, row, j)))),
        keysOf: (k, words) => xs.slice(0, numKeys).flatMap((x, i) => keysOf(k, x, partsOf(k, words, i))),
        finish: (k, row, j, words) =>
          results.forEach((result, i) => k.define(result, lines.at(k, row, j), partsOf(k, words, i))),
      };
      order(making, rows, lines.length);
    },
  }).results;
}

/** Where the elements of each row along `axis` are, in order: rows one after the other. */
function positions(keys: readonly Node[], axis: number): Node {
  const lines = linesAlong(keys[0]!.type.shape, axis);
  const { count, length } = lines;
  const types = keyTypes(keys);
  return new Computation({
    name: 'sort',
    operands: keys,
    results: [{ shape: [count, length], dtype: 'int32' }],
    make: (making, { results: [result] }) => {
      const rows: Rows = {
        ...{ count, length, words: 1 + types.length, keys: types },
        load: (k, row, j) => [
          j,
          ...keys
            .flatMap((x) => keysOf(k, x, k.element(x, lines.at(k, row, j))))
            .map((key) => k.let('u32', `bitcast<u32>(${key})`)),
        ],
        keysOf: (k, words) => words.slice(1).map((word) => k.let('i32', `bitcast<i32>(${word})`)),
        finish: (k, row, j, [position]) =>
          k.store(result!, k.let('u32', `${row} * ${length}u + ${j}`), `i32(${position})`),
      };
      order(making, rows, length);
    },
  }).results[0]!;
}

/** The elements of each row in order. */
const arranged = (x: Node, order: Node, axis: number): Node =>
  new Indexed(
    x.type,
    [x, order],
    (k, index) => {
      const dims = index.dims(k);
      const rest = (of: readonly (number | Code)[]): readonly (number | Code)[] => of.filter((_, d) => d !== axis);
      const row = Index.of(rest(x.type.shape) as number[], rest(dims) as Code[]).flat(k);
      return k.at(x, dims.with(axis, k.let('u32', `u32(${k.at(order, [row, dims[axis]!])})`)));
    },
    { cost: 1 },
  );

/** Neighbours together, as long as all of them have no more words than keys may have. */
function groupsOf(keys: readonly Node[]): readonly (readonly Node[])[] {
  const groups: Node[][] = [];
  let words = Infinity;
  for (const key of keys) {
    if (words + wordsOf(key) > MOST_KEYS) groups.push([]);
    words = groups.at(-1)!.reduce((n, x) => n + wordsOf(x), wordsOf(key));
    groups.at(-1)!.push(key);
  }
  return groups;
}

/** As `positions`, by any number of keys: rows that are in the order of the last keys keep it where earlier ones are equal. */
function orderBy(keys: readonly Node[], axis: number): Node {
  const [last, ...earlier] = groupsOf(keys).toReversed();
  return earlier.reduce(
    (order, group) => {
      const moved = group.map((key) => arranged(key, order, axis));
      return arranged(order, positions(moved, axis), 1);
    },
    positions(last!, axis),
  );
}

const sort: Lowerer<ParamsOf<'sort'>> = (_, operands, { dimension, num_keys }) => {
  const { shape } = operands[0]!.type;
  if (sizeOf(shape) === 0 || shape[dimension] === 1) return operands;
  if (operands.reduce((n, x) => n + wordsOf(x), 0) <= MOST_CARRIED) return carried(operands, num_keys, dimension);
  const order = orderBy(operands.slice(0, num_keys), dimension);
  return operands.map((x) => arranged(x, order, dimension));
};

// ---- top_k

/** NaN first, +0 before −0: the key turned over, from which the number is found again. */
const topK: Lowerer<ParamsOf<'top_k'>> = (_, [x], { k: keep, axis }, types) => {
  if (sizeOf(types[0]!.shape) === 0)
    return types.map((type: Type) => new Indexed(type, [], (k) => k.constant(type.dtype, 0)));
  const { shape, dtype } = x!.type;
  const lines = linesAlong(shape, axis);
  return new Computation({
    name: 'top_k',
    operands: [x!],
    results: types,
    finishes: true,
    make: (making, { results: [values, places] }) => {
      const rows: Rows = {
        ...{ count: lines.count, length: lines.length, words: 2, keys: [dtype] },
        load(k, row, j) {
          const key = keyOf(k, k.element(x!, lines.at(k, row, j)), dtype, { nan: 'last', zeros: 'apart' });
          return [k.let('u32', `bitcast<u32>(~${key})`), j];
        },
        keysOf: (k, [word]) => [k.let('i32', `bitcast<i32>(${word})`)],
        finish(k, row, j, [word, position]) {
          const at = lines.at(k, row, j, values!.type.shape);
          const key = k.let('i32', `~bitcast<i32>(${word})`);
          k.define(values!, at, k.let(registerOf(dtype), numberOf(k, key, dtype)));
          k.define(places!, at, k.let('i32', `i32(${position})`));
        },
      };
      order(making, rows, keep);
    },
  }).results;
};

export const sorting: Part<'sort' | 'top_k'> = { sort, top_k: topK };
