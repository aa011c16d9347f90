/**
 * Arrays from JavaScript values (spec/values.md#numbers-from-javascript). 2 and 2.0 are one value, so a dtype never
 * depends on a value: numbers are float32, bigints int32, pairs `{ re, im }` complex64, twice as wide in 64-bit
 * mode, and booleans bool.
 */
import { ConcreteArray } from './array.ts';
import {
  checkDType,
  complexOf,
  defaultFloat,
  defaultInt,
  domainOf,
  type DType,
  dtypes,
  integerLimits,
} from './dtypes.ts';
import { ArgumentError, describe } from './errors.ts';
import { type Complex, type Element, elementFrom, forRounding, hostArray, hostScalar, type Shape } from './host.ts';
import { type ArrayLike, NDArray, type Nested } from './ndarray.ts';

type Scalar = number | bigint | boolean;
/** An element in a nested list: there, complex numbers are written `{ re, im }`. */
type Leaf = Scalar | Complex;

const isComplexNumber = (x: unknown): x is Complex =>
  typeof x === 'object' &&
  x !== null &&
  'im' in x &&
  typeof x.im === 'number' &&
  're' in x &&
  typeof x.re === 'number' &&
  Object.keys(x).length === 2;
export const isScalar = (x: unknown): x is Scalar => ['number', 'bigint', 'boolean'].includes(typeof x);

/** What `asArray` takes. */
export const isArrayLike = (x: unknown): x is ArrayLike => x instanceof NDArray || isScalar(x);

export function dtypeOfScalar(x: Scalar): DType {
  return typeof x === 'boolean' ? 'bool' : typeof x === 'bigint' ? defaultInt() : defaultFloat();
}

/** @throws ArgumentError if a value of `dtype` cannot hold the scalar: a fraction, or out of range, for an integer. */
export function scalarAs(x: Leaf, dtype: DType, where: string): Element {
  const { kind } = dtypes[dtype];
  const wrong = (why: string): never => {
    const shown = isComplexNumber(x) ? `${x.re} + ${x.im}i` : String(x);
    throw new ArgumentError(`${where}: ${shown} ${why}, beside ${dtype}; convert the array first: x.astype('float32')`);
  };
  if (isComplexNumber(x)) return kind === 'complex' ? x : wrong('is complex');
  if (kind === 'float' || kind === 'complex') {
    return elementFrom(dtype, typeof x === 'bigint' ? forRounding(x, dtype) : Number(x));
  }
  if (kind === 'bool') {
    if (typeof x === 'boolean') return Number(x);
    throw new ArgumentError(
      `${where}: ${x} beside a bool array; write a boolean, or convert the array: x.astype('float32')`,
    );
  }
  if (typeof x === 'number' && !Number.isInteger(x)) return wrong('is not an integer');
  const { min, max } = integerLimits(dtype);
  const v = BigInt(x);
  if (v < min || v > max) return wrong(`is outside [${min}, ${max}]`);
  return domainOf(dtype) === 'bigint' ? v : Number(v);
}

/** A rank-0 array of `dtype`. */
export function scalar(x: Scalar, dtype: DType, where: string, weak: boolean = false): NDArray {
  return ConcreteArray.fromHost(hostScalar(dtype, scalarAs(x, dtype, where)), weak);
}

/** An array as it is; a JavaScript scalar as a weak rank-0 array. @throws ArgumentError for anything else */
export function asArray(x: unknown, where: string): NDArray {
  if (x instanceof NDArray) return x;
  if (isScalar(x)) return scalar(x, dtypeOfScalar(x), where, typeof x !== 'boolean');
  throw new ArgumentError(`${where}: expected an array or a number, got ${describe(x)}${hint(x)}`);
}

/** Operands of one dtype: scalars take the dtype of the arrays beside them. Weak arrays stay what they are. */
export function operands(xs: readonly ArrayLike[], where: string): NDArray[] {
  const beside = xs.find((x) => x instanceof NDArray);
  return xs.map((x) =>
    isScalar(x) && beside !== undefined ? scalar(x, beside.dtype, where, beside.weakType) : asArray(x, where),
  );
}

/** What to write instead of something that is no array. */
function hint(x: unknown): string {
  if (Array.isArray(x) || ArrayBuffer.isView(x)) return '; lists are not converted silently: write np.array(…)';
  if (x instanceof Promise) return '; await it first';
  if (x === undefined) return '; a variable or property has no value, or a function returned nothing';
  if (typeof x === 'string') return '; numbers are written without quotes';
  return '';
}

const views: readonly (readonly [new () => ArrayBufferView, DType])[] = [
  [Float16Array, 'float16'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Int8Array, 'int8'],
  [Int16Array, 'int16'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
  [Uint16Array, 'uint16'],
  [Uint32Array, 'uint32'],
  [BigUint64Array, 'uint64'],
];
/** A typed array's dtype; undefined for a DataView. */
const dtypeOfView = (x: ArrayBufferView): DType | undefined => views.find(([type]) => x instanceof type)?.[1];

/**
 * An uncommitted array from nested lists, a scalar or a typed array. The values are copied.
 * @throws ArgumentError for ragged lists, or values that do not fit `dtype`
 */
export function fromNested(x: Nested | ArrayBufferView, dtype: DType | undefined, where: string): NDArray {
  if (dtype !== undefined) checkDType(dtype, `${where}: dtype`);
  if (ArrayBuffer.isView(x)) {
    const own = dtypeOfView(x);
    if (own === undefined)
      throw new ArgumentError(`${where}: no dtype for ${x.constructor.name}; pass a list and { dtype }`);
    const values: readonly Leaf[] = [...(x as Float32Array)];
    const to = dtype ?? own;
    return ConcreteArray.fromHost(hostArray(to, [values.length], values.map((v) => scalarAs(v, to, where)))); // prettier-ignore
  }
  const shape = shapeOfNested(x);
  const flat: Leaf[] = [];
  collect(x, 0, shape, flat, where);
  const to = dtype ?? dtypeOfLeaves(flat);
  const element = (v: Leaf): Element => (to === 'bool' ? truth(v) : scalarAs(v, to, where));
  return ConcreteArray.fromHost(hostArray(to, shape, flat.map(element)));
}

function shapeOfNested(x: unknown): number[] {
  const shape: number[] = [];
  for (let level = x; ; level = level[0] as unknown) {
    if (!Array.isArray(level)) return shape;
    shape.push(level.length);
    if (level.length === 0) return shape;
  }
}

function collect(x: unknown, depth: number, shape: Shape, into: Leaf[], where: string): void {
  if (depth === shape.length) {
    if (isScalar(x) || isComplexNumber(x)) into.push(x);
    else throw new ArgumentError(`${where}: expected a number, got ${describe(x)} (ragged lists have no shape)`);
    return;
  }
  if (!Array.isArray(x) || x.length !== shape[depth]) {
    throw new ArgumentError(
      `${where}: the lists are ragged: expected ${shape[depth]} elements at depth ${depth}, got ${describe(x)}`,
    );
  }
  for (const inner of x) collect(inner, depth + 1, shape, into, where);
}

const truth = (v: Leaf): number => Number(isComplexNumber(v) ? v.re !== 0 || v.im !== 0 : Boolean(v));

function dtypeOfLeaves(flat: readonly Leaf[]): DType {
  if (flat.length > 0 && flat.every((v) => typeof v === 'boolean')) return 'bool';
  if (flat.some(isComplexNumber)) return complexOf(defaultFloat());
  return flat.length > 0 && flat.every((v) => typeof v !== 'number') ? defaultInt() : defaultFloat();
}
