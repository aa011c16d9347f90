/**
 * Bitwise and logical operations (spec/primitives/bits.md): on bool they are those of logic. Shifts, counts of bits, and
 * the floats whose bits are next to one another.
 */
import type * as FC from 'fast-check';
import { BITS, type DType, finfo, FLOATS, INTEGERS } from '../core/dtypes.ts';
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
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseOr: Binary<'or'> = binary({
  name: 'or',
  spec: 'spec/primitives/bits.md#or',
  dtypes: BITS,
  value: (x, y) => x | y,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseXor: Binary<'xor'> = binary({
  name: 'xor',
  spec: 'spec/primitives/bits.md#xor',
  dtypes: BITS,
  value: (x, y) => x ^ y,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const bitwiseNot: Unary<'not'> = unary({
  name: 'not',
  spec: 'spec/primitives/bits.md#not',
  dtypes: BITS,
  value: (x, dtype) => (dtype === 'bool' ? 1 - x : ~x),
  differentiate: NO_TANGENT,
  bound: constantLipschitz(1),
  accuracy: exact,
});

// ---- shifts

/** A count of places without its sign: everything past the width is alike. */
const places = (y: number): number => Math.min(y >>> 0, 32);

/** Mostly counts within the width, and some past it. */
const shiftCases = (gen: Gen): FC.Arbitrary<Call<NoParams>> =>
  gen
    .shape()
    .chain((shape) =>
      gen.fc
        .tuple(
          gen.array(gen.dtype, shape),
          gen.fc.oneof(
            { weight: 3, arbitrary: gen.array(gen.dtype, shape, { min: 0, max: 34 }) },
            { weight: 1, arbitrary: gen.array(gen.dtype, shape) },
          ),
        )
        .map((args) => ({ args, params: NO_PARAMS })),
    );

export const shiftLeft: Binary<'shift_left'> = binary({
  name: 'shift_left',
  spec: 'spec/primitives/bits.md#shift_left',
  dtypes: INTEGERS,
  value: (x, y) => (places(y) === 32 ? 0 : x << y),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
  cases: shiftCases,
});

export const shiftRightLogical: Binary<'shift_right_logical'> = binary({
  name: 'shift_right_logical',
  spec: 'spec/primitives/bits.md#shift_right_logical',
  dtypes: INTEGERS,
  value: (x, y) => (places(y) === 32 ? 0 : x >>> y),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
  cases: shiftCases,
});

export const shiftRightArithmetic: Binary<'shift_right_arithmetic'> = binary({
  name: 'shift_right_arithmetic',
  spec: 'spec/primitives/bits.md#shift_right_arithmetic',
  dtypes: INTEGERS,
  value: (x, y) => x >> Math.min(places(y), 31),
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

export const populationCount: Unary<'population_count'> = unary({
  name: 'population_count',
  spec: 'spec/primitives/bits.md#population_count',
  dtypes: INTEGERS,
  value: bitsSet,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const clz: Unary<'clz'> = unary({
  name: 'clz',
  spec: 'spec/primitives/bits.md#clz',
  dtypes: INTEGERS,
  value: Math.clz32,
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

// ---- neighbours

/** A float seen as the integer of its bits: of one sign, the next float has the next integer. */
const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

function nextAfter(x: number, y: number, dtype: DType): number {
  if (x === y) return y; // two zeros may differ in sign
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (x === 0) return Math.sign(y) * finfo(dtype).smallestSubnormal;
  const grows = x < y === x > 0;
  if (dtype === 'float32') {
    single[0] = x;
    singleBits[0]! += grows ? 1 : -1;
    return single[0];
  }
  double[0] = x;
  doubleBits[0]! += grows ? 1n : -1n;
  return double[0];
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
