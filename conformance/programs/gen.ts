/**
 * What `cases` and `breaks` of the primitives draw from: shapes of a class, and arrays in which the values that break
 * implementations are common (signed zeros, infinities, NaN, subnormals, extremes, ties).
 */
import { Arbitrary, type Random, Stream, Value } from 'fast-check';
import type * as FC from 'fast-check';
import {
  domainOf,
  type DType,
  dtypes,
  finfo,
  integerLimits,
  isComplex,
  isFloat,
  partOf,
} from '../../reference/core/dtypes.ts';
import {
  buildElements,
  type Complex,
  type Element,
  elementFrom,
  elements,
  type HostArray,
  rounder,
  sameElement,
  type Shape,
  sizeOf,
  storer,
} from '../../reference/core/host.ts';
import type { Gen, ShapeClass } from '../../reference/core/primitive.ts';

/** A range holds for both parts of complex numbers. */
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

/** One or two thousand elements, on both sides of the block sizes of kernels, and more than a running sum may have. */
const LARGE: readonly (readonly number[])[] = [[], [1217], [33, 65], [17, 8, 13], [5, 7, 9, 4]];

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
    const isLong = sizeOf(this.#shape) > 1024;
    const draw =
      isLong && isFloat(this.#dtype) && isUnbounded(this.#options) && random.nextInt(0, 1) === 0
        ? swampedDrawer(this.#dtype)
        : elementDrawer(this.#dtype, this.#options, random);
    return new Value(buildElements(this.#dtype, this.#shape, draw), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is HostArray {
    return typeof value === 'object' && value !== null && 'data' in value;
  }

  override shrink(value: HostArray): Stream<Value<HostArray>> {
    return new Stream(this.#simpler(value)).map((array) => new Value(array, undefined));
  }

  *#simpler(value: HostArray): IterableIterator<HostArray> {
    const size = sizeOf(value.shape);
    for (const simplify of simplifications(this.#dtype, this.#options)) {
      for (let step = size; step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
        for (let from = 0; from < size; from += step) {
          const next = simplified(value, from, Math.min(from + step, size), simplify);
          if (next !== null) yield next;
        }
      }
    }
  }
}

/** A simpler element; null: it is simple already. */
type Simplify = (element: Element) => Element | null;

/** To 0, to 1 (zeros stay), complex numbers to their real parts, as far as the range allows them. */
function simplifications(dtype: DType, { min = -Infinity, max = Infinity }: ArrayOptions): Simplify[] {
  const [zero, one] = [elementFrom(dtype, 0), elementFrom(dtype, 1)];
  const inRange = (v: number): boolean => v >= min && v <= max;
  const found: Simplify[] = [];
  if (inRange(0)) found.push((e) => (sameElement(e, zero) ? null : zero));
  if (inRange(1)) found.push((e) => (sameElement(e, zero) || sameElement(e, one) ? null : one));
  if (isComplex(dtype) && inRange(0)) {
    found.push((e) => (Object.is((e as Complex).im, 0) ? null : { re: (e as Complex).re, im: 0 }));
  }
  return found;
}

/** A copy whose elements [from, to) are simpler; null if none of them becomes so. */
function simplified(value: HostArray, from: number, to: number, simplify: Simplify): HostArray | null {
  const element = elements(value);
  const data = value.data.slice();
  const store = storer(value.dtype, data);
  let changed = false;
  for (let i = from; i < to; i++) {
    const simple = simplify(element(i));
    if (simple === null) continue;
    store(i, simple);
    changed = true;
  }
  return changed ? { ...value, data } : null;
}

const isUnbounded = ({ min, max }: ArrayOptions): boolean => min === undefined && max === undefined;

/** A one, and then numbers that leave it as it is when they are added one by one, though together they count. */
function swampedDrawer(dtype: DType): () => number {
  const small = rounder(dtype)(0.99 * finfo(dtype).unitRoundoff);
  let next = 1;
  return () => {
    const element = next;
    next = small;
    return element;
  };
}

/** Each array has a mood: plain, with one special value in ten, or mostly special. */
function elementDrawer(dtype: DType, options: ArrayOptions, random: Random): () => Element {
  const share = [0, 0, 0.1, 0.6][random.nextInt(0, 3)]!;
  if (!isComplex(dtype)) return realDrawer(dtype, options, share, random);
  const part = realDrawer(partOf(dtype), options, share, random);
  const { min = -Infinity, max = Infinity } = options;
  if (min > 0 || max < 0) return () => ({ re: part(), im: part() }) as Complex;
  const zero = (): number => (random.nextInt(0, 1) === 0 ? 0 : -0);
  return () => {
    const onAxis = random.nextInt(0, 5);
    return { re: onAxis === 0 ? zero() : part(), im: onAxis === 1 ? zero() : part() } as Complex;
  };
}

function realDrawer(dtype: DType, options: ArrayOptions, share: number, random: Random): () => number | bigint {
  const { kind } = dtypes[dtype];
  if (kind === 'bool') return () => random.nextInt(0, 1);
  const special = specialValues(dtype, options);
  const plain = plainDrawer(dtype, options, random);
  return () => {
    if (share > 0 && special.length > 0 && random.nextDouble() < share)
      return special[random.nextInt(0, special.length - 1)]!;
    return plain();
  };
}

function plainDrawer(dtype: DType, options: ArrayOptions, random: Random): () => number | bigint {
  if (isFloat(dtype)) return floatDrawer(dtype, options, random);
  const draw = intDrawer(dtype, options, random);
  return domainOf(dtype) === 'bigint' ? draw : () => Number(draw());
}

function specialValues(dtype: DType, options: ArrayOptions): (number | bigint)[] {
  const { values = 'any', min = -Infinity, max = Infinity } = options;
  if (!isFloat(dtype)) {
    const special = specialInts(dtype, options);
    return domainOf(dtype) === 'bigint' ? special : special.map(Number);
  }
  const ofRange = [min, max].filter(Number.isFinite);
  const bounded = min > -Infinity || max < Infinity;
  const fits = (v: number): boolean => (v >= min && v <= max) || (Number.isNaN(v) && !bounded);
  return [...specialFloats(dtype).filter(fits), ...ofRange].filter((v) => values === 'any' || Number.isFinite(v));
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

/** Ends, signs, bits that count as shifts, and what narrower types or doubles do not hold. */
function specialInts(dtype: DType, options: ArrayOptions): bigint[] {
  const limits = integerLimits(dtype);
  const { min, max } = integerRange(dtype, options);
  const powers = [5n, 8n, 16n, 24n, 31n, 32n, 53n, 63n].flatMap((n) => [2n ** n - 1n, 2n ** n, 2n ** n + 1n]);
  const all = [limits.min, limits.min + 1n, -1n, 0n, 1n, ...powers, limits.max - 1n, limits.max, min, max];
  return [...new Set(all)].filter((v) => v >= min && v <= max);
}

function integerRange(dtype: DType, { min = -Infinity, max = Infinity }: ArrayOptions): { min: bigint; max: bigint } {
  const limits = integerLimits(dtype);
  const [low, high] = [Number(limits.min), Number(limits.max)];
  return {
    min: min <= low ? limits.min : BigInt(Math.ceil(min)),
    max: max >= high ? limits.max : BigInt(Math.floor(max)),
  };
}

function floatDrawer(dtype: DType, { min = -Infinity, max = Infinity }: ArrayOptions, random: Random): () => number {
  const round = rounder(dtype);
  if (min > -Infinity || max < Infinity) {
    const low = Math.max(min, Math.min(-1e3, max - 1e3));
    const high = Math.min(max, Math.max(1e3, min + 1e3));
    // Rounding may step over an end of the range.
    return () => Math.max(min, Math.min(max, round(low + random.nextDouble() * (high - low))));
  }
  const sign = (): number => (random.nextInt(0, 1) === 0 ? 1 : -1);
  const reach = Math.min(20, Math.floor(Math.log2(finfo(dtype).max))); // float16 ends below 2¹⁶
  const draws = [
    () => random.nextInt(-16, 16) / 2, // ties of every rounding
    () => random.nextDouble() * 4 - 2,
    () => random.nextDouble() * 4 - 2,
    () => sign() * 2 ** ((random.nextDouble() * 2 - 1) * reach),
  ];
  return () => round(draws[random.nextInt(0, draws.length - 1)]!());
}

function intDrawer(dtype: DType, options: ArrayOptions, random: Random): () => bigint {
  const { min, max } = integerRange(dtype, options);
  const clip = (v: bigint): bigint => (v < min ? min : v > max ? max : v);
  const [smallMin, smallMax] = [clip(-9n), clip(9n)];
  return () => (random.nextInt(0, 2) > 0 ? random.nextBigInt(smallMin, smallMax) : random.nextBigInt(min, max));
}
