/** What reductions combine their elements by: associative and commutative, but for rounding. */
import { type DType, iinfo, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import { type Builder, type Code, typeText } from './compile/builder.ts';
import { registerOf } from './compile/types.ts';
import { wgslFunction, type WgslFunction } from './compile/wgsl-function.ts';
import { complexMul } from './functions/complex-arithmetic.ts';
import { extremeKey, keyOf, numberOf } from './ordering.ts';
import { narrowed } from './pointwise.ts';

/** Several numbers that are combined with as many. All of it is written in the lanes of the kernel at that time. */
export type State = readonly Code[];

export interface Monoid {
  readonly state: readonly DType[];
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

/**
 * Sums of exponentials, relative to the largest exponent so far. WGSL's own exp and log do: of weights up to 1 the error
 * of exp, 3 + 2·|x| units, is some units of 1, and log is off by 2⁻²¹ at most near 1: both are within the 10·u per step of
 * spec/primitives/cumulative.md. They are not asked for what is infinite or NaN.
 */
const weight: WgslFunction = wgslFunction(`
fn exponential_weight(x: f32, largest: f32, key: i32, key_of_largest: i32) -> f32 {
  if (key == key_of_largest) { return 1.0; }
  let d = x - largest;
  return select(0.0, exp(d), d >= -104.0);
}`);
const logOf: WgslFunction = wgslFunction(`
fn log_of_sum(largest: f32, sum: f32) -> f32 {
  let exponent = (bitcast<u32>(largest) >> 23u) & 0xffu;
  return select(largest + log(sum), largest, exponent == 0xffu);
}`);

export const logSum = (dtype: DType): Monoid => ({
  // The key of the largest exponent, and the sum.
  state: ['int32', 'float32'],
  initial: (k) => [k.constant('int32', extremeKey(dtype, 'least')), k.constant('float32', 0)],
  lift: (k, x) => [keyOf(k, x, dtype, { nan: 'last', zeros: 'apart' }), k.constant('float32', 1)],
  combine(k, [a, x], [b, y]) {
    const key = k.let('i32', `max(${a}, ${b})`);
    const largest = k.let('f32', numberOf(k, key, dtype));
    const weighed = (own: Code, sum: Code): Code => {
      const number = k.let('f32', numberOf(k, own, dtype));
      return `${sum} * ${k.call(weight, 'f32', number, largest, own, key)}`;
    };
    return [key, `${weighed(a!, x!)} + ${weighed(b!, y!)}`];
  },
  lower: (k, [key, sum]) => narrowed(k, k.call(logOf, 'f32', k.let('f32', numberOf(k, key!, dtype)), sum!), dtype),
});
