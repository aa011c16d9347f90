/** The elementwise primitives on 64-bit integers: JavaScript's bigints, wrapped. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtypes.ts';
import { type Element, elements, hostScalar } from '../core/host.ts';
import type { AnyFirstOrder, Params } from '../core/primitive.ts';
import { primitives } from './index.ts';

const run = (primitive: AnyFirstOrder, dtype: DType, xs: readonly Element[], params: Params = {}): Element =>
  elements(primitive.evaluate(xs.map((x) => hostScalar(dtype, x)), params)[0]!)(0); // prettier-ignore

const LEAST = -(2n ** 63n);
const word = 2n ** 64n;
const size = (x: bigint): bigint => (x < 0n ? -x : x);
const past = (y: bigint): boolean => y < 0n || y >= 64n;
const p = primitives;

describe.each([
  ['int64', fc.bigInt({ min: LEAST, max: -LEAST - 1n }), (v: bigint) => BigInt.asIntN(64, v)],
  ['uint64', fc.bigInt({ min: 0n, max: word - 1n }), (v: bigint) => BigInt.asUintN(64, v)],
] as const)('%s', (dtype, any, wrap) => {
  const few = fc.bigInt({ min: dtype === 'int64' ? -3n : 0n, max: 70n });
  const values = fc.oneof(any, few);
  const unsigned = (v: bigint): bigint => BigInt.asUintN(64, v);

  it.each([
    [p.add, (a: bigint, b: bigint) => a + b],
    [p.sub, (a: bigint, b: bigint) => a - b],
    [p.mul, (a: bigint, b: bigint) => a * b],
    [p.div, (a: bigint, b: bigint) => (b === 0n ? -1n : a / b)],
    [p.rem, (a: bigint, b: bigint) => (b === 0n ? a : a % b)],
    [p.max, (a: bigint, b: bigint) => (a > b ? a : b)],
    [p.min, (a: bigint, b: bigint) => (a < b ? a : b)],
    [p.and, (a: bigint, b: bigint) => a & b],
    [p.or, (a: bigint, b: bigint) => a | b],
    [p.xor, (a: bigint, b: bigint) => a ^ b],
    [p.shift_left, (a: bigint, b: bigint) => (past(b) ? 0n : a << b)],
    [p.shift_right_logical, (a: bigint, b: bigint) => (past(b) ? 0n : unsigned(a) >> b)],
    [p.shift_right_arithmetic, (a: bigint, b: bigint) => BigInt.asIntN(64, a) >> (past(b) ? 63n : b)],
  ] as const)('$0.name', (primitive, exact) => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        expect(run(primitive, dtype, [x, y])).toBe(wrap(exact(x, y)));
      }),
    );
  });

  it.each([
    [p.neg, (a: bigint) => -a],
    [p.not, (a: bigint) => ~a],
    [p.sign, (a: bigint) => (a < 0n ? -1n : a > 0n ? 1n : 0n)],
    [p.square, (a: bigint) => a * a],
    [p.population_count, (a: bigint) => BigInt(unsigned(a).toString(2).replaceAll('0', '').length)],
    [p.clz, (a: bigint) => (unsigned(a) === 0n ? 64n : 64n - BigInt(unsigned(a).toString(2).length))],
    [p.stop_gradient, (a: bigint) => a],
  ] as const)('$0.name', (primitive, exact) => {
    fc.assert(
      fc.property(values, (x) => {
        expect(run(primitive, dtype, [x])).toBe(wrap(exact(x)));
      }),
    );
  });

  it('compares', () => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        const truths = [p.eq, p.ne, p.lt, p.le, p.gt, p.ge].map((c) => run(c, dtype, [x, y]));
        expect(truths).toEqual([x === y, x !== y, x < y, x <= y, x > y, x >= y].map(Number));
      }),
    );
  });

  it('integer_pow wraps', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 40 }), (x, y) => {
        expect(run(p.integer_pow, dtype, [x], { y })).toBe(wrap(x ** BigInt(y)));
      }),
    );
  });

  it('clamps', () => {
    expect(run(p.clamp, dtype, [3n, 2n, 9n])).toBe(3n);
    expect(run(p.clamp, dtype, [3n, 10n, 9n])).toBe(9n);
  });

  it('rounds to floats once', () => {
    fc.assert(
      fc.property(any, fc.constantFrom<DType>('float32', 'bfloat16'), (x, to) => {
        const y = run(p.convert_element_type, dtype, [x], { new_dtype: to, weak_type: false }) as number;
        const off = size(BigInt(y) - x);
        const spacing = 2 ** Math.floor(Math.log2(Math.abs(y) || 1)) * (to === 'float32' ? 2 ** -23 : 2 ** -7);
        for (const other of [y - spacing, y + spacing]) {
          if (Number.isInteger(other)) expect(off <= size(BigInt(other) - x)).toBe(true);
        }
      }),
    );
  });
});

describe('corners', () => {
  const convert = (from: DType, x: Element, to: DType): Element =>
    run(p.convert_element_type, from, [x], { new_dtype: to, weak_type: false });

  it('of the smallest integer', () => {
    expect(run(p.div, 'int64', [LEAST, -1n])).toBe(LEAST);
    expect(run(p.abs, 'int64', [LEAST])).toBe(LEAST);
    expect(run(p.rem, 'int64', [LEAST, -1n])).toBe(0n);
  });

  it('of conversions from floats, which saturate', () => {
    expect([NaN, 1e300, -1e300, -1.9].map((x) => convert('float64', x, 'int64'))).toEqual([
      0n,
      -LEAST - 1n,
      LEAST,
      -1n,
    ]);
    expect([NaN, 1e300, -1e300].map((x) => convert('float64', x, 'uint64'))).toEqual([0n, word - 1n, 0n]);
  });

  it('of conversions between integers, which wrap', () => {
    expect([
      convert('int32', -1, 'uint64'),
      convert('int64', -1n, 'uint8'),
      convert('uint64', word - 1n, 'int32'),
    ]).toEqual([word - 1n, 255, -1]);
  });

  it('of a double rounding: 2⁶² + 2³⁸ + 1 is nearer to the upper float32, its double is in the middle', () => {
    expect(convert('int64', 2n ** 62n + 2n ** 38n + 1n, 'float32')).toBe(2 ** 62 + 2 ** 39);
    expect(convert('int64', 2n ** 62n + 2n ** 38n, 'float32')).toBe(2 ** 62);
    expect(convert('int64', -(2n ** 62n) - 2n ** 38n - 1n, 'float32')).toBe(-(2 ** 62) - 2 ** 39);
  });

  it('of exponents: whether a large one is odd counts', () => {
    const power = (y: bigint): Element =>
      elements(p.pow.evaluate([hostScalar('float64', -1), hostScalar('int64', y)], {})[0]!)(0);
    expect([power(2n ** 53n + 1n), power(2n ** 53n), power(LEAST)]).toEqual([-1, 1, 1]);
  });
});
