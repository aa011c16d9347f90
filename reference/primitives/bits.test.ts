import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../conformance/testing/elementwise.ts';
import {
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  clz,
  nextafter,
  populationCount,
  shiftLeft,
  shiftRightArithmetic,
  shiftRightLogical,
} from './bits.ts';

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

describe.each([
  ['int32', fc.integer(), (v: bigint) => BigInt.asIntN(32, v)],
  ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (v: bigint) => BigInt.asUintN(32, v)],
] as const)('%s', (dtype, values, wrap) => {
  const counts = fc.oneof(fc.integer({ min: 0, max: 34 }), values);
  it.each([
    ['shift_left', shiftLeft, (x: bigint, y: bigint) => x << y],
    ['shift_right_logical', shiftRightLogical, (x: bigint, y: bigint) => BigInt.asUintN(32, x) >> y],
    ['shift_right_arithmetic', shiftRightArithmetic, (x: bigint, y: bigint) => BigInt.asIntN(32, x) >> y],
  ])('%s is that of unlimited integers, cut to the width', (_, primitive, exact) => {
    const evaluate = evaluator(primitive, dtype);
    fc.assert(
      fc.property(values, counts, (x, y) => {
        const places = y < 0 || y > 32 ? 32n : BigInt(y);
        expect(BigInt(evaluate(x, y))).toBe(wrap(exact(BigInt(x), places)));
      }),
    );
  });

  it('population_count and clz count digits', () => {
    fc.assert(
      fc.property(values, fc.nat({ max: 32 }), (x, shift) => {
        const value = Number(wrap(BigInt(x) >> BigInt(shift)));
        const digits = (value >>> 0).toString(2).padStart(32, '0');
        expect(evaluator(populationCount, dtype)(value)).toBe(digits.replaceAll('0', '').length);
        expect(evaluator(clz, dtype)(value)).toBe(/^0*/.exec(digits)![0].length);
      }),
    );
  });
});

describe.each([
  ['float32', fc.float({ noNaN: true }), 2 ** -149, (2 - 2 ** -23) * 2 ** 127],
  ['float64', fc.double({ noNaN: true }), Number.MIN_VALUE, Number.MAX_VALUE],
] as const)('nextafter in %s', (dtype, values, least, greatest) => {
  const next = evaluator(nextafter, dtype);
  const round = (x: number): number => (dtype === 'float32' ? Math.fround(x) : x);

  it('leaves no float between', () => {
    fc.assert(
      fc.property(values, (x) => {
        fc.pre(Math.abs(x) <= greatest);
        const after = next(x, Infinity);
        expect(after).toBeGreaterThan(x);
        if (x !== 0 && after < Infinity) expect([x, after]).toContain(round(x / 2 + after / 2));
        expect(next(after, -Infinity)).toBe(x === 0 ? 0 : x);
        expect(next(-x, -Infinity)).toBe(-after);
      }),
    );
  });

  it('at zero, at the ends and without a direction', () => {
    expect([next(0, 1), next(-0, -1), next(least, -1), next(-least, 1)]).toEqual([least, -least, 0, -0]);
    expect([next(greatest, Infinity), next(Infinity, 0), next(-Infinity, 0)]).toEqual([Infinity, greatest, -greatest]);
    expect([next(-0, 0), next(0, -0), next(1, 1), next(1, NaN), next(NaN, 1)]).toEqual([0, -0, 1, NaN, NaN]);
  });
});
