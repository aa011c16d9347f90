/** Convolutions made of conv_general_dilated, and what they make of shapes. */
import { showAval } from '../core/host.ts';
import { asArray } from '../core/convert.ts';
import { integers, list, oneOf } from '../core/arguments.ts';
import { checkOptions, refuseExtra, ShapeError } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import {
  convDimensionNumbers,
  type ConvDimensions,
  convTransposePadding,
  dilatedSize,
  type Padding,
  type PaddingName,
} from '../primitives/convolution-shapes.ts';

export {
  convDimensionNumbers,
  type ConvDimensionNumbers,
  type ConvDimensions,
  convGeneralPermutations,
  convGeneralShapeTuple,
  convShapeTuple,
  convTransposeShapeTuple,
  type Padding,
  type PaddingName,
  padtypeToPads,
} from '../primitives/convolution-shapes.ts';

const DOT_OPTIONS = ['precision', 'preferredElementType'];
const TRANSPOSE_OPTIONS = [
  ...DOT_OPTIONS,
  'dimensionNumbers',
  'transposeKernel',
  'useConsistentPadding',
  'rhsDilation',
];

function checkOperands(lhs: NDArray, rhs: NDArray, strides: Shape, padding: unknown, where: string): void {
  if (typeof padding === 'string') oneOf(padding, ['SAME', 'SAME_LOWER', 'VALID'], `${where}: padding`);
  for (const x of [lhs, rhs]) {
    const { aval, ndim } = asArray(x, where);
    if (ndim < 2) throw new ShapeError(`${where}: operands have a batch and a feature axis, got ${showAval(aval)}`);
  }
  integers(strides, `${where}: strides`);
}

/**
 * The convolution of operands in the order NCHW and OIHW.
 *
 * @example
 * lax.conv(images, filters, [1, 1], 'SAME');
 */
export const conv = (
  lhs: NDArray,
  rhs: NDArray,
  windowStrides: Shape,
  padding: PaddingName,
  options: lax.DotOptions = {},
  ...more: []
): NDArray => {
  refuseExtra(more, 'lax.conv');
  checkOperands(lhs, rhs, windowStrides, padding, 'lax.conv');
  checkOptions(options, DOT_OPTIONS, 'lax.conv');
  return lax.convGeneralDilated(lhs, rhs, windowStrides, padding, options);
};

/**
 * The same with any padding and dilation.
 *
 * @example
 * lax.convWithGeneralPadding(images, filters, [1, 1], [[2, 2], [2, 2]], null, [2, 2]);
 */
export function convWithGeneralPadding(
  lhs: NDArray,
  rhs: NDArray,
  windowStrides: Shape,
  padding: Padding | PaddingName,
  lhsDilation: Shape | null,
  rhsDilation: Shape | null,
  options: lax.DotOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.convWithGeneralPadding');
  checkOperands(lhs, rhs, windowStrides, padding, 'lax.convWithGeneralPadding');
  for (const list of [lhsDilation, rhsDilation])
    if (list !== null) integers(list, 'lax.convWithGeneralPadding: lhsDilation and rhsDilation');
  checkOptions(options, DOT_OPTIONS, 'lax.convWithGeneralPadding');
  return lax.convGeneralDilated(lhs, rhs, windowStrides, padding, { ...options, lhsDilation, rhsDilation });
}

export interface ConvTransposeOptions extends lax.DotOptions {
  readonly rhsDilation?: Shape | null;
  /** Default: channels last, `['NHWC', 'HWIO', 'NHWC']` in 2-D. */
  readonly dimensionNumbers?: ConvDimensions;
  /** Mirrors the filters and swaps their features: the gradient of a convolution with these filters. */
  readonly transposeKernel?: boolean;
  /** Takes pairs, too, for the padding of the convolution that is transposed. */
  readonly useConsistentPadding?: boolean;
}
const CHANNELS_LAST: readonly ConvDimensions[] = [
  ['NC', 'IO', 'NC'],
  ['NHC', 'HIO', 'NHC'],
  ['NHWC', 'HWIO', 'NHWC'],
  ['NHWDC', 'HWDIO', 'NHWDC'],
];

/**
 * The convolution whose strides widen the result. A name for the padding is that of the convolution that it transposes;
 * pairs are this one's own.
 *
 * @example
 * lax.convTranspose(np.ones([1, 4, 4, 3]), np.ones([2, 2, 3, 5]), [2, 2], 'SAME').shape; // [1, 8, 8, 5]
 */
export function convTranspose(
  lhs: NDArray,
  rhs: NDArray,
  strides: Shape,
  padding: Padding | 'SAME' | 'VALID',
  options: ConvTransposeOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.convTranspose');
  checkOperands(lhs, rhs, strides, padding, 'lax.convTranspose');
  checkOptions(options, TRANSPOSE_OPTIONS, 'lax.convTranspose');
  const { dimensionNumbers, transposeKernel = false, useConsistentPadding = false, rhsDilation, ...dot } = options;
  const words = dimensionNumbers ?? CHANNELS_LAST[lhs.ndim - 2];
  if (words === undefined) {
    throw new ShapeError(`lax.convTranspose: for ${lhs.ndim - 2} spatial axes dimensionNumbers must be given`);
  }
  const dims = convDimensionNumbers(lhs.shape, rhs.shape, words);
  if (typeof padding !== 'string') list(padding, "'SAME', 'VALID' or a list of pairs", 'lax.convTranspose: padding');
  const space = dims.rhs_spec.slice(2);
  const dilation = rhsDilation ?? space.map(() => 1);
  if (typeof padding !== 'string' && padding.length !== space.length) {
    throw new ShapeError(`lax.convTranspose: padding must have ${space.length} pairs, got ${padding.length}`);
  }
  const transposed = (axis: number, d: number): [number, number] => {
    const window = dilatedSize(rhs.shape[axis]!, dilation[d]!);
    return convTransposePadding(window, strides[d]!, typeof padding === 'string' ? padding : padding[d]!);
  };
  const pads = typeof padding === 'string' || useConsistentPadding ? space.map(transposed) : padding;
  const [out, into] = dims.rhs_spec as [number, number];
  const swapped = rhs.shape.map((_, d) => (d === out ? into : d === into ? out : d));
  const filters = transposeKernel ? lax.transpose(lax.rev(rhs, space), swapped) : rhs;
  const ones = space.map(() => 1);
  return lax.convGeneralDilated(lhs, filters, ones, pads, {
    ...dot,
    lhsDilation: strides,
    rhsDilation: dilation,
    dimensionNumbers: dims,
  });
}
