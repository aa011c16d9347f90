/** Rows of records to be put in order: each is some words, which move together. */
import type { DType } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input } from './compile/node.ts';

export interface Rows {
  readonly count: number;
  readonly length: number;
  /** Words of a record, all u32. */
  readonly words: number;
  /** The dtypes of its keys. */
  readonly keys: readonly DType[];
  /** The words of the j-th record of a row, before any has moved. */
  load(k: Builder, row: Code, j: Code): readonly Code[];
  /** The keys of a record, i32: of several the first decides. Records that are equal in all stay in place. */
  keysOf(k: Builder, words: readonly Code[]): readonly Code[];
  /** Takes the words of the record whose place in order is j. */
  finish(k: Builder, row: Code, j: Code, words: readonly Code[]): void;
}

/** Buffers for rows of so many records each. */
export const temporaries = (making: Making, { count, words }: Rows, length: number): readonly Input[] =>
  Array.from({ length: words }, () => making.temporary({ shape: [count * length], dtype: 'uint32' }));

export const readWords = (k: Builder, from: readonly Input[], at: Code): readonly Code[] =>
  from.map((node) => k.element(node, Index.flat(node.type.shape, at)));

export const writeWords = (k: Builder, to: readonly Input[], at: Code, words: readonly Code[]): void =>
  to.forEach((node, i) => k.store(node, at, words[i]!));

/** Whether the keys of one record are below those of another. */
export function isLess(a: readonly Code[], b: readonly Code[]): Code {
  const [x, y] = [a[0]!, b[0]!];
  if (a.length === 1) return `(${x} < ${y})`;
  return `((${x} < ${y}) | ((${x} == ${y}) & ${isLess(a.slice(1), b.slice(1))}))`;
}
