/** The functions of `lax` that order elements. */
import { asArray } from '../core/convert.ts';
import { arrayList, integer } from '../core/arguments.ts';
import { checkOptions, refuseExtra } from '../core/errors.ts';
import { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { primitives } from '../primitives/index.ts';

export interface SortOptions {
  readonly isStable?: boolean;
  /** How many operands, from the first on, say the order. */
  readonly numKeys?: number;
}
const fromEnd = (axis: number, rank: number, where: string): number =>
  integer(axis, `${where}: axis`) < 0 ? axis + rank : axis;
/** Elements in ascending order along a dimension, NaN last; several operands go together, in the order of the first. */
export function sort(x: NDArray, dimension?: number, options?: SortOptions): NDArray;
export function sort(xs: readonly NDArray[], dimension?: number, options?: SortOptions): readonly NDArray[];
export function sort(
  x: NDArray | readonly NDArray[],
  dimension: number = -1,
  options: SortOptions = {},
  ...more: []
): NDArray | readonly NDArray[] {
  refuseExtra(more, 'lax.sort');
  checkOptions(options, ['isStable', 'numKeys'], 'lax.sort');
  const xs = Array.isArray(x) ? arrayList(x, 'lax.sort') : [asArray(x, 'lax.sort')];
  const sorted = bind(primitives.sort, xs, {
    dimension: fromEnd(dimension, xs[0]?.ndim ?? 0, 'lax.sort'),
    is_stable: options.isStable ?? true,
    num_keys: options.numKeys ?? 1,
  });
  return x instanceof NDArray ? sorted[0]! : sorted;
}
/** The k largest elements along an axis, NaN first, and where they are. */
export function topK(
  x: NDArray,
  k: number,
  axis: number = -1,
  ...more: []
): readonly [values: NDArray, indices: NDArray] {
  refuseExtra(more, 'lax.topK');
  const [values, indices] = bind(primitives.top_k, [x], {
    k,
    axis: fromEnd(axis, asArray(x, 'lax.topK').ndim, 'lax.topK'),
  });
  return [values!, indices!];
}
