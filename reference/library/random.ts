/**
 * Random numbers from explicit keys, as JAX's: the same key gives the same numbers, on every backend. Uniform numbers,
 * integers and permutations equal JAX's bit for bit, the others up to the rounding of the functions they go through.
 *
 * @example
 * const [k1, k2] = np.unstack(random.split(random.key(0)));
 * random.normal(k1, [3]);
 */
import { shapeArgument, integer, arrayLike } from '../core/arguments.ts';
import { asArray } from '../core/convert.ts';
import { x64Enabled } from '../core/config.ts';
import {
  checkDType,
  defaultFloat,
  defaultInt,
  type DType,
  dtypes,
  finfo,
  iinfo,
  integerLimits,
  isComplex,
  isFloat,
  isInteger,
  partOf,
} from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError, ShapeError, refuseExtra, describe } from '../core/errors.ts';
import { hostScalar, numbers, type Shape, showAval, sizeOf } from '../core/host.ts';
import { type ArrayLike, NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { primitives } from '../primitives/index.ts';
import { erfInv } from './erf-inv.ts';
import { broadcastShape, broadcastShapes, canonicalAxis, inexact, promoteDtypes } from './numpy/arguments.ts';
import { arange, astype } from './numpy/creation.ts';
import { clip } from './numpy/elementwise.ts';
import { take } from './numpy/indexing.ts';
import { type BitWidth, checkKey, isPartitionable, randomBits, split, type StreamOptions } from './threefry.ts';

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

/** Random unsigned integers, each of their bits random: 32 of them, in 64-bit mode 64. */
export function bits(key: NDArray, shape: number | Shape = [], options: Sampling = {}, ...more: []): NDArray {
  refuseExtra(more, 'random.bits');
  const given = sampleOptions(options, SAMPLE, 'random.bits');
  const dtype = checkDType(given.dtype ?? (x64Enabled() ? 'uint64' : 'uint32'), 'random.bits: dtype');
  if (dtypes[dtype].kind !== 'uint')
    throw new DTypeError(`random.bits: dtype must be an unsigned integer, got ${dtype}`);
  return randomBits(checkKey(key, 'random.bits'), shapeArgument(shape, 'random.bits'), widthOf(dtype), given);
}

const widthOf = (dtype: DType): BitWidth => (8 * dtypes[dtype].bytes) as BitWidth;

/**
 * Multiples of 2⁻²³ (of 2⁻⁵² in float64, and so on) in [0, 1): the leading bits of each word as a fraction. JAX writes
 * them into the mantissa of a number in [1, 2) and subtracts 1, which is the same number.
 */
function fractions(key: NDArray, shape: Shape, dtype: DType, options: StreamOptions): NDArray {
  const bits = finfo(dtype).digits - 1;
  const drawn = bits < 8 ? 8 : widthOf(dtype); // as JAX does
  const leading = lax.div(randomBits(key, shape, drawn, options), 2 ** (drawn - bits));
  return lax.mul(lax.convertElementType(leading, dtype), 2 ** -bits);
}

export interface UniformOptions extends SampleOptions {
  readonly minval?: ArrayLike;
  readonly maxval?: ArrayLike;
}
/** Uniform in [minval, maxval), by default [0, 1). */
export function uniform(
  key: NDArray,
  shape: number | Shape = [],
  options: Sampling<UniformOptions> = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'random.uniform');
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
type Draw = (key: NDArray, shape: number | Shape, dtype: DType, options: StreamOptions) => NDArray;
const sampler =
  (name: string, draw: Draw): Sampler =>
  (key, shape = [], options = {}, ...more: []) => {
    refuseExtra(more, `random.${name}`);
    const given = sampleOptions(options, SAMPLE, `random.${name}`);
    return draw(
      checkKey(key, `random.${name}`),
      shapeArgument(shape, `random.${name}`),
      floatDtype(given.dtype, `random.${name}`),
      stream(given),
    );
  };

/** The float next to −1 on the side of 0. */
const aboveMinusOne = (dtype: DType): number => -1 + finfo(dtype).unitRoundoff;

const realNormal: Draw = (key, shape, dtype, options) =>
  lax.mul(erfInv(uniform(key, shape, { ...options, dtype, minval: aboveMinusOne(dtype) })), Math.SQRT2);

/** Normal with mean 0 and variance 1; of complex numbers each part has half of the variance. */
export function normal(key: NDArray, shape: number | Shape = [], options: Sampling = {}, ...more: []): NDArray {
  refuseExtra(more, 'random.normal');
  const given = sampleOptions(options, SAMPLE, 'random.normal');
  const k = checkKey(key, 'random.normal');
  const sizes = shapeArgument(shape, 'random.normal');
  const to = checkDType(given.dtype ?? defaultFloat(), 'random.normal: dtype');
  if (!isComplex(to)) return realNormal(k, shape, floatDtype(to, 'random.normal'), stream(given));
  const part = partOf(to);
  const [re, im] = twoKeys(k, given).map((one) => realNormal(one, sizes, part, stream(given)));
  return lax.div(lax.complex(re!, im!), Math.SQRT2);
}
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
  ...more: []
): NDArray {
  refuseExtra(more, 'random.truncatedNormal');
  const given = sampleOptions(options, SAMPLE, 'random.truncatedNormal');
  const dtype = floatDtype(given.dtype, 'random.truncatedNormal');
  checkKey(key, 'random.truncatedNormal');
  const sizes = shapeArgument(shape, 'random.truncatedNormal');
  for (const x of [lower, upper]) {
    if (typeof x !== 'number')
      throw new ArgumentError(`random.truncatedNormal: lower and upper must be numbers, got ${describe(x)}`);
  }
  const edge = (x: number): NDArray => lax.erf(lax.div(lax.full([], x, dtype), Math.SQRT2));
  const u = uniform(key, sizes, { ...stream(given), dtype, minval: edge(lower), maxval: edge(upper) });
  // Rounding must not push a number out of the open interval.
  return clip(lax.mul(erfInv(u), Math.SQRT2), nextAfter(lower, 1, dtype), nextAfter(upper, -1, dtype));
}

/** The float of `dtype` next to x in a direction. */
function nextAfter(x: number, direction: 1 | -1, dtype: DType): number {
  const [y] = primitives.nextafter.evaluate([hostScalar(dtype, x), hostScalar(dtype, direction * Infinity)], {});
  return numbers(y!)[0]!;
}

/** True with probability `p`, of `p`'s shape unless `shape` is given. */
export function bernoulli(
  key: NDArray,
  p: ArrayLike = 0.5,
  shape?: number | Shape | null,
  options: StreamOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'random.bernoulli');
  checkOptions(options, STREAM, 'random.bernoulli');
  checkKey(key, 'random.bernoulli');
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
  ...more: []
): NDArray {
  refuseExtra(more, 'random.randint');
  const given = sampleOptions(options, SAMPLE, 'random.randint');
  const dtype = checkDType(given.dtype ?? defaultInt(), 'random.randint: dtype');
  if (!isInteger(dtype)) throw new DTypeError(`random.randint: dtype must be an integer, got ${dtype}`);
  checkKey(key, 'random.randint');
  arrayLike(minval, 'random.randint: minval');
  arrayLike(maxval, 'random.randint: maxval');
  const sizes = shapeArgument(shape, 'random.randint');
  const width = widthOf(dtype);
  if (width < 32) {
    // Of few bits the remainder would be biased: sampled as int32, limits cut to what the dtype has.
    const { min, max } = iinfo(dtype);
    const least = lax.clamp(min, bound(minval, 'int32', sizes), max);
    const end = lax.clamp(min, bound(maxval, 'int32', sizes), max + 1);
    return lax.convertElementType(randint(key, sizes, least, end, { ...stream(given), dtype: 'int32' }), dtype);
  }
  const low = bound(minval, dtype, sizes);
  const high = bound(maxval, dtype, sizes);
  // Twice the bits that the dtype has, to make the remainder nearly unbiased.
  const [upper, lower] = twoKeys(checkKey(key, 'random.randint'), given).map((k) => randomBits(k, sizes, width, given));
  const empty = lax.le(high, low);
  const distance = lax.select(empty, 1, lax.convertElementType(lax.sub(high, low), `uint${width}`));
  // A limit above the largest integer was cut to it: the range is one longer (and may wrap to 0, which is 2ⁿ).
  const longer = lax.convertElementType(
    lax.bitwiseAnd(exceeds(maxval, dtype, sizes), lax.bitwiseNot(empty)),
    `uint${width}`,
  );
  const span = lax.add(distance, longer);
  const root = lax.rem(lax.fullLike(span, 2 ** (width / 2)), span);
  const multiplier = lax.rem(lax.mul(root, root), span);
  const offset = lax.rem(lax.add(lax.mul(lax.rem(upper!, span), multiplier), lax.rem(lower!, span)), span);
  return lax.add(low, lax.convertElementType(offset, dtype));
}

/** Whether a limit is above the largest integer of the dtype. */
function exceeds(limit: ArrayLike, dtype: DType, shape: Shape): NDArray {
  const { max } = integerLimits(dtype);
  if (!(limit instanceof NDArray)) return lax.full(shape, BigInt(limit) > max, 'bool');
  if (integerLimits(limit.dtype).max <= max) return lax.full(shape, false, 'bool');
  return broadcastShape(lax.gt(limit, lax.fullLike(limit, max)), shape, 'random.randint');
}

/** A limit in the dtype, cut to its range. */
function bound(limit: ArrayLike, dtype: DType, shape: Shape): NDArray {
  if (!(limit instanceof NDArray)) {
    if (!Number.isInteger(Number(limit)))
      throw new ArgumentError(`random.randint: limits must be integers, got ${limit}`);
    return lax.full(shape, within(BigInt(limit), dtype), dtype);
  }
  if (!isInteger(limit.dtype))
    throw new ArgumentError(`random.randint: limits must be integers, got ${showAval(limit.aval)}`);
  // The ends of the range, as far as the limit's own dtype has them.
  const { min, max } = integerLimits(dtype);
  const [low, high] = [min, max].map((end) => lax.fullLike(limit, within(end, limit.dtype)));
  return broadcastShape(astype(lax.clamp(low!, limit, high!), dtype), shape, 'random.randint');
}

function within(v: bigint, dtype: DType): bigint {
  const { min, max } = integerLimits(dtype);
  return v < min ? min : v > max ? max : v;
}

/** The two keys that a key splits into. */
const twoKeys = (key: NDArray, options: StreamOptions): [NDArray, NDArray] => {
  const keys = split(key, 2, stream(options));
  const one = (i: number): NDArray => lax.squeeze(lax.sliceInDim(keys, i, i + 1), [0]);
  return [one(0), one(1)];
};

/** The slices of an array along an axis, or the integers below a number, in random order. */
export function permutation(
  key: NDArray,
  x: number | NDArray,
  options: StreamOptions & { readonly axis?: number } = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'random.permutation');
  checkOptions(options, ['axis', ...STREAM], 'random.permutation');
  const array = typeof x === 'number' ? arange(integer(x, 'random.permutation: x')) : asArray(x, 'random.permutation');
  const axis = canonicalAxis(options.axis ?? 0, array.ndim, 'random.permutation');
  const size = array.shape[axis]!;
  // Sorting by random words; enough rounds of it that equal words do not matter.
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1));
  let order = arange(size);
  for (let round = 0, rest = checkKey(key, 'random.permutation'); round < rounds; round++) {
    const [next, now] = twoKeys(rest, options);
    order = lax.sort([randomBits(now, [size], 32, options), order], 0)[1]!;
    rest = next;
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
  ...more: []
): NDArray {
  refuseExtra(more, 'random.choice');
  checkOptions(options, ['replace', 'p', 'axis', ...STREAM], 'random.choice');
  const { replace = true, p, axis = 0 } = options;
  checkKey(key, 'random.choice');
  const sizes = shapeArgument(shape, 'random.choice');
  const array = typeof a === 'number' ? arange(integer(a, 'random.choice: a')) : asArray(a, 'random.choice');
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
  ...more: []
): NDArray {
  refuseExtra(more, 'random.categorical');
  checkOptions(options, ['axis', 'shape', ...STREAM], 'random.categorical');
  const given = typeof axis === 'number' ? { ...options, axis } : axis;
  checkOptions(given, ['axis', 'shape', ...STREAM], 'random.categorical');
  checkKey(key, 'random.categorical');
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
