/** Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011). */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';

/** Four rounds. */
const mixed: WgslFunction = wgslFunction(`
fn threefry_mixed(x: vec2u, rotations: vec4u) -> vec2u {
  var a = x.x;
  var b = x.y;
  for (var i = 0u; i < 4u; i += 1u) {
    a += b;
    b = ((b << rotations[i]) | (b >> (32u - rotations[i]))) ^ a;
  }
  return vec2u(a, b);
}`);

/** Two words, encrypted under a key of two words. */
export const threefry: WgslFunction = wgslFunction(
  `
fn threefry(k1: u32, k2: u32, x1: u32, x2: u32) -> vec2u {
  let k3 = k1 ^ k2 ^ 0x1bd11bdau;
  let even = vec4u(13u, 15u, 26u, 6u);
  let odd = vec4u(17u, 29u, 16u, 24u);
  var x = vec2u(x1 + k1, x2 + k2);
  x = threefry_mixed(x, even) + vec2u(k2, k3 + 1u);
  x = threefry_mixed(x, odd) + vec2u(k3, k1 + 2u);
  x = threefry_mixed(x, even) + vec2u(k1, k2 + 3u);
  x = threefry_mixed(x, odd) + vec2u(k2, k3 + 4u);
  return threefry_mixed(x, even) + vec2u(k3, k1 + 5u);
}`,
  [mixed],
);

/** The two words as one. */
export const threefryJoined: WgslFunction = wgslFunction(
  `
fn threefry_joined(k1: u32, k2: u32, x1: u32, x2: u32) -> u32 {
  let words = threefry(k1, k2, x1, x2);
  return words.x ^ words.y;
}`,
  [threefry],
);
