/**
 * Functions of one complex number in double precision, without cancellation in the modulus of the result, and with the
 * special values and the branch cuts of ISO C, Annex G: a zero's sign says on which side of a cut it lies. Sources are
 * Kahan, "Branch cuts for complex elementary functions" (1987), and for the trigonometric ones that z ↦ i·z leads to the
 * hyperbolic ones.
 */
import type { Complex } from '../../core/host.ts';

/** |x| with the sign of y. */
const withSign = (x: number, y: number): number => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));

// ---- arithmetic

export const addComplex = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subComplex = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const negComplex = (z: Complex): Complex => ({ re: -z.re, im: -z.im });
export const conjugate = (z: Complex): Complex => ({ re: z.re, im: -z.im });
/** The textbook formula, as XLA has it: an infinite factor beside a zero part gives NaN. */
export const mulComplex = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});

const isInfinite = (z: Complex): boolean => Math.abs(z.re) === Infinity || Math.abs(z.im) === Infinity;
const larger = (z: Complex): number => Math.max(Math.abs(z.re), Math.abs(z.im));

const BIG = 2 ** 600;
/** 1, or the power of 2⁶⁰⁰ that brings numbers of size m where neither their squares nor twice those leave the range. */
const scaleFor = (m: number): number => (m > 2 ** 500 ? 1 / BIG : m < 2 ** -400 ? BIG : 1);
const scaled = (z: Complex, s: number): Complex => ({ re: z.re * s, im: z.im * s });

/** |z|; infinite where a part is, even beside NaN. */
export function modulus(z: Complex): number {
  if (isInfinite(z)) return Infinity;
  const s = scaleFor(larger(z));
  const [x, y] = [z.re * s, z.im * s];
  return Math.sqrt(x * x + y * y) / s;
}

/** z/|z|, and z itself at 0. */
export function signOfComplex(z: Complex): Complex {
  const m = larger(z);
  if (m === 0) return z;
  if (m === Infinity) return { re: z.re / m, im: z.im / m };
  const w = scaled(z, scaleFor(m));
  const size = modulus(w);
  return { re: w.re / size, im: w.im / size };
}

/** a·b̄/|b|² with both operands brought to a harmless size first; infinities and zeros as in Annex G.5.1. */
export function divComplex(a: Complex, b: Complex): Complex {
  const [s, t] = [scaleFor(larger(a)), scaleFor(larger(b))];
  const [u, v] = [scaled(a, s), scaled(b, t)];
  const square = v.re * v.re + v.im * v.im;
  let re = (u.re * v.re + u.im * v.im) / square;
  let im = (u.im * v.re - u.re * v.im) / square;
  if (Number.isNaN(re) && Number.isNaN(im)) return quotientOfSpecials(a, b);
  for (let k = s; k !== t; k = t > k ? k * BIG : k / BIG) {
    re *= t > k ? BIG : 1 / BIG;
    im *= t > k ? BIG : 1 / BIG;
  }
  return { re, im };
}

const boxed = (x: number): number => withSign(Math.abs(x) === Infinity ? 1 : 0, x);
function quotientOfSpecials(a: Complex, b: Complex): Complex {
  if (b.re === 0 && b.im === 0 && !(Number.isNaN(a.re) && Number.isNaN(a.im))) {
    const infinite = withSign(Infinity, b.re);
    return { re: infinite * a.re, im: infinite * a.im };
  }
  if (isInfinite(a) && Number.isFinite(b.re) && Number.isFinite(b.im)) {
    const [x, y] = [boxed(a.re), boxed(a.im)];
    return { re: Infinity * (x * b.re + y * b.im), im: Infinity * (y * b.re - x * b.im) };
  }
  if (isInfinite(b) && Number.isFinite(a.re) && Number.isFinite(a.im)) {
    const [x, y] = [boxed(b.re), boxed(b.im)];
    return { re: 0 * (a.re * x + a.im * y), im: 0 * (a.im * x - a.re * y) };
  }
  return { re: NaN, im: NaN };
}

/** 1/z, whose imaginary part has the other sign, zeros included. */
export function reciprocal(z: Complex): Complex {
  const { re, im } = divComplex({ re: 1, im: 0 }, z);
  return { re, im: Number.isNaN(im) ? im : withSign(im, -z.im) };
}

/** zⁿ by squaring; of a negative n the reciprocal. */
export function integerPowerOfComplex(z: Complex, n: number): Complex {
  let power: Complex = { re: 1, im: 0 };
  let base = z;
  for (let rest = Math.abs(n); rest > 0;) {
    if (rest % 2 === 1) power = rest === Math.abs(n) ? base : mulComplex(power, base);
    rest = Math.floor(rest / 2);
    if (rest > 0) base = mulComplex(base, base);
  }
  return n < 0 ? reciprocal(power) : power;
}

// ---- roots

/** Of the half-plane Re ≥ 0; the cut is the negative axis, continuous from the side that the zero's sign says. */
export function sqrtOfComplex(z: Complex): Complex {
  const { re, im } = z;
  if (Math.abs(im) === Infinity) return { re: Infinity, im };
  if (re === Infinity) return { re, im: Number.isNaN(im) ? im : withSign(0, im) };
  if (re === -Infinity) return { re: Number.isNaN(im) ? im : 0, im: withSign(Infinity, im) };
  const m = larger(z);
  if (m === 0) return { re: 0, im };
  const s = scaleFor(m);
  const [x, y] = [re * s, im * s];
  const root = Math.sqrt((Math.abs(x) + Math.sqrt(x * x + y * y)) / 2);
  const back = 1 / Math.sqrt(s); // a power of two
  const other = (Math.abs(y) / (2 * root)) * back;
  return x >= 0 ? { re: root * back, im: withSign(other, y) } : { re: other, im: withSign(root * back, y) };
}

export const rsqrtOfComplex = (z: Complex): Complex => reciprocal(sqrtOfComplex(z));

// ---- exponentials

/** r·(cos y + i·sin y) with r = eˣ or its half, which may overflow where the product does not: as a square. */
function polar(root: number, y: number, factor: number = 1): Complex {
  return { re: root * (factor * root * Math.cos(y)), im: root * (factor * root * Math.sin(y)) };
}

/** Beyond this x, eˣ may overflow or lose digits while eˣ·sin y does not. */
const MODERATE = 700;

export function expOfComplex({ re, im }: Complex): Complex {
  if (im === 0) return { re: Math.exp(re), im };
  if (re === -Infinity && !Number.isFinite(im)) return { re: 0, im: withSign(0, im) };
  if (re === Infinity && !Number.isFinite(im)) return { re, im: NaN };
  if (Math.abs(re) > MODERATE && Math.abs(re) < Infinity) return polar(Math.exp(re / 2), im);
  const r = Math.exp(re);
  return { re: r * Math.cos(im), im: r * Math.sin(im) };
}

/** eᶻ − 1 = expm1(x)·cos y − 2·sin²(y/2) + i·eˣ·sin y. */
export function expm1OfComplex(z: Complex): Complex {
  const { re, im } = z;
  if (im === 0) return { re: Math.expm1(re), im };
  if (re === -Infinity) return { re: -1, im: withSign(0, Number.isFinite(im) ? Math.sin(im) : im) };
  if (!(Math.abs(re) < MODERATE)) return subComplex(expOfComplex(z), { re: 1, im: 0 });
  const half = Math.sin(im / 2);
  return { re: Math.expm1(re) * Math.cos(im) - 2 * half * half, im: Math.exp(re) * Math.sin(im) };
}

/** 2ˣ·(cos(y·ln 2) + i·sin(y·ln 2)); the rounding of y·ln 2 turns the result by up to |y|·u. */
export function exp2OfComplex({ re, im }: Complex): Complex {
  const angle = im * Math.LN2;
  if (im === 0) return { re: Math.pow(2, re), im };
  if (!Number.isFinite(re) || !Number.isFinite(angle)) return expOfComplex({ re, im: angle });
  if (Math.abs(re) > 1000) return polar(Math.pow(2, re / 2), angle);
  const r = Math.pow(2, re);
  return { re: r * Math.cos(angle), im: r * Math.sin(angle) };
}

/** 1/(1 + e⁻ᶻ): for Re z ≥ 0 the terms of 1 + e⁻ᶻ = −expm1(−x) + 2e⁻ˣ·cos²(y/2) − i·e⁻ˣ·sin y do not cancel. */
export function logisticOfComplex(z: Complex): Complex {
  const { re, im } = z;
  const decay = Math.exp(-Math.abs(re));
  if (im === 0) return { re: (re < 0 ? decay : 1) / (1 + decay), im: im * (decay / (1 + decay) ** 2) };
  if (Math.abs(re) === Infinity && !Number.isFinite(im)) return { re: Number(re > 0), im: 0 };
  const half = Math.cos(im / 2);
  const sum = -Math.expm1(-Math.abs(re)) + 2 * decay * half * half;
  const sine = decay * Math.sin(im);
  if (re < 0) return divComplex(expOfComplex(z), { re: sum, im: sine });
  return reciprocal({ re: sum, im: -sine });
}

// ---- logarithms

const SPLIT = 2 ** 27 + 1;
/** What rounding the product of two doubles of moderate size loses (Dekker). */
function productRest(a: number, b: number, product: number): number {
  const [ta, tb] = [SPLIT * a, SPLIT * b];
  const [ah, bh] = [ta - (ta - a), tb - (tb - b)];
  const [al, bl] = [a - ah, b - bh];
  return al * bl - (product - ah * bh - al * bh - ah * bl);
}

/** The sum of numbers of falling size, each addition's rounding made good (Neumaier). */
function compensatedSum(...terms: readonly number[]): number {
  let [sum, rest] = [0, 0];
  for (const t of terms) {
    const next = sum + t;
    rest += Math.abs(sum) >= Math.abs(t) ? sum - next + t : t - next + sum;
    sum = next;
  }
  return sum + rest;
}

/** log|z|; near |z| = 1 from |z|² − 1, which is summed without losing digits. */
function logModulus(z: Complex): number {
  const m = larger(z);
  const n = Math.min(Math.abs(z.re), Math.abs(z.im));
  if (!(m >= 0.5 && m <= 2) || Number.isNaN(n)) {
    if (isInfinite(z)) return Infinity;
    const s = scaleFor(m);
    const [x, y] = [m * s, n * s];
    return (n === 0 ? Math.log(x) : Math.log(x * x + y * y) / 2) - Math.log(s);
  }
  const [mm, nn] = [m * m, n * n];
  return Math.log1p(compensatedSum(mm, -1, nn, productRest(m, m, mm), productRest(n, n, nn))) / 2;
}

export const logOfComplex = (z: Complex): Complex => ({ re: logModulus(z), im: Math.atan2(z.im, z.re) });

/** log(1 + z): near 0 from |1 + z|² − 1 = 2x + x² + y². Elsewhere rounding 1 + x does no harm. */
export function log1pOfComplex(z: Complex): Complex {
  const { re: x, im: y } = z;
  if (x === 0 && y === 0) return z;
  const im = Math.atan2(y, 1 + x);
  if (!(x > -0.5 && x < 1 && Math.abs(y) < 1)) return { re: logModulus({ re: 1 + x, im: y }), im };
  const [xx, yy] = [x * x, y * y];
  return { re: Math.log1p(compensatedSum(2 * x, yy, xx, productRest(x, x, xx), productRest(y, y, yy))) / 2, im };
}

// ---- hyperbolic and trigonometric functions

/** A function of i·z, turned back. */
const turned =
  (f: (z: Complex) => Complex): ((z: Complex) => Complex) =>
  (z) => {
    const { re, im } = f({ re: -z.im, im: z.re });
    return { re: im, im: -re };
  };

export function sinhOfComplex({ re, im }: Complex): Complex {
  if (im === 0) return { re: Math.sinh(re), im };
  if (re === 0) return { re: Number.isFinite(im) ? withSign(0, re) * Math.cos(im) : 0, im: Math.sin(im) };
  if (Math.abs(re) === Infinity && !Number.isFinite(im)) return { re, im: NaN };
  if (Math.abs(re) > MODERATE && Math.abs(re) < Infinity) {
    const grown = polar(Math.exp(Math.abs(re) / 2), im, 0.5);
    return { re: withSign(1, re) * grown.re, im: grown.im };
  }
  return { re: Math.sinh(re) * Math.cos(im), im: Math.cosh(re) * Math.sin(im) };
}

export function coshOfComplex({ re, im }: Complex): Complex {
  if (im === 0) return { re: Math.cosh(re), im: Number.isNaN(re) ? 0 : withSign(1, re) * im };
  if (re === 0) return { re: Math.cos(im), im: Number.isFinite(im) ? re * Math.sin(im) : 0 };
  if (Math.abs(re) === Infinity && !Number.isFinite(im)) return { re: Infinity, im: NaN };
  if (Math.abs(re) > MODERATE && Math.abs(re) < Infinity) {
    const grown = polar(Math.exp(Math.abs(re) / 2), im, 0.5);
    return { re: grown.re, im: withSign(1, re) * grown.im };
  }
  return { re: Math.cosh(re) * Math.cos(im), im: Math.sinh(re) * Math.sin(im) };
}

/** Kahan's: with t = tan y, β = 1 + t² and s = sinh x, (β·s·√(1 + s²) + i·t)/(1 + β·s²). */
export function tanhOfComplex({ re, im }: Complex): Complex {
  if (im === 0) return { re: Math.tanh(re), im };
  if (re === 0 && !Number.isFinite(im)) return { re, im: NaN };
  const x = Math.abs(re);
  if (x > 22) {
    const turn = x === Infinity && !Number.isFinite(im) ? withSign(0, im) : Math.sin(im) * Math.cos(im);
    return { re: withSign(1, re), im: 4 * turn * Math.exp(-x) * Math.exp(-x) };
  }
  const t = Math.tan(im);
  const beta = 1 + t * t;
  const s = Math.sinh(re);
  const under = 1 + beta * s * s;
  return { re: (beta * s * Math.sqrt(1 + s * s)) / under, im: t / under };
}

export const sinOfComplex: (z: Complex) => Complex = turned(sinhOfComplex);
export const cosOfComplex = (z: Complex): Complex => coshOfComplex({ re: -z.im, im: z.re });
export const tanOfComplex: (z: Complex) => Complex = turned(tanhOfComplex);

// ---- their inverses

/** Beyond this, z² ± 1 is z². */
const FAR = 2 ** 500;
const isFar = (z: Complex): boolean => larger(z) > FAR || isInfinite(z);
/** √(1 − z) and √(1 + z), of which the inverse functions are made. */
const roots = ({ re, im }: Complex): readonly [Complex, Complex] => [
  sqrtOfComplex({ re: 1 - re, im: -im }),
  sqrtOfComplex({ re: 1 + re, im }),
];

/** Cuts: the real axis beyond ±1. */
export function acosOfComplex(z: Complex): Complex {
  const { re: x, im: y } = z;
  if (isFar(z)) return { re: Math.atan2(Math.abs(y), x), im: withSign(logModulus(z) + Math.LN2, -withSign(1, y)) };
  const [a, b] = roots(z);
  return { re: 2 * Math.atan2(a.re, b.re), im: Math.asinh(b.re * a.im - b.im * a.re) };
}

export function asinOfComplex(z: Complex): Complex {
  const { re: x, im: y } = z;
  if (isFar(z)) return { re: Math.atan2(x, Math.abs(y)), im: withSign(logModulus(z) + Math.LN2, y) };
  const [a, b] = roots(z);
  return { re: Math.atan2(x, a.re * b.re - a.im * b.im), im: Math.asinh(a.re * b.im - a.im * b.re) };
}

/** Cut: the real axis below 1. */
export function acoshOfComplex(z: Complex): Complex {
  const w = acosOfComplex(z);
  return { re: Math.abs(w.im), im: withSign(w.re, z.im) };
}

/** Cuts: the imaginary axis beyond ±i. */
export const asinhOfComplex: (z: Complex) => Complex = turned(asinOfComplex);

/** Cuts: the real axis beyond ±1. Kahan's: ¼·log1p(4x/((1 − x)² + y²)) + ½i·arg((1 − x)(1 + x) − y², 2y), for x ≥ 0. */
export function atanhOfComplex(z: Complex): Complex {
  if (z.re < 0 || Object.is(z.re, -0)) return negComplex(atanhOfComplex(negComplex(z)));
  const { re: x, im: y } = z;
  const size = Math.abs(y);
  if (isFar(z)) return { re: Math.abs(reciprocal(z).re), im: Number.isNaN(y) ? y : withSign(Math.PI / 2, y) };
  if (x === 1 && size < 1 / FAR) {
    return { re: (Math.LN2 - Math.log(size)) / 2, im: y === 0 ? y : withSign(Math.PI / 4, y) };
  }
  const away = (1 - x) * (1 - x) + y * y;
  return { re: Math.log1p((4 * x) / away) / 4, im: Math.atan2(2 * y, (1 - x) * (1 + x) - y * y) / 2 };
}
export const atanOfComplex: (z: Complex) => Complex = turned(atanhOfComplex);

// ---- powers

/** z^w = exp(w·log z), with z^0 = 1 and 0^w = 0 for Re w > 0. */
export function powOfComplex(z: Complex, w: Complex): Complex {
  if (w.re === 0 && w.im === 0) return { re: 1, im: 0 };
  if (z.re === 0 && z.im === 0 && w.re > 0) return { re: 0, im: 0 };
  if (w.im === 0 && Number.isInteger(w.re) && Math.abs(w.re) <= 64) return integerPowerOfComplex(z, w.re);
  const { re, im } = logOfComplex(z);
  return expOfComplex({ re: w.re * re - w.im * im, im: w.re * im + w.im * re });
}
