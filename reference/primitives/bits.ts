/**
 * Bitwise and logical operations (spec/primitives/bits.md): on bool they are those of logic. Shifts, counts of bits, and
 * the floats whose bits are next to one another.
 */
import type * as FC from 'fast-check';
import { BITS, type DType, dtypes, finfo, FLOATS, INTEGERS } from '../core/dtypes.ts';
import type { Call, Gen } from '../core/primitive.ts';
import {
  type Binary,
  binary,
  constantLipschitz,
  exact,
  NO_PARAMS,
  NO_TANGENT,
  type NoParams,
  type Unary,
  unary,
} from './elementwise.ts';

export const bitwiseAnd: Binary<'and'> = binary({
  name: 'and',
  spec: 'spec/primitives/bits.md#and',
  dtypes: BITS,
  value: (x, y) => x & y,
  long: (x, y) => x & y,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseOr: Binary<'or'> = binary({
  name: 'or',
  spec: 'spec/primitives/bits.md#or',
  dtypes: BITS,
  value: (x, y) => x | y,
  long: (x, y) => x | y,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseXor: Binary<'xor'> = binary({
  name: 'xor',
  spec: 'spec/primitives/bits.md#xor',
  dtypes: BITS,
  value: (x, y) => x ^ y,
  long: (x, y) => x ^ y,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseNot: Unary<'not'> = unary({
  name: 'not',
  spec: 'spec/primitives/bits.md#not',
  dtypes: BITS,
  value: (x, dtype) => (dtype === 'bool' ? 1 - x : ~x),
  long: (x) => ~x,
  differentiate: NO_TANGENT,
  bound: constantLipschitz(1),
  accuracy: exact,
});

// ---- shifts

const widthOf = (dtype: DType): number => 8 * dtypes[dtype].bytes;
/** Read without its sign, a negative count is past the width too. */
const isPast = (y: number, dtype: DType): boolean => y < 0 || y >= widthOf(dtype);
const isPastLong = (y: bigint): boolean => y < 0n || y >= 64n;
/** The bits of an integer of up to 32 bits as an unsigned number. */
const unsigned = (x: number, dtype: DType): number => (widthOf(dtype) === 32 ? x >>> 0 : x & (2 ** widthOf(dtype) - 1));
/** The same bits as a signed number. */
const signed = (x: number, dtype: DType): number => (x << (32 - widthOf(dtype))) >> (32 - widthOf(dtype));

/** Mostly counts within the width, and some past it. */
const shiftCases = (gen: Gen): FC.Arbitrary<Call<NoParams>> =>
  gen
    .shape()
    .chain((shape) =>
      gen.fc
        .tuple(
          gen.array(gen.dtype, shape),
          gen.fc.oneof(
            { weight: 3, arbitrary: gen.array(gen.dtype, shape, { min: 0, max: widthOf(gen.dtype) + 2 }) },
            { weight: 1, arbitrary: gen.array(gen.dtype, shape) },
          ),
        )
        .map((args) => ({ args, params: NO_PARAMS })),
    );

export const shiftLeft: Binary<'shift_left'> = binary({
  name: 'shift_left',
  spec: 'spec/primitives/bits.md#shift_left',
  dtypes: INTEGERS,
  value: (x, y, dtype) => (isPast(y, dtype) ? 0 : x << y),
  long: (x, y) => (isPastLong(y) ? 0n : x << y),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
  cases: shiftCases,
});

export const shiftRightLogical: Binary<'shift_right_logical'> = binary({
  name: 'shift_right_logical',
  spec: 'spec/primitives/bits.md#shift_right_logical',
  dtypes: INTEGERS,
  value: (x, y, dtype) => (isPast(y, dtype) ? 0 : unsigned(x, dtype) >>> y),
  long: (x, y) => (isPastLong(y) ? 0n : BigInt.asUintN(64, x) >> y),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
  cases: shiftCases,
});

export const shiftRightArithmetic: Binary<'shift_right_arithmetic'> = binary({
  name: 'shift_right_arithmetic',
  spec: 'spec/primitives/bits.md#shift_right_arithmetic',
  dtypes: INTEGERS,
  value: (x, y, dtype) => signed(x, dtype) >> (isPast(y, dtype) ? 31 : y),
  long: (x, y) => BigInt.asIntN(64, x) >> (isPastLong(y) ? 63n : y),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
  cases: shiftCases,
});

// ---- counts

/** Each step clears the lowest bit that is set. */
function bitsSet(x: number): number {
  let count = 0;
  for (let rest = x | 0; rest !== 0; rest &= rest - 1) count++;
  return count;
}

const lowerHalf = (x: bigint): number => Number(BigInt.asIntN(32, x));
const upperHalf = (x: bigint): number => Number(BigInt.asIntN(32, x >> 32n));

export const populationCount: Unary<'population_count'> = unary({
  name: 'population_count',
  spec: 'spec/primitives/bits.md#population_count',
  dtypes: INTEGERS,
  value: (x, dtype) => bitsSet(unsigned(x, dtype)),
  long: (x) => BigInt(bitsSet(upperHalf(x)) + bitsSet(lowerHalf(x))),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const clz: Unary<'clz'> = unary({
  name: 'clz',
  spec: 'spec/primitives/bits.md#clz',
  dtypes: INTEGERS,
  value: (x, dtype) => Math.clz32(unsigned(x, dtype)) - (32 - widthOf(dtype)),
  long: (x) => {
    const upper = upperHalf(x);
    return BigInt(upper === 0 ? 32 + Math.clz32(lowerHalf(x)) : Math.clz32(upper));
  },
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

// ---- neighbours

/** A float seen as the integer of its bits: of one sign, the next float has the next integer. */
const half = new Float16Array(1);
const single = new Float32Array(1);
const double = new Float64Array(1);
const halfBits = new Int16Array(half.buffer);
const singleBits = new Int32Array(single.buffer);
const doubleBits = new BigInt64Array(double.buffer);

function nextAfter(x: number, y: number, dtype: DType): number {
  if (x === y) return y; // two zeros may differ in sign
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (x === 0) return Math.sign(y) * finfo(dtype).smallestSubnormal;
  const step = x < y === x > 0 ? 1 : -1;
  switch (dtype) {
    case 'float16':
      half[0] = x;
      halfBits[0]! += step;
      return half[0];
    case 'bfloat16':
    case 'float32':
      single[0] = x;
      singleBits[0]! += dtype === 'float32' ? step : step * 2 ** 16;
      return single[0];
    default:
      double[0] = x;
      doubleBits[0]! += BigInt(step);
      return double[0];
  }
}

export const nextafter: Binary<'nextafter'> = binary({
  name: 'nextafter',
  spec: 'spec/primitives/bits.md#nextafter',
  dtypes: FLOATS,
  value: nextAfter,
  differentiate: { zero: 'which floats are neighbours is no function of real numbers, and has no derivative' },
  bound: 'exact',
  accuracy: exact,
});
