/**
 * How far the transcendental functions may be from the exact result (spec/numerics.md#transcendentals). Strict and fast:
 * the full-profile tables of the OpenCL C 3.0 specification ("Relative error as ULPs"), whose entries for these
 * functions are the same for float and double; fast adds contraction, which changes no entry. gpu: "Floating point
 * accuracy" of the WGSL specification, float32 only; functions that WGSL lacks keep OpenCL's entry.
 */
import type { Aval } from '../core/host.ts';
import type { Accuracy } from '../core/primitive.ts';

/**
 * |error| ≤ max((ulp + perMagnitude·|x|) ulp(y), absolute), for |x| ≤ `within` only (no promise beyond it). `inherited`:
 * whatever the expression gives whose operations keep their own budgets.
 */
export type GpuBudget =
  | { readonly ulp: number; readonly perMagnitude?: number; readonly absolute?: number; readonly within?: number }
  | { readonly inherited: string };

export interface UlpBudget {
  readonly strict: number;
  readonly fast: number;
  readonly gpu: GpuBudget;
}

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
  | 'regularized_incomplete_beta'
  | 'pow'
  | 'cbrt'
  | 'rsqrt'
  | 'logistic';

const budget = (n: number, gpu: GpuBudget = { ulp: n }): UlpBudget => ({ strict: n, fast: n, gpu });

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
const REFERENCE: Partial<Record<Transcendental, number>> = {
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
export const referenceUlps = (primitive: string): number => REFERENCE[primitive as Transcendental] ?? 2;

/** The accuracy of a function of the table. */
export const ulps =
  (name: Transcendental): (() => Accuracy) =>
  () => ({ kind: 'ulp', n: ULP_BUDGETS[name].strict });

/**
 * integer_pow as products: y factors x cost y − 1 roundings; for negative y the |y| factors are 1/x, rounded once each.
 * A relative error of k·u is at most k ulp.
 */
export const integerPowUlps = (_: readonly Aval[], { y }: { readonly y: number }): Accuracy => ({
  kind: 'ulp',
  n: Math.max(1, y < 0 ? -2 * y : y),
});
