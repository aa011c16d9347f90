/**
 * Keys and random bits, bit for bit as JAX's threefry2x32 generator makes them. There are two streams: that of 2019,
 * which JAX's README printed and which is the default here, and today's ("partitionable"), in which every bit depends
 * on its own position only (spec/random.md).
 */
import { shapeArgument, boolean } from '../core/arguments.ts';
import { ConcreteArray } from '../core/array.ts';
import { asArray } from '../core/convert.ts';
import { x64Enabled } from '../core/config.ts';
import { ArgumentError, refuseExtra, checkOptions, describe } from '../core/errors.ts';
import { type Shape, showAval, sizeOf } from '../core/host.ts';
import { type ArrayLike, NDArray } from '../core/ndarray.ts';
import { SourceLocation } from '../core/source.ts';
import * as lax from '../lax.ts';
import { checkIntegers } from './numpy/arguments.ts';

export interface StreamOptions {
  /** Today's stream instead of that of 2019; without it, what `useThreefryPartitionable` last said. */
  readonly threefryPartitionable?: boolean;
}

let partitionableByDefault = false;

/**
 * Chooses the stream of every later call that does not choose itself, as JAX's `jax_threefry_partitionable` does.
 * Functions that jit has traced already keep theirs.
 */
export function useThreefryPartitionable(on: boolean = true, ...more: []): void {
  refuseExtra(more, 'random.useThreefryPartitionable');
  partitionableByDefault = boolean(on, 'random.useThreefryPartitionable: on');
}
export const isPartitionable = (options: StreamOptions): boolean =>
  options.threefryPartitionable ?? partitionableByDefault;

/**
 * A key from an integer seed: its high and low 32 bits, as `uint32[2]`. Without 64-bit mode the high bits are 0, as in
 * JAX, so that a seed gives one stream in every program.
 */
export function key(seed: number | bigint | NDArray, ...more: []): NDArray {
  refuseExtra(more, 'random.key');
  if (seed instanceof NDArray) {
    if (seed.ndim !== 0)
      throw new ArgumentError(
        `random.key: the seed must be a scalar, got ${showAval(seed.aval)}; use vmap for several`,
      );
    const low = lax.convertElementType(checkIntegers(seed, 'random.key'), 'uint32');
    return pair(lax.full([], 0, 'uint32'), low);
  }
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new ArgumentError(
      `random.key: the seed must be an integer below 2^53, got ${seed}; larger ones can be bigints`,
    );
  }
  if (typeof seed !== 'number' && typeof seed !== 'bigint')
    throw new ArgumentError(`random.key: the seed must be an integer, got ${describe(seed)}`);
  const bits = BigInt.asUintN(x64Enabled() ? 64 : 32, BigInt(seed));
  const words = Uint32Array.of(Number(bits >> 32n), Number(bits & 0xffffffffn));
  return ConcreteArray.fromHost({ dtype: 'uint32', shape: [2], data: words }); // it follows what it is used with
}
/** The name that `key` had first. */
export const PRNGKey: typeof key = key;

const pair = (high: NDArray, low: NDArray): NDArray =>
  lax.concatenate([lax.reshape(high, [1]), lax.reshape(low, [1])], 0);

/** @throws ArgumentError if `x` is not one key */
export function checkKey(x: unknown, where: string): NDArray {
  if (x instanceof NDArray && x.dtype === 'uint32' && x.shape.length === 1 && x.shape[0] === 2) return x;
  const got = x instanceof NDArray ? showAval(x.aval) : describe(x);
  throw new ArgumentError(
    `${where}: expected a key, u32[2], got ${got}; make one with random.key(seed), use vmap for several`,
  );
}

/** Threefry of two arrays of counts under one key. */
function threefry(k: NDArray, high: NDArray, low: NDArray): readonly [NDArray, NDArray] {
  const [k1, k2] = [0, 1].map((i) => lax.broadcastInDim(lax.squeeze(lax.sliceInDim(k, i, i + 1), [0]), high.shape, []));
  return lax.threefry2x32(k1!, k2!, high, low);
}

/** The 2019 layout: the first half of the counts with the second half, a zero making an odd number even. */
function threefryHalves(k: NDArray, counts: NDArray): NDArray {
  const n = counts.size;
  const even = n % 2 === 0 ? counts : lax.concatenate([counts, lax.full([1], 0, 'uint32')], 0);
  const half = even.size / 2;
  const words = lax.concatenate(threefry(k, lax.sliceInDim(even, 0, half), lax.sliceInDim(even, half, even.size)), 0);
  return n % 2 === 0 ? words : lax.sliceInDim(words, 0, n);
}

/** Today's layout: 64 bits for each position, from its number. */
function threefryAt(k: NDArray, shape: Shape): readonly [NDArray, NDArray] {
  const position = lax.reshape(lax.iota('uint32', sizeOf(shape)), shape);
  return threefry(k, lax.zerosLike(position), position);
}

export type BitWidth = 8 | 16 | 32 | 64;

/** Random unsigned integers. Words come of threefry2x32, since some backends compute nothing narrower or wider. */
export const randomBits = (k: NDArray, shape: Shape, bitWidth: BitWidth, options: StreamOptions): NDArray =>
  SourceLocation.as('random.bits', () => drawBits(k, shape, bitWidth, options));

function drawBits(k: NDArray, shape: Shape, bitWidth: BitWidth, options: StreamOptions): NDArray {
  const partitionable = isPartitionable(options);
  if (bitWidth !== 32) return lax.randomBits(k, shape, { bitWidth, partitionable });
  if (partitionable) return lax.bitwiseXor(...threefryAt(k, shape));
  return lax.reshape(threefryHalves(k, lax.iota('uint32', sizeOf(shape))), shape);
}

/** New keys from a key: `num` of them along a first axis. The old one should not be used again. */
export function split(k: NDArray, num: number | Shape = 2, options: StreamOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'random.split');
  checkOptions(options, ['threefryPartitionable'], 'random.split');
  checkKey(k, 'random.split');
  const shape = shapeArgument(num, 'random.split');
  return SourceLocation.as('random.split', () => splitInto(k, shape, options));
}

function splitInto(k: NDArray, shape: Shape, options: StreamOptions): NDArray {
  if (!isPartitionable(options)) {
    return lax.reshape(threefryHalves(k, lax.iota('uint32', 2 * sizeOf(shape))), [...shape, 2]);
  }
  const words = threefryAt(k, shape).map((w) => lax.expandDims(w, [shape.length]));
  return lax.concatenate(words, shape.length);
}

/** The role of equations that make a key of a key without using it up. */
export const FOLD_IN = 'random.foldIn';

/** A key from a key and an integer: for each integer another one. */
export function foldIn(k: NDArray, data: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'random.foldIn');
  checkKey(k, 'random.foldIn');
  const value =
    typeof data === 'number'
      ? lax.full([], data, 'uint32')
      : checkIntegers(asArray(data, 'random.foldIn'), 'random.foldIn');
  if (value.ndim !== 0)
    throw new ArgumentError(
      `random.foldIn: the data must be a scalar, got ${showAval(value.aval)}; use vmap for several`,
    );
  return SourceLocation.as(FOLD_IN, () => threefryHalves(k, key(value)));
}
