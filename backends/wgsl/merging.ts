/**
 * Short and middling rows in order. Blocks of eight are sorted in registers, where only neighbours change places, so that
 * equal records stay in place; then neighbouring blocks are merged until one is left, each invocation making a stretch of
 * the result that a search along a diagonal finds the beginning of (Odeh, Green, Mwassi, Shmueli and Birk: Merge path,
 * 2012). Where only the first `keep` records of a row are asked for, no block has more.
 */
import { iinfo } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input } from './compile/node.ts';
import { isLess, readWords, type Rows, temporaries, writeWords } from './records.ts';

/** Records that one invocation sorts in its registers. */
export const BLOCK = 8;
/** What one invocation merges at most. */
const STRETCH = 64;

/** Takes the words of the record that comes to place `at` of a row. */
type Put = (k: Builder, row: Code, at: Code, words: readonly Code[]) => void;

/** Each record finds its place by counting those that come before it: one kernel, however short the rows. */
export function rankRows(making: Making, { count, length, load, keysOf, finish }: Rows, keep: number): void {
  making.each(count * length, (k, i) => {
    const [row, j] = Index.flat([count, length], i).dims(k) as [Code, Code];
    const words = load(k, row, j);
    const own = keysOf(k, words);
    const before = k.variable('u32', '0u');
    k.loop('0u', `${length}u`, '1u', (other) => {
      const its = keysOf(k, load(k, row, other));
      const isBefore = `${isLess(its, own)} | ((${other} < ${j}) & !${isLess(own, its)})`;
      k.line(`${before} += select(0u, 1u, ${isBefore});`);
    });
    const at = k.read(before);
    if (keep === length) finish(k, row, at, words);
    else k.block(`if (${at} < ${keep}u)`, () => finish(k, row, at, words));
  });
}

/** How rows are divided: blocks of so many records but for the last one of a row, and how many they are together. */
interface Blocks {
  readonly width: number;
  readonly length: number;
}

/** What is left of `length` records in blocks of `from` when of each no more are kept than fit into blocks of `to`. */
const shortened = (length: number, from: number, to: number): Blocks => {
  const full = Math.ceil(length / from) - 1;
  return { width: to, length: full * to + Math.min(to, length - full * from) };
};

/** Writes the first `keep` records of each row in order. */
export function mergeRows(making: Making, rows: Rows, keep: number): void {
  const { length } = rows;
  if (length <= BLOCK) {
    sortBlocks(making, rows, { width: keep, length: keep }, rows.finish);
    return;
  }
  let blocks = shortened(length, BLOCK, Math.min(BLOCK, keep));
  let from = temporaries(making, rows, blocks.length);
  sortBlocks(
    making,
    rows,
    blocks,
    into(from, () => `${blocks.length}u`),
  );
  while (blocks.length > blocks.width) {
    const next = shortened(blocks.length, 2 * blocks.width, Math.min(2 * blocks.width, keep));
    const isLast = next.length <= next.width;
    const to = isLast ? [] : temporaries(making, rows, next.length);
    const put = isLast ? rows.finish : into(to, (k) => k.parameter(next.length));
    merge(making, rows, [blocks, next], from, put);
    [blocks, from] = [next, to];
  }
}

/** Puts records into buffers with rows of so many. */
const into =
  (to: readonly Input[], length: (k: Builder) => Code): Put =>
  (k, row, at, words) =>
    writeWords(k, to, k.let('u32', `${row} * ${length(k)} + ${at}`), words);

function sortBlocks(making: Making, rows: Rows, { width }: Blocks, put: Put): void {
  const { count, length, load, keysOf } = rows;
  const size = Math.min(BLOCK, length);
  const blocks = Math.ceil(length / size);
  const isFull = length % size === 0;
  making.each(count * blocks, (k, i) => {
    const [row, block] = Index.flat([count, blocks], i).dims(k) as [Code, Code];
    const places = Array.from({ length: size }, (_, e) => k.let('u32', `${block} * ${size}u + ${e}u`));
    // What is beyond the end of the row is above all others, and stays there.
    const records = places.map((j) => {
      const words = load(k, row, isFull ? j : k.let('u32', `min(${j}, ${length - 1}u)`));
      const keys = keysOf(k, words);
      const last = `${iinfo('int32').max}`;
      return {
        words,
        keys: isFull ? keys : keys.map((key) => k.let('i32', `select(${last}, ${key}, ${j} < ${length}u)`)),
      };
    });
    for (let round = 0; round < size; round++)
      for (let e = round % 2; e + 1 < size; e += 2) {
        const [a, b] = [records[e]!, records[e + 1]!];
        const isSwapped = k.let('bool', isLess(b.keys, a.keys));
        const chosen = (type: string, x: readonly Code[], y: readonly Code[]): Code[] =>
          x.map((code, n) => k.let(type, `select(${code}, ${y[n]}, ${isSwapped})`));
        records[e] = { words: chosen('u32', a.words, b.words), keys: chosen('i32', a.keys, b.keys) };
        records[e + 1] = { words: chosen('u32', b.words, a.words), keys: chosen('i32', b.keys, a.keys) };
      }
    records.slice(0, width).forEach(({ words }, e) => {
      const write = (): void => put(k, row, k.let('u32', `${block} * ${Math.min(width, size)}u + ${e}u`), words);
      if (isFull) write();
      else k.block(`if (${places[e]} < ${length}u)`, write);
    });
  });
}

/** Merges blocks pair by pair. Sizes are parameters, so that all rounds but the last are one pipeline. */
function merge(
  making: Making,
  { count, keysOf }: Rows,
  [blocks, next]: readonly [Blocks, Blocks],
  from: readonly Input[],
  put: Put,
): void {
  const own = Math.min(STRETCH, next.width);
  const pairs = Math.ceil(next.length / next.width);
  const stretches = Math.ceil(next.width / own);
  making.each(count * pairs * stretches, (k, i) => {
    const [width, length, kept] = [k.parameter(blocks.width), k.parameter(blocks.length), k.parameter(next.width)];
    const [ofPair, ofRow] = [k.parameter(stretches), k.parameter(pairs * stretches)];
    const row = k.let('u32', `${i} / ${ofRow}`);
    const pair = k.let('u32', `(${i} - ${row} * ${ofRow}) / ${ofPair}`);
    const done = k.let('u32', `(${i} % ${ofPair}) * ${own}u`);
    const base = k.let('u32', `${row} * ${length}`);
    const read = (j: Code): readonly Code[] => readWords(k, from, k.let('u32', `${base} + ${j}`));
    const start = k.let('u32', `${pair} * 2u * ${width}`);
    const middle = k.let('u32', `min(${start} + ${width}, ${length})`);
    const end = k.let('u32', `min(${middle} + ${width}, ${length})`);
    // How many of the first `done` of the result are from the left block.
    const low = k.variable('u32', `${done} - min(${done}, ${end} - ${middle})`);
    const high = k.variable('u32', `min(${done}, ${middle} - ${start})`);
    k.block(`while (${low} < ${high})`, () => {
      const half = k.read(`(${low} + ${high}) / 2u`);
      const left = keysOf(k, read(k.let('u32', `${start} + ${half}`)));
      const right = keysOf(k, read(k.let('u32', `${middle} + ${done} - 1u - ${half}`)));
      k.line(`if (${isLess(right, left)}) { ${high} = ${half}; } else { ${low} = ${half} + 1u; }`);
    });
    const left = k.variable('u32', `${start} + ${low}`);
    const right = k.variable('u32', `${middle} + ${done} - ${low}`);
    const inside = (at: Code): Code => k.let('u32', `min(${at}, ${length} - 1u)`);
    const held = [left, right].map((at) => read(inside(k.read(at))).map((code) => k.variable('u32', code)));
    const last = k.let('u32', `min(min(${done} + ${own}u, ${kept}), ${end} - ${start})`);
    k.loop(done, last, '1u', (at) => {
      const [l, r] = [k.read(left), k.read(right)];
      const [words, others] = held.map((own) => own.map((code) => k.read(code))) as [Code[], Code[]];
      const isRightLess = isLess(keysOf(k, others), keysOf(k, words));
      const isRight = k.let('bool', `(${l} >= ${middle}) | ((${r} < ${end}) & ${isRightLess})`);
      k.line(`${left} = select(${l} + 1u, ${l}, ${isRight});`);
      k.line(`${right} = select(${r}, ${r} + 1u, ${isRight});`);
      const following = read(inside(`select(${l}, ${r}, ${isRight}) + 1u`));
      following.forEach((code, n) => {
        k.line(`${held[0]![n]} = select(${code}, ${words[n]}, ${isRight});`);
        k.line(`${held[1]![n]} = select(${others[n]}, ${code}, ${isRight});`);
      });
      const chosen = words.map((code, n) => k.let('u32', `select(${code}, ${others[n]}, ${isRight})`));
      put(k, row, k.let('u32', `${pair} * ${kept} + ${at}`), chosen);
    });
  });
}
