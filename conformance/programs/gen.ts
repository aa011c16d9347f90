/**
 * What `cases` and `breaks` of the primitives draw from: shapes of a class, and arrays in which the values that break
 * implementations are common (signed zeros, infinities, NaN, subnormals, extremes, ties).
 */
import { Arbitrary, type Random, Stream, Value } from 'fast-check';
import type * as FC from 'fast-check';
import { type DType, dtypes, finfo, iinfo } from '../../reference/core/dtypes.ts';
import {
  allocate,
  type HostArray,
  hostArray,
  numbers,
  type NumberData,
  type Shape,
  sizeOf,
} from '../../reference/core/host.ts';
import type { Gen, ShapeClass } from '../../reference/core/primitive.ts';

export interface ArrayOptions {
  readonly values?: 'any' | 'finite';
  readonly min?: number;
  readonly max?: number;
}

/** The generators for one cell. */
export const makeGen = (fc: typeof FC.default, dtype: DType, shapeClass: ShapeClass): Gen => ({
  fc,
  dtype,
  shapeClass,
  shape: ({ minRank = 0, maxRank = 3 } = {}) => shapes(fc, shapeClass, minRank, Math.max(minRank, maxRank)),
  array: (of, shape, options = {}) => new ArrayArbitrary(of, shape, options),
});

/**
 * Shapes of a class with minRank ≤ rank ≤ maxRank. Where the class has no shape of such a rank the nearest kin is
 * drawn: a "scalar" of rank 1 is [1], an "empty" one of rank 0 is [].
 */
function shapes(
  fc: typeof FC.default,
  shapeClass: ShapeClass,
  minRank: number,
  maxRank: number,
): FC.Arbitrary<number[]> {
  const dims = (least: number, ...sizes: number[]): FC.Arbitrary<number[]> =>
    fc.array(fc.constantFrom(...sizes), {
      minLength: Math.min(Math.max(minRank, least), maxRank),
      maxLength: maxRank,
      size: 'max',
    });
  const withOne = (arb: FC.Arbitrary<number[]>, size: number): FC.Arbitrary<number[]> =>
    fc
      .tuple(arb, fc.nat(maxRank))
      .map(([shape, at]) => (shape.length === 0 ? shape : shape.with(at % shape.length, size)));
  switch (shapeClass) {
    case 'scalar':
      return fc.constant(new Array<number>(minRank).fill(1));
    case 'singleton':
      return dims(1, 1);
    case 'empty':
      return withOne(dims(1, 1, 2, 3), 0);
    case 'odd':
      return dims(1, 3, 5, 7, 2);
    case 'broadcast':
      return withOne(dims(2, 1, 2, 3, 4), 1);
    case 'large':
      return largeShapes(fc, minRank, maxRank);
  }
}

/** One or two thousand elements, on both sides of the block sizes of kernels. */
const LARGE: readonly (readonly number[])[] = [[], [1025], [33, 65], [17, 8, 13], [5, 7, 9, 4]];

function largeShapes(fc: typeof FC.default, minRank: number, maxRank: number): FC.Arbitrary<number[]> {
  const least = Math.min(Math.max(minRank, 1), maxRank);
  return fc.integer({ min: least, max: Math.max(least, Math.min(maxRank, 4)) }).map((rank) => {
    const known = LARGE[Math.min(rank, LARGE.length - 1)]!;
    return [...new Array<number>(rank - known.length).fill(1), ...known];
  });
}

/**
 * Arrays of one type. It generates in one loop, since arrays of combined arbitraries cost microseconds per element, and
 * shrinks towards ones and zeros: everything at once, then halves, then single elements.
 */
class ArrayArbitrary extends Arbitrary<HostArray> {
  readonly #dtype: DType;
  readonly #shape: Shape;
  readonly #options: ArrayOptions;

  constructor(dtype: DType, shape: Shape, options: ArrayOptions) {
    super();
    this.#dtype = dtype;
    this.#shape = shape;
    this.#options = options;
  }

  override generate(random: Random): Value<HostArray> {
    const draw = elementDrawer(this.#dtype, this.#options, random);
    const data = allocate(this.#dtype, sizeOf(this.#shape));
    for (let i = 0; i < data.length; i++) data[i] = draw();
    return new Value({ shape: this.#shape, dtype: this.#dtype, data }, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is HostArray {
    return typeof value === 'object' && value !== null && 'data' in value;
  }

  override shrink(value: HostArray): Stream<Value<HostArray>> {
    return new Stream(this.#simpler(value)).map((array) => new Value(array, undefined));
  }

  *#simpler(value: HostArray): IterableIterator<HostArray> {
    const data = numbers(value);
    for (const simple of this.#simpleValues()) {
      for (let step = data.length; step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
        for (let from = 0; from < data.length; from += step) {
          const next = simplified(data, from, from + step, simple);
          if (next !== null) yield { ...value, data: next };
        }
      }
    }
  }

  /** 0 and 1, as far as the range allows them. */
  #simpleValues(): number[] {
    const { min = -Infinity, max = Infinity } = this.#options;
    return [0, 1].filter((v) => v >= min && v <= max);
  }
}

/** A copy with data[from, to) replaced; null if that makes nothing simpler. Zeros are not turned into ones. */
function simplified(data: NumberData, from: number, to: number, simple: number): NumberData | null {
  const complex = (v: number): boolean => !Object.is(v, simple) && !Object.is(v, 0);
  if (!data.subarray(from, to).some(complex)) return null;
  const copy = data.slice();
  for (let i = from; i < Math.min(to, data.length); i++) if (complex(copy[i]!)) copy[i] = simple;
  return copy;
}

/** Draws the elements of one array. Each array has a mood: plain, with one special value in ten, or mostly special. */
function elementDrawer(dtype: DType, options: ArrayOptions, random: Random): () => number {
  const { kind } = dtypes[dtype];
  if (kind === 'bool') return () => random.nextInt(0, 1);
  const special = specialValues(dtype, options);
  const plain = kind === 'float' ? floatDrawer(dtype, options, random) : intDrawer(dtype, options, random);
  const share = [0, 0, 0.1, 0.6][random.nextInt(0, 3)]!;
  return () => {
    if (share > 0 && special.length > 0 && random.nextDouble() < share)
      return special[random.nextInt(0, special.length - 1)]!;
    return plain();
  };
}

function specialValues(dtype: DType, { values = 'any', min = -Infinity, max = Infinity }: ArrayOptions): number[] {
  const ofRange = [min, max].filter(Number.isFinite);
  const all = dtypes[dtype].kind === 'float' ? specialFloats(dtype) : specialInts(dtype);
  const bounded = min > -Infinity || max < Infinity;
  const fits = (v: number): boolean => (v >= min && v <= max) || (Number.isNaN(v) && !bounded);
  return [...all.filter(fits), ...ofRange].filter((v) => values === 'any' || Number.isFinite(v));
}

function specialFloats(dtype: DType): number[] {
  const { max, tiny, smallestSubnormal, unitRoundoff } = finfo(dtype);
  const magnitudes = [
    0,
    smallestSubnormal,
    tiny / 2,
    tiny,
    0.5,
    1,
    1 + 2 * unitRoundoff,
    1.5,
    2.5,
    1 / unitRoundoff,
    max,
    Infinity,
  ];
  return [NaN, ...magnitudes.flatMap((v) => [v, -v])];
}

function specialInts(dtype: DType): number[] {
  const { min, max } = iinfo(dtype);
  return [...new Set([min, min + 1, min === 0 ? 0 : -1, 0, 1, 31, 32, 65535, 65536, 2 ** 24 + 1, max - 1, max])];
}

function floatDrawer(dtype: DType, { min = -Infinity, max = Infinity }: ArrayOptions, random: Random): () => number {
  if (min > -Infinity || max < Infinity) {
    const low = Math.max(min, Math.min(-1e3, max - 1e3));
    const high = Math.min(max, Math.max(1e3, min + 1e3));
    return () => within(dtype, low + random.nextDouble() * (high - low), min, max);
  }
  const sign = (): number => (random.nextInt(0, 1) === 0 ? 1 : -1);
  const draws = [
    () => random.nextInt(-16, 16) / 2, // ties of every rounding
    () => random.nextDouble() * 4 - 2,
    () => random.nextDouble() * 4 - 2,
    () => sign() * 2 ** (random.nextDouble() * 40 - 20),
  ];
  return () => rounded(dtype, draws[random.nextInt(0, draws.length - 1)]!());
}

const rounded = (dtype: DType, v: number): number =>
  dtype === 'float64' ? v : (hostArray(dtype, [], [v]).data[0] as number);

/** Rounding may step over an end of the range. */
function within(dtype: DType, v: number, min: number, max: number): number {
  const near = rounded(dtype, v);
  if (near < min) return min;
  return near > max ? max : near;
}

function intDrawer(dtype: DType, options: ArrayOptions, random: Random): () => number {
  const limits = iinfo(dtype);
  const min = Math.ceil(Math.max(limits.min, options.min ?? -Infinity));
  const max = Math.floor(Math.min(limits.max, options.max ?? Infinity));
  const smallMin = Math.max(min, Math.min(-9, max));
  const smallMax = Math.min(max, Math.max(9, min));
  return () => (random.nextInt(0, 2) > 0 ? random.nextInt(smallMin, smallMax) : random.nextInt(min, max));
}
