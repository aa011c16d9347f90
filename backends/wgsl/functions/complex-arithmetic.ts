/** Arithmetic of complex numbers, which are pairs of a real and an imaginary part. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { infinity, isInfinite, isNan, nan, scaleBy, withSign } from './floats.ts';

/** The textbook formula, as XLA has it. */
export const complexMul: WgslFunction = wgslFunction(`
fn complex_mul(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }`);

/** The larger of the parts' magnitudes, NaN aside. */
export const larger: WgslFunction = wgslFunction(`
fn larger(z: vec2f) -> f32 {
  return bitcast<f32>(max(bitcast<u32>(z.x) & 0x7fffffffu, bitcast<u32>(z.y) & 0x7fffffffu));
}`);

/** The power of two that brings a finite number m > 0 to [1, 2), or as near as a float can: 2⁻ᵉ. */
export const unitScale: WgslFunction = wgslFunction(`
fn unit_scale(m: f32) -> f32 {
  return bitcast<f32>(clamp(254u - min(bitcast<u32>(m) >> 23u, 254u), 1u, 253u) << 23u);
}`);

export const isComplexInfinite: WgslFunction = wgslFunction(
  `
fn is_complex_infinite(z: vec2f) -> bool { return is_infinite(z.x) || is_infinite(z.y); }`,
  [isInfinite],
);

/** |z|; infinite where a part is, even beside NaN. */
export const complexAbs: WgslFunction = wgslFunction(
  `
fn complex_abs(z: vec2f) -> f32 {
  if (is_complex_infinite(z)) { return infinity(); }
  let m = larger(z);
  if (m == 0.0 || is_nan(m)) { return m; }
  let w = z * unit_scale(m);
  return sqrt(w.x * w.x + w.y * w.y) / unit_scale(m);
}`,
  [infinity, isNan, larger, unitScale, isComplexInfinite],
);

/** x/∞: compilers make it 0 of every x. */
const overInfinity: WgslFunction = wgslFunction(
  `
fn over_infinity(x: f32) -> f32 {
  if (is_nan(x) || is_infinite(x)) { return nan(); }
  return with_sign(0.0, x);
}`,
  [isInfinite, isNan, nan, withSign],
);

/** z/|z|, and z itself at 0. */
export const complexSign: WgslFunction = wgslFunction(
  `
fn complex_sign(z: vec2f) -> vec2f {
  let m = larger(z);
  if (m == 0.0) { return z; }
  if (is_complex_infinite(z)) { return vec2f(over_infinity(z.x), over_infinity(z.y)); }
  let w = z * unit_scale(m);
  return w / sqrt(w.x * w.x + w.y * w.y);
}`,
  [larger, unitScale, isComplexInfinite, overInfinity],
);

/** 1 with x's sign where x is infinite, else 0 with it. */
const boxed: WgslFunction = wgslFunction(
  `
fn boxed(z: vec2f) -> vec2f {
  return vec2f(with_sign(select(0.0, 1.0, is_infinite(z.x)), z.x), with_sign(select(0.0, 1.0, is_infinite(z.y)), z.y));
}`,
  [isInfinite, withSign],
);

/** Where the formula gives NaN: infinities and zeros as in ISO C, Annex G.5.1. */
const quotientOfSpecials: WgslFunction = wgslFunction(
  `
fn quotient_of_specials(a: vec2f, b: vec2f) -> vec2f {
  let is_a_nan = is_nan(a.x) || is_nan(a.y);
  let is_b_nan = is_nan(b.x) || is_nan(b.y);
  if (larger(b) == 0.0 && !(is_nan(a.x) && is_nan(a.y))) { return with_sign(infinity(), b.x) * a; }
  if (is_complex_infinite(a) && !is_b_nan && !is_complex_infinite(b)) {
    let u = boxed(a);
    return infinity() * vec2f(u.x * b.x + u.y * b.y, u.y * b.x - u.x * b.y);
  }
  if (is_complex_infinite(b) && !is_a_nan && !is_complex_infinite(a)) { return vec2f(0.0); }
  return vec2f(nan());
}`,
  [infinity, isNan, nan, larger, isComplexInfinite, boxed, withSign],
);

/** The exponent k of a power of two 2ᵏ. */
export const scaleExponent: WgslFunction = wgslFunction(`
fn scale_exponent(scale: f32) -> i32 { return i32(bitcast<u32>(scale) >> 23u) - 127; }`);

/** a·b̄/|b|², both brought to a size near 1 first. */
export const complexDiv: WgslFunction = wgslFunction(
  `
fn complex_div(a: vec2f, b: vec2f) -> vec2f {
  // Beside an infinity only signs count, those of small parts too.
  let only_signs = is_complex_infinite(a) && !is_complex_infinite(b);
  let s = unit_scale(larger(a));
  let t = select(unit_scale(larger(b)), 1.0, only_signs);
  let u = a * s;
  let v = b * t;
  let square = select(v.x * v.x + v.y * v.y, 1.0, only_signs);
  let q = vec2f(u.x * v.x + u.y * v.y, u.y * v.x - u.x * v.y) / square;
  if (is_nan(q.x) && is_nan(q.y)) { return quotient_of_specials(a, b); }
  let k = scale_exponent(t) - scale_exponent(s);
  return vec2f(scale_by(q.x, k), scale_by(q.y, k));
}`,
  [isNan, isComplexInfinite, larger, unitScale, scaleExponent, quotientOfSpecials, scaleBy],
);

/** 1/z, whose imaginary part has the other sign, zeros included. */
export const complexReciprocal: WgslFunction = wgslFunction(
  `
fn complex_reciprocal(z: vec2f) -> vec2f {
  if (is_complex_infinite(z)) { return vec2f(with_sign(0.0, z.x), with_sign(0.0, -z.y)); }
  let q = complex_div(vec2f(1.0, 0.0), z);
  return vec2f(q.x, select(with_sign(q.y, -z.y), q.y, is_nan(q.y)));
}`,
  [isNan, withSign, isComplexInfinite, complexDiv],
);
