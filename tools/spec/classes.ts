/** The classes of dtypes, in the words of operand tables. */
import {
  ANY,
  BITS,
  COMPLEX,
  DECOMPOSABLE,
  type DType,
  dtypeOfShort,
  FLOATS,
  INEXACT,
  INTEGERS,
  NUMBERS,
  ORDERED,
  REALS,
  shortName,
  SIGNED,
} from '../../reference/core/dtypes.ts';
import { namesIn } from './pages.ts';

/** What the words of operand tables stand for (spec/dtypes.md#classes). */
export const CLASSES: Readonly<Record<string, readonly DType[]>> = {
  any: ANY,
  'any number': NUMBERS,
  'any real number': REALS,
  'any inexact number': INEXACT,
  'any float': FLOATS,
  'any complex number': COMPLEX,
  'any signed number': SIGNED,
  'any integer': INTEGERS,
  'any but complex': ORDERED,
  'any decomposable number': DECOMPOSABLE,
};

/** The dtypes of a type in words: `any float or \`i32\`, shape \`s\``. */
export function dtypesIn(type: string): DType[] {
  const words = Object.keys(CLASSES).filter((c) => new RegExp(`^${c}\\b`).test(type));
  const longest = words.sort((a, b) => b.length - a.length)[0];
  const named = namesIn(type).map(dtypeOfShort);
  return [...new Set([...(longest === undefined ? [] : CLASSES[longest]!), ...named.filter((d) => d !== undefined)])];
}

const listed = (dtypes: readonly DType[]): string => dtypes.map(shortName).sort().join();
const words = new Map(
  Object.entries(CLASSES)
    .reverse()
    .map(([name, list]) => [listed(list), name]),
);
words.set(listed(BITS), 'any integer or bool');

/** A list of dtypes as the pages write it; of classes that are alike the first. */
export const inWords = (dtypes: readonly DType[]): string =>
  words.get(listed(dtypes)) ?? dtypes.map(shortName).join(' ');
