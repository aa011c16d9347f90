import fc from 'fast-check';
import { grad, jvp, lax, np } from 'etalon';
import { describe, expect, it } from 'vitest';
import { evaluator, isNearest, units } from '../../conformance/testing/elementwise.ts';
import { acos, acosh, asin, asinh, atan, atan2, atanh, cosh, sinh } from './trigonometry.ts';

describe.each(['float32', 'float64'] as const)('special values in %s', (dtype) => {
  const f = (p: Parameters<typeof evaluator>[0]) => evaluator(p, dtype);
  const round = (x: number): number => (dtype === 'float32' ? Math.fround(x) : x);
  const half = round(Math.PI / 2);

  it.each([
    [asin, [NaN, -half, -0, 0, half, NaN, NaN]],
    [acos, [NaN, round(Math.PI), half, half, 0, NaN, NaN]],
    [atan, [-half, -round(Math.PI / 4), -0, 0, round(Math.PI / 4), half, NaN]],
    [sinh, [-Infinity, -round(Math.sinh(1)), -0, 0, round(Math.sinh(1)), Infinity, NaN]],
    [cosh, [Infinity, round(Math.cosh(1)), 1, 1, round(Math.cosh(1)), Infinity, NaN]],
    [asinh, [-Infinity, -round(Math.asinh(1)), -0, 0, round(Math.asinh(1)), Infinity, NaN]],
    [acosh, [NaN, NaN, NaN, NaN, 0, Infinity, NaN]],
    [atanh, [NaN, -Infinity, -0, 0, Infinity, NaN, NaN]],
  ] as const)('$0.name', (primitive, expected) => {
    expect([-Infinity, -1, -0, 0, 1, Infinity, NaN].map((x) => f(primitive)(x))).toEqual(expected);
  });

  it('atan2 is that of C', () => {
    const angle = f(atan2);
    const turn = (eighths: number): number => round((eighths * Math.PI) / 4);
    expect([angle(0, 0), angle(-0, 0), angle(0, -0), angle(-0, -0)]).toEqual([0, -0, turn(4), -turn(4)]);
    expect([angle(0, -1), angle(-0, -1), angle(1, -0), angle(-1, 0)]).toEqual([turn(4), -turn(4), turn(2), -turn(2)]);
    const infinite = [angle(Infinity, Infinity), angle(-Infinity, -Infinity), angle(1, -Infinity), angle(-1, Infinity)];
    expect(infinite).toEqual([turn(1), -turn(3), turn(4), -0]);
    expect([angle(NaN, 1), angle(1, NaN)]).toEqual([NaN, NaN]);
  });
});

it('tiny angles of float32 are on the right side of a tie', () => {
  const evaluate = evaluator(atan2, 'float32');
  const heights = fc.integer({ min: 1, max: 2 ** 24 - 1 });
  fc.assert(
    fc.property(heights, fc.constantFrom(2, 4, 3 * 2 ** 40), (height, y) => {
      const x = height * 2 ** -149;
      // The angle is less than x/y by less than a third of its cube, far below these units.
      const scale = 1n << 400n;
      expect(isNearest(evaluate(x, y), units(x) * scale - 1n, BigInt(y) * scale)).toBe(true);
    }),
  );
});

describe('derivatives', () => {
  const float64 = (x: number) => np.array(x, { dtype: 'float64' });
  const h = 2 ** -17;

  // Truncation h²/6·|f‴|, and f‴ is below 130 on these intervals (atanh); rounding 4u·|f|/h, and f is below 2.5.
  it.each([
    ['asin', lax.asin, 0.1, 0.8],
    ['acos', lax.acos, 0.1, 0.8],
    ['atan', lax.atan, 0.1, 1.4],
    ['sinh', lax.sinh, 0.1, 1.4],
    ['cosh', lax.cosh, 0.1, 1.4],
    ['asinh', lax.asinh, 0.1, 1.4],
    ['acosh', lax.acosh, 1.2, 2.5],
    ['atanh', lax.atanh, 0.1, 0.8],
    ['atan2 in x', (x: Parameters<typeof lax.atan2>[0]) => lax.atan2(x, -1), 0.1, 1.4],
    ['atan2 in y', (y: Parameters<typeof lax.atan2>[0]) => lax.atan2(-1, y), 0.1, 1.4],
  ] as const)('of %s are slopes: central differences in float64 agree', (_, f, min, max) => {
    const at = (x: number): number => f(float64(x)).item() as number;
    fc.assert(
      fc.property(fc.double({ min, max, noNaN: true }), (v) => {
        const [, slope] = jvp(f, [float64(v)], [float64(1)]);
        expect(Math.abs((slope.item() as number) - (at(v + h) - at(v - h)) / (2 * h))).toBeLessThan(2e-9);
      }),
      { numRuns: 20 },
    );
  });

  it('at poles and outside the domain', () => {
    expect([grad(lax.asin)(1), grad(lax.acos)(-1), grad(lax.acosh)(1)].map((x) => x.item())).toEqual([Infinity, -Infinity, Infinity]); // prettier-ignore
    expect([grad(lax.acosh)(-2), grad(lax.atan2)(0, 0)].map((x) => x.item())).toEqual([NaN, NaN]);
  });
});
