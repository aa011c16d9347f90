/**
 * The arithmetic of a dtype on its elements: what folds over numbers, 64-bit integers and complex numbers are made of.
 */
import {
  domainOf,
  type DType,
  dtypes,
  isComplex,
  isFloat,
  isInexact,
  integerLimits,
  partOf,
} from '../../core/dtypes.ts';
import type { Accuracy } from '../../core/primitive.ts';
import { type Complex, type Element, elementFrom, rounder } from '../../core/host.ts';

/** Operations whose results are elements of the dtype: floats are rounded once, integers wrap. */
export interface Algebra<E extends Element = Element> {
  readonly zero: E;
  readonly one: E;
  /** Of bool the disjunction, as XLA has it. */
  add(a: E, b: E): E;
  /** Of complex numbers the textbook formula; of bool the conjunction. */
  mul(a: E, b: E): E;
}

/** What dtypes with an order have besides. */
export interface OrderedAlgebra<E extends Element = Element> extends Algebra<E> {
  /** Where a running maximum and a running minimum begin. */
  readonly lowest: E;
  readonly highest: E;
  /** NaN wins, and +0 is above −0. */
  max(a: E, b: E): E;
  min(a: E, b: E): E;
}

/** What integers and bool have besides. */
export interface BitAlgebra<E extends Element = Element> extends OrderedAlgebra<E> {
  /** All bits set; of bool, true. */
  readonly ones: E;
  and(a: E, b: E): E;
  or(a: E, b: E): E;
  xor(a: E, b: E): E;
}

/** `Math.max` and `Math.min` are what is wanted: NaN wins, and +0 is above −0. */
const numberOrder = { max: Math.max, min: Math.min };

function floatAlgebra(dtype: DType): OrderedAlgebra<number> {
  const round = rounder(dtype);
  return {
    ...numberOrder,
    zero: 0,
    one: 1,
    lowest: -Infinity,
    highest: Infinity,
    add: (a, b) => round(a + b),
    mul: (a, b) => round(a * b),
  };
}

const BOOL: BitAlgebra<number> = {
  ...numberOrder,
  zero: 0,
  one: 1,
  lowest: 0,
  highest: 1,
  ones: 1,
  add: (a, b) => a | b,
  mul: (a, b) => a & b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** Integers of up to 32 bits: JavaScript's bitwise operators give 32 bits, of which the dtype keeps the last ones. */
function integerAlgebra(dtype: DType): BitAlgebra<number> {
  const { kind, bytes } = dtypes[dtype];
  const { min, max } = integerLimits(dtype);
  const above = 32 - 8 * bytes;
  const wrap = kind === 'int' ? (v: number) => (v << above) >> above : (v: number) => (v << above) >>> above;
  return {
    ...numberOrder,
    zero: 0,
    one: 1,
    lowest: Number(min),
    highest: Number(max),
    ones: wrap(-1),
    add: (a, b) => wrap(a + b),
    mul: (a, b) => wrap(Math.imul(a, b)),
    and: (a, b) => wrap(a & b),
    or: (a, b) => wrap(a | b),
    xor: (a, b) => wrap(a ^ b),
  };
}

/** 64-bit integers. */
function longAlgebra(dtype: DType): BitAlgebra<bigint> {
  const wrap =
    dtypes[dtype].kind === 'int' ? (v: bigint) => BigInt.asIntN(64, v) : (v: bigint) => BigInt.asUintN(64, v);
  const { min, max } = integerLimits(dtype);
  return {
    zero: 0n,
    one: 1n,
    lowest: min,
    highest: max,
    ones: wrap(-1n),
    add: (a, b) => wrap(a + b),
    mul: (a, b) => wrap(a * b),
    max: (a, b) => (a > b ? a : b),
    min: (a, b) => (a < b ? a : b),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
  };
}

/** The textbook product in double precision: what infinities and NaN make of one another. */
export const complexProduct = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

function complexAlgebra(dtype: DType): Algebra<Complex> {
  const round = rounder(partOf(dtype));
  const rounded = ({ re, im }: Complex): Complex => ({ re: round(re), im: round(im) });
  return {
    zero: { re: 0, im: 0 },
    one: { re: 1, im: 0 },
    add: (a, b) => rounded({ re: a.re + b.re, im: a.im + b.im }),
    mul: (a, b) => rounded(complexProduct(a, b)),
  };
}

/** The arithmetic of integers and bool. */
export function bitsOf(dtype: DType): BitAlgebra {
  if (dtype === 'bool') return BOOL;
  return domainOf(dtype) === 'bigint' ? longAlgebra(dtype) : integerAlgebra(dtype);
}
/** The arithmetic of a dtype that has an order. */
export const orderOf = (dtype: DType): OrderedAlgebra => (isFloat(dtype) ? floatAlgebra(dtype) : bitsOf(dtype));
/** The arithmetic of any dtype. */
export const algebraOf = (dtype: DType): Algebra => (isComplex(dtype) ? complexAlgebra(dtype) : orderOf(dtype));

/** Integers, floats and bool as elements of another dtype that is at least as wide. */
export const widened = (v: number | bigint, to: DType): Element =>
  typeof v === 'bigint' && domainOf(to) === 'bigint' ? v : elementFrom(to, Number(v));

/** f(… f(f(start, x₀), x₁) …) over `n` elements from `from` on. */
export function fold(
  at: (i: number) => Element,
  from: number,
  n: number,
  start: Element,
  f: (a: Element, b: Element) => Element,
): Element {
  let result = start;
  for (let i = from; i < from + n; i++) result = f(result, at(i));
  return result;
}

/** Of a product of n factors. */
export const productAccuracy = (dtype: DType, n: number): Accuracy =>
  isInexact(dtype) ? { kind: 'product', terms: n } : { kind: 'exact' };
