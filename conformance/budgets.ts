/**
 * Whether results are right (spec/numerics.md): each primitive's results against its accuracy, whole programs against
 * the error bounds carried through them. Nothing here is a tolerance that somebody chose.
 */
import type { ProfileName } from '../reference/core/backend.ts';
import { type DType, dtypes, finfo, isFloat } from '../reference/core/dtypes.ts';
import { showValue } from '../reference/core/show.ts';
import { build, type HostArray, hostScalar, numbers, sameShape, type Shape, showAval } from '../reference/core/host.ts';
import type { Accuracy, AnyFirstOrder, Bounded, Params } from '../reference/core/primitive.ts';
import { referenceUlps } from '../reference/primitives/accuracy.ts';
import {
  accuracyOf,
  chainLength,
  gamma,
  gpuAllowance,
  productLeavesRange,
  PROFILES,
  ulpSize,
  underflow,
} from '../reference/transforms/rounding.ts';
import type { Element, Measured } from './types.ts';
import { addTo, binOf, type Histogram, ulpDistance, ulpError } from './ulp.ts';

/** How the elements of one result are judged. */
interface Ruler {
  readonly unit: Measured['unit'] | 'exact';
  /** Errors are in `unit`s; more than this is wrong. */
  readonly limit: number;
  /** Infinite where nothing but the same value would do. −1: nothing can be said of this element. */
  error(expected: number, got: number, i: number): number;
  /** What is allowed at element i, absolutely. */
  allowed(expected: number, i: number): number;
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
  const call = { primitive, operands, params, profile, witness };
  const rulers = expected.map((y, j) =>
    isFloat(y.dtype) ? rulerOf(accuracy, call, y, j) : exactRuler(y.dtype, profile),
  );
  return compare(expected, got, rulers, primitive.batch === 'elementwise' ? operands : []);
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
  const [e, g] = [numbers(value), numbers(got)];
  return bound.variance.reduce((n, v, i) => n + Number(Math.abs(e[i]! - g[i]!) > 4 * Math.sqrt(v)), 0);
}

// ---- rulers

/** The same bits, but for the payload of NaNs. */
function exactRuler(dtype: DType, profile: ProfileName): Ruler {
  const same = sameness(dtype, profile);
  return { unit: 'exact', limit: 0, error: (e, g) => (same(e, g) ? 0 : Infinity), allowed: () => 0 };
}

function sameness(dtype: DType, profile: ProfileName): (e: number, g: number) => boolean {
  const { signedZeroTies, flushToZero } = PROFILES[profile];
  const tiny = flushToZero && isFloat(dtype) ? finfo(dtype).tiny : 0;
  return (e, g) => Object.is(e, g) || (signedZeroTies && e === g) || (Math.abs(e) < tiny && Math.abs(g) < tiny);
}

interface Call {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  readonly profile: ProfileName;
  readonly witness: Witness;
}

function rulerOf(accuracy: Accuracy, call: Call, y: HostArray, j: number): Ruler {
  switch (accuracy.kind) {
    case 'exact':
    case 'rounded': // rounding is a function: there is one right answer
      return exactRuler(y.dtype, call.profile);
    case 'ulp':
      return withSigns(ulpRuler(accuracy.n, call, y.dtype, j), call.profile);
    case 'sum':
      return sumRuler(accuracy, call, y.dtype);
    case 'product':
      return withSigns(productRuler(accuracy.terms, call, y.dtype), call.profile);
    case 'normwise':
      return normwiseRuler(accuracy, call, y, j);
    case 'backward':
      throw new Error('backward accuracies are judged by their checks');
  }
}

/**
 * A ruler of magnitudes, by which a zero of the wrong sign is wrong too: rounding never changes a sign. `certain`: where
 * a zero is not what is left when terms cancel.
 */
function withSigns(ruler: Ruler, profile: ProfileName, certain: (i: number) => boolean = () => true): Ruler {
  if (PROFILES[profile].signedZeroTies) return ruler;
  const flipped = (e: number, g: number): boolean => e === 0 && g === 0 && !Object.is(e, g);
  return { ...ruler, error: (e, g, i) => (flipped(e, g) && certain(i) ? Infinity : ruler.error(e, g, i)) };
}

/** n units of the exact value, which for float32 is what the reference gives in float64. */
function ulpRuler(n: number, call: Call, dtype: DType, j: number): Ruler {
  if (call.profile === 'gpu') return gpuRuler(n, call, dtype);
  const allowed = (e: number): number => n * ulpSize(e, dtype);
  const { primitive, operands, params, witness } = call;
  if (dtype === 'float64' || witness === 'fixture') {
    const limit = n + (witness === 'reference' ? referenceUlps(primitive.name) : 0.5);
    return { unit: 'ulp', limit, error: (e, g) => ulpDistance(e, g, dtype), allowed };
  }
  const wide = operands.map((x): HostArray => (isFloat(x.dtype) ? float64(x, numbers(x)) : x));
  const exact = numbers(primitive.evaluate(wide, params)[j]!);
  return { unit: 'ulp', limit: n, error: (_, g, i) => ulpError(g, exact[i]!, dtype), allowed };
}

const float64 = (like: HostArray, values: ArrayLike<number>): HostArray => ({
  shape: like.shape,
  dtype: 'float64',
  data: Float64Array.from(values),
});

/** The absolute budgets of gpus; half a unit for the reference, and results below the normal range may be lost. */
function gpuRuler(n: number, { primitive, operands }: Call, dtype: DType): Ruler {
  const allowance = gpuAllowance(primitive.name, n, dtype);
  const x = numbers(operands[0]!);
  const { tiny } = finfo(dtype);
  const allowed = (e: number, i: number): number => allowance(x[i]!, e) + ulpSize(e, dtype) / 2 + tiny;
  return fractionRuler(allowed, (i) => allowance(x[i]!, 0) === Infinity, true);
}

/** γₖ·Σ|terms| + n·η for any order of summation, and half a unit for the reference's own rounding. */
function sumRuler(accuracy: Accuracy & { kind: 'sum' }, { operands, profile }: Call, dtype: DType): Ruler {
  const magnitude = accuracy.magnitude(operands);
  const finite = magnitude.every(Number.isFinite) ? magnitude : accuracy.magnitude(operands.map(finiteOnly));
  const g = gamma(chainLength(accuracy.terms), dtype);
  const eta = accuracy.terms * underflow(dtype, profile);
  const { max } = finfo(dtype);
  const allowed = (e: number, i: number): number => g * magnitude[i]! + eta + ulpSize(e, dtype) / 2;
  const ruler = fractionRuler(allowed, (i) => finite[i]! * (1 + g) > max);
  return withSigns(ruler, profile, (i) => magnitude[i] === 0);
}

/** Infinite terms do not hide that the others overflow by themselves: ∞ plus an overflow to −∞ is NaN. */
const finiteOnly = (x: HostArray): HostArray =>
  isFloat(x.dtype) ? build(x.dtype, x.shape, (i) => (Number.isFinite(numbers(x)[i]) ? numbers(x)[i]! : 0)) : x;

/** γₙ₋₁·|product| + n·η, and half a unit for the reference's own rounding. */
function productRuler(terms: number, { primitive, operands, params, profile }: Call, dtype: DType): Ruler {
  const g = gamma(Math.max(terms - 1, 0), dtype);
  const allowed = (e: number): number => g * Math.abs(e) + terms * underflow(dtype, profile) + ulpSize(e, dtype) / 2;
  return fractionRuler(allowed, productLeavesRange(primitive, operands, params, dtype), true);
}

/** n·u·scale + η, and half a unit for the reference's own rounding. */
function normwiseRuler(
  { n, scale }: Accuracy & { kind: 'normwise' },
  { operands, primitive, params, profile }: Call,
  y: HostArray,
  j: number,
): Ruler {
  const scales = scale?.(operands, primitive.evaluate(operands, params))[j];
  const u = finfo(y.dtype).unitRoundoff;
  const eta = underflow(y.dtype, profile);
  const allowed = (e: number, i: number): number => (n + 0.5) * u * (scales?.[i] ?? Math.abs(e)) + eta;
  return fractionRuler(allowed, () => false);
}

/**
 * Errors as fractions of an absolute budget. `leavesRange`: infinities and NaN are legal there, and so is, if `anything`,
 * whatever else comes out.
 */
function fractionRuler(
  allowed: (expected: number, i: number) => number,
  leavesRange: (i: number) => boolean,
  anything: boolean = false,
): Ruler {
  return {
    unit: 'budget',
    limit: 1,
    allowed,
    error(e, g, i) {
      if (Object.is(e, g) || e === g) return 0;
      if (leavesRange(i) && (anything || !Number.isFinite(g) || !Number.isFinite(e))) return -1;
      return Number.isFinite(e) && Number.isFinite(g) ? Math.abs(e - g) / allowed(e, i) : Infinity;
    },
  };
}

/** Bounds that were carried through a program. */
function carriedRuler(worst: Float64Array): Ruler {
  return {
    unit: 'budget',
    limit: 1,
    allowed: (_, i) => worst[i]!,
    error(e, g, i) {
      if (worst[i] === Infinity) return -1;
      if (Object.is(e, g) || (e === g && worst[i]! > 0)) return 0;
      return Number.isFinite(e) && Number.isFinite(g) ? Math.abs(e - g) / worst[i]! : Infinity;
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
  if (mismatch !== null) {
    return {
      compared: 0,
      uncompared: 0,
      suspect: 0,
      wrong: { message: mismatch, element: null },
      measured: null,
      budgets,
    };
  }
  const tally = new Tally();
  expected.forEach((y, j) => tally.add(y, got[j]!, rulers[j]!, j, operands));
  return { ...tally.result(), budgets };
}

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
  return Float64Array.from(numbers(y), (e, i) => ruler.allowed(e, i));
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
    const [e, g] = [numbers(y), numbers(z)];
    const describe = (i: number): Element => elementOf(y, e[i]!, g[i]!, i, ruler, output, operands);
    if (ruler.unit !== 'exact') this.#unit = ruler.unit;
    for (let i = 0; i < e.length; i++) {
      const error = ruler.error(e[i]!, g[i]!, i);
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
  e: number,
  g: number,
  i: number,
  ruler: Ruler,
  output: number,
  operands: readonly HostArray[],
): Element {
  const ulp = isFloat(y.dtype) ? ulpDistance(e, g, y.dtype) : Infinity;
  const finite = (v: number): number | null => (Number.isFinite(v) ? v : null);
  const at = operands.map((x) => text(x.dtype, numbers(x)[x.data.length === 1 ? 0 : i]!)).join(', ');
  return {
    output,
    index: unravel(i, y.shape),
    expected: text(y.dtype, e),
    got: text(y.dtype, g),
    ulp: finite(ulp),
    error: finite(Math.abs(e - g)),
    budget: finite(ruler.allowed(e, i)),
    at: at === '' ? null : at,
  };
}

/** A number of a dtype as the specification writes it. */
const text = (dtype: DType, v: number): string =>
  showValue(hostScalar(dtype, v)).slice(`${dtypes[dtype].short}[] `.length);

/** The multi-index of a flat position. */
function unravel(flat: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const n of shape.toReversed()) {
    index.unshift(flat % n);
    flat = Math.floor(flat / n);
  }
  return index;
}
