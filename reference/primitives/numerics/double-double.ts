/**
 * Numbers of about 106 bits as unevaluated sums of two doubles (T. J. Dekker, "A floating-point technique for extending
 * the available precision", 1971). Exact operands up to 2⁹⁹⁰ in size and results above 2⁻⁹⁰⁰ keep all bits.
 */
export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

export const exactly = (x: number): DoubleDouble => ({ hi: x, lo: 0 });

/** a + b without an error (Knuth). */
export function twoSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  const part = hi - a;
  return { hi, lo: a - (hi - part) + (b - part) };
}

/** a·b without an error (Dekker, with Veltkamp's splitting). */
export function twoProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  return { hi, lo: lostInProduct(a, b, hi) };
}

/** a·b − hi, hi being a·b rounded. */
function lostInProduct(a: number, b: number, hi: number): number {
  const s = 134217729 * a;
  const t = 134217729 * b;
  const a1 = s - (s - a);
  const b1 = t - (t - b);
  const a2 = a - a1;
  const b2 = b - b1;
  return a1 * b1 - hi + a1 * b2 + a2 * b1 + a2 * b2;
}

// These are run so often that they make no pair but their result.

/** Within 2⁻¹⁰⁵ of |x| + |y|. */
export function add(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const sum = x.hi + y.hi;
  const part = sum - x.hi;
  const low = x.hi - (sum - part) + (y.hi - part) + (x.lo + y.lo);
  const hi = sum + low;
  return { hi, lo: low - (hi - sum) };
}

export const negative = ({ hi, lo }: DoubleDouble): DoubleDouble => ({ hi: -hi, lo: -lo });
export const subtract = (x: DoubleDouble, y: DoubleDouble): DoubleDouble => add(x, negative(y));

export function multiply(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const product = x.hi * y.hi;
  const low = lostInProduct(x.hi, y.hi, product) + (x.hi * y.lo + x.lo * y.hi);
  const hi = product + low;
  return { hi, lo: low - (hi - product) };
}

/** Within 2⁻¹⁰² (M. Joldes, J.-M. Muller and V. Popescu, "Tight and rigorous error bounds", 2017, algorithm 17). */
export function divide(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const first = x.hi / y.hi;
  const product = first * y.hi;
  const low = lostInProduct(first, y.hi, product) + first * y.lo;
  const second = (x.hi - product - low + x.lo) / y.hi;
  const hi = first + second;
  return { hi, lo: second - (hi - first) };
}

/** c₀ + c₁x + c₂x² + … + rest·xⁿ: `add` and `multiply`, in numbers rather than pairs. */
export function polynomial(x: DoubleDouble, coefficients: readonly DoubleDouble[], rest: number = 0): DoubleDouble {
  let [hi, lo] = [rest, 0];
  for (let i = coefficients.length - 1; i >= 0; i--) {
    const c = coefficients[i]!;
    const product = hi * x.hi;
    const lost = lostInProduct(hi, x.hi, product) + (hi * x.lo + lo * x.hi);
    const sum = product + c.hi;
    const part = sum - product;
    const low = product - (sum - part) + (c.hi - part) + (lost + c.lo);
    hi = sum + low;
    lo = low - (hi - sum);
  }
  return { hi, lo };
}

/** (x + from)(x + from + 1)…(x + to − 1), in numbers likewise. */
export function risingProduct(x: number, from: number, to: number): DoubleDouble {
  let [hi, lo] = [1, 0];
  for (let k = from; k < to; k++) {
    const factor = x + k;
    const part = factor - x;
    const factorLow = x - (factor - part) + (k - part);
    const product = hi * factor;
    const low = lostInProduct(hi, factor, product) + (hi * factorLow + lo * factor);
    hi = product + low;
    lo = low - (hi - product);
  }
  return { hi, lo };
}

export const PI: DoubleDouble = { hi: Math.PI, lo: 1.2246467991473532e-16 };
const LN2: DoubleDouble = { hi: Math.LN2, lo: 2.3190468138462996e-17 };

/** 2·artanh s for small s, by its series. */
function twiceArtanh(s: DoubleDouble, terms: number): DoubleDouble {
  const square = multiply(s, s);
  // Further terms are too small for their second halves to count.
  let sum = exactly(0);
  for (let k = terms; k >= 1; k--) sum = add(multiply(sum, square), divide(exactly(1), exactly(2 * k + 1)));
  return multiply(multiply(exactly(2), s), add(exactly(1), multiply(sum, square)));
}

const ONE = exactly(1);
const LEAST_64TH = 45;
/** log(j/64), j = 45 … 91. */
const logsOf64ths = Array.from({ length: 47 }, (_, i) =>
  twiceArtanh(divide(exactly(LEAST_64TH + i - 64), exactly(LEAST_64TH + i + 64)), 24),
);

const THIRD = divide(exactly(1), exactly(3));
const FIFTH = divide(exactly(1), exactly(5));

/** log x for x > 0, within 2⁻¹⁰⁰ of its size. */
export function log(x: DoubleDouble): DoubleDouble {
  if (x.hi < 2 ** -900) return subtract(log({ hi: x.hi * 2 ** 200, lo: x.lo * 2 ** 200 }), multiply(LN2, exactly(200)));
  if (x.hi >= 0.71 && x.hi <= 1.41) return logNearOne(x);
  const exponent = Math.floor(Math.log2(x.hi) + 0.5);
  const scale = 2 ** -exponent;
  return add(multiply(LN2, exactly(exponent)), logNearOne({ hi: x.hi * scale, lo: x.lo * scale }));
}

/** log m for √½ ≤ m ≤ √2. */
function logNearOne(m: DoubleDouble): DoubleDouble {
  const j = Math.round(m.hi * 64);
  const s = divide(add(m, exactly(-j / 64)), add(m, exactly(j / 64)));
  const square = multiply(s, s);
  const t = square.hi;
  const rest = t * t * t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t * (1 / 13 + t / 15))));
  const tail = add(multiply(square, add(THIRD, multiply(square, FIFTH))), exactly(rest));
  const near = multiply({ hi: 2 * s.hi, lo: 2 * s.lo }, add(ONE, tail));
  return j === 64 ? near : add(logsOf64ths[j - LEAST_64TH]!, near);
}

/** eˣ, within an ulp, for an exponent that is known better than to a double. */
export const exp = ({ hi, lo }: DoubleDouble): number => {
  const y = Math.exp(hi);
  return y === 0 || y === Infinity ? y : y + y * lo;
};
