/** Floats and their bits. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';

/**
 * A float by its bits, NaN and infinities among them. As compilers look into constant expressions, and refuse these, they
 * are only made by calls.
 */
export const floatOf: WgslFunction = wgslFunction(`
fn float_of(bits: u32) -> f32 { return bitcast<f32>(bits); }`);

export const infinity: WgslFunction = wgslFunction(
  `
fn infinity() -> f32 { return float_of(0x7f800000u); }`,
  [floatOf],
);

export const nan: WgslFunction = wgslFunction(
  `
fn nan() -> f32 { return float_of(0x7fc00000u); }`,
  [floatOf],
);

export const isNan: WgslFunction = wgslFunction(`
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`);

export const isInfinite: WgslFunction = wgslFunction(`
fn is_infinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }`);

/** |x| with the sign of y. */
export const withSign: WgslFunction = wgslFunction(`
fn with_sign(x: f32, y: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(y) & 0x80000000u));
}`);

/** x·2ᵏ for −252 ≤ k ≤ 256: in two steps, as 2ᵏ itself may be out of range. */
export const scaleBy: WgslFunction = wgslFunction(`
fn scale_by(x: f32, k: i32) -> f32 {
  let half = k >> 1u;
  return x * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(k - half + 127) << 23u);
}`);

/**
 * x, as a number that compilers know nothing of. They may reorder what would be the same without rounding (WGSL,
 * "Reassociation and Fusion"), and do: (a + b) − a becomes b, constants meet first. The one number that is changed is a NaN.
 */
export const opaque: WgslFunction = wgslFunction(`
fn opaque(x: f32) -> f32 { return bitcast<f32>(min(bitcast<u32>(x), 0xfffffffeu)); }`);

/** The upper half of the significand: products of such halves are exact. */
export const upperHalf: WgslFunction = wgslFunction(`
fn upper_half(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }`);
