/**
 * Pairs: sums of two floats, the second at most half a unit of the first, for what takes twice the precision. Both are opaque,
 * and so is every product that has no error: what compilers reorder, or fuse, would have another one.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { opaque, upperHalf } from './floats.ts';
import { splitAtRoot } from './logarithms.ts';

/** a + b for |a| ≥ |b|, without error. */
export const pairSum: WgslFunction = wgslFunction(
  `
fn pair_sum(a: f32, b: f32) -> vec2f {
  let sum = opaque(a + b);
  return vec2f(sum, opaque(opaque(a - sum) + b));
}`,
  [opaque],
);

/** a·b, without error, after Dekker (1971): halves are cut by their bits. */
export const pairProduct: WgslFunction = wgslFunction(
  `
fn pair_product(a: f32, b: f32) -> vec2f {
  let p = opaque(a * b);
  let u = upper_half(a);
  let v = upper_half(b);
  let rest = ((opaque(u * v) - p) + opaque(u * (b - v)) + opaque((a - u) * v)) + (a - u) * (b - v);
  return vec2f(p, opaque(rest));
}`,
  [opaque, upperHalf],
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

/** A pair plus a pair. */
export const pairPlus: WgslFunction = wgslFunction(
  `
fn pair_plus(a: vec2f, b: vec2f) -> vec2f {
  let is_larger = abs(a.x) >= abs(b.x);
  let sum = pair_sum(select(b.x, a.x, is_larger), select(a.x, b.x, is_larger));
  return pair_sum(sum.x, sum.y + (a.y + b.y));
}`,
  [pairSum],
);

/** A pair over a pair. */
export const pairOver: WgslFunction = wgslFunction(
  `
fn pair_over(a: vec2f, b: vec2f) -> vec2f {
  let quotient = opaque(a.x / b.x);
  let back = pair_product(quotient, b.x);
  return pair_sum(quotient, (((opaque(a.x - back.x) - back.y) + a.y) - quotient * b.y) / b.x);
}`,
  [opaque, pairSum, pairProduct],
);

/**
 * log₂ x for 0 < x < ∞ to some 2⁻⁴⁰ of it: with x = m·2ᵏ and s = (m − 1)/(m + 1) it is k + (2/ln 2)·(s + s³/3 + s⁵/5 + …). The
 * rest from s⁷ on is a minimax polynomial; all before it is computed in pairs.
 */
export const pairLog2: WgslFunction = wgslFunction(
  `
fn pair_log2(x: f32) -> vec2f {
  let parts = split_at_root(x);
  let f = parts.x - 1.0;
  let s = pair_over(vec2f(f, 0.0), pair_sum(2.0, f));
  let z = pair_times(s, s);
  let tail = z.x * (0.41220105 + z.x * (0.32025018 + z.x * 0.27800226));
  let fifth = pair_sum(0.57707804, tail - 2.8058935e-8);
  let third = pair_plus(vec2f(0.9617967, -7.028462e-9), pair_times(z, fifth));
  let log = pair_times(s, pair_plus(vec2f(2.88539, 3.851926e-8), pair_times(z, third)));
  return pair_plus(vec2f(parts.y, 0.0), log);
}`,
  [pairOver, pairPlus, pairSum, pairTimes, splitAtRoot],
);

/** The natural logarithm of a pair x > 0. */
export const pairLog: WgslFunction = wgslFunction(
  `
fn pair_log(x: vec2f) -> vec2f {
  return pair_plus(pair_times(pair_log2(x.x), vec2f(0.6931472, -1.9046542e-9)), vec2f(x.y / x.x, 0.0));
}`,
  [pairLog2, pairPlus, pairTimes],
);
