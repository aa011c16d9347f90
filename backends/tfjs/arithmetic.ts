/** Arithmetic, rounding to integers, extremes. */
import type { DType } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { elementwise, type Part } from './lowering.ts';

/** `result`, but zeros get the sign of `x`, which must be finite there. */
const zerosSignedAs = (k: Kernels, x: Tensor, result: Tensor): Tensor =>
  k.where(k.eq(result, k.like(result, 0)), k.mul(x, k.like(x, 0)), result);

/** `magnitude` with the sign of `x`. */
const signedAs = (k: Kernels, x: Tensor, magnitude: Tensor): Tensor =>
  zerosSignedAs(k, x, k.where(k.lt(x, k.like(x, 0)), k.negFloat(magnitude), magnitude));

const negInt = (k: Kernels, x: Tensor): Tensor => k.sub(k.like(x, 0), x);

/** The kernel loses the low bits of integers. */
function abs(k: Kernels, x: Tensor, type: DType): Tensor {
  return type === 'float32' ? k.absFloat(x) : k.where(k.lt(x, k.like(x, 0)), negInt(k, x), x);
}

/** The kernels give 0 for NaN and −0, and wasm's for small numbers too. */
function sign(k: Kernels, x: Tensor, type: DType): Tensor {
  const zero = k.like(x, 0);
  const one = k.like(x, 1);
  if (type === 'uint32') return k.where(k.eq(x, zero), zero, one);
  return k.where(k.gt(x, zero), one, k.where(k.lt(x, zero), k.like(x, -1), x));
}

function round(k: Kernels, x: Tensor, _: DType, { rounding_method }: ParamsOf<'round'>): Tensor {
  // The cpu engine rounds −0.5 to +0.
  if (rounding_method === 'TO_NEAREST_EVEN') return zerosSignedAs(k, x, k.run('Round', { x }));
  const magnitude = k.absFloat(x);
  const below = k.run('Floor', { x: magnitude });
  const up = k.ge(k.sub(magnitude, below), k.like(x, 0.5));
  return signedAs(k, x, k.where(up, k.add(below, k.like(x, 1)), below));
}

// ---- integer division

/** Truncates; where y is 0 the result is `x`, to be replaced, and y = −1 negates, as wasm traps at either. */
function quotient(k: Kernels, x: Tensor, y: Tensor): Tensor {
  const minusOne = k.eq(y, k.like(y, -1));
  const unsafe = k.or(minusOne, k.eq(y, k.like(y, 0)));
  const q = k.div(x, k.where(unsafe, k.like(y, 1), y));
  return k.where(minusOne, negInt(k, x), q);
}

/**
 * Unsigned division by signed kernels (Warren, Hacker's Delight, §9–3): a divisor of 2³¹ or more goes in once or not at
 * all; for others half the dividend gives the quotient but for its last bit.
 */
function unsignedQuotient(k: Kernels, x: Tensor, y: Tensor): Tensor {
  const fits = (a: Tensor): Tensor => k.fromBool(k.ge(k.flipSign(a), k.flipSign(y)), 'int32');
  const small = k.gt(y, k.like(y, 0));
  const half = k.div(k.shiftRight(x, 1), k.where(small, y, k.like(y, 1)));
  const q = k.add(half, half);
  const rest = k.sub(x, k.mulInt(q, y));
  return k.where(small, k.add(q, fits(rest)), fits(x));
}

function div(k: Kernels, [x, y]: readonly Tensor[], type: DType): Tensor {
  if (type === 'float32') return k.div(x!, y!);
  const q = type === 'uint32' ? unsignedQuotient(k, x!, y!) : quotient(k, x!, y!);
  return k.where(k.eq(y!, k.like(y!, 0)), k.like(y!, -1), q);
}

function rem(k: Kernels, [x, y]: readonly Tensor[], type: DType): Tensor {
  // The kernel floors, which is the same for magnitudes.
  if (type === 'float32') return signedAs(k, x!, k.run('Mod', { a: k.absFloat(x!), b: k.absFloat(y!) }));
  // x/0 is −1, and x − (−1)·0 is x, as it shall be.
  return k.sub(x!, k.mulInt(div(k, [x!, y!], type), y!));
}

// ---- extremes

/** wasm's Maximum and Minimum lose NaN and take either zero for the other. */
function wasmExtreme(k: Kernels, x: Tensor, y: Tensor, largest: boolean): Tensor {
  const bits = (a: Tensor): Tensor => ({ ...a, dtype: 'int32' });
  const chosen = k.where(largest ? k.gt(x, y) : k.lt(x, y), x, y);
  // Equal numbers have equal bits, but for zeros: the maximum has the sign bit if both have it, the minimum if one has.
  const common = largest ? k.bitAnd(bits(x), bits(y)) : k.bitOr(bits(x), bits(y));
  return k.where(k.isNaN(x), x, k.where(k.eq(x, y), { ...common, dtype: 'float32' }, chosen));
}

/** The larger or smaller of two tensors of one shape. */
export function extreme(k: Kernels, x: Tensor, y: Tensor, type: DType, largest: boolean): Tensor {
  if (type === 'bool') return largest ? k.or(x, y) : k.and(x, y);
  if (type === 'float32' && k.isWasm) return wasmExtreme(k, x, y, largest);
  const kernel = largest ? 'Maximum' : 'Minimum';
  if (type !== 'uint32') return k.run(kernel, { a: x, b: y });
  return k.flipSign(k.run(kernel, { a: k.flipSign(x), b: k.flipSign(y) }));
}

export const arithmetic: Part<
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'max'
  | 'min'
  | 'clamp'
  | 'stop_gradient'
> = {
  neg: elementwise((k, [x], type) => (type === 'float32' ? k.negFloat(x!) : negInt(k, x!))),
  abs: elementwise((k, [x], type) => abs(k, x!, type)),
  sign: elementwise((k, [x], type) => sign(k, x!, type)),
  floor: elementwise((k, [x]) => k.run('Floor', { x: x! })),
  ceil: elementwise((k, [x]) => k.run('Ceil', { x: x! })),
  round: elementwise((k, [x], type, params) => round(k, x!, type, params)),
  add: elementwise((k, [x, y]) => k.add(x!, y!)),
  sub: elementwise((k, [x, y]) => k.sub(x!, y!)),
  mul: elementwise((k, [x, y], type) => (type === 'float32' ? k.mul(x!, y!) : k.mulInt(x!, y!))),
  div: elementwise(div),
  rem: elementwise(rem),
  max: elementwise((k, [x, y], type) => extreme(k, x!, y!, type, true)),
  min: elementwise((k, [x, y], type) => extreme(k, x!, y!, type, false)),
  clamp: elementwise((k, [lo, x, hi], type) => extreme(k, extreme(k, x!, lo!, type, true), hi!, type, false)),
  stop_gradient: (_, operands) => operands,
};
