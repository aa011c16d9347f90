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

/** a + b where |a| ≥ |b|. */
function quickSum(a: number, b: number): DoubleDouble {
  const hi = a + b;
  return { hi, lo: b - (hi - a) };
}

/** a·b without an error (Dekker, with Veltkamp's splitting). */
export function twoProduct(a: number, b: number): DoubleDouble {
  const hi = a * b;
  const [s, t] = [134217729 * a, 134217729 * b];
  const [a1, b1] = [s - (s - a), t - (t - b)];
  const [a2, b2] = [a - a1, b - b1];
  return { hi, lo: a1 * b1 - hi + a1 * b2 + a2 * b1 + a2 * b2 };
}

/** Within 2⁻¹⁰⁵ of |x| + |y|. */
export function add(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const { hi, lo } = twoSum(x.hi, y.hi);
  return quickSum(hi, lo + (x.lo + y.lo));
}

export const negative = ({ hi, lo }: DoubleDouble): DoubleDouble => ({ hi: -hi, lo: -lo });
export const subtract = (x: DoubleDouble, y: DoubleDouble): DoubleDouble => add(x, negative(y));

export function multiply(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const product = twoProduct(x.hi, y.hi);
  return quickSum(product.hi, product.lo + (x.hi * y.lo + x.lo * y.hi));
}

export function divide(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const first = x.hi / y.hi;
  const rest = subtract(x, multiply(y, exactly(first)));
  const second = rest.hi / y.hi;
  const last = subtract(rest, multiply(y, exactly(second))).hi / y.hi;
  return add(quickSum(first, second), exactly(last));
}

/** c₀ + c₁x + c₂x² + … */
export function polynomial(x: DoubleDouble, coefficients: readonly DoubleDouble[]): DoubleDouble {
  let y = exactly(0);
  for (let i = coefficients.length - 1; i >= 0; i--) y = add(multiply(y, x), coefficients[i]!);
  return y;
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

/** log(j/64), j = 45 … 91. */
const tabulated = new Map<number, DoubleDouble>();
function logOf64th(j: number): DoubleDouble {
  let log = tabulated.get(j);
  if (log === undefined) {
    log = twiceArtanh(divide(exactly(j - 64), exactly(j + 64)), 24);
    tabulated.set(j, log);
  }
  return log;
}

const THIRD = divide(exactly(1), exactly(3));
const FIFTH = divide(exactly(1), exactly(5));

/** log x for x > 0, within 2⁻¹⁰² of its size. */
export function log(x: DoubleDouble): DoubleDouble {
  let { hi, lo } = x;
  let exponent = 0;
  if (hi < 2 ** -900) [hi, lo, exponent] = [hi * 2 ** 200, lo * 2 ** 200, -200];
  const step = Math.floor(Math.log2(hi) + 0.5);
  const scale = 2 ** -step;
  const m = { hi: hi * scale, lo: lo * scale };
  exponent += step;
  const c = Math.round(m.hi * 64) / 64;
  const s = divide(add(m, exactly(-c)), add(m, exactly(c)));
  const square = multiply(s, s);
  const t = square.hi;
  const rest = t * t * t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t * (1 / 13 + t / 15))));
  const tail = add(multiply(square, add(THIRD, multiply(square, FIFTH))), exactly(rest));
  const near = multiply({ hi: 2 * s.hi, lo: 2 * s.lo }, add(exactly(1), tail));
  const whole = c === 1 ? near : add(logOf64th(c * 64), near);
  return exponent === 0 ? whole : add(multiply(LN2, exactly(exponent)), whole);
}

/** eˣ, within an ulp, for an exponent that is known better than to a double. */
export const exp = ({ hi, lo }: DoubleDouble): number => {
  const y = Math.exp(hi);
  return y === 0 || y === Infinity ? y : y + y * lo;
};
