/** What the ways to get a kernel wrong are made of. */
import { type DType, isComplex, isInexact } from '../../reference/core/dtypes.ts';
import {
  buildElements,
  buildParts,
  type Element,
  elements,
  type HostArray,
  parts,
  sizeOf,
} from '../../reference/core/host.ts';
import type { Accuracy, AnyFirstOrder, Params } from '../../reference/core/primitive.ts';

/** A call of a primitive, and what the reference makes of it, or of another one. */
export interface KernelCall {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  evaluate(operands?: readonly HostArray[], params?: Params): readonly HostArray[];
}

export type Kernel = (call: KernelCall) => readonly HostArray[];

/** A way to get a kernel wrong. */
export interface KernelOperator {
  readonly name: string;
  /** Whether there is such a thing to get wrong in a primitive, for a dtype. A witness has to be found all the same. */
  fits(primitive: AnyFirstOrder, dtype: DType): boolean;
  readonly kernel: Kernel;
}

export const operator = (name: string, fits: KernelOperator['fits'], kernel: Kernel): KernelOperator => ({
  name,
  fits,
  kernel,
});

/** The array with its floats, or the parts of its complex numbers, changed; others as they are. */
export const mapParts = (x: HostArray, f: (part: number, k: number) => number): HostArray =>
  isInexact(x.dtype) ? buildParts(x.dtype, x.shape, mapping(parts(x), f)) : x;

const mapping =
  (data: ArrayLike<number>, f: (part: number, k: number) => number) =>
  (k: number): number =>
    f(data[k]!, k);

export function mapElements(x: HostArray, f: (element: Element, i: number) => Element): HostArray {
  const at = elements(x);
  return buildElements(x.dtype, x.shape, (i) => f(at(i), i));
}

/** The results with their parts changed. */
export const onResults =
  (f: (part: number, y: HostArray, k: number) => number): Kernel =>
  ({ evaluate }) =>
    evaluate().map((y) => mapParts(y, (v, k) => f(v, y, k)));

/** The results for other operands. */
export const onOperands =
  (f: (part: number, x: HostArray) => number): Kernel =>
  ({ operands, evaluate }) =>
    evaluate(operands.map((x) => mapParts(x, (v) => f(v, x))));

/** What a primitive's results are held to for operands of a dtype; null where its operands have other dtypes. */
export function accuracyKind(primitive: AnyFirstOrder, dtype: DType): Accuracy['kind'] | null {
  const given = KINDS[primitive.name];
  if (given !== undefined) return isInexact(dtype) ? given : 'exact';
  const operands = primitive.operands.map(() => ({ shape: [], dtype, weak: false }));
  try {
    return primitive.accuracy(operands, {}).kind;
  } catch {
    return null;
  }
}

/** Where the accuracy is not to be had without a whole call. */
const KINDS: Readonly<Record<string, Accuracy['kind']>> = {
  dot_general: 'sum',
  conv_general_dilated: 'sum',
  reduce_sum: 'sum',
  reduce_window_sum: 'sum',
  cumsum: 'sum',
  scatter_add: 'sum',
  reduce_prod: 'product',
  cumprod: 'product',
  integer_pow: 'ulp',
};

export const floats = (dtype: DType): boolean => isInexact(dtype) && !isComplex(dtype);
export const count = (x: HostArray): number => sizeOf(x.shape);
