/** Arrays that benchmarks compute with: random, and the same in every run. */
import type { HostArray, Shape } from '../../../reference/core/host.ts';
import { sizeOf } from '../../../reference/core/host.ts';

/** Numbers in [0, 1): 24 bits of a linear congruential generator (Numerical Recipes, 2nd edition, §7.1). */
function random(shape: Shape, seed: number, number: (u: number) => number): HostArray {
  const data = new Float32Array(sizeOf(shape));
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = number((state >>> 8) / 2 ** 24);
  }
  return { dtype: 'float32', shape, data };
}

export const uniform = (shape: Shape, seed: number, low: number = -1, high: number = 1): HostArray =>
  random(shape, seed, (u) => low + u * (high - low));

/** −1, 0 and 1, a quarter of them not 0: up to 2²⁶ of them have sums that float32 holds, in any order. */
export const integers = (shape: Shape, seed: number): HostArray =>
  random(shape, seed, (u) => (u < 1 / 8 ? -1 : u < 1 / 4 ? 1 : 0));

export const scaled = (x: HostArray, factor: number): HostArray => ({
  ...x,
  data: (x.data as Float32Array).map((v) => v * factor),
});

/** The sum of numbers that are exactly summed in any order. */
export const total = ({ data }: HostArray): HostArray => {
  let sum = 0;
  for (const v of data as Float32Array) sum += v;
  return { dtype: 'float32', shape: [], data: Float32Array.of(sum) };
};
