/** Between numbers of different kinds, and between numbers and their bits. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { floatOf, isNan } from './floats.ts';

/** Truncates; the nearest integer where there is none, 0 for NaN. WGSL's own stops at the largest float below 2³¹. */
export const toSigned: WgslFunction = wgslFunction(
  `
fn to_signed(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return -2147483647 - 1; }
  return i32(x);
}`,
  [isNan],
);
export const toUnsigned: WgslFunction = wgslFunction(
  `
fn to_unsigned(x: f32) -> u32 {
  if (is_nan(x) || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return 4294967295u; }
  return u32(x);
}`,
  [isNan],
);

/** Rounded to a multiple of 2⁸, of which the last bit says whether it was one: no float of fewer bits takes it for another. */
export const roundedToOdd: WgslFunction = wgslFunction(`
fn rounded_to_odd(x: u32) -> f32 {
  let odd = (x & 0xffffff00u) | select(0u, 0x100u, (x & 0xffu) != 0u);
  return f32(select(x, odd, x >= 0x1000000u));
}`);
export const signedToOdd: WgslFunction = wgslFunction(
  `
fn signed_to_odd(x: i32) -> f32 {
  let size = rounded_to_odd(select(u32(x), ~u32(x) + 1u, x < 0));
  return select(size, -size, x < 0);
}`,
  [roundedToOdd],
);

/** The 16 bits of a float16. */
export const halfBits: WgslFunction = wgslFunction(
  `
fn half_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size >= 0x7f800000u) { return sign | 0x7c00u | ((size >> 13u) & 0x3ffu); }
  if (size < 0x38800000u) { return sign | u32(float_of(size) * 16777216.0); }
  return sign | ((size - 0x38000000u) >> 13u);
}`,
  [floatOf],
);
export const halfOf: WgslFunction = wgslFunction(
  `
fn half_of(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let size = bits & 0x7fffu;
  if (size >= 0x7c00u) { return float_of(sign | 0x7f800000u | ((size & 0x3ffu) << 13u)); }
  if (size < 0x400u) { return float_of(sign | bitcast<u32>(f32(size) * 5.9604644775390625e-8)); }
  return float_of(sign | ((size << 13u) + 0x38000000u));
}`,
  [floatOf],
);
