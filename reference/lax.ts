/**
 * The functions of `lax`: each applies one primitive, with JAX's strictness. Arrays must agree in shape and dtype
 * (numpy's functions promote and broadcast); a JavaScript number takes the dtype and shape of the arrays beside it.
 * What each primitive means stands in spec/primitives/.
 */
import { asArray, operands, scalar } from './core/convert.ts';
import { checkDType, type DType, isComplex } from './core/dtypes.ts';
import { ArgumentError, checkOptions, ShapeError } from './core/errors.ts';
import { sameShape, type Shape, showAval } from './core/host.ts';
import { type ArrayLike, NDArray } from './core/ndarray.ts';
import type { Params, Tangent } from './core/primitive.ts';
import { bind } from './core/trace.ts';
import { type PrimitiveName, primitives } from './primitives/index.ts';
import type { FftType } from './primitives/fft.ts';
import type { GatherDimensionNumbers, ScatterDimensionNumbers, IndexMode } from './primitives/indexing.ts';
import type { DotDimensionNumbers, Precision } from './primitives/contraction.ts';
import type { WindowParams } from './primitives/window-shapes.ts';
import type { SelectPrimitive } from './primitives/window-winners.ts';
import {
  convDimensionNumbers,
  type ConvDimensions,
  dilatedSize,
  type Padding,
  type PaddingName,
  padtypeToPads,
  pick,
} from './primitives/convolution-shapes.ts';

const apply = (name: PrimitiveName, xs: readonly NDArray[], params: Params = {}): NDArray =>
  bind(primitives[name], xs, params)[0]!;

const unary =
  (name: PrimitiveName): ((x: ArrayLike) => NDArray) =>
  (x) =>
    apply(name, [asArray(x, name)]);

/** Numbers beside an array become arrays of its dtype and shape. */
function alike(xs: readonly ArrayLike[], where: string): NDArray[] {
  const arrays = operands(xs, where);
  const { shape } = arrays.reduce((a, b) => (b.ndim > a.ndim ? b : a));
  return arrays.map((a, i) =>
    typeof xs[i] === 'object' || a.ndim === shape.length ? a : broadcastInDim(a, shape, []),
  );
}

const binary =
  (name: PrimitiveName): ((x: ArrayLike, y: ArrayLike) => NDArray) =>
  (x, y) =>
    apply(name, alike([x, y], name));

// ---- elementwise

export const neg: (x: ArrayLike) => NDArray = unary('neg');
export const abs: (x: ArrayLike) => NDArray = unary('abs');
export const sign: (x: ArrayLike) => NDArray = unary('sign');
export const floor: (x: ArrayLike) => NDArray = unary('floor');
export const ceil: (x: ArrayLike) => NDArray = unary('ceil');
export const sqrt: (x: ArrayLike) => NDArray = unary('sqrt');
export const rsqrt: (x: ArrayLike) => NDArray = unary('rsqrt');
export const cbrt: (x: ArrayLike) => NDArray = unary('cbrt');
export const square: (x: ArrayLike) => NDArray = unary('square');
export const exp: (x: ArrayLike) => NDArray = unary('exp');
export const exp2: (x: ArrayLike) => NDArray = unary('exp2');
export const log: (x: ArrayLike) => NDArray = unary('log');
export const expm1: (x: ArrayLike) => NDArray = unary('expm1');
export const log1p: (x: ArrayLike) => NDArray = unary('log1p');
export const sin: (x: ArrayLike) => NDArray = unary('sin');
export const cos: (x: ArrayLike) => NDArray = unary('cos');
export const tan: (x: ArrayLike) => NDArray = unary('tan');
export const asin: (x: ArrayLike) => NDArray = unary('asin');
export const acos: (x: ArrayLike) => NDArray = unary('acos');
export const atan: (x: ArrayLike) => NDArray = unary('atan');
export const sinh: (x: ArrayLike) => NDArray = unary('sinh');
export const cosh: (x: ArrayLike) => NDArray = unary('cosh');
export const tanh: (x: ArrayLike) => NDArray = unary('tanh');
export const asinh: (x: ArrayLike) => NDArray = unary('asinh');
export const acosh: (x: ArrayLike) => NDArray = unary('acosh');
export const atanh: (x: ArrayLike) => NDArray = unary('atanh');
export const logistic: (x: ArrayLike) => NDArray = unary('logistic');
export const erf: (x: ArrayLike) => NDArray = unary('erf');
/** 1 − erf(x), without the cancellation. */
export const erfc: (x: ArrayLike) => NDArray = unary('erfc');
/** The y with erf(y) = x. */
export const erfInv: (x: ArrayLike) => NDArray = unary('erf_inv');
/** log |Γ(x)| */
export const lgamma: (x: ArrayLike) => NDArray = unary('lgamma');
/** The derivative of `lgamma`. */
export const digamma: (x: ArrayLike) => NDArray = unary('digamma');
/** e^−|x|·I₀(x) */
export const besselI0e: (x: ArrayLike) => NDArray = unary('bessel_i0e');
/** e^−|x|·I₁(x) */
export const besselI1e: (x: ArrayLike) => NDArray = unary('bessel_i1e');
export const isFinite: (x: ArrayLike) => NDArray = unary('is_finite');
export const bitwiseNot: (x: ArrayLike) => NDArray = unary('not');
/** How many bits are set. */
export const populationCount: (x: ArrayLike) => NDArray = unary('population_count');
/** Zero bits above the highest one that is set. */
export const clz: (x: ArrayLike) => NDArray = unary('clz');
/** The value unchanged, with a zero derivative. */
export const stopGradient: (x: ArrayLike) => NDArray = unary('stop_gradient');

/** The real parts. */
export const real: (x: ArrayLike) => NDArray = unary('real');
/** The imaginary parts. */
export const imag: (x: ArrayLike) => NDArray = unary('imag');
/** The complex conjugates; of real numbers the same numbers as complex ones. */
export function conj(x: ArrayLike): NDArray {
  const array = asArray(x, 'conj');
  return isComplex(array.dtype) ? apply('conj', [array]) : complex(array, zerosLike(array));
}
/** `x + i·y`. */
export const complex: (x: ArrayLike, y: ArrayLike) => NDArray = binary('complex');

export type RoundingMethod = 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN';
export function round(x: ArrayLike, options: { readonly roundingMethod?: RoundingMethod } = {}): NDArray {
  checkOptions(options, ['roundingMethod'], 'lax.round');
  return apply('round', [asArray(x, 'round')], { rounding_method: options.roundingMethod ?? 'AWAY_FROM_ZERO' });
}
/** `x` to the power of a fixed integer. */
export const integerPow = (x: ArrayLike, y: number): NDArray =>
  apply('integer_pow', [asArray(x, 'integer_pow')], { y });

export const add: (x: ArrayLike, y: ArrayLike) => NDArray = binary('add');
export const sub: (x: ArrayLike, y: ArrayLike) => NDArray = binary('sub');
export const mul: (x: ArrayLike, y: ArrayLike) => NDArray = binary('mul');
export const div: (x: ArrayLike, y: ArrayLike) => NDArray = binary('div');
export const rem: (x: ArrayLike, y: ArrayLike) => NDArray = binary('rem');
export const max: (x: ArrayLike, y: ArrayLike) => NDArray = binary('max');
export const min: (x: ArrayLike, y: ArrayLike) => NDArray = binary('min');
export const pow: (x: ArrayLike, y: ArrayLike) => NDArray = binary('pow');
/** The angle of the point with height `x` over `y`, in [−π, π]. */
export const atan2: (x: ArrayLike, y: ArrayLike) => NDArray = binary('atan2');
/** The m-th derivative of `digamma`. */
export const polygamma: (m: ArrayLike, x: ArrayLike) => NDArray = binary('polygamma');
/** The Hurwitz zeta function: the sum of (q + n)^−x. */
export const zeta: (x: ArrayLike, q: ArrayLike) => NDArray = binary('zeta');
/** The share of the gamma distribution with shape `a` below `x`. */
export const igamma: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igamma');
/** 1 − igamma(a, x), without the cancellation. */
export const igammac: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igammac');
/** The derivative of `igamma` in `a`. */
export const igammaGradA: (a: ArrayLike, x: ArrayLike) => NDArray = binary('igamma_grad_a');
/** How a sample `x` of the gamma distribution moves with its shape `a`. */
export const randomGammaGrad: (a: ArrayLike, x: ArrayLike) => NDArray = binary('random_gamma_grad');
/** The share of the beta distribution with parameters `a` and `b` below `x`. */
export const betainc = (a: ArrayLike, b: ArrayLike, x: ArrayLike): NDArray =>
  apply('regularized_incomplete_beta', alike([a, b, x], 'regularized_incomplete_beta'));
/** The float after `x` in the direction of `y`. */
export const nextafter: (x: ArrayLike, y: ArrayLike) => NDArray = binary('nextafter');
export const eq: (x: ArrayLike, y: ArrayLike) => NDArray = binary('eq');
export const ne: (x: ArrayLike, y: ArrayLike) => NDArray = binary('ne');
export const lt: (x: ArrayLike, y: ArrayLike) => NDArray = binary('lt');
export const le: (x: ArrayLike, y: ArrayLike) => NDArray = binary('le');
export const gt: (x: ArrayLike, y: ArrayLike) => NDArray = binary('gt');
export const ge: (x: ArrayLike, y: ArrayLike) => NDArray = binary('ge');
export const bitwiseAnd: (x: ArrayLike, y: ArrayLike) => NDArray = binary('and');
export const bitwiseOr: (x: ArrayLike, y: ArrayLike) => NDArray = binary('or');
export const bitwiseXor: (x: ArrayLike, y: ArrayLike) => NDArray = binary('xor');
export const shiftLeft: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_left');
export const shiftRightLogical: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_right_logical');
export const shiftRightArithmetic: (x: ArrayLike, y: ArrayLike) => NDArray = binary('shift_right_arithmetic');

/** Elements of `cases[which]`: `which` is bool (false: the first case) or int32, a scalar or of the cases' shape. */
export const selectN = (which: NDArray, ...cases: readonly ArrayLike[]): NDArray =>
  apply('select_n', [which, ...alike(cases, 'select_n')]);
/** `onTrue` where `predicate`, else `onFalse`. */
export const select = (predicate: NDArray, onTrue: ArrayLike, onFalse: ArrayLike): NDArray =>
  selectN(predicate, onFalse, onTrue);
/** `x` limited to [min, max]; the limits are scalars or of x's shape. */
export const clamp = (min: ArrayLike, x: ArrayLike, max: ArrayLike): NDArray =>
  apply('clamp', operands([min, x, max], 'clamp'));

export function convertElementType(x: ArrayLike, dtype: DType): NDArray {
  const array = asArray(x, 'convert_element_type');
  if (array.dtype === dtype && !array.weakType) return array;
  return apply('convert_element_type', [array], {
    new_dtype: checkDType(dtype, 'convert_element_type: dtype'),
    weak_type: false,
  });
}

/** The bits of the elements as elements of another dtype; of one of another width, the last axis takes up the difference. */
export const bitcastConvertType = (x: ArrayLike, dtype: DType): NDArray =>
  apply('bitcast_convert_type', [asArray(x, 'bitcast_convert_type')], {
    new_dtype: checkDType(dtype, 'bitcast_convert_type: dtype'),
  });
/** Each element as the nearest one of a float format with so many bits. */
export const reducePrecision = (x: ArrayLike, exponentBits: number, mantissaBits: number): NDArray =>
  apply('reduce_precision', [asArray(x, 'reduce_precision')], {
    exponent_bits: exponentBits,
    mantissa_bits: mantissaBits,
  });

// ---- shape

export const broadcastInDim = (x: ArrayLike, shape: Shape, broadcastDimensions: Shape): NDArray =>
  apply('broadcast_in_dim', [asArray(x, 'broadcast_in_dim')], { shape, broadcast_dimensions: broadcastDimensions });
/** New leading dimensions of the given sizes. */
export function broadcast(x: NDArray, sizes: Shape): NDArray {
  return broadcastInDim(
    x,
    [...sizes, ...x.shape],
    x.shape.map((_, d) => d + sizes.length),
  );
}
export function reshape(x: NDArray, newSizes: Shape): NDArray {
  return sameShape(x.shape, newSizes) ? x : apply('reshape', [x], { new_sizes: newSizes });
}
export const squeeze = (x: NDArray, dimensions: Shape): NDArray =>
  dimensions.length === 0 ? x : apply('squeeze', [x], { dimensions });
/** New dimensions of size 1 at the given positions of the result. */
export function expandDims(x: NDArray, dimensions: Shape): NDArray {
  if (dimensions.length === 0) return x;
  const rank = x.ndim + dimensions.length;
  const kept = Array.from({ length: rank }, (_, d) => d).filter((d) => !dimensions.includes(d));
  const shape = new Array<number>(rank).fill(1);
  kept.forEach((d, i) => (shape[d] = x.shape[i]!));
  return broadcastInDim(x, shape, kept);
}
export function transpose(x: NDArray, permutation: Shape): NDArray {
  return permutation.every((p, i) => p === i) && permutation.length === x.ndim
    ? x
    : apply('transpose', [x], { permutation });
}
/** The axis `from` moved to position `to`; the others keep their order. */
export function moveAxis(x: NDArray, from: number, to: number): NDArray {
  const order = x.shape.map((_, d) => d).filter((d) => d !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
export const rev = (x: NDArray, dimensions: Shape): NDArray =>
  dimensions.length === 0 ? x : apply('rev', [x], { dimensions });
export const slice = (x: NDArray, startIndices: Shape, limitIndices: Shape, strides?: Shape | null): NDArray =>
  apply('slice', [x], {
    start_indices: startIndices,
    limit_indices: limitIndices,
    strides: strides ?? startIndices.map(() => 1),
  });
/** A slice along one axis. */
export function sliceInDim(x: NDArray, start: number, limit: number, stride: number = 1, axis: number = 0): NDArray {
  return slice(
    x,
    x.shape.map((_, d) => (d === axis ? start : 0)),
    x.shape.map((n, d) => (d === axis ? limit : n)),
    x.shape.map((_, d) => (d === axis ? stride : 1)),
  );
}
export type PaddingConfig = readonly (readonly [low: number, high: number, interior: number])[];
export const pad = (x: NDArray, paddingValue: ArrayLike, paddingConfig: PaddingConfig): NDArray =>
  apply('pad', operands([x, paddingValue], 'pad'), { padding_config: paddingConfig });
export const concatenate = (xs: readonly NDArray[], dimension: number): NDArray =>
  apply('concatenate', xs, { dimension });
/** Parts of the given sizes along an axis. */
export const split = (x: NDArray, sizes: Shape, axis: number = 0): readonly NDArray[] =>
  bind(primitives.split, [x], { sizes, axis });
export const broadcastedIota = (dtype: DType, shape: Shape, dimension: number): NDArray =>
  apply('iota', [], { dtype: checkDType(dtype, 'iota: dtype'), shape, dimension });
/** 0, 1, … size − 1. */
export const iota = (dtype: DType, size: number): NDArray => broadcastedIota(dtype, [size], 0);

/** An array of one value. */
export function full(shape: Shape, value: number | bigint | boolean, dtype: DType): NDArray {
  const one = scalar(value, checkDType(dtype, 'full: dtype'), 'full');
  if (shape.length === 0) return one;
  return broadcastInDim(one, shape, []);
}
export const fullLike = (x: NDArray, value: number | bigint | boolean): NDArray => full(x.shape, value, x.dtype);
export const zerosLike = (x: { readonly shape: Shape; readonly dtype: DType }): NDArray =>
  full(x.shape, x.dtype === 'bool' ? false : 0, x.dtype);

// ---- reductions

type Axes = Shape | { readonly axes: Shape };
const reduction =
  (name: PrimitiveName): ((x: ArrayLike, axes: Axes) => NDArray) =>
  (x, axes) => {
    if ('axes' in axes) checkOptions(axes, ['axes'], `lax.${name}`);
    return apply(name, [asArray(x, name)], { axes: 'axes' in axes ? axes.axes : axes });
  };
export const reduceSum: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_sum');
export const reduceProd: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_prod');
export const reduceMax: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_max');
export const reduceMin: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_min');
export const reduceAnd: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_and');
export const reduceOr: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_or');
export const reduceXor: (x: ArrayLike, axes: Axes) => NDArray = reduction('reduce_xor');
/** The first index of the largest element along `axis`; the first NaN wins. */
export const argmax = (x: NDArray, axis: number, indexDtype: DType = 'int32'): NDArray =>
  apply('argmax', [x], { axes: [axis], index_dtype: indexDtype });
export const argmin = (x: NDArray, axis: number, indexDtype: DType = 'int32'): NDArray =>
  apply('argmin', [x], { axes: [axis], index_dtype: indexDtype });
export type Cumulative = (x: NDArray, axis?: number, options?: { readonly reverse?: boolean }) => NDArray;
const cumulative =
  (name: PrimitiveName): Cumulative =>
  (x, axis = 0, options = {}) => {
    checkOptions(options, ['reverse'], `lax.${name}`);
    return apply(name, [x], { axis, reverse: options.reverse ?? false });
  };
export const cumsum: Cumulative = cumulative('cumsum');
export const cumprod: Cumulative = cumulative('cumprod');
export const cummax: Cumulative = cumulative('cummax');
export const cummin: Cumulative = cumulative('cummin');
export const cumlogsumexp: Cumulative = cumulative('cumlogsumexp');

// ---- windows

export interface WindowOptions {
  /** Default: 1 along each axis. */
  readonly windowStrides?: Shape | null;
  /** Pairs of what is added before and after each axis, or a name for such pairs. Default: `'VALID'`, nothing. */
  readonly padding?: Padding | PaddingName;
  readonly baseDilation?: Shape | null;
  readonly windowDilation?: Shape | null;
}
/** The parameters of windows over an operand of a shape. */
export function windowParams(
  shape: Shape,
  windowDimensions: Shape,
  options: WindowOptions,
  where: string,
): WindowParams {
  checkOptions(options, ['windowStrides', 'padding', 'baseDilation', 'windowDilation'], where);
  const ones = windowDimensions.map(() => 1);
  const strides = options.windowStrides ?? ones;
  const dilation = options.windowDilation ?? ones;
  const padding = options.padding ?? 'VALID';
  const extents = windowDimensions.map((n, d) => dilatedSize(n, dilation[d]!));
  return {
    window_dimensions: windowDimensions,
    window_strides: strides,
    padding: typeof padding === 'string' ? padtypeToPads(shape, extents, strides, padding) : padding,
    base_dilation: options.baseDilation ?? ones,
    window_dilation: dilation,
  };
}
export type ReduceWindow = (x: NDArray, windowDimensions: Shape, options?: WindowOptions) => NDArray;
const windowed =
  (name: PrimitiveName): ReduceWindow =>
  (x, windowDimensions, options = {}) =>
    apply(name, [x], { ...windowParams(x.shape, windowDimensions, options, `lax.${name}`) });
/** The sum of each window of `x`. */
export const reduceWindowSum: ReduceWindow = windowed('reduce_window_sum');
export const reduceWindowMax: ReduceWindow = windowed('reduce_window_max');
export const reduceWindowMin: ReduceWindow = windowed('reduce_window_min');

export type SelectWindow = (
  source: NDArray,
  operand: NDArray,
  select: SelectPrimitive,
  windowDimensions: Shape,
  options?: WindowOptions,
) => NDArray;
const selecting =
  (name: PrimitiveName): SelectWindow =>
  (source, operand, select, windowDimensions, options = {}) =>
    apply(name, [source, operand], {
      select_prim: select,
      ...windowParams(operand.shape, windowDimensions, options, `lax.${name}`),
    });
/** What stands in `source` beside the largest (`'ge'`) or smallest (`'le'`) element of each window of `operand`. */
export const selectAndGatherAdd: SelectWindow = selecting('select_and_gather_add');
/** For each element of `operand` the sum of the sources of the windows whose largest or smallest element it is. */
export const selectAndScatterAdd: SelectWindow = selecting('select_and_scatter_add');

// ---- order

export interface SortOptions {
  readonly isStable?: boolean;
  /** How many operands, from the first on, say the order. */
  readonly numKeys?: number;
}
const fromEnd = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
/** Elements in ascending order along a dimension, NaN last; several operands go together, in the order of the first. */
export function sort(x: NDArray, dimension?: number, options?: SortOptions): NDArray;
export function sort(xs: readonly NDArray[], dimension?: number, options?: SortOptions): readonly NDArray[];
export function sort(
  x: NDArray | readonly NDArray[],
  dimension: number = -1,
  options: SortOptions = {},
): NDArray | readonly NDArray[] {
  checkOptions(options, ['isStable', 'numKeys'], 'lax.sort');
  const xs = x instanceof NDArray ? [x] : x;
  const sorted = bind(primitives.sort, xs, {
    dimension: fromEnd(dimension, xs[0]?.ndim ?? 0),
    is_stable: options.isStable ?? true,
    num_keys: options.numKeys ?? 1,
  });
  return x instanceof NDArray ? sorted[0]! : sorted;
}
/** The k largest elements along an axis, NaN first, and where they are. */
export function topK(x: NDArray, k: number, axis: number = -1): readonly [values: NDArray, indices: NDArray] {
  const [values, indices] = bind(primitives.top_k, [x], { k, axis: fromEnd(axis, x.ndim) });
  return [values!, indices!];
}

// ---- contraction

export interface DotOptions {
  readonly precision?: Precision | null;
  readonly preferredElementType?: DType | null;
}
/** `dimensionNumbers`: `[[lhs contracting, rhs contracting], [lhs batch, rhs batch]]`. */
export function dotGeneral(
  lhs: NDArray,
  rhs: NDArray,
  dimensionNumbers: DotDimensionNumbers,
  options: DotOptions = {},
): NDArray {
  checkOptions(options, ['precision', 'preferredElementType'], 'lax.dotGeneral');
  return apply('dot_general', [lhs, rhs], {
    dimension_numbers: dimensionNumbers,
    precision: options.precision ?? null,
    preferred_element_type: options.preferredElementType ?? null,
  });
}
/** Vector and matrix products: the last axis of `lhs` with the first of `rhs`. */
export function dot(lhs: NDArray, rhs: NDArray, options: DotOptions = {}): NDArray {
  if (![1, 2].includes(lhs.ndim) || ![1, 2].includes(rhs.ndim)) {
    throw new ShapeError(`lax.dot takes vectors and matrices, got ${showAval(lhs.aval)} and ${showAval(rhs.aval)}`);
  }
  return dotGeneral(
    lhs,
    rhs,
    [
      [[lhs.ndim - 1], [0]],
      [[], []],
    ],
    options,
  );
}

export interface ConvOptions extends DotOptions {
  readonly lhsDilation?: Shape | null;
  readonly rhsDilation?: Shape | null;
  readonly dimensionNumbers?: ConvDimensions;
  readonly featureGroupCount?: number;
  readonly batchGroupCount?: number;
}
const CONV_OPTIONS = [
  'lhsDilation',
  'rhsDilation',
  'dimensionNumbers',
  'featureGroupCount',
  'batchGroupCount',
  'precision',
  'preferredElementType',
];
/**
 * Products of filters with the windows of `lhs`. A name for the padding is for what is not dilated.
 *
 * @example
 * lax.convGeneralDilated(images, filters, [1, 1], 'SAME', { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] });
 */
export function convGeneralDilated(
  lhs: NDArray,
  rhs: NDArray,
  windowStrides: Shape,
  padding: Padding | PaddingName,
  options: ConvOptions = {},
): NDArray {
  checkOptions(options, CONV_OPTIONS, 'lax.convGeneralDilated');
  const dims = convDimensionNumbers(lhs.shape, rhs.shape, options.dimensionNumbers ?? null);
  const lhsDilation = options.lhsDilation ?? dims.lhs_spec.slice(2).map(() => 1);
  const rhsDilation = options.rhsDilation ?? dims.rhs_spec.slice(2).map(() => 1);
  if (typeof padding === 'string' && lhsDilation.some((n) => n !== 1)) {
    throw new ArgumentError(`lax.convGeneralDilated: with lhsDilation the padding is given in pairs, got '${padding}'`);
  }
  const window = pick(rhs.shape, dims.rhs_spec.slice(2)).map((n, d) => dilatedSize(n, rhsDilation[d]!));
  const space = pick(lhs.shape, dims.lhs_spec.slice(2));
  return apply('conv_general_dilated', [lhs, rhs], {
    window_strides: windowStrides,
    padding: typeof padding === 'string' ? padtypeToPads(space, window, windowStrides, padding) : padding,
    lhs_dilation: lhsDilation,
    rhs_dilation: rhsDilation,
    dimension_numbers: dims,
    feature_group_count: options.featureGroupCount ?? 1,
    batch_group_count: options.batchGroupCount ?? 1,
    precision: options.precision ?? null,
    preferred_element_type: options.preferredElementType ?? null,
  });
}

// ---- indexing

export interface IndexOptions {
  readonly mode?: IndexMode;
  readonly fillValue?: number | boolean | null;
  readonly uniqueIndices?: boolean;
  readonly indicesAreSorted?: boolean;
}
export function gather(
  operand: NDArray,
  startIndices: NDArray,
  dimensionNumbers: GatherDimensionNumbers,
  sliceSizes: Shape,
  options: IndexOptions = {},
): NDArray {
  checkOptions(options, ['mode', 'fillValue', 'uniqueIndices', 'indicesAreSorted'], 'lax.gather');
  return apply('gather', [operand, startIndices], {
    dimension_numbers: dimensionNumbers,
    slice_sizes: sliceSizes,
    mode: options.mode ?? 'fill',
    fill_value: options.fillValue ?? null,
    unique_indices: options.uniqueIndices ?? false,
    indices_are_sorted: options.indicesAreSorted ?? false,
  });
}
type ScatterOptions = Omit<IndexOptions, 'fillValue'>;
type ScatterFunction = (
  operand: NDArray,
  scatterIndices: NDArray,
  updates: NDArray,
  dimensionNumbers: ScatterDimensionNumbers,
  options?: ScatterOptions,
) => NDArray;
const scattering =
  (name: PrimitiveName): ScatterFunction =>
  (operand, scatterIndices, updates, dimensionNumbers, options = {}) => {
    checkOptions(options, ['mode', 'uniqueIndices', 'indicesAreSorted'], `lax.${name}`);
    return apply(name, [operand, scatterIndices, updates], {
      dimension_numbers: dimensionNumbers,
      mode: options.mode ?? 'fill',
      unique_indices: options.uniqueIndices ?? false,
      indices_are_sorted: options.indicesAreSorted ?? false,
    });
  };
/** `operand` with windows of it replaced. Where several meet, one of them wins, and it is open which. */
export const scatter: ScatterFunction = scattering('scatter');
export const scatterAdd: ScatterFunction = scattering('scatter_add');
export const scatterMul: ScatterFunction = scattering('scatter_mul');
export const scatterMin: ScatterFunction = scattering('scatter_min');
export const scatterMax: ScatterFunction = scattering('scatter_max');
const starts = (x: NDArray, at: readonly ArrayLike[], where: string): NDArray[] =>
  at.map((s, d) => {
    if (typeof s === 'object') return s;
    // JAX counts a negative start that is written down from the end.
    return scalar(Number(s) < 0 ? Number(s) + x.shape[d]! : s, 'int32', where);
  });
/** The part of `x` of the given sizes that begins at `startIndices`, moved so that it fits. */
export const dynamicSlice = (x: NDArray, startIndices: readonly ArrayLike[], sliceSizes: Shape): NDArray =>
  apply('dynamic_slice', [x, ...starts(x, startIndices, 'dynamic_slice')], { slice_sizes: sliceSizes });
/** `x` with the part that begins at `startIndices` (moved so that it fits) replaced by `update`. */
export const dynamicUpdateSlice = (x: NDArray, update: NDArray, startIndices: readonly ArrayLike[]): NDArray =>
  apply('dynamic_update_slice', [x, update, ...starts(x, startIndices, 'dynamic_update_slice')]);

// ---- linear algebra, Fourier transforms

/**
 * The discrete Fourier transform over the last axes, as many as there are lengths (1 to 3): of complex numbers and back
 * ('FFT', 'IFFT'), of real numbers to the first half of their spectrum and back ('RFFT', 'IRFFT').
 *
 * @example
 * lax.fft(np.array([1, 2, 3, 4]), 'RFFT', [4]); // [10, -2+2i, -2]
 */
export const fft = (x: NDArray, fftType: FftType, fftLengths: Shape): NDArray =>
  apply('fft', [x], { fft_type: fftType, fft_lengths: fftLengths });

export * as linalg from './lax/linalg.ts';

// ---- random bits

/** The Threefry-2×32 block function (Salmon et al. 2011), elementwise on uint32 arrays. */
export function threefry2x32(key1: NDArray, key2: NDArray, x1: NDArray, x2: NDArray): readonly [NDArray, NDArray] {
  const [a, b] = bind(primitives.threefry2x32, [key1, key2, x1, x2], {});
  return [a!, b!];
}

export interface RandomBitsOptions {
  readonly bitWidth?: 8 | 16 | 32 | 64;
  /** Today's stream of JAX instead of that of 2019. */
  readonly partitionable?: boolean;
}
/** Random unsigned integers of `bitWidth` bits (32), of this shape for each of the keys `u32[…, 2]`. */
export function randomBits(keys: NDArray, shape: Shape, options: RandomBitsOptions = {}): NDArray {
  checkOptions(options, ['bitWidth', 'partitionable'], 'lax.randomBits');
  const { bitWidth = 32, partitionable = false } = options;
  return apply('random_bits', [keys], { bit_width: bitWidth, shape, partitionable });
}

// ---- for rules

/** The sum of two tangents, of which either may be a symbolic zero. */
export const addTangents = (a: Tangent, b: Tangent): Tangent => (a === null ? b : b === null ? a : add(a, b));
