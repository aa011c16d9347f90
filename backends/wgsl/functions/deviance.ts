/**
 * What the densities and tails of the gamma and beta distributions are made of: how far a value is from the middle, in
 * pairs, as it is an exponent; what Stirling's formula leaves; and the tail of the normal distribution.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { erfTail, scaledErfc } from './errors.ts';
import { expScaled } from './exponentials.ts';
import { pairOver, pairPlus, pairSum, pairTimes } from './pairs.ts';

/**
 * t − log(1 + t) for |t| ≤ 0.35, without the cancellation: with s = t/(2 + t) it is s·t − s³·(2/3 + 2s²/5 + …), as
 * log(1 + t) = 2·artanh s and t = 2s + s·t.
 */
export const deviance: WgslFunction = wgslFunction(
  `
fn deviance(t: vec2f) -> vec2f {
  let s = pair_over(t, pair_plus(vec2f(2.0, 0.0), t));
  let z = pair_times(s, s);
  let rest = z.x * (0.4 + z.x * (0.2857143 + z.x * (0.22222222 + z.x * (0.18181819 + z.x * 0.15384616))));
  let tail = pair_sum(0.6666667, rest - 1.9868216e-8);
  return pair_times(s, pair_plus(t, -pair_times(z, tail)));
}`,
  [pairOver, pairPlus, pairSum, pairTimes],
);

/** log Γ(z) less Stirling's formula for it, z ≥ 12 (DLMF 5.11.1). */
export const stirlingRest: WgslFunction = wgslFunction(`
fn stirling_rest(z: f32) -> f32 {
  let u = 1.0 / z;
  let t = u * u;
  return u * (0.083333336 + t * (-0.0027777778 + t * 0.0007936508));
}`);

/** e^x·2⁶⁴, so that factors can still be put to what would be out of range. */
export const pairExpScaled: WgslFunction = wgslFunction(
  `
fn pair_exp_scaled(x: vec2f) -> f32 {
  let e = exp_scaled(x.x, 64);
  return e + e * x.y;
}`,
  [expScaled],
);
/** 2⁻⁶⁴ */
export const UNSCALED = '5.421010862427522e-20';

/** ½·erfc √E + skew·e^−E/√2π for 0 ≤ E < 110. */
export const normalTail: WgslFunction = wgslFunction(
  `
fn normal_tail(energy: vec2f, skew: f32) -> f32 {
  let t = sqrt(energy.x);
  let power = pair_exp_scaled(-energy);
  if (t < 0.5) { return (0.5 - 0.5 * (t + t * erf_tail(t * t))) + ${UNSCALED} * power * (0.3989423 * skew); }
  return power * (0.5 * scaled_erfc(t) + 0.3989423 * skew) * ${UNSCALED};
}`,
  [erfTail, pairExpScaled, scaledErfc],
);
