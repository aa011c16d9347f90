/**
 * The regularised incomplete gamma functions and their derivative in a: the power series (DLMF 8.7.1), the continued
 * fraction (8.9.2) and, for large a beside x, Temme's uniform expansion (8.12). All are multiples of one density,
 * for which the narrow dtypes are content with double arithmetic where that settles the result.
 */
import type { DType } from '../../core/dtypes.ts';
import { divide, type DoubleDouble, exactly, exp, log, multiply, subtract, twoSum } from './double-double.ts';
import { scaledErfcOf } from './erf.ts';
import { type Estimate, PLAIN_ERROR, settled } from './estimate.ts';
import { digammaOfPositive, estimatedDigamma, estimatedLogGamma, logGamma, logGammaOfOnePlus } from './gamma.ts';

/** From here on the distribution is narrower than the distance of doubles. */
const STEP_FROM = 2 ** 113;
const SMALLEST = 2 ** -100;

// ---- the density D = x^a·e^−x/Γ(a + 1)

/** a·log(a/x) + x − a ≥ 0, to double-double precision. */
function deviance(a: number, x: number): DoubleDouble {
  if (a > 2 ** 900) {
    // Products would overflow: it grows as a and x do.
    const { hi, lo } = deviance(a * 2 ** -200, x * 2 ** -200);
    return { hi: hi * 2 ** 200, lo: lo * 2 ** 200 };
  }
  const [p, q] = [exactly(x), exactly(a)];
  const ratio = x < a * 2 ** -500 ? subtract(log(p), log(q)) : log(divide(p, q)); // the quotient may underflow
  return subtract(twoSum(x, -a), multiply(q, ratio));
}

function density(a: number, x: number): number {
  if (a > STEP_FROM || x > STEP_FROM) return x === a ? 1 / Math.sqrt(2 * Math.PI * a) : 0;
  if (a >= UNIFORM_FROM) return exp(subtract(exactly(0), deviance(a, x))) / (Math.sqrt(2 * Math.PI * a) * gammaStar(a));
  const power = subtract(multiply(exactly(a), log(exactly(x))), exactly(x));
  if (a < SMALLEST) return exp(power);
  return exp(subtract(power, logGamma(a, 1)));
}

// ---- Temme's expansion

const UNIFORM_FROM = 256;
/** Γ(a)·e^a·a^(½ − a)/√2π as a series in 1/a (DLMF 5.11.3). */
const GAMMA_STAR: readonly number[] = [
  1,
  1 / 12,
  1 / 288,
  -139 / 51840,
  -571 / 2488320,
  163879 / 209018880,
  5246819 / 75246796800,
  -534703531 / 902961561600,
];
const gammaStar = (a: number): number => GAMMA_STAR.reduceRight((sum, c) => sum / a + c, 0);

const ORDERS = GAMMA_STAR.length;
const POWERS = 20;

/** The coefficients of C_k(η) = Σ d(k, n)·ηⁿ (DLMF 8.12.7–8.12.11). */
function temmeCoefficients(): number[][] {
  const length = POWERS + 2 * ORDERS + 4;
  // λ − 1 = Σ α(n)·ηⁿ
  const alpha = [0, 1, 1 / 3];
  for (let n = 3; n < length; n++) {
    let sum = alpha[n - 1]!;
    for (let j = 2; j < n; j++) sum -= j * alpha[j]! * alpha[n - j + 1]!;
    alpha[n] = sum / (n + 1);
  }
  const first = Array.from({ length: length - 2 }, (_, n) => (n === 0 ? -1 / 3 : (n + 2) * alpha[n + 2]!));
  const rows = [first];
  for (let k = 1; k < ORDERS; k++) {
    const [above, g] = [rows[k - 1]!, (k % 2 === 0 ? 1 : -1) * GAMMA_STAR[k]!];
    rows.push(Array.from({ length: above.length - 2 }, (_, n) => g * first[n]! + (n + 2) * above[n + 2]!));
  }
  return rows.map((row) => row.slice(0, POWERS));
}
let temme: number[][] = [];

interface Uniform {
  /** ½(x/a deviance): η²/2. */
  readonly eta: number;
  readonly energy: number;
  /** S(a, η) = Σ C_k(η)/a^k, and its derivative in a for x that stays. */
  readonly sum: number;
  readonly slope: number;
}

function uniform(a: number, x: number): Uniform {
  if (temme.length === 0) temme = temmeCoefficients();
  const energy = Math.max(0, deviance(a, x).hi);
  const mu = (x - a) / a;
  const eta = Math.sign(mu) * Math.sqrt((2 * energy) / a);
  const etaSlope = -(eta === 0 ? 1 : mu / eta) / a;
  let [sum, slope] = [0, 0];
  for (let k = ORDERS - 1; k >= 0; k--) {
    let [value, derivative] = [0, 0];
    for (let n = POWERS - 1; n >= 0; n--) {
      derivative = derivative * eta + value;
      value = value * eta + temme[k]![n]!;
    }
    slope = slope / a - sum / (a * a) + derivative * etaSlope;
    sum = sum / a + value;
  }
  return { eta, energy, sum, slope };
}

const isUniform = (a: number, x: number): boolean => a >= UNIFORM_FROM && Math.abs(x - a) < 0.35 * a;

/** The smaller of P (for x < a) and Q: e^−E·(½·erfcx √E ± S/√2πa), the exponent better known than to a double. */
function uniformTail(a: number, x: number): number {
  if (a > STEP_FROM && x !== a) return 0;
  const { energy, sum } = uniform(a, x);
  if (energy > 750) return 0;
  const inner = scaledErfcOf(Math.sqrt(energy)) / 2 + ((x < a ? -1 : 1) * sum) / Math.sqrt(2 * Math.PI * a);
  return exp(subtract(exactly(0), deviance(a, x))) * inner;
}

/** (∂Q/∂a)/D, from ∂(aη²/2)/∂a = −log(x/a). */
function uniformSlope(a: number, x: number): number {
  const { eta, sum, slope } = uniform(a, x);
  const mu = (x - a) / a;
  const main = eta === 0 ? 1 : mu / eta - eta / 2;
  return gammaStar(a) * (main + sum * (Math.log1p(mu) - 1 / (2 * a)) + slope);
}

// ---- the power series: P = D·Σ xⁿ/((a + 1)…(a + n))

function powerSeries(a: number, x: number): { readonly sum: number; readonly slope: number } {
  let [term, sum, harmonic, slope] = [1, 1, 0, 0];
  for (let n = 1; ; n++) {
    const share = 1 / (a + n);
    term *= x * share;
    harmonic += share;
    sum += term;
    slope -= term * harmonic;
    if (term * (1 + harmonic) <= 2 ** -56 * Math.min(sum, -slope)) return { sum, slope };
  }
}

/** log Γ(a + 1) */
const logFactorial = (a: number): number => (a < 0.25 ? logGammaOfOnePlus(a) : logGamma(a, 1).hi);

/** For small a and x, where P is close to 1: Q = 1 − x^a/Γ(1 + a) − x^a/Γ(1 + a)·a·Σ (−x)ⁿ/(n!(a + n)). */
function complementOfSmall(a: number, x: number, gamma: number): number {
  const power = a * Math.log(x) - gamma;
  let [factor, sum] = [1, 0];
  for (let n = 1; Math.abs(factor) > 2 ** -60; n++) {
    factor *= -x / n;
    sum += factor / (a + n);
  }
  return -Math.expm1(power) - Math.exp(power) * a * sum;
}

// ---- the continued fraction: Q = D·a/f, f = x + 1 − a − 1(1 − a)/(x + 3 − a − 2(2 − a)/(x + 5 − a − …))

/** How many steps settle it, for x > a, x > 1 (and x > 1.35·a for large a): found by trying, with some to spare. */
const depth = (a: number, x: number): number => 10 + Math.ceil(100 / x + Math.min(64, 4 * Math.sqrt(a)));

/** 1/f and its derivative in a, from the far end. */
function fraction(a: number, x: number): { readonly value: number; readonly slope: number } {
  let [f, df] = [1, 0];
  for (let n = depth(a, x); n >= 0; n--) {
    // n(n − a) and its derivative −n, over the fraction that follows
    const over = 1 / f;
    const under = (n + 1) * (n + 1 - a) * over;
    df = -1 + (n + 1 + under * df) * over;
    f = x + 2 * n + 1 - a - under;
  }
  return { value: 1 / f, slope: -df / (f * f) };
}

// ---- the functions

const byFraction = (a: number, x: number): boolean => x > 1 && x > a;

/** P where it is the smaller one, or Q, and which. */
interface Tail {
  readonly lower: boolean;
  readonly value: number;
}

function tail(a: number, x: number): Tail {
  if (isUniform(a, x)) return { lower: x < a, value: uniformTail(a, x) };
  const byDensity = multipleOf(density(a, x), a, x);
  return byDensity ?? { lower: false, value: complementOfSmall(a, x, logFactorial(a)) };
}

/** The tail, as a multiple of the density; null where Q is small and this would be P. */
function multipleOf(d: number, a: number, x: number): Tail | null {
  if (byFraction(a, x)) return { lower: false, value: d === 0 ? 0 : d * a * fraction(a, x).value };
  const value = d === 0 ? 0 : d * powerSeries(a, x).sum;
  return a < 1 && value > 0.5 ? null : { lower: true, value };
}

// ---- estimates

/** Arguments of which plain double arithmetic makes something. */
const isOrdinary = (a: number, x: number): boolean => a > SMALLEST && a < UNIFORM_FROM && x > 2 ** -500 && x < 1024;

/** log D, ordinary arguments. */
function estimatedLogDensity(a: number, x: number, gamma: Estimate): Estimate {
  const power = a * Math.log(x);
  return { value: power - x - gamma.value, error: gamma.error + PLAIN_ERROR * (Math.abs(power) + x) };
}

/** The tail with what it is off by: what the exponent is, and the 64 units that the factor of D is within. */
function estimatedTail(a: number, x: number): Tail & Estimate {
  const gamma = estimatedLogGamma(a + 1);
  const exponent = estimatedLogDensity(a, x, gamma);
  const error = exponent.error + PLAIN_ERROR;
  const byDensity = multipleOf(Math.exp(exponent.value), a, x);
  if (byDensity !== null) return { ...byDensity, error: error * byDensity.value };
  // x^a/Γ(1 + a), of which this is a difference, is below 1.2.
  return { lower: false, value: complementOfSmall(a, x, gamma.value), error: 2 * error };
}

/** P, or Q for `upper`, rounded to `dtype`; null: not settled. */
function roundedShare(a: number, x: number, upper: boolean, dtype: DType): number | null {
  if (dtype === 'float64' || !isOrdinary(a, x)) return null;
  const { lower, value, error } = estimatedTail(a, x);
  return settled(lower === upper ? { value: 1 - value, error: error + PLAIN_ERROR } : { value, error }, dtype);
}

/** What needs no computing; P, and whether the arguments are outside the domain. */
function edge(a: number, x: number): number | null {
  if (!(a >= 0 && x >= 0) || (a === 0 && x === 0)) return NaN;
  if (x === Infinity || a === 0) return 1;
  return x === 0 || a === Infinity ? 0 : null;
}

/** P(a, x) = γ(a, x)/Γ(a) */
export function igammaOf(a: number, x: number, dtype: DType = 'float64'): number {
  const known = edge(a, x) ?? roundedShare(a, x, false, dtype);
  if (known !== null) return known;
  const { lower, value } = tail(a, x);
  return lower ? value : 1 - value;
}

/** Q(a, x) = 1 − P(a, x) */
export function igammacOf(a: number, x: number, dtype: DType = 'float64'): number {
  const known = edge(a, x);
  if (known !== null) return 1 - known;
  const rounded = roundedShare(a, x, true, dtype);
  if (rounded !== null) return rounded;
  const { lower, value } = tail(a, x);
  return lower ? 1 - value : value;
}

/** (∂P/∂a)/D */
function relativeSlope(a: number, x: number): number {
  if (isUniform(a, x)) return -uniformSlope(a, x);
  // ∂(log D)/∂a, whose terms all but cancel where x is near a
  return slopeBy(subtract(log(exactly(x)), digammaOfPositive(a + 1)).hi, 0, a, x).value;
}

/** (∂P/∂a)/D from ∂(log D)/∂a, which may be off by `error`; its other parts are sums of positive terms. */
function slopeBy(ownSlope: number, error: number, a: number, x: number): Estimate {
  if (byFraction(a, x)) {
    const { value, slope } = fraction(a, x);
    const size = value * (1 + a * Math.abs(ownSlope)) + a * Math.abs(slope);
    return { value: -value * (1 + a * ownSlope) - a * slope, error: value * a * error + PLAIN_ERROR * size };
  }
  const { sum, slope } = powerSeries(a, x);
  const size = sum * Math.abs(ownSlope) + Math.abs(slope);
  return { value: sum * ownSlope + slope, error: sum * error + PLAIN_ERROR * size };
}

/** relativeSlope of ordinary arguments. */
function estimatedSlope(a: number, x: number): Estimate {
  const log = Math.log(x);
  const { value, error } = estimatedDigamma(a + 1);
  return slopeBy(log - value, error + PLAIN_ERROR * Math.abs(log), a, x);
}

/** D·(∂P/∂a)/D of ordinary arguments. */
function estimatedGradient(a: number, x: number): Estimate {
  const exponent = estimatedLogDensity(a, x, estimatedLogGamma(a + 1));
  const d = Math.exp(exponent.value);
  const { value, error } = estimatedSlope(a, x);
  return { value: d * value, error: d * (error + Math.abs(value) * (exponent.error + PLAIN_ERROR)) };
}

/** ∂P(a, x)/∂a */
export function igammaGradAOf(a: number, x: number, dtype: DType = 'float64'): number {
  if (!(a > 0 && x >= 0)) return NaN;
  if (x === 0 || x === Infinity || a === Infinity) return 0;
  if (dtype !== 'float64' && isOrdinary(a, x)) {
    const rounded = settled(estimatedGradient(a, x), dtype);
    if (rounded !== null) return rounded;
  }
  const d = density(a, x);
  return d === 0 ? -0 : d * relativeSlope(a, x);
}

/** dx/da of a sample x of the gamma distribution, at constant P: −(∂P/∂a)/(∂P/∂x). */
export function randomGammaGradOf(a: number, x: number, dtype: DType = 'float64'): number {
  if (!(a > 0 && x >= 0)) return NaN;
  if (x === 0) return 0;
  if (x === Infinity) return a === Infinity ? NaN : Infinity;
  if (a === Infinity) return 0;
  if (dtype !== 'float64' && isOrdinary(a, x)) {
    const { value, error } = estimatedSlope(a, x);
    const scale = x / a;
    const rounded = settled({ value: -value * scale, error: (error + PLAIN_ERROR * Math.abs(value)) * scale }, dtype);
    if (rounded !== null) return rounded;
  }
  const scale = x < 2 ** -900 ? 2 ** 100 : 1; // a subnormal product would lose digits
  return (-relativeSlope(a, x) * (x * scale)) / a / scale;
}
