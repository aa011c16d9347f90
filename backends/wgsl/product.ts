/**
 * Sums of products: batches of [rows, depth] × [depth, columns], their factors found by any arithmetic of indices. Each
 * invocation makes a tile of the result in its registers. The sums are of blocks, as a long chain of roundings would be
 * beyond the bound of sums (spec/numerics.md#sum).
 */
import type { DType } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { Builder } from './compile/builder.ts';
import { type Code, type Lanes, typeText } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Result } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import { reduce } from './folding.ts';
import { accumulator, or, sum, times } from './monoids.ts';
import { narrowed } from './pointwise.ts';
import { Runs } from './runs.ts';

/** A row of the left factor, or a column of the right one: elements along the depth, in the dtype that sums have. */
export interface Line {
  one(c: Code): Code;
  /** Four of them, c in fours; where the factor has fours along the depth. */
  four(c: Code): Code;
}

export interface Factor {
  /** What can be read four at a time: neighbours along the depth, or neighbouring lines. */
  readonly fours: 'depth' | 'lines' | null;
  line(k: Builder, batch: Code, at: Code): Line;
  /** Four lines next to each other, `at` in fours. */
  lines(k: Builder, batch: Code, at: Code): (c: Code) => Code;
}

export interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly left: Factor;
  readonly right: Factor;
  /** Where an element is in the result, if not at (batch · rows + row) · columns + column. */
  readonly place: ((k: Builder, batch: Code, row: Code, column: Code) => Code) | null;
}

/** Sums of more terms are made of blocks of as many, or of the square root. */
const LONGEST_CHAIN = 1024;
const SHORTEST_BLOCK = 512;
/** Below so many products what counts is that the text is short: each sum has an invocation of its own. */
export const SMALL = 32_768;
/** Invocations that make a device busy, and what one of them should have to do. */
const BUSY = { cpu: 128, gpu: 16_384 } as const;
const WORTHWHILE = 128;

/** A number as one that sums are made of. */
export function converted(k: Builder, x: Code, from: DType, to: DType): Code {
  const [own, target] = [registerOf(from), registerOf(to)];
  return own === target ? x : k.value(target, `${typeText(target, k.lanes)}(${x})`);
}

/** The text of a + x · y: x is one number, the others have the lanes of now. */
export function added(k: Builder, dtype: DType, a: Code, x: Code, y: Code): Code {
  if (dtype === 'bool') return k.lanes === 1 ? `${a} | (${x} & ${y})` : `${a} | (vec4<bool>(${x}) & ${y})`;
  return `${a} + ${times(k, x, y, dtype)}`;
}

/** Factors of which nothing is read four at a time. */
const oneByOne = (product: Product): Product => ({
  ...product,
  left: { ...product.left, fours: null },
  right: { ...product.right, fours: null },
});

/** Takes the sum at a place of the result (in fours, if that is how it is written). */
export type Use = (at: Code, sum: Code) => void;

/** How tiles are computed: so many, each by what `each` starts. */
export interface Tiling {
  readonly count: number;
  readonly lanes: Lanes;
  /** Starts `body` for each of so many. */
  each(making: Making, count: number, body: (k: Builder, i: Code) => void): void;
  /** Tile `i` of the depth from `from` to `to`, which has at most `length`. */
  compute(k: Builder, i: Code, from: Code, to: Code, length: number, use: Use): void;
}

/** Computes a product, invocations each making a tile. */
export function multiply(making: Making, product: Product, result: Result): void {
  const { batch, rows, columns, depth } = product;
  const isSmall = batch * rows * columns * depth < SMALL;
  const byFour = !isSmall && columns % 4 === 0 && product.place === null && making.byFour([result]);
  const tiles = new Tiles(
    isSmall ? oneByOne(product) : product,
    accumulator(result.type.dtype),
    isSmall,
    byFour ? 4 : 1,
  );
  const busy = BUSY[making.target.cpu ? 'cpu' : 'gpu'];
  inParts(making, product.depth, tiles, busy, result);
}

/** Computes all tiles; a few deep ones in parts, whose sums another kernel adds. */
export function inParts(making: Making, depth: number, tiling: Tiling, busy: number, result: Result): void {
  const { dtype, shape } = result.type;
  const { count, lanes } = tiling;
  const parts = Math.max(1, Math.floor(Math.min(busy / count, depth / WORTHWHILE)));
  if (parts === 1) {
    tiling.each(making, count, (k, i) =>
      tiling.compute(k, i, '0u', `${depth}u`, depth, (at, code) =>
        k.define(result, Index.flat(shape, at), narrowed(k, code, dtype)),
      ),
    );
    return;
  }
  const size = sizeOf(shape);
  const between = making.temporary({ shape: [parts, size], dtype: accumulator(dtype) });
  const each = Math.ceil(depth / parts / 4) * 4;
  tiling.each(making, count * parts, (k, i) => {
    const part = k.let('u32', `${i} / ${count}u`);
    const from = k.let('u32', `min(${part} * ${each}u, ${depth}u)`);
    const to = k.let('u32', `min(${from} + ${each}u, ${depth}u)`);
    tiling.compute(k, k.let('u32', `${i} % ${count}u`), from, to, each, (at, code) =>
      k.store(between, k.let('u32', `${part} * ${size / lanes}u + ${at}`), code),
    );
  });
  const runs = new Runs(between, [0], making.byFour([between]));
  reduce(making, runs, dtype === 'bool' ? or(dtype) : sum(dtype), result);
}

/** Lines of both factors whose products one invocation computes. */
class Tiles implements Tiling {
  readonly count: number;
  readonly lanes: Lanes;
  readonly #product: Product;
  readonly #dtype: DType;
  readonly #isSmall: boolean;
  readonly #rows: number;
  readonly #columns: number;
  readonly #across: number;
  readonly #down: number;

  constructor(product: Product, dtype: DType, isSmall: boolean, lanes: Lanes) {
    this.#product = product;
    this.#dtype = dtype;
    this.#isSmall = isSmall;
    this.lanes = lanes;
    this.#rows = Math.min(isSmall ? 1 : 8, product.rows);
    this.#columns = Math.min(isSmall ? 1 : lanes === 4 ? 2 : 4, product.columns / lanes);
    this.#down = Math.ceil(product.rows / this.#rows);
    this.#across = Math.ceil(product.columns / lanes / this.#columns);
    this.count = product.batch * this.#down * this.#across;
  }

  each(making: Making, count: number, body: (k: Builder, i: Code) => void): void {
    if (this.#isSmall) making.each(count, body);
    else making.eachLong(count, body);
  }

  compute(k: Builder, i: Code, from: Code, to: Code, length: number, use: Use): void {
    const dtype = this.#dtype;
    const { batch, rows, columns, left, right, place } = this.#product;
    const vectors = columns / this.lanes;
    const [b, down, across] = Index.flat([batch, this.#down, this.#across], i).dims(k);
    const lines = (n: number, tile: Code, end: number): Code[] =>
      Array.from({ length: n }, (_, at) => {
        const line = k.let('u32', `${tile} * ${n}u + ${at}u`);
        return end % n === 0 ? line : k.let('u32', `min(${line}, ${end - 1}u)`);
      });
    const ms = lines(this.#rows, down!, rows);
    const ns = lines(this.#columns, across!, vectors);
    const fours = left.fours === 'depth' || right.fours === 'depth' ? 4 : 1;
    const leftAt = ms.map((m) => rowOf(k, left, b!, m, fours));
    const rightAt = ns.map((n) => columnsOf(k, right, b!, n, fours, this.lanes));
    const step: Sums['step'] = (total, c): void => {
      const xs = leftAt.map((at) => at(c));
      const ys = k.inLanes(this.lanes, () => rightAt.map((at) => at(c)));
      k.inLanes(this.lanes, () => {
        // All that is added to a sum at once: it is held in memory as likely as not.
        for (const [m, row] of total.entries())
          for (const [n, x] of row.entries())
            k.line(`${x} = ${xs[m]!.reduce((own, factor, q) => added(k, dtype, own, factor, ys[n]![q]!), x)};`);
      });
    };
    const [first, last] = fours === 4 ? [inFours(k, from), inFours(k, to)] : [from, to];
    const total = sumInBlocks(
      k,
      { dtype, lanes: this.lanes, rows: this.#rows, columns: this.#columns, step },
      { from: first, to: last, length: Math.ceil(length / fours), unit: 1, terms: fours },
    );
    const exact = rows % this.#rows === 0 && vectors % this.#columns === 0;
    for (const [m, row] of total.entries())
      for (const [n, x] of row.entries()) {
        const write = (): void => {
          const [r, c] = [`${down} * ${this.#rows}u + ${m}u`, `${across} * ${this.#columns}u + ${n}u`];
          const at =
            place === null
              ? `(${b} * ${rows}u + ${r}) * ${vectors}u + ${c}`
              : place(k, b!, k.let('u32', r), k.let('u32', c));
          k.inLanes(this.lanes, () => use(k.let('u32', at), k.read(x)));
        };
        const isInside = `(${down} * ${this.#rows}u + ${m}u < ${rows}u) & (${across} * ${this.#columns}u + ${n}u < ${vectors}u)`;
        if (exact) write();
        else k.block(`if (${isInside})`, write);
      }
  }
}

/** Variables of sums, and one more step of all of them: at c, which counts by `unit`. */
export interface Sums {
  readonly dtype: DType;
  readonly lanes: Lanes;
  readonly rows: number;
  readonly columns: number;
  step(total: readonly (readonly Code[])[], c: Code): void;
}

/** Sums from `from` to `to`, at most `length` by steps of `unit`, those of many terms in blocks. `terms` are added in a step. */
export function sumInBlocks(
  k: Builder,
  { dtype, lanes, rows, columns, step }: Sums,
  { from, to, length, unit, terms }: { from: Code; to: Code; length: number; unit: number; terms: number },
): readonly (readonly Code[])[] {
  const type = typeText(registerOf(dtype), lanes);
  const zeros = (): Code[][] =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => k.variable(type, `${type}()`)));
  const total = zeros();
  const steps = Math.ceil(length / unit);
  if (steps * terms <= LONGEST_CHAIN) {
    if (length > 0) k.loop(from, to, `${unit}u`, (c) => step(total, c));
    return total;
  }
  const block = Math.ceil(Math.max(SHORTEST_BLOCK, Math.sqrt(steps * terms)) / terms) * unit;
  k.loop(from, to, `${block}u`, (start) => {
    const own = zeros();
    k.loop(start, k.let('u32', `min(${start} + ${block}u, ${to})`), `${unit}u`, (c) => step(own, c));
    total.forEach((row, m) =>
      row.forEach((x, n) => k.line(`${x} = ${x} ${dtype === 'bool' ? '|' : '+'} ${own[m]![n]};`)),
    );
  });
  return total;
}

const inFours = (k: Builder, at: Code): Code =>
  /^\d+u$/.test(at) ? `${parseInt(at) / 4}u` : k.let('u32', `${at} / 4u`);

/** The elements of a row at one place of the depth, or at four. */
function rowOf(k: Builder, factor: Factor, b: Code, m: Code, fours: number): (c: Code) => readonly Code[] {
  const line = factor.line(k, b, m);
  if (fours === 1) return (c) => [line.one(c)];
  return (c) => (factor.fours === 'depth' ? partsOf(line.four(c)) : k.scalars(c).map((at) => line.one(at)));
}

/** Those of a column, or of four columns as a vector. */
function columnsOf(
  k: Builder,
  factor: Factor,
  b: Code,
  n: Code,
  fours: number,
  lanes: Lanes,
): (c: Code) => readonly Code[] {
  if (lanes === 1) return rowOf(k, factor, b, n, fours);
  const depths = (c: Code): readonly Code[] => (fours === 1 ? [c] : k.scalars(c));
  if (factor.fours === 'lines') {
    const lines = factor.lines(k, b, n);
    return (c) => depths(c).map((at) => lines(at));
  }
  const four = k.scalars(n).map((at) => rowOf(k, factor, b, at, fours));
  return (c) => {
    const columns = four.map((at) => k.inLanes(1, () => at(c)));
    return depths(c).map((_, q) => `vec4(${columns.map((column) => column[q]!).join(', ')})`);
  };
}

const partsOf = (vector: Code): readonly Code[] => ['x', 'y', 'z', 'w'].map((lane) => `${vector}.${lane}`);
