/** The floats next to one another, by their bits. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { floatOf, isNan, nan } from './floats.ts';

/**
 * The value after x towards y among floats of fewer bits that are held as float32: `step` apart in their bits, from
 * `normal` on; below it `tiny` apart in value. Beyond `most`, as bits, there is only infinity.
 */
const nextAfter = (name: string, step: string, normal: string, tiny: string, most: string): WgslFunction =>
  wgslFunction(
    `
fn ${name}(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan(); }
  let a = bitcast<u32>(x);
  let b = bitcast<u32>(y);
  let size = a & 0x7fffffffu;
  // As integers, floats of one sign are in order, those below zero the other way round.
  let here = select(i32(size), -i32(size), a != size);
  let there = select(i32(b & 0x7fffffffu), -i32(b & 0x7fffffffu), (b >> 31u) != 0u);
  if (here == there) { return y; }
  if (size == 0u) { return float_of((b & 0x80000000u) | ${tiny}); }
  let is_outward = (here < there) == (here > 0);
  var next = 0u;
  if (size < ${normal} || (size == ${normal} && !is_outward)) {
    let quantum = float_of(${tiny});
    next = bitcast<u32>(float_of(size) + select(-quantum, quantum, is_outward));
  } else if (size == 0x7f800000u) {
    next = ${most};
  } else {
    next = select(size - ${step}, size + ${step}, is_outward);
    if (next > ${most}) { next = 0x7f800000u; }
  }
  return float_of((a & 0x80000000u) | next);
}`,
    [floatOf, isNan, nan],
  );

export const nextAfterSingle: WgslFunction = nextAfter('next_after', '1u', '0u', '1u', '0x7f7fffffu');
export const nextAfterBrain: WgslFunction = nextAfter('next_after_bf16', '0x10000u', '0u', '0x10000u', '0x7f7f0000u');
export const nextAfterHalf: WgslFunction = nextAfter(
  'next_after_f16',
  '0x2000u',
  '0x38800000u',
  '0x33800000u',
  '0x477fe000u',
);
