/** The remainder of a division, exactly. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { nan } from './floats.ts';

/** A float's magnitude as significand · 2^(exponent − 150): subnormal numbers too. */
const exponentOf: WgslFunction = wgslFunction(`
fn exponent_of(bits: u32) -> u32 { return max(bits >> 23u, 1u); }`);
const significandOf: WgslFunction = wgslFunction(`
fn significand_of(bits: u32) -> u32 { return (bits & 0x7fffffu) | select(0u, 0x800000u, bits >= 0x800000u); }`);

/** Long division, eight bits at a time: significands have 24, registers 32. */
export const remainder: WgslFunction = wgslFunction(
  `
fn remainder(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) { return nan(); }
  if (a < b) { return x; }
  let divisor = significand_of(b);
  var rest = significand_of(a) % divisor;
  for (var places = exponent_of(a) - exponent_of(b); places > 0u && rest != 0u;) {
    let step = min(places, 8u);
    rest = (rest << step) % divisor;
    places -= step;
  }
  let up = min(max(countLeadingZeros(rest), 8u) - 8u, exponent_of(b) - 1u);
  let significand = rest << up;
  let exponent = select(0u, exponent_of(b) - up, significand >= 0x800000u);
  return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | (exponent << 23u) | (significand & 0x7fffffu));
}`,
  [nan, exponentOf, significandOf],
);
