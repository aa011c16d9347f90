/**
 * log |Γ| and its derivative ψ in double-double arithmetic: Stirling's series (DLMF 5.11.1, 5.11.2) from 16 on, below by the
 * recurrence, for negative arguments by reflection. Where they vanish, by Taylor series about the zeros. The narrow dtypes
 * are content with the same formulas in double arithmetic, but for the rare values that lie too near a middle.
 */
import type { DType } from '../../core/dtypes.ts';
import { BERNOULLI } from './bernoulli.ts';
import {
  add,
  divide,
  type DoubleDouble,
  exactly,
  log,
  multiply,
  PI,
  polynomial,
  risingProduct,
  subtract,
  twoSum,
} from './double-double.ts';
import { type Estimate, PLAIN_ERROR, settled } from './estimate.ts';
import { zetaOf } from './zeta.ts';

const STIRLING_FROM = 16;
/** So many terms of Stirling's series are needed in double-double precision. */
const LONG_TERMS = 6;
const HALF_LOG_TWO_PI: DoubleDouble = { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 };
const LOG_PI: DoubleDouble = { hi: 1.1447298858494002, lo: 1.0265951162707826e-17 };

/** A series in 1/z², of which the first terms are known to double-double precision. */
interface Series {
  readonly first: readonly DoubleDouble[];
  readonly rest: readonly number[];
}
function series(divisor: (k: number) => number): Series {
  const coefficients = BERNOULLI.map(([over, under], i) => divide(exactly(over), exactly(under * divisor(i + 1))));
  return { first: coefficients.slice(0, LONG_TERMS), rest: coefficients.slice(LONG_TERMS).map((c) => c.hi) };
}
/** B₂ₖ/(2k(2k − 1)) and B₂ₖ/2k. */
const LOG_GAMMA = series((k) => 2 * k * (2 * k - 1));
const DIGAMMA = series((k) => 2 * k);

function sumOf({ first, rest }: Series, t: DoubleDouble): DoubleDouble {
  let tail = 0;
  for (let i = rest.length - 1; i >= 0; i--) tail = tail * t.hi + rest[i]!;
  return polynomial(t, first, tail);
}

/** log Γ(x + offset) for 2⁻⁹⁰⁰ < x, to double-double precision up to 2⁴⁰⁰. */
export function logGamma(x: number, offset: 0 | 1 = 0): DoubleDouble {
  if (x > 2 ** 400) return exactly(x * (Math.log(x) - 1));
  const shift = Math.max(offset, Math.ceil(STIRLING_FROM - x));
  const z = twoSum(x, shift);
  const reciprocal = divide(exactly(1), z);
  const correction = multiply(reciprocal, sumOf(LOG_GAMMA, multiply(reciprocal, reciprocal)));
  const main = subtract(multiply(subtract(z, exactly(0.5)), log(z)), z);
  const result = add(main, add(HALF_LOG_TWO_PI, correction));
  return shift === offset ? result : subtract(result, log(risingProduct(x, offset, shift)));
}

/** ψ(x) for x > 0, to double-double precision. */
export function digammaOfPositive(x: number): DoubleDouble {
  // p′/p is the sum of 1/(x + k), the divisions put off to the end.
  let product = exactly(1);
  let slope = exactly(0);
  let shift = 0;
  for (; x + shift < STIRLING_FROM; shift++) {
    const factor = twoSum(x, shift);
    slope = add(multiply(slope, factor), product);
    product = multiply(product, factor);
  }
  const z = twoSum(x, shift);
  const reciprocal = divide(exactly(1), z);
  const square = multiply(reciprocal, reciprocal);
  const correction = add(multiply(exactly(0.5), reciprocal), multiply(square, sumOf(DIGAMMA, square)));
  const result = subtract(log(z), correction);
  return shift === 0 ? result : subtract(result, divide(slope, product));
}

// ---- estimates

const ESTIMATED_FROM = 8;
/** The first term that is left out is below 2⁻⁵¹. */
const ESTIMATED_TERMS = 8;
const leading = ({ first, rest }: Series): number[] =>
  [...first.map(({ hi }) => hi), ...rest].slice(0, ESTIMATED_TERMS).reverse();
const LEADING_LOG_GAMMA = leading(LOG_GAMMA);
const LEADING_DIGAMMA = leading(DIGAMMA);

function leadingSum(falling: readonly number[], t: number): number {
  let sum = 0;
  for (let i = 0; i < ESTIMATED_TERMS; i++) sum = sum * t + falling[i]!;
  return sum;
}

const estimate = (value: number, size: number): Estimate => ({ value, error: PLAIN_ERROR * size });

/** log Γ(x), x > 0 */
export function estimatedLogGamma(x: number): Estimate {
  let product = 1;
  let z = x;
  for (; z < ESTIMATED_FROM; z++) product *= z;
  const shift = product === 1 ? 0 : Math.log(product);
  const power = (z - 0.5) * Math.log(z);
  const correction = leadingSum(LEADING_LOG_GAMMA, 1 / (z * z)) / z;
  return estimate(power - z + HALF_LOG_TWO_PI.hi + correction - shift, power + z + Math.abs(shift));
}

/** ψ(x), x > 0 */
export function estimatedDigamma(x: number): Estimate {
  let shift = 0;
  let z = x;
  for (; z < ESTIMATED_FROM; z++) shift += 1 / z;
  const log = Math.log(z);
  const square = 1 / (z * z);
  return estimate(log - 0.5 / z - square * leadingSum(LEADING_DIGAMMA, square) - shift, log + shift);
}

function estimatedLogGammaOfNegative(x: number): Estimate {
  const { value, error } = estimatedLogGamma(-x);
  const log = Math.log(Math.abs(x * Math.sin(Math.PI * fromInteger(x))));
  return { value: LOG_PI.hi - log - value, error: error + PLAIN_ERROR * (2 + Math.abs(log)) };
}

function estimatedDigammaOfNegative(x: number): Estimate {
  const { value, error } = estimatedDigamma(-x);
  const angle = Math.PI * fromInteger(x);
  const poles = (Math.PI * Math.cos(angle)) / Math.sin(angle);
  return { value: value - 1 / x - poles, error: error + PLAIN_ERROR * (8 + Math.abs(1 / x) + Math.abs(poles)) };
}

// ---- reflection

/** (−1)^i·π^(2i + odd)/(2i + odd)!, the Taylor coefficients of sin πr and cos πr in r². */
function taylor(odd: 0 | 1): DoubleDouble[] {
  const coefficients = [odd === 1 ? PI : exactly(1)];
  const square = multiply(PI, PI);
  for (let n = 2 + odd; n <= 28; n += 2) {
    coefficients.push(divide(multiply(coefficients.at(-1)!, square), exactly(-n * (n - 1))));
  }
  return coefficients;
}
const SINE = taylor(1);
const COSINE = taylor(0);

/** sin πr and cos πr for |r| ≤ ½. */
function sineAndCosine(r: number): { sine: DoubleDouble; cosine: DoubleDouble } {
  const square = multiply(exactly(r), exactly(r));
  return { sine: multiply(exactly(r), polynomial(square, SINE)), cosine: polynomial(square, COSINE) };
}

const magnitude = (x: DoubleDouble): DoubleDouble => (x.hi < 0 ? { hi: -x.hi, lo: -x.lo } : x);
const fromInteger = (x: number): number => x - Math.round(x);

/** log |Γ(x)| = log(π/|x·sin πx|) − log Γ(−x) */
function logGammaOfNegative(x: number): number {
  const { sine } = sineAndCosine(fromInteger(x));
  const poles = subtract(LOG_PI, log(magnitude(multiply(exactly(x), sine))));
  return subtract(poles, logGamma(-x)).hi;
}

/** ψ(x) = ψ(−x) − 1/x − π cot πx */
function digammaOfNegative(x: number): number {
  const { sine, cosine } = sineAndCosine(fromInteger(x));
  const poles = add(divide(exactly(1), exactly(x)), multiply(PI, divide(cosine, sine)));
  return subtract(digammaOfPositive(-x), poles).hi;
}

// ---- zeros

/** The zeros that doubles come so near to that double-double precision is not enough. */
const LOG_GAMMA_ZEROS: readonly DoubleDouble[] = [
  { hi: -2.4570247382208006, lo: -3.7075610815513266e-17 },
  { hi: -2.7476826467274127, lo: 9.055340329338315e-17 },
  { hi: -3.14358088834998, lo: -2.1818179852331714e-16 },
  { hi: -3.955294284858598, lo: -1.999428391746348e-17 },
  { hi: -4.039361839740537, lo: 2.1143995503980602e-16 },
];
const DIGAMMA_ZEROS: readonly DoubleDouble[] = [
  { hi: 1.4616321449683622, lo: 9.549995429965697e-17 },
  { hi: -0.5040830082644554, lo: -8.15428206243813e-18 },
  { hi: -1.5734984731623904, lo: -1.574185691077347e-17 },
  { hi: -2.6107208684441447, lo: 9.881960746978353e-17 },
  { hi: -3.635293366436901, lo: 5.454396163173039e-17 },
  { hi: -4.653237761743142, lo: -2.5492686201468193e-16 },
  { hi: -5.6671624415568855, lo: -3.2153051074948335e-18 },
];

/** x less the zero beside it, or null. */
function fromZero(x: number, zeros: readonly DoubleDouble[]): number | null {
  const zero = zeros.find(({ hi }) => Math.abs(x - hi) < 2 ** -32);
  return zero === undefined ? null : x - zero.hi - zero.lo;
}

/** (ζ(k) − 1)(−1)^k/k, k = 2, 3, …: the Taylor coefficients of log Γ(2 + t), and ζ(k)(−1)^k/k, those of log Γ(1 + t). */
const ABOUT_TWO = Array.from({ length: 28 }, (_, i) => ((i % 2 === 0 ? 1 : -1) * zetaOf(i + 2, 2)) / (i + 2));
const ABOUT_ONE = ABOUT_TWO.map((c, i) => c + (i % 2 === 0 ? 1 : -1) / (i + 2));

/** log Γ(2 + t) = (1 − γ)t + Σ (ζ(k) − 1)(−t)^k/k for |t| ≤ ¼, from which log Γ(1 + t) differs by log(1 + t). */
function aboutZero(t: number, atOne: boolean): number {
  if (t === 0) return 0;
  const coefficients = atOne ? ABOUT_ONE : ABOUT_TWO;
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * t + coefficients[i]!;
  return t * ((atOne ? -0.5772156649015329 : 0.4227843350984671) + t * sum);
}

/** log Γ(1 + t) for |t| ≤ ¼. */
export const logGammaOfOnePlus = (t: number): number => aboutZero(t, true);

/** log |Γ(x)|, within 2 ulp, or as good as rounding to a narrower dtype takes. */
export function lgammaOf(x: number, dtype: DType = 'float64'): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (Math.abs(x) < 2 ** -60) return -Math.log(Math.abs(x));
  if (Math.abs(x - 1) < 0.25) return aboutZero(x - 1, true);
  if (Math.abs(x - 2) < 0.25) return aboutZero(x - 2, false);
  if (dtype !== 'float64') {
    const rounded = settled(x > 0 ? estimatedLogGamma(x) : estimatedLogGammaOfNegative(x), dtype);
    if (rounded !== null) return rounded;
  }
  if (x > 0) return logGamma(x).hi;
  const distance = fromZero(x, LOG_GAMMA_ZEROS);
  if (distance === null) return logGammaOfNegative(x);
  return distance * (digammaOf(x) - (distance / 2) * zetaOf(2, x));
}

/** ψ(x) = Γ′(x)/Γ(x), within 2 ulp, or as good as rounding to a narrower dtype takes; NaN at its poles. */
export function digammaOf(x: number, dtype: DType = 'float64'): number {
  if (Number.isNaN(x) || x === -Infinity || (x <= 0 && Number.isInteger(x))) return NaN;
  if (Math.abs(x) < 2 ** -60) return -1 / x;
  if (x > 2 ** 58) return Math.log(x);
  if (dtype !== 'float64') {
    const rounded = settled(x > 0 ? estimatedDigamma(x) : estimatedDigammaOfNegative(x), dtype);
    if (rounded !== null) return rounded;
  }
  const distance = fromZero(x, DIGAMMA_ZEROS);
  if (distance !== null) return distance * (zetaOf(2, x) + distance * zetaOf(3, x));
  return x > 0 ? digammaOfPositive(x).hi : digammaOfNegative(x);
}
