/**
 * Special functions (spec/primitives/special.md). Element values are computed in double precision, within 4 ulp, and
 * rounded once more for the narrower dtypes.
 */
import type * as FC from 'fast-check';
import { finfo, FLOATS } from '../core/dtypes.ts';
import { hostArray, numbers } from '../core/host.ts';
import type { BoundRule, Call, Gen } from '../core/primitive.ts';
import { ulps } from './accuracy.ts';
import { i0eOf, i1eOf } from './numerics/bessel.ts';
import {
  along,
  type Binary,
  binary,
  casesWithin,
  constantLipschitz,
  derivative,
  largest,
  lipschitz,
  nearestZero,
  NO_PARAMS,
  type NoParams,
  sameShapeCases,
  type Unary,
  unary,
} from './elementwise.ts';
import { erfcOf, erfInvOf } from './numerics/erf.ts';
import { digammaOf, lgammaOf } from './numerics/gamma.ts';
import { polygammaOf } from './numerics/polygamma.ts';
import { zetaOf } from './numerics/zeta.ts';

export { igamma, igammaGradA, igammac, randomGammaGrad, regularizedIncompleteBeta } from './incomplete.ts';

// ---- the error function

const SLOPE = 2 / Math.sqrt(Math.PI);

export const erfc: Unary<'erfc'> = unary({
  name: 'erfc',
  spec: 'spec/primitives/special.md#erfc',
  dtypes: FLOATS,
  value: erfcOf,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.mul(lax.exp(lax.neg(lax.square(x))), -SLOPE))),
  bound: lipschitz((lo, hi) => SLOPE * Math.exp(-(nearestZero(lo, hi) ** 2))),
  accuracy: ulps('erfc'),
});

export const erfInv: Unary<'erf_inv'> = unary({
  name: 'erf_inv',
  spec: 'spec/primitives/special.md#erf_inv',
  dtypes: FLOATS,
  value: erfInvOf,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(lax.exp(lax.square(y)), 1 / SLOPE))),
  bound: lipschitz((lo, hi) => Math.exp(erfInvOf(largest(lo, hi)) ** 2) / SLOPE || Infinity),
  accuracy: ulps('erf_inv'),
  cases: casesWithin({ min: -1, max: 1 }),
});

// ---- the gamma function

/** Whether [lo, hi] holds none of the poles 0, −1, −2, … */
const hasNoPole = (lo: number, hi: number): boolean => lo > 0 || (hi < 0 && Math.floor(hi) < lo);

/** sup of a slope that between the poles is monotone or convex: one of the ends has it. */
const betweenPoles = (slope: (x: number) => number): BoundRule<NoParams> =>
  lipschitz((lo, hi) => (hasNoPole(lo, hi) ? largest(slope(lo), slope(hi)) : Infinity));

export const lgamma: Unary<'lgamma'> = unary({
  name: 'lgamma',
  spec: 'spec/primitives/special.md#lgamma',
  dtypes: FLOATS,
  value: lgammaOf,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.digamma(x))),
  bound: betweenPoles(digammaOf),
  accuracy: ulps('lgamma'),
});

export const digamma: Unary<'digamma'> = unary({
  name: 'digamma',
  spec: 'spec/primitives/special.md#digamma',
  dtypes: FLOATS,
  value: digammaOf,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.polygamma(1, x))),
  bound: betweenPoles((x) => polygammaOf(1, x)),
  accuracy: ulps('digamma'),
});

/** Calls whose first operand often is a small integer. */
const orderCases =
  (least: number) =>
  (gen: Gen): FC.Arbitrary<Call<NoParams>> => {
    const { fc, dtype } = gen;
    const orders = gen.shape().chain((shape) =>
      fc.tuple(
        gen.array('int32', shape, { min: least, max: 8 }).map((m) => hostArray(dtype, shape, numbers(m))),
        gen.array(dtype, shape, { min: -3, max: 20 }),
      ),
    );
    return fc.oneof(
      orders.map((args) => ({ args, params: NO_PARAMS })),
      sameShapeCases(gen, 2),
    );
  };

export const polygamma: Binary<'polygamma'> = binary({
  name: 'polygamma',
  spec: 'spec/primitives/special.md#polygamma',
  names: ['m', 'x'],
  dtypes: FLOATS,
  value: polygammaOf,
  differentiate: {
    active: () => [1],
    undefinedIn: { 0: 'has no derivative in m, which is an integer' },
    jvp: (lax, [m, x], [, dx]) => [along(dx, (t) => lax.mul(t, lax.polygamma(lax.add(m!, 1), x!)))],
  },
  bound: {
    elementwise: ([m, lo], [m1, hi]) => {
      const slope = (x: number): number => polygammaOf(m! + 1, x);
      return [Infinity, m === m1 && hasNoPole(lo!, hi!) ? largest(slope(lo!), slope(hi!)) : Infinity];
    },
  },
  accuracy: ulps('polygamma'),
  cases: orderCases(0),
});

export const zeta: Binary<'zeta'> = binary({
  name: 'zeta',
  spec: 'spec/primitives/special.md#zeta',
  names: ['x', 'q'],
  dtypes: FLOATS,
  value: (x, q) => zetaOf(x, q),
  differentiate: {
    active: () => [1],
    undefinedIn: { 0: 'has a derivative in q only' },
    jvp: (lax, [x, q], [, dq]) => [along(dq, (t) => lax.mul(t, lax.neg(lax.mul(x!, lax.zeta(lax.add(x!, 1), q!)))))],
  },
  bound: {
    // ∂ζ/∂q = −x·ζ(x + 1, q) falls with q.
    elementwise: ([x, lo], [x1]) => [Infinity, x === x1 && lo! > 0 ? x! * zetaOf(x! + 1, lo!) : Infinity],
  },
  accuracy: ulps('zeta'),
  cases: orderCases(1),
});

// ---- Bessel functions

export const besselI0e: Unary<'bessel_i0e'> = unary({
  name: 'bessel_i0e',
  spec: 'spec/primitives/special.md#bessel_i0e',
  dtypes: FLOATS,
  value: i0eOf,
  differentiate: derivative((lax, dx, x, y) => lax.mul(dx, lax.sub(lax.besselI1e(x), lax.mul(lax.sign(x), y)))),
  // e^−x·I₀(x) is a mean of e^(−x(1 − cos θ)), whose slopes fall as x grows.
  bound: lipschitz((lo, hi) => {
    const x = Math.abs(nearestZero(lo, hi));
    return i0eOf(x) - i1eOf(x);
  }),
  accuracy: ulps('bessel_i0e'),
  cases: casesWithin({ min: -40, max: 40 }),
});

// Tiny results are a little smaller than x/2, which may be a tie of the narrow dtypes: 2⁻⁵² restores its side.
export const besselI1e: Unary<'bessel_i1e'> = unary({
  name: 'bessel_i1e',
  spec: 'spec/primitives/special.md#bessel_i1e',
  dtypes: FLOATS,
  value: (x, dtype) => i1eOf(x, dtype) * (Math.abs(x) < 2 ** -60 && dtype !== 'float64' ? 1 - 2 ** -52 : 1),
  differentiate: derivative((lax, dx, x, y) => {
    const tiny = lax.lt(lax.abs(x), finfo(x.dtype).unitRoundoff);
    const safe = lax.select(tiny, 1, x);
    const slope = lax.sub(lax.besselI0e(safe), lax.mul(y, lax.add(lax.sign(safe), lax.div(1, safe))));
    return lax.mul(dx, lax.select(tiny, 0.5, slope));
  }),
  // The mean of cos θ(cos θ − 1)·e^(−x(1 − cos θ)), which is largest at 0.
  bound: constantLipschitz(0.5),
  accuracy: ulps('bessel_i1e'),
  cases: casesWithin({ min: -40, max: 40 }),
});
