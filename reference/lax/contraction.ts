/** Products of arrays and convolutions in `lax`. */
import { integers, oneOf } from '../core/arguments.ts';
import { asArray } from '../core/convert.ts';
import type { DType } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, ShapeError, refuseExtra } from '../core/errors.ts';
import { showAval, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { DotDimensionNumbers, Precision } from '../primitives/contraction.ts';
import {
  convDimensionNumbers,
  dilatedSize,
  padtypeToPads,
  pick,
  type ConvDimensions,
  type Padding,
  type PaddingName,
} from '../primitives/convolution-shapes.ts';
import { apply } from './apply.ts';

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
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.dotGeneral');
  checkOptions(options, ['precision', 'preferredElementType'], 'lax.dotGeneral');
  return apply('dot_general', [lhs, rhs], {
    dimension_numbers: dimensionNumbers,
    precision: options.precision ?? null,
    preferred_element_type: options.preferredElementType ?? null,
  });
}
/** Vector and matrix products: the last axis of `lhs` with the first of `rhs`. */
export function dot(lhs: NDArray, rhs: NDArray, options: DotOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'lax.dot');
  const [a, b] = [asArray(lhs, 'lax.dot'), asArray(rhs, 'lax.dot')];
  if (![1, 2].includes(a.ndim) || ![1, 2].includes(b.ndim)) {
    throw new ShapeError(`lax.dot takes vectors and matrices, got ${showAval(a.aval)} and ${showAval(b.aval)}`);
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
const PADDINGS: readonly PaddingName[] = ['SAME', 'SAME_LOWER', 'VALID'];
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
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.convGeneralDilated');
  checkOptions(options, CONV_OPTIONS, 'lax.convGeneralDilated');
  for (const x of [lhs, rhs]) {
    const { aval, ndim } = asArray(x, 'lax.convGeneralDilated');
    if (ndim < 2)
      throw new ShapeError(`lax.convGeneralDilated: operands have a batch and a feature axis, got ${showAval(aval)}`);
  }
  integers(windowStrides, 'lax.convGeneralDilated: windowStrides');
  if (typeof padding === 'string') oneOf(padding, PADDINGS, 'lax.convGeneralDilated: padding');
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
