/** The random bits of `lax`. */
import { checkOptions, refuseExtra } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';
import { apply } from './apply.ts';

/** The Threefry-2×32 block function (Salmon et al. 2011), elementwise on uint32 arrays. */
export function threefry2x32(
  key1: NDArray,
  key2: NDArray,
  x1: NDArray,
  x2: NDArray,
  ...more: []
): readonly [NDArray, NDArray] {
  refuseExtra(more, 'lax.threefry2x32');
  const [a, b] = bind(primitives.threefry2x32, [key1, key2, x1, x2], {});
  return [a!, b!];
}

export interface RandomBitsOptions {
  readonly bitWidth?: 8 | 16 | 32 | 64;
  /** Today's stream of JAX instead of that of 2019. */
  readonly partitionable?: boolean;
}
/** Random unsigned integers of `bitWidth` bits (32), of this shape for each of the keys `u32[…, 2]`. */
export function randomBits(keys: NDArray, shape: Shape, options: RandomBitsOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'lax.randomBits');
  checkOptions(options, ['bitWidth', 'partitionable'], 'lax.randomBits');
  const { bitWidth = 32, partitionable = false } = options;
  return apply('random_bits', [keys], { bit_width: bitWidth, shape, partitionable });
}
