/**
 * What the functions of `numpy`, `random` and `nn` do with their arguments before anything is computed: numbers become
 * arrays, dtypes are promoted by JAX's lattice, shapes are broadcast by NumPy's rules, axes and options are checked.
 */
import { oneOrMore } from '../../core/arguments.ts';
import { asArray, scalar } from '../../core/convert.ts';
import { checkDType, defaultInt, type DType, dtypes, inexactOf as inexact, isFloat, isInteger, promote } from '../../core/dtypes.ts'; // prettier-ignore
import { ArgumentError, checkOptions, isPlainObject, OptionError, ShapeError } from '../../core/errors.ts';
import { sameShape, type Shape } from '../../core/host.ts';
import { type ArrayLike, type Axis, NDArray } from '../../core/ndarray.ts';
import { canonicalAxis } from '../../lax/apply.ts';
import * as lax from '../../lax.ts';

export { canonicalAxis, inexact };

/** Where JAX says `dtype`, positional or not: the name itself, or the options object that ends every call. */
export type DTypeArgument = DType | { readonly dtype?: DType | undefined };

export const dtypeArgument = (argument: DTypeArgument | undefined, where: string): DType | undefined => {
  if (typeof argument === 'object') checkOptions(argument, ['dtype'], where);
  const dtype = typeof argument === 'object' ? argument.dtype : argument;
  return dtype === undefined ? undefined : checkDType(dtype, `${where}: dtype`);
};

/** The dtype itself, or the default integer for bool: what quotients and running sums compute in. */
export const numeric = (dtype: DType): DType => (dtype === 'bool' ? defaultInt() : dtype);
/** What sums and products compute in: integers, bool too, have at least the size of the default one. */
export function accumulated(dtype: DType): DType {
  const { kind, bytes } = dtypes[numeric(dtype)];
  const least = defaultInt();
  if (!isInteger(numeric(dtype)) || bytes >= dtypes[least].bytes) return numeric(dtype);
  return kind === 'int' ? least : (`u${least}` as DType);
}
/** What means compute in: float32 for floats of 16 bits. */
export const roomy = (dtype: DType): DType => (isFloat(dtype) && dtypes[dtype].bytes === 2 ? 'float32' : dtype);

/** The arrays in one dtype, their shapes as they are. Numbers take the dtype of the arrays beside them. */
export function promoteDtypes(
  xs: readonly ArrayLike[],
  where: string,
  to: (dtype: DType) => DType = (d) => d,
): NDArray[] {
  const all = xs.map((x) => asArray(x, where));
  const arrays = all.filter((_, i) => xs[i] instanceof NDArray);
  const common = promote((arrays.length > 0 ? arrays : all).map((x) => x.aval));
  const dtype = to(common.dtype);
  return xs.map((x) => {
    if (!(x instanceof NDArray)) return scalar(x, dtype, where, common.weak);
    return x.dtype === dtype ? x : lax.convertElementType(x, dtype);
  });
}

/** The shape to which all the shapes broadcast. @throws ShapeError */
export function broadcastShapes(shapes: readonly Shape[], where: string): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, d) => {
    const sizes = shapes.map((s) => s[d - rank + s.length] ?? 1);
    const size = sizes.find((n) => n !== 1) ?? 1;
    if (sizes.every((n) => n === 1 || n === size)) return size;
    throw new ShapeError(
      `${where}: the shapes ${shapes.map((s) => `[${s.join(',')}]`).join(' and ')} do not broadcast`,
    );
  });
}

/** The array repeated along new leading axes and along axes of size 1. @throws ShapeError */
export function broadcastShape(x: NDArray, shape: Shape, where: string): NDArray {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.ndim;
  if (lead < 0 || !x.shape.every((n, d) => n === 1 || n === shape[lead + d])) {
    throw new ShapeError(`${where}: the shape [${x.shape.join(',')}] does not broadcast to [${shape.join(',')}]`);
  }
  return lax.broadcastInDim(
    x,
    shape,
    x.shape.map((_, d) => lead + d),
  );
}

/** All arrays in their common shape. */
export function broadcastAll(xs: readonly NDArray[], where: string): NDArray[] {
  const shape = broadcastShapes(
    xs.map((x) => x.shape),
    where,
  );
  return xs.map((x) => broadcastShape(x, shape, where));
}

/** One dtype and one shape: what binary functions compute on. */
export const promoteArguments = (xs: readonly ArrayLike[], where: string, to?: (dtype: DType) => DType): NDArray[] =>
  broadcastAll(promoteDtypes(xs, where, to), where);

/** True where an element is not zero; bool arrays as they are. */
export function truthy(x: ArrayLike, where: string): NDArray {
  const array = asArray(x, where);
  return array.dtype === 'bool' ? array : lax.ne(array, 0);
}

/** The axes in increasing order; null or nothing: every axis. @throws ShapeError for axes out of range or given twice */
export function canonicalAxes(axis: Axis | undefined, rank: number, where: string): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, d) => d);
  const axes = oneOrMore(axis, `${where}: axis`).map((a) => canonicalAxis(a, rank, where));
  if (new Set(axes).size < axes.length)
    throw new ShapeError(`${where}: axes [${String(axis)}] repeat an axis of an array of rank ${rank}`);
  return axes.sort((a, b) => a - b);
}

/** `f(x, axis, options)` and `f(x, options)` are the same call: the options of either. */
export function mergeAxis<O extends { readonly axis?: Axis }>(
  axis: Axis | O | undefined,
  options: O | undefined,
  known: readonly string[],
  where: string,
): Partial<O> {
  const isOptions = isPlainObject(axis);
  const given = isOptions ? (axis as O) : options;
  if (given !== undefined) checkOptions(given, known, where);
  if (isOptions && options !== undefined) throw new OptionError(`${where}: got two objects of options; write one`);
  return (isOptions || axis === undefined ? { ...given } : { ...given, axis }) as Partial<O>;
}

/** @throws ArgumentError unless the array holds integers (or bool, where `bool` allows it) */
export function checkIntegers(x: NDArray, where: string): NDArray {
  const { kind } = dtypes[x.dtype];
  if (kind === 'int' || kind === 'uint') return x;
  throw new ArgumentError(`${where}: expected integers, got ${x.dtype}; convert them: x.astype('int32')`);
}
