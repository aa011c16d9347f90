/**
 * How far each element of a result may be from the expected one, by the accuracy of its primitive or by a bound that
 * was carried through a program (spec/numerics.md#accuracy).
 */
import type { ProfileName } from '../reference/core/backend.ts';
import { type DType, finfo, isFloat, isInexact } from '../reference/core/dtypes.ts';
import {
  buildElements,
  type Element as Value,
  elements,
  type HostArray,
  moduli,
  numbers,
  widened,
} from '../reference/core/host.ts';
import type { Accuracy, AnyFirstOrder, Params } from '../reference/core/primitive.ts';
import { referenceUlps } from '../reference/primitives/accuracy.ts';
import {
  gpuAllowance,
  productError,
  productLeavesRange,
  PROFILES,
  roundedOnce,
  sumError,
  ulpSize,
  underflowOfModulus,
} from '../reference/transforms/rounding.ts';
import { distance, equalElements, isFiniteElement, isNaNElement, modulus, sameInfinities } from './elements.ts';
import type { Measured } from './types.ts';
import { hasTruth, truth, truthError } from './truth/index.ts';
import { ulpError, ulpsApart } from './ulp.ts';

/** How the elements of one result are judged. */
export interface Ruler {
  readonly unit: Measured['unit'] | 'exact';
  /** Errors are in `unit`s; more than this is wrong. */
  readonly limit: number;
  /** Infinite where nothing but the same value would do. −1: nothing can be said of this element. */
  error(expected: Value, got: Value, i: number): number;
  /** What is allowed at element i, whose modulus is `size`, absolutely. */
  allowed(size: number, i: number): number;
}

/** Who gave the expected results: the reference, or the fixtures, whose numbers are the exact ones rounded once. */
export type Witness = 'reference' | 'fixture';

/** The same bits, part by part, but for NaNs: all are one value, and a complex number is NaN if a part of it is. */
export function exactRuler(dtype: DType, profile: ProfileName): Ruler {
  const same = sameness(dtype, profile);
  return { unit: 'exact', limit: 0, error: (e, g) => (same(e, g) ? 0 : Infinity), allowed: () => 0 };
}

/**
 * Rounding is a function: there is one right answer. Whether it is subnormal, and may be lost, is a matter of the exact
 * result or of the rounded one (IEEE 754-2019, §7.5): what is rounded up to the smallest normal number may be lost too.
 */
function roundedRuler(dtype: DType, profile: ProfileName): Ruler {
  const ruler = exactRuler(dtype, profile);
  if (!PROFILES[profile].flushToZero || !isInexact(dtype)) return ruler;
  const { tiny } = finfo(dtype);
  const isLost = (e: Value, g: Value): boolean => g === 0 && typeof e === 'number' && Math.abs(e) === tiny;
  return { ...ruler, error: (e, g, i) => (isLost(e, g) ? 0 : ruler.error(e, g, i)) };
}

/** The same bits as those of one of the choices. */
export function choiceRuler(choices: readonly HostArray[], dtype: DType, profile: ProfileName): Ruler {
  const same = sameness(dtype, profile);
  const legal = choices.map(elements);
  return { ...exactRuler(dtype, profile), error: (_, g, i) => (legal.some((at) => same(at(i), g)) ? 0 : Infinity) };
}

function sameness(dtype: DType, profile: ProfileName): (e: Value, g: Value) => boolean {
  const { signedZeroTies, flushToZero } = PROFILES[profile];
  const tiny = flushToZero && isInexact(dtype) ? finfo(dtype).tiny : 0;
  const same = (e: number, g: number): boolean =>
    Object.is(e, g) || (signedZeroTies && e === g) || (Math.abs(e) < tiny && Math.abs(g) < tiny);
  return (e, g) => {
    if (typeof e === 'object' && typeof g === 'object')
      return isNaNElement(e) ? isNaNElement(g) : same(e.re, g.re) && same(e.im, g.im);
    return typeof e === 'number' && typeof g === 'number' ? same(e, g) : e === g;
  };
}

interface Call {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  readonly profile: ProfileName;
  readonly witness: Witness;
}

export function rulerOf(
  accuracy: Exclude<Accuracy, { readonly kind: 'backward' | 'oneOf' }>,
  call: Call,
  y: HostArray,
  j: number,
): Ruler {
  switch (accuracy.kind) {
    case 'exact':
      return exactRuler(y.dtype, call.profile);
    case 'rounded':
      return roundedRuler(y.dtype, call.profile);
    case 'ulp':
      return withSigns(
        isFloat(y.dtype) ? ulpRuler(accuracy.n, call, y.dtype, j) : ulpOfModulus(accuracy.n, y.dtype),
        call.profile,
      );
    case 'sum':
      return sumRuler(accuracy, call, y.dtype);
    case 'product':
      return withSigns(productRuler(accuracy.terms, call, y.dtype), call.profile);
    case 'normwise':
      return normwiseRuler(accuracy, call, y, j);
  }
}

/**
 * A ruler of magnitudes, by which a zero of the wrong sign is wrong too: rounding never changes a sign. `certain`: where
 * a zero is not what is left when terms cancel, nor the −0 of products that underflow, which a sum with +0 loses.
 */
function withSigns(
  ruler: Ruler,
  profile: ProfileName,
  certain: (i: number, expected: Value) => boolean = () => true,
): Ruler {
  if (PROFILES[profile].signedZeroTies) return ruler;
  const flipped = (e: Value, g: Value): boolean => e === 0 && g === 0 && !Object.is(e, g);
  return { ...ruler, error: (e, g, i) => (flipped(e, g) && certain(i, e) ? Infinity : ruler.error(e, g, i)) };
}

/** n units of the exact value, which for narrower dtypes is what the reference gives in float64. */
function ulpRuler(n: number, call: Call, dtype: DType, j: number): Ruler {
  if (call.profile === 'gpu') return gpuRuler(n, call, dtype);
  const allowed = (e: number): number => n * ulpSize(e, dtype);
  const { primitive, operands, params, witness } = call;
  if (witness === 'fixture') {
    return { unit: 'ulp', limit: n + 0.5, error: (e: number, g: number) => ulpsApart(g, e, dtype), allowed };
  }
  if (dtype === 'float64') return doubleRuler(n, call, allowed);
  const exact = numbers(primitive.evaluate(operands.map(widened), params)[j]!);
  return { unit: 'ulp', limit: n, error: (_, g: number, i) => ulpError(g, exact[i]!, dtype), allowed };
}

/**
 * n units of the exact value, from which the reference is some units away itself: what those leave in doubt is judged by
 * the truth evaluator, and let pass where there is none.
 */
function doubleRuler(n: number, { primitive, operands, params }: Call, allowed: (e: number) => number): Ruler {
  const doubt = n + referenceUlps(primitive.name);
  if (!hasTruth(primitive.name)) {
    return { unit: 'ulp', limit: doubt, error: (e: number, g: number) => ulpsApart(g, e, 'float64'), allowed };
  }
  const data = operands.map(numbers);
  const error = (e: number, g: number, i: number): number => {
    const distance = ulpsApart(g, e, 'float64');
    if (distance <= n || distance > doubt) return distance;
    const exact = truth(
      primitive.name,
      data.map((x) => x[i]!),
      params,
    );
    return exact === null ? distance : truthError(g, exact, 'float64');
  };
  return { unit: 'ulp', limit: n, error, allowed };
}

/** Complex results: n units of the modulus, and half a unit of either part for the reference. */
const ulpOfModulus = (n: number, dtype: DType): Ruler =>
  fractionRuler(
    (size) => n * ulpSize(size, dtype) + roundedOnce(size, dtype),
    () => false,
  );

/** The absolute budgets of gpus; half a unit for the reference, and results below the normal range may be lost. */
function gpuRuler(n: number, { primitive, operands }: Call, dtype: DType): Ruler {
  const allowance = gpuAllowance(primitive.name, n, dtype);
  const x = moduli(operands[0]!);
  const { tiny } = finfo(dtype);
  const allowed = (size: number, i: number): number => allowance(x[i]!, size) + roundedOnce(size, dtype) + tiny;
  return fractionRuler(allowed, (i) => allowance(x[i]!, 0) === Infinity, true);
}

/** γₖ·Σ|terms| + n·η for any order of summation, and half a unit for the reference's own rounding. */
function sumRuler(accuracy: Accuracy & { kind: 'sum' }, { primitive, operands, profile }: Call, dtype: DType): Ruler {
  const magnitude = accuracy.magnitude(operands);
  const finite = magnitude.every(Number.isFinite) ? magnitude : accuracy.magnitude(operands.map(finiteOnly));
  const { relative, absolute, last } = sumError(accuracy.terms, dtype, profile);
  const { max } = finfo(dtype);
  const allowed = (size: number, i: number): number => {
    const error = relative * magnitude[i]!;
    return error + absolute + last(size + error) + roundedOnce(size, dtype);
  };
  const ruler = fractionRuler(allowed, (i) => finite[i]! * (1 + relative) > max);
  const hasProducts = primitive.bound === 'bilinear';
  return withSigns(ruler, profile, (i, e) => magnitude[i] === 0 && !(hasProducts && Object.is(e, -0)));
}

/** Infinite terms do not hide that the others overflow by themselves: ∞ plus an overflow to −∞ is NaN. */
function finiteOnly(x: HostArray): HostArray {
  if (!isInexact(x.dtype)) return x;
  const at = elements(x);
  const finite = (v: number): number => (Number.isFinite(v) ? v : 0);
  return buildElements(x.dtype, x.shape, (i) => {
    const v = at(i);
    return typeof v === 'object' ? { re: finite(v.re), im: finite(v.im) } : finite(v as number);
  });
}

/** γₙ₋₁·|product| + n·η, and half a unit for the reference's own rounding. */
function productRuler(terms: number, { primitive, operands, params, profile }: Call, dtype: DType): Ruler {
  const { relative, absolute } = productError(terms, dtype, profile);
  const allowed = (size: number): number => relative * size + absolute + roundedOnce(size, dtype);
  return fractionRuler(allowed, productLeavesRange(primitive, operands, params, dtype, profile), true);
}

/** n·u·scale, what underflow may lose, and half a unit for the reference's own rounding. What is given a scale may overflow on the way to it. */
function normwiseRuler(
  { n, scale, peak }: Accuracy & { kind: 'normwise' },
  { operands, primitive, params, profile }: Call,
  y: HostArray,
  j: number,
): Ruler {
  const results = scale === undefined ? [] : primitive.evaluate(operands, params);
  const scales = scale?.(operands, results)[j];
  const peaks = peak?.(operands, results)[j] ?? scales;
  const u = finfo(y.dtype).unitRoundoff;
  const lost = underflowOfModulus(y.dtype, profile);
  const allowed = (size: number, i: number): number =>
    n * u * (scales?.[i] ?? size) + lost + roundedOnce(size, y.dtype);
  const { max } = finfo(y.dtype);
  return fractionRuler(allowed, (i) => (peaks?.[i] ?? 0) * (1 + n * u) > max);
}

/**
 * Errors as fractions of an absolute budget. `leavesRange`: infinities and NaN are legal there, and so is, if `anything`,
 * whatever else comes out.
 */
function fractionRuler(
  allowed: (size: number, i: number) => number,
  leavesRange: (i: number) => boolean,
  anything: boolean = false,
): Ruler {
  return {
    unit: 'budget',
    limit: 1,
    allowed: (size, i) => (leavesRange(i) ? Infinity : allowed(size, i)),
    error(e, g, i) {
      if (equalElements(e, g)) return 0;
      if (leavesRange(i) && (anything || !isFiniteElement(g) || !isFiniteElement(e))) return -1;
      return apart(e, g, allowed(modulus(e), i));
    },
  };
}

/** The distance as a share of what is allowed. Beside an infinite part the other says nothing. */
function apart(e: Value, g: Value, allowed: number): number {
  if (isFiniteElement(e) && isFiniteElement(g)) return allowed === Infinity ? 0 : distance(e, g) / allowed;
  return !isNaNElement(e) && !isNaNElement(g) && sameInfinities(e, g) ? 0 : Infinity;
}

/** Bounds that were carried through a program; what has none is exact. */
export function carriedRuler(worst: Float64Array, dtype: DType, profile: ProfileName): Ruler {
  const same = sameness(dtype, profile);
  return {
    unit: 'budget',
    limit: 1,
    allowed: (_, i) => worst[i]!,
    error(e, g, i) {
      if (worst[i] === Infinity) return -1;
      return equalElements(e, g) || same(e, g) ? 0 : apart(e, g, worst[i]!);
    },
  };
}
