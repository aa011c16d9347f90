/**
 * Long rows in order, digit by digit from the last one on (Knuth, The Art of Computer Programming 5.2.5): each chunk of a
 * row counts how often it has every digit, sums of these counts say where its records of a digit go, and there it brings
 * them in their order, so that what earlier digits have decided stays as it is.
 */
import { type DType, dtypes } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input } from './compile/node.ts';
import { sum } from './monoids.ts';
import { readWords, type Rows, temporaries, writeWords } from './records.ts';
import { scan } from './scanning.ts';

/** Bits of a digit at most. */
const BITS = 8;
/** Chunks that keep a CPU busy. */
const CHUNKS = 256;
/** Shorter chunks have fewer records than digits to count. */
const SHORTEST_CHUNK = 256;

/** Some bits of a key, as a number below `size`. */
interface Digit {
  readonly key: number;
  readonly shift: number;
  readonly size: number;
  /** What makes the key an unsigned number in the same order. */
  readonly bias: number;
}

/** The bits of a key that tell the numbers of a dtype apart: so many, from which one on; and the bias of the key. */
function bitsOf(dtype: DType): { readonly first: number; readonly count: number; readonly bias: number } {
  switch (dtype) {
    case 'bool':
      return { first: 0, count: 1, bias: 0 };
    case 'uint8':
    case 'uint16': // what is above their bits is the same in all
      return { first: 0, count: 8 * dtypes[dtype].bytes, bias: 0 };
    case 'int8':
    case 'int16':
      return { first: 0, count: 8 * dtypes[dtype].bytes, bias: 2 ** (8 * dtypes[dtype].bytes - 1) };
    case 'bfloat16':
      return { first: 16, count: 16, bias: 2 ** 31 };
    case 'float16': // as float32, whose mantissa has 13 bits more
      return { first: 13, count: 19, bias: 2 ** 31 };
    default:
      return { first: 0, count: 32, bias: 2 ** 31 };
  }
}

/** The digits of all keys, those that decide last first. */
const digitsOf = (keys: readonly DType[]): readonly Digit[] =>
  keys
    .map((dtype, key) => {
      const { first, count, bias } = bitsOf(dtype);
      return Array.from({ length: Math.ceil(count / BITS) }, (_, i) => ({
        ...{ key, bias, shift: first + i * BITS },
        size: 2 ** Math.min(BITS, count - i * BITS),
      }));
    })
    .toReversed()
    .flat();

/** The words of the j-th record of a row. */
type Read = Rows['load'];

/** Writes all records of each row in order. */
export function radixSort(making: Making, rows: Rows): void {
  const { count, length } = rows;
  const chunks = Math.max(1, Math.min(Math.ceil(CHUNKS / count), Math.floor(length / SHORTEST_CHUNK)));
  const digits = digitsOf(rows.keys);
  let read: Read = rows.load;
  for (const [pass, digit] of digits.entries()) {
    const chunked = new Chunks(rows, read, chunks, digit);
    const starts = chunked.starts(making);
    if (pass === digits.length - 1) chunked.bring(making, starts, rows.finish);
    else {
      const to = temporaries(making, rows, length);
      const at = (k: Builder, row: Code, j: Code): Code => k.let('u32', `${row} * ${length}u + ${j}`);
      chunked.bring(making, starts, (k, row, j, words) => writeWords(k, to, at(k, row, j), words));
      read = (k, row, j) => readWords(k, to, at(k, row, j));
    }
  }
}

/** Rows as chunks, of which one invocation each takes care, and a digit that they are brought in order by. */
class Chunks {
  readonly #rows: Rows;
  readonly #read: Read;
  readonly #chunks: number;
  readonly #digit: Digit;

  constructor(rows: Rows, read: Read, chunks: number, digit: Digit) {
    this.#rows = rows;
    this.#read = read;
    this.#chunks = chunks;
    this.#digit = digit;
  }

  /** Counters of a row: those of a digit side by side. */
  get #counters(): number {
    return this.#digit.size * this.#chunks;
  }

  #each(
    making: Making,
    body: (k: Builder, row: Code, counterOf: (digit: Code) => Code, records: Records) => void,
  ): void {
    const { count, length } = this.#rows;
    const each = Math.ceil(length / this.#chunks);
    making.eachLong(count * this.#chunks, (k, i) => {
      const [row, chunk] = Index.flat([count, this.#chunks], i).dims(k) as [Code, Code];
      const first = k.let('u32', `${row} * ${this.#counters}u + ${chunk}`);
      const counterOf = (digit: Code): Code => k.let('u32', `${first} + ${digit} * ${this.#chunks}u`);
      const from = k.let('u32', `${chunk} * ${each}u`);
      const to = k.let('u32', `min(${from} + ${each}u, ${length}u)`);
      body(k, row, counterOf, (visit) =>
        k.loop(from, to, '1u', (j) => {
          const words = this.#read(k, row, j);
          visit(words, counterOf(this.#digitOf(k, words)));
        }),
      );
    });
  }

  #digitOf(k: Builder, words: readonly Code[]): Code {
    const { key, shift, size, bias } = this.#digit;
    const number = k.let('u32', `bitcast<u32>(${this.#rows.keysOf(k, words)[key]}) + ${bias}u`);
    return k.let('u32', `(${number} >> ${k.parameter(shift)}) & ${size - 1}u`);
  }

  /** Where the records of each chunk go that have a digit: as many places in the row are before them. */
  starts(making: Making): Input {
    const { count } = this.#rows;
    const shape = [count * this.#counters];
    const counts = making.temporary({ shape, dtype: 'uint32' });
    this.#each(making, (k, _, counterOf, records) => {
      k.loop('0u', `${this.#digit.size}u`, '1u', (digit) => k.store(counts, counterOf(digit), '0u'));
      records((_words, counter) => k.store(counts, counter, `${k.load(counts, counter)} + 1u`));
    });
    const starts = making.temporary({ shape, dtype: 'uint32' });
    const at = (k: Builder, r: Code, j: Code): Code => k.let('u32', `${r} * ${this.#counters}u + ${j}`);
    const own = (k: Builder, r: Code, j: Code): Code => k.element(counts, Index.flat(shape, at(k, r, j)));
    scan(
      making,
      sum('uint32'),
      { count, length: this.#counters, lanes: 1, isContiguous: true, state: (k, r, j) => [own(k, r, j)] },
      (k, r, j, [upTo]) => k.store(starts, at(k, r, j), `${upTo} - ${own(k, r, j)}`),
    );
    return starts;
  }

  /** Brings each record to its place. */
  bring(making: Making, starts: Input, put: Rows['finish']): void {
    this.#each(making, (k, row, _, records) =>
      records((words, counter) => {
        const place = k.load(starts, counter);
        k.store(starts, counter, `${place} + 1u`);
        put(k, row, place, words);
      }),
    );
  }
}

/** Visits the records of a chunk one after the other, each with the counter of its digit. */
type Records = (visit: (words: readonly Code[], counter: Code) => void) => void;
