/** Sine, cosine and tangent: the argument less a multiple of π/2, then polynomials on [−π/4, π/4]. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { nan, opaque } from './floats.ts';

/** The upper word of a product of a number of 24 bits and one of 32. */
const upperProduct: WgslFunction = wgslFunction(`
fn upper_product(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let other = (a & 0xffffu) * (b >> 16u);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u) + (((middle & 0xffffu) + (other & 0xffffu)) >> 16u);
}`);

/** 96 bits of 2/π from bit `start` on, a word of zeros being in front of it. */
const twoOverPi: WgslFunction = wgslFunction(`
fn two_over_pi(start: u32) -> vec3u {
  var words = array(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
  let at = start >> 5u;
  let places = vec3u(start & 31u);
  let w = vec4u(words[at], words[at + 1u], words[at + 2u], words[at + 3u]);
  return (w.xyz << places) | ((w.yzw >> vec3u(1u)) >> (vec3u(31u) - places));
}`);

/**
 * Payne and Hanek (Radian reduction for trigonometric functions, 1983), in fixed point: with |x| = m·2ᵉ, m an integer, only
 * 96 bits of 2/π decide |x|·2/π modulo 4 to 62 bits behind the point. No float32 is so near to a multiple of π/2 that less
 * than 30 of them are left.
 */
const restOfLarge: WgslFunction = wgslFunction(
  `
fn rest_of_large(x: f32) -> vec2f {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  let m = (bits & 0x7fffffu) | 0x800000u;
  let factor = two_over_pi((bits >> 23u) - 120u);
  let carried = upper_product(m, factor.z);
  let low = m * factor.y + carried;
  let high = m * factor.x + upper_product(m, factor.y) + select(0u, 1u, low < carried);
  let quarter = (high + 0x20000000u) >> 30u;
  // The rest as a fraction of π/2 in 64 bits, between −½ and ½.
  var upper = (high << 2u) | (low >> 30u);
  var lower = low << 2u;
  let is_below = (upper >> 31u) != 0u;
  if (is_below) {
    lower = ~lower + 1u;
    upper = ~upper + select(0u, 1u, lower == 0u);
  }
  let zeros = countLeadingZeros(upper);
  let leading = (upper << zeros) | ((lower >> 1u) >> (31u - zeros));
  let size = f32(i32(leading >> 1u)) * bitcast<f32>((127u - 31u - zeros) << 23u) * 1.5707964;
  return vec2f(select(size, -size, is_below), f32(quarter));
}`,
  [upperProduct, twoOverPi],
);

/** After Cody and Waite: three parts of π/2 of twelve bits each, whose products with k ≤ 2¹² are exact, and a fourth. */
const restOfModerate: WgslFunction = wgslFunction(
  `
fn rest_of_moderate(x: f32) -> vec2f {
  let k = round(x * 0.63661975);
  let rest = opaque(opaque(x - k * 1.5703125) - k * 0.0004837512969970703) - k * 7.549533620476723e-8;
  return vec2f(opaque(rest) - k * 2.563344e-12, k);
}`,
  [opaque],
);

/** |x| less a number of quarter turns, and that number. */
const quarterRest: WgslFunction = wgslFunction(
  `
fn quarter_rest(size: f32) -> vec2f {
  if (size < 6000.0) { return rest_of_moderate(size); }
  return rest_of_large(size);
}`,
  [restOfLarge, restOfModerate],
);

/** For |r| ≤ π/4. */
const sinOfRest: WgslFunction = wgslFunction(`
fn sin_of_rest(r: f32) -> f32 {
  let z = r * r;
  return r + r * z * (-0.16666667 + z * (0.00833338 + z * (-0.00019853511 + z * 2.837512e-6)));
}`);
const cosOfRest: WgslFunction = wgslFunction(`
fn cos_of_rest(r: f32) -> f32 {
  let z = r * r;
  return 1.0 - (0.5 * z - z * z * (0.041666646 + z * (-0.0013887301 + z * 2.4430668e-5)));
}`);

export const isNotFinite: WgslFunction = wgslFunction(`
fn is_not_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) >= 0x7f800000u; }`);

/** The sine and the cosine. */
export const sines: WgslFunction = wgslFunction(
  `
fn sines_of(x: f32) -> vec2f {
  if (is_not_finite(x)) { return vec2f(nan()); }
  let rest = quarter_rest(abs(x));
  let quarter = u32(rest.y);
  let s = sin_of_rest(rest.x);
  let c = cos_of_rest(rest.x);
  let turned = (quarter & 1u) == 1u;
  let sine = select(s, c, turned);
  let cosine = select(c, s, turned);
  return vec2f(
    select(sine, -sine, ((quarter & 2u) == 2u) != (x < 0.0)),
    select(cosine, -cosine, ((quarter + 1u) & 2u) == 2u));
}`,
  [nan, isNotFinite, quarterRest, sinOfRest, cosOfRest],
);

export const sin: WgslFunction = wgslFunction(
  `
fn sin_of(x: f32) -> f32 { return sines_of(x).x; }`,
  [sines],
);

export const cos: WgslFunction = wgslFunction(
  `
fn cos_of(x: f32) -> f32 { return sines_of(x).y; }`,
  [sines],
);

export const tan: WgslFunction = wgslFunction(
  `
fn tan_of(x: f32) -> f32 {
  let both = sines_of(x);
  return both.x / both.y;
}`,
  [sines],
);
