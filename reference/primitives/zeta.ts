/**
 * The Hurwitz zeta function by the Euler–Maclaurin formula (DLMF 25.11.43 at its head), and the polygamma functions.
 */
import { BERNOULLI } from './bernoulli.ts';
import { type DoubleDouble, exactly, exp, log, multiply, subtract, twoSum } from './double-double.ts';
import { digammaOf, logGamma } from './gamma.ts';

/** Terms that are summed one by one. */
const TERMS = 12;
/** B₂ₖ/(2k)! */
const TAIL: readonly number[] = BERNOULLI.map(([over, under], i) => {
  let factorial = 1;
  for (let n = 2; n <= 2 * i + 2; n++) factorial *= n;
  return over / under / factorial;
});

/**
 * Σ (w + n)^−s, n ≥ 0, in units of the integral w^(1 − s)/(s − 1), for w > 12 + s:
 * 1 + (s − 1)/w·(½ + Σ B₂ₖ/(2k)!·s(s + 1)…(s + 2k − 2)·w^(1 − 2k)).
 */
function eulerMaclaurin(s: number, w: number): number {
  let factor = s / w;
  let sum = 0;
  for (const [k, b] of TAIL.entries()) {
    sum += b * factor;
    factor *= ((s + 2 * k + 1) / w) * ((s + 2 * k + 2) / w);
  }
  return 1 + ((s - 1) / w) * (0.5 + sum);
}

const isFar = (s: number, q: number): boolean => q > TERMS + s;
const far = (s: number, q: number): number => (Math.pow(q, 1 - s) / (s - 1)) * eulerMaclaurin(s, q);

/** How many terms lead from q to where the Euler–Maclaurin formula is good. */
const nearTerms = (s: number, q: number): number => Math.max(1, Math.ceil(TERMS + s - q));
/** Of more terms than these, which are needed for large s only, the others are nothing beside the first. */
const MOST_TERMS = 64;

function sumOfTerms(rest: number, count: number, term: (n: number) => number): number {
  let sum = rest;
  for (let n = Math.min(count, MOST_TERMS) - 1; n >= 0; n--) sum += term(n);
  return sum;
}

const isEven = (n: number): boolean => n % 2 === 0;

/** ζ(s, q) for s > 1 and q > 0. What q + n loses in its rounding counts s-fold. */
function zetaOfPositive(s: number, q: number): number {
  if (q === Infinity) return 0;
  if (s === Infinity) return q > 1 ? 0 : q === 1 ? 1 : Infinity;
  if (isFar(s, q)) return (Math.pow(q, 1 - s) / (s - 1)) * eulerMaclaurin(s, q);
  const count = nearTerms(s, q);
  const w = twoSum(q, count);
  return sumOfTerms(far(s, w.hi) * (1 - (s - 1) * (w.lo / w.hi)), count, (n) => {
    const { hi, lo } = twoSum(q, n);
    return Math.pow(hi, -s) * (1 - s * (lo / hi));
  });
}

/**
 * ζ(s, q) = Σ (q + n)^−s, n ≥ 0. For negative q, where s has to be an integer, the terms of negative base are a sum of
 * the same kind, once more from both sides.
 */
export function zetaOf(s: number, q: number): number {
  if (Number.isNaN(s) || Number.isNaN(q) || s < 1) return NaN;
  if (s === 1) return Infinity;
  if (q > 0) return zetaOfPositive(s, q);
  if (Number.isInteger(q) || q === -Infinity) return isEven(s) ? Infinity : NaN;
  if (!Number.isInteger(s)) return NaN;
  const first = q - Math.floor(q);
  const below = zetaOfPositive(s, 1 - first) - zetaOfPositive(s, 1 - q);
  return zetaOfPositive(s, first) + (isEven(s) ? below : -below);
}

/** ψ⁽ᵐ⁾(x) = (−1)^(m+1) m!·ζ(m + 1, x): m! and x^−m together, as either may leave the range. */
export function polygammaOf(m: number, x: number): number {
  if (m === 0) return digammaOf(x);
  if (!(m > 0) || !Number.isInteger(m) || Number.isNaN(x)) return NaN;
  const sign = isEven(m) ? -1 : 1;
  if (x === Infinity) return sign * 0;
  if (!(x > 0)) return sign * exp(logGamma(m + 1)) * zetaOf(m + 1, x);
  const logPower = (power: number): DoubleDouble => multiply(exactly(power), log(exactly(x)));
  if (isFar(m + 1, x)) return sign * exp(subtract(logGamma(m), logPower(m))) * eulerMaclaurin(m + 1, x);
  // In units of the first term.
  const term = (n: number): number => Math.exp(-(m + 1) * Math.log1p(n / x));
  const count = nearTerms(m + 1, x);
  const rest = term(count) * ((x + count) / m) * eulerMaclaurin(m + 1, x + count);
  return sign * exp(subtract(logGamma(m + 1), logPower(m + 1))) * sumOfTerms(rest, count, term);
}
