/**
 * Exact sums, dot products and products of floats, rounded once (spec/numerics.md#reference).
 *
 * An ordinary f32 sum is settled by an f64 sum with a proven error bound. Everything else goes through a long
 * accumulator (Kulisch): a fixed-point number wide enough for every product of two doubles, to which each term is added
 * without any error. Overflow or underflow of an intermediate sum cannot happen, so it cannot matter.
 */
import { type DType, finfo } from '../../core/dtypes.ts';
import { type Complex, type NumberData, rounder } from '../../core/host.ts';
import { complexProduct } from './algebra.ts';

export type FloatDType = 'bfloat16' | 'float16' | 'float32' | 'float64';

export const isFloatDType = (dtype: DType): dtype is FloatDType =>
  ['bfloat16', 'float16', 'float32', 'float64'].includes(dtype);

const LIMB = 2 ** 32;
/** Weight of the lowest bit: below 2⁻²¹⁴⁸, the smallest product of two subnormals. */
const LOWEST = -2176;
/** Limbs up to 2²¹⁷⁶: the largest product of two doubles, 2²⁰⁴⁸ times, and a carry. */
const LIMBS = 136;
/** Limbs are doubles and take terms below 2³²: so many fit before carries must move on. */
const TERMS_BETWEEN_CARRIES = 2 ** 20;

const powers = Float64Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));
/** 2ᵉ for −1074 ≤ e ≤ 1023. */
const powerOfTwo = (e: number): number => powers[e + 1074]!;

const asDouble = new Float64Array(1);
const asWords = new Uint32Array(asDouble.buffer);

/** The exponent of the last of the 53 digits of a finite double: `x·2⁻ᵉ` is an integer below 2⁵³. */
function lastExponent(x: number): number {
  asDouble[0] = x;
  const biased = (asWords[1]! >>> 20) & 0x7ff;
  return Math.max(biased, 1) - 1075;
}

/** `x·2⁻ᵉ` for e = lastExponent(x); in two steps, as 2⁻ᵉ may overflow. */
function significand(x: number, e: number): number {
  const half = e >> 1;
  return x * powerOfTwo(-half) * powerOfTwo(half - e);
}

/** A sum of doubles and of products of two doubles, without error. */
export class ExactSum {
  /** The value is Σ limbs[i]·2^(32i + LOWEST), plus `#special`. */
  readonly #limbs = new Float64Array(LIMBS);
  /** The sum of the infinite and NaN terms: ±Infinity or NaN as soon as there is one. */
  #special = 0;
  #low = LIMBS;
  #high = -1;
  #terms = 0;

  add(x: number): void {
    if (!Number.isFinite(x)) this.#special += x;
    else if (x !== 0) {
      const e = lastExponent(x);
      this.#addInteger(significand(x, e), e);
    }
  }

  addProduct(x: number, y: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) this.#special += x * y;
    else if (x !== 0 && y !== 0) {
      const ex = lastExponent(x);
      const ey = lastExponent(y);
      const mx = significand(x, ex);
      const my = significand(y, ey);
      // Halves of at most 26 digits and a sign: their products, and the sum of two of them, are exact.
      const highX = Math.round(mx / 2 ** 27);
      const highY = Math.round(my / 2 ** 27);
      const lowX = mx - highX * 2 ** 27;
      const lowY = my - highY * 2 ** 27;
      this.#addInteger(highX * highY, ex + ey + 54);
      this.#addInteger(highX * lowY + lowX * highY, ex + ey + 27);
      this.#addInteger(lowX * lowY, ex + ey);
    }
  }

  /** Adds m·2ᵉ, m being an integer of at most 53 digits. */
  #addInteger(m: number, e: number): void {
    const position = e - LOWEST;
    const limb = position >> 5;
    let rest = m * powerOfTwo(position & 31);
    const top = Math.trunc(rest / (LIMB * LIMB));
    rest -= top * (LIMB * LIMB);
    const middle = Math.trunc(rest / LIMB);
    this.#limbs[limb]! += rest - middle * LIMB;
    this.#limbs[limb + 1]! += middle;
    this.#limbs[limb + 2]! += top;
    this.#low = Math.min(this.#low, limb);
    this.#high = Math.max(this.#high, limb + 2); // |top| < 2²¹: no number of terms fills it
    if (++this.#terms % TERMS_BETWEEN_CARRIES === 0) this.#carry();
  }

  /** Brings every limb but the highest, which keeps the sign, into [0, 2³²). */
  #carry(): void {
    for (let i = this.#low; i < this.#high; i++) {
      const carry = Math.floor(this.#limbs[i]! / LIMB);
      this.#limbs[i]! -= carry * LIMB;
      this.#limbs[i + 1]! += carry;
    }
  }

  /** The sum so far, rounded once to the nearest value of `dtype`; an exact zero is +0. */
  round(dtype: FloatDType): number {
    if (this.#special !== 0) return this.#special;
    this.#carry();
    let mantissa = 0n;
    for (let i = this.#high; i >= this.#low; i--) mantissa = (mantissa << 32n) + BigInt(this.#limbs[i]!);
    return roundScaled(mantissa, 32 * this.#low + LOWEST, dtype);
  }
}

function bitLength(positive: bigint): number {
  const hex = positive.toString(16);
  return 4 * hex.length - (Math.clz32(parseInt(hex[0]!, 16)) - 28);
}

/** `mantissa·2^exponent` rounded once to the nearest value of `dtype`, ties to even; beyond the largest, ±Infinity. */
export function roundScaled(mantissa: bigint, exponent: number, dtype: FloatDType): number {
  if (mantissa === 0n) return 0;
  if (mantissa < 0n) return -roundScaled(-mantissa, exponent, dtype);
  const { digits, smallestSubnormal, max } = finfo(dtype);
  const minExponent = Math.log2(smallestSubnormal);
  const length = bitLength(mantissa);
  if (length + exponent > 1024) return Infinity;
  if (length + exponent < minExponent) return 0;
  const dropped = Math.max(length - digits, minExponent - exponent);
  let kept = mantissa << BigInt(Math.max(-dropped, 0));
  if (dropped > 0) {
    kept = mantissa >> BigInt(dropped);
    const rest = mantissa - (kept << BigInt(dropped));
    const half = 1n << BigInt(dropped - 1);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  }
  const value = Number(kept) * powerOfTwo(exponent + dropped);
  return value > max ? Infinity : value;
}

/**
 * The value of `dtype`, of 32 bits or fewer, nearest to an exact sum of which an f64 sum is known: `sum`, with `drift`
 * the sum of the magnitudes of all partial sums. Each addition was off by at most 2⁻⁵³ of its result; the slack is four times that, which covers the
 * rounding of `drift` and of the two ends. null: the ends round differently, the exact sum must decide.
 */
function settled(sum: number, drift: number, round: (x: number) => number): number | null {
  if (!Number.isFinite(sum)) return sum; // no sum of finite f32 values or of their products overflows f64
  const slack = drift * 2 ** -51;
  const low = round(sum - slack);
  return Object.is(low, round(sum + slack)) ? low : null;
}

type Floats = ArrayLike<number>;

/** Σ x[from … from + n), rounded once. */
export function exactSum(x: Floats, from: number, n: number, dtype: FloatDType): number {
  if (dtype !== 'float64') {
    let sum = 0;
    let drift = 0;
    for (let i = from; i < from + n; i++) {
      sum += x[i]!;
      drift += Math.abs(sum);
    }
    const result = settled(sum, drift, rounder(dtype));
    if (result !== null) return result;
  }
  const exact = new ExactSum();
  for (let i = from; i < from + n; i++) exact.add(x[i]!);
  return exact.round(dtype);
}

/** Numbers whose products and sums of products neither overflow nor lose digits to underflow. */
const isOrdinary = (x: number): boolean => x === 0 || (Math.abs(x) > 2 ** -400 && Math.abs(x) < 2 ** 400);

/**
 * Σ a[i + k]·b[j + k] in f64 where a sum of two doubles settles it, else null (Dot2: Ogita, Rump and Oishi, "Accurate
 * sum and dot product", 2005). What a product and a sum lose in rounding are doubles, which add up in `low`: only that is
 * rounded, to an error of at most 2⁻⁵³ of each partial result. The slack is four times their sum, as in `settled`.
 */
function twoDoubles(a: Floats, i: number, b: Floats, j: number, n: number): number | null {
  let high = 0;
  let low = 0;
  let drift = 0;
  for (let k = 0; k < n; k++) {
    const x = a[i + k]!;
    const y = b[j + k]!;
    if (!isOrdinary(x) || !isOrdinary(y)) return null;
    const product = x * y;
    const sum = high + product;
    const added = sum - high;
    const rest = high - (sum - added) + (product - added) + lostInProduct(x, y, product);
    high = sum;
    low += rest;
    drift += Math.abs(rest) + Math.abs(low);
  }
  const slack = drift * 2 ** -51;
  const result = high + (low - slack);
  return result === high + (low + slack) ? result : null;
}

/** x·y − fl(x·y), exactly, from halves of at most 26 digits (Dekker 1971). */
function lostInProduct(x: number, y: number, product: number): number {
  const bigX = x * (2 ** 27 + 1);
  const bigY = y * (2 ** 27 + 1);
  const highX = bigX - (bigX - x);
  const highY = bigY - (bigY - y);
  const lowX = x - highX;
  const lowY = y - highY;
  return lowX * lowY - (product - highX * highY - lowX * highY - highX * lowY);
}

/** Σ a[i + k]·b[j + k] for k < n, of values of dtype `from` and rounded once to `to`. */
export function exactDot(
  a: Floats,
  i: number,
  b: Floats,
  j: number,
  n: number,
  from: FloatDType,
  to: FloatDType,
): number {
  if (from !== 'float64' && to !== 'float64') {
    let sum = 0;
    let drift = 0;
    for (let k = 0; k < n; k++) {
      sum += a[i + k]! * b[j + k]!; // exact in f64, as every product of two f32 values is
      drift += Math.abs(sum);
    }
    const result = settled(sum, drift, rounder(to));
    if (result !== null) return result;
  }
  if (to === 'float64') {
    const result = twoDoubles(a, i, b, j, n);
    if (result !== null) return result;
  }
  const exact = new ExactSum();
  for (let k = 0; k < n; k++) {
    if (from !== 'float64') exact.add(a[i + k]! * b[j + k]!);
    else exact.addProduct(a[i + k]!, b[j + k]!);
  }
  return exact.round(to);
}

/** Writes the sums of x[0 … k] for each k to `into`, each rounded once. Linear in the length. */
export function exactPrefixSums(x: Floats, dtype: FloatDType, into: NumberData): void {
  const exact = new ExactSum();
  const round = rounder(dtype);
  let added = 0; // what the accumulator holds: only fed when a sum needs it
  let sum = 0;
  let drift = 0;
  for (let i = 0; i < x.length; i++) {
    sum += x[i]!;
    drift += Math.abs(sum);
    let result = dtype === 'float64' ? null : settled(sum, drift, round);
    if (result === null) {
      for (; added <= i; added++) exact.add(x[added]!);
      result = exact.round(dtype);
    }
    into[i] = result;
  }
}

/** Π x[from … from + n), rounded once; 1 for n = 0. 0·∞ is NaN, and the sign is that of the number of negative factors. */
export function exactProduct(x: Floats, from: number, n: number, dtype: FloatDType): number {
  const factors: bigint[] = [];
  let exponent = 0;
  let sign = 1; // or ±0, ±Infinity, NaN, once such a factor has been seen
  for (let i = from; i < from + n; i++) {
    const v = x[i]!;
    const ordinary = Number.isFinite(v) && v !== 0;
    sign *= ordinary ? Math.sign(v) : v;
    if (!ordinary) continue;
    const e = lastExponent(v);
    exponent += e;
    factors.push(BigInt(Math.abs(significand(v, e))));
  }
  if (Math.abs(sign) !== 1) return sign;
  return sign * roundScaled(productOf(factors), exponent, dtype);
}

/** Digits that a running product keeps: so many that the two ends of its interval nearly always round alike. */
const RUNNING_DIGITS = 192;

/** Writes the products of x[0 … k] for each k to `into`, each rounded once. Linear in the length, but for ties. */
export function exactPrefixProducts(x: Floats, dtype: FloatDType, into: NumberData): void {
  // |product| is in [low, high]·2^exponent; sign as in exactProduct.
  let [low, high, exponent, sign] = [1n, 1n, 0, 1];
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    const ordinary = Number.isFinite(v) && v !== 0;
    sign *= ordinary ? Math.sign(v) : v;
    if (ordinary) {
      const e = lastExponent(v);
      const factor = BigInt(Math.abs(significand(v, e)));
      const dropped = Math.max(0, bitLength(high * factor) - RUNNING_DIGITS);
      low = (low * factor) >> BigInt(dropped);
      high = ((high * factor) >> BigInt(dropped)) + (dropped > 0 ? 1n : 0n);
      exponent += e + dropped;
    }
    if (Math.abs(sign) !== 1) into[i] = sign;
    else {
      const size = roundScaled(low, exponent, dtype);
      into[i] = size === roundScaled(high, exponent, dtype) ? sign * size : exactProduct(x, 0, i + 1, dtype);
    }
  }
}

/** Factors of about the same length are multiplied, which keeps long products fast. */
function productOf(factors: readonly bigint[]): bigint {
  let level = factors;
  while (level.length > 1) {
    const next: bigint[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(level[i]! * (level[i + 1] ?? 1n));
    level = next;
  }
  return level[0] ?? 1n;
}

// ---- products of complex numbers

/** (re + i·im)·2^exponent; every part is off by at most `error`. */
interface Gaussian {
  readonly re: bigint;
  readonly im: bigint;
  readonly exponent: number;
  readonly error: bigint;
}
const ONE: Gaussian = { re: 1n, im: 0n, exponent: 0, error: 0n };
type ComplexAt = (i: number) => Complex;

/** A finite number without error, its parts having no factor 2 in common. */
function gaussian({ re, im }: Complex): Gaussian {
  const [a, b] = [re, im].map((v) => (v === 0 ? Infinity : lastExponent(v))) as [number, number];
  const least = Math.min(a, b);
  if (least === Infinity) return { ...ONE, re: 0n };
  const whole = (v: number, e: number): bigint => (v === 0 ? 0n : BigInt(significand(v, e)) << BigInt(e - least));
  const [x, y] = [whole(re, a), whole(im, b)];
  const zeros = bitLength((x | y) & -(x | y)) - 1;
  return { re: x >> BigInt(zeros), im: y >> BigInt(zeros), exponent: least + zeros, error: 0n };
}

const absolute = (v: bigint): bigint => (v < 0n ? -v : v);

/** The product with a factor that is exact; of more than `digits` digits the last ones are dropped. */
function multiplied(x: Gaussian, y: Gaussian, digits: number = Infinity): Gaussian {
  const re = x.re * y.re - x.im * y.im;
  const im = x.re * y.im + x.im * y.re;
  const error = x.error * (absolute(y.re) + absolute(y.im));
  const exponent = x.exponent + y.exponent;
  const dropped = BigInt(Math.max(0, bitLength(absolute(re) + absolute(im) + 1n) - digits));
  if (dropped === 0n) return { re, im, exponent, error };
  return { re: re >> dropped, im: im >> dropped, exponent: exponent + Number(dropped), error: (error >> dropped) + 2n };
}

/** Both parts rounded once; null if the error leaves one open. */
function roundedGaussian({ re, im, exponent, error }: Gaussian, part: FloatDType): Complex | null {
  const [a, b] = [re, im].map((v) => {
    const low = roundScaled(v - error, exponent, part);
    return Object.is(low, roundScaled(v + error, exponent, part)) ? low : null;
  }) as [number | null, number | null];
  return a === null || b === null ? null : { re: a, im: b };
}

const finite = ({ re, im }: Complex): boolean => Number.isFinite(re) && Number.isFinite(im);

/**
 * Π x(i) for from ≤ i < from + n, each part rounded once; 1 for n = 0. With an infinity or a NaN among the factors it is
 * what the textbook formula makes of them in their order.
 */
export function exactComplexProduct(x: ComplexAt, from: number, n: number, part: FloatDType): Complex {
  let factors: Gaussian[] = [];
  for (let i = from; i < from + n; i++) {
    if (!finite(x(i))) return textbook(x, from, n);
    factors.push(gaussian(x(i)));
  }
  while (factors.length > 1) {
    factors = factors.flatMap((f, i) => (i % 2 === 1 ? [] : [multiplied(f, factors[i + 1] ?? ONE)]));
  }
  return roundedGaussian(factors[0] ?? ONE, part)!;
}

function textbook(x: ComplexAt, from: number, n: number): Complex {
  let product: Complex = { re: 1, im: 0 };
  for (let i = from; i < from + n; i++) product = complexProduct(product, x(i));
  return product;
}

/** The products x(from) … x(from + k) for each k < n, each part rounded once. */
export function exactComplexPrefixProducts(x: ComplexAt, from: number, n: number, part: FloatDType): Complex[] {
  const results: Complex[] = [];
  let running = ONE;
  let special: Complex | null = null; // what the textbook makes of all factors, once one is not finite
  for (let i = 0; i < n; i++) {
    const factor = x(from + i);
    if (special !== null) special = complexProduct(special, factor);
    else if (finite(factor)) running = multiplied(running, gaussian(factor), RUNNING_DIGITS);
    else special = textbook(x, from, i + 1);
    results.push(special ?? roundedGaussian(running, part) ?? exactComplexProduct(x, from, i + 1, part));
  }
  return results;
}
