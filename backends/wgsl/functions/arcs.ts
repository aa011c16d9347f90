/** The inverse trigonometric functions. The polynomials are minimax ones of our own. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { isNan, nan, withSign } from './floats.ts';

/** Beyond tan(π/8) the angle is taken from π/4 or π/2, as Cephes has it; the constants' rests go with the small part. */
const atanOfPositive: WgslFunction = wgslFunction(`
fn atan_of_positive(x: f32) -> f32 {
  let is_far = x > 2.4142135;
  let is_near = x <= 0.41421357;
  let t = select(select((x - 1.0) / (x + 1.0), -1.0 / x, is_far), x, is_near);
  let start = select(select(0.7853982, 1.5707964, is_far), 0.0, is_near);
  let rest = select(select(-2.1855694e-8, -4.371139e-8, is_far), 0.0, is_near);
  let z = t * t;
  let tail = z * (-0.33333316 + z * (0.19998528 + z * (-0.14244378 + z * (0.10598941 + z * -0.06089138))));
  return start + (t + (t * tail + rest));
}`);

export const atan: WgslFunction = wgslFunction(
  `
fn atan_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  return with_sign(atan_of_positive(abs(x)), x);
}`,
  [atanOfPositive, isNan, withSign],
);

/** The angle of (x, y) in the first octant, then by its reflections. Infinities count as equal numbers. */
export const atan2: WgslFunction = wgslFunction(
  `
fn atan2_of(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan(); }
  let u = min(abs(x), 3.4028234e38);
  let v = min(abs(y), 3.4028234e38);
  let is_left = (bitcast<u32>(x) >> 31u) != 0u;
  let is_infinite_x = abs(x) > u;
  let is_infinite_y = abs(y) > v;
  var angle = 0.0;
  if (is_infinite_x != is_infinite_y) {
    angle = select(0.0, 1.5707964, is_infinite_y);
  } else if (v > u) {
    angle = 1.5707964 - (atan_of_positive(u / v) + 4.371139e-8);
  } else if (v > 0.0) {
    angle = atan_of_positive(v / u);
  }
  if (is_left) { angle = 3.1415927 - (angle + 8.742278e-8); }
  return with_sign(angle, y);
}`,
  [atanOfPositive, isNan, nan, withSign],
);

/** asin x for |x| ≤ ½. */
const asinOfSmall: WgslFunction = wgslFunction(`
fn asin_of_small(x: f32) -> f32 {
  let z = x * x;
  return x + x * z * (0.16666754 + z * (0.0749525 + z * (0.045476526 + z * (0.024148885 + z * 0.042218436))));
}`);

/** Beyond ½ by half the angle to ±1: asin x = π/2 − 2·asin √((1 − x)/2). */
export const asin: WgslFunction = wgslFunction(
  `
fn asin_of(x: f32) -> f32 {
  let size = abs(x);
  if (size <= 0.5) { return asin_of_small(x); }
  if (size <= 1.0) {
    return with_sign(1.5707964 - (2.0 * asin_of_small(sqrt(0.5 * (1.0 - size))) + 4.371139e-8), x);
  }
  return nan();
}`,
  [asinOfSmall, nan, withSign],
);

export const acos: WgslFunction = wgslFunction(
  `
fn acos_of(x: f32) -> f32 {
  let size = abs(x);
  if (size <= 0.5) { return 1.5707964 - (asin_of_small(x) + 4.371139e-8); }
  if (size <= 1.0) {
    let angle = 2.0 * asin_of_small(sqrt(0.5 * (1.0 - size)));
    return select(angle, 3.1415927 - (angle + 8.742278e-8), x < 0.0);
  }
  return nan();
}`,
  [asinOfSmall, nan],
);
