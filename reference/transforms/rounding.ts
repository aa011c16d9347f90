/**
 * The size of rounding errors (spec/numerics.md): what one equation may add to the errors of its operands, by the
 * accuracy that its primitive is specified to have. What is bounded is |backend − reference|, so both sides round.
 */
import type { ProfileName } from '../core/backend.ts';
import { type DType, finfo, isFloat } from '../core/dtypes.ts';
import { avalOf, elements, type HostArray, numbers, sameElement, sizeOf } from '../core/host.ts';
import type { Accuracy, AnyFirstOrder, Params } from '../core/primitive.ts';
import { type GpuBudget, ULP_BUDGETS, type UlpBudget } from '../primitives/accuracy.ts';

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

/** γₖ = k·u / (1 − k·u) (Higham, Accuracy and Stability of Numerical Algorithms, §3.1). */
export function gamma(k: number, dtype: DType): number {
  const ku = k * finfo(dtype).unitRoundoff;
  return ku < 1 ? ku / (1 - ku) : Infinity;
}

/** The smallest number that underflow may lose. */
export const underflow = (dtype: DType, profile: ProfileName): number =>
  PROFILES[profile].flushToZero ? finfo(dtype).tiny : finfo(dtype).smallestSubnormal;

/**
 * Whether a product of the elements of its operands may overflow or underflow on the way, in some order: its result then
 * says nothing. Zeros and infinities among the factors do not hide that the others do so by themselves.
 */
export function productLeavesRange(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  dtype: DType,
): (i: number) => boolean {
  const size = (v: number): number => (Number.isFinite(v) && v !== 0 ? Math.abs(v) : 1);
  const extreme = (f: (size: number) => number): ArrayLike<number> => {
    const factors = operands.map((x): HostArray => {
      if (!isFloat(x.dtype)) return x; // indices
      return { shape: x.shape, dtype: 'float64', data: Float64Array.from(numbers(x), (v) => f(size(v))) };
    });
    return numbers(primitive.evaluate(factors, params)[0]!);
  };
  const largest = extreme((size) => Math.max(size, 1));
  const smallest = extreme((size) => Math.min(size, 1));
  const { max, tiny } = finfo(dtype);
  return (i) => largest[i]! > max || smallest[i]! < tiny;
}

const budgets: Readonly<Record<string, UlpBudget | undefined>> = ULP_BUDGETS;

/** A primitive's accuracy for one call; of transcendental functions under the profile `fast` the entry of its table. */
export function accuracyOf(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  profile: ProfileName,
): Accuracy {
  const accuracy = primitive.accuracy(operands.map(avalOf), params);
  if (accuracy.kind !== 'ulp' || profile !== 'fast') return accuracy;
  return { kind: 'ulp', n: budgets[primitive.name]?.fast ?? accuracy.n };
}

/**
 * The absolute error that the table of a gpu allows for result y at operand x; infinite where it promises nothing, and
 * where it only names an expression. Functions that are not in the table keep n units.
 */
export function gpuAllowance(name: string, n: number, dtype: DType): (x: number, y: number) => number {
  const budget: GpuBudget = budgets[name]?.gpu ?? { ulp: n };
  if ('inherited' in budget) return () => Infinity;
  const { ulp, perMagnitude = 0, absolute = 0, within = Infinity } = budget;
  return (x, y) =>
    Math.abs(x) > within ? Infinity : Math.max((ulp + perMagnitude * Math.abs(x)) * ulpSize(y, dtype), absolute);
}

export interface Rounding {
  readonly worst: Float64Array;
  readonly variance: Float64Array;
}

/**
 * The rounding that an equation adds to result `y`, whose elements are only known to `spread` (the bound that comes from
 * the operands). null: it is exact. Infinite where a legal order of summation overflows.
 */
export function roundingOf(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  y: HostArray,
  spread: Float64Array | null,
  profile: ProfileName,
): Rounding | null {
  const accuracy = accuracyOf(primitive, operands, params, profile);
  if (accuracy.kind === 'oneOf') return whereTheyDiffer(y, accuracy.choices(operands));
  if (!isFloat(y.dtype) || accuracy.kind === 'exact') return null;
  const dtype = y.dtype;
  const data = numbers(y);
  const { max } = finfo(dtype);
  const lost = PROFILES[profile].flushToZero ? finfo(dtype).tiny : 0;
  const magnitude = accuracy.kind === 'sum' ? accuracy.magnitude(operands) : null;
  if (accuracy.kind === 'backward' || accuracy.kind === 'normwise')
    throw new Error(`${accuracy.kind}: not bounded yet`);
  const leavesRange =
    accuracy.kind === 'product' ? productLeavesRange(primitive, operands, params, dtype) : (): boolean => false;
  const relative = relativeError(accuracy, dtype);
  const units = unitsOf(accuracy);
  const gpu = profile === 'gpu' && accuracy.kind === 'ulp' ? gpuAllowance(primitive.name, units, dtype) : null;
  const x = gpu === null ? null : numbers(operands[0]!);
  const eta = 'terms' in accuracy ? accuracy.terms * underflow(dtype, profile) : 0;
  const worst = new Float64Array(data.length);
  const variance = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!) + (spread?.[i] ?? 0);
    const ulp = ulpSize(size, dtype);
    const scale = magnitude?.[i] ?? size;
    // Both sides round: theirs by `units`, the reference's by half a unit. (Halves of the smallest subnormal are 0.)
    const own =
      accuracy.kind === 'sum' || accuracy.kind === 'product'
        ? relative * scale + eta + ulp / 2
        : gpu === null
          ? (units + 0.5) * ulp
          : gpu(x![i]!, size) + ulp / 2;
    const overflows = magnitude === null ? leavesRange(i) : scale * (1 + relative) > max;
    worst[i] = Number.isNaN(size) ? 0 : overflows ? Infinity : own + lost;
    variance[i] = (gpu === null ? likely(accuracy, scale, ulp, dtype) : own ** 2 / 3) + ulp ** 2 / 12 + lost ** 2;
  }
  return { worst, variance };
}

/** Unknown where there is a choice. */
function whereTheyDiffer(y: HostArray, choices: readonly HostArray[]): Rounding | null {
  const others = choices.map(elements);
  const at = elements(y);
  const open = (i: number): boolean => others.some((other) => !sameElement(other(i), at(i)));
  const worst = Float64Array.from({ length: sizeOf(y.shape) }, (_, i) => (open(i) ? Infinity : 0));
  return worst.some((w) => w > 0) ? { worst, variance: worst } : null;
}

/** Units in the last place that the backend's own result may be off. */
const unitsOf = (accuracy: Accuracy): number => (accuracy.kind === 'ulp' ? accuracy.n : 0.5);

function relativeError(accuracy: Accuracy, dtype: DType): number {
  if (accuracy.kind === 'sum') return gamma(chainLength(accuracy.terms), dtype);
  return accuracy.kind === 'product' ? gamma(Math.max(accuracy.terms - 1, 0), dtype) : 0;
}

/**
 * The variance of errors that are uniform within their limits. Of the roundings of a sum those of one sign and those of
 * the other cancel, which leaves about (u·Σ|terms|)²/3 (spec/numerics.md#likely).
 */
function likely(accuracy: Accuracy, scale: number, ulp: number, dtype: DType): number {
  const u = finfo(dtype).unitRoundoff;
  if (accuracy.kind === 'sum') return (u * scale) ** 2 / 3;
  if (accuracy.kind === 'product') return (accuracy.terms * (u * scale) ** 2) / 3;
  return (unitsOf(accuracy) * ulp) ** 2 / 3;
}
