/** What reductions combine their elements by: associative and commutative, but for rounding. */
import { type DType, iinfo, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import { type Code, typeText } from './compile/statements.ts';
import { registerOf } from './compile/types.ts';
import { complexMul } from './functions/complex-arithmetic.ts';
import { extremeKey, keyOf, numberOf } from './ordering.ts';
import { narrowed } from './pointwise.ts';

/** Several numbers that are combined with as many. All of it is written in the lanes of the kernel at that time. */
export type State = readonly Code[];

export interface Monoid {
  readonly state: readonly DType[];
  /** Combining is one instruction, which takes longer to give its result than to begin. */
  readonly isOne?: boolean;
  initial(k: Builder): State;
  /** The state of one element; `position` says, as an i32, which one of its run it is. */
  lift(k: Builder, element: Code, position: () => Code): State;
  combine(k: Builder, a: State, b: State): State;
  lower(k: Builder, state: State): Code;
}

/** float16 and bfloat16 are accumulated in float32; narrow integers in 32 bits, whose last ones are right. */
export const accumulator = (dtype: DType): DType => {
  if (isFloat(dtype)) return 'float32';
  const register = registerOf(dtype);
  return register === 'i32' ? 'int32' : register === 'u32' ? 'uint32' : dtype;
};

/** One number that two numbers make. */
const simple = (dtype: DType, initial: number, combine: (k: Builder, a: Code, b: Code) => Code): Monoid => ({
  state: [accumulator(dtype)],
  isOne: !isComplex(dtype),
  initial: (k) => [k.constant(accumulator(dtype), initial)],
  lift: (_, x) => [x],
  combine: (k, [a], [b]) => [combine(k, a!, b!)],
  lower: (k, [x]) => narrowed(k, x!, dtype),
});

export const sum = (dtype: DType): Monoid => simple(dtype, 0, (_, a, b) => `${a} + ${b}`);

/** The product of two numbers. */
export const times = (k: Builder, a: Code, b: Code, dtype: DType): Code =>
  isComplex(dtype) ? k.call(complexMul, 'vec2f', a, b) : `${a} * ${b}`;

export const product = (dtype: DType): Monoid => simple(dtype, 1, (k, a, b) => times(k, a, b, dtype));

/** All bits of the dtype. */
const all = (dtype: DType): number => (dtype === 'bool' ? 1 : registerOf(dtype) === 'u32' ? iinfo(dtype).max : -1);

export const and = (dtype: DType): Monoid => simple(dtype, all(dtype), (_, a, b) => `${a} & ${b}`);
export const or = (dtype: DType): Monoid => simple(dtype, 0, (_, a, b) => `${a} | ${b}`);
export const xor = (dtype: DType): Monoid =>
  simple(dtype, 0, (_, a, b) => `${a} ${dtype === 'bool' ? '!=' : '^'} ${b}`);

/** The largest or the smallest number, NaN before all others. */
export const extreme = (dtype: DType, end: 'max' | 'min'): Monoid => ({
  state: ['int32'],
  initial: (k) => [k.constant('int32', extremeKey(dtype, end === 'max' ? 'least' : 'greatest'))],
  lift: (k, x) => [keyOf(k, x, dtype, { nan: end === 'max' ? 'last' : 'first', zeros: 'apart' })],
  combine: (_, [a], [b]) => [`${end}(${a}, ${b})`],
  lower: (k, [key]) => numberOf(k, key!, dtype),
});

/** Where the extreme is: the first NaN, or the first of the equal ones. */
export const place = (dtype: DType, end: 'max' | 'min', index: DType): Monoid => ({
  state: ['int32', 'int32'],
  initial: (k) => [k.constant('int32', iinfo('int32').min), k.constant('int32', iinfo('int32').max)],
  lift(k, x, position) {
    const key = keyOf(k, x, dtype, { nan: end === 'max' ? 'last' : 'first', zeros: 'equal' });
    return [end === 'max' ? key : k.value('i32', `~${key}`), position()];
  },
  combine(k, [a, i], [b, j]) {
    const isBetter = k.value('bool', `(${b} > ${a}) | ((${b} == ${a}) & (${j} < ${i}))`);
    return [`select(${a}, ${b}, ${isBetter})`, `select(${i}, ${j}, ${isBetter})`];
  },
  lower: (k, [, i]) => narrowed(k, `${typeText(registerOf(index), k.lanes)}(${i})`, index),
});
