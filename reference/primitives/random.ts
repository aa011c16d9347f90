/**
 * Random bits: threefry2x32 and random_bits (spec/primitives/random.md).
 */
import { type DType, INTEGERS } from '../core/dtypes.ts';
import { allocate, buildElements, type Element, numbers, sameShape, type Shape, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { definePrimitive, type Gen } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { checkSizes, inFront, NATURALS } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { type Defined, exact, type NoParams, showAvals } from './elementwise.ts';

const UINT32 = ['uint32'] as const;
const four = ['k1', 'k2', 'x1', 'x2'].map((name) => ({ name, dtypes: UINT32 }));

/** Left rotations of the eight rounds that repeat. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
/** The parity constant of the key schedule: Skein's, its lower half (Salmon et al. 2011). */
const PARITY = 0x1bd11bda;

/** One block: two words encrypted under a key of two words. */
function block(k1: number, k2: number, x1: number, x2: number): readonly [number, number] {
  const keys = [k1, k2, k1 ^ k2 ^ PARITY];
  let a = (x1 + k1) | 0;
  let b = (x2 + k2) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const r = ROTATIONS[round % 8]!;
    a = (a + b) | 0;
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = (a + keys[injection % 3]!) | 0;
      b = (b + keys[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [a, b];
}

export const threefry2x32: Defined<'threefry2x32', NoParams, 'C1'> = definePrimitive({
  name: 'threefry2x32',
  spec: 'spec/primitives/random.md#threefry2x32',
  operands: four,
  params: {},
  dtypes: UINT32,
  constraints: {
    C1: (xs) =>
      xs.every((x) => sameShape(x.shape, xs[0]!.shape)) || `the operands must have one shape, got ${showAvals(xs)}`,
  },
  infer: ([x]) => [x!, x!],
  evaluate(xs) {
    const { shape, dtype } = xs[0]!;
    const [k1, k2, x1, x2] = xs.map(numbers);
    const first = allocate(dtype, sizeOf(shape));
    const second = allocate(dtype, sizeOf(shape));
    for (let i = 0; i < first.length; i++) [first[i], second[i]] = block(k1![i]!, k2![i]!, x1![i]!, x2![i]!);
    return [
      { shape, dtype, data: first },
      { shape, dtype, data: second },
    ];
  },
  differentiate: { zero: 'integers have no tangents' },
  batch: 'elementwise',
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen.shape().chain((s) =>
      call(
        gen,
        four.map(() => ['uint32', s] as const),
        {},
      ),
    ),
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((s) =>
        call(
          gen,
          four.map((_, i) => ['uint32', i === 3 ? [...s, 2] : s] as const),
          {},
        ),
      ),
  },
});

// ---- random_bits

const BIT_WIDTHS = [8, 16, 32, 64] as const;

export interface RandomBitsParams {
  readonly bit_width: (typeof BIT_WIDTHS)[number];
  /** The shape for one key. */
  readonly shape: Shape;
  /** Today's stream of JAX instead of that of 2019. */
  readonly partitionable: boolean;
}

const bitsType = (p: RandomBitsParams): DType => `uint${p.bit_width}`;

/** The first n words of the stream of 2019: the counters 0 … n − 1, and a 0 if n is odd, encrypted in two halves. */
function words(k1: number, k2: number, n: number): Uint32Array {
  const half = Math.ceil(n / 2);
  const result = new Uint32Array(2 * half);
  for (let i = 0; i < half; i++) {
    [result[i], result[half + i]] = block(k1, k2, i, half + i < n ? half + i : 0);
  }
  return result.subarray(0, n);
}

const pairOf = (high: number, low: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** The bits of element i in the stream of 2019, of which `size` elements are wanted. */
function original(k1: number, k2: number, size: number, width: number): (i: number) => Element {
  const stream = words(k1, k2, Math.ceil((size * width) / 32));
  if (width === 64) return (i) => pairOf(stream[i]!, stream[size + i]!);
  if (width === 32) return (i) => stream[i]!;
  // Each word is cut in elements, its lower bits first.
  const perWord = 32 / width;
  return (i) => stream[Math.floor(i / perWord)]! >>> (width * (i % perWord)); // storing keeps the last bits
}

/** The bits of element i in today's stream, which depend on i alone. */
function partitionable(k1: number, k2: number, width: number): (i: number) => Element {
  return (i) => {
    const [high, low] = block(k1, k2, Math.floor(i / 2 ** 32), i);
    return width === 64 ? pairOf(high, low) : high ^ low;
  };
}

export const randomBits: Defined<'random_bits', RandomBitsParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'random_bits',
  spec: 'spec/primitives/random.md#random_bits',
  operands: [{ name: 'keys', dtypes: UINT32 }],
  params: { bit_width: { enum: BIT_WIDTHS }, shape: NATURALS, partitionable: { type: 'boolean' } },
  dtypes: UINT32,
  constraints: {
    C1: ([keys]) => keys!.shape.at(-1) === 2 || `keys must have a last axis of size 2, got ${showAvals([keys!])}`,
    C2: (_, p) =>
      BIT_WIDTHS.includes(p.bit_width) || `bit_width must be one of ${BIT_WIDTHS.join(', ')}, got ${p.bit_width}`,
    C3: (_, p) => checkSizes('shape', p.shape),
  },
  infer: ([keys], p) => [{ shape: [...keys!.shape.slice(0, -1), ...p.shape], dtype: bitsType(p), weak: false }],
  evaluate([keys], p) {
    const size = sizeOf(p.shape);
    const data = numbers(keys!);
    const streams = Array.from({ length: data.length / 2 }, (_, k) => {
      const [k1, k2] = [data[2 * k]!, data[2 * k + 1]!];
      return p.partitionable ? partitionable(k1, k2, p.bit_width) : original(k1, k2, size, p.bit_width);
    });
    const shape = [...keys!.shape.slice(0, -1), ...p.shape];
    return [buildElements(bitsType(p), shape, (i) => streams[Math.floor(i / size)]!(i % size))];
  },
  differentiate: { zero: 'integers have no tangents' },
  batch: (lax, [keys], [at], _, p) => inFront(randomBitsLike(lax, lax.moveAxis(keys!, at!, 0), p)),
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(
        gen.shape(),
        gen.fc.array(gen.fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
        gen.fc.constantFrom(...BIT_WIDTHS.filter((width) => INTEGERS.includes(`uint${width}`))),
        gen.fc.boolean(),
      )
      .chain(([shape, lead, bit_width, stream]) =>
        randomCall(gen, [...lead, 2], { bit_width, shape, partitionable: stream }),
      ),
  breaks: {
    C1: (gen) => gen.fc.constantFrom([], [3], [2, 1]).chain((shape) => randomCall(gen, shape, {})),
    C2: (gen) => randomCall(gen, [2], { bit_width: 24 as 32 }),
    C3: (gen) => randomCall(gen, [2], { shape: [2, -1] }),
  },
});

const randomCall = (
  gen: Gen,
  keys: Shape,
  params: Partial<RandomBitsParams>,
): ReturnType<typeof call<RandomBitsParams>> =>
  call<RandomBitsParams>(gen, [['uint32', keys]], { bit_width: 32, shape: [3], partitionable: false, ...params });

const randomBitsLike = (lax: Lax, keys: NDArray, p: RandomBitsParams): NDArray =>
  lax.randomBits(keys, p.shape, { bitWidth: p.bit_width, partitionable: p.partitionable });
