/**
 * The order of numbers, as integers that are in the same order: WGSL's own min and max lose NaN, and its comparisons are
 * all false for it.
 */
import { type DType, iinfo, isFloat } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import { type Code, typeText } from './compile/statements.ts';
import { registerOf } from './compile/types.ts';

/** Where NaN stands, and whether −0 stands before +0 or in its place. */
export interface Order {
  readonly nan: 'first' | 'last';
  readonly zeros: 'apart' | 'equal';
}

const { min: LOWEST, max: HIGHEST } = iinfo('int32');

/** A signed integer for a number that is not complex. Floats with a sign have their other bits turned over. */
export function keyOf(k: Builder, x: Code, dtype: DType, { nan, zeros }: Order): Code {
  const int = (n: number): Code => k.constant('int32', n);
  switch (registerOf(dtype)) {
    case 'i32':
      return x;
    case 'u32':
      return bits(k, 'i32', `(${x} ^ ${k.constant('uint32', 2 ** 31)})`);
    case 'bool':
      return k.value('i32', `select(${int(0)}, ${int(1)}, ${x})`);
    default: {
      const own = bits(k, 'i32', x);
      const isNaN = k.value('bool', `(${own} & ${int(0x7fffffff)}) > ${int(0x7f800000)}`);
      const key = k.value('i32', `select(${turned(k, own)}, ${int(nan === 'last' ? HIGHEST : LOWEST)}, ${isNaN})`);
      return zeros === 'apart' ? key : k.value('i32', `select(${key}, ${int(0)}, ${key} == ${int(-1)})`);
    }
  }
}

/** The number of a key whose zeros are apart. */
export function numberOf(k: Builder, key: Code, dtype: DType): Code {
  const register = registerOf(dtype);
  switch (register) {
    case 'i32':
      return key;
    case 'u32':
      return `(${bits(k, 'u32', key)} ^ ${k.constant('uint32', 2 ** 31)})`;
    case 'bool':
      return `(${key} != ${k.constant('int32', 0)})`;
    default:
      return bits(k, 'f32', turned(k, key));
  }
}

/** The key of the least number, infinities included, or of the greatest. */
export function extremeKey(dtype: DType, end: 'least' | 'greatest'): number {
  if (isFloat(dtype)) return end === 'least' ? ~0x7f800000 : 0x7f800000;
  if (dtype === 'bool') return end === 'least' ? 0 : 1;
  const number = end === 'least' ? iinfo(dtype).min : iinfo(dtype).max;
  return registerOf(dtype) === 'u32' ? number - 2 ** 31 : number;
}

const bits = (k: Builder, to: 'i32' | 'u32' | 'f32', x: Code): Code =>
  k.value(to, `bitcast<${typeText(to, k.lanes)}>(${x})`);

/** Bits of a float as an integer in the same order, and back. */
const turned = (k: Builder, x: Code): Code =>
  k.value('i32', `${x} ^ ((${x} >> ${k.constant('uint32', 31)}) & ${k.constant('int32', 0x7fffffff)})`);
