/**
 * Kernels that have ways of their own for long rows and large matrices, for CPUs and for GPUs: both ways run here, on
 * integers, whose sums and products are exact in any order.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DType } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray, hostArray, type Shape, sizeOf } from '../../reference/core/host.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { Params } from '../../reference/core/primitive.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { compile } from './compile/compile.ts';
import { openDevice, type Opened } from './device/adapter.ts';
import { WgslSession } from './device/session.ts';
import { wgslTable } from './index.ts';

/** Small integers, none of them like its neighbours. */
const some = (shape: Shape, dtype: DType = 'float32', most: number = 3): HostArray =>
  hostArray(
    dtype,
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => {
      const n = ((i * 2654435761) >>> 7) % (2 * most + 1);
      return dtype === 'bool' ? n % 2 === 0 : dtype.startsWith('u') ? n : n - most;
    }) as number[],
  );

const contracted = (lhs: number, rhs: number, batch: number): Params => ({
  dimension_numbers: [
    [[lhs], [rhs]],
    [Array.from({ length: batch }, (_, d) => d), Array.from({ length: batch }, (_, d) => d)],
  ],
  precision: null,
  preferred_element_type: null,
});

type Call = readonly [what: string, name: PrimitiveName, args: readonly HostArray[], params: Params];

const reductions: readonly Call[] = [
  ['all of an array', 'reduce_sum', [some([97, 1024])], { axes: [0, 1] }],
  ['rows by fours', 'reduce_sum', [some([5, 3000])], { axes: [1] }],
  ['rows', 'reduce_sum', [some([5, 3001])], { axes: [1] }],
  ['columns by fours', 'reduce_sum', [some([2000, 12])], { axes: [0] }],
  ['axes around another', 'reduce_sum', [some([30, 7, 200])], { axes: [0, 2] }],
  ['the largest', 'reduce_max', [some([3, 9000], 'uint32', 2 ** 31 - 1)], { axes: [1] }],
  ['where the largest is', 'argmax', [some([3, 9000], 'float32', 1000)], { axes: [1], index_dtype: 'int32' }],
  ['where the smallest is', 'argmin', [some([2000, 8], 'float32', 1000)], { axes: [0], index_dtype: 'uint32' }],
  ['parity', 'reduce_xor', [some([20_000], 'bool')], { axes: [0] }],
];

const products: readonly Call[] = [
  ['matrices by fours', 'dot_general', [some([64, 128]), some([128, 64])], contracted(1, 0, 0)],
  ['the second transposed', 'dot_general', [some([64, 128]), some([64, 128])], contracted(1, 1, 0)],
  ['the first transposed', 'dot_general', [some([128, 64]), some([128, 64])], contracted(0, 0, 0)],
  ['no multiples of anything', 'dot_general', [some([67, 45]), some([45, 71])], contracted(1, 0, 0)],
  ['batches', 'dot_general', [some([3, 40, 36]), some([3, 36, 52])], contracted(2, 1, 1)],
  ['deep ones', 'dot_general', [some([33, 3000]), some([3000, 36])], contracted(1, 0, 0)],
  ['deep ones, odd', 'dot_general', [some([33, 2999]), some([2999, 35])], contracted(1, 0, 0)],
  ['a matrix and a vector', 'dot_general', [some([500, 700]), some([700])], contracted(1, 0, 0)],
  ['vectors', 'dot_general', [some([40_000]), some([40_000])], contracted(0, 0, 0)],
  ['bytes', 'dot_general', [some([40, 300], 'int8', 100), some([300, 40], 'int8', 100)], contracted(1, 0, 0)],
  ['truth values', 'dot_general', [some([40, 3], 'bool'), some([3, 40], 'bool')], contracted(1, 0, 0)],
];

const along = (axis: number, reverse: boolean = false): Params => ({ axis, reverse });
const scans: readonly Call[] = [
  ['a long row', 'cumsum', [some([20_000])], along(0)],
  ['rows', 'cumsum', [some([3, 3000])], along(1, true)],
  ['columns', 'cumsum', [some([2500, 6])], along(0)],
  ['the largest so far', 'cummax', [some([5000], 'float32', 10_000)], along(0, true)],
];

const sorted = (dimension: number, keys: number = 1): Params => ({ dimension, is_stable: true, num_keys: keys });
const sorts: readonly Call[] = [
  ['a long row', 'sort', [some([5000], 'float32', 10_000)], sorted(0)],
  ['rows by two keys', 'sort', [some([3, 700]), some([3, 700], 'uint32'), some([3, 700], 'int32', 1000)], sorted(1, 2)],
  ['columns', 'sort', [some([300, 5], 'bool'), some([300, 5])], sorted(0)],
  ['of rows', 'top_k', [some([4, 1000], 'float32', 100)], { k: 10, axis: 1 }],
];

const calls: readonly Call[] = [...reductions, ...products, ...scans, ...sorts];

const opened: Opened | Error = await openDevice().catch((error: unknown) => error as Error);

describe.skipIf(opened instanceof Error)('kernels (skipped where no GPU can be opened)', () => {
  describe.each([
    ['CPUs', true],
    ['GPUs', false],
  ] as const)('as for %s', (_, cpu) => {
    let session: WgslSession;
    beforeAll(async () => {
      session = new WgslSession({ ...(await openDevice()), cpu }, (jaxpr, target) =>
        compile(jaxpr, wgslTable, {}, target),
      );
    });
    afterAll(() => session.close());

    test.each(calls)('%s: %s', async (_what, name, args, params) => {
      const primitive = primitives[name];
      const expected = primitive.evaluate(args, params as never);
      const executable = session.compile(oneEquation(primitive, args.map(avalOf), params));
      const results = executable.run(args.map((x) => session.put(x)));
      for (const [i, result] of results.entries()) expect(await session.read(result)).toEqual(expected[i]);
    });
  });
});
