/** Bitwise and logical operations (spec/primitives/bits.md): on bool they are those of logic. */
import { BITS } from '../core/dtypes.ts';
import { type Binary, binary, constantLipschitz, exact, NO_TANGENT, type Unary, unary } from './elementwise.ts';

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
