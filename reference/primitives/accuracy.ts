/**
 * How far the transcendental functions may be from the exact result (spec/numerics.md#transcendentals). Strict and fast:
 * the full-profile tables of the OpenCL C 3.0 specification ("Relative error as ULPs"), whose entries for these
 * functions are the same for float and double; fast adds contraction, which changes no entry. gpu: "Floating point
 * accuracy" of the WGSL specification, float32 only; functions that WGSL lacks keep OpenCL's entry.
 */
import { type DType, finfo, isComplex, isFloat } from '../core/dtypes.ts';
import { type Aval, type Complex, complexes, elements, type HostArray, moduli, sizeOf } from '../core/host.ts';
import type { Accuracy } from '../core/primitive.ts';
import { rounded } from './elementwise.ts';

/**
 * |error| ≤ max((ulp + perMagnitude·|x|) ulp(y), absolute), for |x| ≤ `within` only (no promise beyond it). `inherited`:
 * whatever the expression gives whose operations keep their own budgets.
 */
export type GpuBudget =
  | { readonly ulp: number; readonly perMagnitude?: number; readonly absolute?: number; readonly within?: number }
  | { readonly inherited: string };

export interface UlpBudget {
  /** Of the profiles strict and fast. */
  readonly ulp: number;
  readonly gpu: GpuBudget;
}

/** Those of them that are real functions only (reference/primitives/special.ts). */
export type SpecialFunction =
  | 'erfc'
  | 'erf_inv'
  | 'lgamma'
  | 'digamma'
  | 'polygamma'
  | 'zeta'
  | 'bessel_i0e'
  | 'bessel_i1e'
  | 'igamma'
  | 'igammac'
  | 'igamma_grad_a'
  | 'random_gamma_grad'
  | 'regularized_incomplete_beta';

/** The primitives that have an entry. */
export type Transcendental =
  | 'exp'
  | 'exp2'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'atan2'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'erf'
  | SpecialFunction
  | 'pow'
  | 'cbrt'
  | 'rsqrt'
  | 'logistic';

const budget = (n: number, gpu: GpuBudget = { ulp: n }): UlpBudget => ({ ulp: n, gpu });

export const ULP_BUDGETS: Readonly<Record<Transcendental, UlpBudget>> = {
  exp: budget(3, { ulp: 3, perMagnitude: 2 }),
  exp2: budget(3, { ulp: 3, perMagnitude: 2 }),
  expm1: budget(3),
  // WGSL: 3 ulp outside [0.5, 2], 2⁻²¹ absolute inside.
  log: budget(3, { ulp: 3, absolute: 2 ** -21 }),
  log1p: budget(2),
  sin: budget(4, { ulp: 0, absolute: 2 ** -11, within: Math.PI }),
  cos: budget(4, { ulp: 0, absolute: 2 ** -11, within: Math.PI }),
  tan: budget(5, { inherited: 'sin(x) / cos(x)' }),
  asin: budget(4, { ulp: 0, absolute: 6.81e-5 }),
  acos: budget(4, { ulp: 0, absolute: 6.77e-5 }),
  atan: budget(5, { ulp: 4096 }),
  atan2: budget(6, { ulp: 4096 }),
  sinh: budget(4, { inherited: '(exp(x) - exp(-x)) * 0.5' }),
  cosh: budget(4, { inherited: '(exp(x) + exp(-x)) * 0.5' }),
  tanh: budget(5, { ulp: 0, absolute: 1e-5 }),
  asinh: budget(4, { inherited: 'log(x + sqrt(x * x + 1.0))' }),
  acosh: budget(4, { inherited: 'log(x + sqrt(x * x - 1.0))' }),
  atanh: budget(5, { inherited: 'log((1.0 + x) / (1.0 - x)) * 0.5' }),
  erf: budget(16),
  erfc: budget(16),
  /**
   * In neither table; those of CUDA's double precision library ("Mathematical functions", CUDA C++ Programming Guide) are
   * 5 for erfinv, 6 for the Bessel functions and 4 for lgamma: 16, as erf.
   */
  erf_inv: budget(16),
  lgamma: budget(16),
  bessel_i0e: budget(16),
  bessel_i1e: budget(16),
  /**
   * In no table at all: sums and fractions of some tens of terms, each a few roundings, of which a factor loses more: 64.
   */
  digamma: budget(64),
  polygamma: budget(64),
  zeta: budget(64),
  igamma: budget(64),
  igammac: budget(64),
  igamma_grad_a: budget(64),
  random_gamma_grad: budget(64),
  regularized_incomplete_beta: budget(64),
  pow: budget(16, { inherited: 'exp2(y * log2(x))' }),
  cbrt: budget(2),
  rsqrt: budget(2),
  /**
   * In neither table. With e = exp(−|x|) it is 1/(1 + e) or e/(1 + e): exp's 3 ulp are a relative error of at most 6u,
   * the addition and the division add u each, and 8u relative are at most 8 ulp.
   */
  logistic: budget(8, { inherited: '1 / (1 + exp(-x))' }),
};

/** How far the reference's own float64 results may be off, where that is more than 2 ulp (spec/numerics.md#reference). */
const REFERENCE: Readonly<Record<SpecialFunction, number>> = {
  erfc: 4,
  erf_inv: 4,
  lgamma: 4,
  digamma: 4,
  polygamma: 4,
  zeta: 4,
  bessel_i0e: 4,
  bessel_i1e: 4,
  igamma: 64,
  igammac: 64,
  igamma_grad_a: 64,
  random_gamma_grad: 64,
  regularized_incomplete_beta: 64,
};
export const referenceUlps = (primitive: string): number =>
  (REFERENCE as Readonly<Record<string, number | undefined>>)[primitive] ?? 2;

/** hypot in the same tables: the modulus of a complex number. */
export const HYPOT_ULPS = 4;

/** What has complex results beside sums and moves; the powers depend on their exponents. */
export type ComplexFunction =
  Exclude<Transcendental, SpecialFunction | 'atan2' | 'erf' | 'cbrt' | 'pow'> | 'mul' | 'div' | 'sign' | 'sqrt';

/**
 * Complex results: |error| ≤ n·u·|result|, n being what the textbook formula of each function gives whose real functions
 * keep to the table above. An ulp is at most 2u relative; every further operation adds u, a product of complex numbers
 * √5·u (Brent, Percival, Zimmermann 2007) and a quotient 6u (Jeannerod, Louvet, Muller, Plet: 3 + √5).
 */
export const NORMWISE: Readonly<Record<ComplexFunction, number>> = {
  mul: 3,
  div: 6,
  // hypot's 4 ulp, and a division
  sign: 9,
  // √((|x| + |z|)/2): half of 8 + 1 and a root; the other part is divided by it.
  sqrt: 7,
  rsqrt: 13,
  // eˣ·cos y: 6 + 8 + 1
  exp: 15,
  exp2: 15,
  // expm1(x)·cos y − 2·sin²(y/2): 6 + 8 + 1, 16 + 1, and a subtraction of terms that are at most the result's 3 times
  expm1: 52,
  // |log|z|| and the angle: 12, and log1p and its argument 4 + 4
  log: 16,
  log1p: 16,
  // sinh x·cos y: 8 + 8 + 1
  sin: 17,
  cos: 17,
  sinh: 17,
  cosh: 17,
  // two of those and a quotient
  tan: 40,
  tanh: 40,
  // a root, a product, and asinh or atan2: 7 + 3 + 8, or 12
  asin: 23,
  acos: 23,
  asinh: 23,
  acosh: 23,
  // log1p or atan2 of a quotient
  atan: 23,
  atanh: 23,
  // (1 + tanh(z/2))/2, times eᶻ for Re z < 0: 40 + 2, 15 and a product
  logistic: 60,
};

export const normwise =
  (name: ComplexFunction): (() => Accuracy) =>
  () => ({ kind: 'normwise', n: NORMWISE[name] });

/** The product of the operands' moduli: where it leaves the range, so may the parts of the textbook formula. */
function productOfModuli([x, y = x]: readonly HostArray[]): Float64Array[] {
  const [a, b] = [complexes(x!), complexes(y!)];
  const size = (z: Complex): number => Math.hypot(z.re, z.im);
  return [Float64Array.from({ length: sizeOf(x!.shape) }, (_, i) => size(a(i)) * size(b(i)))];
}

/** Floats are rounded once, integers exact, products of complex numbers as the table says. */
export const roundedProduct = (operands: readonly Aval[]): Accuracy =>
  isComplex(operands[0]!.dtype) ? { kind: 'normwise', n: NORMWISE.mul, scale: productOfModuli } : rounded(operands);

/** Floats are rounded once, integers exact, complex results as the table says. */
export const roundedOr =
  (name: ComplexFunction): ((operands: readonly Aval[]) => Accuracy) =>
  (operands) =>
    isComplex(operands[0]!.dtype) ? normwise(name)() : rounded(operands);

/** The accuracy of a function of the tables. */
export const ulps =
  (name: Transcendental): ((operands: readonly Aval[]) => Accuracy) =>
  ([x]) => {
    if (!isComplex(x!.dtype)) return { kind: 'ulp', n: ULP_BUDGETS[name].ulp };
    const n = NORMWISE[name as ComplexFunction];
    return name === 'exp2' ? { kind: 'normwise', n, scale: turnedBy } : { kind: 'normwise', n };
  };

/** The rounding of an angle y·ln 2 turns the result by that much. */
function turnedBy([z]: readonly HostArray[], [result]: readonly HostArray[]): Float64Array[] {
  const [x, y] = [complexes(z!), complexes(result!)];
  const size = (i: number): number => Math.hypot(y(i).re, y(i).im) * (1 + Math.abs(x(i).im));
  return [Float64Array.from({ length: sizeOf(z!.shape) }, (_, i) => size(i))];
}

/** exp(w·log z): the error of the exponent, 16u of it and a product's, counts in full. */
function raisedTo(operands: readonly HostArray[], [result]: readonly HostArray[]): Float64Array[] {
  const [z, w, y] = [...operands, result!].map((x) => (isComplex(x.dtype) ? complexes(x) : realsOf(x)));
  const size = (i: number): number => {
    const [base, exponent, power] = [z!(i), w!(i), y!(i)];
    const log = Math.hypot(Math.log(Math.hypot(base.re, base.im)), Math.atan2(base.im, base.re));
    return product(Math.hypot(power.re, power.im), 1 + product(Math.hypot(exponent.re, exponent.im), log));
  };
  return [Float64Array.from({ length: sizeOf(result!.shape) }, (_, i) => size(i))];
}
/** 0·∞ is 0: powers of zero, and zeroth powers, are exact. */
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
const realsOf = (x: HostArray): ((i: number) => Complex) => {
  const at = elements(x);
  return (i) => ({ re: Number(at(i)), im: 0 });
};

/** pow: of complex numbers exp's 15 beside log's 16 and a product's 3; beside an infinity w·log z may be NaN. */
export const powAccuracy = ([x]: readonly Aval[]): Accuracy =>
  isComplex(x!.dtype)
    ? { kind: 'normwise', n: 19, scale: raisedTo, peak: largestOnTheWay }
    : { kind: 'ulp', n: ULP_BUDGETS.pow.ulp };
const largestOnTheWay = (operands: readonly HostArray[], results: readonly HostArray[]): Float64Array[] => {
  const [z, w] = operands.map(moduli);
  return raisedTo(operands, results).map((scale) =>
    scale.map((size, i) => {
      if (Number.isNaN(z![i]! + w![i]!)) return NaN;
      return Number.isNaN(size) ? Infinity : Math.max(size, z![i]!, w![i]!); // what numbers make a NaN of has overflowed
    }),
  );
};

/** 1/xᵏ says nothing where parts of the power may underflow by more than a unit of its modulus. */
const powerOfModulus =
  (y: number) =>
  ([x]: readonly HostArray[]): Float64Array[] => {
    const { tiny, unitRoundoff } = finfo(x!.dtype);
    const isLost = (size: number): boolean => y < 0 && size ** -y < (4 * tiny) / unitRoundoff;
    return [moduli(x!).map((size) => (isLost(size) ? Infinity : size ** y))];
  };
const largestPower = (x: HostArray, y: number): Float64Array => {
  const sizes = moduli(x);
  return powerOfModulus(y)([x])[0]!.map((power, i) => Math.max(power, sizes[i]! ** Math.abs(y)));
};

/**
 * integer_pow as products: y factors x cost y − 1 roundings; for negative y the |y| factors are 1/x, rounded once each.
 * A relative error of k·u is at most k ulp. A complex product costs 3u, a reciprocal 6u.
 */
export function integerPowAccuracy([x]: readonly Aval[], { y }: { readonly y: number }): Accuracy {
  if (isComplex(x!.dtype)) {
    // 1/xᵏ: the power may overflow before it is divided by.
    const n = 3 * Math.abs(y) + (y < 0 ? 6 : 0);
    return { kind: 'normwise', n, scale: powerOfModulus(y), peak: ([z]) => [largestPower(z!, y)] };
  }
  return isFloat(x!.dtype) ? { kind: 'ulp', n: Math.max(1, y < 0 ? -2 * y : y) } : { kind: 'exact' };
}

/** γₖ = k·u / (1 − k·u) (Higham, Accuracy and Stability of Numerical Algorithms, §3.1). */
export function gamma(k: number, dtype: DType): number {
  const ku = k * finfo(dtype).unitRoundoff;
  return ku < 1 ? ku / (1 - ku) : Infinity;
}
