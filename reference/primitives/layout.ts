/** Copies of host arrays in another order: what the evaluation rules of the structural primitives are made of. */
import { domainOf, type DType, isComplex, partOf } from '../core/dtypes.ts';
import {
  allocate,
  bigints,
  build,
  buildElements,
  complexes,
  type HostArray,
  mover,
  numbers,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/host.ts';
import { remaining } from './axes.ts';

/** The array whose element at index i is `x.data[offset + Σ strides[d]·i[d]]`. */
export function strided(x: HostArray, shape: Shape, strides: readonly number[], offset: number = 0): HostArray {
  const data = allocate(x.dtype, sizeOf(shape));
  const move = mover(data, x);
  const last = shape.length - 1;
  let to = 0;
  const copy = (d: number, from: number): void => {
    const n = shape[d]!;
    const step = strides[d]!;
    if (d === last) for (let i = 0; i < n; i++) move(to++, from + i * step);
    else for (let i = 0; i < n; i++) copy(d + 1, from + i * step);
  };
  if (last < 0) move(0, offset);
  else if (data.length > 0) copy(0, offset);
  return { shape, dtype: x.dtype, data };
}

/** `x` with its axes in the order of `permutation`. */
export function permuted(x: HostArray, permutation: Shape): HostArray {
  const strides = stridesOf(x.shape);
  const shape = permutation.map((p) => x.shape[p]!);
  if (permutation.every((p, i) => p === i)) return { ...x, shape };
  return strided(
    x,
    shape,
    permutation.map((p) => strides[p]!),
  );
}

/** The elements along some axes, gathered into rows: row r holds the elements `r·length … (r + 1)·length` of `rows`. */
export interface Rows {
  /** The shape without the axes: its elements are the rows. */
  readonly shape: Shape;
  /** Of shape `[count, length]`. */
  readonly rows: HostArray;
  readonly count: number;
  readonly length: number;
}

/** Each row runs over `axes` in row-major order. */
export function rowsOf(x: HostArray, axes: Shape): Rows {
  const kept = remaining(x.shape.length, axes);
  const shape = kept.map((d) => x.shape[d]!);
  const [count, length] = [sizeOf(shape), sizeOf(axes.map((d) => x.shape[d]!))];
  return { shape, rows: { ...permuted(x, [...kept, ...axes]), shape: [count, length] }, count, length };
}

/** `x` with the order of its elements turned around along some axes. */
export function reversed(x: HostArray, axes: Shape): HostArray {
  const strides = stridesOf(x.shape);
  const last = axes.reduce((sum, d) => sum + (x.shape[d]! - 1) * strides[d]!, 0);
  const steps = strides.map((s, d) => (axes.includes(d) ? -s : s));
  return strided(x, x.shape, steps, last);
}

/** |x| in double precision, of complex numbers the modulus. */
export function magnitudes(x: HostArray): HostArray {
  if (isComplex(x.dtype)) {
    const at = complexes(x);
    return build('float64', x.shape, (i) => Math.hypot(at(i).re, at(i).im));
  }
  const data = doubles(x);
  return build('float64', x.shape, (i) => Math.abs(data[i]!));
}

/** Elements that have an order as doubles, which 64-bit integers are rounded to. */
export const doubles = (x: HostArray): ArrayLike<number> =>
  domainOf(x.dtype) === 'bigint' ? Float64Array.from(bigints(x), Number) : numbers(x);

/** The real and the imaginary parts of a complex array. */
export function planes(x: HostArray): readonly [re: HostArray, im: HostArray] {
  const [at, part] = [complexes(x), partOf(x.dtype)];
  return [build(part, x.shape, (i) => at(i).re), build(part, x.shape, (i) => at(i).im)];
}

/** The complex array of the dtype with these parts. */
export function joined(dtype: DType, re: HostArray, im: HostArray): HostArray {
  const [a, b] = [numbers(re), numbers(im)];
  return buildElements(dtype, re.shape, (i) => ({ re: a[i]!, im: b[i]! }));
}
