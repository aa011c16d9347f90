/**
 * Random bits: threefry2x32 (spec/primitives/random.md).
 */
import { allocate, numbers, sameShape, sizeOf } from '../core/host.ts';
import { definePrimitive } from '../core/primitive.ts';
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
