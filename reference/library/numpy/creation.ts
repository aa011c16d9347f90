/** Arrays from numbers, and arrays that follow from a shape. */
import { shapeArgument, arrayList, finite, integer, arrayLike } from '../../core/arguments.ts';
import { ConcreteArray } from '../../core/array.ts';
import { asArray, fromNested, scalarAs } from '../../core/convert.ts';
import {
  checkDType,
  defaultFloat,
  defaultInt,
  domainOf,
  type DType,
  dtypes,
  iinfo as limitsOf,
  integerLimits,
  isInexact,
  promote,
} from '../../core/dtypes.ts';
import { ArgumentError, checkOptions, ShapeError, refuseExtra, isPlainObject } from '../../core/errors.ts';
import { buildElements, type Complex, elementFrom, type Shape, showAval } from '../../core/host.ts';
import { type ArrayLike, NDArray, type Nested } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import {
  broadcastAll,
  broadcastShape,
  type DTypeArgument,
  dtypeArgument,
  inexact,
  promoteDtypes,
} from './arguments.ts';
import { diagonal } from './indexing.ts';

/** What `np.array` takes: numbers in nested lists (complex ones as `{ re, im }`), arrays among them, a typed array, an array. */
export type ArraySource = ArrayLike | ArrayBufferView | Complex | readonly ArraySource[];

export interface ArrayOptions {
  readonly dtype?: DType | undefined;
  /** The shape, where the source is flat: `np.array(new Float32Array(6), { shape: [2, 3] })`. */
  readonly shape?: Shape;
}

/**
 * An array from nested lists, a number or a typed array, whose values are copied. Numbers become float32 (float64 in
 * 64-bit mode), bigints int32, booleans bool; arrays inside lists are stacked.
 * @throws ArgumentError for ragged lists, and for values that `dtype` cannot hold
 * @example
 * np.array([[1, 2], [3, 4]]); // f32[2,2]
 */
export function array(source: ArraySource, dtype?: DType | ArrayOptions, ...more: []): NDArray {
  refuseExtra(more, 'np.array');
  const options = typeof dtype === 'string' || dtype === undefined ? { dtype } : dtype;
  checkOptions(options, ['dtype', 'shape'], 'np.array');
  if (options.dtype !== undefined) checkDType(options.dtype, 'np.array: dtype');
  const made = fromSource(source, options.dtype);
  return options.shape === undefined ? made : lax.reshape(made, shapeArgument(options.shape, 'np.array'));
}
export const asarray: (source: ArraySource, dtype?: DType | ArrayOptions) => NDArray = array;

function fromSource(source: ArraySource, dtype: DType | undefined): NDArray {
  if (source instanceof NDArray) return dtype === undefined ? source : astype(source, dtype);
  if (Array.isArray(source) && holdsArrays(source)) return stackSources(source, dtype);
  return fromNested(source as Nested | ArrayBufferView, dtype, 'np.array');
}

const holdsArrays = (x: unknown): boolean => x instanceof NDArray || (Array.isArray(x) && x.some(holdsArrays));

function stackSources(sources: readonly ArraySource[], dtype: DType | undefined): NDArray {
  const rows = sources.map((x): ArrayLike => (typeof x === 'object' ? fromSource(x, dtype) : x));
  const parts = dtype === undefined ? promoteDtypes(rows, 'np.array') : rows.map((x) => fromSource(x, dtype));
  const odd = parts.find((x) => x.shape.join() !== parts[0]!.shape.join());
  if (odd !== undefined) {
    throw new ArgumentError(
      `np.array: the parts of a list differ in shape: ${showAval(parts[0]!.aval)} and ${showAval(odd.aval)}`,
    );
  }
  return lax.concatenate(
    parts.map((x) => lax.expandDims(x, [0])),
    0,
  );
}

/** The array in another dtype. Floats become integers by truncation, saturating, NaN as 0. */
export const astype = (x: ArrayLike, dtype: DType, ...more: []): NDArray => {
  refuseExtra(more, 'np.astype');
  return lax.convertElementType(asArray(x, 'np.astype'), checkDType(dtype, 'np.astype: dtype'));
};

/** An array of one value, or of an array's values broadcast to the shape. */
export function full(shape: number | Shape, value: ArrayLike, dtype?: DTypeArgument, ...more: []): NDArray {
  refuseExtra(more, 'np.full');
  const to = dtypeArgument(dtype, 'np.full');
  const sizes = shapeArgument(shape, 'np.full');
  const array = asArray(value, 'np.full');
  if (!(value instanceof NDArray)) return lax.full(sizes, value, to ?? array.dtype);
  return broadcastShape(to === undefined ? array : astype(array, to), sizes, 'np.full');
}
const filled = (shape: number | Shape, value: number, dtype: DTypeArgument | undefined, where: string): NDArray => {
  const to = checkDType(dtypeArgument(dtype, where) ?? defaultFloat(), `${where}: dtype`);
  return lax.full(shapeArgument(shape, where), to === 'bool' ? value !== 0 : value, to);
};
export const zeros = (shape: number | Shape, dtype?: DTypeArgument, ...more: []): NDArray => {
  refuseExtra(more, 'np.zeros');
  return filled(shape, 0, dtype, 'np.zeros');
};
export const ones = (shape: number | Shape, dtype?: DTypeArgument, ...more: []): NDArray => {
  refuseExtra(more, 'np.ones');
  return filled(shape, 1, dtype, 'np.ones');
};
/** An array whose values do not matter; they are zeros. */
export const empty = (shape: number | Shape, dtype?: DTypeArgument, ...more: []): NDArray => {
  refuseExtra(more, 'np.empty');
  return filled(shape, 0, dtype, 'np.empty');
};

export interface LikeOptions {
  readonly dtype?: DType;
  readonly shape?: Shape;
}
const like = (x: ArrayLike, value: number, options: LikeOptions, where: string): NDArray => {
  checkOptions(options, ['dtype', 'shape'], where);
  const model = asArray(x, where);
  return filled(options.shape ?? model.shape, value, options.dtype ?? model.dtype, where);
};
export const zerosLike = (x: ArrayLike, options: LikeOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.zerosLike');
  return like(x, 0, options, 'np.zerosLike');
};
export const onesLike = (x: ArrayLike, options: LikeOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.onesLike');
  return like(x, 1, options, 'np.onesLike');
};
export const emptyLike = (x: ArrayLike, options: LikeOptions = {}, ...more: []): NDArray => {
  refuseExtra(more, 'np.emptyLike');
  return like(x, 0, options, 'np.emptyLike');
};
export function fullLike(x: ArrayLike, value: ArrayLike, options: LikeOptions = {}, ...more: []): NDArray {
  refuseExtra(more, 'np.fullLike');
  checkOptions(options, ['dtype', 'shape'], 'np.fullLike');
  const model = asArray(x, 'np.fullLike');
  arrayLike(value, 'np.fullLike: value');
  const shape = shapeArgument(options.shape ?? model.shape, 'np.fullLike');
  return full(shape, value, options.dtype ?? model.dtype);
}

/**
 * `start`, `start + step` … before `stop`; one argument is the stop. int32 (int64 in 64-bit mode) unless `dtype` says otherwise, whatever the
 * values: a fractional step needs `{ dtype: 'float32' }`.
 */
export function arange(stop: number, options?: { readonly dtype?: DType }): NDArray;
export function arange(start: number, stop?: number | null, options?: { readonly dtype?: DType }): NDArray;
export function arange(
  start: number,
  stop?: number | null,
  step?: number,
  options?: { readonly dtype?: DType },
): NDArray;
export function arange(...given: readonly unknown[]): NDArray {
  const last = given.at(-1);
  const options: { readonly dtype?: DType } = isPlainObject(last) ? last : {};
  checkOptions(options, ['dtype'], 'np.arange');
  const [start, stop, step = 1, ...more] = options === last ? given.slice(0, -1) : given;
  refuseExtra(more, 'np.arange');
  const dtype = checkDType(options.dtype ?? defaultInt(), 'np.arange: dtype');
  const first = finite(start, 'np.arange: start');
  const [from, to] = stop == null ? [0, first] : [first, finite(stop, 'np.arange: stop')];
  const by = finite(step, 'np.arange: step');
  if (by === 0) throw new ArgumentError('np.arange: the step is 0');
  const [size] = shapeArgument(Math.max(0, Math.ceil((to - from) / by)), 'np.arange') as [number];
  if (!isInexact(dtype))
    for (const value of [from, by]) scalarAs(value, dtypes[dtype].kind === 'uint' ? 'int64' : dtype, 'np.arange');
  if (from === 0 && by === 1) return lax.iota(dtype, size);
  return ConcreteArray.fromHost(buildElements(dtype, [size], (i) => elementFrom(dtype, from + i * by)));
}

export interface LinspaceOptions {
  readonly endpoint?: boolean;
  readonly dtype?: DType;
}
/** `num` numbers from `start` to `stop` in equal steps along a new first axis; without the endpoint, `stop` is left out. */
export function linspace(
  start: ArrayLike,
  stop: ArrayLike,
  num: number = 50,
  endpoint: boolean | LinspaceOptions = true,
  options: LinspaceOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.linspace');
  for (const o of [options, isPlainObject(endpoint) ? endpoint : { endpoint }])
    checkOptions(o, ['endpoint', 'dtype'], 'np.linspace');
  const given = typeof endpoint === 'boolean' ? { endpoint, ...options } : endpoint;
  const [size] = shapeArgument(num, 'np.linspace: num');
  const [from, to] = broadcastAll(promoteDtypes([start, stop], 'np.linspace', inexact), 'np.linspace') as [
    NDArray,
    NDArray,
  ];
  const divisions = given.endpoint === false ? size! : size! - 1;
  const endsAtStop = given.endpoint !== false && size! > 1;
  const rows = interpolate(from, to, endsAtStop ? size! - 1 : size!, divisions);
  const all = endsAtStop ? lax.concatenate([rows, lax.expandDims(to, [0])], 0) : rows;
  if (given.dtype === undefined) return all;
  return astype(isInexact(given.dtype) ? all : lax.floor(all), given.dtype);
}

/** `from·(1 − i/divisions) + to·(i/divisions)` for i = 0 … count − 1. */
function interpolate(from: NDArray, to: NDArray, count: number, divisions: number): NDArray {
  const shape = [count, ...from.shape];
  const share = lax.div(lax.broadcastedIota(from.dtype, shape, 0), Math.max(1, divisions));
  const [a, b] = [from, to].map((x) => broadcastShape(x, shape, 'np.linspace'));
  return lax.add(lax.mul(a!, lax.sub(1, share)), lax.mul(b!, share));
}

export interface DiagonalOptions {
  /** The diagonal: 0 the main one, above it positive, below it negative. */
  readonly k?: number;
  readonly dtype?: DType;
}
/** Ones on a diagonal, zeros elsewhere. */
export function eye(
  n: number,
  m?: number | null | DiagonalOptions,
  options: DiagonalOptions = {},
  ...more: []
): NDArray {
  refuseExtra(more, 'np.eye');
  const given = isPlainObject(m) ? m : options;
  checkOptions(given, ['k', 'dtype'], 'np.eye');
  const columns = isPlainObject(m) ? n : (m ?? n);
  return astype(onDiagonal(n, columns, given.k ?? 0, lax.eq, 'np.eye'), given.dtype ?? defaultFloat());
}
export const identity = (n: number, dtype?: DTypeArgument, ...more: []): NDArray => {
  refuseExtra(more, 'np.identity');
  return eye(shapeArgument(integer(n, 'np.identity: n'), 'np.identity')[0]!, n, {
    dtype: dtypeArgument(dtype, 'np.identity') ?? defaultFloat(),
  });
};

/** Ones on and below a diagonal, zeros above. */
export function tri(n: number, m?: number | null, k: number = 0, dtype?: DTypeArgument, ...more: []): NDArray {
  refuseExtra(more, 'np.tri');
  return astype(onDiagonal(n, m ?? n, k, lax.ge, 'np.tri'), dtypeArgument(dtype, 'np.tri') ?? defaultFloat());
}

/** Compares row + k with column. */
function onDiagonal(
  n: number,
  m: number,
  k: number,
  compare: (x: NDArray, y: NDArray) => NDArray,
  where: string,
): NDArray {
  const shape = shapeArgument([n, m], where);
  integer(k, `${where}: k`);
  return compare(lax.add(lax.broadcastedIota('int32', shape, 0), k), lax.broadcastedIota('int32', shape, 1));
}

const triangle = (x: ArrayLike, k: number, lower: boolean, where: string): NDArray => {
  const matrix = asArray(x, where);
  if (matrix.ndim < 2) throw new ShapeError(`${where}: needs an array of rank 2 or more, got ${showAval(matrix.aval)}`);
  const [n, m] = matrix.shape.slice(-2);
  const keep = lower
    ? onDiagonal(n!, m!, k, lax.ge, where)
    : onDiagonal(n!, m!, integer(k, `${where}: k`) - 1, lax.lt, where);
  return lax.select(broadcastShape(keep, matrix.shape, where), matrix, lax.zerosLike(matrix));
};
/** The matrix on and below a diagonal, zeros above. */
export const tril = (x: ArrayLike, k: number = 0, ...more: []): NDArray => {
  refuseExtra(more, 'np.tril');
  return triangle(x, k, true, 'np.tril');
};
/** The matrix on and above a diagonal, zeros below. */
export const triu = (x: ArrayLike, k: number = 0, ...more: []): NDArray => {
  refuseExtra(more, 'np.triu');
  return triangle(x, k, false, 'np.triu');
};

/** The diagonal of a matrix, or the matrix with a vector on its diagonal. */
export function diag(x: ArrayLike, k: number = 0, ...more: []): NDArray {
  refuseExtra(more, 'np.diag');
  const v = asArray(x, 'np.diag');
  if (v.ndim === 2) return diagonal(v, k);
  if (v.ndim !== 1) throw new ShapeError(`np.diag takes vectors and matrices, got ${showAval(v.aval)}`);
  const n = v.shape[0]! + Math.abs(integer(k, 'np.diag: k'));
  const zero = lax.full([], v.dtype === 'bool' ? false : 0, v.dtype);
  const padded = lax.pad(v, zero, [[Math.max(0, -k), Math.max(0, k), 0]]);
  return lax.select(
    onDiagonal(n, n, k, lax.eq, 'np.diag'),
    lax.broadcastInDim(padded, [n, n], [0]),
    lax.broadcast(zero, [n, n]),
  );
}

/** Coordinate arrays of a grid from vectors. `indexing: 'xy'` (the default) lets the first vector run along the second axis. */
export function meshgrid(
  vectors: readonly ArrayLike[],
  options: { readonly indexing?: 'xy' | 'ij' } = {},
  ...more: []
): NDArray[] {
  refuseExtra(more, 'np.meshgrid');
  checkOptions(options, ['indexing'], 'np.meshgrid');
  const arrays = arrayList(vectors, 'np.meshgrid');
  const swapped = (options.indexing ?? 'xy') === 'xy' && arrays.length > 1;
  const axisOf = (i: number): number => (swapped && i < 2 ? 1 - i : i);
  const shape = new Array<number>(arrays.length).fill(1);
  arrays.forEach((v, i) => (shape[axisOf(i)] = v.size));
  return arrays.map((v, i) => lax.broadcastInDim(lax.reshape(v, [v.size]), shape, [axisOf(i)]));
}

/** The dtype to which arguments of a function promote; numbers yield to the arrays beside them. */
export function resultType(...xs: readonly (ArrayLike | DType)[]): DType {
  const known = xs.map((x) =>
    typeof x === 'string' ? { dtype: checkDType(x, 'np.resultType'), weak: false } : asArray(x, 'np.resultType').aval,
  );
  return promote(known).dtype;
}
/** Smallest and largest value of an integer dtype: bigints for those of 64 bits. @throws DTypeError for other dtypes */
export function iinfo(dtype: DType, ...more: []): { readonly min: number | bigint; readonly max: number | bigint } {
  refuseExtra(more, 'np.iinfo');
  return domainOf(checkDType(dtype, 'np.iinfo: dtype')) === 'bigint' ? integerLimits(dtype) : limitsOf(dtype);
}
export const promoteTypes = (a: DType, b: DType, ...more: []): DType => {
  refuseExtra(more, 'np.promoteTypes');
  return resultType(checkDType(a, 'np.promoteTypes'), checkDType(b, 'np.promoteTypes'));
};

export const shape = (x: ArrayLike, ...more: []): Shape => {
  refuseExtra(more, 'np.shape');
  return asArray(x, 'np.shape').shape;
};
export const ndim = (x: ArrayLike, ...more: []): number => {
  refuseExtra(more, 'np.ndim');
  return asArray(x, 'np.ndim').ndim;
};
export const size = (x: ArrayLike, ...more: []): number => {
  refuseExtra(more, 'np.size');
  return asArray(x, 'np.size').size;
};
