import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finfo } from '../core/dtypes.ts';
import { type HostArray, hostArray } from '../core/host.ts';
import type { AnyFirstOrder } from '../core/primitive.ts';
import { primitives } from '../primitives/index.ts';
import { type Rounding, roundingsOf, ulpSize } from './rounding.ts';

const f32 = (...values: number[]): HostArray => hostArray('float32', [values.length], values);

/** What an equation rounds of operands that are exact, or of which so much is known. */
function rounding(primitive: AnyFirstOrder, operands: readonly HostArray[], spread: number | null = null): Rounding {
  const results = primitive.evaluate(operands, {});
  const worst = spread === null ? null : new Float64Array(operands[0]!.shape[0]!).fill(spread);
  const known = worst === null ? null : { worst, variance: worst };
  return roundingsOf(primitive, operands, {}, results, [known], 'strict')[0]!;
}
const worstOf = (...call: Parameters<typeof rounding>): number => rounding(...call).worst[0]!;

describe('sums of two exact numbers', () => {
  const exponent = fc.integer({ min: -150, max: 120 });
  const float = fc.tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), exponent).map(([m, e]) => Math.fround(m * 2 ** (e - 24))); // prettier-ignore

  test('have no error if they are numbers of the dtype, and none of the three is subnormal', () => {
    fc.assert(
      fc.property(float, float, fc.boolean(), (a, b, adds) => {
        const y = adds ? b : -b;
        const whole = (v: number): bigint => BigInt(v * 2 ** 149); // of the smallest subnormal number
        const sum = whole(a) + whole(y);
        const isSum = whole(Math.fround(a + y)) === sum;
        const isNormal = [a, y, a + y].every((v) => v === 0 || Math.abs(v) >= finfo('float32').tiny);
        const primitive = adds ? primitives.add : primitives.sub;
        expect(worstOf(primitive, [f32(a), f32(b)]) === 0).toBe(isSum && isNormal);
      }),
    );
  });
  test('have one as soon as an operand has', () => {
    expect(worstOf(primitives.add, [f32(1), f32(2)])).toBe(0);
    expect(worstOf(primitives.add, [f32(1), f32(2)], 0)).toBeGreaterThan(0);
    expect(worstOf(primitives.add, [f32(0), f32(2)])).toBe(0);
    expect(worstOf(primitives.mul, [f32(1), f32(2)])).toBe(ulpSize(2, 'float32'));
  });
});

test('an infinity is certain if it is what exact operands round to, and nothing else may come out', () => {
  const big = [f32(1e30), f32(1e30)];
  expect(worstOf(primitives.mul, big)).toBeLessThan(Infinity);
  expect(worstOf(primitives.mul, big, 1e29)).toBe(Infinity);
  expect(worstOf(primitives.exp, [f32(200)])).toBe(Infinity);
  expect(worstOf(primitives.exp, [f32(Infinity)])).toBeLessThan(Infinity);
  expect(worstOf(primitives.mul, [f32(Infinity), f32(2)], 1)).toBeLessThan(Infinity);
});

test('a product of a factor that may be anything may be anything', () => {
  const [params, unknown] = [{ axes: [0] }, Float64Array.of(Infinity)];
  for (const x of [f32(2), f32(2, 3)]) {
    const results = primitives.reduce_prod.evaluate([x], params);
    const [own] = roundingsOf(primitives.reduce_prod, [x], params, results, [{ worst: unknown, variance: unknown }], 'strict'); // prettier-ignore
    expect(own!.worst[0]).toBe(Infinity);
  }
});

test('how likely a distance of two solutions is nobody knows: its variance is its square', () => {
  const a = hostArray('float32', [2, 2], [4, 1, 1, 3]);
  const [{ worst, variance }] = roundingsOf(primitives.cholesky, [a], {}, primitives.cholesky.evaluate([a], {}), [null], 'strict') as [Rounding]; // prettier-ignore
  expect(worst.some((w) => w > 0)).toBe(true);
  expect(variance).toEqual(worst.map((w) => w ** 2));
});
