/**
 * The Hurwitz zeta function by the Euler–Maclaurin formula (DLMF 25.11.43 at its head).
 */
import { BERNOULLI } from './bernoulli.ts';
import { twoSum } from './double-double.ts';

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
export function eulerMaclaurin(s: number, w: number): number {
  let factor = s / w;
  let sum = 0;
  for (const [k, b] of TAIL.entries()) {
    sum += b * factor;
    factor *= ((s + 2 * k + 1) / w) * ((s + 2 * k + 2) / w);
  }
  return 1 + ((s - 1) / w) * (0.5 + sum);
}

export const isFar = (s: number, q: number): boolean => q > TERMS + s;
const far = (s: number, q: number): number => (Math.pow(q, 1 - s) / (s - 1)) * eulerMaclaurin(s, q);

/** How many terms lead from q to where the Euler–Maclaurin formula is good. */
export const nearTerms = (s: number, q: number): number => Math.max(1, Math.ceil(TERMS + s - q));
/** Of more terms than these, which are needed for large s only, the others are nothing beside the first. */
const MOST_TERMS = 64;

export function sumOfTerms(rest: number, count: number, term: (n: number) => number): number {
  let sum = rest;
  for (let n = Math.min(count, MOST_TERMS) - 1; n >= 0; n--) sum += term(n);
  return sum;
}

export const isEven = (n: number): boolean => n % 2 === 0;

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
 * the same kind, once more from both sides. `even`: whether s is, which for an s that was rounded is not what it looks like.
 */
export function zetaOf(s: number, q: number, even: boolean = isEven(s)): number {
  if (Number.isNaN(s) || Number.isNaN(q) || s < 1) return NaN;
  if (s === 1) return Infinity;
  if (q > 0) return zetaOfPositive(s, q);
  if (Number.isInteger(q) || q === -Infinity) return even ? Infinity : NaN;
  if (!Number.isInteger(s)) return NaN;
  const first = q - Math.floor(q);
  const second = 1 + Math.floor(q) - q; // 1 − first is 0 for the smallest of them
  const sign = even ? 1 : -1;
  const [one, other] = [zetaOfPositive(s, first), zetaOfPositive(s, second)];
  // Of two powers that overflow that of the smaller base counts.
  if (one === Infinity && other === Infinity && first !== second) return first < second ? one : sign * other;
  // In this order what cancels for odd s, the sums from either side of 0, does so at once.
  const both = first === second && sign < 0 ? 0 : one + sign * other;
  return both - sign * zetaOfPositive(s, 1 - q);
}
