/**
 * How far the transcendental functions may be from the exact result (spec/numerics.md#transcendentals). Strict and fast:
 * the full-profile tables of the OpenCL C 3.0 specification ("Relative error as ULPs"), whose entries for these
 * functions are the same for float and double; fast adds contraction, which changes no entry. gpu: "Floating point
 * accuracy" of the WGSL specification, float32 only; functions that WGSL lacks keep OpenCL's entry.
 */
import { type DType, finfo } from '../core/dtypes.ts';
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
  pow: budget(16, { inherited: 'exp2(y * log2(x))' }),
  cbrt: budget(2),
  rsqrt: budget(2),
  /**
   * In neither table. With e = exp(−|x|) it is 1/(1 + e) or e/(1 + e): exp's 3 ulp are a relative error of at most 6u,
   * the addition and the division add u each, and 8u relative are at most 8 ulp.
   */
  logistic: budget(8, { inherited: '1 / (1 + exp(-x))' }),
};

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

/** γₖ = k·u / (1 − k·u) (Higham, Accuracy and Stability of Numerical Algorithms, §3.1). */
export function gamma(k: number, dtype: DType): number {
  const ku = k * finfo(dtype).unitRoundoff;
  return ku < 1 ? ku / (1 - ku) : Infinity;
}
