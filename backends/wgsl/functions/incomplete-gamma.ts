/**
 * The regularised incomplete gamma functions and their derivative in a: the power series (DLMF 8.7.1), the continued
 * fraction (8.9.2) and, for large a beside x, Temme's uniform expansion (8.12). Their sums are of terms of one sign; what
 * takes more than the precision of floats is the exponent of the density that they are multiples of.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { deviance, normalTail, pairExpScaled, stirlingRest, UNSCALED } from './deviance.ts';
import { expm1 } from './exponentials.ts';
import { infinity, isNan, nan, opaque } from './floats.ts';
import { pairDigamma } from './gamma.ts';
import { log, log1p } from './logarithms.ts';
import { pairLog, pairOver, pairPlus, pairTimes } from './pairs.ts';

const LARGEST = '3.4028234e38';

/** x^a·e^−x/Γ(a + 1)·2⁶⁴, by Stirling's formula from 12 on, below by the recurrence. */
const gammaDensity: WgslFunction = wgslFunction(
  `
fn gamma_density(a: f32, x: f32) -> f32 {
  var product = vec2f(1.0, 0.0);
  var z = vec2f(a, 0.0);
  var shift = 0.0;
  while (z.x < 12.0) {
    shift += 1.0;
    z = pair_plus(vec2f(a, 0.0), vec2f(shift, 0.0));
    product = pair_times(product, z);
  }
  let t = pair_over(pair_plus(vec2f(x, 0.0), -z), z);
  var weight = -shift;
  var exponent = vec2f(-stirling_rest(z.x), 0.0);
  if (abs(t.x) < 0.35) {
    exponent = pair_plus(exponent, -pair_times(z, deviance(t)));
  } else {
    weight = a;
    exponent = pair_plus(exponent, pair_plus(pair_plus(z, vec2f(-x, 0.0)), -pair_times(z, pair_log(z))));
  }
  exponent = pair_plus(exponent, pair_times(vec2f(weight, 0.0), pair_log(vec2f(x, 0.0))));
  return pair_exp_scaled(exponent) * (product.x / (2.5066283 * sqrt(z.x)));
}`,
  [deviance, pairExpScaled, pairLog, pairOver, pairPlus, pairTimes, stirlingRest],
);

/** Whether all of the distribution is on one side of x, but for what is less than any float. */
const isFar: WgslFunction = wgslFunction(`
fn is_far(a: f32, x: f32) -> bool { return 0.5 * (x - a) * ((x - a) / max(a, x)) > 110.0; }`);

// ---- the uniform expansion

const isUniform: WgslFunction = wgslFunction(`
fn is_uniform(a: f32, x: f32) -> bool { return a >= 20.0 && abs(x - a) < 0.35 * a; }`);

/** a·(μ − log(1 + μ)) with μ = (x − a)/a: a·η²/2. */
const gammaEnergy: WgslFunction = wgslFunction(
  `
fn gamma_energy(a: f32, x: f32) -> vec2f {
  return pair_times(vec2f(a, 0.0), deviance(pair_over(vec2f(x - a, 0.0), vec2f(a, 0.0))));
}`,
  [deviance, pairOver, pairTimes],
);

const etaOf: WgslFunction = wgslFunction(`
fn eta_of(a: f32, x: f32, energy: f32) -> f32 { return select(-1.0, 1.0, x > a) * sqrt(2.0 * (energy / a)); }`);

/** S(a, η) = Σ C_k(η)/a^k, and its derivative in a where η has the derivative `slope`. */
const temme: WgslFunction = wgslFunction(`
fn temme(a: f32, eta: f32, slope: f32) -> vec2f {
  var c = array(-0.33333334, 0.083333336, -0.014814815, 0.0011574074, 0.00035273368, -0.00017875514, 3.9192632e-5,
    -0.0018518518, -0.0034722222, 0.0026455026, -0.0009902264, 0.00020576132, 0.0, 0.0,
    0.004133598, -0.0026813271, 0.00077160494, 0.0, 0.0, 0.0, 0.0);
  var sum = 0.0;
  var change = 0.0;
  for (var k = 2; k >= 0; k -= 1) {
    var value = 0.0;
    var derivative = 0.0;
    for (var n = 6; n >= 0; n -= 1) {
      derivative = derivative * eta + value;
      value = value * eta + c[7 * k + n];
    }
    change = (change - sum / a) / a + derivative * slope;
    sum = sum / a + value;
  }
  return vec2f(sum, change);
}`);

// ---- series and fraction

/** Σ tₙ, tₙ = xⁿ/((a + 1)…(a + n)), and Σ tₙ·(1/(a + 1) + … + 1/(a + n)), for x ≤ a or x ≤ 0.5625. */
const gammaSeries: WgslFunction = wgslFunction(`
fn gamma_series(a: f32, x: f32) -> vec2f {
  var term = 1.0;
  var harmonic = 0.0;
  var sum = vec2f(0.0);
  for (var n = 1; n <= 64; n += 1) {
    term *= x / (a + f32(n));
    harmonic += 1.0 / (a + f32(n));
    sum += vec2f(term, term * harmonic);
    if (term * (1.0 + harmonic) < 1e-8) { break; }
  }
  return vec2f(1.0 + sum.x, sum.y);
}`);

/** x/f and its derivative in a, f = x + 1 − a − 1(1 − a)/(x + 3 − a − …), for x ≥ a and x ≥ 0.5625, where 50 steps do. */
const gammaFraction: WgslFunction = wgslFunction(`
fn gamma_fraction(a: f32, x: f32) -> vec2f {
  let gap = x - a;
  var f = max(gap, 1.0);
  var slope = 0.0;
  for (var n = 50.0; n >= 0.0; n -= 1.0) {
    let over = 1.0 / f;
    let under = (n + 1.0) * ((n + 1.0 - a) * over);
    slope = (n + 1.0 + under * slope) * over - 1.0;
    f = gap + (2.0 * n + 1.0) - under;
  }
  return vec2f(x / f, -(slope / f) * (x / f));
}`);

/** ∫ t^(a − 1)·e^−t dt from x to s = 0.5625, over s^a·e^−s: for small a all that is above x is between them, nearly. */
const betweenSmall: WgslFunction = wgslFunction(
  `
fn between_small(a: f32, x: f32) -> f32 {
  let ratio = x / 0.5625;
  let log = log_of(ratio);
  let fall = expm1_of(a * log);
  var sum = select(-fall / a, -log, a < 1e-30);
  var power = 1.0 + fall;
  var c = 1.0;
  for (var n = 1.0; n < 10.0; n += 1.0) {
    c *= -0.5625 / n;
    power *= ratio;
    sum += c * (1.0 - power) / (a + n);
  }
  return 1.7550547 * sum;
}`,
  [expm1, log],
);

// ---- the functions

/** P(a, x) or, for `is_upper`, Q(a, x) = 1 − P where the expansion is not for. */
const gammaTail: WgslFunction = wgslFunction(
  `
fn gamma_tail(a: f32, x: f32, is_upper: bool) -> f32 {
  let start = select(x, max(x, 0.5625), is_upper);
  let density = gamma_density(a, start);
  if (!is_upper) { return gamma_series(a, x).x * density * ${UNSCALED}; }
  var share = gamma_fraction(a, start).x / start;
  if (x < start) { share += between_small(a, x); }
  return share * density * a * ${UNSCALED};
}`,
  [betweenSmall, gammaDensity, gammaFraction, gammaSeries],
);

/** P(a, x) or Q(a, x) = 1 − P, the smaller one of them computed. */
const incompleteGamma: WgslFunction = wgslFunction(
  `
fn incomplete_gamma(a: f32, x: f32, of_upper: bool) -> f32 {
  if (is_nan(a) || is_nan(x) || min(a, x) < 0.0 || max(a, x) == 0.0) { return nan(); }
  if (x > ${LARGEST} || a == 0.0) { return select(1.0, 0.0, of_upper); }
  if (x == 0.0 || a > ${LARGEST} || is_far(a, x)) { return select(0.0, 1.0, (x > a) != of_upper); }
  var is_upper = x > a;
  var tail = 0.0;
  if (is_uniform(a, x)) {
    let energy = gamma_energy(a, x);
    let skew = temme(a, eta_of(a, x, energy.x), 0.0).x / sqrt(a);
    tail = normal_tail(energy, select(-skew, skew, is_upper));
  } else {
    // For small a the middle of the distribution is at 0.56·2^(−1/a).
    if (a < 0.5 && a * log_of(x / 0.5625) > -0.6931472) { is_upper = true; }
    tail = gamma_tail(a, x, is_upper);
  }
  return select(1.0 - tail, tail, is_upper == of_upper);
}`,
  [etaOf, gammaEnergy, gammaTail, isFar, isNan, isUniform, log, nan, normalTail, temme],
);

export const igamma: WgslFunction = wgslFunction(
  `
fn igamma_of(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, false); }`,
  [incompleteGamma],
);

export const igammac: WgslFunction = wgslFunction(
  `
fn igammac_of(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, true); }`,
  [incompleteGamma],
);

/** −x·(∂P/∂a)/D, D being the density. Of its terms those that have two signs are in pairs: log x − ψ(a + 1). */
const gammaSlope: WgslFunction = wgslFunction(
  `
fn gamma_slope(a: f32, x: f32) -> f32 {
  if (is_uniform(a, x)) {
    let mu = (x - a) / a;
    let eta = eta_of(a, x, gamma_energy(a, x).x);
    let ratio = select(mu / eta, 1.0, x == a);
    let s = temme(a, eta, -ratio / a);
    let stirling = stirling_rest(a);
    return x * (1.0 + stirling + 0.5 * stirling * stirling)
      * (ratio - 0.5 * eta + s.x * (log1p_of(mu) - 0.5 / a) + s.y);
  }
  let own = pair_plus(pair_log(vec2f(x, 0.0)), -pair_digamma(a, 1.0)).x;
  if (x > max(a, 0.5625)) {
    let fraction = gamma_fraction(a, x);
    return fraction.x + a * (fraction.x * own + fraction.y);
  }
  let series = gamma_series(a, x);
  return x * (series.y - series.x * own);
}`,
  [
    etaOf,
    gammaEnergy,
    gammaFraction,
    gammaSeries,
    isUniform,
    log1p,
    pairDigamma,
    pairLog,
    pairPlus,
    stirlingRest,
    temme,
  ],
);

export const igammaGradA: WgslFunction = wgslFunction(
  `
fn igamma_grad_a(a: f32, x: f32) -> f32 {
  if (is_nan(a) || is_nan(x) || a <= 0.0 || x < 0.0) { return nan(); }
  if (x == 0.0 || max(a, x) > ${LARGEST} || is_far(a, x)) { return 0.0; }
  return -opaque(gamma_density(a, x) * opaque(gamma_slope(a, x) / x)) * ${UNSCALED};
}`,
  [gammaDensity, gammaSlope, isFar, isNan, nan, opaque],
);

export const randomGammaGrad: WgslFunction = wgslFunction(
  `
fn random_gamma_grad(a: f32, x: f32) -> f32 {
  if (is_nan(a) || is_nan(x) || a <= 0.0 || x < 0.0) { return nan(); }
  if (x > ${LARGEST}) { return select(infinity(), nan(), a > ${LARGEST}); }
  if (x == 0.0 || a > ${LARGEST}) { return 0.0; }
  return gamma_slope(a, x) / a;
}`,
  [gammaSlope, infinity, isNan, nan],
);
