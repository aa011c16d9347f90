/**
 * Pairs: sums of two floats, the second at most some units of the first, for what takes twice the precision. Compilers may
 * simplify (a + b) − a, so that every first part is a number that they know nothing of.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { upperHalf, withoutLastBit } from './floats.ts';

/** a + b for |a| ≥ |b|. The sum is one that compilers do not see through. */
export const pairSum: WgslFunction = wgslFunction(
  `
fn pair_sum(a: f32, b: f32) -> vec2f {
  let sum = without_last_bit(a + b);
  return vec2f(sum, (a - sum) + b);
}`,
  [withoutLastBit],
);

/** a·b, without error, after Dekker (1971): halves are cut by their bits. */
export const pairProduct: WgslFunction = wgslFunction(
  `
fn pair_product(a: f32, b: f32) -> vec2f {
  let p = without_last_bit(a * b);
  let u = upper_half(a);
  let v = upper_half(b);
  return vec2f(p, ((u * v - p) + u * (b - v) + (a - u) * v) + (a - u) * (b - v));
}`,
  [upperHalf, withoutLastBit],
);

/** A pair times a pair. */
export const pairTimes: WgslFunction = wgslFunction(
  `
fn pair_times(a: vec2f, b: vec2f) -> vec2f {
  let p = pair_product(a.x, b.x);
  return pair_sum(p.x, p.y + (a.x * b.y + a.y * b.x));
}`,
  [pairSum, pairProduct],
);
