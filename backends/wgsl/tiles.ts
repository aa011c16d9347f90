/**
 * Sums of products on a GPU: a workgroup of 16 × 16 invocations brings blocks of both factors into the memory that it
 * shares, and each invocation makes every 16th row and column of a tile in its registers, so that neighbours read
 * neighbouring words.
 */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code, Lanes } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Result } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import { accumulator } from './monoids.ts';
import { added, type Factor, inParts, multiply, type Product, sumInBlocks, type Tiling, type Use } from './product.ts';

const SIDE = 16;
const INVOCATIONS = SIDE * SIDE;
/** From so many rows and columns on tiles of 128 × 128 keep all of a GPU busy; before, those of 64 × 64. */
const LARGE = 1024;
/** Workgroups that do. */
const BUSY = 128;

/** From so many rows and columns on tiles of workgroups are full enough. */
const FULL = 32;

/** Computes a product, the way that is the faster one for its size and the adapter. */
export function multiplyOn(making: Making, product: Product, result: Result): void {
  if (product.batch * product.rows * product.columns === 0) return;
  const isFull = Math.min(product.rows, product.columns) >= FULL;
  if (making.target.cpu || !isFull || isComplex(result.type.dtype)) multiply(making, product, result);
  else multiplyShared(making, product, result);
}

function multiplyShared(making: Making, product: Product, result: Result): void {
  const isLarge = Math.min(product.rows, product.columns) >= LARGE;
  const tiles = new SharedTiles(product, accumulator(result.type.dtype), isLarge ? 8 : 4);
  inParts(making, product.depth, tiles, BUSY, result);
}

class SharedTiles implements Tiling {
  readonly count: number;
  readonly lanes: Lanes = 1;
  readonly #product: Product;
  readonly #dtype: DType;
  /** Rows and columns of an invocation. */
  readonly #own: number;
  /** Rows and columns of a tile, and what of the depth is shared at a time. */
  readonly #side: number;
  readonly #deep: number;
  readonly #down: number;
  readonly #across: number;

  constructor(product: Product, dtype: DType, own: number) {
    this.#product = product;
    this.#dtype = dtype;
    this.#own = own;
    this.#side = SIDE * own;
    this.#deep = 64 / own;
    this.#down = Math.ceil(product.rows / this.#side);
    this.#across = Math.ceil(product.columns / this.#side);
    this.count = product.batch * this.#down * this.#across;
  }

  each(making: Making, count: number, body: (k: Builder, i: Code) => void): void {
    making.workgroups(count, INVOCATIONS, (k) => k.block(`if (workgroup < ${count}u)`, () => body(k, 'workgroup')));
  }

  compute(k: Builder, i: Code, from: Code, to: Code, length: number, use: Use): void {
    const { batch, rows, columns, left, right, place } = this.#product;
    const [b, down, across] = Index.flat([batch, this.#down, this.#across], i).dims(k) as [Code, Code, Code];
    const [top, start] = [down, across].map((tile) => k.let('u32', `${tile} * ${this.#side}u`)) as [Code, Code];
    const [y, x] = [k.let('u32', `local / ${SIDE}u`), k.let('u32', `local % ${SIDE}u`)];
    const shared = [left, right].map(() => k.shared(registerOf(this.#dtype), this.#side * this.#deep)) as [
      string,
      string,
    ];
    const total = sumInBlocks(
      k,
      {
        dtype: this.#dtype,
        lanes: 1,
        rows: this.#own,
        columns: this.#own,
        step: (sums, c) => {
          this.#share(k, shared[0], left, { batch: b, start: top, count: rows, c, to });
          this.#share(k, shared[1], right, { batch: b, start, count: columns, c, to });
          k.line('workgroupBarrier();');
          k.loop('0u', `${this.#deep}u`, '1u', (at) => this.#step(k, sums, shared, at, y, x));
          k.line('workgroupBarrier();');
        },
      },
      { from, to, length, unit: this.#deep, terms: this.#deep },
    );
    const lines = (first: Code, own: Code): readonly Code[] =>
      Array.from({ length: this.#own }, (_, n) => k.let('u32', `${first} + ${own} + ${n * SIDE}u`));
    const [ms, ns] = [lines(top, y), lines(start, x)];
    total.forEach((row, m) =>
      row.forEach((sum, n) =>
        k.block(`if ((${ms[m]} < ${rows}u) & (${ns[n]} < ${columns}u))`, () => {
          const at =
            place === null ? `(${b} * ${rows}u + ${ms[m]}) * ${columns}u + ${ns[n]}` : place(k, b, ms[m]!, ns[n]!);
          use(k.let('u32', at), k.read(sum));
        }),
      ),
    );
  }

  /** One more product for all sums of an invocation. */
  #step(
    k: Builder,
    sums: readonly (readonly Code[])[],
    [left, right]: readonly [string, string],
    at: Code,
    y: Code,
    x: Code,
  ): void {
    const line = k.let('u32', `${at} * ${this.#side}u`);
    const lines = (shared: string, own: Code): readonly Code[] =>
      sums.map((_, n) => k.read(`${shared}[${line} + ${own} + ${n * SIDE}u]`));
    const [xs, ys] = [lines(left, y), lines(right, x)];
    sums.forEach((row, m) =>
      row.forEach((sum, n) => k.line(`${sum} = ${added(k, this.#dtype, sum, xs[m]!, ys[n]!)};`)),
    );
  }

  /** Brings lines of a factor, from c of the depth on, into shared memory: [depth][line], zeros beyond the depth. */
  #share(
    k: Builder,
    shared: string,
    factor: Factor,
    { batch, start, count, c, to }: { batch: Code; start: Code; count: number; c: Code; to: Code },
  ): void {
    const [side, deep] = [this.#side, this.#deep];
    const zero = `${registerOf(this.#dtype)}()`;
    const put = (line: Code, depth: Code, code: Code): void =>
      k.line(`${shared}[(${depth} - ${c}) * ${side}u + ${line}] = select(${zero}, ${code}, ${depth} < ${to});`);
    const inside = (line: Code, end: number): Code => k.let('u32', `min(${line}, ${end - 1}u)`);
    const each = (n: number, body: (e: Code) => void): void =>
      k.loop('local', `${n}u`, `${INVOCATIONS}u`, (e) => body(e));
    const numbered = (vector: Code, body: (at: Code, lane: string) => void): void =>
      k.scalars(vector).forEach((at, q) => body(at, 'xyzw'[q]!));
    switch (factor.fours) {
      case 'depth':
        each((side * deep) / 4, (e) => {
          const line = k.let('u32', `${e} / ${deep / 4}u`);
          const four = k.let('u32', `${c} / 4u + ${e} % ${deep / 4}u`);
          const code = factor
            .line(k, batch, inside(`${start} + ${line}`, count))
            .four(k.let('u32', `min(${four}, ${to} / 4u - 1u)`));
          numbered(four, (at, lane) => put(line, at, `${code}.${lane}`));
        });
        return;
      case 'lines':
        each((side * deep) / 4, (e) => {
          const four = k.let('u32', `${e} % ${side / 4}u`);
          const depth = k.let('u32', `${c} + ${e} / ${side / 4}u`);
          const at = inside(`${start} / 4u + ${four}`, count / 4);
          const code = factor.lines(k, batch, at)(k.let('u32', `min(${depth}, ${to} - 1u)`));
          numbered(four, (line, lane) => put(line, depth, `${code}.${lane}`));
        });
        return;
      case null:
        each(side * deep, (e) => {
          const line = k.let('u32', `${e} / ${deep}u`);
          const depth = k.let('u32', `${c} + ${e} % ${deep}u`);
          const at = inside(`${start} + ${line}`, count);
          put(line, depth, factor.line(k, batch, at).one(k.let('u32', `min(${depth}, ${to} - 1u)`)));
        });
    }
  }
}
