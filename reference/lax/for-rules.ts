/** What the rules of primitives have besides the functions of `lax`, which are everybody's. */
import type { NamedAxis } from '../core/collective.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Tangent } from '../core/primitive.ts';
import { collective } from './apply.ts';
import { add, mul } from './elementwise.ts';
import { dynamicSlice } from './indexing.ts';
import { squeeze } from './shape.ts';

export { collective };

/** The sum of two tangents, of which either may be a symbolic zero. */
export const addTangents = (a: Tangent, b: Tangent): Tangent => (a === null ? b : b === null ? a : add(a, b));

/** This lane's part, along an axis, of the sum over all lanes. */
export function ownPartOfSum(
  x: NDArray,
  { axis_name, axis_size }: NamedAxis,
  dimension: number,
  tiled: boolean,
): NDArray {
  const axis = { axis_name, axis_size };
  const all = collective('psum', [x], axis);
  const size = tiled ? x.shape[dimension]! / axis_size : 1;
  const start = mul(collective('axis_index', [], axis), size);
  const starts = x.shape.map((_, d) => (d === dimension ? start : 0));
  const part = dynamicSlice(all, starts, x.shape.with(dimension, size));
  return tiled ? part : squeeze(part, [dimension]);
}
