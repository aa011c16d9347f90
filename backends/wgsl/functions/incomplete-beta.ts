/**
 * The regularised incomplete beta function by the continued fraction of A. R. DiDonato and A. H. Morris, "Algorithm 708"
 * (ACM TOMS 18, 1992); where both parameters are large, by the normal distribution and a term for its skewness. As in the
 * incomplete gamma functions, exponents are in pairs.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { deviance, normalTail, pairExpScaled, stirlingRest, UNSCALED } from './deviance.ts';
import { exp, expm1 } from './exponentials.ts';
import { isNan, nan } from './floats.ts';
import { log, log1p } from './logarithms.ts';
import { pairLog, pairOver, pairPlus, pairSum, pairTimes } from './pairs.ts';

const LARGEST = '3.4028234e38';
/** From here on what the skewness leaves is some units. */
const LARGE_FROM = '4000.0';

/** a·x for 0 < x ≤ 1: the halves of a small x would be out of range. */
const timesFraction: WgslFunction = wgslFunction(
  `
fn times_fraction(a: vec2f, x: vec2f) -> vec2f {
  let scale = select(1.0, 18446744073709551616.0, x.x < ${UNSCALED});
  return pair_times(a / scale, x * scale);
}`,
  [pairTimes],
);

/** ay − bx, which vanishes at the mean. */
const betaExcess: WgslFunction = wgslFunction(
  `
fn beta_excess(a: vec2f, b: vec2f, x: vec2f, y: vec2f) -> vec2f {
  return pair_plus(times_fraction(a, y), -times_fraction(b, x));
}`,
  [pairPlus, timesFraction],
);

/**
 * x^a·y^b·Γ(a + b + 1)/(Γ(a + 1)Γ(b + 1))·2⁶⁴ where y = 1 − x: by Stirling's formula for p = a + i and q = b + j, which are 12
 * or more, and the recurrence. With n = p + q and λ = py − qx the powers and Γs make −p·d(−λ/p) − q·d(λ/q), d(t) = t − log(1 + t).
 */
const betaDensity: WgslFunction = wgslFunction(
  `
fn beta_density(a: f32, b: f32, x: vec2f, y: vec2f) -> f32 {
  let i = max(0.0, ceil(12.0 - a));
  let j = max(0.0, ceil(12.0 - b));
  let p = pair_plus(vec2f(a, 0.0), vec2f(i, 0.0));
  let q = pair_plus(vec2f(b, 0.0), vec2f(j, 0.0));
  let n = pair_plus(p, q);
  let excess = beta_excess(p, q, x, y);
  let l = excess.x;
  if (l * (l / max(p.x, p.x - l)) + l * (l / max(q.x, q.x + l)) > 600.0) { return 0.0; }

  // (a + 1)…(a + i)·(b + 1)…(b + j) over (a + b + 1)…(a + b + i + j)/n^(i + j)
  let sum = pair_plus(n, vec2f(-(i + j), 0.0));
  var product = vec2f(1.0, 0.0);
  for (var k = 1.0; k <= i + j; k += 1.0) {
    let own = pair_plus(vec2f(select(a, b, k > i), 0.0), vec2f(select(k, k - i, k > i), 0.0));
    product = pair_times(product, pair_times(own, pair_over(n, pair_plus(sum, vec2f(k, 0.0)))));
  }

  var exponent = vec2f((stirling_rest(n.x) - stirling_rest(p.x)) - stirling_rest(q.x), 0.0);
  var number = array(x, y, p, q, n, product);
  var weight = array(vec2f(-i, 0.0), vec2f(-j, 0.0), vec2f(0.0), vec2f(0.0), vec2f(-(i + j), 0.0), vec2f(1.0, 0.0));
  for (var side = 0; side < 2; side += 1) {
    let own = number[2 + side];
    let distance = select(-excess, excess, side == 1);
    let t = pair_over(distance, own);
    if (abs(t.x) < 0.35) {
      exponent = pair_plus(exponent, -pair_times(own, deviance(t)));
    } else {
      exponent = pair_plus(exponent, -distance);
      weight[side] = pair_plus(weight[side], own);
      weight[2 + side] = -own;
      weight[4] = pair_plus(weight[4], own);
    }
  }
  for (var k = 0; k < 6; k += 1) {
    if (weight[k].x != 0.0) { exponent = pair_plus(exponent, pair_times(weight[k], pair_log(number[k]))); }
  }
  return pair_exp_scaled(exponent) * sqrt(0.15915494 * (n.x / p.x) / q.x);
}`,
  [betaExcess, deviance, pairExpScaled, pairLog, pairOver, pairPlus, pairTimes, stirlingRest],
);

/** f/min(a, 1), f = (a/(a + 1))(λ + 1) + …, λ = ay − bx; by as many steps as it takes, which was found by trying. */
const betaFraction: WgslFunction = wgslFunction(`
fn beta_fraction(a: f32, b: f32, x: f32, excess: f32) -> f32 {
  var f = 1.0;
  for (var m = 56.0 + floor(0.7 * sqrt(min(a, b))); m >= 0.0; m -= 1.0) {
    let above = a + 2.0 * m + 1.0;
    let share = select(a + m, max(a, 1.0), m == 0.0) / above;
    let next = (m + 1.0) * share * ((a + b + m) / above * x) * ((b - m - 1.0) * x);
    let first = select(m + m * ((b - m) * x / (a + 2.0 * m - 1.0)), 0.0, m == 0.0);
    f = first + share * (excess + 1.0 + m * (2.0 - x)) + next / f;
  }
  return f;
}`);

/** ∫ t^(b − 1)·(1 − t)^(a − 1) dt from y to s over s^b·(1 − s)^a, s = 0.6/(a + 1): for small b nearly all that is above y. */
const betweenSmallBeta: WgslFunction = wgslFunction(
  `
fn between_small_beta(a: f32, b: f32, y: f32, s: f32) -> f32 {
  let ratio = y / s;
  let log = log_of(ratio);
  let fall = expm1_of(b * log);
  var sum = select(-fall / b, -log, b < 1e-30);
  var power = 1.0 + fall;
  var c = 1.0;
  for (var n = 1.0; n < 40.0; n += 1.0) {
    c *= (1.0 - a / n) * s;
    power *= ratio;
    sum += c * (1.0 - power) / (b + n);
    if (abs(c) < 1e-9) { break; }
  }
  return sum * exp_of(-a * log1p_of(-s));
}`,
  [exp, expm1, log, log1p],
);

/** The share on the side of the mean on which x is, for large a and b. */
const normalShare: WgslFunction = wgslFunction(
  `
fn normal_share(a: f32, b: f32, excess: vec2f) -> f32 {
  let l = excess.x;
  if (l * (l / max(a, a - l)) + l * (l / max(b, b + l)) > 220.0) { return 0.0; }
  let t = pair_over(excess, vec2f(a, 0.0));
  let s = pair_over(excess, vec2f(b, 0.0));
  let energy = pair_plus(pair_times(vec2f(a, 0.0), deviance(-t)), pair_times(vec2f(b, 0.0), deviance(s)));
  // 1/z − 1/u with z² = 2E and u² = λ²/a + λ²/b; at the mean, its limit
  let square = pair_times(excess, pair_plus(t, s));
  let u = sqrt(square.x);
  var skew = (1.0 - a / b) / (3.0 * sqrt(a) * sqrt(1.0 + a / b)) * select(1.0, -1.0, l < 0.0);
  if (u > 1e-4) {
    let beyond = pair_plus(2.0 * energy, -square).x / square.x;
    let root = sqrt(1.0 + beyond);
    skew = beyond / (u * root * (1.0 + root));
  }
  return normal_tail(energy, skew);
}`,
  [deviance, normalTail, pairOver, pairPlus, pairTimes],
);

export const regularizedIncompleteBeta: WgslFunction = wgslFunction(
  `
fn regularized_incomplete_beta(a: f32, b: f32, x: f32) -> f32 {
  if (is_nan(a) || is_nan(b) || is_nan(x)) { return nan(); }
  if (min(a, b) < 0.0 || x < 0.0 || x > 1.0) { return nan(); }
  let at_zero = a == 0.0 || b > ${LARGEST};
  if (b == 0.0 || a > ${LARGEST}) { return select(select(1.0, 0.0, x < 1.0), nan(), at_zero); }
  if (x == 0.0 || x == 1.0) { return x; }
  if (at_zero) { return 1.0; }
  var p = vec2f(x, 0.0);
  var q = pair_sum(1.0, -x);
  var excess = beta_excess(vec2f(a, 0.0), vec2f(b, 0.0), p, q);
  let is_upper = excess.x < 0.0 && b >= 1.0 && x > 0.6 / (b + 1.0);
  if (min(a, b) >= ${LARGE_FROM}) {
    let share = normal_share(a, b, excess);
    return select(share, 1.0 - share, is_upper);
  }
  let s = 0.6 / (a + 1.0);
  let is_cut = b < 1.0 && q.x < s;
  if (is_cut) {
    q = vec2f(s, 0.0);
    p = pair_sum(1.0, -s);
    excess = beta_excess(vec2f(a, 0.0), vec2f(b, 0.0), p, q);
  }
  let first = select(a, b, is_upper);
  let second = select(b, a, is_upper);
  let at = select(p, q, is_upper);
  let density = beta_density(first, second, at, select(q, p, is_upper));
  var tail = 0.0;
  if (density > 0.0) {
    tail = 1.0 / beta_fraction(first, second, at.x, select(excess.x, -excess.x, is_upper));
    if (is_cut) { tail += min(a, 1.0) * between_small_beta(a, b, 1.0 - x, s); }
    // In an order in which neither small parameters nor large ones leave the range.
    let weight = max(first, 1.0) / (a + b);
    tail *= density;
    tail = min(1.0, select(tail * (second * weight), tail * second * weight, second < 1.0) * ${UNSCALED});
  }
  return select(tail, 1.0 - tail, is_upper);
}`,
  [betaDensity, betaExcess, betaFraction, betweenSmallBeta, isNan, nan, normalShare, pairSum],
);
