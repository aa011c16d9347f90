/**
 * Rows in order: the positions of their elements, by keys. Short blocks are ranked by counting what comes before each
 * element; then neighbouring blocks are merged until one is left, each invocation making a stretch of the result that a
 * search along a diagonal finds the beginning of (Odeh, Green, Mwassi, Shmueli and Birk: Merge path, 2012). Equal elements
 * stay in place.
 */
import type { Builder, Code } from './compile/builder.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input, Result } from './compile/node.ts';

/** Rows up to this long are ranked at once; of longer ones, blocks. */
const RANKED = 64;
const BLOCK = 8;
/** What one invocation merges, or all of two blocks that have no more. */
const STRETCH = 64;

/** Rows of keys: i32, the first of several decides. */
export interface Rows {
  readonly count: number;
  readonly length: number;
  readonly keys: number;
  key(k: Builder, row: Code, j: Code): readonly Code[];
}

/** The positions in order, rows one after the other, as i32. */
export function rank(making: Making, rows: Rows, result: Result): void {
  const { length } = rows;
  const isShort = length <= RANKED;
  let from = isShort ? [] : temporaries(making, rows);
  rankBlocks(making, rows, isShort ? length : BLOCK, isShort ? [result] : from);
  for (let width = BLOCK; !isShort && width < length; width *= 2) {
    const isLast = 2 * width >= length;
    const to = isLast ? [] : temporaries(making, rows);
    merge(making, rows, width, from, isLast ? [result] : to);
    from = to;
  }
}

/** The positions, then the keys. */
const temporaries = (making: Making, { count, length, keys }: Rows): readonly Input[] =>
  Array.from({ length: 1 + keys }, () => making.temporary({ shape: [count * length], dtype: 'int32' }));

/** Writes positions, and the keys that go with them where they are yet needed. */
const write = (k: Builder, to: readonly (Input | Result)[], at: Code, values: readonly Code[]): void =>
  to.forEach((node, i) => k.store(node, at, values[i]!));

/** Whether one comes before another that stands before it. */
function isLess(a: readonly Code[], b: readonly Code[]): Code {
  const [x, y] = [a[0]!, b[0]!];
  if (a.length === 1) return `(${x} < ${y})`;
  return `((${x} < ${y}) | ((${x} == ${y}) & ${isLess(a.slice(1), b.slice(1))}))`;
}

function rankBlocks(making: Making, rows: Rows, block: number, to: readonly (Input | Result)[]): void {
  const { count, length, key } = rows;
  making.each(count * length, (k, i) => {
    const [row, j] = Index.flat([count, length], i).dims(k);
    const own = key(k, row!, j!);
    const start = block === length ? '0u' : k.let('u32', `${j} - ${j} % ${block}u`);
    const end = block === length ? `${length}u` : k.let('u32', `min(${start} + ${block}u, ${length}u)`);
    const before = k.variable('u32', '0u');
    k.loop(start, end, '1u', (other) => {
      const its = key(k, row!, other);
      const isBefore = `${isLess(its, own)} | ((${other} < ${j}) & !${isLess(own, its)})`;
      k.line(`${before} += select(0u, 1u, ${isBefore});`);
    });
    const at = k.let('u32', `${row} * ${length}u + ${start} + ${k.read(before)}`);
    write(k, to, at, [`i32(${j})`, ...own]);
  });
}

function merge(
  making: Making,
  { count, length }: Rows,
  width: number,
  [positions, ...keys]: readonly Input[],
  to: readonly (Input | Result)[],
): void {
  const own = Math.min(STRETCH, 2 * width);
  const stretches = Math.ceil(length / own);
  making.each(count * stretches, (k, i) => {
    const [row, stretch] = Index.flat([count, stretches], i).dims(k);
    const base = k.let('u32', `${row} * ${length}u`);
    const read = (node: Input, j: Code): Code =>
      k.element(node, Index.flat(node.type.shape, k.let('u32', `${base} + ${j}`)));
    const keyAt = (j: Code): readonly Code[] => keys.map((node) => read(node, j));
    const blocks = k.parameter(width);
    const first = k.let('u32', `${stretch} * ${own}u`);
    const start = k.let('u32', `${first} - ${first} % (2u * ${blocks})`);
    const middle = k.let('u32', `min(${start} + ${blocks}, ${length}u)`);
    const end = k.let('u32', `min(${middle} + ${blocks}, ${length}u)`);
    // How many of the first `done` of the result are from the left block.
    const done = k.let('u32', `${first} - ${start}`);
    const low = k.variable('u32', `${done} - min(${done}, ${end} - ${middle})`);
    const high = k.variable('u32', `min(${done}, ${middle} - ${start})`);
    k.block(`while (${low} < ${high})`, () => {
      const half = k.read(`(${low} + ${high}) / 2u`);
      const left = keyAt(k.let('u32', `${start} + ${half}`));
      const right = keyAt(k.let('u32', `${middle} + ${done} - 1u - ${half}`));
      k.line(`if (${isLess(right, left)}) { ${high} = ${half}; } else { ${low} = ${half} + 1u; }`);
    });
    const left = k.variable('u32', `${start} + ${low}`);
    const right = k.variable('u32', `${middle} + ${done} - ${low}`);
    const held = [left, right].map((at) =>
      keyAt(k.let('u32', `min(${k.read(at)}, ${length - 1}u)`)).map((code) => k.variable('i32', code)),
    );
    k.loop(first, k.let('u32', `min(${first} + ${own}u, ${end})`), '1u', (at) => {
      const [l, r] = [k.read(left), k.read(right)];
      const [keyOfLeft, keyOfRight] = held.map((keys) => keys.map((code) => k.read(code))) as [Code[], Code[]];
      const isRight = k.let('bool', `(${l} >= ${middle}) | ((${r} < ${end}) & ${isLess(keyOfRight, keyOfLeft)})`);
      k.line(`${left} = select(${l} + 1u, ${l}, ${isRight});`);
      k.line(`${right} = select(${r}, ${r} + 1u, ${isRight});`);
      const next = keyAt(k.let('u32', `min(select(${l}, ${r}, ${isRight}) + 1u, ${length - 1}u)`));
      next.forEach((code, n) => {
        k.line(`${held[0]![n]} = select(${code}, ${keyOfLeft[n]}, ${isRight});`);
        k.line(`${held[1]![n]} = select(${keyOfRight[n]}, ${code}, ${isRight});`);
      });
      const position = read(positions!, k.let('u32', `select(${l}, ${r}, ${isRight})`));
      const chosen = keyOfLeft.map((code, n) => `select(${code}, ${keyOfRight[n]}, ${isRight})`);
      write(k, to, k.let('u32', `${base} + ${at}`), [position, ...chosen]);
    });
  });
}
