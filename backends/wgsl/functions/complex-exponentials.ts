/**
 * Exponentials and hyperbolic functions of complex numbers, with the special values of ISO C, Annex G. Trigonometric
 * functions are those of i·z.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { complexDiv, complexReciprocal } from './complex-arithmetic.ts';
import { cosh, exp, exp2Scaled, expm1, expScaled, sinh, tanh } from './exponentials.ts';
import { infinity, isInfinite, isNan, nan, scaleBy, withSign } from './floats.ts';
import { cos, isNotFinite, sin, tan } from './sines.ts';

/** i·z and −i·z. */
const turned: WgslFunction = wgslFunction(`
fn turned(z: vec2f) -> vec2f { return vec2f(-z.y, z.x); }`);
const turnedBack: WgslFunction = wgslFunction(`
fn turned_back(z: vec2f) -> vec2f { return vec2f(z.y, -z.x); }`);

/** eˣ·2ˢ·(cos y + i·sin y): the last powers of two come at the end, as eˣ may be out of range where the product is not. */
const polarExp: WgslFunction = wgslFunction(
  `
fn polar_exp(x: f32, y: f32, s: i32) -> vec2f {
  let shift = select(select(0, -60, x > 60.0), 60, x < -60.0);
  let r = exp_scaled(x, s + shift);
  return vec2f(scale_by(r * cos_of(y), -shift), scale_by(r * sin_of(y), -shift));
}`,
  [cos, expScaled, scaleBy, sin],
);

export const complexExp: WgslFunction = wgslFunction(
  `
fn complex_exp(z: vec2f) -> vec2f {
  if (z.y == 0.0) { return vec2f(exp_of(z.x), z.y); }
  if (is_not_finite(z.y) && is_infinite(z.x)) {
    if (z.x < 0.0) { return vec2f(0.0, with_sign(0.0, z.y)); }
    return vec2f(z.x, nan());
  }
  return polar_exp(z.x, z.y, 0);
}`,
  [exp, polarExp, isNotFinite, isInfinite, nan, withSign],
);

/** expm1(x)·cos y − 2·sin²(y/2) + i·eˣ·sin y. */
export const complexExpm1: WgslFunction = wgslFunction(
  `
fn complex_expm1(z: vec2f) -> vec2f {
  if (z.y == 0.0) { return vec2f(expm1_of(z.x), z.y); }
  if (is_infinite(z.x) && z.x < 0.0) {
    return vec2f(-1.0, with_sign(0.0, select(sin_of(z.y), z.y, is_not_finite(z.y))));
  }
  if (!(abs(z.x) < 80.0)) { return complex_exp(z) - vec2f(1.0, 0.0); }
  let half = sin_of(0.5 * z.y);
  return vec2f(expm1_of(z.x) * cos_of(z.y) - 2.0 * half * half, exp_of(z.x) * sin_of(z.y));
}`,
  [complexExp, cos, exp, expm1, isInfinite, isNotFinite, sin, withSign],
);

/** 2ˣ·(cos(y·log 2) + i·sin(y·log 2)). */
export const complexExp2: WgslFunction = wgslFunction(
  `
fn complex_exp2(z: vec2f) -> vec2f {
  let angle = z.y * 0.6931472;
  if (z.y == 0.0) { return vec2f(exp2_scaled(z.x, 0), z.y); }
  if (is_not_finite(z.x) || is_not_finite(angle)) { return complex_exp(vec2f(z.x, angle)); }
  let shift = select(select(0, -60, z.x > 90.0), 60, z.x < -90.0);
  let r = exp2_scaled(z.x, shift);
  return vec2f(scale_by(r * cos_of(angle), -shift), scale_by(r * sin_of(angle), -shift));
}`,
  [complexExp, cos, exp2Scaled, isNotFinite, scaleBy, sin],
);

/** 1/(1 + e⁻ᶻ): for Re z ≥ 0 the terms of 1 + e⁻ᶻ = −expm1(−x) + 2e⁻ˣ·cos²(y/2) − i·e⁻ˣ·sin y do not cancel. */
export const complexLogistic: WgslFunction = wgslFunction(
  `
fn complex_logistic(z: vec2f) -> vec2f {
  let decay = exp_of(-abs(z.x));
  if (z.y == 0.0) {
    let under = 1.0 + decay;
    return vec2f(select(1.0, decay, z.x < 0.0) / under, z.y * (decay / (under * under)));
  }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(select(0.0, 1.0, z.x > 0.0), 0.0); }
  let half = cos_of(0.5 * z.y);
  let sum = 2.0 * decay * half * half - expm1_of(-abs(z.x));
  let sine = decay * sin_of(z.y);
  if (z.x < 0.0) { return complex_div(complex_exp(z), vec2f(sum, sine)); }
  return complex_reciprocal(vec2f(sum, -sine));
}`,
  [complexDiv, complexExp, complexReciprocal, cos, exp, expm1, isInfinite, isNotFinite, sin],
);

// ---- hyperbolic and trigonometric functions

export const complexSinh: WgslFunction = wgslFunction(
  `
fn complex_sinh(z: vec2f) -> vec2f {
  if (z.y == 0.0) { return vec2f(sinh_of(z.x), z.y); }
  if (z.x == 0.0) { return vec2f(select(with_sign(0.0, z.x) * cos_of(z.y), 0.0, is_not_finite(z.y)), sin_of(z.y)); }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(z.x, nan()); }
  if (abs(z.x) > 80.0) {
    let grown = polar_exp(abs(z.x), z.y, -1);
    return vec2f(select(grown.x, -grown.x, z.x < 0.0), grown.y);
  }
  return vec2f(sinh_of(z.x) * cos_of(z.y), cosh_of(z.x) * sin_of(z.y));
}`,
  [cos, cosh, isInfinite, isNotFinite, nan, polarExp, sin, sinh, withSign],
);

export const complexCosh: WgslFunction = wgslFunction(
  `
fn complex_cosh(z: vec2f) -> vec2f {
  if (z.y == 0.0) { return vec2f(cosh_of(z.x), select(with_sign(1.0, z.x) * z.y, 0.0, is_nan(z.x))); }
  if (z.x == 0.0) { return vec2f(cos_of(z.y), select(z.x * sin_of(z.y), 0.0, is_not_finite(z.y))); }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(infinity(), nan()); }
  if (abs(z.x) > 80.0) {
    let grown = polar_exp(abs(z.x), z.y, -1);
    return vec2f(grown.x, select(grown.y, -grown.y, z.x < 0.0));
  }
  return vec2f(cosh_of(z.x) * cos_of(z.y), sinh_of(z.x) * sin_of(z.y));
}`,
  [cos, cosh, infinity, isInfinite, isNan, isNotFinite, nan, polarExp, sin, sinh, withSign],
);

/** Kahan's: with t = tan y, β = 1 + t² and s = sinh x, (β·s·√(1 + s²) + i·t)/(1 + β·s²). */
export const complexTanh: WgslFunction = wgslFunction(
  `
fn complex_tanh(z: vec2f) -> vec2f {
  if (z.y == 0.0) { return vec2f(tanh_of(z.x), z.y); }
  if (z.x == 0.0 && is_not_finite(z.y)) { return vec2f(z.x, nan()); }
  let x = abs(z.x);
  if (x > 12.0) {
    let turn = select(sin_of(z.y) * cos_of(z.y), with_sign(0.0, z.y), is_not_finite(z.y));
    return vec2f(with_sign(1.0, z.x), 4.0 * turn * exp_of(-x) * exp_of(-x));
  }
  let t = tan_of(z.y);
  let beta = 1.0 + t * t;
  let s = sinh_of(z.x);
  let under = 1.0 + beta * s * s;
  return vec2f(beta * s * sqrt(1.0 + s * s), t) / under;
}`,
  [cos, exp, isNotFinite, nan, sin, sinh, tan, tanh, withSign],
);

export const complexSin: WgslFunction = wgslFunction(
  `
fn complex_sin(z: vec2f) -> vec2f { return turned_back(complex_sinh(turned(z))); }`,
  [complexSinh, turned, turnedBack],
);
export const complexCos: WgslFunction = wgslFunction(
  `
fn complex_cos(z: vec2f) -> vec2f { return complex_cosh(turned(z)); }`,
  [complexCosh, turned],
);
export const complexTan: WgslFunction = wgslFunction(
  `
fn complex_tan(z: vec2f) -> vec2f { return turned_back(complex_tanh(turned(z))); }`,
  [complexTanh, turned, turnedBack],
);
