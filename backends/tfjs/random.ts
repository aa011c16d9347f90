/** Random bits. The engines have no shifts: left is a product, right a quotient. */
import { gap } from '../../reference/core/backend.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { flat } from './kernels.ts';
import type { Part } from './lowering.ts';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
/** Of the key schedule (Salmon et al. 2011). */
const PARITY = 0x1bd11bda;

/** A power of two times an int32 is exact on the cpu engine too. */
const rotateLeft = (k: Kernels, x: Tensor, places: number): Tensor =>
  k.add(k.mul(x, k.like(x, 2 ** places)), k.shiftRight(x, 32 - places));

const mix = (k: Kernels, a: Tensor, b: Tensor, places: number): Tensor =>
  k.tidy(() => k.bitXor(rotateLeft(k, b, places), a));

function threefry(k: Kernels, [k1, k2, x1, x2]: readonly Tensor[]): readonly Tensor[] {
  const keys = [k1!, k2!, k.bitXor(k.bitXor(k1!, k2!), k.like(k1!, PARITY))];
  let a = k.add(x1!, k1!);
  let b = k.add(x2!, k2!);
  for (let round = 0; round < ROUNDS; round++) {
    a = k.add(a, b);
    b = mix(k, a, b, ROTATIONS[round % 8]!);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = k.add(a, keys[injection % 3]!);
      b = k.add(k.add(b, keys[(injection + 1) % 3]!), k.like(b, injection));
    }
  }
  return [a, b];
}

export const random: Part<'threefry2x32' | 'random_bits'> = {
  threefry2x32: (k, operands) => threefry(k, operands.map(flat)),
  random_bits: gap('no lowering: etalon/random makes its bits of threefry2x32'),
};
