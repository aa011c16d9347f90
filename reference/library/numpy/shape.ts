/** Rearranging: nothing here computes. */
import { asArray } from '../../core/convert.ts';
import { ShapeError } from '../../core/errors.ts';
import { type Shape, showAval, sizeOf } from '../../core/host.ts';
import type { ArrayLike, Axis, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import {
  broadcastAll,
  broadcastShape,
  broadcastShapes as commonShape,
  canonicalAxes,
  canonicalAxis,
  shapeArgument,
} from './arguments.ts';

/** The elements in another shape, row by row. One size may be −1: whatever is left. @throws ShapeError */
export function reshape(x: ArrayLike, shape: number | Shape): NDArray {
  const array = asArray(x, 'np.reshape');
  const wanted = typeof shape === 'number' ? [shape] : shape;
  const free = wanted.filter((n) => n === -1).length;
  const known = sizeOf(wanted.filter((n) => n !== -1));
  const left = known === 0 ? 0 : array.size / known;
  const fits =
    free === 0 ? known === array.size : free === 1 && Number.isInteger(left) && (known > 0 || array.size === 0);
  if (!fits || wanted.some((n) => n < -1 || !Number.isInteger(n))) {
    throw new ShapeError(
      `np.reshape: ${showAval(array.aval)} has ${array.size} elements, which do not fit [${wanted.join(',')}]`,
    );
  }
  return lax.reshape(
    array,
    wanted.map((n) => (n === -1 ? left : n)),
  );
}
/** The elements as a vector. */
export const ravel = (x: ArrayLike): NDArray => reshape(x, -1);

/** Axes in another order; without `axes`, reversed. */
export function transpose(x: ArrayLike, axes?: readonly number[] | null): NDArray {
  const array = asArray(x, 'np.transpose');
  const order =
    axes?.map((a) => canonicalAxis(a, array.ndim, 'np.transpose')) ?? array.shape.map((_, d) => array.ndim - 1 - d);
  if (order.length !== array.ndim || new Set(order).size !== array.ndim) {
    throw new ShapeError(
      `np.transpose: axes [${String(axes)}] are not a permutation of the axes of an array of rank ${array.ndim}`,
    );
  }
  return lax.transpose(array, order);
}
export const permuteDims: typeof transpose = transpose;
/** The last two axes exchanged. */
export const matrixTranspose = (x: ArrayLike): NDArray => swapaxes(x, -1, -2);

export function swapaxes(x: ArrayLike, axis1: number, axis2: number): NDArray {
  const array = asArray(x, 'np.swapaxes');
  const [a, b] = [axis1, axis2].map((axis) => canonicalAxis(axis, array.ndim, 'np.swapaxes'));
  const order = array.shape.map((_, d) => (d === a ? b! : d === b ? a! : d));
  return lax.transpose(array, order);
}

/** The axes `source` moved to the places `destination`; the others keep their order. */
export function moveaxis(
  x: ArrayLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): NDArray {
  const array = asArray(x, 'np.moveaxis');
  const list = (axes: number | readonly number[]): number[] =>
    (typeof axes === 'number' ? [axes] : axes).map((a) => canonicalAxis(a, array.ndim, 'np.moveaxis'));
  const [from, to] = [list(source), list(destination)];
  if (from.length !== to.length || new Set(from).size < from.length || new Set(to).size < to.length) {
    throw new ShapeError(`np.moveaxis: axes [${String(source)}] cannot move to [${String(destination)}]`);
  }
  const rest = array.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const order = array.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
  return lax.transpose(array, order);
}

/** Without axes of size 1: all of them, or those named. @throws ShapeError if a named one has another size */
export function squeeze(x: ArrayLike, axis?: Axis): NDArray {
  const array = asArray(x, 'np.squeeze');
  const ones =
    axis === undefined || axis === null
      ? array.shape.flatMap((n, d) => (n === 1 ? [d] : []))
      : canonicalAxes(axis, array.ndim, 'np.squeeze');
  const wide = ones.find((d) => array.shape[d] !== 1);
  if (wide !== undefined)
    throw new ShapeError(`np.squeeze: axis ${wide} of ${showAval(array.aval)} has size ${array.shape[wide]}, not 1`);
  return lax.squeeze(array, ones);
}

/** New axes of size 1 at the given places of the result. */
export function expandDims(x: ArrayLike, axis: number | readonly number[]): NDArray {
  const array = asArray(x, 'np.expandDims');
  const count = typeof axis === 'number' ? 1 : axis.length;
  return lax.expandDims(array, canonicalAxes(axis, array.ndim + count, 'np.expandDims'));
}

export const broadcastTo = (x: ArrayLike, shape: number | Shape): NDArray =>
  broadcastShape(asArray(x, 'np.broadcastTo'), shapeArgument(shape, 'np.broadcastTo'), 'np.broadcastTo');
/** The shape to which all of them broadcast. @throws ShapeError */
export const broadcastShapes = (...shapes: readonly Shape[]): number[] => commonShape(shapes, 'np.broadcastShapes');
export const broadcastArrays = (...xs: readonly ArrayLike[]): NDArray[] =>
  broadcastAll(
    xs.map((x) => asArray(x, 'np.broadcastArrays')),
    'np.broadcastArrays',
  );

/** Elements in reverse order along the axes; without `axis`, along all. */
export function flip(x: ArrayLike, axis?: Axis): NDArray {
  const array = asArray(x, 'np.flip');
  return lax.rev(array, canonicalAxes(axis, array.ndim, 'np.flip'));
}
export const flipud = (x: ArrayLike): NDArray => flip(x, 0);
export const fliplr = (x: ArrayLike): NDArray => flip(x, 1);

/** Elements shifted along axes, those pushed out coming back at the other end; without `axis`, in the flat array. */
export function roll(x: ArrayLike, shift: number | readonly number[], axis?: Axis): NDArray {
  const array = asArray(x, 'np.roll');
  if (axis === undefined || axis === null) {
    if (typeof shift !== 'number') throw new ShapeError('np.roll: several shifts need as many axes');
    return lax.reshape(rollAxis(ravel(array), shift, 0), array.shape);
  }
  const axes = typeof axis === 'number' ? [axis] : axis;
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length) throw new ShapeError(`np.roll: ${shifts.length} shifts for ${axes.length} axes`);
  return axes.reduce((y, a, i) => rollAxis(y, shifts[i]!, canonicalAxis(a, array.ndim, 'np.roll')), array);
}

function rollAxis(x: NDArray, shift: number, axis: number): NDArray {
  const n = x.shape[axis]!;
  const at = n === 0 ? 0 : ((-shift % n) + n) % n;
  if (at === 0) return x;
  return lax.concatenate([lax.sliceInDim(x, at, n, 1, axis), lax.sliceInDim(x, 0, at, 1, axis)], axis);
}

/** A rotation of the plane of two axes by k quarter turns. */
export function rot90(x: ArrayLike, k: number = 1, axes: readonly [number, number] = [0, 1]): NDArray {
  const turns = ((k % 4) + 4) % 4;
  if (turns === 2) return flip(x, axes);
  if (turns === 0) return asArray(x, 'np.rot90');
  return turns === 1 ? swapaxes(flip(x, axes[1]), ...axes) : flip(swapaxes(x, ...axes), axes[1]);
}

export function atleast1d(x: ArrayLike): NDArray {
  const array = asArray(x, 'np.atleast1d');
  return array.ndim === 0 ? lax.reshape(array, [1]) : array;
}
/** A vector becomes one row. */
export function atleast2d(x: ArrayLike): NDArray {
  const array = atleast1d(x);
  return array.ndim === 1 ? lax.expandDims(array, [0]) : array;
}
/** A vector of n becomes [1, n, 1], a matrix gets a last axis of size 1. */
export function atleast3d(x: ArrayLike): NDArray {
  const array = atleast1d(x);
  if (array.ndim === 1) return lax.expandDims(array, [0, 2]);
  return array.ndim === 2 ? lax.expandDims(array, [2]) : array;
}
