import { expect, it } from 'vitest';
import { elements, type Element, hostArray, hostScalar, type Shape, sizeOf } from '../core/host.ts';
import { randomBits, type RandomBitsParams, threefry2x32 } from './random.ts';

/** Known answers of Random123 (Salmon et al.), threefry2x32 with 20 rounds: key, counter, result. */
const ONES = 0xffffffff;
it.each([
  [
    [0, 0, 0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [ONES, ONES, ONES, ONES],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
])('threefry2x32 of %j', (operands, expected) => {
  const results = threefry2x32.evaluate(
    operands.map((v) => hostScalar('uint32', v)),
    {},
  );
  expect(results.map((y) => y.data[0])).toEqual(expected);
});

it('is elementwise', () => {
  const [k1, k2, x1, x2] = [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ].map((v) => hostArray('uint32', [2], v));
  const both = threefry2x32.evaluate([k1!, k2!, x1!, x2!], {});
  for (const i of [0, 1]) {
    const one = threefry2x32.evaluate(
      [k1!, k2!, x1!, x2!].map((x) => hostScalar('uint32', Number(x.data[i]))),
      {},
    );
    expect(one.map((y) => y.data[0])).toEqual(both.map((y) => y.data[i]));
  }
});

const bits = (key: readonly number[], params: RandomBitsParams, lead: Shape = []): Element[] => {
  const [y] = randomBits.evaluate([hostArray('uint32', [...lead, 2], key)], params);
  return Array.from({ length: sizeOf(y!.shape) }, (_, i) => elements(y!)(i));
};
const KEY = [0, 42];

/** What jax.random.bits(jax.random.key(42), [3], dtype) gives, with jax_threefry_partitionable off and on. */
const JAX_BITS: readonly [RandomBitsParams['bit_width'], boolean, Element[]][] = [
  [8, false, [143, 4, 62]],
  [16, false, [45869, 983, 33780]],
  [32, false, [2465931498, 430176367, 255383827]],
  [64, false, [13462782411356743825n, 16033796027023006562n, 16091099645456652183n]],
  [8, true, [162, 217, 249]],
  [16, true, [5026, 12505, 63993]],
  [32, true, [2098992034, 2919706841, 2646866425]],
  [64, true, [7871734211187709741n, 276886910877598708n, 10591095138341673235n]],
];
it.each(JAX_BITS)('random_bits of %j are those of JAX', (bit_width, partitionable, expected) => {
  expect(bits(KEY, { bit_width, shape: [3], partitionable })).toEqual(expected);
});

it('narrow elements of the stream of 2019 are the words cut in pieces, lower bits first', () => {
  for (const n of [1, 4, 7, 33]) {
    const stream = Uint32Array.from(
      bits(KEY, { bit_width: 32, shape: [Math.ceil(n / 4)], partitionable: false }) as number[],
    );
    const bytes = [...new Uint8Array(stream.buffer)].slice(0, n);
    expect(bits(KEY, { bit_width: 8, shape: [n], partitionable: false })).toEqual(bytes);
  }
});

it("elements of today's stream do not depend on how many there are", () => {
  for (const bit_width of [8, 16, 32, 64] as const) {
    const few = bits(KEY, { bit_width, shape: [5], partitionable: true });
    expect(bits(KEY, { bit_width, shape: [3, 7], partitionable: true }).slice(0, 5)).toEqual(few);
  }
});

it('several keys give what each gives', () => {
  for (const bit_width of [8, 64] as const) {
    const params: RandomBitsParams = { bit_width, shape: [2, 3], partitionable: false };
    expect(bits([0, 1, 2, 3, 4, 5], params, [3])).toEqual([
      ...bits([0, 1], params),
      ...bits([2, 3], params),
      ...bits([4, 5], params),
    ]);
  }
});
