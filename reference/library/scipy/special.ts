/** `scipy.special`: JAX's, built on `lax`, with its derivatives. Not normative. */
import { finfo } from '../../core/dtypes.ts';
import { ArgumentError, refuseExtra, describe } from '../../core/errors.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { customJvp } from '../../transforms/custom-jvp.ts';
import { inexact, promoteArguments, promoteDtypes } from '../numpy/arguments.ts';
import type { Binary, Unary } from '../numpy/elementwise.ts';

export { logsumexp } from '../nn.ts';

const unary =
  (name: string, f: (x: NDArray) => NDArray): Unary =>
  (x, ...more: []) => {
    refuseExtra(more, `scipy.special.${name}`);
    return f(promoteDtypes([x], `scipy.special.${name}`, inexact)[0]!);
  };
const binary =
  (name: string, f: (x: NDArray, y: NDArray) => NDArray): Binary =>
  (x, y, ...more: []) => {
    refuseExtra(more, `scipy.special.${name}`);
    const [a, b] = promoteArguments([x, y], `scipy.special.${name}`, inexact);
    return f(a!, b!);
  };

// ---- gamma, zeta and beta

/** log |Γ(x)| */
export const gammaln: Unary = unary('gammaln', lax.lgamma);
/** The derivative of `gammaln`. */
export const digamma: Unary = unary('digamma', lax.digamma);
/** The n-th derivative of `digamma`. */
export const polygamma: Binary = binary('polygamma', lax.polygamma);
/** Σ (q + n)^−x; Riemann's zeta function without `q`. */
export const zeta = (x: ArrayLike, q: ArrayLike = 1, ...more: []): NDArray => {
  refuseExtra(more, 'scipy.special.zeta');
  return binary('zeta', lax.zeta)(x, q);
};
/** The share of the gamma distribution with shape `a` below `x`. */
export const gammainc: Binary = binary('gammainc', lax.igamma);
/** 1 − gammainc(a, x), without the cancellation. */
export const gammaincc: Binary = binary('gammaincc', lax.igammac);
/** The share of the beta distribution with parameters `a` and `b` below `x`. */
export function betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike, ...more: []): NDArray {
  refuseExtra(more, 'scipy.special.betainc');
  const [p, q, at] = promoteArguments([a, b, x], 'scipy.special.betainc', inexact);
  return lax.betainc(p!, q!, at!);
}
/** log B(a, b) */
export const betaln: Binary = binary('betaln', (a, b) =>
  lax.sub(lax.add(lax.lgamma(a), lax.lgamma(b)), lax.lgamma(lax.add(a, b))),
);
/** The logarithm of the multivariate gamma function of dimension `d`. */
export function multigammaln(a: ArrayLike, d: number, ...more: []): NDArray {
  refuseExtra(more, 'scipy.special.multigammaln');
  if (!Number.isInteger(d) || d < 1 || d > 2 ** 16)
    throw new ArgumentError(`scipy.special.multigammaln: d must be an integer from 1 to 65536, got ${describe(d)}`);
  const [array] = promoteDtypes([a], 'scipy.special.multigammaln', inexact) as [NDArray];
  const terms = Array.from({ length: d }, (_, i) => lax.lgamma(lax.sub(array, i / 2)));
  return lax.add(terms.reduce(lax.add), ((d * (d - 1)) / 4) * Math.log(Math.PI));
}

// ---- Bessel functions

export const i0e: Unary = unary('i0e', lax.besselI0e);
export const i1e: Unary = unary('i1e', lax.besselI1e);
/** The modified Bessel function of order 0. */
export const i0: Unary = unary('i0', (x) => lax.mul(lax.exp(lax.abs(x)), lax.besselI0e(x)));
/** The modified Bessel function of order 1. */
export const i1: Unary = unary('i1', (x) => lax.mul(lax.exp(lax.abs(x)), lax.besselI1e(x)));

// ---- logarithms

/** 1/(1 + e⁻ˣ) */
export const expit: Unary = unary('expit', lax.logistic);
/** log(x/(1 − x)) */
export const logit: Unary = unary('logit', (x) => lax.log(lax.div(x, lax.sub(1, x))));

/** f(x, y), but 0 with zero derivatives in y where x is 0. */
const unlessZero = (x: NDArray, f: (x: NDArray) => NDArray): NDArray => {
  const zero = lax.eq(x, 0);
  return lax.select(zero, lax.zerosLike(x), f(x));
};
const xlogyRule = customJvp((x: NDArray, y: NDArray) => unlessZero(x, (v) => lax.mul(v, lax.log(y))));
xlogyRule.defjvp(([x, y], [dx, dy]) => [xlogyRule(x, y), lax.add(lax.mul(dx, lax.log(y)), lax.mul(dy, lax.div(x, y)))]);
/** x·log y, 0 where x is. */
export const xlogy: Binary = binary('xlogy', (x, y) => xlogyRule(x, y));

const xlog1pyRule = customJvp((x: NDArray, y: NDArray) => unlessZero(x, (v) => lax.mul(v, lax.log1p(y))));
xlog1pyRule.defjvp(([x, y], [dx, dy]) => [
  xlog1pyRule(x, y),
  lax.add(lax.mul(dx, lax.log1p(y)), lax.mul(dy, lax.div(x, lax.add(y, 1)))),
]);
/** x·log(1 + y), 0 where x is. */
export const xlog1py: Binary = binary('xlog1py', (x, y) => xlog1pyRule(x, y));

/** −x·log x; 0 at 0 and −∞ below. */
export const entr: Unary = unary('entr', (x) =>
  lax.select(lax.lt(x, 0), lax.fullLike(x, -Infinity), lax.neg(xlogyRule(x, x))),
);

// ---- the error function and the normal distribution

export const erf: Unary = unary('erf', lax.erf);
export const erfc: Unary = unary('erfc', lax.erfc);
export const erfinv: Unary = unary('erfinv', lax.erfInv);

const ndtrOf = (x: NDArray): NDArray => lax.mul(lax.erfc(lax.mul(x, -Math.SQRT1_2)), 0.5);
/** The share of the normal distribution below x. */
export const ndtr: Unary = unary('ndtr', ndtrOf);

/** log ndtr(x) = −x²/2 − log(−x√2π) + log(1 − 1/x² + 3/x⁴ − 15/x⁶), far below 0. */
function logTail(x: NDArray): NDArray {
  const t = lax.integerPow(x, -2);
  const series = lax.mul(t, lax.add(lax.mul(t, lax.add(lax.mul(t, -15), 3)), -1));
  const main = lax.sub(lax.mul(lax.square(x), -0.5), lax.log(lax.neg(x)));
  return lax.add(lax.sub(main, Math.log(2 * Math.PI) / 2), lax.log1p(series));
}
/** The tail's series begins where its next term, 105/x⁸, is below the unit roundoff; above 5 log(1 − q) is −q within it. */
function logNdtrOf(x: NDArray): NDArray {
  const start = -((105 / finfo(x.dtype).unitRoundoff) ** (1 / 8));
  const far = lax.lt(x, start);
  const above = lax.gt(x, 0);
  const near = lax.select(
    above,
    lax.log1p(lax.neg(ndtrOf(lax.neg(lax.abs(x))))),
    lax.log(ndtrOf(lax.select(far, lax.zerosLike(x), lax.neg(lax.abs(x))))),
  );
  return lax.select(far, logTail(lax.select(far, x, lax.fullLike(x, start))), near);
}
const logNdtrRule = customJvp(logNdtrOf);
logNdtrRule.defjvp(([x], [dx]) => {
  const y = logNdtrRule(x);
  const logDensity = lax.sub(lax.mul(lax.square(x), -0.5), Math.log(2 * Math.PI) / 2);
  return [y, lax.mul(dx, lax.exp(lax.sub(logDensity, y)))];
});
/** log ndtr(x), also where ndtr underflows. */
export const logNdtr: Unary = unary('logNdtr', (x) => logNdtrRule(x));

/** c₀xⁿ + c₁xⁿ⁻¹ + … */
const polynomial = (x: NDArray, [first, ...rest]: readonly number[]): NDArray =>
  rest.reduce((sum: NDArray, c) => lax.add(lax.mul(sum, x), c), lax.fullLike(x, first!));

/** The rational functions of Cephes's ndtri: about ½, for p > e⁻³², and below. */
const CENTRE = [
  [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125],
  [1, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066, -82.03722561683334, 15.90562251262117, -1.1833162112133],
] as const; // prettier-ignore
const TAIL = [
  [4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803, 2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854],
  [1, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094, -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574],
] as const; // prettier-ignore
const FAR_TAIL = [
  [3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908, 0.012371663481782003, 0.00030158155350823543, 2.6580697468673755e-6, 6.239745391849833e-9],
  [1, 6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318, 0.00032801446468212774, 2.8924786474538068e-6, 6.790194080099813e-9],
] as const; // prettier-ignore
const quotient = (x: NDArray, [over, under]: readonly [readonly number[], readonly number[]]): NDArray =>
  lax.div(polynomial(x, over), polynomial(x, under));

function ndtriOf(p: NDArray): NDArray {
  const upper = lax.gt(p, -Math.expm1(-2));
  const small = lax.select(upper, lax.sub(1, p), p);
  const inside = lax.bitwiseAnd(lax.gt(small, 0), lax.lt(small, 1));
  const q = lax.select(inside, small, 0.5);
  const w = lax.sub(q, 0.5);
  const square = lax.square(w);
  const centre = lax.mul(lax.add(w, lax.mul(lax.mul(w, square), quotient(square, CENTRE))), -Math.sqrt(2 * Math.PI));
  const z = lax.sqrt(lax.mul(lax.log(q), -2));
  const reciprocal = lax.div(1, z);
  const ratio = lax.select(lax.ge(z, 8), quotient(reciprocal, FAR_TAIL), quotient(reciprocal, TAIL));
  const tail = lax.sub(z, lax.mul(reciprocal, lax.add(lax.log(z), ratio)));
  const size = lax.select(lax.gt(q, Math.exp(-2)), centre, tail);
  const value = lax.select(upper, size, lax.neg(size));
  const edge = lax.select(lax.eq(p, 0), lax.fullLike(p, -Infinity), lax.select(lax.eq(p, 1), lax.fullLike(p, Infinity), NaN)); // prettier-ignore
  return lax.select(inside, value, edge);
}
const ndtriRule = customJvp(ndtriOf);
ndtriRule.defjvp(([p], [dp]) => {
  const y = ndtriRule(p);
  return [y, lax.mul(dp, lax.mul(lax.exp(lax.mul(lax.square(y), 0.5)), Math.sqrt(2 * Math.PI)))];
});
/** The x below which the share p of the normal distribution lies. */
export const ndtri: Unary = unary('ndtri', (p) => ndtriRule(p));
