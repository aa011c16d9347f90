/**
 * Roots, exponentials, logarithms and their kin (spec/primitives/math.md). Element values are computed by the double
 * precision functions of JavaScript: within 2 ulp for float64, and rounded once more for float32, which is correct
 * rounding but for arguments (about one in 2²⁸) whose exact result is that close to the middle of two floats.
 */
import { FLOATS, INEXACT, isComplex } from '../core/dtypes.ts';
import type { Complex } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { ElementwiseBound } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { roundedOr, ulps } from './accuracy.ts';
import { cosOfComplex, exp2OfComplex, expm1OfComplex, expOfComplex, log1pOfComplex, logisticOfComplex, logOfComplex, modulus, rsqrtOfComplex, sinOfComplex, sqrtOfComplex, tanhOfComplex, tanOfComplex } from './numerics/complex-functions.ts'; // prettier-ignore
import {
  derivative,
  largest,
  lipschitz,
  nearestZero,
  type NoParams,
  overDisc,
  type Unary,
  unary,
} from './elementwise.ts';
import { erfOf } from './numerics/erf.ts';

/** sup of a slope that falls with x and has its pole at `pole`. */
const falling = (slope: (x: number) => number, pole: number): ElementwiseBound<NoParams> =>
  lipschitz((lo) => (lo > pole ? slope(lo) : Infinity));
/** sup of a slope that is largest at 0 and falls on both sides. */
const peaked = (slope: (x: number) => number): ElementwiseBound<NoParams> =>
  lipschitz((lo, hi) => slope(nearestZero(lo, hi)));
/** How far the disc stays away from the cut along the real axis up to `end`; 0 if it meets it. */
function fromCut(z: Complex, radius: number, end: number): number {
  const toEnd = modulus({ re: z.re - end, im: z.im });
  const toCut = z.re > end ? toEnd : Math.abs(z.im);
  return toCut > radius ? toEnd - radius : 0;
}
/** sup 1/|cosh z|² over a disc, by |cosh(x + i·y)|² = sinh²x + cos²y. */
function secantSquared({ re, im }: Complex, r: number): number {
  const turns = (y: number): number => Math.floor(y / Math.PI - 0.5);
  const cos = turns(im - r) < turns(im + r) ? 0 : Math.min(Math.abs(Math.cos(im - r)), Math.abs(Math.cos(im + r)));
  return 1 / (Math.sinh(Math.max(Math.abs(re) - r, 0)) ** 2 + cos ** 2);
}
const growing: ElementwiseBound<NoParams> = lipschitz((_, hi) => Math.exp(hi));

export const sqrt: Unary<'sqrt'> = unary({
  name: 'sqrt',
  spec: 'spec/primitives/math.md#sqrt',
  dtypes: INEXACT,
  value: Math.sqrt,
  complex: sqrtOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.div(0.5, y))),
  bound: { ...falling((x) => 0.5 / Math.sqrt(x), 0), discs: overDisc((z, r) => 0.5 / Math.sqrt(fromCut(z, r, 0))) },
  accuracy: roundedOr('sqrt'),
});

export const rsqrt: Unary<'rsqrt'> = unary({
  name: 'rsqrt',
  spec: 'spec/primitives/math.md#rsqrt',
  dtypes: INEXACT,
  value: (x) => 1 / Math.sqrt(x),
  complex: rsqrtOfComplex,
  differentiate: derivative((lax, dx, x, y) => lax.mul(dx, lax.mul(-0.5, lax.div(y, x)))),
  bound: falling((x) => 0.5 / (x * Math.sqrt(x)), 0),
  accuracy: ulps('rsqrt'),
  // Two roundings: 1.5 ulp.
  decompose: (lax, [x]) => [lax.div(1, lax.sqrt(x!))],
});

export const cbrt: Unary<'cbrt'> = unary({
  name: 'cbrt',
  spec: 'spec/primitives/math.md#cbrt',
  dtypes: FLOATS,
  value: Math.cbrt,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(lax.integerPow(y, -2), 1 / 3))),
  bound: lipschitz((lo, hi) => Math.cbrt(nearestZero(lo, hi)) ** -2 / 3),
  accuracy: ulps('cbrt'),
});

export const exp: Unary<'exp'> = unary({
  name: 'exp',
  spec: 'spec/primitives/math.md#exp',
  dtypes: INEXACT,
  value: Math.exp,
  complex: expOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, y)),
  bound: { ...growing, discs: overDisc(({ re }, r) => Math.exp(re + r)) },
  accuracy: ulps('exp'),
});

export const exp2: Unary<'exp2'> = unary({
  name: 'exp2',
  spec: 'spec/primitives/math.md#exp2',
  dtypes: INEXACT,
  value: (x) => Math.pow(2, x),
  complex: exp2OfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(y, Math.LN2))),
  bound: lipschitz((_, hi) => Math.LN2 * Math.pow(2, hi)),
  accuracy: ulps('exp2'),
});

export const log: Unary<'log'> = unary({
  name: 'log',
  spec: 'spec/primitives/math.md#log',
  dtypes: INEXACT,
  value: Math.log,
  complex: logOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, x)),
  bound: { ...falling((x) => 1 / x, 0), discs: overDisc((z, r) => 1 / fromCut(z, r, 0)) },
  accuracy: ulps('log'),
});

export const expm1: Unary<'expm1'> = unary({
  name: 'expm1',
  spec: 'spec/primitives/math.md#expm1',
  dtypes: INEXACT,
  value: Math.expm1,
  complex: expm1OfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.add(y, 1))),
  bound: { ...growing, discs: overDisc(({ re }, r) => Math.exp(re + r)) },
  accuracy: ulps('expm1'),
});

export const log1p: Unary<'log1p'> = unary({
  name: 'log1p',
  spec: 'spec/primitives/math.md#log1p',
  dtypes: INEXACT,
  value: Math.log1p,
  complex: log1pOfComplex,
  differentiate: derivative((lax, dx, x) => lax.div(dx, lax.add(x, 1))),
  bound: { ...falling((x) => 1 / (1 + x), -1), discs: overDisc((z, r) => 1 / fromCut(z, r, -1)) },
  accuracy: ulps('log1p'),
});

export const sin: Unary<'sin'> = unary({
  name: 'sin',
  spec: 'spec/primitives/math.md#sin',
  dtypes: INEXACT,
  value: Math.sin,
  complex: sinOfComplex,
  differentiate: derivative((lax, dx, x) => lax.mul(dx, lax.cos(x))),
  bound: { ...lipschitz(() => 1), discs: overDisc(({ im }, r) => Math.cosh(Math.abs(im) + r)) },
  accuracy: ulps('sin'),
});

export const cos: Unary<'cos'> = unary({
  name: 'cos',
  spec: 'spec/primitives/math.md#cos',
  dtypes: INEXACT,
  value: Math.cos,
  complex: cosOfComplex,
  differentiate: derivative((lax, dx, x) => lax.neg(lax.mul(dx, lax.sin(x)))),
  bound: { ...lipschitz(() => 1), discs: overDisc(({ im }, r) => Math.cosh(Math.abs(im) + r)) },
  accuracy: ulps('cos'),
});

/** Between two poles tan grows: an interval on which it does not, or one as long as their distance, has a pole. */
function tanSlope(lo: number, hi: number): number {
  const [low, high] = [Math.tan(lo), Math.tan(hi)];
  return hi - lo < Math.PI && low <= high ? 1 + largest(low, high) ** 2 : Infinity;
}

export const tan: Unary<'tan'> = unary({
  name: 'tan',
  spec: 'spec/primitives/math.md#tan',
  dtypes: INEXACT,
  value: Math.tan,
  complex: tanOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.add(lax.mul(y, y), 1))),
  bound: lipschitz(tanSlope),
  accuracy: ulps('tan'),
});

export const tanh: Unary<'tanh'> = unary({
  name: 'tanh',
  spec: 'spec/primitives/math.md#tanh',
  dtypes: INEXACT,
  value: Math.tanh,
  complex: tanhOfComplex,
  // (1 + y)(1 − y): 1 − y² loses digits near ±1.
  differentiate: derivative((lax, dx, _, y) => lax.mul(lax.add(dx, lax.mul(dx, y)), lax.sub(1, y))),
  bound: { ...peaked((x) => 1 / Math.cosh(x) ** 2), discs: overDisc(secantSquared) },
  accuracy: ulps('tanh'),
});

/** Exponentials of negative numbers only: they cannot overflow, and tiny results keep their digits. */
function logisticOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

/** (1 + tanh(z/2))/2, which does not cancel for Re z ≥ 0, also beside a pole; else that of −z, times eᶻ. */
function logisticByTanh(lax: Lax, z: NDArray): NDArray {
  const isLeft = lax.lt(lax.real(z), 0);
  const right = lax.select(isLeft, lax.neg(z), z);
  const y = lax.mul(lax.add(lax.tanh(lax.div(right, 2)), 1), 0.5);
  return lax.select(isLeft, lax.mul(lax.exp(z), y), y);
}

export const logistic: Unary<'logistic'> = unary({
  name: 'logistic',
  spec: 'spec/primitives/math.md#logistic',
  dtypes: INEXACT,
  value: logisticOf,
  complex: logisticOfComplex,
  differentiate: derivative((lax, dx, _, y) => lax.mul(dx, lax.mul(y, lax.sub(1, y)))),
  bound: {
    ...peaked((x) => 0.25 / Math.cosh(x / 2) ** 2),
    discs: overDisc(({ re, im }, r) => secantSquared({ re: re / 2, im: im / 2 }, r / 2) / 4),
  },
  accuracy: ulps('logistic'),
  decompose: (lax, [x]) => {
    if (isComplex(x!.dtype)) return [logisticByTanh(lax, x!)];
    const e = lax.exp(lax.neg(lax.abs(x!)));
    return [lax.div(lax.select(lax.lt(x!, 0), e, lax.fullLike(e, 1)), lax.add(e, 1))];
  },
});

export const erf: Unary<'erf'> = unary({
  name: 'erf',
  spec: 'spec/primitives/math.md#erf',
  dtypes: FLOATS,
  value: erfOf,
  differentiate: derivative((lax, dx, x) =>
    lax.mul(dx, lax.mul(lax.exp(lax.neg(lax.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  ),
  bound: peaked((x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)),
  accuracy: ulps('erf'),
});

export { integerPow, type IntegerPowParams, pow, square } from './powers.ts';
