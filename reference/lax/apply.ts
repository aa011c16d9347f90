/** What the functions of `lax` are made of. */
import { refuseExtra } from '../core/errors.ts';
import { asArray, operands } from '../core/convert.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import type { Params } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { primitives, type PrimitiveName } from '../primitives/index.ts';

export const apply = (name: PrimitiveName, xs: readonly NDArray[], params: Params = {}): NDArray =>
  bind(primitives[name], xs, params)[0]!;

export const unary =
  (name: PrimitiveName): ((x: ArrayLike) => NDArray) =>
  (x, ...more: []) => {
    refuseExtra(more, name);
    return apply(name, [asArray(x, name)]);
  };

/** Numbers beside an array become arrays of its dtype and shape. */
export function alike(xs: readonly ArrayLike[], where: string): NDArray[] {
  const arrays = operands(xs, where);
  const { shape } = arrays.reduce((a, b) => (b.ndim > a.ndim ? b : a));
  return arrays.map((a, i) =>
    typeof xs[i] === 'object' || a.ndim === shape.length
      ? a
      : apply('broadcast_in_dim', [a], { shape, broadcast_dimensions: [] }),
  );
}

export const binary =
  (name: PrimitiveName): ((x: ArrayLike, y: ArrayLike) => NDArray) =>
  (x, y, ...more: []) => {
    refuseExtra(more, name);
    return apply(name, alike([x, y], name));
  };
