/** Conversion between dtypes, of values and of bits, and to fewer bits (spec/primitives/conversion.md). */
import type * as FC from 'fast-check';
import { ANY, domainOf, type DType, dtypes, finfo, FLOATS, integerLimits, isComplex, isFloat, isInexact, partOf, REALS } from '../core/dtypes.ts'; // prettier-ignore
import { allocate, aval, build, buildElements, type Complex, type Element, elements, forRounding, type HostArray, numbers, type Shape, showAval, sizeOf } from '../core/host.ts'; // prettier-ignore
import { type Call, definePrimitive, type Gen, operandAval } from '../core/primitive.ts';
import { call, smallShape } from './draw.ts';
import { along, contains, type Defined, exact, inexact, mapOne, sameShapeCases } from './elementwise.ts';

export interface ConvertElementTypeParams {
  readonly new_dtype: DType;
  /** Whether the result counts as a JavaScript number's: it yields to the dtype of what it meets. */
  readonly weak_type: boolean;
}

// ---- values

/** Truncates; the nearest integer of the dtype where there is none, 0 for NaN. */
function saturate(x: number, dtype: DType): number | bigint {
  const { min, max } = integerLimits(dtype);
  const limited = Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), Number(min)), Number(max));
  if (domainOf(dtype) === 'number') return limited;
  const integer = BigInt(limited); // the largest double is beyond the largest integer
  return integer > max ? max : integer;
}

/** NaN is not zero, −0 is; of complex numbers one part that is not will do. */
const isNonzero = (x: Element): boolean => (typeof x === 'object' ? x.re !== 0 || x.im !== 0 : x !== 0 && x !== 0n);

/** The value to be stored as `to`; storing rounds floats to nearest even and wraps integers. */
function converted(x: Element, from: DType, to: DType): Element {
  if (to === 'bool') return Number(isNonzero(x));
  if (isComplex(to)) return typeof x === 'object' ? x : { re: converted(x, from, partOf(to)) as number, im: 0 };
  if (typeof x === 'object') return converted(x.re, partOf(from), to);
  if (isFloat(to)) return typeof x === 'bigint' ? forRounding(x, to) : x;
  if (isFloat(from)) return saturate(x as number, to);
  if (domainOf(to) === 'bigint') return BigInt(x);
  return typeof x === 'bigint' ? Number(BigInt.asIntN(32, x)) : x;
}

function convert(x: HostArray, to: DType): HostArray {
  const { dtype: from, shape } = x;
  if (domainOf(from) === 'number' && domainOf(to) === 'number') {
    return mapOne(x, (v) => converted(v, from, to) as number, to);
  }
  const at = elements(x);
  return buildElements(to, shape, (i) => converted(at(i), from, to));
}

/** Bits of the largest significand of a dtype's values. */
const digits = (dtype: DType): number => (isInexact(dtype) ? finfo(dtype).digits : 8 * dtypes[dtype].bytes);
/** Whether a conversion can change a value at all. Every float but float64 has values that float16 and bfloat16 lack. */
const rounds = (from: DType, to: DType): boolean =>
  isInexact(to) && partOf(from) !== partOf(to) && (digits(from) > digits(to) || (to === 'float16' && isInexact(from)));

export const convertElementType: Defined<'convert_element_type', ConvertElementTypeParams, never> = definePrimitive<
  'convert_element_type',
  ConvertElementTypeParams,
  never
>({
  name: 'convert_element_type',
  spec: 'spec/primitives/conversion.md#convert_element_type',
  operands: [{ name: 'x', dtypes: ANY }],
  params: { new_dtype: { enum: ANY }, weak_type: { type: 'boolean' } },
  dtypes: ANY,
  constraints: {},
  infer: ([x], { new_dtype, weak_type }) => [aval(x!.shape, new_dtype, weak_type)],
  evaluate: ([x], { new_dtype }) => [convert(x!, new_dtype)],
  differentiate: {
    active: (operands, { new_dtype }) => (isInexact(new_dtype) ? inexact(operands) : []),
    jvp: 'linear',
    transpose: (lax, [ct], [x]) => [along(ct, (t) => lax.convertElementType(t, operandAval(x!).dtype))],
  },
  batch: 'elementwise',
  // To integers and bool the value jumps: it is only known if the whole interval gives one result.
  bound: {
    elementwise: ([lo], [hi], { new_dtype: to }) => {
      if (isInexact(to)) return [1];
      const one = to === 'bool' ? !contains(lo!, hi!, 0) : saturate(lo!, to) === saturate(hi!, to);
      return [one ? 0 : Infinity];
    },
    discs: (centres, radii, { new_dtype: to }) => (isInexact(to) ? [1] : jumps(centres, radii, to)),
  },
  accuracy: ([x], { new_dtype }) => (rounds(x!.dtype, new_dtype) ? { kind: 'rounded' } : exact()),
  cases: (gen) =>
    gen.fc
      .tuple(sameShapeCases(gen, 1), gen.fc.constantFrom<DType>(...ANY))
      .map(([{ args }, new_dtype]) => ({ args, params: { new_dtype, weak_type: false } })),
  breaks: {},
});

/** 0 where every number of the disc gives one integer or truth, else infinite. */
function jumps([z]: readonly Complex[], [radius]: readonly number[], to: DType): number[] {
  const { re, im } = z!;
  const r = radius!;
  const one = to === 'bool' ? Math.hypot(re, im) > r : saturate(re - r, to) === saturate(re + r, to);
  return [one ? 0 : Infinity];
}

// ---- bits

export interface BitcastConvertTypeParams {
  readonly new_dtype: DType;
}

/** How many elements of one dtype the bits of an element of the other make. */
const ratio = (wide: DType, narrow: DType): number => dtypes[wide].bytes / dtypes[narrow].bytes;

function bitcastShape(shape: Shape, from: DType, to: DType): Shape {
  if (ratio(from, to) > 1) return [...shape, ratio(from, to)];
  return ratio(to, from) > 1 ? shape.slice(0, -1) : shape;
}

export const bitcastConvertType: Defined<'bitcast_convert_type', BitcastConvertTypeParams, 'C1'> = definePrimitive<
  'bitcast_convert_type',
  BitcastConvertTypeParams,
  'C1'
>({
  name: 'bitcast_convert_type',
  spec: 'spec/primitives/conversion.md#bitcast_convert_type',
  operands: [{ name: 'x', dtypes: REALS }],
  params: { new_dtype: { enum: REALS } },
  dtypes: REALS,
  constraints: {
    C1: ([x], { new_dtype }) => {
      const n = ratio(new_dtype, x!.dtype);
      return (
        n <= 1 || x!.shape.at(-1) === n || `the last axis must have ${n} elements, got ${showAval(x!)} for ${new_dtype}`
      );
    },
  },
  infer: ([x], { new_dtype }) => [aval(bitcastShape(x!.shape, x!.dtype, new_dtype), new_dtype)],
  // Host storage is little-endian, and so is the order along the last axis.
  evaluate: ([x], { new_dtype }) => {
    const shape = bitcastShape(x!.shape, x!.dtype, new_dtype);
    const data = allocate(new_dtype, sizeOf(shape));
    const { buffer, byteOffset, byteLength } = x!.data;
    new Uint8Array(data.buffer).set(new Uint8Array(buffer, byteOffset, byteLength));
    return [{ shape, dtype: new_dtype, data }];
  },
  differentiate: { zero: 'bits are no function of real numbers, and have no derivative' },
  batch: (lax, [x], [at], _, { new_dtype }) => ({
    out: [lax.bitcastConvertType(lax.moveAxis(x!, at!, 0), new_dtype)],
    at: [0],
  }),
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen.fc.tuple(gen.shape(), gen.fc.constantFrom<DType>(...REALS)).chain(([shape, new_dtype]) => {
      const n = ratio(new_dtype, gen.dtype);
      return call(gen, [[gen.dtype, n > 1 ? [...shape, n] : shape]], { new_dtype });
    }),
  breaks: {
    C1: (gen) => smallShape(gen).chain((shape) => call(gen, [['int8', [...shape, 3]]], { new_dtype: 'int32' })),
  },
});

// ---- precision

export interface ReducePrecisionParams {
  readonly exponent_bits: number;
  readonly mantissa_bits: number;
}

/** The integer nearest to a number ≥ 0, the even one of two. */
function nearestEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** ⌊log₂ x⌋ of a double, and −1023 for subnormal ones. */
function exponentOf(x: number): number {
  double[0] = x;
  return ((words[1]! >>> 20) & 0x7ff) - 1023;
}

/** XLA's: the significand is rounded first, then what is out of the range of exponents becomes 0 or infinite. */
function reduced(x: number, dtype: DType, { exponent_bits, mantissa_bits }: ReducePrecisionParams): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const { digits: own, tiny, max } = finfo(dtype);
  const exponent = Math.max(exponentOf(x), exponentOf(tiny));
  // Two factors, as 2⁻ᵉ may overflow.
  const [down, up] = [2 ** (mantissa_bits - Math.floor(exponent / 2)), 2 ** -Math.ceil(exponent / 2)];
  const size = Math.abs(x);
  const y = mantissa_bits >= own - 1 ? size : nearestEven(size * down * up) / up / down;
  const bias = 2 ** (exponent_bits - 1) - 1;
  const narrower = bias < exponentOf(max);
  const result = narrower && y < 2 ** (1 - bias) ? 0 : (narrower && y >= 2 ** (bias + 1)) || y > max ? Infinity : y;
  return x < 0 ? -result : result;
}

const reduceCall = (gen: Gen, params: ReducePrecisionParams): FC.Arbitrary<Call<ReducePrecisionParams>> =>
  smallShape(gen).chain((shape) => call(gen, [[gen.dtype, shape]], params));

export const reducePrecision: Defined<'reduce_precision', ReducePrecisionParams, 'C1' | 'C2'> = definePrimitive<
  'reduce_precision',
  ReducePrecisionParams,
  'C1' | 'C2'
>({
  name: 'reduce_precision',
  spec: 'spec/primitives/conversion.md#reduce_precision',
  operands: [{ name: 'x', dtypes: FLOATS }],
  params: { exponent_bits: { type: 'integer' }, mantissa_bits: { type: 'integer' } },
  dtypes: FLOATS,
  constraints: {
    C1: (_, { exponent_bits: n }) => (Number.isInteger(n) && n >= 1) || `exponent_bits must be at least 1, got ${n}`,
    C2: (_, { mantissa_bits: n }) => (Number.isInteger(n) && n >= 0) || `mantissa_bits must not be negative, got ${n}`,
  },
  infer: ([x]) => [aval(x!.shape, x!.dtype)],
  evaluate: ([x], params) => {
    const data = numbers(x!);
    return [build(x!.dtype, x!.shape, (i) => reduced(data[i]!, x!.dtype, params))];
  },
  // JAX rounds the tangent too, which is not linear.
  differentiate: {
    active: inexact,
    substitute: 'straight through, as if nothing were rounded: the value is piecewise constant',
    jvp: (_lax, _primals, [dx]) => [dx!],
  },
  batch: 'elementwise',
  bound: 'exact',
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(sameShapeCases(gen, 1), gen.fc.integer({ min: 1, max: 11 }), gen.fc.integer({ min: 0, max: 52 }))
      .map(([{ args }, exponent_bits, mantissa_bits]) => ({ args, params: { exponent_bits, mantissa_bits } })),
  breaks: {
    C1: (gen) => reduceCall(gen, { exponent_bits: 0, mantissa_bits: 3 }),
    C2: (gen) => reduceCall(gen, { exponent_bits: 5, mantissa_bits: -1 }),
  },
});
