/**
 * Host arrays: dense, row-major, little-endian storage of every dtype (spec/values.md), and the index arithmetic that
 * the evaluation rules share.
 */
import { type DType, dtypes, SUPPORTED_DTYPES } from './dtypes.ts';
import { DTypeError } from './errors.ts';

export type Shape = readonly number[];

/** Typed arrays whose elements are JavaScript numbers: every dtype but the 64-bit integers. bool is 0/1 bytes. */
export type NumberData =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array;
export type HostData = NumberData | BigInt64Array | BigUint64Array;

/** A value on the host. `data` holds `size(shape)` elements and is never written to after construction. */
export interface HostArray {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: HostData;
}

/** What is known of a value without its numbers. `weak`: the dtype came from a JavaScript number and yields to others. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly weak: boolean;
}

export const aval = (shape: Shape, dtype: DType, weak: boolean = false): Aval => ({ shape, dtype, weak });
export const avalOf = (x: HostArray): Aval => ({ shape: x.shape, dtype: x.dtype, weak: false });
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);
export const sameAval = (a: Aval, b: Aval): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);
/** `f32[2,3]`, as the text form prints it. */
export const showAval = (a: { readonly shape: Shape; readonly dtype: DType }): string =>
  `${dtypes[a.dtype].short}[${a.shape.join(',')}]`;

export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let d = shape.length - 1, n = 1; d >= 0; d--) {
    strides[d] = n;
    n *= shape[d]!;
  }
  return strides;
}

/** Zeroed storage for `n` elements. */
export function allocate(dtype: DType, n: number): NumberData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(n);
    case 'float64':
      return new Float64Array(n);
    case 'int32':
      return new Int32Array(n);
    case 'uint32':
      return new Uint32Array(n);
    case 'bool':
      return new Uint8Array(n);
    default:
      throw new DTypeError(`no storage for ${dtype} in this version; use one of ${SUPPORTED_DTYPES.join(', ')}`);
  }
}

/** The elements as numbers. 64-bit integers have none: their rules read BigInt storage. */
export function numbers(x: HostArray): NumberData {
  if (x.data instanceof BigInt64Array || x.data instanceof BigUint64Array) {
    throw new DTypeError(`${x.dtype} elements are bigint, not number`);
  }
  return x.data;
}

/** A host array from numbers that already are values of `dtype` (typed storage rounds or wraps them otherwise). */
export function hostArray(dtype: DType, shape: Shape, values: ArrayLike<number>): HostArray {
  const data = allocate(dtype, sizeOf(shape));
  data.set(values);
  return { shape, dtype, data };
}

export const hostScalar = (dtype: DType, value: number): HostArray => hostArray(dtype, [], [value]);

/** `fill(shape, dtype, f)` computes element `i` (row-major) as `f(i)`, stored with the dtype's rounding. */
export function build(dtype: DType, shape: Shape, element: (flat: number) => number): HostArray {
  const n = sizeOf(shape);
  const data = allocate(dtype, n);
  for (let i = 0; i < n; i++) data[i] = element(i);
  return { shape, dtype, data };
}

/** Calls `visit(index, flat)` for every position of `shape` in row-major order. `index` is reused: copy it to keep it. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const n = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < n; flat++) {
    visit(index, flat);
    for (let d = shape.length - 1; d >= 0; d--) {
      if (++index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
}

/** The flat position of a multi-index. */
export function flatten(index: readonly number[], strides: readonly number[]): number {
  let at = 0;
  for (let d = 0; d < index.length; d++) at += index[d]! * strides[d]!;
  return at;
}
