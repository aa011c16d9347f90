/** Conversion between dtypes. */
import { gap } from '../../reference/core/backend.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Tensor } from './engine.ts';
import { INT_MAX, INT_MIN, type Kernels } from './kernels.ts';
import { elementwise, type Part } from './lowering.ts';

const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;

/** Saturates; NaN gives 0. Cast alone wraps. */
function floatToSigned(k: Kernels, x: Tensor): Tensor {
  const fits = k.lt(k.absFloat(x), k.like(x, TWO_31));
  const inside = k.floatToInt(k.where(fits, x, k.like(x, 0)));
  const int = (value: number): Tensor => k.like(inside, value);
  const low = k.where(k.le(x, k.like(x, -TWO_31)), int(INT_MIN), inside);
  return k.where(k.ge(x, k.like(x, TWO_31)), int(INT_MAX), low);
}

/** Saturates to [0, 2³²): the upper half is converted less 2³¹, whose bit is then set. */
function floatToUnsigned(k: Kernels, x: Tensor): Tensor {
  const upper = k.ge(x, k.like(x, TWO_31));
  const over = k.ge(x, k.like(x, TWO_32));
  const positive = k.and(k.gt(x, k.like(x, 0)), k.not(over));
  const low = k.where(upper, k.sub(x, k.like(x, TWO_31)), x);
  const bits = k.floatToInt(k.where(positive, low, k.like(x, 0)));
  return k.where(over, k.like(bits, -1), k.where(upper, k.flipSign(bits), bits));
}

/** Two exact parts, whose sum is rounded once. */
function unsignedToFloat(k: Kernels, x: Tensor): Tensor {
  const low = k.bitAnd(x, k.like(x, 0xffff));
  const high = k.intToFloat(k.sub(x, low));
  const negative = k.lt(x, k.like(x, 0));
  return k.add(k.where(negative, k.add(high, k.like(high, TWO_32)), high), k.intToFloat(low));
}

/** `x`, which stands for values of `from`, as values of `to`. */
export function convert(k: Kernels, x: Tensor, from: DType, to: DType): Tensor {
  if (from === to) return x;
  if (to === 'bool') return k.toBool(x);
  if (from === 'bool') return k.fromBool(x, to === 'float32' ? 'float32' : 'int32');
  if (from === 'float32') return to === 'int32' ? floatToSigned(k, x) : floatToUnsigned(k, x);
  if (to === 'float32') return from === 'int32' ? k.intToFloat(x) : unsignedToFloat(k, x);
  return x; // between int32 and uint32 the bits stay
}

/** Kernels see values, never their bits. */
const NO_BITS = gap('no kernel reads the bits of a float');

export const conversion: Part<'convert_element_type' | 'bitcast_convert_type' | 'reduce_precision'> = {
  convert_element_type: elementwise((k, [x], from, { new_dtype }: ParamsOf<'convert_element_type'>) =>
    convert(k, x!, from, new_dtype),
  ),
  bitcast_convert_type: NO_BITS,
  reduce_precision: NO_BITS,
};
