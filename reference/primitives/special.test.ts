import fc from 'fast-check';
import { grad, jvp, lax, type NDArray, np } from 'etalon';
import { describe, expect, it } from 'vitest';
import { evaluator } from '../../conformance/testing/elementwise.ts';
import { regularizedIncompleteBeta as betainc } from './incomplete.ts';
import * as special from './special.ts';

const f = (p: Parameters<typeof evaluator>[0]): ((...x: number[]) => number) => evaluator(p, 'float64');
const near = (a: number, b: number, ulps: number): boolean => Math.abs(a - b) <= ulps * 2 ** -53 * Math.abs(b);

describe('special values', () => {
  it.each([
    [special.erfc, [2, 1, 1, 0, NaN, 0]],
    [special.erfInv, [NaN, -0, 0, NaN, NaN, Infinity]],
    [special.lgamma, [Infinity, Infinity, Infinity, Infinity, NaN, 0]],
    [special.digamma, [NaN, NaN, NaN, Infinity, NaN, -0.5772156649015329]],
    [special.besselI0e, [0, 1, 1, 0, NaN, 0.46575960759364043]],
    [special.besselI1e, [-0, -0, 0, 0, NaN, 0.2079104153497085]],
  ] as const)('$0.name', (primitive, expected) => {
    const got = [-Infinity, -0, 0, Infinity, NaN, 1].map((x) => f(primitive)(x));
    const one = primitive === special.erfc ? 0.15729920705028513 : expected[5];
    // 4 ulp are at most 8 units of roundoff.
    expect(got[5] === one || near(got[5]!, one, 8)).toBe(true);
    expect(got.slice(0, 5)).toEqual(expected.slice(0, 5));
  });

  it('lgamma and polygamma at poles', () => {
    expect([-1, -2, -1e300].map((x) => f(special.lgamma)(x))).toEqual([Infinity, Infinity, Infinity]);
    expect([1, 2, 3, 2 ** 60].map((m) => f(special.polygamma)(m, -2))).toEqual([Infinity, NaN, Infinity, NaN]);
    // m + 1, which is odd, is rounded to an even number.
    expect([-0.3, -0.7].map((x) => f(special.polygamma)(2 ** 60, x))).toEqual([Infinity, -Infinity]);
    expect([-1, 0.5, Infinity].map((m) => f(special.polygamma)(m, 1))).toEqual([NaN, NaN, NaN]);
    expect([1, 2].map((m) => f(special.polygamma)(m, Infinity))).toEqual([0, -0]);
  });

  it('zeta', () => {
    const zeta = f(special.zeta);
    expect([zeta(0.5, 1), zeta(1, 3), zeta(2, 0), zeta(3, -1), zeta(2.5, -0.5), zeta(2, Infinity)]).toEqual([NaN, Infinity, Infinity, NaN, NaN, 0]); // prettier-ignore
    expect([zeta(3, -(2 ** -600)), zeta(4, -(2 ** -600)), zeta(2001, -0.3), zeta(2001, -0.7)]).toEqual([-Infinity, Infinity, -Infinity, Infinity]); // prettier-ignore
    expect([zeta(Infinity, 0.5), zeta(Infinity, 1), zeta(Infinity, 2)]).toEqual([Infinity, 1, 0]);
  });

  it('igamma and igammac', () => {
    const edges = [[0, 0], [-1, 1], [1, -1], [0, 1], [1, 0], [1, Infinity], [Infinity, 1], [Infinity, Infinity]] as const; // prettier-ignore
    expect(edges.map(([a, x]) => f(special.igamma)(a, x))).toEqual([NaN, NaN, NaN, 1, 0, 1, 0, 1]);
    expect(edges.map(([a, x]) => f(special.igammac)(a, x))).toEqual([NaN, NaN, NaN, 0, 1, 0, 1, 0]);
    expect(edges.map(([a, x]) => f(special.igammaGradA)(a, x))).toEqual([NaN, NaN, NaN, NaN, 0, 0, 0, 0]);
    expect(edges.map(([a, x]) => f(special.randomGammaGrad)(a, x))).toEqual([NaN, NaN, NaN, NaN, 0, Infinity, 0, NaN]); // prettier-ignore
    // The distribution is a point there, and a sample moves as a does.
    for (const a of [2 ** 890, 2 ** 1000, 2 ** 1023]) {
      expect([f(special.igamma)(a, a), f(special.randomGammaGrad)(a, a)]).toEqual([0.5, 1]);
    }
  });

  it('regularized_incomplete_beta', () => {
    const edges = [[0, 0, 0.5], [0, 1, 0], [0, 1, 0.5], [1, 0, 0.5], [1, 0, 1], [Infinity, 1, 0.5], [1, Infinity, 0.5], [1, 1, 2]] as const; // prettier-ignore
    expect(edges.map((x) => f(betainc)(...x))).toEqual([NaN, 0, 1, 0, 1, 0, 1, NaN]);
    // As mpmath has it: a parameter to whose logarithm of Γ doubles give few digits.
    expect(near(f(betainc)(191.5, 7e17, 1.75e-16), 5.030523252767684e-9, 64)).toBe(true);
  });

  // A series or fraction that does not end runs into the timeout.
  it('extreme arguments have shares too', () => {
    const sizes = [2 ** -1074, 1e-300, 1e-5, 1, 1e5, 1e15, 1e40, 1e300];
    for (const a of sizes) {
      for (const b of sizes) {
        for (const p of [special.igamma, special.igammac]) {
          const share = f(p)(a, b);
          expect(share >= 0 && share <= 1, `${p.name}(${a}, ${b}) = ${share}`).toBe(true);
        }
        for (const x of [1e-300, 0.3, 0.5, 1 - 2 ** -53]) {
          const share = f(betainc)(a, b, x);
          expect(share >= 0 && share <= 1, `betainc(${a}, ${b}, ${x}) = ${share}`).toBe(true);
        }
      }
    }
  });
});

describe('narrow dtypes', () => {
  // Smaller are the ties of bessel_i1e, on which float64 cannot decide.
  const upTo = (max: number): fc.Arbitrary<number> => fc.double({ min: 2 ** -60, max, noNaN: true });
  const positive = fc.oneof(upTo(3), upTo(300));
  const real = fc.oneof(upTo(3), upTo(40)).chain((x) => fc.constantFrom(x, -x));
  const chance = upTo(1);
  // The estimates that settle most values must not be told from the functions that they stand for.
  it.each([
    ['lgamma', special.lgamma, [real]],
    ['digamma', special.digamma, [real]],
    ['bessel_i0e', special.besselI0e, [real]],
    ['bessel_i1e', special.besselI1e, [real]],
    ['igamma', special.igamma, [positive, positive]],
    ['igammac', special.igammac, [positive, positive]],
    ['igamma_grad_a', special.igammaGradA, [positive, positive]],
    ['random_gamma_grad', special.randomGammaGrad, [positive, positive]],
    ['regularized_incomplete_beta', betainc, [positive, positive, chance]],
  ] satisfies [string, Parameters<typeof evaluator>[0], fc.Arbitrary<number>[]][])(
    '%s is that of float64, rounded',
    (_, primitive, operands) => {
      const [narrow, wide] = [evaluator(primitive, 'float32'), f(primitive)];
      fc.assert(
        fc.property(fc.tuple(...operands), (drawn) => {
          const x = drawn.map(Math.fround);
          expect(narrow(...x)).toBe(Math.fround(wide(...x)));
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('identities', () => {
  const positive = fc.double({ min: 2 ** -10, max: 100, noNaN: true });

  it('erf_inv is the inverse of erf', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true, minExcluded: true, maxExcluded: true }), (x) => {
        fc.pre(Math.abs(x) > 1e-300);
        const y = f(special.erfInv)(x);
        // An ulp of y and its own 4 are as many ulps of x, times |y·erf′(y)/erf(y)| ≤ 1; near 1 erf says little.
        return near(lax.erf(np.array(y, 'float64')).item() as number, x, 16);
      }),
    );
  });
  it('P + Q = 1', () => {
    fc.assert(
      fc.property(positive, positive, (a, x) => near(f(special.igamma)(a, x) + f(special.igammac)(a, x), 1, 128)),
    );
  });
  it('P(½, x²) = erf x', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6000 }), (n) => {
        const x = n / 1024; // its square is exact
        return near(f(special.igammac)(0.5, x * x), f(special.erfc)(x), 136);
      }),
    );
  });
  it('I_x(a, b) + I_(1 − x)(b, a) = 1', () => {
    const chances = fc.integer({ min: 1, max: 1023 }).map((n) => n / 1024);
    fc.assert(
      fc.property(positive, positive, chances, (a, b, x) =>
        near(f(betainc)(a, b, x) + f(betainc)(b, a, 1 - x), 1, 128),
      ),
    );
  });
  it('ζ(s, q) = q^−s + ζ(s, q + 1)', () => {
    fc.assert(
      fc.property(fc.double({ min: 1.01, max: 40, noNaN: true }), fc.integer({ min: 1, max: 4000 }), (s, n) => {
        const q = n / 64;
        const [here, next] = [f(special.zeta)(s, q), f(special.zeta)(s, q + 1)];
        return near(next + Math.pow(q, -s), here, 24);
      }),
    );
  });
  it('ψ⁽¹⁾(x) is ζ(2, x)', () => {
    fc.assert(fc.property(positive, (x) => near(f(special.polygamma)(1, x), f(special.zeta)(2, x), 16)));
  });
});

describe('derivatives', () => {
  const float64 = (x: number): NDArray => np.array(x, { dtype: 'float64' });
  const h = 2 ** -13;
  // Truncation h⁴/5·|f⁽⁵⁾| of five points, below 10⁻⁹ for |f⁽⁵⁾| up to 10⁷; rounding 2·64u·|f|/h is below 10⁻⁹ for |f| up to 600.
  it.each([
    ['erfc', lax.erfc, 0.1, 2],
    ['erf_inv', lax.erfInv, -0.8, 0.8],
    ['lgamma', lax.lgamma, 0.5, 5],
    ['digamma', lax.digamma, 0.5, 5],
    ['polygamma', (x: NDArray) => lax.polygamma(2, x), 1, 5],
    ['zeta', (x: NDArray) => lax.zeta(2.5, x), 1, 5],
    ['bessel_i0e', lax.besselI0e, 0.1, 5],
    ['bessel_i1e', lax.besselI1e, 0.1, 5],
    ['igamma in a', (a: NDArray) => lax.igamma(a, 2), 0.5, 5],
    ['igamma in x', (x: NDArray) => lax.igamma(2, x), 0.5, 5],
    ['igammac in a', (a: NDArray) => lax.igammac(a, 2), 0.5, 5],
    ['igammac in x', (x: NDArray) => lax.igammac(2, x), 0.5, 5],
    ['igamma_grad_a in x', (x: NDArray) => lax.igammaGradA(2, x), 0.5, 5],
    ['betainc in x', (x: NDArray) => lax.betainc(2, 3, x), 0.1, 0.9],
  ] as const)('of %s are slopes', (_, g, min, max) => {
    const at = (x: number): number => g(float64(x)).item() as number;
    fc.assert(
      fc.property(fc.double({ min, max, noNaN: true }), (v) => {
        const [, slope] = jvp(g, [float64(v)], [float64(1)]);
        const quotient = (8 * (at(v + h) - at(v - h)) - (at(v + 2 * h) - at(v - 2 * h))) / (12 * h);
        return Math.abs((slope.item() as number) - quotient) < 2e-9 * Math.max(1, Math.abs(quotient));
      }),
      { numRuns: 20 },
    );
  });

  it('that do not exist are errors', () => {
    expect(() => grad((m: NDArray) => lax.polygamma(m, 1))(2)).toThrow(/no derivative in m/);
    expect(() => grad((a: NDArray) => lax.betainc(a, 1, 0.5))(2)).toThrow(/derivative in x only/);
    expect(() => grad((x: NDArray) => lax.randomGammaGrad(1, x))(2)).toThrow(/no second derivative/);
  });
});
