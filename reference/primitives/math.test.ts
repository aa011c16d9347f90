import fc from 'fast-check';
import { grad, jvp, lax, makeJaxpr, np } from 'etalon';
import { describe, expect, it } from 'vitest';
import { evaluator, isNearest, units } from '../../conformance/testing/elementwise.ts';
import { ulpSize } from '../transforms/rounding.ts';
import { cbrt, cos, erf, exp, exp2, expm1, integerPow, log, log1p, logistic, pow, rsqrt, sin, sqrt, square, tan, tanh } from './math.ts'; // prettier-ignore

/** Fixed-point numbers of 320 fractional bits: an independent path to the exact values. */
const BITS = 320n;
const ONE = 1n << BITS;
/** A double as a fixed-point number, exactly: those drawn below have no bit beyond 2⁻³²⁰. */
const fixed = (x: number): bigint => BigInt(x * 2 ** 200) * (ONE >> 200n);
const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
/** To 2⁻¹⁰⁰ relative to 1, which is enough to judge a double. */
const toNumber = (a: bigint): number => Number(a >> (BITS - 200n)) / 2 ** 200;

/** Σ of terms that `next` makes of one another, until they vanish. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint, weight: (n: bigint) => bigint): bigint {
  let sum = 0n;
  let term = first;
  for (let n = 0n; term !== 0n && term !== -1n; term = next(term, ++n)) sum += term / weight(n);
  return sum;
}
const exactExp = (x: bigint): bigint =>
  series(
    ONE,
    (term, n) => times(term, x) / n,
    () => 1n,
  );

/** π to 320 bits, by Machin's formula. */
const arctanInverse = (k: bigint): bigint =>
  series(
    ONE / k,
    (term) => -term / (k * k),
    (n) => 2n * n + 1n,
  );
const PI = 4n * (4n * arctanInverse(5n) - arctanInverse(239n));

function squareRoot(n: bigint): bigint {
  let x = 1n << (BigInt(n.toString(2).length) / 2n + 1n);
  for (let y = (x + n / x) / 2n; y < x; y = (x + n / x) / 2n) x = y;
  return x;
}
const exactErf = (x: bigint): bigint => {
  const sum = series(
    x,
    (term, n) => -times(times(term, x), x) / n,
    (n) => 2n * n + 1n,
  );
  return (2n * sum * ONE) / squareRoot(PI << BITS);
};

/** Distance of a double from a fixed-point number in units in the last place. */
const ulpsFrom = (y: number, exact: bigint): number => Math.abs(toNumber(fixed(y) - exact)) / ulpSize(y, 'float64');

const within = (limit: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.double({ min: -limit, max: limit, noNaN: true }).filter((x) => Math.abs(x) > 1e-20),
    fc.integer({ min: 1, max: 64 }).map((n) => (n * limit) / 64),
  );

describe('float64 functions of our own are within 2 ulp', () => {
  it.each([
    ['erf', erf, 6, exactErf],
    ['logistic', logistic, 40, (x: bigint) => (ONE * ONE) / (ONE + exactExp(-x))],
  ] as const)('%s', (_, primitive, limit, exact) => {
    const evaluate = evaluator(primitive, 'float64');
    fc.assert(
      fc.property(within(limit), (x) => {
        expect(ulpsFrom(evaluate(x), exact(fixed(x)))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 200 },
    );
  });

  it('rsqrt', () => {
    const evaluate = evaluator(rsqrt, 'float64');
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (x) => {
        expect(ulpsFrom(evaluate(x), (ONE * ONE) / squareRoot(fixed(x) << BITS))).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('logistic keeps its digits where it is tiny', () => {
    expect(evaluator(logistic, 'float64')(-740)).toBe(Math.exp(-740));
    expect(evaluator(logistic, 'float32')(-100)).toBe(Math.fround(Math.exp(-100)));
  });
});

describe.each(['float32', 'float64'] as const)('special values in %s', (dtype) => {
  const f = (p: Parameters<typeof evaluator>[0]) => evaluator(p, dtype);
  const at = [-Infinity, -0, 0, Infinity, NaN];

  it.each([
    [sqrt, [NaN, -0, 0, Infinity, NaN]],
    [rsqrt, [NaN, -Infinity, Infinity, 0, NaN]],
    [cbrt, [-Infinity, -0, 0, Infinity, NaN]],
    [square, [Infinity, 0, 0, Infinity, NaN]],
    [exp, [0, 1, 1, Infinity, NaN]],
    [exp2, [0, 1, 1, Infinity, NaN]],
    [expm1, [-1, -0, 0, Infinity, NaN]],
    [log, [NaN, -Infinity, -Infinity, Infinity, NaN]],
    [log1p, [NaN, -0, 0, Infinity, NaN]],
    [sin, [NaN, -0, 0, NaN, NaN]],
    [cos, [NaN, 1, 1, NaN, NaN]],
    [tan, [NaN, -0, 0, NaN, NaN]],
    [tanh, [-1, -0, 0, 1, NaN]],
    [logistic, [0, 0.5, 0.5, 1, NaN]],
    [erf, [-1, -0, 0, 1, NaN]],
  ] as const)('$0.name', (primitive, expected) => {
    expect(at.map((x) => f(primitive)(x))).toEqual(expected);
  });

  it('log and log1p at their poles and below', () => {
    expect([f(log1p)(-1), f(log1p)(-2), f(log)(-1), f(log)(1)]).toEqual([-Infinity, NaN, NaN, 0]);
  });

  it('exp2 of integers is exact', () => {
    const least = dtype === 'float32' ? -149 : -1074;
    for (let n = least; n < -least / 2; n++) expect(f(exp2)(n)).toBe(2 ** n);
    expect(f(exp2)(least - 1)).toBe(0);
  });

  it('pow is that of C', () => {
    const power = f(pow);
    for (const x of [NaN, 0, -3, Infinity]) expect(power(x, 0)).toBe(1);
    for (const y of [NaN, 0, -3, Infinity]) expect(power(1, y)).toBe(1);
    expect([power(-1, Infinity), power(-1, -Infinity)]).toEqual([1, 1]);
    expect([power(-8, 1 / 3), power(NaN, 1), power(2, NaN)]).toEqual([NaN, NaN, NaN]);
    expect([power(-0, 3), power(-0, -3), power(-0, 2), power(-0, -2)]).toEqual([-0, -Infinity, 0, Infinity]);
    expect([power(0.5, Infinity), power(0.5, -Infinity), power(-Infinity, 3)]).toEqual([0, Infinity, -Infinity]);
  });

  it('pow takes int32 exponents', () => {
    expect(evaluator(pow, dtype, {}, { 1: 'int32' })(-2, 3)).toBe(-8);
  });
});

describe('integer_pow', () => {
  it.each([
    ['int32', fc.integer(), (v: bigint) => BigInt.asIntN(32, v)],
    ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (v: bigint) => BigInt.asUintN(32, v)],
  ] as const)('wraps modulo 2³² in %s', (dtype, values, wrap) => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 40 }), (x, y) => {
        expect(BigInt(evaluator(integerPow, dtype, { y })(x))).toBe(wrap(BigInt(x) ** BigInt(y)));
      }),
    );
  });

  const bases = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -8191, max: 8191 }), // many powers of these lie in the middle of two float32
  );
  it.each([
    ['integer_pow', (x: number, y: number) => evaluator(integerPow, 'float32', { y })(x)],
    ['pow', evaluator(pow, 'float32')],
  ])('and %s round float32 once', (_, evaluate) => {
    fc.assert(
      fc.property(bases, fc.integer({ min: 1, max: 6 }), (x, y) => {
        const result = evaluate(x, y);
        fc.pre(Number.isFinite(result));
        expect(isNearest(result, units(x) ** BigInt(y), 1n << BigInt(149 * (y - 1)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('of 0 and negative exponents', () => {
    expect(evaluator(integerPow, 'float32', { y: 0 })(NaN)).toBe(1);
    expect(evaluator(integerPow, 'float32', { y: -3 })(-0)).toBe(-Infinity);
    expect(evaluator(integerPow, 'float32', { y: -2 })(2 ** 70)).toBe(2 ** -140);
  });
});

describe('square', () => {
  it('rounds float32 once', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const result = evaluator(square, 'float32')(x);
        fc.pre(Number.isFinite(result));
        expect(isNearest(result, units(x) ** 2n, 1n << 149n)).toBe(true);
      }),
    );
  });

  it('wraps modulo 2³²', () => {
    fc.assert(
      fc.property(fc.integer(), (x) => {
        expect(BigInt(evaluator(square, 'int32')(x))).toBe(BigInt.asIntN(32, BigInt(x) ** 2n));
        expect(BigInt(evaluator(square, 'uint32')(x >>> 0))).toBe(BigInt.asUintN(32, BigInt(x) ** 2n));
      }),
    );
  });
});

describe('derivatives', () => {
  it('of pow at 0 are those of the polynomials, to any order', () => {
    const power = (y: number) => (x: Parameters<typeof lax.pow>[0]) => lax.pow(x, y);
    expect([0, 1, 2, 3].map((y) => grad(power(y))(0).item())).toEqual([0, 1, 0, 0]);
    expect([0, 1, 2, 3].map((y) => grad(grad(power(y)))(0).item())).toEqual([0, 0, 2, 0]);
  });

  it('of pow do not wrap at the least exponent of its dtype', () => {
    const slope = (x: number, y: number): number => {
      const power = (v: Parameters<typeof lax.pow>[0]) => lax.pow(v, np.array(y, 'int8'));
      return grad(power)(np.array(x, 'float64')).item() as number;
    };
    expect(slope(2, -128)).toBe(-128 * 2 ** -129);
    expect(slope(-2, -127)).toBe(-127 * 2 ** -128);
    expect([slope(0, 0), slope(0, 1), slope(0, 2), slope(0, -1)]).toEqual([0, 1, 0, -Infinity]);
  });

  it('of integer_pow exist at its least exponent', () => {
    expect(grad((x) => lax.integerPow(x, -(2 ** 31)))(1).item()).toBe(-(2 ** 31));
  });

  it('of pow by a constant never compute a logarithm', () => {
    expect(grad((x) => lax.pow(x, 2))(-1).item()).toBe(-2);
    expect(String(makeJaxpr(grad((x) => lax.pow(x, 2)))(-1))).not.toContain('log');
  });

  it('of pow in its exponent are z·ln x, and 0 at x = 0', () => {
    expect(grad((y) => lax.pow(2, y))(3).item()).toBe(Math.fround(8 * Math.fround(Math.log(2))));
    expect(grad((y) => lax.pow(0, y))(3).item()).toBe(0);
  });

  it('of sqrt are infinite at 0', () => {
    expect(grad(lax.sqrt)(0).item()).toBe(Infinity);
  });

  it('are slopes: central differences in float64 agree', () => {
    const unary = [lax.sqrt, lax.rsqrt, lax.exp, lax.log, lax.expm1, lax.log1p, lax.sin, lax.cos, lax.tan, lax.tanh, lax.logistic, lax.erf, lax.cbrt, lax.exp2, lax.square]; // prettier-ignore
    const h = 2 ** -17;
    for (const f of unary) {
      fc.assert(
        fc.property(fc.double({ min: 0.1, max: 1.4, noNaN: true }), (v) => {
          const at = (x: number): number => f(np.array(x, { dtype: 'float64' })).item() as number;
          const one = np.array(1, { dtype: 'float64' });
          const [, slope] = jvp(f, [np.array(v, { dtype: 'float64' })], [one]);
          // Truncation h²/6·|f‴|, and f‴ is below 2e4 on this interval (tan, rsqrt); rounding 2u·|f|/h.
          expect(Math.abs((slope.item() as number) - (at(v + h) - at(v - h)) / (2 * h))).toBeLessThan(3e-7);
        }),
        { numRuns: 20 },
      );
    }
  });
});
