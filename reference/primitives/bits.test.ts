import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../conformance/testing/elementwise.ts';
import { bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from './bits.ts';

describe.each([
  ['int32', fc.integer(), (v: bigint) => BigInt.asIntN(32, v)],
  ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (v: bigint) => BigInt.asUintN(32, v)],
  ['bool', fc.integer({ min: 0, max: 1 }), (v: bigint) => BigInt.asUintN(1, v)],
] as const)('%s', (dtype, values, wrap) => {
  it.each([
    ['and', bitwiseAnd, (a: bigint, b: bigint) => a & b],
    ['or', bitwiseOr, (a: bigint, b: bigint) => a | b],
    ['xor', bitwiseXor, (a: bigint, b: bigint) => a ^ b],
    ['not', bitwiseNot, (a: bigint) => ~a],
  ])('%s is that of the two’s complement', (_, primitive, exact) => {
    const evaluate = evaluator(primitive, dtype);
    fc.assert(
      fc.property(values, values, (x, y) => {
        const result = primitive === bitwiseNot ? evaluate(x) : evaluate(x, y);
        expect(BigInt(result)).toBe(wrap(exact(BigInt(x), BigInt(y))));
      }),
    );
  });
});
