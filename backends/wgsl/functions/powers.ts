/** Roots and powers. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { exp2Scaled } from './exponentials.ts';
import { infinity, isNan, nan, upperHalf, withSign } from './floats.ts';
import { pairLog2, pairSum, pairTimes } from './pairs.ts';

/**
 * A third of the bits is near the root (Kahan); then twice Halley's iteration. Before the last one the root has 12 bits, so
 * that its square is exact and the correction is all that rounds (as in FreeBSD's cbrt).
 */
export const cbrt: WgslFunction = wgslFunction(
  `
fn cbrt_of(x: f32) -> f32 {
  let size = abs(x);
  let bits = bitcast<u32>(size);
  if (bits < 0x800000u || bits >= 0x7f800000u) { return x; }
  let first = bitcast<f32>(bits / 3u + 709958130u);
  let ratio = (first * first) / (size / first);
  let root = upper_half(first * ((2.0 + ratio) / (1.0 + 2.0 * ratio)));
  let other = size / (root * root);
  return with_sign(root + root * ((other - root) / (root + root + other)), x);
}`,
  [upperHalf, withSign],
);

// ---- powers

/** |x|^y for 0 < |x| < ∞ and finite y = y.x + y.y. */
const positivePower: WgslFunction = wgslFunction(
  `
fn positive_power(x: f32, y: vec2f) -> f32 {
  let log = pair_log2(x);
  // Beyond, even the next number to 1 has a power out of range, and products must not be.
  let limited = select(y, vec2f(with_sign(1e11, y.x), 0.0), abs(y.x) > 1e11);
  let exponent = pair_times(log, limited);
  let within = clamp(exponent.x, -200.0, 200.0);
  let k = round(within);
  let rest = (within - k) + select(0.0, exponent.y, within == exponent.x);
  return exp2_scaled(rest, i32(k));
}`,
  [exp2Scaled, pairLog2, pairTimes, withSign],
);

/** x^y, where an odd y keeps the sign of x, and one that is no integer has no power of x < 0 (ISO C, F.10.4.4). */
const powerOf: WgslFunction = wgslFunction(
  `
fn power_of(x: f32, y: vec2f, is_integer: bool, is_odd: bool) -> f32 {
  let is_negative = (bitcast<u32>(x) >> 31u) != 0u;
  let size = abs(x);
  if (y.x == 0.0 || (size == 1.0 && !is_negative)) { return 1.0; }
  if (is_nan(x) || is_nan(y.x)) { return nan(); }
  var power = 0.0;
  if (abs(y.x) > 3.4028234e38) {
    if (size == 1.0) { return 1.0; }
    if ((size > 1.0) == (y.x > 0.0)) { power = infinity(); }
  } else if (size == 0.0 || size > 3.4028234e38) {
    if ((size == 0.0) != (y.x > 0.0)) { power = infinity(); }
  } else {
    if (is_negative && !is_integer) { return nan(); }
    power = positive_power(size, y);
  }
  return select(power, -power, is_negative && is_odd);
}`,
  [infinity, isNan, nan, positivePower],
);

export const pow: WgslFunction = wgslFunction(
  `
fn pow_of(x: f32, y: f32) -> f32 {
  let is_integer = floor(y) == y;
  let is_odd = is_integer && abs(y) < 16777216.0 && (i32(y) & 1) == 1;
  return power_of(x, vec2f(y, 0.0), is_integer, is_odd);
}`,
  [powerOf],
);

/** The exponent's parts are floats. */
export const powOfSigned: WgslFunction = wgslFunction(
  `
fn pow_of_signed(x: f32, y: i32) -> f32 {
  let low = y & 0xfff;
  return power_of(x, pair_sum(f32(y - low), f32(low)), true, (y & 1) == 1);
}`,
  [pairSum, powerOf],
);
export const powOfUnsigned: WgslFunction = wgslFunction(
  `
fn pow_of_unsigned(x: f32, y: u32) -> f32 {
  let low = y & 0xfffu;
  return power_of(x, pair_sum(f32(y - low), f32(low)), true, (y & 1u) == 1u);
}`,
  [pairSum, powerOf],
);
