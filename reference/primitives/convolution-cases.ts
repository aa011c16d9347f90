/** Generated calls of conv_general_dilated. */
import type { DType } from '../core/dtypes.ts';
import type { Shape } from '../core/host.ts';
import type { ConstraintId, Gen } from '../core/primitive.ts';
import { inverse, range } from './axes.ts';
import { notAResultType, type Precision, resultTypes } from './contraction.ts';
import { type ConvDimensionNumbers, dilatedSize, pick as sizesAt } from './convolution-shapes.ts';
import type { ConvParams } from './convolution.ts';
import { call, choices, type Pick, shuffled } from './draw.ts';

type Calls = ReturnType<typeof call<ConvParams>>;

const divisors = (n: number): number[] =>
  range(n === 0 ? 3 : Math.min(n, 9)).flatMap((i) => (n % (i + 1) ? [] : [i + 1]));

/** How windows go over an axis of n elements: [stride, padding, dilation of lhs, dilation of rhs]. */
function overAxis(n: number, pick: Pick): readonly [number, readonly [number, number], number, number] {
  const dilation = 1 + pick(2);
  const low = pick(5) - 2;
  const least = -(dilatedSize(n, dilation) + low);
  const padding = least > 0 ? ([low + least, 0] as const) : ([low, Math.max(pick(5) - 2, least)] as const);
  return [1 + pick(3), padding, dilation, 1 + pick(3)];
}

/** Parameters for an `lhs` of this shape, and a shape for `rhs`. */
function around(gen: Gen, lhs: Shape, pick: Pick): { params: ConvParams; rhs: number[] } {
  const axes = range(lhs.length);
  const [lhs_spec, rhs_spec, out_spec] = [shuffled(axes, pick), shuffled(axes, pick), shuffled(axes, pick)];
  const [batch, features, ...space] = sizesAt(lhs, lhs_spec) as [number, number, ...number[]];
  const kind = pick(4); // 2: groups of features, 3: of the batch
  const counts = divisors(kind === 2 ? features : kind === 3 ? batch : 1);
  const groups = counts[pick(counts.length)]!;
  const each = kind === 2 ? features / groups : features;
  const outFeatures = groups * (gen.shapeClass === 'empty' ? pick(3) : 1 + pick(2));
  const windows = space.map((n) => overAxis(n, pick));
  const types = resultTypes(gen.dtype);
  const params: ConvParams = {
    window_strides: windows.map(([stride]) => stride),
    padding: windows.map(([, padding]) => padding),
    lhs_dilation: windows.map(([, , dilation]) => dilation),
    rhs_dilation: windows.map(([, , , dilation]) => dilation),
    dimension_numbers: { lhs_spec, rhs_spec, out_spec },
    feature_group_count: kind === 2 ? groups : 1,
    batch_group_count: kind === 3 ? groups : 1,
    precision: [null, 'HIGHEST' as const][pick(2)]!,
    preferred_element_type: [null, null, ...types][pick(2 + types.length)]!,
  };
  return { params, rhs: sizesAt([outFeatures, each, ...space.map(() => 1 + pick(3))], inverse(rhs_spec)) };
}

export function cases(gen: Gen): Calls {
  const maxRank = gen.shapeClass === 'odd' ? 4 : 5; // odd sizes in five dimensions are thousands of elements
  return gen.shape({ minRank: 2, maxRank }).chain((lhs) =>
    choices(gen, (pick) => around(gen, lhs, pick)).chain(
      ({ params, rhs }) =>
        call(gen, [[gen.dtype, lhs], [gen.dtype, rhs]], params), // prettier-ignore
    ),
  );
}

// ---- broken calls

const inOrder: ConvDimensionNumbers = { lhs_spec: [0, 1, 2], rhs_spec: [0, 1, 2], out_spec: [0, 1, 2] };
const PLAIN: ConvParams = {
  window_strides: [1],
  padding: [[0, 0]],
  lhs_dilation: [1],
  rhs_dilation: [1],
  dimension_numbers: inOrder,
  feature_group_count: 1,
  batch_group_count: 1,
  precision: null,
  preferred_element_type: null,
};

interface Broken {
  readonly lhs?: Shape;
  readonly rhs?: Shape;
  readonly rhsType?: DType;
  readonly params?: Partial<ConvParams>;
}
/** One of the given departures from a convolution of f[3,2,4] with f[4,2,2]. */
const broken =
  (...departures: readonly Broken[]): ((gen: Gen) => Calls) =>
  (gen) =>
    gen.fc.constantFrom(...departures).chain(
      ({ lhs = [3, 2, 4], rhs = [4, 2, 2], rhsType = gen.dtype, params = {} }) =>
        call(gen, [[gen.dtype, lhs], [rhsType, rhs]], { ...PLAIN, ...params }), // prettier-ignore
    );

const withParams = (...departures: readonly Partial<ConvParams>[]): ((gen: Gen) => Calls) =>
  broken(...departures.map((params) => ({ params })));

type Id = 'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10' | 'C11' | 'C12' | 'C13';
export const breaks: { readonly [K in Id & ConstraintId]: (gen: Gen) => Calls } = {
  C1: (gen) => broken({ rhsType: gen.dtype === 'int32' ? 'float32' : 'int32' })(gen),
  C2: broken({ rhs: [4, 2] }, { lhs: [4], rhs: [4] }),
  C3: withParams(
    { dimension_numbers: { ...inOrder, lhs_spec: [0, 1, 1] } },
    { dimension_numbers: { ...inOrder, rhs_spec: [0, 1, 3] } },
    { dimension_numbers: { ...inOrder, out_spec: [0, 1] } },
  ),
  C4: withParams(
    { window_strides: [] },
    { padding: [[0, 0], [0, 0]] }, // prettier-ignore
    { lhs_dilation: [1, 1] },
    { rhs_dilation: [] },
  ),
  C5: withParams({ window_strides: [0] }, { lhs_dilation: [-1] }, { rhs_dilation: [0.5] }),
  C6: withParams({ padding: [[-3, -2]] }, { padding: [[0.5, 0]] }),
  C7: broken({ rhs: [4, 2, 0] }),
  C8: withParams(
    { feature_group_count: 0 },
    { batch_group_count: -1 },
    { feature_group_count: 2, batch_group_count: 3 },
  ),
  C9: broken({ rhs: [4, 3, 2] }, { params: { feature_group_count: 2 } }),
  C10: broken({ rhs: [3, 1, 2], params: { feature_group_count: 2 } }, { params: { batch_group_count: 3 } }),
  C11: withParams({ batch_group_count: 2 }),
  C12: withParams({ precision: 'FULL' as Precision }),
  C13: (gen) => withParams({ preferred_element_type: notAResultType(gen.dtype) })(gen),
};
