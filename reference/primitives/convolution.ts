/**
 * Convolution: conv_general_dilated (spec/primitives/convolution.md).
 */
import { type DType, NUMBERS } from '../core/dtypes.ts';
import {
  type Aval,
  buildElements,
  elementFrom,
  type HostArray,
  hostScalar,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import {
  type BatchAxis,
  type Batched,
  definePrimitive,
  knownOperand,
  operandAval,
  type ParamSchema,
} from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { inverse, NATURALS, range, show } from './axes.ts';
import { checkPrecision, checkResultType, type Precision, PRECISIONS } from './contraction.ts';
import * as draws from './convolution-cases.ts';
import {
  arranged,
  type ConvDimensionNumbers,
  dilatedSize,
  paddedSizes,
  pick,
  positionsOf,
  termsOf,
  type WindowParams,
} from './convolution-shapes.ts';
import { type Defined, inexact } from './elementwise.ts';
import { accuracyOfProducts, innerFor, type InnerOf, plainDot } from './numerics/inner.ts';
import { pad } from './joining.ts';
import { permuted, strided } from './layout.ts';

export interface ConvParams extends WindowParams {
  readonly dimension_numbers: ConvDimensionNumbers;
  readonly feature_group_count: number;
  readonly batch_group_count: number;
  readonly precision: Precision | null;
  readonly preferred_element_type: DType | null;
}

const POSITIVE: ParamSchema = { type: 'integer', minimum: 1 };
const POSITIVES: ParamSchema = { type: 'array', items: POSITIVE };
const PAIRS: ParamSchema = {
  type: 'array',
  items: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 },
};

const resultType = (dtype: DType, p: ConvParams): DType => p.preferred_element_type ?? dtype;
/** At most one of the counts is above 1. */
const groupsOf = (p: ConvParams): number => p.feature_group_count * p.batch_group_count;

const SPECS = ['lhs_spec', 'rhs_spec', 'out_spec'] as const;
const WINDOW_LISTS = ['window_strides', 'padding', 'lhs_dilation', 'rhs_dilation'] as const;
const STEPS = ['window_strides', 'lhs_dilation', 'rhs_dilation'] as const;
const isPositive = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;

/** The sizes of an operand in the order of a spec. */
interface Sizes {
  readonly batch: number;
  readonly features: number;
  readonly space: number[];
}
function sizesOf(shape: Shape, spec: Shape): Sizes {
  const [batch, features, ...space] = pick(shape, spec);
  return { batch: batch!, features: features!, space };
}

function resultShape([lhs, rhs]: readonly { readonly shape: Shape }[], p: ConvParams): number[] {
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const x = sizesOf(lhs!.shape, lhs_spec);
  const w = sizesOf(rhs!.shape, rhs_spec);
  return arranged([x.batch / p.batch_group_count, w.batch, ...positionsOf(x.space, w.space, p)], out_spec);
}

/** `lhs` as [batch, features, space…] with zeros in the holes and around. */
function padded(lhs: HostArray, p: ConvParams): HostArray {
  const x = permuted(lhs, p.dimension_numbers.lhs_spec);
  const around = p.padding.map(([low, high], d) => [low, high, p.lhs_dilation[d]! - 1] as const);
  const zero = hostScalar(x.dtype, elementFrom(x.dtype, 0));
  return pad.evaluate([x, zero], { padding_config: [[0, 0, 0], [0, 0, 0], ...around] })[0]!;
}

/**
 * Every window of `lhs` as a row, and every filter: elements of the result are the products of a filter with the windows
 * of its group.
 */
function convolve([lhs, rhs]: readonly HostArray[], p: ConvParams, dtype: DType, innerOf: InnerOf): HostArray {
  const { rhs_spec, out_spec } = p.dimension_numbers;
  const x = padded(lhs!, p);
  const filters = permuted(rhs!, rhs_spec); // [group and feature, feature of the group, window…]
  const [count, features, ...window] = filters.shape as [number, number, ...number[]];
  const positions = positionsOf(sizesOf(lhs!.shape, p.dimension_numbers.lhs_spec).space, window, p);
  const groups = groupsOf(p);
  const batch = x.shape[0]! / p.batch_group_count;
  const [ofBatch, ofFeature, ...ofSpace] = stridesOf(x.shape) as [number, number, ...number[]];
  const ofGroup = p.batch_group_count > 1 ? ofBatch * batch : ofFeature * features;
  const windows = strided(
    x,
    [groups, batch, ...positions, features, ...window],
    [
      ofGroup,
      ofBatch,
      ...ofSpace.map((s, d) => s * p.window_strides[d]!),
      ofFeature,
      ...ofSpace.map((s, d) => s * p.rhs_dilation[d]!),
    ],
  );
  const inner = innerOf(windows, filters, dtype);
  const perGroup = batch * sizeOf(positions);
  const n = sizeOf([features, ...window]);
  const y = buildElements(dtype, [count, batch, ...positions], (flat) => {
    const filter = Math.floor(flat / perGroup);
    const group = Math.floor((filter * groups) / count);
    return inner((group * perGroup + (flat % perGroup)) * n, filter * n, n);
  });
  return permuted(y, inverse([out_spec[1]!, out_spec[0]!, ...out_spec.slice(2)]));
}

export const convGeneralDilated: Defined<
  'conv_general_dilated',
  ConvParams,
  'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10' | 'C11' | 'C12' | 'C13'
> = definePrimitive({
  name: 'conv_general_dilated',
  spec: 'spec/primitives/convolution.md#conv_general_dilated',
  operands: [
    { name: 'lhs', dtypes: NUMBERS },
    { name: 'rhs', dtypes: NUMBERS },
  ],
  params: {
    window_strides: POSITIVES,
    padding: PAIRS,
    lhs_dilation: POSITIVES,
    rhs_dilation: POSITIVES,
    dimension_numbers: {
      type: 'object',
      properties: { lhs_spec: NATURALS, rhs_spec: NATURALS, out_spec: NATURALS },
      required: [...SPECS],
      additionalProperties: false,
    },
    feature_group_count: POSITIVE,
    batch_group_count: POSITIVE,
    precision: { enum: [null, ...PRECISIONS] },
    preferred_element_type: { enum: [null, ...NUMBERS] },
  },
  dtypes: NUMBERS,
  constraints: {
    C1: ([lhs, rhs]) =>
      lhs!.dtype === rhs!.dtype || `lhs and rhs must have one dtype, got ${lhs!.dtype} and ${rhs!.dtype}`,
    C2: ([lhs, rhs]) =>
      (lhs!.shape.length === rhs!.shape.length && lhs!.shape.length >= 2) ||
      `lhs and rhs must have one rank of 2 or more, got shapes ${show(lhs!.shape)} and ${show(rhs!.shape)}`,
    C3([lhs], { dimension_numbers: dims }) {
      const axes = range(lhs!.shape.length);
      const wrong = SPECS.find((name) => show(dims[name].toSorted((a, b) => a - b)) !== show(axes));
      return wrong === undefined || `${wrong} must have every axis of ${show(axes)} once, got ${show(dims[wrong])}`;
    },
    C4([lhs], p) {
      const n = lhs!.shape.length - 2;
      const wrong = WINDOW_LISTS.find((name) => p[name].length !== n);
      return wrong === undefined || `${wrong} must have one entry per spatial axis: ${n}, got ${p[wrong].length}`;
    },
    C5(_, p) {
      const wrong = STEPS.find((name) => !p[name].every(isPositive));
      return wrong === undefined || `${wrong} must be positive integers, got ${show(p[wrong])}`;
    },
    C6([lhs], p) {
      const sizes = paddedSizes(sizesOf(lhs!.shape, p.dimension_numbers.lhs_spec).space, p);
      const holds = p.padding.every((pair) => pair.length === 2 && pair.every(Number.isSafeInteger));
      return (
        (holds && sizes.every((n) => n >= 0)) ||
        `padding must be pairs of integers that leave no size negative, got ${show(p.padding.map(show))} and sizes ${show(sizes)}`
      );
    },
    C7([, rhs], p) {
      const window = sizesOf(rhs!.shape, p.dimension_numbers.rhs_spec).space;
      return window.every((n) => n > 0) || `the window must have elements, got spatial sizes ${show(window)} of rhs`;
    },
    C8: (_, { feature_group_count: f, batch_group_count: b }) =>
      (isPositive(f) && isPositive(b) && Math.min(f, b) === 1) ||
      `feature_group_count and batch_group_count must be positive and at most one of them above 1, got ${f} and ${b}`,
    C9([lhs, rhs], p) {
      const { features } = sizesOf(lhs!.shape, p.dimension_numbers.lhs_spec);
      const each = sizesOf(rhs!.shape, p.dimension_numbers.rhs_spec).features;
      return (
        features === each * p.feature_group_count ||
        `lhs must have feature_group_count times the input features of rhs: ${p.feature_group_count}·${each}, got ${features}`
      );
    },
    C10([, rhs], p) {
      const features = sizesOf(rhs!.shape, p.dimension_numbers.rhs_spec).batch;
      return (
        features % groupsOf(p) === 0 ||
        `the output features of rhs must be a multiple of the number of groups ${groupsOf(p)}, got ${features}`
      );
    },
    C11([lhs], p) {
      const { batch } = sizesOf(lhs!.shape, p.dimension_numbers.lhs_spec);
      return (
        batch % p.batch_group_count === 0 ||
        `the batch size of lhs must be a multiple of batch_group_count ${p.batch_group_count}, got ${batch}`
      );
    },
    C12: (_, p) => checkPrecision(p.precision),
    C13: ([lhs], p) => checkResultType(lhs!.dtype, p.preferred_element_type),
  },
  infer: (avals, p) => [{ shape: resultShape(avals, p), dtype: resultType(avals[0]!.dtype, p), weak: false }],
  evaluate(xs, p) {
    const to = resultType(xs[0]!.dtype, p);
    return [convolve(xs, p, to, innerFor(xs[0]!.dtype, to))];
  },
  differentiate: {
    active: inexact,
    jvp(lax, [x, y], [dx, dy], _, p) {
      return [lax.addTangents(dx ? apply(lax, dx, y!, p) : null, dy ? apply(lax, x!, dy, p) : null)];
    },
    transpose: {
      linearIn: [[0], [1]],
      rule(lax, [ct], [x, y], p) {
        if (!ct || ct.size === 0) return [null, null];
        return 'linear' in x!
          ? [lhsCotangent(lax, ct, x.linear, knownOperand(y!), p), null]
          : [null, rhsCotangent(lax, ct, knownOperand(x!), operandAval(y!), p)];
      },
    },
  },
  batch,
  bound: 'bilinear',
  accuracy: ([lhs, rhs], p) =>
    accuracyOfProducts(lhs!.dtype, resultType(lhs!.dtype, p), termsOf(rhs!.shape, p.dimension_numbers), (xs) =>
      convolve(xs, p, 'float64', plainDot),
    ),
  cases: draws.cases,
  breaks: draws.breaks,
});

/** The convolution with some of its parameters replaced. */
const apply = (lax: Lax, lhs: NDArray, rhs: NDArray, p: ConvParams, others: Partial<ConvParams> = {}): NDArray => {
  const q = { ...p, ...others };
  return lax.convGeneralDilated(lhs, rhs, q.window_strides, q.padding, {
    lhsDilation: q.lhs_dilation,
    rhsDilation: q.rhs_dilation,
    dimensionNumbers: q.dimension_numbers,
    featureGroupCount: q.feature_group_count,
    batchGroupCount: q.batch_group_count,
    precision: q.precision,
    preferredElementType: q.preferred_element_type,
  });
};

// ---- axes that are merged and split

/**
 * Makes the axis `from` a part of `axis` (as it is counted without `from`): of the positions of `axis` in `groups`
 * blocks, each block is repeated for every position of `from`.
 */
function mergeInto(lax: Lax, x: NDArray, from: number, axis: number, groups: number): NDArray {
  const front = lax.moveAxis(x, from, 0);
  const [size, ...shape] = front.shape as [number, ...number[]];
  const n = shape[axis]!;
  const blocks = lax.reshape(front, [size, ...shape.toSpliced(axis, 1, groups, n / groups)]);
  return lax.reshape(lax.moveAxis(blocks, 0, axis + 1), shape.with(axis, n * size));
}

/** The reverse: the axis of `size` positions that `mergeInto` put into `axis` goes to the front. */
function splitFrom(lax: Lax, x: NDArray, axis: number, groups: number, size: number): NDArray {
  const each = x.shape[axis]! / size;
  const blocks = lax.reshape(x, x.shape.toSpliced(axis, 1, groups, size, each / groups));
  return lax.reshape(lax.moveAxis(blocks, axis + 1, 0), [size, ...x.shape.with(axis, each)]);
}

// ---- transposition

const swapped = ([first, second, ...space]: Shape): number[] => [second!, first!, ...space];

/**
 * Ignoring space, with m examples, j input and k output features in g groups, a convolution is [m, gj]·[j, gk] → [m, gk],
 * or [gm, j]·[j, gk] → [m, gk] with groups of the batch. The cotangent of lhs is [m, gk]·[k, gj] → [m, gj] with groups
 * of features, of which those of the batch are split off again. Windows are those of the mirrored filter, the strides
 * become holes and the holes strides.
 */
function lhsCotangent(lax: Lax, ct: NDArray, lhs: Aval, rhs: NDArray, p: ConvParams): NDArray {
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const groups = groupsOf(p);
  const space = pick(lhs.shape, lhs_spec.slice(2));
  const filters = mergeInto(lax, splitFrom(lax, rhs, rhs_spec[0]!, 1, groups), 0, rhs_spec[1]!, 1);
  const padding = space.map((n, d): [number, number] => {
    const window = dilatedSize(rhs.shape[rhs_spec[d + 2]!]!, p.rhs_dilation[d]!);
    const low = window - 1 - p.padding[d]![0];
    const inside = dilatedSize(ct.shape[out_spec[d + 2]!]!, p.window_strides[d]!);
    return [low, dilatedSize(n, p.lhs_dilation[d]!) + window - 1 - inside - low];
  });
  const back = apply(lax, ct, lax.convertElementType(lax.rev(filters, rhs_spec.slice(2)), ct.dtype), p, {
    window_strides: p.lhs_dilation,
    lhs_dilation: p.window_strides,
    padding,
    dimension_numbers: { lhs_spec: out_spec, rhs_spec: swapped(rhs_spec), out_spec: lhs_spec },
    feature_group_count: groups,
    batch_group_count: 1,
    preferred_element_type: null,
  });
  const whole =
    p.batch_group_count === 1
      ? back
      : mergeInto(lax, splitFrom(lax, back, lhs_spec[1]!, 1, groups), 0, lhs_spec[0]!, 1);
  return lax.convertElementType(whole, lhs.dtype);
}

/** [gj, m]·[m, gk] → [j, gk] with groups of the batch; of the batch, [j, gm]·[m, gk] → [j, gk] with groups of features. */
function rhsCotangent(lax: Lax, ct: NDArray, lhs: NDArray, rhs: Aval, p: ConvParams): NDArray {
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const padding = p.padding.map(([low], d): [number, number] => {
    const window = dilatedSize(rhs.shape[rhs_spec[d + 2]!]!, p.rhs_dilation[d]!);
    const inside = dilatedSize(ct.shape[out_spec[d + 2]!]!, p.window_strides[d]!);
    return [low, inside - dilatedSize(lhs.shape[lhs_spec[d + 2]!]!, p.lhs_dilation[d]!) + window - 1 - low];
  });
  const back = apply(lax, lax.convertElementType(lhs, ct.dtype), ct, p, {
    window_strides: p.rhs_dilation,
    rhs_dilation: p.window_strides,
    padding,
    dimension_numbers: { lhs_spec: swapped(lhs_spec), rhs_spec: swapped(out_spec), out_spec: swapped(rhs_spec) },
    feature_group_count: p.batch_group_count,
    batch_group_count: p.feature_group_count,
    preferred_element_type: null,
  });
  return lax.convertElementType(back, rhs.dtype);
}

// ---- vmap

/**
 * The batch axis becomes part of the examples, of the filters or, if both operands have one, of the groups: the lanes
 * are then groups that have nothing to do with one another.
 */
function batch(
  lax: Lax,
  [lhs, rhs]: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
  p: ConvParams,
): Batched {
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const lane = (x: NDArray, at: number | null): { shape: Shape } => ({ shape: x.shape.filter((_, d) => d !== at) });
  const [atLhs, atRhs] = [at[0]!, at[1]!];
  const front = (y: NDArray, of: number, groups: number): Batched => ({
    out: [splitFrom(lax, y, of, groups, axis.size)],
    at: [0],
  });
  if (axis.size === 0) {
    const shape = [0, ...resultShape([lane(lhs!, atLhs), lane(rhs!, atRhs)], p)];
    return { out: [lax.zerosLike({ shape, dtype: resultType(lhs!.dtype, p) })], at: [0] };
  }
  if (atRhs === null) {
    const examples = mergeInto(lax, lhs!, atLhs, lhs_spec[0]!, p.batch_group_count);
    return front(apply(lax, examples, rhs!, p), out_spec[0]!, 1);
  }
  if (atLhs === null) {
    const filters = mergeInto(lax, rhs!, atRhs, rhs_spec[0]!, groupsOf(p));
    return front(apply(lax, lhs!, filters, p), out_spec[1]!, groupsOf(p));
  }
  const ofBatch = p.batch_group_count > 1;
  const groups = ofBatch
    ? { batch_group_count: p.batch_group_count * axis.size }
    : { feature_group_count: p.feature_group_count * axis.size };
  const lanes = mergeInto(lax, lhs!, atLhs, lhs_spec[ofBatch ? 0 : 1]!, 1);
  const filters = mergeInto(lax, rhs!, atRhs, rhs_spec[0]!, 1);
  return front(apply(lax, lanes, filters, p, groups), out_spec[1]!, 1);
}
