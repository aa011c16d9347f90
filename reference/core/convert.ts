/**
 * Arrays from JavaScript values (spec/values.md#numbers-from-javascript). 2 and 2.0 are one value, so a dtype never
 * depends on a value: numbers are float32 (float64 in 64-bit mode), bigints int32, booleans bool.
 */
import { ConcreteArray } from './array.ts';
import { x64Enabled } from './config.ts';
import { checkDType, type DType, dtypes, iinfo } from './dtypes.ts';
import { ArgumentError } from './errors.ts';
import { allocate, hostScalar, type Shape, sizeOf } from './host.ts';
import { type ArrayLike, NDArray, type Nested } from './ndarray.ts';

type Scalar = number | bigint | boolean;

const isScalar = (x: unknown): x is Scalar => ['number', 'bigint', 'boolean'].includes(typeof x);

/** What `asArray` takes. */
export const isArrayLike = (x: unknown): x is ArrayLike => x instanceof NDArray || isScalar(x);

/** The dtype of arrays made from JavaScript numbers. */
export const defaultFloat = (): DType => (x64Enabled() ? 'float64' : 'float32');

export function dtypeOfScalar(x: Scalar): DType {
  return typeof x === 'boolean' ? 'bool' : typeof x === 'bigint' ? 'int32' : defaultFloat();
}

/** @throws ArgumentError if a value of `dtype` cannot hold the scalar: a fraction, or out of range, for an integer. */
export function scalarAs(x: Scalar, dtype: DType, where: string): number {
  const { kind } = dtypes[dtype];
  const v = Number(x);
  if (kind === 'float' || kind === 'complex') return v;
  if (kind === 'bool') {
    if (typeof x === 'boolean') return v;
    throw new ArgumentError(
      `${where}: ${x} beside a bool array; write a boolean, or convert the array: x.astype('float32')`,
    );
  }
  const { min, max } = iinfo(dtype);
  if (!Number.isInteger(v) || v < min || v > max) {
    const why = Number.isInteger(v) ? `is outside [${min}, ${max}]` : 'is not an integer';
    throw new ArgumentError(`${where}: ${x} ${why}, beside ${dtype}; convert the array first: x.astype('float32')`);
  }
  return v;
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

function describe(x: unknown): string {
  if (Array.isArray(x)) return 'a list';
  if (ArrayBuffer.isView(x)) return `a ${x.constructor.name}`;
  if (x instanceof Promise) return 'a Promise';
  if (x === null || x === undefined) return String(x);
  return typeof x === 'object' ? `an object (${x.constructor?.name ?? 'without a prototype'})` : typeof x;
}
const hint = (x: unknown): string =>
  Array.isArray(x) || ArrayBuffer.isView(x)
    ? '; lists are not converted silently: write np.array(…)'
    : x instanceof Promise
      ? '; await it first'
      : '';

/** A typed array's dtype; undefined for views that hold no supported dtype. */
function dtypeOfView(x: ArrayBufferView): DType | undefined {
  if (x instanceof Float32Array) return 'float32';
  if (x instanceof Float64Array) return 'float64';
  if (x instanceof Int32Array) return 'int32';
  if (x instanceof Uint32Array) return 'uint32';
  return undefined;
}

/**
 * An uncommitted array from nested lists, a scalar, a typed array or an array. The values are copied.
 * @throws ArgumentError for ragged lists, or values that do not fit `dtype`
 */
export function fromNested(x: Nested | ArrayBufferView | NDArray, dtype: DType | undefined, where: string): NDArray {
  if (dtype !== undefined) checkDType(dtype, `${where}: dtype`);
  if (ArrayBuffer.isView(x)) {
    const own = dtypeOfView(x);
    if (own === undefined)
      throw new ArgumentError(`${where}: no dtype for ${x.constructor.name}; pass a list and { dtype }`);
    const values = x as Float32Array;
    const to = dtype ?? own;
    const data = allocate(to, values.length);
    for (let i = 0; i < values.length; i++) data[i] = to === own ? values[i]! : scalarAs(values[i]!, to, where);
    return ConcreteArray.fromHost({ shape: [values.length], dtype: to, data });
  }
  const shape = shapeOfNested(x, where);
  const flat: Scalar[] = [];
  collect(x, 0, shape, flat, where);
  const to = dtype ?? dtypeOfLeaves(flat);
  const data = allocate(to, sizeOf(shape));
  flat.forEach((v, i) => {
    data[i] = to === 'bool' ? Number(Boolean(v)) : scalarAs(v, to, where);
  });
  return ConcreteArray.fromHost({ shape, dtype: to, data });
}

function shapeOfNested(x: unknown, where: string): number[] {
  const shape: number[] = [];
  for (let level = x; ; level = level[0] as unknown) {
    if (level instanceof NDArray && level.ndim > 0)
      throw new ArgumentError(`${where}: arrays inside a list; use np.stack or np.concatenate`);
    if (!Array.isArray(level)) return shape;
    shape.push(level.length);
    if (level.length === 0) return shape;
  }
}

function collect(x: unknown, depth: number, shape: Shape, into: Scalar[], where: string): void {
  if (depth === shape.length) {
    if (x instanceof ConcreteArray && x.ndim === 0) into.push(x.item());
    else if (isScalar(x)) into.push(x);
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

function dtypeOfLeaves(flat: readonly Scalar[]): DType {
  if (flat.length > 0 && flat.every((v) => typeof v === 'boolean')) return 'bool';
  if (flat.length > 0 && flat.every((v) => typeof v !== 'number')) return 'int32';
  return defaultFloat();
}
