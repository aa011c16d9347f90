/**
 * Exponentials: the argument is an integer number of times log 2 and a rest of at most half of it, after Cody and Waite
 * (Software Manual for the Elementary Functions, 1980). The polynomials are minimax ones of our own.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { isNan, opaque, scaleBy } from './floats.ts';

/** (eʳ − 1 − r)/r² for |r| ≤ ½·log 2, to 2⁻³¹ of eʳ − 1. */
const expTail: WgslFunction = wgslFunction(`
fn exp_tail(r: f32) -> f32 {
  return 0.5 + r * (0.16666666 + r * (0.041666493 + r * (0.008333543 + r * (0.0013932347 + r * 0.00019764258))));
}`);

/** x − k·log 2, by a first part of log 2 that has nine bits, so that its products are exact. */
const expRest: WgslFunction = wgslFunction(
  `
fn exp_rest(x: f32, k: f32) -> f32 { return opaque(x - k * 0.693359375) - k * -2.12194440e-4; }`,
  [opaque],
);

/** eˣ·2ˢ for −128 ≤ s ≤ 64, which overflows only if that does. */
export const expScaled: WgslFunction = wgslFunction(
  `
fn exp_scaled(x: f32, s: i32) -> f32 {
  if (is_nan(x)) { return x; }
  let within = clamp(x, -129.0, 177.4);
  let k = round(within * 1.44269504);
  let r = exp_rest(within, k);
  return scale_by(1.0 + (r + r * r * exp_tail(r)), i32(k) + s);
}`,
  [isNan, scaleBy, expTail, expRest],
);

export const exp: WgslFunction = wgslFunction(
  `
fn exp_of(x: f32) -> f32 { return exp_scaled(x, 0); }`,
  [expScaled],
);

/** 2ˣ·2ˢ for −128 ≤ s ≤ 64, or for small x any s that leaves it in range. */
export const exp2Scaled: WgslFunction = wgslFunction(
  `
fn exp2_scaled(x: f32, s: i32) -> f32 {
  if (is_nan(x)) { return x; }
  let within = clamp(x, -190.0, 256.0);
  let k = round(within);
  let r = within - k;
  let tail = 0.24022648 + r * (0.055503596 + r * (0.009618499 + r * (0.0013390969 + r * 0.00015329264)));
  return scale_by(1.0 + r * (0.6931472 + r * tail), i32(k) + s);
}`,
  [isNan, scaleBy],
);

export const exp2: WgslFunction = wgslFunction(
  `
fn exp2_of(x: f32) -> f32 { return exp2_scaled(x, 0); }`,
  [exp2Scaled],
);

/** 2ᵏ·((eʳ − 1) + (1 − 2⁻ᵏ)), whose second term is exact where it counts. */
export const expm1: WgslFunction = wgslFunction(
  `
fn expm1_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let within = clamp(x, -30.0, 92.0);
  let k = round(within * 1.44269504);
  let r = exp_rest(within, k);
  let power = r + r * r * exp_tail(r);
  if (k == 0.0) { return power; }
  return scale_by(power + (1.0 - scale_by(1.0, -i32(k))), i32(k));
}`,
  [isNan, scaleBy, expTail, expRest],
);

/** 1/(1 + e⁻ˣ) by the exponential that is at most 1. */
export const logistic: WgslFunction = wgslFunction(
  `
fn logistic(x: f32) -> f32 {
  let e = exp_of(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}`,
  [exp],
);

// ---- hyperbolic functions

/** x·P(x²) where the exponentials cancel, else 1 − 2/(e²ˣ + 1). */
export const tanh: WgslFunction = wgslFunction(
  `
fn tanh_of(x: f32) -> f32 {
  let size = abs(x);
  if (is_nan(x)) { return x; }
  if (size < 0.6) {
    let z = x * x;
    return x + x * z * (-0.333333 + z * (0.13331936 + z * (-0.053784717 + z * (0.020798625 + z * -0.0058979667))));
  }
  let far = 1.0 - 2.0 / (exp_of(2.0 * min(size, 20.0)) + 1.0);
  return select(far, -far, x < 0.0);
}`,
  [exp, isNan],
);

/** For |x| < 1. */
export const sinhOfSmall: WgslFunction = wgslFunction(`
fn sinh_of_small(x: f32) -> f32 {
  let z = x * x;
  return x + x * z * (0.16666667 + z * (0.0083333105 + z * (0.00019842891 + z * 2.782267e-6)));
}`);

export const sinh: WgslFunction = wgslFunction(
  `
fn sinh_of(x: f32) -> f32 {
  let size = abs(x);
  if (size < 1.0) { return sinh_of_small(x); }
  let far = exp_scaled(size, -1) - exp_scaled(-size, -1);
  return select(far, -far, x < 0.0);
}`,
  [expScaled, sinhOfSmall],
);

export const cosh: WgslFunction = wgslFunction(
  `
fn cosh_of(x: f32) -> f32 { return exp_scaled(x, -1) + exp_scaled(-x, -1); }`,
  [expScaled],
);
