/** Rounding to fewer bits than a float has. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { floatOf } from './floats.ts';

/**
 * To a multiple of 2^drop in the bits of the magnitude, ties to even. Of all 23 bits the leading one is left, which is odd
 * but is not there in the bits.
 */
export const roundBits: WgslFunction = wgslFunction(
  `
fn round_bits(x: f32, drop: u32) -> f32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  if (size >= 0x7f800000u) { return x; }
  let last = select((size >> drop) & 1u, select(0u, 1u, size >= 0x800000u), drop == 23u);
  let rounded = (size + ((1u << drop) >> 1u) - 1u + last) & (0xffffffffu << drop);
  return float_of((bits & 0x80000000u) | rounded);
}`,
  [floatOf],
);

/** Floats of fewer exponents: what is smaller than `least` is 0, what is not smaller than `end` infinite, both as bits. */
export const limitRange: WgslFunction = wgslFunction(
  `
fn limit_range(x: f32, least: u32, end: u32) -> f32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return x; }
  return float_of((bits & 0x80000000u) | select(select(size, 0u, size < least), 0x7f800000u, size >= end));
}`,
  [floatOf],
);
