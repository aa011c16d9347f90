/**
 * Random numbers from explicit keys, as JAX's: the same key gives the same numbers, on every backend. Uniform numbers,
 * integers and permutations equal JAX's bit for bit, the others up to the rounding of the functions they go through.
 *
 * @example
 * const [k1, k2] = np.unstack(random.split(random.key(0)));
 * random.normal(k1, [3]);
 */
import { asArray } from '../core/convert.ts';
import { defaultFloat, checkDType, type DType, finfo, iinfo, isFloat, isInteger } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError, ShapeError } from '../core/errors.ts';
import { type Shape, showAval, sizeOf } from '../core/host.ts';
import { type ArrayLike, NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { erfInv } from './erf-inv.ts';
import {
  broadcastShape,
  broadcastShapes,
  canonicalAxis,
  inexact,
  promoteDtypes,
  shapeArgument,
} from './numpy/arguments.ts';
import { arange, astype } from './numpy/creation.ts';
import { clip } from './numpy/elementwise.ts';
import { take } from './numpy/indexing.ts';
import { bits32, bits64, checkKey, isPartitionable, split, type StreamOptions } from './threefry.ts';

export { foldIn, key, PRNGKey, split, type StreamOptions, useThreefryPartitionable } from './threefry.ts';

export interface SampleOptions extends StreamOptions {
  readonly dtype?: DType;
}
/** The last argument of every sampler: its options, or the dtype alone. */
type Sampling<O extends SampleOptions = SampleOptions> = O | DType;

const STREAM = ['threefryPartitionable'];
const SAMPLE = ['dtype', ...STREAM];

function sampleOptions<O extends SampleOptions>(
  given: Sampling<O>,
  known: readonly string[],
  where: string,
): Partial<O> {
  if (typeof given === 'string') return { dtype: given } as Partial<O>;
  checkOptions(given, known, where);
  return given;
}

function floatDtype(dtype: DType | undefined, where: string): DType {
  const to = checkDType(dtype ?? defaultFloat(), `${where}: dtype`);
  if (!isFloat(to)) throw new DTypeError(`${where}: dtype must be a float, got ${to}`);
  return to;
}

/** 32 random bits per element. */
export function bits(key: NDArray, shape: number | Shape = [], options: StreamOptions = {}): NDArray {
  checkOptions(options, STREAM, 'random.bits');
  return bits32(checkKey(key, 'random.bits'), shapeArgument(shape, 'random.bits'), isPartitionable(options));
}

/**
 * Multiples of 2⁻²³ (2⁻⁵² in float64) in [0, 1): the leading bits of each word as a fraction. JAX writes them into the
 * mantissa of a number in [1, 2) and subtracts 1, which is the same number.
 */
function fractions(key: NDArray, shape: Shape, dtype: DType, options: StreamOptions): NDArray {
  if (dtype === 'float32') {
    const leading = lax.div(bits32(key, shape, isPartitionable(options)), 2 ** 9);
    return lax.mul(lax.convertElementType(leading, dtype), 2 ** -23);
  }
  const [high, low] = bits64(key, shape, isPartitionable(options));
  const leading = lax.convertElementType(lax.div(low, 2 ** 12), dtype);
  return lax.mul(lax.add(lax.mul(lax.convertElementType(high, dtype), 2 ** 20), leading), 2 ** -52);
}

export interface UniformOptions extends SampleOptions {
  readonly minval?: ArrayLike;
  readonly maxval?: ArrayLike;
}
/** Uniform in [minval, maxval), by default [0, 1). */
export function uniform(key: NDArray, shape: number | Shape = [], options: Sampling<UniformOptions> = {}): NDArray {
  const given = sampleOptions<UniformOptions>(options, [...SAMPLE, 'minval', 'maxval'], 'random.uniform');
  const dtype = floatDtype(given.dtype, 'random.uniform');
  const sizes = shapeArgument(shape, 'random.uniform');
  const unit = fractions(checkKey(key, 'random.uniform'), sizes, dtype, given);
  const { minval = 0, maxval = 1 } = given;
  if (minval === 0 && maxval === 1) return unit;
  const [low, high] = [minval, maxval].map((x) =>
    broadcastShape(typeof x === 'object' ? astype(x, dtype) : lax.full([], x, dtype), sizes, 'random.uniform'),
  ) as [NDArray, NDArray];
  return lax.max(low, lax.add(lax.mul(unit, lax.sub(high, low)), low));
}

/** Uniform in the open interval (0, 1): what logarithms can take. */
const positiveUniform = (key: NDArray, shape: number | Shape, dtype: DType, options: StreamOptions): NDArray =>
  uniform(key, shape, { ...stream(options), dtype, minval: finfo(dtype).tiny });
const stream = (options: StreamOptions): StreamOptions => ({ threefryPartitionable: isPartitionable(options) });

/** A sampler of a distribution without parameters. */
type Sampler = (key: NDArray, shape?: number | Shape, options?: Sampling) => NDArray;
const sampler =
  (
    name: string,
    draw: (key: NDArray, shape: number | Shape, dtype: DType, options: StreamOptions) => NDArray,
  ): Sampler =>
  (key, shape = [], options = {}) => {
    const given = sampleOptions(options, SAMPLE, `random.${name}`);
    return draw(checkKey(key, `random.${name}`), shape, floatDtype(given.dtype, `random.${name}`), stream(given));
  };

/** The float next to −1 on the side of 0. */
const aboveMinusOne = (dtype: DType): number => -1 + finfo(dtype).unitRoundoff;

/** Normal with mean 0 and variance 1. */
export const normal: Sampler = sampler('normal', (key, shape, dtype, options) =>
  lax.mul(erfInv(uniform(key, shape, { ...options, dtype, minval: aboveMinusOne(dtype) })), Math.SQRT2),
);
/** Exponential with mean 1. */
export const exponential: Sampler = sampler('exponential', (key, shape, dtype, options) =>
  lax.neg(lax.log1p(lax.neg(uniform(key, shape, { ...options, dtype })))),
);
/** Gumbel: −log(−log u). */
export const gumbel: Sampler = sampler('gumbel', (key, shape, dtype, options) =>
  lax.neg(lax.log(lax.neg(lax.log(positiveUniform(key, shape, dtype, options))))),
);
/** Laplace with mean 0 and scale 1. */
export const laplace: Sampler = sampler('laplace', (key, shape, dtype, options) => {
  const u = uniform(key, shape, { ...options, dtype, minval: aboveMinusOne(dtype) });
  return lax.mul(lax.sign(u), lax.log1p(lax.neg(lax.abs(u))));
});
/** Logistic: log(u/(1 − u)). */
export const logistic: Sampler = sampler('logistic', (key, shape, dtype, options) => {
  const u = positiveUniform(key, shape, dtype, options);
  return lax.sub(lax.log(u), lax.log1p(lax.neg(u)));
});
/** Cauchy: tan(π(u − ½)). */
export const cauchy: Sampler = sampler('cauchy', (key, shape, dtype, options) => {
  const u = uniform(key, shape, { ...options, dtype, minval: 2 * finfo(dtype).unitRoundoff });
  return lax.tan(lax.mul(lax.sub(u, 0.5), Math.PI));
});

/** Normal, limited to the open interval (lower, upper). */
export function truncatedNormal(
  key: NDArray,
  lower: number,
  upper: number,
  shape: number | Shape = [],
  options: Sampling = {},
): NDArray {
  const given = sampleOptions(options, SAMPLE, 'random.truncatedNormal');
  const dtype = floatDtype(given.dtype, 'random.truncatedNormal');
  const edge = (x: number): NDArray => lax.erf(lax.div(lax.full([], x, dtype), Math.SQRT2));
  const u = uniform(key, shape, { ...stream(given), dtype, minval: edge(lower), maxval: edge(upper) });
  // Rounding must not push a number out of the open interval.
  return clip(lax.mul(erfInv(u), Math.SQRT2), nextAfter(lower, 1, dtype), nextAfter(upper, -1, dtype));
}

/** The float of `dtype` next to x in a direction: the next bit pattern, since those of each sign are in order. */
function nextAfter(x: number, direction: 1 | -1, dtype: DType): number {
  const value = dtype === 'float32' ? new Float32Array([x]) : new Float64Array([x]);
  if (!Number.isFinite(value[0])) return x;
  if (value[0] === 0) return direction * finfo(dtype).smallestSubnormal;
  const outwards = value[0]! > 0 === direction > 0;
  if (value instanceof Float32Array) new Int32Array(value.buffer)[0]! += outwards ? 1 : -1;
  else new BigInt64Array(value.buffer)[0]! += outwards ? 1n : -1n;
  return value[0]!;
}

/** True with probability `p`, of `p`'s shape unless `shape` is given. */
export function bernoulli(
  key: NDArray,
  p: ArrayLike = 0.5,
  shape?: number | Shape | null,
  options: StreamOptions = {},
): NDArray {
  checkOptions(options, STREAM, 'random.bernoulli');
  const [chance] = promoteDtypes([p], 'random.bernoulli', inexact) as [NDArray];
  const sizes = shape == null ? chance.shape : shapeArgument(shape, 'random.bernoulli');
  const u = uniform(key, sizes, { ...stream(options), dtype: chance.dtype });
  return lax.lt(u, broadcastShape(chance, sizes, 'random.bernoulli'));
}

/** Integers in [minval, maxval). Where maxval ≤ minval, minval. */
export function randint(
  key: NDArray,
  shape: number | Shape,
  minval: ArrayLike,
  maxval: ArrayLike,
  options: Sampling = {},
): NDArray {
  const given = sampleOptions(options, SAMPLE, 'random.randint');
  const dtype = checkDType(given.dtype ?? 'int32', 'random.randint: dtype');
  if (!isInteger(dtype)) throw new DTypeError(`random.randint: dtype must be an integer, got ${dtype}`);
  const sizes = shapeArgument(shape, 'random.randint');
  const low = bound(minval, dtype, sizes);
  const high = bound(maxval, dtype, sizes);
  // Twice the bits that the dtype has, to make the remainder nearly unbiased.
  const keys = split(checkKey(key, 'random.randint'), 2, stream(given));
  const [upper, lower] = [0, 1].map((i) =>
    bits32(lax.squeeze(lax.sliceInDim(keys, i, i + 1), [0]), sizes, isPartitionable(given)),
  );
  const empty = lax.le(high, low);
  const distance = lax.select(empty, 1, lax.convertElementType(lax.sub(high, low), 'uint32'));
  // A limit one above the largest integer was cut to it: the range is one longer (and may wrap to 0, which is 2³²).
  const span = exceeds(maxval, dtype) ? lax.add(distance, lax.select(empty, lax.zerosLike(distance), 1)) : distance;
  const root = lax.rem(lax.fullLike(span, 2 ** 16), span);
  const multiplier = lax.rem(lax.mul(root, root), span);
  const offset = lax.rem(lax.add(lax.mul(lax.rem(upper!, span), multiplier), lax.rem(lower!, span)), span);
  return lax.add(low, lax.convertElementType(offset, dtype));
}

const exceeds = (limit: ArrayLike, dtype: DType): boolean => typeof limit === 'number' && limit > iinfo(dtype).max;

/** A limit in the dtype, cut to its range. */
function bound(limit: ArrayLike, dtype: DType, shape: Shape): NDArray {
  const { min, max } = iinfo(dtype);
  if (!(limit instanceof NDArray)) {
    if (!Number.isInteger(Number(limit)))
      throw new ArgumentError(`random.randint: limits must be integers, got ${limit}`);
    return lax.full(shape, Math.min(max, Math.max(min, Number(limit))), dtype);
  }
  if (!isInteger(limit.dtype))
    throw new ArgumentError(`random.randint: limits must be integers, got ${showAval(limit.aval)}`);
  const within =
    limit.dtype === dtype
      ? limit
      : clip(limit, Math.max(min, iinfo(limit.dtype).min), Math.min(max, iinfo(limit.dtype).max));
  return broadcastShape(astype(within, dtype), shape, 'random.randint');
}

/** The slices of an array along an axis, or the integers below a number, in random order. */
export function permutation(
  key: NDArray,
  x: number | NDArray,
  options: StreamOptions & { readonly axis?: number } = {},
): NDArray {
  checkOptions(options, ['axis', ...STREAM], 'random.permutation');
  const array = typeof x === 'number' ? arange(x) : asArray(x, 'random.permutation');
  const axis = canonicalAxis(options.axis ?? 0, array.ndim, 'random.permutation');
  const size = array.shape[axis]!;
  // Sorting by random words; enough rounds of it that equal words do not matter.
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1));
  let order = arange(size);
  for (let round = 0, rest = checkKey(key, 'random.permutation'); round < rounds; round++) {
    const keys = split(rest, 2, stream(options));
    const word = bits32(lax.squeeze(lax.sliceInDim(keys, 1, 2), [0]), [size], isPartitionable(options));
    rest = lax.squeeze(lax.sliceInDim(keys, 0, 1), [0]);
    order = lax.sort([word, order], 0)[1]!;
  }
  return take(array, order, axis);
}

export interface ChoiceOptions extends StreamOptions {
  /** The same element may be drawn again (true). */
  readonly replace?: boolean;
  /** The probability of each element; equal if left out. */
  readonly p?: NDArray;
  readonly axis?: number;
}
/** Random elements of an array, or integers below a number. */
export function choice(
  key: NDArray,
  a: number | NDArray,
  shape: number | Shape = [],
  options: ChoiceOptions = {},
): NDArray {
  checkOptions(options, ['replace', 'p', 'axis', ...STREAM], 'random.choice');
  const { replace = true, p, axis = 0 } = options;
  const sizes = shapeArgument(shape, 'random.choice');
  const array = typeof a === 'number' ? arange(a) : a;
  const at = canonicalAxis(axis, array.ndim, 'random.choice');
  const [inputs, draws] = [array.shape[at]!, sizeOf(sizes)];
  if (draws > 0 && inputs === 0) throw new ArgumentError('random.choice: nothing to choose from');
  if (replace) {
    const index =
      p === undefined ? randint(key, sizes, 0, inputs, stream(options)) : weighted(key, p, inputs, sizes, options);
    return take(array, index, at);
  }
  if (p !== undefined) throw new ArgumentError('random.choice: p needs replace: true');
  if (draws > inputs)
    throw new ArgumentError(`random.choice: cannot draw ${draws} of ${inputs} elements without replacement`);
  const shuffled = lax.sliceInDim(permutation(key, array, { ...stream(options), axis: at }), 0, draws, 1, at);
  return lax.reshape(shuffled, [...array.shape.slice(0, at), ...sizes, ...array.shape.slice(at + 1)]);
}

/** Positions in the running sum of the probabilities. */
function weighted(key: NDArray, p: NDArray, inputs: number, shape: Shape, options: StreamOptions): NDArray {
  if (p.ndim !== 1 || p.shape[0] !== inputs)
    throw new ShapeError(`random.choice: p must be a vector of ${inputs}, got ${showAval(p.aval)}`);
  const [weights] = promoteDtypes([p], 'random.choice', inexact) as [NDArray];
  const sums = lax.cumsum(weights, 0);
  const total = lax.squeeze(lax.sliceInDim(sums, inputs - 1, inputs), [0]);
  const u = uniform(key, shape, { ...stream(options), dtype: weights.dtype });
  const point = lax.mul(lax.broadcastInDim(total, shape, []), lax.sub(1, u));
  const wide = [...shape, inputs];
  const below = lax.lt(lax.broadcastInDim(sums, wide, [shape.length]), lax.broadcastInDim(point, wide, shape.map((_, d) => d))); // prettier-ignore
  return lax.reduceSum(lax.convertElementType(below, 'int32'), [shape.length]);
}

export interface CategoricalOptions extends StreamOptions {
  readonly axis?: number;
  readonly shape?: Shape;
}
/** Indices drawn with probabilities softmax(logits) along an axis (the last one), by the Gumbel maximum. */
export function categorical(
  key: NDArray,
  logits: ArrayLike,
  axis: number | CategoricalOptions = -1,
  options: CategoricalOptions = {},
): NDArray {
  const given = typeof axis === 'number' ? { ...options, axis } : axis;
  checkOptions(given, ['axis', 'shape', ...STREAM], 'random.categorical');
  const [scores] = promoteDtypes([logits], 'random.categorical', inexact) as [NDArray];
  const at = canonicalAxis(given.axis ?? -1, scores.ndim, 'random.categorical');
  const batch = scores.shape.filter((_, d) => d !== at);
  const shape = given.shape ?? batch;
  if (broadcastShapes([shape, batch], 'random.categorical').join() !== shape.join()) {
    throw new ShapeError(
      `random.categorical: shape [${shape.join(',')}] does not hold the batch [${batch.join(',')}] of the logits`,
    );
  }
  const lead = shape.length - batch.length;
  const wide = [...shape.slice(0, lead + at), scores.shape[at]!, ...shape.slice(lead + at)];
  const noise = gumbel(key, wide, { ...stream(given), dtype: scores.dtype });
  return lax.argmax(lax.add(noise, broadcastShape(scores, wide, 'random.categorical')), lead + at);
}
