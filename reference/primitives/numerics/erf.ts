/**
 * The error function and its kin in double precision: ports from s_erf.c of FreeBSD's msun, under its notice, and what
 * follows from them.
 *
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software
 * is freely granted, provided that this notice is preserved.
 */

/** c₀ + c₁x + c₂x² + … */
function polynomial(x: number, coefficients: readonly number[]): number {
  let y = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) y = y * x + coefficients[i]!;
  return y;
}

interface Rational {
  readonly over: readonly number[];
  readonly under: readonly number[];
}
const quotient = (x: number, { over, under }: Rational): number => polynomial(x, over) / polynomial(x, under);

/** (erf(x) − x)/x in x², for |x| < 0.84375. */
const NEAR_ZERO: Rational = {
  over: [
    1.28379167095512558561e-1, -3.2504210724700149937e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3,
    -2.37630166566501626084e-5,
  ],
  under: [
    1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4,
    -3.9602282787753681232e-6,
  ],
};
/** erf(1) to 24 bits. */
const ERF_ONE = 8.45062911510467529297e-1;
/** erf(x) − ERF_ONE in x − 1, for 0.84375 ≤ x < 1.25. */
const NEAR_ONE: Rational = {
  over: [
    -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1,
    -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.166375594868790843e-3,
  ],
  under: [
    1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1,
    1.36370839120290507362e-2, 1.1984499846799107417e-2,
  ],
};
/** log(x·erfc(x)) + x² + 0.5625 in 1/x², for 1.25 ≤ x < 1/0.35. */
const MIDDLE: Rational = {
  over: [
    -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1,
    -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592,
  ],
  under: [
    1, 1.96512716674392571292e1, 1.376577541435190426e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
    4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
  ],
};
/** The same for 1/0.35 ≤ x < 28. */
const TAIL: Rational = {
  over: [
    -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2,
    -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
  ],
  under: [
    1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
    2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
  ],
};

/** log(x·erfc(x)) + x² + 0.5625 for 1.25 ≤ x < 28. */
const logOfComplement = (x: number): number => quotient(1 / (x * x), x < 1 / 0.35 ? MIDDLE : TAIL);

/** 1 − erf(x) for 1.25 ≤ x < 28. x² is split, its head exact, so that the exponential loses nothing. */
function complement(x: number): number {
  const z = Math.fround(x);
  return (Math.exp(-z * z - 0.5625) * Math.exp((z - x) * (z + x) + logOfComplement(x))) / x;
}

function erfOfPositive(x: number): number {
  if (x < 0.84375) return x + x * quotient(x * x, NEAR_ZERO);
  if (x < 1.25) return ERF_ONE + quotient(x - 1, NEAR_ONE);
  return x < 6 ? 1 - complement(x) : 1;
}

/** erf(x) = 2/√π ∫₀ˣ exp(−t²) dt. */
export function erfOf(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  return x < 0 ? -erfOfPositive(-x) : erfOfPositive(x);
}

/** erfc(x) = 1 − erf(x), without the cancellation. */
export function erfcOf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 0.84375) {
    const rest = x * quotient(x * x, NEAR_ZERO);
    return x < 0.25 ? 1 - (x + rest) : 0.5 - (x - 0.5 + rest);
  }
  if (x < 0) return 1 + erfOfPositive(size);
  if (x < 1.25) return 1 - ERF_ONE - quotient(x - 1, NEAR_ONE);
  return x < 28 ? complement(x) : 0;
}

/** exp(x²)·erfc(x) for x in [0, 28]. */
export const scaledErfcOf = (x: number): number =>
  x < 1.25 ? Math.exp(x * x) * erfcOf(x) : Math.exp(logOfComplement(x) - 0.5625) / x;

/**
 * The y with erf(y) = x; ±∞ at ±1, NaN beyond. Three steps of Halley's method, which triples the digits, from a guess with
 * three of them: the series about 0, and S. Winitzki's "A handy approximation for the error function" (2008).
 */
export function erfInvOf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1) || x === 0) return size === 1 ? x * Infinity : x === 0 ? x : NaN;
  if (size < 2 ** -30) return x * (Math.sqrt(Math.PI) / 2);
  let y = size < 0.5 ? guessNearZero(size) : guessNearOne(size);
  for (let step = 0; step < 3; step++) {
    // 1 − x is exact here, and erfc small where erf would say nothing.
    const residual = size < 0.5 ? erfOfPositive(y) - size : 1 - size - erfcOf(y);
    const newton = residual * (Math.sqrt(Math.PI) / 2) * Math.exp(y * y);
    y -= newton / (1 + y * newton);
  }
  return x < 0 ? -y : y;
}

function guessNearZero(x: number): number {
  const z = (x * Math.sqrt(Math.PI)) / 2;
  const t = z * z;
  return z * (1 + t * (1 / 3 + t * (7 / 30 + (t * 127) / 630)));
}

function guessNearOne(x: number): number {
  const a = 0.147;
  const log = Math.log((1 - x) * (1 + x));
  const half = 2 / (Math.PI * a) + log / 2;
  return Math.sqrt(Math.sqrt(half * half - log / a) - half);
}
