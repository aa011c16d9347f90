/** The functions of `lax` on windows of an array. */
import { asArray } from '../core/convert.ts';
import { integers } from '../core/arguments.ts';
import { checkOptions, refuseExtra } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { PrimitiveName } from '../primitives/index.ts';
import type { WindowParams } from '../primitives/window-shapes.ts';
import type { SelectPrimitive } from '../primitives/window-winners.ts';
import { dilatedSize, padtypeToPads, type Padding, type PaddingName } from '../primitives/convolution-shapes.ts';
import { apply } from './apply.ts';

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
  const ones = integers(windowDimensions, `${where}: windowDimensions`).map(() => 1);
  const strides = integers(options.windowStrides ?? ones, `${where}: windowStrides`);
  const dilation = integers(options.windowDilation ?? ones, `${where}: windowDilation`);
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
  (x, windowDimensions, options = {}, ...more: []) => {
    refuseExtra(more, name);
    return apply(name, [x], {
      ...windowParams(asArray(x, name).shape, windowDimensions, options, name),
    });
  };
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
  (source, operand, select, windowDimensions, options = {}, ...more: []) => {
    refuseExtra(more, name);
    return apply(name, [source, operand], {
      select_prim: select,
      ...windowParams(asArray(operand, name).shape, windowDimensions, options, name),
    });
  };
/** What stands in `source` beside the largest (`'ge'`) or smallest (`'le'`) element of each window of `operand`. */
export const selectAndGatherAdd: SelectWindow = selecting('select_and_gather_add');
/** For each element of `operand` the sum of the sources of the windows whose largest or smallest element it is. */
export const selectAndScatterAdd: SelectWindow = selecting('select_and_scatter_add');
