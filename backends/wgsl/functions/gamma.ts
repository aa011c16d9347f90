/**
 * log |Γ| and its derivative ψ in pairs, as they have zeros everywhere: Stirling's series (DLMF 5.11.1, 5.11.2) from 12 on,
 * below by the recurrence, for negative arguments by reflection.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { infinity, isNan, nan, opaque } from './floats.ts';
import { log } from './logarithms.ts';
import { pairLog, pairOver, pairPlus, pairSum, pairTimes } from './pairs.ts';

/** sin πr and cos πr for |r| ≤ ½ by their Taylor series. */
const pairSinPi: WgslFunction = wgslFunction(
  `
fn pair_sin_pi(r: f32) -> vec2f {
  var c = array(vec2f(3.1415927, -8.742278e-8), vec2f(-5.1677127, -9.160392e-8), vec2f(2.550164, 5.557864e-8),
    vec2f(-0.5992645, -2.6795462e-8), vec2f(0.082145885, 1.978064e-9), vec2f(-0.007370431, 3.043807e-11),
    vec2f(0.0004663028, 1.1828946e-11), vec2f(-2.1915353e-5, 0.0), vec2f(7.952054e-7, 0.0), vec2f(-2.2948429e-8, 0.0));
  let z = pair_times(vec2f(r, 0.0), vec2f(r, 0.0));
  var sum = c[9];
  for (var i = 8; i >= 0; i -= 1) { sum = pair_plus(pair_times(sum, z), c[i]); }
  return pair_times(vec2f(r, 0.0), sum);
}`,
  [pairPlus, pairTimes],
);
const pairCosPi: WgslFunction = wgslFunction(
  `
fn pair_cos_pi(r: f32) -> vec2f {
  var c = array(vec2f(1.0, 0.0), vec2f(-4.934802, -1.451858e-7), vec2f(4.058712, 1.2080153e-7), vec2f(-1.3352628, 6.566553e-9),
    vec2f(0.23533063, 3.9903707e-9), vec2f(-0.02580689, -5.894188e-10), vec2f(0.0019295743, 1.25941904e-11),
    vec2f(-0.00010463811, 2.6618063e-12), vec2f(4.3030695e-6, 0.0), vec2f(-1.3878953e-7, 0.0), vec2f(3.6047307e-9, 0.0));
  let z = pair_times(vec2f(r, 0.0), vec2f(r, 0.0));
  var sum = c[10];
  for (var i = 9; i >= 0; i -= 1) { sum = pair_plus(pair_times(sum, z), c[i]); }
  return sum;
}`,
  [pairPlus, pairTimes],
);

// ---- log |Γ|

/** For 0 < x < 10¹⁰. */
export const pairLgamma: WgslFunction = wgslFunction(
  `
fn pair_lgamma(x: f32) -> vec2f {
  var product = vec2f(1.0, 0.0);
  var z = vec2f(x, 0.0);
  var shift = 0.0;
  while (z.x < 12.0) {
    product = pair_times(product, z);
    shift += 1.0;
    z = pair_plus(vec2f(x, 0.0), vec2f(shift, 0.0));
  }
  let u = pair_over(vec2f(1.0, 0.0), z);
  let t = u.x * u.x;
  let series = pair_times(u, pair_sum(0.083333336, t * (-0.0027777778 + t * (0.0007936508 + t * -0.0005952381)) - 2.483527e-9));
  let main = pair_times(pair_plus(z, vec2f(-0.5, 0.0)), pair_plus(pair_log(z), vec2f(-1.0, 0.0)));
  let sum = pair_plus(pair_plus(main, vec2f(0.41893855, -1.4168145e-8)), series);
  if (shift == 0.0) { return sum; }
  return pair_plus(sum, -pair_log(product));
}`,
  [pairLog, pairOver, pairPlus, pairSum, pairTimes],
);

/** Beside the zeros that floats come nearest to, as pairs with ψ and ½ψ′ there; and whether x is beside one. */
const besideZero: WgslFunction = wgslFunction(
  `
fn lgamma_beside_zero(x: f32) -> vec2f {
  var zeros = array(
    vec4f(-2.4570248, 7.447756e-08, 1.5156034, 4.858321),
    vec4f(-2.7476826, -7.531628e-08, -1.9143502, 9.57519),
    vec4f(-3.143581, 2.519372e-08, 7.7818847, 25.831339),
    vec4f(-3.9552944, 8.579265e-08, -20.725061, 251.71468),
    vec4f(-4.039362, 1.13994815e-07, 26.790482, 324.2553));
  for (var i = 0; i < 5; i += 1) {
    let zero = zeros[i];
    let distance = opaque(x - zero.x) - zero.y;
    if (abs(distance) < 2e-5) { return vec2f(distance * (zero.z + distance * zero.w), 1.0); }
  }
  return vec2f(0.0);
}`,
  [opaque],
);

/** Beside its zeros at 1 and 2 by Taylor series; log |Γ(x)| = log(π/|x·sin πx|) − log Γ(−x). */
export const lgamma: WgslFunction = wgslFunction(
  `
fn lgamma_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let size = abs(x);
  let r = x - round(x);
  if (size > 3.4028234e38 || (x <= 0.0 && r == 0.0)) { return infinity(); }
  if (size < 1e-9) { return -log_of(size); }
  if (x > 1e10) { return x * (log_of(x) - 1.0); }
  let t = x - 1.0;
  if (abs(t) < 0.02) { return t * (-0.57721566 + t * (0.82246703 + t * (-0.40068563 + t * (0.27058081 + t * -0.20738555)))); }
  let s = x - 2.0;
  if (abs(s) < 0.02) { return s * (0.42278434 + s * (0.32246703 + s * (-0.0673523 + s * (0.02058081 + s * -0.00738555)))); }
  let near = lgamma_beside_zero(x);
  if (near.y == 1.0) { return near.x; }
  let lgamma = pair_lgamma(size);
  if (x > 0.0) { return lgamma.x + lgamma.y; }
  let poles = pair_log(pair_times(vec2f(size, 0.0), pair_sin_pi(abs(r))));
  let sum = pair_plus(pair_plus(vec2f(1.1447299, 3.317301e-8), -poles), -lgamma);
  return sum.x + sum.y;
}`,
  [besideZero, infinity, isNan, log, pairLgamma, pairLog, pairPlus, pairSinPi, pairTimes],
);

// ---- ψ

/** ψ(x + offset) for x > 0, offset being 0 or 1. With p = x(x + 1)…, p′/p is the sum of what the recurrence takes off. */
export const pairDigamma: WgslFunction = wgslFunction(
  `
fn pair_digamma(x: f32, offset: f32) -> vec2f {
  var product = vec2f(1.0, 0.0);
  var slope = vec2f(0.0);
  var shift = offset;
  var z = pair_plus(vec2f(x, 0.0), vec2f(shift, 0.0));
  while (z.x < 12.0) {
    slope = pair_plus(pair_times(slope, z), product);
    product = pair_times(product, z);
    shift += 1.0;
    z = pair_plus(vec2f(x, 0.0), vec2f(shift, 0.0));
  }
  let u = pair_over(vec2f(1.0, 0.0), z);
  let t = u.x * u.x;
  let tail = pair_sum(0.083333336, t * (-0.008333334 + t * (0.003968254 + t * (-0.004166667 + t * 0.0075757576))) - 2.483527e-9);
  let series = pair_times(u, pair_plus(vec2f(0.5, 0.0), pair_times(u, tail)));
  let sum = pair_plus(pair_log(z), -series);
  if (shift == offset) { return sum; }
  return pair_plus(sum, -pair_over(slope, product));
}`,
  [pairLog, pairOver, pairPlus, pairSum, pairTimes],
);

/** ψ(x) = ψ(−x) − 1/x − π·cot πx */
export const digamma: WgslFunction = wgslFunction(
  `
fn digamma_of(x: f32) -> f32 {
  let r = x - round(x);
  if (is_nan(x) || (x <= 0.0 && (r == 0.0 || x < -3.4028234e38))) { return nan(); }
  if (abs(x) < 1e-9) { return -1.0 / x; }
  if (x > 1e10) { return log_of(x); }
  let digamma = pair_digamma(abs(x), 0.0);
  if (x > 0.0) { return digamma.x + digamma.y; }
  let cotangent = pair_over(pair_cos_pi(r), pair_sin_pi(r));
  let poles = pair_plus(pair_over(vec2f(1.0, 0.0), vec2f(x, 0.0)), pair_times(vec2f(3.1415927, -8.742278e-8), cotangent));
  let sum = pair_plus(digamma, -poles);
  return sum.x + sum.y;
}`,
  [isNan, log, nan, pairCosPi, pairDigamma, pairOver, pairPlus, pairSinPi, pairTimes],
);
