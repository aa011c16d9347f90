/** The incomplete gamma and beta functions (spec/primitives/special.md), within 64 ulp in double precision. */
import { FLOATS } from '../core/dtypes.ts';
import { aval, build, type HostArray, numbers, sameAval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Bound, type BoundRule, definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { ulps } from './accuracy.ts';
import { call, smallShape } from './draw.ts';
import {
  along,
  type Binary,
  binary,
  casesWithin,
  type Defined,
  inexact,
  NO_PARAMS,
  type NoParams,
  showAvals,
} from './elementwise.ts';
import { betaincOf } from './numerics/incomplete-beta.ts';
import { igammacOf, igammaGradAOf, igammaOf, randomGammaGradOf } from './numerics/incomplete-gamma.ts';
import { distance } from './monotone.ts';

/**
 * Of a function that grows (+1) or falls (−1) with each operand: the results at the corners of the uncertain box. Beside
 * operands beyond its domain there may be others that it is defined for.
 */
const monotoneIn =
  (signs: readonly number[], f: (...x: readonly number[]) => number): BoundRule<NoParams> =>
  (operands): (Bound | null)[] => {
    if (operands.every(({ bound }) => bound === null)) return [null];
    const values = operands.map(({ value }) => numbers(value));
    const at = (i: number, side: number): number =>
      f(...operands.map(({ bound }, k) => values[k]![i]! + side * signs[k]! * (bound?.worst[i] ?? 0)));
    const worst = Float64Array.from(values[0]!, (_, i) => {
      const [low, y, high] = [at(i, -1), at(i, 0), at(i, 1)];
      if (Number.isNaN(y)) return operands.some(({ bound }) => (bound?.worst[i] ?? 0) > 0) ? Infinity : 0;
      return Math.max(distance(y, low), distance(high, y));
    });
    return [{ worst, variance: worst.map((w) => w ** 2 / 3) }];
  };

/** Nothing is proved. */
const unbounded: BoundRule<NoParams> = { elementwise: (lo) => lo.map(() => Infinity) };

// ---- incomplete gamma functions

const POSITIVE = { min: 0, max: 30 };
const gammaCases = casesWithin(POSITIVE, POSITIVE);

/** ∂P/∂x = x^(a − 1)·e^−x/Γ(a) */
const gammaDensity = (lax: Lax, a: NDArray, x: NDArray): NDArray =>
  lax.exp(lax.sub(lax.sub(lax.mul(lax.sub(a, 1), lax.log(x)), x), lax.lgamma(a)));

export const igamma: Binary<'igamma'> = binary({
  name: 'igamma',
  spec: 'spec/primitives/special.md#igamma',
  names: ['a', 'x'],
  dtypes: FLOATS,
  value: igammaOf,
  differentiate: {
    active: inexact,
    jvp: (lax, [a, x], [da, dx]) => [
      lax.addTangents(
        along(da, (t) => lax.mul(t, lax.igammaGradA(a!, x!))),
        along(dx, (t) => lax.mul(t, gammaDensity(lax, a!, x!))),
      ),
    ],
  },
  bound: monotoneIn([-1, 1], (a, x) => igammaOf(a, x)),
  accuracy: ulps('igamma'),
  cases: gammaCases,
});

export const igammac: Binary<'igammac'> = binary({
  name: 'igammac',
  spec: 'spec/primitives/special.md#igammac',
  names: ['a', 'x'],
  dtypes: FLOATS,
  value: igammacOf,
  differentiate: {
    active: inexact,
    jvp: (lax, [a, x], [da, dx]) => [
      lax.addTangents(
        along(da, (t) => lax.neg(lax.mul(t, lax.igammaGradA(a!, x!)))),
        along(dx, (t) => lax.neg(lax.mul(t, gammaDensity(lax, a!, x!)))),
      ),
    ],
  },
  bound: monotoneIn([1, -1], (a, x) => igammacOf(a, x)),
  accuracy: ulps('igammac'),
  cases: gammaCases,
});

export const igammaGradA: Binary<'igamma_grad_a'> = binary({
  name: 'igamma_grad_a',
  spec: 'spec/primitives/special.md#igamma_grad_a',
  names: ['a', 'x'],
  dtypes: FLOATS,
  value: igammaGradAOf,
  differentiate: {
    active: () => [1],
    undefinedIn: { 0: 'igamma has no second derivative in a' },
    jvp: (lax, [a, x], [, dx]) => [
      along(dx, (t) => lax.mul(t, lax.mul(gammaDensity(lax, a!, x!), lax.sub(lax.log(x!), lax.digamma(a!))))),
    ],
  },
  bound: unbounded,
  accuracy: ulps('igamma_grad_a'),
  cases: gammaCases,
});

export const randomGammaGrad: Binary<'random_gamma_grad'> = binary({
  name: 'random_gamma_grad',
  spec: 'spec/primitives/special.md#random_gamma_grad',
  names: ['a', 'x'],
  dtypes: FLOATS,
  value: randomGammaGradOf,
  differentiate: {
    active: () => [],
    undefinedIn: { 0: 'a sample has no second derivative in a', 1: 'a sample has no second derivative' },
    jvp: () => [null],
  },
  bound: unbounded,
  accuracy: ulps('random_gamma_grad'),
  cases: gammaCases,
});

// ---- the incomplete beta function

type Betainc = Defined<'regularized_incomplete_beta', NoParams, 'C1'>;

/** x^(a − 1)·(1 − x)^(b − 1)/B(a, b) */
function betaDensity(lax: Lax, a: NDArray, b: NDArray, x: NDArray): NDArray {
  const logBeta = lax.sub(lax.add(lax.lgamma(a), lax.lgamma(b)), lax.lgamma(lax.add(a, b)));
  const powers = lax.add(lax.mul(lax.sub(b, 1), lax.log1p(lax.neg(x))), lax.mul(lax.sub(a, 1), lax.log(x)));
  return lax.exp(lax.sub(powers, logBeta));
}

function evaluateBetainc(a: HostArray, b: HostArray, x: HostArray): HostArray {
  const [p, q, at] = [numbers(a), numbers(b), numbers(x)];
  return build(x.dtype, x.shape, (i) => betaincOf(p[i]!, q[i]!, at[i]!, x.dtype));
}

const NO_PARAMETER_SLOPE = 'has a derivative in x only';

export const regularizedIncompleteBeta: Betainc = definePrimitive<'regularized_incomplete_beta', NoParams, 'C1'>({
  name: 'regularized_incomplete_beta',
  spec: 'spec/primitives/special.md#regularized_incomplete_beta',
  operands: ['a', 'b', 'x'].map((name) => ({ name, dtypes: FLOATS })),
  params: {},
  dtypes: FLOATS,
  constraints: {
    C1: ([a, b, x]) =>
      (sameAval(a!, b!) && sameAval(b!, x!)) ||
      `a, b and x must have one shape and dtype, got ${showAvals([a!, b!, x!])}`,
  },
  infer: ([, , x]) => [aval(x!.shape, x!.dtype)],
  evaluate: ([a, b, x]) => [evaluateBetainc(a!, b!, x!)],
  differentiate: {
    active: () => [2],
    undefinedIn: { 0: NO_PARAMETER_SLOPE, 1: NO_PARAMETER_SLOPE },
    jvp: (lax, [a, b, x], [, , dx]) => [along(dx, (t) => lax.mul(t, betaDensity(lax, a!, b!, x!)))],
  },
  batch: 'elementwise',
  bound: monotoneIn([-1, 1, 1], (a, b, x) => betaincOf(a, b, x)),
  accuracy: ulps('regularized_incomplete_beta'),
  cases: casesWithin(POSITIVE, POSITIVE, { min: 0, max: 1 }),
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((shape) =>
        call(
          gen,
          [
            [gen.dtype, shape],
            [gen.dtype, shape],
            [gen.dtype, [...shape, 2]],
          ],
          NO_PARAMS,
        ),
      ),
  },
});
