/** Rearranging: nothing here computes. */
import { shapeArgument, integer, integers, oneOrMore } from '../../core/arguments.ts';
import { asArray } from '../../core/convert.ts';
import { ShapeError, refuseExtra } from '../../core/errors.ts';
import { type Shape, showAval, sizeOf } from '../../core/host.ts';
import type { ArrayLike, Axis, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import {
  broadcastAll,
  broadcastShape,
  broadcastShapes as commonShape,
  canonicalAxes,
  canonicalAxis,
} from './arguments.ts';

/** The elements in another shape, row by row. One size may be −1: whatever is left. @throws ShapeError */
export function reshape(x: ArrayLike, shape: number | Shape, ...more: []): NDArray {
  refuseExtra(more, 'np.reshape');
  const array = asArray(x, 'np.reshape');
  const wanted = oneOrMore(shape, 'np.reshape: shape');
  const free = wanted.filter((n) => n === -1).length;
  const known = sizeOf(wanted.filter((n) => n !== -1));
  const left = known === 0 ? 0 : array.size / known;
  const fits =
    free === 0 ? known === array.size : free === 1 && Number.isInteger(left) && (known > 0 || array.size === 0);
  if (!fits || wanted.some((n) => n < -1)) {
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
export const ravel = (x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.ravel');
  return reshape(asArray(x, 'np.ravel'), -1);
};

/** Axes in another order; without `axes`, reversed. */
export function transpose(x: ArrayLike, axes?: readonly number[] | null, ...more: []): NDArray {
  refuseExtra(more, 'np.transpose');
  const array = asArray(x, 'np.transpose');
  const order =
    axes === undefined || axes === null
      ? array.shape.map((_, d) => array.ndim - 1 - d)
      : integers(axes, 'np.transpose: axes').map((a) => canonicalAxis(a, array.ndim, 'np.transpose'));
  if (order.length !== array.ndim || new Set(order).size !== array.ndim) {
    throw new ShapeError(
      `np.transpose: axes [${String(axes)}] are not a permutation of the axes of an array of rank ${array.ndim}`,
    );
  }
  return lax.transpose(array, order);
}
export const permuteDims: typeof transpose = transpose;
/** The last two axes exchanged. */
export const matrixTranspose = (x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.matrixTranspose');
  const array = asArray(x, 'np.matrixTranspose');
  if (array.ndim < 2)
    throw new ShapeError(`np.matrixTranspose: needs an array of rank 2 or more, got ${showAval(array.aval)}`);
  return swapaxes(array, -1, -2);
};

export function swapaxes(x: ArrayLike, axis1: number, axis2: number, ...more: []): NDArray {
  refuseExtra(more, 'np.swapaxes');
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
  ...more: []
): NDArray {
  refuseExtra(more, 'np.moveaxis');
  const array = asArray(x, 'np.moveaxis');
  const list = (axes: number | readonly number[], name: string): number[] =>
    oneOrMore(axes, `np.moveaxis: ${name}`).map((a) => canonicalAxis(a, array.ndim, 'np.moveaxis'));
  const [from, to] = [list(source, 'source'), list(destination, 'destination')];
  if (from.length !== to.length || new Set(from).size < from.length || new Set(to).size < to.length) {
    throw new ShapeError(`np.moveaxis: axes [${String(source)}] cannot move to [${String(destination)}]`);
  }
  const rest = array.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const order = array.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
  return lax.transpose(array, order);
}

/** Without axes of size 1: all of them, or those named. @throws ShapeError if a named one has another size */
export function squeeze(x: ArrayLike, axis?: Axis, ...more: []): NDArray {
  refuseExtra(more, 'np.squeeze');
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
export function expandDims(x: ArrayLike, axis: number | readonly number[], ...more: []): NDArray {
  refuseExtra(more, 'np.expandDims');
  const array = asArray(x, 'np.expandDims');
  const axes = oneOrMore(axis, 'np.expandDims: axis');
  return lax.expandDims(array, canonicalAxes(axes, array.ndim + axes.length, 'np.expandDims'));
}

export const broadcastTo = (x: ArrayLike, shape: number | Shape, ...more: []): NDArray => {
  refuseExtra(more, 'np.broadcastTo');
  return broadcastShape(asArray(x, 'np.broadcastTo'), shapeArgument(shape, 'np.broadcastTo'), 'np.broadcastTo');
};
/** The shape to which all of them broadcast. @throws ShapeError */
export const broadcastShapes = (...shapes: readonly Shape[]): number[] =>
  commonShape(
    shapes.map((shape) => shapeArgument(shape, 'np.broadcastShapes')),
    'np.broadcastShapes',
  );
export const broadcastArrays = (...xs: readonly ArrayLike[]): NDArray[] =>
  broadcastAll(
    xs.map((x) => asArray(x, 'np.broadcastArrays')),
    'np.broadcastArrays',
  );

/** Elements in reverse order along the axes; without `axis`, along all. */
export function flip(x: ArrayLike, axis?: Axis, ...more: []): NDArray {
  refuseExtra(more, 'np.flip');
  const array = asArray(x, 'np.flip');
  return lax.rev(array, canonicalAxes(axis, array.ndim, 'np.flip'));
}
export const flipud = (x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.flipud');
  const array = asArray(x, 'np.flipud');
  return lax.rev(array, [canonicalAxis(0, array.ndim, 'np.flipud')]);
};
export const fliplr = (x: ArrayLike, ...more: []): NDArray => {
  refuseExtra(more, 'np.fliplr');
  const array = asArray(x, 'np.fliplr');
  return lax.rev(array, [canonicalAxis(1, array.ndim, 'np.fliplr')]);
};

/** Elements shifted along axes, those pushed out coming back at the other end; without `axis`, in the flat array. */
export function roll(x: ArrayLike, shift: number | readonly number[], axis?: Axis, ...more: []): NDArray {
  refuseExtra(more, 'np.roll');
  const array = asArray(x, 'np.roll');
  const given = oneOrMore(shift, 'np.roll: shift');
  if (axis === undefined || axis === null) {
    if (given.length !== 1) throw new ShapeError('np.roll: several shifts need as many axes');
    return lax.reshape(rollAxis(ravel(array), given[0]!, 0), array.shape);
  }
  const axes = oneOrMore(axis, 'np.roll: axis');
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : given;
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
export function rot90(x: ArrayLike, k: number = 1, axes: readonly [number, number] = [0, 1], ...more: []): NDArray {
  refuseExtra(more, 'np.rot90');
  const array = asArray(x, 'np.rot90');
  const turns = ((integer(k, 'np.rot90: k') % 4) + 4) % 4;
  const plane = canonicalAxes(oneOrMore(axes, 'np.rot90: axes'), array.ndim, 'np.rot90');
  if (plane.length !== 2) throw new ShapeError(`np.rot90: a plane has two axes, got [${String(axes)}]`);
  if (turns === 2) return flip(array, axes);
  if (turns === 0) return array;
  return turns === 1 ? swapaxes(flip(array, axes[1]), ...axes) : flip(swapaxes(array, ...axes), axes[1]);
}

export function atleast1d(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.atleast1d');
  const array = asArray(x, 'np.atleast1d');
  return array.ndim === 0 ? lax.reshape(array, [1]) : array;
}
/** A vector becomes one row. */
export function atleast2d(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.atleast2d');
  const array = atleast1d(asArray(x, 'np.atleast2d'));
  return array.ndim === 1 ? lax.expandDims(array, [0]) : array;
}
/** A vector of n becomes [1, n, 1], a matrix gets a last axis of size 1. */
export function atleast3d(x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'np.atleast3d');
  const array = atleast1d(asArray(x, 'np.atleast3d'));
  if (array.ndim === 1) return lax.expandDims(array, [0, 2]);
  return array.ndim === 2 ? lax.expandDims(array, [2]) : array;
}
