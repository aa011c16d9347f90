/** For tests of the elementwise primitives: single elements as JavaScript numbers, and what is nearest to a rational. */
import type { DType } from '../../reference/core/dtypes.ts';
import { hostScalar, numbers } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';

/** The reference's value of one element; the operands have `dtype`, but for those named in `others` by position. */
export const evaluator =
  (
    primitive: AnyFirstOrder,
    dtype: DType,
    params: Params = {},
    others: Readonly<Record<number, DType>> = {},
  ): ((...x: readonly number[]) => number) =>
  (...x) => {
    const operands = x.map((v, i) => hostScalar(others[i] ?? dtype, v));
    return numbers(primitive.evaluate(operands, params)[0]!)[0]!;
  };

/** A finite float32 in units of 2⁻¹⁴⁹. */
export function units(x: number): bigint {
  const bits = new Uint32Array(new Float32Array([x]).buffer)[0]!;
  const exponent = (bits >>> 23) & 255;
  const fraction = BigInt(bits & 0x7fffff);
  const magnitude = exponent === 0 ? fraction : (fraction | 0x800000n) << BigInt(exponent - 1);
  return x < 0 ? -magnitude : magnitude;
}

/** The float32 before or after. */
function neighbour(x: number, step: 1 | -1): number {
  const view = new Float32Array([x]);
  new Int32Array(view.buffer)[0]! += step;
  return x === 0 ? step * 2 ** -149 : view[0]!;
}

const size = (x: bigint): bigint => (x < 0n ? -x : x);
const isEven = (x: number): boolean => (new Uint32Array(new Float32Array([x]).buffer)[0]! & 1) === 0;

/** Whether the float32 `y` is the one nearest to n/d in units of 2⁻¹⁴⁹, the even one of two. */
export function isNearest(y: number, n: bigint, d: bigint): boolean {
  const distance = (v: number): bigint => size(units(v) * d - n);
  return ([1, -1] as const)
    .map((step) => neighbour(y, step))
    .filter(Number.isFinite)
    .every((other) => distance(y) < distance(other) || (distance(y) === distance(other) && isEven(y)));
}
