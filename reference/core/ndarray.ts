/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The one array type that users see: a concrete array or, inside a transformation, a tracer. Its methods are declared
 * here and call one table, which the entry fills from the library (core names no function of it).
 */
import type { DType } from './dtypes.ts';
import { OperatorError, refuseExtra } from './errors.ts';
import { type Aval, type Complex, type HostData, type Shape, showAval, sizeOf } from './host.ts';
import { endOfChain, refuseSetters } from './misuse.ts';

/** What functions take where JAX says "array_like": an array, a number, a bigint or a boolean. Lists need `np.array`. */
export type ArrayLike = NDArray | number | bigint | boolean;
/** Nested lists, as `js()` gives them and `np.array` takes them. */
export type Nested = number | bigint | boolean | Complex | readonly Nested[];
export type Axis = number | readonly number[] | null;
export interface ReduceOptions {
  readonly axis?: Axis;
  readonly keepdims?: boolean;
  readonly dtype?: DType;
}

/** From start up to, and without, stop; null or nothing: from or to the end. */
export type Range = readonly [] | readonly [start: number | null, stop?: number | null, step?: number];
/**
 * An index of one axis (spec/values.md#indexing). A number: that position, the axis goes. A list: the range. null: a new
 * axis. `'...'`: whole axes, as many as are left. An array: of integers, the positions; of bools, those where it is true.
 */
export type IndexEntry = number | bigint | null | '...' | Range | NDArray;

export interface GetOptions {
  /** Of indices in arrays that are out of range: `clip` (default), the nearest one; `fill`: `fillValue`, or NaN. */
  readonly mode?: 'clip' | 'fill';
  readonly fillValue?: number | boolean | null;
}
export interface SetOptions {
  /** Of indices in arrays that are out of range: `drop` (default), nothing is written; `clip`: to the nearest one. */
  readonly mode?: 'drop' | 'clip';
}
/** A part of an array. It is read, or a copy is made in which it is changed; where indices repeat, all changes count. */
export interface Place {
  get(options?: GetOptions): NDArray;
  /** Where indices repeat, one of the values wins. */
  set(values: ArrayLike, options?: SetOptions): NDArray;
  add(values: ArrayLike, options?: SetOptions): NDArray;
  mul(values: ArrayLike, options?: SetOptions): NDArray;
  min(values: ArrayLike, options?: SetOptions): NDArray;
  max(values: ArrayLike, options?: SetOptions): NDArray;
}

/** The functions behind the methods; the library's `numpy` has them all. */
export interface ArrayMethods {
  add(x: NDArray, y: ArrayLike): NDArray;
  subtract(x: NDArray, y: ArrayLike): NDArray;
  multiply(x: NDArray, y: ArrayLike): NDArray;
  divide(x: NDArray, y: ArrayLike): NDArray;
  floorDivide(x: NDArray, y: ArrayLike): NDArray;
  mod(x: NDArray, y: ArrayLike): NDArray;
  power(x: NDArray, y: ArrayLike): NDArray;
  negative(x: NDArray): NDArray;
  abs(x: NDArray): NDArray;
  equal(x: NDArray, y: ArrayLike): NDArray;
  notEqual(x: NDArray, y: ArrayLike): NDArray;
  less(x: NDArray, y: ArrayLike): NDArray;
  lessEqual(x: NDArray, y: ArrayLike): NDArray;
  greater(x: NDArray, y: ArrayLike): NDArray;
  greaterEqual(x: NDArray, y: ArrayLike): NDArray;
  sum(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  mean(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  prod(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  max(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  min(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  all(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  any(x: NDArray, axis?: Axis | ReduceOptions, options?: ReduceOptions): NDArray;
  argmax(x: NDArray, axis?: number | null): NDArray;
  argmin(x: NDArray, axis?: number | null): NDArray;
  cumsum(x: NDArray, axis?: number | null): NDArray;
  dot(x: NDArray, y: ArrayLike): NDArray;
  matmul(x: NDArray, y: NDArray): NDArray;
  reshape(x: NDArray, shape: readonly number[]): NDArray;
  transpose(x: NDArray, axes?: readonly number[]): NDArray;
  squeeze(x: NDArray, axis?: Axis): NDArray;
  expandDims(x: NDArray, axis: number | readonly number[]): NDArray;
  astype(x: NDArray, dtype: DType): NDArray;
  take(x: NDArray, indices: ArrayLike, axis?: number | null): NDArray;
  clip(x: NDArray, min?: ArrayLike | null, max?: ArrayLike | null): NDArray;
  at(x: NDArray, index: readonly IndexEntry[]): Place;
  slice(x: NDArray, index: readonly IndexEntry[]): NDArray;
}

let table: ArrayMethods | null = null;
/** Fills the method table; the entry calls it once. */
export function installArrayMethods(methods: ArrayMethods): void {
  table = methods;
}
function methods(): ArrayMethods {
  if (table === null) throw new Error("array methods need the library: import 'etalon'");
  return table;
}

/**
 * An immutable n-dimensional array, or a tracer that stands for one.
 *
 * @example
 * const x = np.array([1, 2, 3]);
 * x.mul(2).sum().item(); // 12
 */
export abstract class NDArray {
  static {
    Object.setPrototypeOf(NDArray.prototype, endOfChain);
    refuseSetters(NDArray.prototype);
  }

  abstract readonly aval: Aval;

  get shape(): Shape {
    return this.aval.shape;
  }
  get dtype(): DType {
    return this.aval.dtype;
  }
  get ndim(): number {
    return this.aval.shape.length;
  }
  get size(): number {
    return sizeOf(this.aval.shape);
  }
  /** True if the dtype came from a JavaScript number and yields to the dtype of whatever it meets. */
  get weakType(): boolean {
    return this.aval.weak;
  }
  /** The array itself: arrays are immutable and nobody counts references (`@jax-js/jax` needs `.ref`). */
  get ref(): this {
    return this;
  }

  /** A copy of the elements. @throws ConcretizationError on tracers without a value */
  abstract data(): Promise<HostData>;
  /** A copy of the elements, at once. @throws NoSyncReadError, ConcretizationError */
  abstract dataSync(): HostData;
  /** The one element of an array of size 1. @throws ConcretizationError under jit and vmap; ArgumentError for other sizes */
  abstract item(): number | bigint | boolean | Complex;
  /** Nested lists of numbers. */
  abstract js(): Nested;
  abstract jsAsync(): Promise<Nested>;
  /** Frees the memory now; any later use throws DisposedError. On tracers it does nothing. */
  abstract dispose(): void;
  /** Waits until the value has been computed. */
  abstract blockUntilReady(): Promise<this>;
  /** `f32[2] [4, 6]`: dtype, shape and value; of a tracer, its type. */
  abstract toString(): string;

  [Symbol.dispose](): void {
    this.dispose();
  }

  add(y: ArrayLike, ...more: []): NDArray {
    return methods().add(this, y, ...more);
  }
  sub(y: ArrayLike, ...more: []): NDArray {
    return methods().subtract(this, y, ...more);
  }
  mul(y: ArrayLike, ...more: []): NDArray {
    return methods().multiply(this, y, ...more);
  }
  div(y: ArrayLike, ...more: []): NDArray {
    return methods().divide(this, y, ...more);
  }
  floorDiv(y: ArrayLike, ...more: []): NDArray {
    return methods().floorDivide(this, y, ...more);
  }
  mod(y: ArrayLike, ...more: []): NDArray {
    return methods().mod(this, y, ...more);
  }
  pow(y: ArrayLike, ...more: []): NDArray {
    return methods().power(this, y, ...more);
  }
  neg(...more: []): NDArray {
    return methods().negative(this, ...more);
  }
  abs(...more: []): NDArray {
    return methods().abs(this, ...more);
  }
  equal(y: ArrayLike, ...more: []): NDArray {
    return methods().equal(this, y, ...more);
  }
  notEqual(y: ArrayLike, ...more: []): NDArray {
    return methods().notEqual(this, y, ...more);
  }
  less(y: ArrayLike, ...more: []): NDArray {
    return methods().less(this, y, ...more);
  }
  lessEqual(y: ArrayLike, ...more: []): NDArray {
    return methods().lessEqual(this, y, ...more);
  }
  greater(y: ArrayLike, ...more: []): NDArray {
    return methods().greater(this, y, ...more);
  }
  greaterEqual(y: ArrayLike, ...more: []): NDArray {
    return methods().greaterEqual(this, y, ...more);
  }
  sum(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().sum(this, axis, options, ...more);
  }
  mean(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().mean(this, axis, options, ...more);
  }
  prod(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().prod(this, axis, options, ...more);
  }
  max(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().max(this, axis, options, ...more);
  }
  min(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().min(this, axis, options, ...more);
  }
  all(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().all(this, axis, options, ...more);
  }
  any(axis?: Axis | ReduceOptions, options?: ReduceOptions, ...more: []): NDArray {
    return methods().any(this, axis, options, ...more);
  }
  argmax(axis?: number | null, ...more: []): NDArray {
    return methods().argmax(this, axis, ...more);
  }
  argmin(axis?: number | null, ...more: []): NDArray {
    return methods().argmin(this, axis, ...more);
  }
  cumsum(axis?: number | null, ...more: []): NDArray {
    return methods().cumsum(this, axis, ...more);
  }
  dot(y: ArrayLike, ...more: []): NDArray {
    return methods().dot(this, y, ...more);
  }
  matmul(y: NDArray, ...more: []): NDArray {
    return methods().matmul(this, y, ...more);
  }
  reshape(...shape: readonly number[] | readonly [readonly number[]]): NDArray {
    return methods().reshape(
      this,
      Array.isArray(shape[0]) ? (shape[0] as readonly number[]) : (shape as readonly number[]),
    );
  }
  flatten(...more: []): NDArray {
    refuseExtra(more, 'x.flatten');
    return methods().reshape(this, [-1]);
  }
  ravel(...more: []): NDArray {
    refuseExtra(more, 'x.ravel');
    return methods().reshape(this, [-1]);
  }
  transpose(...axes: readonly number[] | readonly [readonly number[]]): NDArray {
    if (axes.length === 0) return methods().transpose(this);
    return methods().transpose(
      this,
      Array.isArray(axes[0]) ? (axes[0] as readonly number[]) : (axes as readonly number[]),
    );
  }
  /** All axes reversed. */
  get T(): NDArray {
    return methods().transpose(this);
  }
  squeeze(axis?: Axis, ...more: []): NDArray {
    return methods().squeeze(this, axis, ...more);
  }
  expandDims(axis: number | readonly number[], ...more: []): NDArray {
    return methods().expandDims(this, axis, ...more);
  }
  astype(dtype: DType, ...more: []): NDArray {
    return methods().astype(this, dtype, ...more);
  }
  take(indices: ArrayLike, axis?: number | null, ...more: []): NDArray {
    return methods().take(this, indices, axis, ...more);
  }
  clip(min?: ArrayLike | null, max?: ArrayLike | null, ...more: []): NDArray {
    return methods().clip(this, min, max, ...more);
  }
  /** A part that is read, or changed in a copy: `x.at(0, [1, 3]).set(5)`. @throws ShapeError for an index out of range */
  at(...index: readonly IndexEntry[]): Place {
    return methods().at(this, index);
  }
  /** A part: `x.slice(0, [1, 3], '...', null)`. @throws ShapeError for an index out of range */
  slice(...index: readonly IndexEntry[]): NDArray {
    return methods().slice(this, index);
  }

  /** Template strings and logging work; operators do not, since JavaScript gives them no way to build an array. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new OperatorError(
      `an operator (+ - * / < > …) met an array, ${showAval(this.aval)}: JavaScript cannot overload operators. ` +
        `Write x.add(y), x.sub(y), x.mul(y), x.div(y), x.less(y), x.greater(y); for the number of a rank-0 array, x.item()`,
    );
  }

  /** Arrays are not iterable: a tracer's length would be fixed at trace time without anybody noticing. */
  [Symbol.iterator](): never {
    throw new OperatorError(
      `an array, ${showAval(this.aval)}, was iterated or spread; take parts with x.take(i, 0) or lax.slice, or its numbers with x.js()`,
    );
  }
}
