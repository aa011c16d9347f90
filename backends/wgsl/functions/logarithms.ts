/** Logarithms and what is made of them. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { infinity, isNan, nan, opaque, withSign } from './floats.ts';

/**
 * log(1 + f) + c + k·log 2 for √½ ≤ 1 + f ≤ √2: with s = f/(2 + f) it is f − s·(f − R(s²)), written such that f, the
 * largest part, is added last (Tang's and fdlibm's form).
 */
const logSum: WgslFunction = wgslFunction(
  `
fn log_sum(f: f32, c: f32, k: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let tail = z * (0.6666666 + z * (0.40000972 + z * (0.2849879 + z * 0.24279043)));
  let half = 0.5 * f * f;
  return k * 0.693359375 - (opaque(half - (s * (half + tail) + (k * -2.12194440e-4 + c))) - f);
}`,
  [opaque],
);

/** m and k of x = m·2ᵏ, √½ ≤ m < √2, for 0 < x < ∞. */
export const splitAtRoot: WgslFunction = wgslFunction(`
fn split_at_root(x: f32) -> vec2f {
  var bits = bitcast<u32>(x);
  var k = -127;
  if (bits < 0x800000u) {
    bits = bitcast<u32>(f32(bits));
    k = -276;
  }
  bits += 0x3f800000u - 0x3f3504f3u;
  return vec2f(bitcast<f32>((bits & 0x7fffffu) + 0x3f3504f3u), f32(k + i32(bits >> 23u)));
}`);

/** Of 0, −∞; of negative numbers NaN; ∞ and NaN are their own logarithms. */
const logOfSpecial: WgslFunction = wgslFunction(
  `
fn log_of_special(x: f32) -> f32 {
  if ((bitcast<u32>(x) << 1u) == 0u) { return -infinity(); }
  if (is_nan(x) || bitcast<u32>(x) == 0x7f800000u) { return x; }
  return nan();
}`,
  [infinity, isNan, nan],
);

/** Whether a float is 0, negative, infinite or NaN. */
const isSpecial: WgslFunction = wgslFunction(`
fn is_special(x: f32) -> bool { return bitcast<u32>(x) - 1u >= 0x7f7fffffu; }`);

export const log: WgslFunction = wgslFunction(
  `
fn log_of(x: f32) -> f32 {
  if (is_special(x)) { return log_of_special(x); }
  let parts = split_at_root(x);
  return log_sum(parts.x - 1.0, 0.0, parts.y);
}`,
  [logSum, splitAtRoot, logOfSpecial, isSpecial],
);

/**
 * log u + c/u, u being near 1 + x and c what it is off; where nothing has to be taken off, log(1 + x) by x itself. Compilers
 * would simplify x − ((1 + x) − 1): u is a number that they cannot see through.
 */
export const log1p: WgslFunction = wgslFunction(
  `
fn log1p_of(x: f32) -> f32 {
  if (x > -0.29289 && x < 0.41421) { return select(log_sum(x, 0.0, 0.0), x, abs(x) < 5.9604645e-8); }
  let u = opaque(1.0 + x);
  if (is_special(u)) { return log_of_special(x + 1.0); }
  let c = select(x - opaque(u - 1.0), 1.0 - opaque(u - x), x > 1.0);
  let parts = split_at_root(u);
  return log_sum(parts.x - 1.0, c / u, parts.y);
}`,
  [logSum, splitAtRoot, logOfSpecial, isSpecial, opaque],
);

// ---- inverse hyperbolic functions

/** From here on 1 beside x² is nothing. */
const FAR = '4096.0';

export const asinh: WgslFunction = wgslFunction(
  `
fn asinh_of(x: f32) -> f32 {
  let size = abs(x);
  if (is_nan(x)) { return x; }
  if (size >= ${FAR}) { return with_sign(log_of(size) + 0.6931472, x); }
  return with_sign(log1p_of(size + size * size / (1.0 + sqrt(1.0 + size * size))), x);
}`,
  [isNan, log, log1p, withSign],
);

export const acosh: WgslFunction = wgslFunction(
  `
fn acosh_of(x: f32) -> f32 {
  if (x >= ${FAR}) { return log_of(x) + 0.6931472; }
  if (x >= 1.0) {
    let t = x - 1.0;
    return log1p_of(t + sqrt(t * (2.0 + t)));
  }
  return nan();
}`,
  [log, log1p, nan],
);

export const atanh: WgslFunction = wgslFunction(
  `
fn atanh_of(x: f32) -> f32 {
  let size = abs(x);
  if (size > 1.0) { return nan(); }
  if (size == 1.0) { return with_sign(infinity(), x); }
  let t = 2.0 * size;
  let argument = select(t / (1.0 - size), t + t * size / (1.0 - size), size < 0.5);
  return with_sign(0.5 * log1p_of(argument), x);
}`,
  [infinity, log1p, nan, withSign],
);
