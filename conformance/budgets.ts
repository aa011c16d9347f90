/**
 * Whether results are right (spec/numerics.md): each primitive's results against its accuracy, whole programs against
 * the error bounds carried through them. Nothing here is a tolerance that somebody chose.
 */
import type { ProfileName } from '../reference/core/backend.ts';
import { type DType, finfo, isFloat, isInexact } from '../reference/core/dtypes.ts';
import { showElement } from '../reference/core/show.ts';
import {
  buildElements,
  type Element as Value,
  elementFrom,
  elements,
  type HostArray,
  moduli,
  numbers,
  sameShape,
  type Shape,
  showAval,
  sizeOf,
  widened,
} from '../reference/core/host.ts';
import type { Accuracy, AnyFirstOrder, Bounded, Params } from '../reference/core/primitive.ts';
import { referenceUlps } from '../reference/primitives/accuracy.ts';
import {
  accuracyOf,
  gpuAllowance,
  productError,
  productLeavesRange,
  PROFILES,
  roundedOnce,
  solutionDtype,
  sumError,
  ulpSize,
  underflow,
} from '../reference/transforms/rounding.ts';
import { distance, equalElements, isFiniteElement, isNaNElement, modulus, sameInfinities } from './elements.ts';
import type { Element, Measured } from './types.ts';
import { hasTruth, truth, truthError } from './truth/index.ts';
import { addTo, binOf, type Histogram, ulpDistance, ulpError } from './ulp.ts';

/** How the elements of one result are judged. */
interface Ruler {
  readonly unit: Measured['unit'] | 'exact';
  /** Errors are in `unit`s; more than this is wrong. */
  readonly limit: number;
  /** Infinite where nothing but the same value would do. −1: nothing can be said of this element. */
  error(expected: Value, got: Value, i: number): number;
  /** What is allowed at element i, whose modulus is `size`, absolutely. */
  allowed(size: number, i: number): number;
}

export interface Comparison {
  readonly compared: number;
  readonly uncompared: number;
  /** Beyond the likely bound, within the proven one. */
  readonly suspect: number;
  /** The worst element beyond its budget; what is wrong with the results' types; null: all is well. */
  readonly wrong: { readonly message: string; readonly element: Element | null } | null;
  readonly measured: Measured | null;
  /** Absolute budgets per result, as saved cases carry them; null: bit for bit. */
  readonly budgets: readonly (Float64Array | null)[];
}

/** Who gave the expected results: the reference, or the fixtures, whose numbers are the exact ones rounded once. */
export type Witness = 'reference' | 'fixture';

/** The results of one equation on given operands. */
export function judgeEquation(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  expected: readonly HostArray[],
  got: readonly HostArray[],
  profile: ProfileName,
  witness: Witness = 'reference',
): Comparison {
  const accuracy = accuracyOf(primitive, operands, params, profile);
  if (accuracy.kind === 'backward') return judgeSolution(accuracy, operands, expected, got, profile);
  const call = { primitive, operands, params, profile, witness };
  const rulers = expected.map((y, j) => {
    if (accuracy.kind === 'oneOf') return choiceRuler(accuracy.choices(operands), y.dtype, profile);
    return isInexact(y.dtype) ? rulerOf(accuracy, call, y, j) : exactRuler(y.dtype, profile);
  });
  return compare(expected, got, rulers, primitive.batch === 'elementwise' ? operands : []);
}

/** How well results solve the problem, whatever their distance from the reference's. */
function judgeSolution(
  { checks, forward }: Accuracy & { kind: 'backward' },
  operands: readonly HostArray[],
  expected: readonly HostArray[],
  got: readonly HostArray[],
  profile: ProfileName,
): Comparison {
  const eta = underflow(solutionDtype(expected), profile);
  const budgets = forward(operands, expected, eta);
  const mismatch = typeMismatch(expected, got);
  if (mismatch !== null) return mistyped(mismatch, budgets);
  const bins: Histogram = new Map();
  let max = 0;
  const failed: { readonly share: number; readonly message: string }[] = [];
  for (const { what, error, allowed } of checks(operands, expected, got, eta)) {
    const share = error === 0 ? 0 : error <= allowed ? error / allowed : Infinity;
    addTo(bins, [[binOf(share), 1]]);
    if (share <= 1) max = Math.max(max, share);
    else failed.push({ share: error / allowed, message: `${what} is ${shown(error)}, allowed is ${shown(allowed)}` });
  }
  const worst = failed.reduce((a, b) => (b.share > a.share ? b : a), failed[0]!);
  return {
    compared: expected.reduce((n, y) => n + sizeOf(y.shape), 0),
    uncompared: 0,
    suspect: 0,
    wrong: failed.length > 0 ? { message: worst.message, element: null } : null,
    measured: bins.size === 0 ? null : { unit: 'budget', bins: [...bins], max, worst: null },
    budgets,
  };
}

/** The results of a program, given what errors may do to them. */
export function judgeProgram(
  expected: readonly Bounded[],
  got: readonly HostArray[],
  profile: ProfileName,
): Comparison {
  const rulers = expected.map(({ value, bound }) =>
    bound === null ? exactRuler(value.dtype, profile) : carriedRuler(bound.worst),
  );
  const result = compare(
    expected.map((x) => x.value),
    got,
    rulers,
    [],
  );
  if (result.wrong !== null) return result;
  return { ...result, suspect: expected.reduce((n, x, j) => n + beyondLikely(x, got[j]!), 0) };
}

/** Bit for bit, but for the payload of NaNs. */
export const exactly = (expected: readonly HostArray[], got: readonly HostArray[]): Comparison =>
  compare(
    expected,
    got,
    expected.map((y) => exactRuler(y.dtype, 'strict')),
    [],
  );

/** Against saved results and what is allowed around them; null: bit for bit. */
export const judgeSaved = (
  expected: readonly HostArray[],
  got: readonly HostArray[],
  budgets: readonly (Float64Array | null)[],
): Comparison =>
  compare(
    expected,
    got,
    expected.map((y, j) => (budgets[j] ? carriedRuler(budgets[j]) : exactRuler(y.dtype, 'strict'))),
    [],
  );

/** Elements beyond four standard deviations of the likely error. */
function beyondLikely({ value, bound }: Bounded, got: HostArray): number {
  if (bound === null) return 0;
  const [e, g] = [elements(value), elements(got)];
  return bound.variance.reduce((n, v, i) => n + Number(distance(e(i), g(i)) > 4 * Math.sqrt(v)), 0);
}

// ---- rulers

/** The same bits, part by part, but for NaNs: all are one value, and a complex number is NaN if a part of it is. */
function exactRuler(dtype: DType, profile: ProfileName): Ruler {
  const same = sameness(dtype, profile);
  return { unit: 'exact', limit: 0, error: (e, g) => (same(e, g) ? 0 : Infinity), allowed: () => 0 };
}

/** The same bits as those of one of the choices. */
function choiceRuler(choices: readonly HostArray[], dtype: DType, profile: ProfileName): Ruler {
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

function rulerOf(
  accuracy: Exclude<Accuracy, { readonly kind: 'backward' | 'oneOf' }>,
  call: Call,
  y: HostArray,
  j: number,
): Ruler {
  switch (accuracy.kind) {
    case 'exact':
    case 'rounded': // rounding is a function: there is one right answer
      return exactRuler(y.dtype, call.profile);
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
 * a zero is not what is left when terms cancel.
 */
function withSigns(ruler: Ruler, profile: ProfileName, certain: (i: number) => boolean = () => true): Ruler {
  if (PROFILES[profile].signedZeroTies) return ruler;
  const flipped = (e: Value, g: Value): boolean => e === 0 && g === 0 && !Object.is(e, g);
  return { ...ruler, error: (e, g, i) => (flipped(e, g) && certain(i) ? Infinity : ruler.error(e, g, i)) };
}

/** n units of the exact value, which for narrower dtypes is what the reference gives in float64. */
function ulpRuler(n: number, call: Call, dtype: DType, j: number): Ruler {
  if (call.profile === 'gpu') return gpuRuler(n, call, dtype);
  const allowed = (e: number): number => n * ulpSize(e, dtype);
  const { primitive, operands, params, witness } = call;
  if (witness === 'fixture') {
    return { unit: 'ulp', limit: n + 0.5, error: (e: number, g: number) => ulpDistance(e, g, dtype), allowed };
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
    return { unit: 'ulp', limit: doubt, error: (e: number, g: number) => ulpDistance(e, g, 'float64'), allowed };
  }
  const data = operands.map(numbers);
  const error = (e: number, g: number, i: number): number => {
    const distance = ulpDistance(e, g, 'float64');
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
function sumRuler(accuracy: Accuracy & { kind: 'sum' }, { operands, profile }: Call, dtype: DType): Ruler {
  const magnitude = accuracy.magnitude(operands);
  const finite = magnitude.every(Number.isFinite) ? magnitude : accuracy.magnitude(operands.map(finiteOnly));
  const { relative, absolute, last } = sumError(accuracy.terms, dtype, profile);
  const { max } = finfo(dtype);
  const allowed = (size: number, i: number): number => {
    const error = relative * magnitude[i]!;
    return error + absolute + last(size + error) + roundedOnce(size, dtype);
  };
  const ruler = fractionRuler(allowed, (i) => finite[i]! * (1 + relative) > max);
  return withSigns(ruler, profile, (i) => magnitude[i] === 0);
}

/** Infinite terms do not hide that the others overflow by themselves: ∞ plus an overflow to −∞ is NaN. */
function finiteOnly(x: HostArray): HostArray {
  if (!isInexact(x.dtype)) return x;
  const at = elements(x);
  const zero = elementFrom(x.dtype, 0);
  return buildElements(x.dtype, x.shape, (i) => (isFiniteElement(at(i)) ? at(i) : zero));
}

/** γₙ₋₁·|product| + n·η, and half a unit for the reference's own rounding. */
function productRuler(terms: number, { primitive, operands, params, profile }: Call, dtype: DType): Ruler {
  const { relative, absolute } = productError(terms, dtype, profile);
  const allowed = (size: number): number => relative * size + absolute + roundedOnce(size, dtype);
  return fractionRuler(allowed, productLeavesRange(primitive, operands, params, dtype), true);
}

/** n·u·scale + η, and half a unit for the reference's own rounding. What is given a scale may overflow on the way to it. */
function normwiseRuler(
  { n, scale }: Accuracy & { kind: 'normwise' },
  { operands, primitive, params, profile }: Call,
  y: HostArray,
  j: number,
): Ruler {
  const scales = scale?.(operands, primitive.evaluate(operands, params))[j];
  const u = finfo(y.dtype).unitRoundoff;
  const eta = underflow(y.dtype, profile);
  const allowed = (size: number, i: number): number => n * u * (scales?.[i] ?? size) + eta + roundedOnce(size, y.dtype);
  const { max } = finfo(y.dtype);
  return fractionRuler(allowed, (i) => (scales?.[i] ?? 0) * (1 + n * u) > max);
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
    allowed,
    error(e, g, i) {
      if (equalElements(e, g)) return 0;
      if (leavesRange(i) && (anything || !isFiniteElement(g) || !isFiniteElement(e))) return -1;
      return apart(e, g, allowed(modulus(e), i));
    },
  };
}

/** The distance as a share of what is allowed. Beside an infinite part the other says nothing. */
function apart(e: Value, g: Value, allowed: number): number {
  if (isFiniteElement(e) && isFiniteElement(g)) return distance(e, g) / allowed;
  return !isNaNElement(e) && !isNaNElement(g) && sameInfinities(e, g) ? 0 : Infinity;
}

/** Bounds that were carried through a program. */
function carriedRuler(worst: Float64Array): Ruler {
  return {
    unit: 'budget',
    limit: 1,
    allowed: (_, i) => worst[i]!,
    error(e, g, i) {
      if (worst[i] === Infinity) return -1;
      return equalElements(e, g) ? 0 : apart(e, g, worst[i]!);
    },
  };
}

// ---- comparing

function compare(
  expected: readonly HostArray[],
  got: readonly HostArray[],
  rulers: readonly Ruler[],
  operands: readonly HostArray[],
): Comparison {
  const mismatch = typeMismatch(expected, got);
  const budgets = expected.map((y, j) => absolute(y, rulers[j]!));
  if (mismatch !== null) return mistyped(mismatch, budgets);
  const tally = new Tally();
  expected.forEach((y, j) => tally.add(y, got[j]!, rulers[j]!, j, operands));
  return { ...tally.result(), budgets };
}

const mistyped = (message: string, budgets: Comparison['budgets']): Comparison => ({
  compared: 0,
  uncompared: 0,
  suspect: 0,
  wrong: { message, element: null },
  measured: null,
  budgets,
});

function typeMismatch(expected: readonly HostArray[], got: readonly HostArray[]): string | null {
  if (got.length !== expected.length) return `${expected.length} results expected, got ${got.length}`;
  for (const [j, y] of expected.entries()) {
    const z = got[j]!;
    if (y.dtype !== z.dtype || !sameShape(y.shape, z.shape) || y.data.length !== z.data.length) {
      return `result ${j} should be ${showAval(y)}, got ${showAval(z)} of ${z.data.length} elements`;
    }
  }
  return null;
}

function absolute(y: HostArray, ruler: Ruler): Float64Array | null {
  if (ruler.unit === 'exact') return null;
  return moduli(y).map((size, i) => ruler.allowed(size, i));
}

/** Errors of all results of a call. */
class Tally {
  #compared = 0;
  #uncompared = 0;
  #unit: Measured['unit'] | null = null;
  #max = 0;
  #worst: Element | null = null;
  #wrong: { excess: number; element: Element; count: number } | null = null;
  readonly #bins: Histogram = new Map();

  add(y: HostArray, z: HostArray, ruler: Ruler, output: number, operands: readonly HostArray[]): void {
    const [e, g] = [elements(y), elements(z)];
    const describe = (i: number): Element => elementOf(y, e(i), g(i), i, ruler, output, operands);
    if (ruler.unit !== 'exact') this.#unit = ruler.unit;
    for (let i = 0; i < sizeOf(y.shape); i++) {
      const error = ruler.error(e(i), g(i), i);
      if (error < 0) {
        this.#uncompared++;
        continue;
      }
      this.#compared++;
      if (ruler.unit !== 'exact') addTo(this.#bins, [[binOf(error), 1]]);
      if (error > this.#max && error <= ruler.limit) {
        this.#max = error;
        this.#worst = describe(i);
      }
      if (error > ruler.limit) this.#note(error / (ruler.limit || 1), () => describe(i));
    }
  }

  #note(excess: number, describe: () => Element): void {
    const count = (this.#wrong?.count ?? 0) + 1;
    const worse = this.#wrong === null || excess > this.#wrong.excess;
    this.#wrong = worse ? { excess, element: describe(), count } : { ...this.#wrong!, count };
  }

  result(): Omit<Comparison, 'budgets'> {
    const wrong = this.#wrong && {
      message: messageOf(this.#wrong.element, this.#wrong.count),
      element: this.#wrong.element,
    };
    const measured = this.#unit && { unit: this.#unit, bins: [...this.#bins], max: this.#max, worst: this.#worst };
    return { compared: this.#compared, uncompared: this.#uncompared, suspect: 0, wrong, measured };
  }
}

function messageOf({ output, index, expected, got, ulp }: Element, count: number): string {
  const size = ulp === null ? '' : `, ${shown(ulp)} ulp off`;
  const others = count > 1 ? ` (and ${count - 1} more elements)` : '';
  return `result ${output}[${index.join(', ')}] is ${got}, expected ${expected}${size}${others}`;
}
const shown = (v: number): string => String(Number(v.toPrecision(3)));

function elementOf(
  y: HostArray,
  e: Value,
  g: Value,
  i: number,
  ruler: Ruler,
  output: number,
  operands: readonly HostArray[],
): Element {
  const ulp = isFloat(y.dtype) ? ulpDistance(e as number, g as number, y.dtype) : Infinity;
  const finite = (v: number): number | null => (Number.isFinite(v) ? v : null);
  const at = operands.map((x) => showElement(x.dtype, elements(x)(sizeOf(x.shape) === 1 ? 0 : i))).join(', ');
  return {
    output,
    index: unravel(i, y.shape),
    expected: showElement(y.dtype, e),
    got: showElement(y.dtype, g),
    ulp: finite(ulp),
    error: finite(distance(e, g)),
    budget: finite(ruler.allowed(modulus(e), i)),
    at: at === '' ? null : at,
  };
}

/** The multi-index of a flat position. */
function unravel(flat: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const n of shape.toReversed()) {
    index.unshift(flat % n);
    flat = Math.floor(flat / n);
  }
  return index;
}
