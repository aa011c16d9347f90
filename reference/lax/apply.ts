/** What the functions of `lax` are made of. */
import type { NamedAxis } from '../core/collective.ts';
import { asArray, operands } from '../core/convert.ts';
import { integer } from '../core/arguments.ts';
import { refuseExtra, ShapeError } from '../core/errors.ts';
import type { NDArray, ArrayLike } from '../core/ndarray.ts';
import type { Params } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { type CollectiveName, collectives, primitives, type PrimitiveName } from '../primitives/index.ts';

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

/** A collective over an axis whose size is known. */
export const collective = (name: CollectiveName, xs: readonly NDArray[], params: NamedAxis & Params): NDArray =>
  bind(collectives[name], xs, params)[0]!;

/** An axis counted from the front. @throws ShapeError naming axis and rank */
export function canonicalAxis(axis: number, rank: number, where: string): number {
  if (integer(axis, `${where}: axis`) < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis ${axis} is out of range for an array of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}
