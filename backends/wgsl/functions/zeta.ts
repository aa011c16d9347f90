/**
 * The Hurwitz zeta function ζ(s, q) = Σ (q + n)^−s and the derivatives of ψ, which it is made of: terms one by one, and the
 * rest by the Euler–Maclaurin formula (DLMF 25.11.43 at its head). In pairs, as sums from both sides of 0 cancel; and in
 * units of the largest term, whose power may be out of range.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { exp2Scaled } from './exponentials.ts';
import { infinity, isNan, nan } from './floats.ts';
import { digamma, pairLgamma } from './gamma.ts';
import { pairLog2, pairOver, pairPlus, pairSum, pairTimes } from './pairs.ts';

const isEven: WgslFunction = wgslFunction(`
fn is_even(n: f32) -> bool { return floor(0.5 * n) == 0.5 * n; }`);

/** 2^(e.x + e.y), whatever the size of e. */
const pairExp2: WgslFunction = wgslFunction(
  `
fn pair_exp2(e: vec2f) -> f32 {
  if (abs(e.x) > 200.0) { return select(0.0, infinity(), e.x > 0.0); }
  let k = round(e.x);
  return exp2_scaled((e.x - k) + e.y, i32(k));
}`,
  [exp2Scaled, infinity],
);

/** log₂ of a pair. */
const log2OfPair: WgslFunction = wgslFunction(
  `
fn log2_of_pair(x: vec2f) -> vec2f { return pair_plus(pair_log2(x.x), vec2f(1.442695 * (x.y / x.x), 0.0)); }`,
  [pairLog2, pairPlus],
);

/** t^s for 0 < t ≤ 1: of an integer s by squaring. */
const fractionPower: WgslFunction = wgslFunction(
  `
fn fraction_power(t: vec2f, s: f32) -> vec2f {
  if (t.x == 1.0 && t.y == 0.0) { return t; }
  if (t.x < 1e-30) { return vec2f(0.0); }
  if (s > 16777216.0 || floor(s) != s) { return vec2f(pair_exp2(pair_times(log2_of_pair(t), vec2f(s, 0.0))), 0.0); }
  var power = vec2f(1.0, 0.0);
  var base = t;
  for (var n = u32(s); n > 0u; n >>= 1u) {
    if ((n & 1u) == 1u) { power = pair_times(power, base); }
    base = pair_times(base, base);
  }
  return power;
}`,
  [log2OfPair, pairExp2, pairTimes],
);

/** Σ (w + n)^−s in units of the integral w^(1 − s)/(s − 1), for w > 12 + s. */
const eulerMaclaurin: WgslFunction = wgslFunction(`
fn euler_maclaurin(s: f32, w: f32) -> f32 {
  var b = array(0.083333336, -0.0013888889, 3.3068784e-5, -8.2671958e-7, 2.0876757e-8);
  var factor = s / w;
  var sum = 0.5;
  for (var k = 0; k < 5; k += 1) {
    sum += b[k] * factor;
    factor *= ((s + f32(2 * k + 1)) / w) * ((s + f32(2 * k + 2)) / w);
  }
  return 1.0 + ((s - 1.0) / w) * sum;
}`);

/** Σ (unit/(q + n))^s for q ≥ unit; of more than 64 terms the others are nothing. */
const zetaInUnits: WgslFunction = wgslFunction(
  `
fn zeta_in_units(s: f32, q: vec2f, unit: vec2f) -> vec2f {
  var sum = vec2f(0.0);
  var w = q;
  for (var n = 1; n <= 65; n += 1) {
    let is_rest = w.x > 12.0 + s;
    if (n == 65 && !is_rest) { break; }
    var term = fraction_power(pair_over(unit, w), s);
    if (is_rest) { term = vec2f(term.x * (w.x / (s - 1.0)) * euler_maclaurin(s, w.x), 0.0); }
    sum = pair_plus(sum, term);
    if (is_rest) { break; }
    w = pair_plus(q, vec2f(f32(n), 0.0));
  }
  return sum;
}`,
  [eulerMaclaurin, fractionPower, pairOver, pairPlus],
);

/** 2^scale·ζ(s, q) for s > 1 and q that is neither an integer ≤ 0 nor infinite; for q < 0, s is an integer, even or odd. */
const scaledZeta: WgslFunction = wgslFunction(
  `
fn scaled_zeta(s: f32, x: f32, scale: vec2f, even: bool) -> f32 {
  // It is factor·base^power, for small x the first term alone.
  var base = vec2f(abs(x), 0.0);
  var power = vec2f(-s, 0.0);
  var factor = select(1.0, -1.0, x < 0.0 && !even);
  // Around a number in the middle of two integers the odd powers on both sides cancel.
  let q = select(x, 1.0 - x, x < 0.0 && floor(x) + 0.5 == x && !even);
  if (q > 12.0 + s) {
    base = vec2f(q, 0.0);
    power = pair_sum(-s, 1.0);
    factor = euler_maclaurin(s, q) / (s - 1.0);
  } else if (abs(x) >= 1e-30) {
    let below = select(0.0, floor(q), q < 0.0);
    // From q up to 0 and beyond: for q < 0 the sums over ⌈q⌉ − q + n and over q − ⌊q⌋ + n, less what is beyond −q.
    let first = pair_sum(select(q, -below, q < 0.0), select(0.0, q, q < 0.0));
    let beyond = pair_plus(vec2f(1.0, 0.0), vec2f(-q, 0.0));
    let second = pair_plus(vec2f(1.0 + below, 0.0), vec2f(-q, 0.0));
    base = first;
    if (q < 0.0 && second.x < first.x) { base = second; }
    let sign = select(-1.0, 1.0, even);
    var sum = vec2f(0.0);
    for (var part = 0; part < select(1, 3, q < 0.0); part += 1) {
      var start = first;
      var weight = 1.0;
      if (part == 1) {
        start = second;
        weight = sign;
      } else if (part == 2) {
        start = beyond;
        weight = -sign;
      }
      sum = pair_plus(sum, weight * zeta_in_units(s, start, base));
    }
    factor = sum.x + sum.y;
  }
  return pair_exp2(pair_plus(scale, pair_times(log2_of_pair(base), power))) * factor;
}`,
  [eulerMaclaurin, log2OfPair, pairExp2, pairPlus, pairSum, pairTimes, zetaInUnits],
);

export const zeta: WgslFunction = wgslFunction(
  `
fn zeta_of(s: f32, q: f32) -> f32 {
  if (is_nan(s) || is_nan(q) || s < 1.0 || (s > 3.4028234e38 && q <= 0.0)) { return nan(); }
  if (s == 1.0) { return infinity(); }
  if (q <= 0.0 && floor(q) == q) { return select(nan(), infinity(), is_even(s)); }
  if (q <= 0.0 && floor(s) != s) { return nan(); }
  if (q > 3.4028234e38) { return 0.0; }
  if (s > 3.4028234e38) { return select(select(infinity(), 1.0, q == 1.0), 0.0, q > 1.0); }
  // Greater powers are as good as infinite.
  return scaled_zeta(min(s, 1e9), q, vec2f(0.0), is_even(s));
}`,
  [infinity, isEven, isNan, nan, scaledZeta],
);

/** ψ⁽ᵐ⁾(x) = (−1)^(m + 1)·m!·ζ(m + 1, x), the factorial and the largest term's power together. */
export const polygamma: WgslFunction = wgslFunction(
  `
fn polygamma_of(m: f32, x: f32) -> f32 {
  if (m == 0.0) { return digamma_of(x); }
  if (is_nan(m) || is_nan(x) || m < 0.0 || floor(m) != m || m > 3.4028234e38) { return nan(); }
  let sign = select(1.0, -1.0, is_even(m));
  if (x > 3.4028234e38) { return sign * 0.0; }
  if (x <= 0.0 && floor(x) == x) { return select(infinity(), nan(), is_even(m)); }
  if (m > 1e9) {
    // The largest term is that of the nearest pole; m + 1 is odd.
    let size = select(0.0, infinity(), 2.7182817 * x < m);
    return select(-size, size, x < 0.0 && x - floor(x) > 0.5);
  }
  let factorial = pair_times(pair_lgamma(m + 1.0), vec2f(1.442695, 1.925963e-8));
  return sign * scaled_zeta(m + 1.0, x, factorial, !is_even(m));
}`,
  [digamma, infinity, isEven, isNan, nan, pairLgamma, pairTimes, scaledZeta],
);
