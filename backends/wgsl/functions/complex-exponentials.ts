/**
 * Exponentials and hyperbolic functions of complex numbers, with the special values of ISO C, Annex G. Trigonometric
 * functions are those of i·z.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { complexDiv } from './complex-arithmetic.ts';
import { exp, exp2Scaled, expm1, expScaled, sinh, sinhOfSmall } from './exponentials.ts';
import { infinity, isInfinite, isNan, nan, scaleBy, withSign } from './floats.ts';
import { isNotFinite, sines } from './sines.ts';

/** i·z and −i·z. */
const turned: WgslFunction = wgslFunction(`
fn turned(z: vec2f) -> vec2f { return vec2f(-z.y, z.x); }`);
const turnedBack: WgslFunction = wgslFunction(`
fn turned_back(z: vec2f) -> vec2f { return vec2f(z.y, -z.x); }`);

/**
 * Exponentials are computed 2⁻¹²⁷ or 2⁶⁰ times as large where they may be out of range, and the product with a sine, which
 * may be as small as numbers come, is not.
 */
const spare: WgslFunction = wgslFunction(`
fn spare(x: f32) -> i32 { return select(select(0, -127, x > 60.0), 60, x < -60.0); }`);

export const complexExp: WgslFunction = wgslFunction(
  `
fn complex_exp(z: vec2f) -> vec2f {
  let shift = spare(z.x);
  let size = exp_scaled(z.x, shift);
  if (z.y == 0.0) { return vec2f(scale_by(size, -shift), z.y); }
  if (is_not_finite(z.y) && is_infinite(z.x)) {
    if (z.x < 0.0) { return vec2f(0.0, with_sign(0.0, z.y)); }
    return vec2f(z.x, nan());
  }
  let turn = sines_of(z.y);
  return vec2f(scale_by(size * turn.y, -shift), scale_by(size * turn.x, -shift));
}`,
  [expScaled, isNotFinite, isInfinite, nan, scaleBy, sines, spare, withSign],
);

/** expm1(x)·cos y − (1 − cos y) + i·eˣ·sin y, where for cos y > 0 the middle term is sin²y/(1 + cos y). */
export const complexExpm1: WgslFunction = wgslFunction(
  `
fn complex_expm1(z: vec2f) -> vec2f {
  let less = expm1_of(z.x);
  if (z.y == 0.0) { return vec2f(less, z.y); }
  if (is_infinite(z.x) && is_not_finite(z.y)) {
    if (z.x < 0.0) { return vec2f(-1.0, with_sign(0.0, z.y)); }
    return vec2f(z.x, nan());
  }
  let shift = spare(z.x);
  let size = exp_scaled(z.x, shift);
  let turn = sines_of(z.y);
  let sine = scale_by(size * turn.x, -shift);
  if (z.x > 60.0) { return vec2f(scale_by(size * turn.y, -shift), sine); }
  let versine = select(1.0 - turn.y, turn.x * turn.x / (1.0 + turn.y), turn.y > 0.0);
  return vec2f(less * turn.y - versine, sine);
}`,
  [expm1, expScaled, isInfinite, isNotFinite, nan, scaleBy, sines, spare, withSign],
);

/** 2ˣ·(cos(y·log 2) + i·sin(y·log 2)). */
export const complexExp2: WgslFunction = wgslFunction(
  `
fn complex_exp2(z: vec2f) -> vec2f {
  let shift = spare(z.x);
  let size = exp2_scaled(z.x, shift);
  let angle = z.y * 0.6931472;
  if (z.y == 0.0) { return vec2f(scale_by(size, -shift), z.y); }
  if (is_not_finite(angle) && is_infinite(z.x)) {
    if (z.x < 0.0) { return vec2f(0.0, with_sign(0.0, z.y)); }
    return vec2f(z.x, nan());
  }
  let turn = sines_of(angle);
  return vec2f(scale_by(size * turn.y, -shift), scale_by(size * turn.x, -shift));
}`,
  [exp2Scaled, isNotFinite, isInfinite, nan, scaleBy, sines, spare, withSign],
);

/**
 * 1/(1 + e⁻ᶻ) for Re z ≥ 0, else eᶻ/(1 + eᶻ): with d = e^−|x| the terms of 1 + d·cos y = (1 − d) + d·(1 + cos y) do not cancel,
 * nor do those of 1 + cos y = sin²y/(1 − cos y) for cos y < 0.
 */
export const complexLogistic: WgslFunction = wgslFunction(
  `
fn complex_logistic(z: vec2f) -> vec2f {
  let decay = exp_of(-abs(z.x));
  if (z.y == 0.0) {
    let under = 1.0 + decay;
    return vec2f(select(1.0, decay, z.x < 0.0) / under, z.y * (decay / (under * under)));
  }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(select(0.0, 1.0, z.x > 0.0), 0.0); }
  let turn = sines_of(z.y);
  let more = select(1.0 + turn.y, turn.x * turn.x / (1.0 - turn.y), turn.y < 0.0);
  let sum = decay * more - expm1_of(-abs(z.x));
  let sine = decay * turn.x;
  let is_left = z.x < 0.0;
  return complex_div(select(vec2f(1.0, 0.0), vec2f(decay * turn.y, sine), is_left), vec2f(sum, select(-sine, sine, is_left)));
}`,
  [complexDiv, exp, expm1, isInfinite, isNotFinite, sines],
);

// ---- hyperbolic and trigonometric functions

/** sinh x and cosh x, 2ˢ times as large; s = 0 for |x| < 1. */
const hyperbolic: WgslFunction = wgslFunction(
  `
fn hyperbolic(x: f32, s: i32) -> vec2f {
  let size = abs(x);
  let grown = exp_scaled(size, s - 1);
  let shrunk = exp_scaled(-min(size, 60.0), s - 1);
  let far = grown - shrunk;
  return vec2f(select(select(far, -far, x < 0.0), sinh_of_small(x), size < 1.0), grown + shrunk);
}`,
  [expScaled, sinhOfSmall],
);

export const complexSinh: WgslFunction = wgslFunction(
  `
fn complex_sinh(z: vec2f) -> vec2f {
  let shift = spare(abs(z.x));
  let size = hyperbolic(z.x, shift);
  if (z.y == 0.0) { return vec2f(scale_by(size.x, -shift), z.y); }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(z.x, nan()); }
  let turn = sines_of(z.y);
  if (z.x == 0.0) { return vec2f(select(z.x * turn.y, 0.0, is_not_finite(z.y)), turn.x); }
  return vec2f(scale_by(size.x * turn.y, -shift), scale_by(size.y * turn.x, -shift));
}`,
  [hyperbolic, isInfinite, isNotFinite, nan, scaleBy, sines, spare],
);

export const complexCosh: WgslFunction = wgslFunction(
  `
fn complex_cosh(z: vec2f) -> vec2f {
  let shift = spare(abs(z.x));
  let size = hyperbolic(z.x, shift);
  if (z.y == 0.0) { return vec2f(scale_by(size.y, -shift), select(with_sign(1.0, z.x) * z.y, 0.0, is_nan(z.x))); }
  if (is_infinite(z.x) && is_not_finite(z.y)) { return vec2f(infinity(), nan()); }
  let turn = sines_of(z.y);
  if (z.x == 0.0) { return vec2f(turn.y, select(z.x * turn.x, 0.0, is_not_finite(z.y))); }
  return vec2f(scale_by(size.y * turn.y, -shift), scale_by(size.x * turn.x, -shift));
}`,
  [hyperbolic, infinity, isInfinite, isNan, isNotFinite, nan, scaleBy, sines, spare, withSign],
);

/** Kahan's: with t = tan y, β = 1 + t² and s = sinh x, (β·s·√(1 + s²) + i·t)/(1 + β·s²). */
export const complexTanh: WgslFunction = wgslFunction(
  `
fn complex_tanh(z: vec2f) -> vec2f {
  if (z.x == 0.0 && is_not_finite(z.y)) { return vec2f(z.x, nan()); }
  let turn = sines_of(z.y);
  let x = abs(z.x);
  if (x > 12.0) {
    let decay = exp_of(-x);
    let sine = select(turn.x * turn.y, with_sign(0.0, z.y), is_infinite(z.x) && is_not_finite(z.y));
    return vec2f(with_sign(1.0, z.x), 4.0 * sine * decay * decay);
  }
  let t = turn.x / turn.y;
  let beta = 1.0 + t * t;
  let s = sinh_of(z.x);
  let under = 1.0 + beta * s * s;
  return vec2f(beta * s * sqrt(1.0 + s * s) / under, select(t / under, z.y, z.y == 0.0));
}`,
  [exp, isInfinite, isNotFinite, nan, sines, sinh, withSign],
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
