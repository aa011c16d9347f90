/**
 * Roots, logarithms, powers and inverse functions of complex numbers. A zero's sign says on which side of a cut it lies
 * (Kahan, "Branch cuts for complex elementary functions", 1987).
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { atan2 } from './arcs.ts';
import {
  complexMul,
  complexReciprocal,
  isComplexInfinite,
  larger,
  scaleExponent,
  unitScale,
} from './complex-arithmetic.ts';
import { complexExp } from './complex-exponentials.ts';
import { infinity, isNan, nan, scaleBy, withSign } from './floats.ts';
import { asinh, log, log1p } from './logarithms.ts';
import { pairProduct, pairSum } from './pairs.ts';
import { isNotFinite } from './sines.ts';

const isNegative: WgslFunction = wgslFunction(`
fn is_negative(x: f32) -> bool { return (bitcast<u32>(x) >> 31u) != 0u; }`);

// ---- roots

/** Of the half-plane Re ≥ 0; the cut is the negative axis. An even power of two brings the parts to a harmless size. */
export const complexSqrt: WgslFunction = wgslFunction(
  `
fn complex_sqrt(z: vec2f) -> vec2f {
  if (is_infinite(z.y)) { return vec2f(infinity(), z.y); }
  if (is_infinite(z.x)) {
    if (z.x > 0.0) { return vec2f(z.x, select(with_sign(0.0, z.y), z.y, is_nan(z.y))); }
    return vec2f(select(0.0, z.y, is_nan(z.y)), with_sign(infinity(), z.y));
  }
  let m = larger(z);
  if (m == 0.0) { return vec2f(0.0, z.y); }
  let half = scale_exponent(unit_scale(m)) >> 1u;
  let w = vec2f(scale_by(z.x, 2 * half), scale_by(z.y, 2 * half));
  let root = sqrt(0.5 * (abs(w.x) + sqrt(w.x * w.x + w.y * w.y)));
  let size = scale_by(root, -half);
  let other = scale_by(abs(w.y) / (2.0 * root), -half);
  if (z.x >= 0.0) { return vec2f(size, with_sign(other, z.y)); }
  return vec2f(other, with_sign(size, z.y));
}`,
  [infinity, isComplexInfinite, isNan, larger, scaleBy, scaleExponent, unitScale, withSign],
);

export const complexRsqrt: WgslFunction = wgslFunction(
  `
fn complex_rsqrt(z: vec2f) -> vec2f { return complex_reciprocal(complex_sqrt(z)); }`,
  [complexReciprocal, complexSqrt],
);

// ---- logarithms

/** m² + n² − 1 + d of numbers of moderate size, without losing digits, in sums that are exact but for the last. */
const squareSum: WgslFunction = wgslFunction(
  `
fn square_sum(m: f32, n: f32, d: f32) -> f32 {
  let a = pair_product(m, m);
  let b = pair_product(n, n);
  let first = select(pair_sum(d, a.x), pair_sum(a.x, d), a.x > abs(d));
  let second = select(pair_sum(first.x, b.x), pair_sum(b.x, first.x), b.x > abs(first.x));
  return second.x + (second.y + (first.y + (a.y + b.y)));
}`,
  [pairProduct, pairSum],
);

/** log|z|; near |z| = 1 from |z|² − 1. */
const logModulus: WgslFunction = wgslFunction(
  `
fn log_modulus(z: vec2f) -> f32 {
  if (is_complex_infinite(z)) { return infinity(); }
  let m = max(abs(z.x), abs(z.y));
  let n = min(abs(z.x), abs(z.y));
  if (is_nan(z.x) || is_nan(z.y)) { return z.x + z.y; }
  if (n > 0.0 && m >= 0.5 && m <= 2.0) { return 0.5 * log1p_of(square_sum(m, n, -1.0)); }
  let k = select(0, scale_exponent(unit_scale(m)), n > 0.0);
  let x = scale_by(m, k);
  let y = scale_by(n, k);
  let log = log_of(select(x, x * x + y * y, n > 0.0));
  return select(log, 0.5 * log - f32(k) * 0.6931472, n > 0.0);
}`,
  [infinity, isComplexInfinite, isNan, log, log1p, scaleBy, scaleExponent, squareSum, unitScale],
);

export const complexLog: WgslFunction = wgslFunction(
  `
fn complex_log(z: vec2f) -> vec2f { return vec2f(log_modulus(z), atan2_of(z.y, z.x)); }`,
  [atan2, logModulus],
);

/** log(1 + z): near 0 from |1 + z|² − 1 = 2x + x² + y². Elsewhere rounding 1 + x does no harm. */
export const complexLog1p: WgslFunction = wgslFunction(
  `
fn complex_log1p(z: vec2f) -> vec2f {
  if (z.x == 0.0 && z.y == 0.0) { return z; }
  let angle = atan2_of(z.y, 1.0 + z.x);
  if (z.x > -0.5 && z.x < 1.0 && abs(z.y) < 1.0) {
    return vec2f(0.5 * log1p_of(square_sum(z.x, z.y, 2.0 * z.x)), angle);
  }
  return vec2f(log_modulus(vec2f(1.0 + z.x, z.y)), angle);
}`,
  [atan2, log1p, logModulus, squareSum],
);

// ---- powers

/** z^w = exp(w·log z), with z^0 = 1 and 0^w = 0 for Re w > 0; of finite numbers a small power is 0, its angle out of range or not. */
export const complexPow: WgslFunction = wgslFunction(
  `
fn complex_pow(z: vec2f, w: vec2f) -> vec2f {
  if (w.x == 0.0 && w.y == 0.0) { return vec2f(1.0, 0.0); }
  if (z.x == 0.0 && z.y == 0.0 && w.x > 0.0) { return vec2f(0.0); }
  // Powers that are products of an infinite number are NaN.
  if (w.y == 0.0 && is_not_finite(larger(z))) {
    if (w.x == 1.0) { return z; }
    if (floor(w.x) == w.x && abs(w.x) > 1.0 && abs(w.x) <= 64.0) { return vec2f(nan()); }
  }
  let exponent = complex_mul(w, complex_log(z));
  if (exponent.x < -200.0 && !is_not_finite(larger(z)) && !is_not_finite(larger(w))) { return vec2f(0.0); }
  return complex_exp(exponent);
}`,
  [complexExp, complexLog, complexMul, isNotFinite, larger, nan],
);

// ---- inverse functions

/** Beyond, z² ± 1 is z². */
const isFar: WgslFunction = wgslFunction(
  `
fn is_far(z: vec2f) -> bool { return is_complex_infinite(z) || larger(z) > 1e8; }`,
  [isComplexInfinite, larger],
);

/** ½|z| of a number that is far: asinh of it is log|z|. */
const halfModulus: WgslFunction = wgslFunction(
  `
fn half_modulus(z: vec2f) -> f32 {
  if (is_complex_infinite(z)) { return infinity(); }
  let m = max(abs(z.x), abs(z.y));
  let share = min(abs(z.x), abs(z.y)) / m;
  return 0.5 * m * sqrt(1.0 + share * share);
}`,
  [infinity, isComplexInfinite],
);

/** Cuts: the real axis beyond ±1. By √(1 − z) and √(1 + z). */
export const complexAcos: WgslFunction = wgslFunction(
  `
fn complex_acos(z: vec2f) -> vec2f {
  let far = is_far(z);
  let a = complex_sqrt(vec2f(1.0 - z.x, -z.y));
  let b = complex_sqrt(vec2f(1.0 + z.x, z.y));
  let angle = atan2_of(select(a.x, abs(z.y), far), select(b.x, z.x, far));
  let area = asinh_of(select(b.x * a.y - b.y * a.x, half_modulus(z), far));
  if (far) { return vec2f(angle, with_sign(area + 0.6931472, select(-1.0, 1.0, is_negative(z.y)))); }
  return vec2f(2.0 * angle, area);
}`,
  [asinh, atan2, complexSqrt, halfModulus, isFar, isNegative, withSign],
);

export const complexAsin: WgslFunction = wgslFunction(
  `
fn complex_asin(z: vec2f) -> vec2f {
  let far = is_far(z);
  let a = complex_sqrt(vec2f(1.0 - z.x, -z.y));
  let b = complex_sqrt(vec2f(1.0 + z.x, z.y));
  let angle = atan2_of(z.x, select(a.x * b.x - a.y * b.y, abs(z.y), far));
  let area = asinh_of(select(a.x * b.y - a.y * b.x, half_modulus(z), far));
  return vec2f(angle, select(area, with_sign(area + 0.6931472, z.y), far));
}`,
  [asinh, atan2, complexSqrt, halfModulus, isFar, withSign],
);

/** Cut: the real axis below 1. */
export const complexAcosh: WgslFunction = wgslFunction(
  `
fn complex_acosh(z: vec2f) -> vec2f {
  let w = complex_acos(z);
  return vec2f(abs(w.y), with_sign(w.x, z.y));
}`,
  [complexAcos, withSign],
);

/** Cuts: the imaginary axis beyond ±i. */
export const complexAsinh: WgslFunction = wgslFunction(
  `
fn complex_asinh(z: vec2f) -> vec2f {
  let w = complex_asin(vec2f(-z.y, z.x));
  return vec2f(w.y, -w.x);
}`,
  [complexAsin],
);

/** For Re z ≥ 0, Kahan's: ¼·log1p(4x/((1 − x)² + y²)) + ½i·arg((1 − x)(1 + x) − y², 2y). */
const atanhOfRight: WgslFunction = wgslFunction(
  `
fn atanh_of_right(z: vec2f) -> vec2f {
  let size = abs(z.y);
  if (is_far(z)) {
    return vec2f(abs(complex_reciprocal(z).x), select(with_sign(1.5707964, z.y), z.y, is_nan(z.y)));
  }
  if (z.x == 1.0 && size < 1e-8) {
    return vec2f(0.5 * (0.6931472 - log_of(size)), select(with_sign(0.78539819, z.y), z.y, z.y == 0.0));
  }
  let away = (1.0 - z.x) * (1.0 - z.x) + z.y * z.y;
  return vec2f(0.25 * log1p_of(4.0 * z.x / away), 0.5 * atan2_of(2.0 * z.y, (1.0 - z.x) * (1.0 + z.x) - z.y * z.y));
}`,
  [atan2, complexReciprocal, isFar, isNan, log, log1p, withSign],
);

/** Cuts: the real axis beyond ±1. */
export const complexAtanh: WgslFunction = wgslFunction(
  `
fn complex_atanh(z: vec2f) -> vec2f {
  let is_left = is_negative(z.x);
  let right = atanh_of_right(select(z, -z, is_left));
  return select(right, -right, is_left);
}`,
  [atanhOfRight, isNegative],
);

export const complexAtan: WgslFunction = wgslFunction(
  `
fn complex_atan(z: vec2f) -> vec2f {
  let w = complex_atanh(vec2f(-z.y, z.x));
  return vec2f(w.y, -w.x);
}`,
  [complexAtanh],
);
