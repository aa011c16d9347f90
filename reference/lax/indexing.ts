/** The functions of `lax` that read and write at indices. */
import { asArray, isScalar, scalar } from '../core/convert.ts';
import { checkOptions, refuseExtra, ArgumentError, describe } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import { type ArrayLike, NDArray } from '../core/ndarray.ts';
import type { PrimitiveName } from '../primitives/index.ts';
import type { GatherDimensionNumbers, ScatterDimensionNumbers, IndexMode } from '../primitives/indexing.ts';
import { apply } from './apply.ts';

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
  ...more: []
): NDArray {
  refuseExtra(more, 'lax.gather');
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
  (operand, scatterIndices, updates, dimensionNumbers, options = {}, ...more: []) => {
    refuseExtra(more, name);
    checkOptions(options, ['mode', 'uniqueIndices', 'indicesAreSorted'], name);
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
function scalarList(at: readonly ArrayLike[], where: string): readonly ArrayLike[] {
  if (Array.isArray(at)) return at as readonly ArrayLike[];
  throw new ArgumentError(`${where}: startIndices must be a list of numbers and rank-0 arrays, got ${describe(at)}`);
}
const starts = (x: NDArray, at: readonly ArrayLike[], where: string): NDArray[] =>
  scalarList(at, where).map((s, d) => {
    if (s instanceof NDArray) return s;
    // JAX counts a negative start that is written down from the end.
    if (!isScalar(s))
      throw new ArgumentError(`${where}: startIndices[${d}] must be a number or an array, got ${describe(s)}`);
    return scalar(Number(s) < 0 ? Number(s) + (x.shape[d] ?? 0) : s, 'int32', where);
  });
/** The part of `x` of the given sizes that begins at `startIndices`, moved so that it fits. */
export const dynamicSlice = (
  x: NDArray,
  startIndices: readonly ArrayLike[],
  sliceSizes: Shape,
  ...more: []
): NDArray => {
  refuseExtra(more, 'lax.dynamicSlice');
  return apply('dynamic_slice', [x, ...starts(asArray(x, 'dynamic_slice'), startIndices, 'dynamic_slice')], {
    slice_sizes: sliceSizes,
  });
};
/** `x` with the part that begins at `startIndices` (moved so that it fits) replaced by `update`. */
export const dynamicUpdateSlice = (
  x: NDArray,
  update: NDArray,
  startIndices: readonly ArrayLike[],
  ...more: []
): NDArray => {
  refuseExtra(more, 'lax.dynamicUpdateSlice');
  return apply('dynamic_update_slice', [
    x,
    update,
    ...starts(asArray(x, 'dynamic_update_slice'), startIndices, 'dynamic_update_slice'),
  ]);
};
