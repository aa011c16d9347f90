/** Conversion between dtypes, of values and of bits, and to fewer bits. */
import { type DType, dtypes, finfo, iinfo, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Indexed, type Node } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { halfBits, halfOf, roundedToOdd, signedToOdd, toSigned, toUnsigned } from './functions/conversions.ts';
import { limitRange, roundBits } from './functions/precision.ts';
import { bitcast, cast, elementwise, magnitudeBits, pointwise } from './pointwise.ts';

// ---- values

const bitsOf = (dtype: DType): number => 8 * dtypes[dtype].bytes;

/** NaN is not zero. */
function toBool(k: Builder, x: Code, from: DType): Code {
  if (isComplex(from)) return `any((bitcast<vec2u>(${x}) & vec2u(0x7fffffffu)) != vec2u(0u))`;
  const value = isFloat(from) ? magnitudeBits(k, x) : x;
  return `(${value} != ${isFloat(from) ? k.constant('uint32', 0) : k.constant(from, 0)})`;
}

/** Saturates; narrow integers are limited in 32 bits. */
function floatToInteger(k: Builder, x: Code, to: DType): Code {
  const register = registerOf(to);
  const whole = k.call(register === 'u32' ? toUnsigned : toSigned, register, x);
  const { min, max } = iinfo(to);
  return bitsOf(to) === 32 ? whole : `clamp(${whole}, ${k.constant(to, min)}, ${k.constant(to, max)})`;
}

/** Two exact parts, whose sum is rounded once: drivers truncate integers from 2³¹ on. */
function unsignedToFloat(k: Builder, x: Code): Code {
  const high = cast(k, 'f32', `${x} >> ${k.constant('uint32', 16)}`);
  const low = cast(k, 'f32', `${x} & ${k.constant('uint32', 0xffff)}`);
  return `(${high} * ${k.constant('float32', 2 ** 16)} + ${low})`;
}

/** Rounds to nearest even; what is to be rounded once more must not be rounded before. */
function integerToFloat(k: Builder, x: Code, from: DType, to: DType): Code {
  if (bitsOf(from) < 32) return cast(k, 'f32', x);
  if (to !== 'bfloat16') return from === 'uint32' ? unsignedToFloat(k, x) : cast(k, 'f32', x);
  return k.call(from === 'uint32' ? roundedToOdd : signedToOdd, 'f32', x);
}

/** `x`, a value of `from`, as one of `to`, before narrow dtypes are kept to. */
export function converted(k: Builder, x: Code, from: DType, to: DType): Code {
  if (from === to) return x;
  if (to === 'bool') return toBool(k, x, from);
  // Not a literal: compilers would take 0·∞ for 0.
  if (isComplex(to)) return `vec2f(${converted(k, x, from, 'float32')}, ${k.constant('float32', 0)})`;
  if (isComplex(from)) return converted(k, k.let('f32', `${x}.x`), 'float32', to);
  if (from === 'bool') return `select(${k.constant(to, 0)}, ${k.constant(to, 1)}, ${x})`;
  if (isFloat(from)) return isFloat(to) ? x : floatToInteger(k, x, to);
  return isFloat(to) ? integerToFloat(k, x, from, to) : bitcast(k, registerOf(to), x);
}

// ---- bits

/** The bits of a value as a u32, the unused ones 0. */
function toBits(k: Builder, x: Code, dtype: DType): Code {
  if (dtype === 'float16') return k.call(halfBits, 'u32', x);
  const bits = bitcast(k, 'u32', x);
  if (dtype === 'bfloat16') return `(${bits} >> ${k.constant('uint32', 16)})`;
  return bitsOf(dtype) === 32 ? bits : `(${bits} & ${k.constant('uint32', 2 ** bitsOf(dtype) - 1)})`;
}

/** The value of the lower bits of a u32. */
function ofBits(k: Builder, bits: Code, dtype: DType): Code {
  if (dtype === 'float16') return k.call(halfOf, 'f32', k.value('u32', bits));
  if (dtype === 'bfloat16') return bitcast(k, 'f32', `${bits} << ${k.constant('uint32', 16)}`);
  return bitcast(k, registerOf(dtype), bits);
}

/** Words as values of their lower bits. */
const valuesOf = (words: Node, type: Type): Node => pointwise(type, [words], 4, (k, [x]) => ofBits(k, x!, type.dtype));

/** Each element cut in several along a new last axis, the lower bits first. */
function cut(x: Node, { shape, dtype }: Type): Node {
  const words = new Indexed({ shape, dtype: 'uint32' }, [x], (k, index) => {
    const dims = index.dims(k);
    const whole = toBits(k, k.element(x, Index.of(x.type.shape, dims.slice(0, -1))), x.type.dtype);
    return k.let('u32', `${whole} >> (${dims.at(-1)!} * ${bitsOf(dtype)}u)`);
  });
  return valuesOf(words, { shape, dtype });
}

/** The elements of the last axis joined to one. */
function joined(x: Node, { shape, dtype }: Type): Node {
  const width = bitsOf(x.type.dtype);
  const words = new Indexed({ shape, dtype: 'uint32' }, [x], (k, index) => {
    const parts = Array.from({ length: bitsOf(dtype) / width }, (_, i) => {
      const part = toBits(k, k.at(x, [...index.dims(k), `${i}u`]), x.type.dtype);
      return `(${part} << ${i * width}u)`;
    });
    return k.let('u32', parts.join(' | '));
  });
  return valuesOf(words, { shape, dtype });
}

const bitcastConvert: Lowerer<unknown> = (_, [x], __, [result]) => {
  const { shape, dtype } = result!;
  const from = x!.type.dtype;
  if (bitsOf(from) > bitsOf(dtype)) return [cut(x!, { shape, dtype })];
  if (bitsOf(from) < bitsOf(dtype)) return [joined(x!, { shape, dtype })];
  return [pointwise({ shape, dtype }, [x!], 4, (k, [v]) => ofBits(k, toBits(k, v!, from), dtype))];
};

// ---- precision

/** Below their smallest normal number, the steps of float16 are those of fixed-point numbers. */
function roundedTo(k: Builder, x: Code, dtype: DType, mantissaBits: number): Code {
  const rounded = k.call(roundBits, 'f32', x, k.constant('uint32', 23 - mantissaBits));
  if (dtype !== 'float16') return rounded;
  const { tiny } = finfo('float16');
  const up = k.constant('float32', 2 ** mantissaBits / tiny);
  const down = k.constant('float32', tiny / 2 ** mantissaBits);
  return `select(${rounded}, round(${x} * ${up}) * ${down}, abs(${x}) < ${k.constant('float32', tiny)})`;
}

/** XLA's: the significand is rounded first, then what is out of the range of exponents becomes 0 or infinite. */
function reducePrecision(
  k: Builder,
  x: Code,
  dtype: DType,
  { exponent_bits, mantissa_bits }: ParamsOf<'reduce_precision'>,
): Code {
  const { digits, max } = finfo(dtype);
  const y = mantissa_bits < digits - 1 ? k.value('f32', roundedTo(k, x, dtype, mantissa_bits)) : x;
  const bias = 2 ** (exponent_bits - 1) - 1;
  if (bias >= Math.floor(Math.log2(max))) return y;
  const bits = (exponent: number): Code => k.constant('uint32', (exponent + 127) * 2 ** 23);
  return k.call(limitRange, 'f32', y, bits(1 - bias), bits(bias + 1));
}

export const conversion: Part<'convert_element_type' | 'bitcast_convert_type' | 'reduce_precision'> = {
  convert_element_type: elementwise((k, [x], from, _, to) => converted(k, x!, from, to), 2),
  bitcast_convert_type: bitcastConvert,
  reduce_precision: elementwise((k, [x], dtype, params) => reducePrecision(k, x!, dtype, params), 8),
};
