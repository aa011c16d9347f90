/**
 * Host arrays: dense, row-major, little-endian storage of every dtype (spec/values.md), and the index arithmetic that
 * the evaluation rules share.
 */
import { domainOf, doubleOf, type DType, dtypes, isComplex, isInexact, partOf } from './dtypes.ts';
import { DTypeError } from './errors.ts';

export type Shape = readonly number[];

/** Typed arrays of numbers. bool is 0/1 bytes. */
export type NumberData =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;
export type LongData = BigInt64Array | BigUint64Array;
export type HostData = NumberData | LongData;

export interface Complex {
  readonly re: number;
  readonly im: number;
}
/** What stands for an element in JavaScript; `domainOf(dtype)` says which. */
export type Element = number | bigint | Complex;

/**
 * A value on the host. `data` holds the elements in row-major order and is never written to after construction:
 * bfloat16 as bits, complex numbers as two floats in a row, everything else as it is.
 */
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

// ---- storage

const storages: { readonly [D in DType]: new (n: number) => HostData } = {
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bfloat16: Uint16Array,
  float16: Float16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

/** Zeroed storage for `n` elements. */
export const allocate = (dtype: DType, n: number): HostData => new storages[dtype](isComplex(dtype) ? 2 * n : n);

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The bfloat16 nearest to a double, ties to even, as bits: the upper half of a float32's. */
export function bfloat16Bits(x: number): number {
  single[0] = x;
  const bits = singleBits[0]!;
  if (Number.isNaN(x)) return (bits >>> 16) | 0x40;
  const rest = bits & 0xffff;
  // The float32 is itself rounded: if it is in the middle of two, the double says on which side of it x is.
  const beyond = rest === 0x8000 ? Math.abs(x) - Math.abs(single[0]) : rest - 0x8000;
  const up = beyond > 0 || (beyond === 0 && ((bits >>> 16) & 1) === 1);
  return (bits >>> 16) + Number(up);
}
export function fromBfloat16Bits(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0]!;
}

/** Rounds a double to the nearest value of a float dtype, ties to even. */
export function rounder(dtype: DType): (x: number) => number {
  switch (dtype) {
    case 'float16':
      return Math.f16round;
    case 'bfloat16':
      return (x) => fromBfloat16Bits(bfloat16Bits(x));
    case 'float32':
      return Math.fround;
    default:
      return (x) => x;
  }
}

/**
 * A 64-bit integer as a double that rounds to float dtypes of up to 32 bits as the integer does. To the nearest double
 * it may become the middle of two floats, so what lies below 42 digits is gathered in the last (rounding to odd).
 */
export function forRounding(x: bigint, dtype: DType): number {
  const limit = 2n ** 53n;
  if (partOf(dtype) === 'float64' || (x < limit && x > -limit)) return Number(x);
  return Number(((x >> 11n) | BigInt((x & 2047n) !== 0n)) << 11n);
}

// ---- elements

const wrongDomain = (dtype: DType): never => {
  throw new DTypeError(`${dtype} elements are ${domainOf(dtype)}s`);
};

/** The elements as numbers, to be read only. @throws DTypeError for 64-bit integers and complex numbers */
export function numbers(x: HostArray): NumberData {
  if (domainOf(x.dtype) !== 'number') wrongDomain(x.dtype);
  if (x.dtype !== 'bfloat16') return x.data as NumberData;
  const bits = x.data as Uint16Array;
  const data = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) data[i] = fromBfloat16Bits(bits[i]!);
  return data;
}

/** The elements of 64-bit integers. */
export const bigints = (x: HostArray): LongData =>
  domainOf(x.dtype) === 'bigint' ? (x.data as LongData) : wrongDomain(x.dtype);

/** Element i of a complex array. */
export function complexes(x: HostArray): (i: number) => Complex {
  if (domainOf(x.dtype) !== 'complex') wrongDomain(x.dtype);
  const data = x.data as Float64Array;
  return (i) => ({ re: data[2 * i]!, im: data[2 * i + 1]! });
}

/** Element i of an array of any dtype. */
export function elements(x: HostArray): (i: number) => Element {
  switch (domainOf(x.dtype)) {
    case 'number': {
      const data = numbers(x);
      return (i) => data[i]!;
    }
    case 'bigint': {
      const data = bigints(x);
      return (i) => data[i]!;
    }
    case 'complex':
      return complexes(x);
  }
}

/** The moduli of the elements, in double precision. */
export function moduli(x: HostArray): Float64Array {
  const at = elements(x);
  const sizes = new Float64Array(sizeOf(x.shape));
  for (let i = 0; i < sizes.length; i++) {
    const v = at(i);
    sizes[i] = typeof v === 'object' ? Math.hypot(v.re, v.im) : Math.abs(Number(v));
  }
  return sizes;
}

/** Real and imaginary parts, one after the other, of a complex array; the elements of another array of numbers. */
export const parts = (x: HostArray): NumberData => (isComplex(x.dtype) ? (x.data as NumberData) : numbers(x));

/** Floats and complex numbers in double precision, which holds each of them; other arrays as they are. */
export function widened(x: HostArray): HostArray {
  if (!isInexact(x.dtype)) return x;
  return { shape: x.shape, dtype: doubleOf(x.dtype), data: new Float64Array(parts(x)) };
}

/** Stores element i, rounding floats to nearest even and wrapping integers. */
export function storer(dtype: DType, data: HostData): (i: number, value: Element) => void {
  if (dtype === 'bfloat16') return (i, v) => ((data as Uint16Array)[i] = bfloat16Bits(v as number));
  if (!isComplex(dtype)) return (i, v) => ((data as Float64Array)[i] = v as number); // or both are bigints
  return (i, v) => {
    (data as Float64Array)[2 * i] = (v as Complex).re;
    (data as Float64Array)[2 * i + 1] = (v as Complex).im;
  };
}

/** Copies element `from` of `source` to element `to` of storage of the same dtype, bit for bit. */
export function mover(target: HostData, source: HostArray): (to: number, from: number) => void {
  const [a, b] = [target as Float64Array, source.data as Float64Array]; // any two of one type
  if (!isComplex(source.dtype)) return (to, from) => (a[to] = b[from]!);
  return (to, from) => {
    a[2 * to] = b[2 * from]!;
    a[2 * to + 1] = b[2 * from + 1]!;
  };
}

/** Bit for bit, but for the payload of NaNs. */
export const sameElement = (a: Element, b: Element): boolean =>
  typeof a === 'object' && typeof b === 'object' ? Object.is(a.re, b.re) && Object.is(a.im, b.im) : Object.is(a, b);

/** An integer of up to 53 bits, or a float, as an element: what 0 and 1 are in this dtype. */
export function elementFrom(dtype: DType, v: number): Element {
  const domain = domainOf(dtype);
  return domain === 'number' ? v : domain === 'bigint' ? BigInt(v) : { re: v, im: 0 };
}

// ---- making arrays

/** A host array from elements; storing rounds floats to nearest even and wraps integers. */
export function hostArray(dtype: DType, shape: Shape, values: ArrayLike<Element>): HostArray {
  return buildElements(dtype, shape, (i) => values[i]!);
}

export const hostScalar = (dtype: DType, value: Element): HostArray => hostArray(dtype, [], [value]);

/** The array whose element at flat position i is `element(i)`, stored with the dtype's rounding. */
export function build(dtype: DType, shape: Shape, element: (flat: number) => number): HostArray {
  if (domainOf(dtype) !== 'number') wrongDomain(dtype);
  if (dtype === 'bfloat16') return buildElements(dtype, shape, element);
  const n = sizeOf(shape);
  const data = allocate(dtype, n) as NumberData;
  for (let i = 0; i < n; i++) data[i] = element(i);
  return { shape, dtype, data };
}

/** The same for every dtype; the elements are of its domain. */
export function buildElements(dtype: DType, shape: Shape, element: (flat: number) => Element): HostArray {
  const n = sizeOf(shape);
  const data = allocate(dtype, n);
  const store = storer(dtype, data);
  for (let i = 0; i < n; i++) store(i, element(i));
  return { shape, dtype, data };
}

/** The array of floats or complex numbers whose parts, as `parts` lists them, are these. */
export function buildParts(dtype: DType, shape: Shape, part: (k: number) => number): HostArray {
  if (!isComplex(dtype)) return build(dtype, shape, part);
  return buildElements(dtype, shape, (i) => ({ re: part(2 * i), im: part(2 * i + 1) }));
}

/** The array whose element i is element `from(i)` of x, or the only element of `fill` where that is negative. */
export function take(x: HostArray, shape: Shape, from: (i: number) => number, fill: HostArray = x): HostArray {
  const n = sizeOf(shape);
  const data = allocate(x.dtype, n);
  const [move, moveFill] = [mover(data, x), mover(data, fill)];
  for (let i = 0; i < n; i++) {
    const at = from(i);
    if (at < 0) moveFill(i, 0);
    else move(i, at);
  }
  return { shape, dtype: x.dtype, data };
}

// ---- index arithmetic

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
