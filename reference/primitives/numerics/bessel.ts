/**
 * The modified Bessel functions I₀ and I₁, scaled by e^−|x|: their power series (DLMF 10.25.2) in double-double
 * arithmetic, where double arithmetic does not settle the result; for large arguments Hankel's expansion (DLMF 10.40.1).
 */
import type { DType } from '../../core/dtypes.ts';
import { add, divide, type DoubleDouble, exactly, multiply, twoProduct } from './double-double.ts';
import { PLAIN_ERROR, settled } from './estimate.ts';

/** From here on the smallest term of Hankel's expansion, about e^−2x, is below half an ulp. */
const HANKEL_FROM = 20;

/** 1/(k(k + order)) */
const ratios = (order: 0 | 1): DoubleDouble[] =>
  Array.from({ length: 64 }, (_, k) => divide(exactly(1), exactly((k + 1) * (k + 1 + order))));
const RATIOS = [ratios(0), ratios(1)] as const;
const PLAIN_RATIOS = RATIOS.map((all) => all.map(({ hi }) => hi));

/** The last k whose term counts, in the power series at x < 20. */
const lastTerm = (x: number): number => Math.min(63, Math.ceil(12 + 2 * x));

/** Σ (x²/4)^k/(k!(k + order)!) = 1 + t/(1 + order)·(1 + t/(2(2 + order))·(1 + …)), t = x²/4; terms beyond 12 + 2x are nothing. */
function powerSeries(order: 0 | 1, x: number): DoubleDouble {
  const square = twoProduct(x, x);
  const quarter = { hi: square.hi / 4, lo: square.lo / 4 };
  const one = exactly(1);
  let sum = one;
  for (let k = lastTerm(x); k >= 0; k--) {
    sum = add(one, multiply(multiply(quarter, RATIOS[order][k]!), sum));
  }
  return sum;
}

/** The same in double arithmetic: all terms are positive, so that at most 4 roundings in each of 54 steps count. */
function plainSeries(order: 0 | 1, x: number): number {
  const quarter = (x * x) / 4;
  let sum = 1;
  for (let k = lastTerm(x); k >= 0; k--) sum = 1 + quarter * PLAIN_RATIOS[order]![k]! * sum;
  return sum;
}

/** √(2πx)·e^−x·I(x) = 1 − (4ν² − 1)/8x + (4ν² − 1)(4ν² − 9)/(2!(8x)²) − … */
function hankelSum(order: 0 | 1, x: number): number {
  let [term, sum] = [1, 0];
  for (let k = 1; Math.abs(term) > 2 ** -56; k++) {
    term *= ((2 * k - 1) ** 2 - 4 * order) / (8 * k * x);
    sum += term;
  }
  return 1 + sum;
}

function scaledBessel(order: 0 | 1, x: number, dtype: DType): number {
  if (x === Infinity) return 0;
  if (x >= HANKEL_FROM) return hankelSum(order, x) / (Math.sqrt(2 * Math.PI) * Math.sqrt(x));
  const scaled = (sum: number): number => Math.exp(-x) * (order === 0 ? sum : sum * (x / 2));
  if (dtype !== 'float64') {
    const value = scaled(plainSeries(order, x));
    const rounded = settled({ value, error: PLAIN_ERROR * value }, dtype);
    if (rounded !== null) return rounded;
  }
  return scaled(powerSeries(order, x).hi);
}

/** e^−|x|·I₀(x) */
export const i0eOf = (x: number, dtype: DType = 'float64'): number =>
  Number.isNaN(x) ? x : scaledBessel(0, Math.abs(x), dtype);
/** e^−|x|·I₁(x) */
export function i1eOf(x: number, dtype: DType = 'float64'): number {
  if (Number.isNaN(x) || x === 0) return x;
  return Math.sign(x) * scaledBessel(1, Math.abs(x), dtype);
}
