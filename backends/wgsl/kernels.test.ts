/**
 * Kernels that have ways of their own for long rows and large matrices, for CPUs and for GPUs: both ways run here, on
 * integers, whose sums and products are exact in any order.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DType } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray, hostArray, type Shape, sizeOf } from '../../reference/core/host.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { Params } from '../../reference/core/primitive.ts';
import { convGeneralPermutations } from '../../reference/primitives/convolution-shapes.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { compile } from './compile/compile.ts';
import { control } from './control.ts';
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
  ['a vector and a matrix', 'dot_general', [some([701]), some([701, 503])], contracted(0, 0, 0)],
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
  ['digit by digit', 'sort', [some([70_000], 'float32', 10_000)], sorted(0)],
  [
    'digits of two keys',
    'sort',
    [some([2, 33_000], 'int8'), some([2, 33_000], 'float32', 50), some([2, 33_000], 'int32', 1000)],
    sorted(1, 2),
  ],
  ['short rows', 'sort', [some([300, 7], 'int32', 2 ** 30)], sorted(1)],
  ['with another', 'sort', [some([900], 'bfloat16', 9), some([900], 'int32', 1000)], sorted(0)],
  ['of rows', 'top_k', [some([4, 1000], 'float32', 100)], { k: 10, axis: 1 }],
  ['many of columns', 'top_k', [some([1500, 3], 'int32', 1000)], { k: 700, axis: 0 }],
  ['the largest', 'top_k', [some([700], 'uint8')], { k: 1, axis: 0 }],
];

const convolved = (words: readonly [string, string, string], more: Partial<Record<string, unknown>> = {}): Params => {
  const [lhs_spec, rhs_spec, out_spec] = convGeneralPermutations(words);
  const ones = lhs_spec.slice(2).map(() => 1);
  return {
    window_strides: ones,
    padding: ones.map(() => [1, 1]),
    lhs_dilation: ones,
    rhs_dilation: ones,
    dimension_numbers: { lhs_spec, rhs_spec, out_spec },
    feature_group_count: 1,
    batch_group_count: 1,
    precision: null,
    preferred_element_type: null,
    ...more,
  };
};
const FIRST = ['NCHW', 'OIHW', 'NCHW'] as const;
const LAST = ['NHWC', 'HWIO', 'NHWC'] as const;
const convolutions: readonly Call[] = [
  ['features first', 'conv_general_dilated', [some([2, 3, 12, 12]), some([8, 3, 3, 3])], convolved(FIRST)],
  ['features last', 'conv_general_dilated', [some([2, 12, 12, 4]), some([3, 3, 4, 8])], convolved(LAST)],
  [
    'strides, holes, uneven padding',
    'conv_general_dilated',
    [some([2, 3, 13, 12]), some([6, 3, 3, 4])],
    convolved(FIRST, {
      window_strides: [2, 1],
      lhs_dilation: [2, 3],
      rhs_dilation: [1, 2],
      padding: [
        [-1, 2],
        [3, 0],
      ],
    }),
  ],
  [
    'groups of features',
    'conv_general_dilated',
    [some([2, 20, 21, 8]), some([3, 3, 4, 12])],
    convolved(LAST, { feature_group_count: 2 }),
  ],
  [
    'groups of examples',
    'conv_general_dilated',
    [some([4, 3, 15, 15]), some([6, 3, 3, 3])],
    convolved(FIRST, { batch_group_count: 2 }),
  ],
  [
    'letters in any order',
    'conv_general_dilated',
    [some([12, 2, 4, 12]), some([3, 8, 4, 3])],
    convolved(['HNCW', 'HOIW', 'WCHN']),
  ],
];

/** Texts of many lines are compiled slowly: of products with shared memory one of each way to read a factor is enough. */
const forGpus = new Set<Call>([...products.slice(1, 4), ...convolutions.slice(0, 1)]);

const calls = (cpu: boolean): readonly Call[] => [
  ...reductions,
  ...scans,
  ...sorts,
  ...[...products, ...convolutions].filter((call) => cpu || forGpus.has(call)),
];

const opened: Opened | Error = await openDevice().catch((error: unknown) => error as Error);

describe.skipIf(opened instanceof Error)('kernels (skipped where no GPU can be opened)', () => {
  describe.each([
    ['CPUs', true],
    ['GPUs', false],
  ] as const)('as for %s', (_, cpu) => {
    let session: WgslSession;
    beforeAll(async () => {
      session = new WgslSession({ ...(await openDevice()), cpu }, (jaxpr, target) =>
        compile(jaxpr, wgslTable, control, target),
      );
    });
    afterAll(() => session.close());

    test.each(calls(cpu))('%s: %s', async (_what, name, args, params) => {
      const primitive = primitives[name];
      const expected = primitive.evaluate(args, params as never);
      const executable = session.compile(oneEquation(primitive, args.map(avalOf), params));
      const results = executable.run(args.map((x) => session.put(x)));
      for (const [i, result] of results.entries()) {
        const { data, ...type } = await session.read(result);
        const { data: wanted, ...expectedType } = expected[i]!;
        expect(type).toEqual(expectedType);
        expect(Array.from(data as Float32Array).findIndex((x, at) => x !== wanted[at])).toBe(-1);
      }
    });
  });
});
