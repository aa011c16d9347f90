/** Copies of host arrays in another order: what the evaluation rules of the structural primitives are made of. */
import {
  allocate,
  build,
  elements,
  type HostArray,
  mover,
  type NumberData,
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

/** The elements along some axes, gathered into rows: row r holds `data[r·length … (r + 1)·length)`. */
export interface Rows {
  /** The shape without the axes: its elements are the rows. */
  readonly shape: Shape;
  readonly data: NumberData;
  readonly count: number;
  readonly length: number;
}

/** Each row runs over `axes` in row-major order. */
export function rowsOf(x: HostArray, axes: Shape): Rows {
  const kept = remaining(x.shape.length, axes);
  const shape = kept.map((d) => x.shape[d]!);
  return {
    shape,
    data: numbers(permuted(x, [...kept, ...axes])),
    count: sizeOf(shape),
    length: sizeOf(axes.map((d) => x.shape[d]!)),
  };
}

/** `x` with the order of its elements turned around along some axes. */
export function reversed(x: HostArray, axes: Shape): HostArray {
  const strides = stridesOf(x.shape);
  const last = axes.reduce((sum, d) => sum + (x.shape[d]! - 1) * strides[d]!, 0);
  const steps = strides.map((s, d) => (axes.includes(d) ? -s : s));
  return strided(x, x.shape, steps, last);
}

/** |x| in double precision: of complex numbers the modulus. */
export function magnitudes(x: HostArray): HostArray {
  const at = elements(x);
  return build('float64', x.shape, (i) => {
    const element = at(i);
    return typeof element === 'object' ? Math.hypot(element.re, element.im) : Math.abs(Number(element));
  });
}
