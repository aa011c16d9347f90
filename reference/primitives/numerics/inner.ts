/**
 * Sums of products of two rows of elements, of every dtype: what dot_general and convolutions compute.
 */
import { type DType, domainOf, isComplex, isInexact, partOf } from '../../core/dtypes.ts';
import { bigints, type Element, elements, type HostArray, type NumberData, numbers, parts } from '../../core/host.ts';
import type { Accuracy } from '../../core/primitive.ts';
import { algebraOf, widened } from './algebra.ts';
import { exactDot, type FloatDType, isFloatDType, roundScaled } from './exact.ts';
import { magnitudes } from '../layout.ts';

/** One element, from the `n` elements of a from i on and those of b from j on. */
export type Inner = (i: number, j: number, n: number) => Element;
/** Prepares both operands, their rows one after the other. */
export type InnerOf = (a: HostArray, b: HostArray, to: DType) => Inner;

/** Sums of products in the arithmetic of the result: integers wrap, and of bool it is any of both. */
const wrappedDot: InnerOf = (a, b, to) => {
  const [x, y] = [a, b].map((rows) => {
    const at = elements(rows);
    return (i: number): Element => widened(at(i) as number | bigint, to);
  }) as [(i: number) => Element, (i: number) => Element];
  const { zero, add, mul } = algebraOf(to);
  return (i, j, n) => {
    let sum = zero;
    for (let k = 0; k < n; k++) sum = add(sum, mul(x(i + k), y(j + k)));
    return sum;
  };
};

/** Integers of at most 32 bits, of which storing keeps the low bits. */
const imulDot: InnerOf = (a, b) => {
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum = (sum + Math.imul(x[i + k]!, y[j + k]!)) | 0;
    return sum;
  };
};

/** The exact sum of the products of floats, or of integers below 2³², rounded once. */
const floatDot: InnerOf = (a, b, to) => {
  const from = isFloatDType(a.dtype) ? a.dtype : 'float64'; // doubles hold every integer
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => exactDot(x, i, y, j, n, from, to as FloatDType);
};

/** 64-bit integers for a float result. */
const longDot: InnerOf = (a, b, to) => {
  const [x, y] = [bigints(a), bigints(b)];
  return (i, j, n) => {
    let sum = 0n;
    for (let k = 0; k < n; k++) sum += x[i + k]! * y[j + k]!;
    return roundScaled(sum, 0, to as FloatDType);
  };
};

/** The real part is the dot product of (re, −im) and (re, im), the imaginary part that of (re, im) and (im, re). */
const complexDot: InnerOf = (a, b, to) => {
  const [x, y] = [parts(a), parts(b)];
  const conjugate = x.map((v, i) => (i % 2 === 0 ? v : -v)) as NumberData;
  const swapped = y.map((_, i) => y[i ^ 1]!) as NumberData;
  const [from, part] = [partOf(a.dtype) as FloatDType, partOf(to) as FloatDType];
  return (i, j, n) => ({
    re: exactDot(conjugate, 2 * i, y, 2 * j, 2 * n, from, part),
    im: exactDot(x, 2 * i, swapped, 2 * j, 2 * n, from, part),
  });
};

/** Sums in double precision, for magnitudes. */
export const plainDot: InnerOf = (a, b) => {
  const [x, y] = [numbers(a), numbers(b)];
  return (i, j, n) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += x[i + k]! * y[j + k]!;
    return sum;
  };
};

/** How rows of a dtype are multiplied for a result of another. */
export function innerFor(dtype: DType, to: DType): InnerOf {
  if (isComplex(to)) return complexDot;
  if (isFloatDType(to)) return domainOf(dtype) === 'bigint' ? longDot : floatDot;
  const isShort = [dtype, to].every((d) => domainOf(d) === 'number');
  return isShort && to !== 'bool' ? imulDot : wrappedDot;
}

/**
 * The accuracy of sums of `n` products each; `sums` is the primitive with `plainDot`.
 *
 * Integer factors of a float result may be rounded when they are converted: two roundings more. The terms of a part of a
 * complex product xy add to at most |x|·|y| in magnitude; two parts are off by √2 of one.
 */
export function accuracyOfProducts(
  from: DType,
  to: DType,
  n: number,
  sums: (magnitudes: readonly HostArray[]) => HostArray,
): Accuracy {
  if (!isInexact(to)) return { kind: 'exact' };
  const terms = isComplex(to) ? 2 * n : isInexact(from) ? n : n + 2;
  const scale = isComplex(to) ? Math.SQRT2 : 1;
  return {
    kind: 'sum',
    terms,
    magnitude: (xs) => Float64Array.from(numbers(sums(xs.map(magnitudes))), (v) => v * scale),
  };
}
