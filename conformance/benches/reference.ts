/** What is measured of the reference interpreter. */
import fc from 'fast-check';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import { type HostArray, type Shape, sizeOf, take } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Call, Gen, Params } from '../../reference/core/primitive.ts';
import type { ConvParams } from '../../reference/primitives/convolution.ts';
import type { DotGeneralParams } from '../../reference/primitives/contraction.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { makeGen } from '../programs/gen.ts';
import type { Benchmark } from './benchmark.ts';

const SEED = 20261123;
const ELEMENTS = 1_000_000;

const gen = (dtype: DType): Gen => makeGen(fc, dtype, 'odd');
const draw = { numRuns: 1, seed: SEED };
/** A call as the suite draws them, of the primitive's own domain, but with operands of `n` elements. */
const callOf = (primitive: AnyFirstOrder, dtype: DType, n: number): Call<Params> =>
  fc.sample(primitive.cases({ ...gen(dtype), shape: () => fc.constant([n]) }), draw)[0] as Call<Params>;
/** Numbers between −2 and 2, those that suites like among them. */
const array = (dtype: DType, shape: Shape): HostArray =>
  fc.sample(gen(dtype).array(dtype, shape, { values: 'finite', min: -2, max: 2 }), draw)[0]!;

/** The elements of an array that is no scalar, `times` over: growth is that of the same work. */
function repeated(x: HostArray, times: number): HostArray {
  const [n, ...rest] = x.shape;
  return n === undefined ? x : take(x, [times * n, ...rest], (i) => i % sizeOf(x.shape));
}

/** A million elements through a primitive that takes them one by one. */
function elementwise(primitive: AnyFirstOrder, dtype: DType): Benchmark {
  return {
    name: `reference/${primitive.name}/${shortName(dtype)}`,
    work: '1e6 elements',
    limit: 1000,
    setup(scale) {
      const { args, params } = callOf(primitive, dtype, ELEMENTS);
      const operands = args.map((x) => repeated(x, scale));
      return () => void primitive.evaluate(operands, params);
    },
  };
}

function call(
  name: PrimitiveName,
  work: string,
  limit: number,
  params: Params,
  shapes: (scale: number) => Shape[],
): Benchmark {
  const primitive: AnyFirstOrder = primitives[name];
  return {
    name: `reference/${name}/f32`,
    work,
    limit,
    setup(scale) {
      const operands = shapes(scale).map((shape) => array('float32', shape));
      return () => void primitive.evaluate(operands, params);
    },
  };
}

const MATRICES: DotGeneralParams = {
  dimension_numbers: [
    [[1], [0]],
    [[], []],
  ],
  precision: null,
  preferred_element_type: null,
};
const IN_ORDER = [0, 1, 2, 3];
const SAME_3X3: ConvParams = {
  window_strides: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  lhs_dilation: [1, 1],
  rhs_dilation: [1, 1],
  dimension_numbers: { lhs_spec: IN_ORDER, rhs_spec: IN_ORDER, out_spec: IN_ORDER },
  feature_group_count: 1,
  batch_group_count: 1,
  precision: null,
  preferred_element_type: null,
};

const takesElements = (p: AnyFirstOrder): boolean => p.batch === 'elementwise' && p.operands.length > 0;

/** Every elementwise primitive in every dtype; a matrix product; a convolution. */
export function referenceBenchmarks(): Benchmark[] {
  const all: readonly AnyFirstOrder[] = Object.values(primitives);
  return [
    ...all.filter(takesElements).flatMap((p) => p.dtypes.map((dtype) => elementwise(p, dtype))),
    call('dot_general', '[256, 256]·[256, 256]', 1000, { ...MATRICES }, (scale) => [
      [scale * 256, 256],
      [256, 256],
    ]),
    call('conv_general_dilated', '3×3, 16 of [8, 16, 32, 32]', 2000, { ...SAME_3X3 }, (scale) => [
      [scale * 8, 16, 32, 32],
      [16, 16, 3, 3],
    ]),
  ];
}
