/**
 * The regularised incomplete beta function by the continued fraction of A. R. DiDonato and A. H. Morris, "Algorithm 708"
 * (ACM TOMS 18, 1992), whose terms keep their digits where x is near the mean.
 * For its factor the narrow dtypes are content with double arithmetic where that settles the result.
 */
import type { DType } from '../../core/dtypes.ts';
import { add, divide, type DoubleDouble, exactly, exp, log, multiply, subtract, twoSum } from './double-double.ts';
import { scaledErfcOf } from './erf.ts';
import { type Estimate, PLAIN_ERROR, settled } from './estimate.ts';
import { digammaOf, estimatedLogGamma, logGamma } from './gamma.ts';
import { igammacOf, igammaOf } from './incomplete-gamma.ts';

/** Smaller parameters are zero: x^a is 1 for every x. */
const SMALLEST = 2 ** -900;
/** If both parameters are larger, the distribution is normal but for some 2⁻²⁰. */
const NORMAL_FROM = 2 ** 40;
/** If both are larger, it is narrower than the distance of doubles. */
const STEP_FROM = 2 ** 113;
/** A parameter that is larger, and so many times as large as the other one, leaves a gamma distribution but for 2⁻⁶⁰. */
const GAMMA_FROM = 2 ** 40;
const GAMMA_RATIO = 2 ** 30;

/** x^a·y^b/B(a, b), y = 1 − x. */
function prefactor(a: number, b: number, x: DoubleDouble, y: DoubleDouble): number {
  const sum = twoSum(a, b);
  const whole = add(logGamma(sum.hi), exactly(sum.lo * digammaOf(sum.hi)));
  const powers = add(multiply(exactly(a), log(x)), multiply(exactly(b), log(y)));
  return exp(add(powers, subtract(subtract(whole, logGamma(a)), logGamma(b))));
}

/** The fraction from its n-th step back: m + m(b − m)x/(a + 2m − 1) + (a + m)(ay − bx + 1 + m(2 − x))/(a + 2m + 1) + … */
function fractionOf(a: number, b: number, x: number, excess: number, n: number): number {
  let f = 1;
  let above = 1 / (a + 2 * n + 1);
  for (let m = n; m >= 0; m--) {
    const below = 1 / (a + 2 * m - 1);
    const share = (a + m) * above;
    const own = share * (excess + 1 + m * (2 - x));
    const next = (m + 1) * share * ((a + b + m) * above) * (b - m - 1) * x * x;
    f = (m === 0 ? 0 : m + m * (b - m) * x * below) + own + next / f;
    above = below;
  }
  return f;
}

/** As deep as it takes for the last steps, twice as many as those before them, to change less than `error` of it. */
function fraction(a: number, b: number, x: number, excess: number, first: number, error: number): number {
  let value = fractionOf(a, b, x, excess, first);
  for (let n = 2 * first; ; n *= 2) {
    const better = fractionOf(a, b, x, excess, n);
    if (Math.abs(better - value) <= error * Math.abs(better) || n > 2 ** 22) return better;
    value = better;
  }
}

/** ay − bx, which vanishes at the mean. */
const excessOf = (a: number, b: number, x: DoubleDouble, y: DoubleDouble): number =>
  subtract(multiply(exactly(a), y), multiply(exactly(b), x)).hi;

function byFraction(a: number, b: number, x: DoubleDouble, y: DoubleDouble): number {
  const factor = prefactor(a, b, x, y);
  if (factor === 0) return 0;
  return factor / fraction(a, b, x.hi, excessOf(a, b, x, y), 8, 2 ** -51);
}

// ---- estimates

/** Parameters and an x of which plain double arithmetic makes something. */
const isOrdinary = (a: number, b: number, x: number): boolean =>
  Math.min(a, b) > 2 ** -60 && Math.max(a, b) < 256 && x > 2 ** -500;
/** What a step of the fraction may still change. */
const FRACTION_ERROR = 2 ** -42;

/** x or 1 − x, and its logarithm in double precision. */
interface Side {
  readonly at: DoubleDouble;
  readonly log: number;
}

/** byFraction, for ordinary arguments. */
function estimatedByFraction(a: number, b: number, x: Side, y: Side): Estimate {
  const [whole, partA, partB] = [estimatedLogGamma(a + b), estimatedLogGamma(a), estimatedLogGamma(b)];
  const exponent = a * x.log + b * y.log + whole.value - partA.value - partB.value;
  const powers = PLAIN_ERROR * (a * Math.abs(x.log) + b * Math.abs(y.log));
  const factor = Math.exp(exponent);
  const value = factor / fraction(a, b, x.at.hi, excessOf(a, b, x.at, y.at), 4, FRACTION_ERROR);
  return { value, error: value * (powers + whole.error + partA.error + partB.error + FRACTION_ERROR + PLAIN_ERROR) };
}

function estimated(a: number, b: number, x: number): Estimate {
  const direct: Side = { at: exactly(x), log: Math.log(x) };
  const rest: Side = { at: twoSum(1, -x), log: Math.log1p(-x) };
  if (x < (a + 1) / (a + b + 2)) return estimatedByFraction(a, b, direct, rest);
  const { value, error } = estimatedByFraction(b, a, rest, direct);
  return { value: 1 - value, error: error + PLAIN_ERROR };
}

// ---- large parameters

/** The share of the side of the mean on which x lies: ½·erfc √E, E = a·log(a/nx) + b·log(b/ny), n = a + b. */
function normalTail(a: number, b: number, x: DoubleDouble, y: DoubleDouble): number {
  const n = exactly(a + b);
  const part = (k: number, p: DoubleDouble): DoubleDouble =>
    multiply(exactly(-k), log(divide(multiply(n, p), exactly(k))));
  const energy = Math.max(0, add(part(a, x), part(b, y)).hi);
  return energy > 750 ? 0 : (Math.exp(-energy) * scaledErfcOf(Math.sqrt(energy))) / 2;
}

/** I_x(a, b), the share of the beta distribution below x. */
export function betaincOf(a: number, b: number, x: number, dtype: DType = 'float64'): number {
  if (!(a >= 0 && b >= 0 && x >= 0 && x <= 1)) return NaN;
  // All of the distribution is at 0, or at 1.
  const [atZero, atOne] = [a < SMALLEST || b === Infinity, b === 0 || a === Infinity];
  if (atOne && (a === 0 || b === Infinity)) return NaN;
  if (atOne) return x < 1 ? 0 : 1;
  if (x === 0 || x === 1) return x;
  if (atZero) return 1;
  if (dtype !== 'float64' && isOrdinary(a, b, x)) {
    const rounded = settled(estimated(a, b, x), dtype);
    if (rounded !== null) return rounded;
  }
  return large(a, b, x) ?? moderate(a, b, x);
}

/** The limits that large parameters come near to; null: they are not large. */
function large(a: number, b: number, x: number): number | null {
  const mean = 1 / (1 + b / a);
  if (Math.min(a, b) > STEP_FROM) return x < mean ? 0 : x > mean ? 1 : 0.5;
  // J. Wise, "The incomplete beta function as a contour integral" (1950): n·log(1/(1 − x)) is gamma distributed.
  if (b > GAMMA_FROM && b > GAMMA_RATIO * a) return igammaOf(a, -(b + (a - 1) / 2) * Math.log1p(-x));
  if (a > GAMMA_FROM && a > GAMMA_RATIO * b) return igammacOf(b, -(a + (b - 1) / 2) * Math.log(x));
  if (Math.min(a, b) <= NORMAL_FROM) return null;
  const tail = normalTail(a, b, exactly(x), twoSum(1, -x));
  return x < mean ? tail : 1 - tail;
}

function moderate(a: number, b: number, x: number): number {
  const [direct, rest] = [exactly(x), twoSum(1, -x)];
  if (x < (a + 1) / (a + b + 2)) return byFraction(a, b, direct, rest);
  const above = byFraction(b, a, rest, direct);
  return above < 0.9 ? 1 - above : byFraction(a, b, direct, rest);
}
