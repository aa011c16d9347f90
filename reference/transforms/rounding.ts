/**
 * The size of rounding errors (spec/numerics.md): what one equation may add to the errors of its operands, by the
 * accuracy that its primitive is specified to have. What is bounded is |backend − reference|, so both sides round.
 */
import type { ProfileName } from '../core/backend.ts';
import { type DType, finfo, isComplex, isFloat, isInexact } from '../core/dtypes.ts';
import { avalOf, elements, type HostArray, moduli, numbers, rounder, sameElement, sizeOf } from '../core/host.ts';
import type { Accuracy, AnyFirstOrder, Bound, Params } from '../core/primitive.ts';
import { gamma, type GpuBudget, ULP_BUDGETS, type UlpBudget } from '../primitives/accuracy.ts';

/** What a profile permits beyond the primitives' accuracies (spec/numerics.md#profiles). */
export interface Profile {
  /** Subnormal operands and results may be taken as zeros. */
  readonly flushToZero: boolean;
  /** a·b + c may be rounded once; no bound grows by it, since the product's own rounding is allowed anyway. */
  readonly contraction: boolean;
  /** −0 and +0 may stand for one another. */
  readonly signedZeroTies: boolean;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  strict: { flushToZero: false, contraction: false, signedZeroTies: false },
  fast: { flushToZero: false, contraction: true, signedZeroTies: false },
  gpu: { flushToZero: true, contraction: true, signedZeroTies: true },
};

/** The distance between the two values of the dtype around |x|: the unit in the last place. */
export function ulpSize(x: number, dtype: DType): number {
  const { tiny, smallestSubnormal, unitRoundoff, max } = finfo(dtype);
  const magnitude = Math.min(Math.abs(x), max);
  if (!(magnitude > tiny)) return smallestSubnormal;
  return 2 ** exponentOf(magnitude) * (2 * unitRoundoff);
}

const view = new DataView(new ArrayBuffer(8));
/** ⌊log₂ x⌋ of a normal double. */
function exponentOf(x: number): number {
  view.setFloat64(0, x);
  return ((view.getUint16(0) >> 4) & 0x7ff) - 1023;
}

/**
 * How many roundings the longest chain of a sum of n terms may have. Any order that keeps to it is legal: blocks of
 * 1024, or pairs, or √n partial sums; a running sum of a million terms is not.
 */
export const chainLength = (terms: number): number => Math.min(terms, 1024 + 2 * Math.ceil(Math.sqrt(terms)));

/** The smallest number that underflow may lose. */
export const underflow = (dtype: DType, profile: ProfileName): number =>
  PROFILES[profile].flushToZero ? finfo(dtype).tiny : finfo(dtype).smallestSubnormal;

/**
 * What underflow may lose of the modulus of a result. Either part of a complex one is a product or the sum of two, each of
 * which may underflow, as in (a + bi)·(c + di) = (ac − bd) + (ad + bc)i: 2η for a part, 2√2·η for the modulus. Where a term
 * does not underflow the sum may, once.
 */
export const underflowOfModulus = (dtype: DType, profile: ProfileName): number =>
  (isComplex(dtype) ? 2 * Math.SQRT2 : 1) * underflow(dtype, profile);

/**
 * Whether a product of the elements of its operands may overflow or underflow on the way, in some order: its result then
 * says nothing. Zeros and infinities among the factors do not hide that the others do so by themselves.
 */
export function productLeavesRange(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  dtype: DType,
  profile: ProfileName,
): (i: number) => boolean {
  const size = (v: number): number => (Number.isFinite(v) && v !== 0 ? v : 1);
  const extreme = (f: (size: number) => number): ArrayLike<number> => {
    const factors = operands.map((x): HostArray => {
      if (!isInexact(x.dtype)) return x; // indices
      return { shape: x.shape, dtype: 'float64', data: moduli(x).map((v) => f(size(v))) };
    });
    return numbers(primitive.evaluate(factors, params)[0]!);
  };
  const largest = extreme((v) => Math.max(v, 1));
  const smallest = extreme((v) => Math.min(v, 1));
  const { max, tiny, unitRoundoff } = finfo(dtype);
  // The parts of a product of complex numbers are differences of terms as large as its modulus, and may underflow when it
  // does not: that is within the bound while it loses no more than a unit.
  const [most, least] = isComplex(dtype) ? [max / 2, (4 * underflow(dtype, profile)) / unitRoundoff] : [max, tiny];
  return (i) => largest[i]! > most || smallest[i]! < least;
}

const budgets: Readonly<Record<string, UlpBudget | undefined>> = ULP_BUDGETS;

/** A primitive's accuracy for one call. */
export const accuracyOf = (primitive: AnyFirstOrder, operands: readonly HostArray[], params: Params): Accuracy =>
  primitive.accuracy(operands.map(avalOf), params);

/**
 * The absolute error that the table of a gpu allows for result y at operand x; infinite where it promises nothing, and
 * where it only names an expression. Functions that are not in the table keep n units.
 */
export function gpuAllowance(name: string, n: number, dtype: DType): (x: number, y: number) => number {
  const budget: GpuBudget = budgets[name]?.gpu ?? { ulp: n };
  if ('inherited' in budget) return () => Infinity;
  const { ulp, perMagnitude = 0, absolute = 0, within = Infinity } = budget;
  // The table is for float32; rounding to fewer bits comes on top of an absolute error.
  const isShort = finfo(dtype).unitRoundoff > finfo('float32').unitRoundoff;
  const rounding = (y: number): number => (isShort ? roundedOnce(y, dtype) : 0);
  const ulps = (x: number): number => (perMagnitude === 0 ? ulp : ulp + perMagnitude * Math.abs(x)); // of ∞ too
  return (x, y) => (Math.abs(x) > within ? Infinity : Math.max(ulps(x) * ulpSize(y, dtype), absolute + rounding(y)));
}

export interface Rounding {
  readonly worst: Float64Array;
  readonly variance: Float64Array;
}

/**
 * Whether those who compute a program may choose differently where its primitives leave a choice (`free`), or are taken
 * to choose alike, so in expressions that do not depend on the choice: of signs and phases (`gauge`), or of the update
 * that wins as well (`alike`).
 */
export type Choices = 'free' | 'gauge' | 'alike';

/**
 * The rounding that an equation adds to its results, whose elements are only known to `spread` (the bounds that come from
 * the operands). null: a result is exact. Infinite where a legal order of summation overflows.
 */
export function roundingsOf(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  results: readonly HostArray[],
  spread: readonly (Bound | null)[],
  profile: ProfileName,
  choices: Choices = 'free',
): readonly (Rounding | null)[] {
  const accuracy = accuracyOf(primitive, operands, params);
  if (accuracy.kind === 'exact') return results.map(() => null);
  if (accuracy.kind === 'oneOf') {
    return results.map((y) => (choices === 'alike' ? null : whereTheyDiffer(y, accuracy.choices(operands))));
  }
  if (accuracy.kind === 'backward') return solutionsApart(accuracy, operands, results, profile, choices);
  return results.map((y, j) =>
    isInexact(y.dtype)
      ? roundingOf(accuracy, { primitive, operands, params }, y, j, spread[j]?.worst ?? null, profile)
      : null,
  );
}

/** Unknown where there is a choice. */
function whereTheyDiffer(y: HostArray, choices: readonly HostArray[]): Rounding | null {
  const others = choices.map(elements);
  const at = elements(y);
  const open = (i: number): boolean => others.some((other) => !sameElement(other(i), at(i)));
  const worst = Float64Array.from({ length: sizeOf(y.shape) }, (_, i) => (open(i) ? Infinity : 0));
  return worst.some((w) => w > 0) ? { worst, variance: worst } : null;
}

/** A distance of two solutions that both pass is a proof; how likely it is nobody knows. */
function solutionsApart(
  { forward, aligned = forward }: Accuracy & { kind: 'backward' },
  operands: readonly HostArray[],
  results: readonly HostArray[],
  profile: ProfileName,
  choices: Choices,
): Rounding[] {
  const apart = (choices === 'free' ? forward : aligned)(operands, results, underflow(solutionDtype(results), profile));
  return apart.map((worst) => ({ worst, variance: worst.map((w) => w ** 2) }));
}

/** The dtype that the results of a `backward` primitive are computed in: lists of pivots stand beside them. */
export const solutionDtype = (results: readonly HostArray[]): DType => results.find((y) => isInexact(y.dtype))!.dtype;

interface Call {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
}

function roundingOf(
  accuracy: Exclude<Accuracy, { readonly kind: 'exact' | 'backward' | 'oneOf' }>,
  call: Call,
  y: HostArray,
  j: number,
  spread: Float64Array | null,
  profile: ProfileName,
): Rounding {
  const { dtype } = y;
  const sizes = moduli(y);
  const lost = PROFILES[profile].flushToZero ? finfo(dtype).tiny : 0;
  const own = ownError(accuracy, call, y, j, profile);
  const overflows = overflow(dtype);
  const isExact = spread === null ? isExactSum(call) : (): boolean => false;
  const isOverflow = overflowed(accuracy, call, sizes, spread);
  const worst = new Float64Array(sizes.length);
  const variance = new Float64Array(sizes.length);
  for (let i = 0; i < sizes.length; i++) {
    if (isExact(i)) continue;
    const size = sizes[i]! + (spread?.[i] ?? 0);
    // Both sides round: theirs by their accuracy, the reference's once.
    const reference = roundedOnce(size, dtype);
    const theirs = own.worst(size, i);
    const mayOverflow = isOverflow(i) || (Number.isFinite(sizes[i]!) && overflows(size, theirs));
    // Beside a scale out of range infinities stand for NaN as well; sums and products are NaN whatever their order.
    const mayLeave = own.leavesRange(i) && (accuracy.kind === 'normwise' || !Number.isNaN(size));
    worst[i] = mayOverflow || mayLeave ? Infinity : Number.isNaN(size) ? 0 : theirs + reference + lost;
    variance[i] = own.variance(size, i) + reference ** 2 / 3 + lost ** 2;
  }
  return { worst, variance };
}

/**
 * Whether a sum of two numbers is one of the dtype's own, so that nobody rounds it: x + 1 of a small x. (What is lost of
 * a + b is a number again: Knuth, The Art of Computer Programming, volume 2, §4.2.2.) Subnormal numbers may be flushed.
 */
function isExactSum({ primitive: { name }, operands: [a, b] }: Call): (i: number) => boolean {
  if ((name !== 'add' && name !== 'sub') || !isFloat(a!.dtype)) return () => false;
  const [xs, ys] = [numbers(a!), numbers(b!)];
  const { tiny } = finfo(a!.dtype);
  const round = rounder(a!.dtype);
  return (i) => {
    const [x, y] = [xs[i]!, name === 'add' ? ys[i]! : -ys[i]!];
    const sum = x + y;
    const part = sum - x;
    const isKept = [x, y, sum].every((v) => v === 0 || Math.abs(v) >= tiny);
    return isKept && x - (sum - part) + (y - part) === 0 && round(sum) === sum;
  };
}

/**
 * Whether a result is infinite though its operands are not: who errs may stay in the range. Of exact operands rounding has
 * one result.
 */
function overflowed(
  { kind }: Accuracy,
  { operands }: Call,
  sizes: Float64Array,
  spread: Float64Array | null,
): (i: number) => boolean {
  if (!sizes.includes(Infinity)) return () => false;
  const given = operands.map(moduli);
  const allFinite = given.every((x) => x.length === sizes.length || x.every(Number.isFinite));
  const isFinite = (i: number): boolean => given.every((x) => x.length !== sizes.length || Number.isFinite(x[i]));
  return (i) => sizes[i] === Infinity && (kind !== 'rounded' || (spread?.[i] ?? 0) > 0) && allFinite && isFinite(i);
}

/** Whether a number of this size may be rounded to an infinity where it is off by an error; by halves, lest doubles overflow. */
function overflow(dtype: DType): (size: number, error: number) => boolean {
  const { max } = finfo(dtype);
  const half = max / 2 + ulpSize(max, dtype) / 4;
  return (size, error) => size / 2 + error / 2 > half;
}

/**
 * The error of rounding to nearest: half a unit, of complex numbers half a unit of either part. (Half of the smallest
 * subnormal float64 is no number.)
 */
export const roundedOnce = (size: number, dtype: DType): number =>
  Math.max(ulpSize(size, dtype) * (isComplex(dtype) ? Math.SQRT1_2 : 0.5), Number.MIN_VALUE);

/** The error of a backend's own result, by its modulus, and whether it may leave the range of the dtype. */
interface OwnError {
  worst(size: number, i: number): number;
  variance(size: number, i: number): number;
  leavesRange(i: number): boolean;
}

/** An error that is uniform within its limits. */
const uniform = (worst: OwnError['worst'], leavesRange: OwnError['leavesRange'] = () => false): OwnError => ({
  worst,
  variance: (size, i) => worst(size, i) ** 2 / 3,
  leavesRange,
});

function ownError(
  accuracy: Exclude<Accuracy, { readonly kind: 'exact' | 'backward' | 'oneOf' }>,
  { primitive, operands, params }: Call,
  y: HostArray,
  j: number,
  profile: ProfileName,
): OwnError {
  const { dtype } = y;
  switch (accuracy.kind) {
    case 'rounded':
      return uniform((size) => roundedOnce(size, dtype));
    case 'ulp': {
      if (profile !== 'gpu') return uniform((size) => accuracy.n * ulpSize(size, dtype));
      const allowance = gpuAllowance(primitive.name, accuracy.n, dtype);
      const x = moduli(operands[0]!);
      return uniform((size, i) => allowance(x[i]!, size));
    }
    case 'sum': {
      const magnitude = accuracy.magnitude(operands);
      const { relative, absolute, last } = sumError(accuracy.terms, dtype, profile);
      const { max } = finfo(dtype);
      const u = finfo(accumulatorOf(dtype)).unitRoundoff;
      const end = (size: number, i: number): number => last(size + relative * magnitude[i]!);
      return {
        worst: (size, i) => relative * magnitude[i]! + absolute + end(size, i),
        // Of the roundings those of one sign and those of the other cancel (spec/transformations/error-bound.md#likely).
        variance: (size, i) => (u * magnitude[i]!) ** 2 / 3 + end(size, i) ** 2 / 3,
        leavesRange: (i) => magnitude[i]! * (1 + relative) > max,
      };
    }
    case 'product': {
      const { relative, absolute } = productError(accuracy.terms, dtype, profile);
      const u = finfo(dtype).unitRoundoff;
      return {
        // Of one factor 0·∞, which is 0: nothing is multiplied.
        worst: (size) => (relative === 0 ? 0 : relative * size) + absolute,
        variance: (size) => (accuracy.terms * (u * size) ** 2) / 3,
        leavesRange: productLeavesRange(primitive, operands, params, dtype, profile),
      };
    }
    case 'normwise': {
      const results = accuracy.scale === undefined ? [] : primitive.evaluate(operands, params);
      const scale = accuracy.scale?.(operands, results)[j];
      const peak = accuracy.peak?.(operands, results)[j] ?? scale;
      const { max, unitRoundoff } = finfo(dtype);
      const relative = accuracy.n * unitRoundoff;
      return uniform(
        (size, i) => relative * (scale?.[i] ?? size) + underflowOfModulus(dtype, profile),
        // What is given a scale may overflow on the way to it.
        (i) => (peak?.[i] ?? 0) * (1 + relative) > max,
      );
    }
  }
}

/** Sums of floats of 16 bits are accumulated in float32 and rounded once at the end (spec/numerics.md#sum). */
export const accumulatorOf = (dtype: DType): DType => (dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype);

export interface SumError {
  /** γₖ, of Σ|terms|. */
  readonly relative: number;
  readonly absolute: number;
  /** The last rounding, to `dtype`, of a result of this size. */
  readonly last: (size: number) => number;
}

export function sumError(terms: number, dtype: DType, profile: ProfileName): SumError {
  const inner = accumulatorOf(dtype);
  const flushed = PROFILES[profile].flushToZero ? finfo(dtype).tiny : 0;
  return {
    relative: gamma(chainLength(terms), inner),
    absolute: terms * underflow(inner, profile),
    last: (size) => (inner === dtype ? 0 : Math.max(roundedOnce(size, dtype), flushed)),
  };
}

/** Of a product of complex numbers, in u: its roundings (Brent, Percival, Zimmermann 2007), and parts that underflow. */
const COMPLEX_PRODUCT = Math.sqrt(5) + 1;

/** γₙ₋₁, of the product, and what underflow may lose. */
export function productError(terms: number, dtype: DType, profile: ProfileName): Omit<SumError, 'last'> {
  const factors = Math.max(terms - 1, 0);
  return {
    relative: gamma(isComplex(dtype) ? COMPLEX_PRODUCT * factors : factors, dtype),
    absolute: terms * underflow(dtype, profile),
  };
}
