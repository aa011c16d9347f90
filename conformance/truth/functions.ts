/**
 * Elementary functions to more than 40 digits. Each is put so that no digits cancel, on what decimal.js rounds correctly:
 * + − × ÷ √ ∛, exp, ln, and sin, cos and atan of moderate arguments.
 */
import type { Decimal } from 'decimal.js';
import { arithmetic } from './decimal.ts';

type Function = (...x: readonly Decimal[]) => Decimal;

/** x + x³·c₁ + x⁵·c₂ + … for small x: terms until they no longer count. */
function oddSeries(x: Decimal, ratio: (n: number) => number, divisor: (n: number) => number): Decimal {
  const square = x.times(x);
  let [power, sum] = [x, x];
  for (let n = 1; ; n++) {
    power = power.times(square).times(ratio(n));
    const next = sum.plus(power.div(divisor(n)));
    if (next.equals(sum)) return sum;
    sum = next;
  }
}

const isSmall = (x: Decimal): boolean => x.abs().lessThan(0.1);

/** artanh x for |x| < 1. */
const artanh = (x: Decimal): Decimal =>
  isSmall(x)
    ? oddSeries(
        x,
        () => 1,
        (n) => 2 * n + 1,
      )
    : x.plus(1).div(x.negated().plus(1)).ln().div(2);
const log1p = (x: Decimal): Decimal => (isSmall(x) ? artanh(x.div(x.plus(2))).times(2) : x.plus(1).ln());
const arctan = (x: Decimal): Decimal =>
  isSmall(x)
    ? oddSeries(
        x,
        () => -1,
        (n) => 2 * n + 1,
      )
    : x.atan();

function expm1(x: Decimal): Decimal {
  if (!isSmall(x)) return x.exp().minus(1);
  let [term, sum] = [x, x];
  for (let n = 2; ; n++) {
    term = term.times(x).div(n);
    const next = sum.plus(term);
    if (next.equals(sum)) return sum;
    sum = next;
  }
}

/** (1 − x)(1 + x) */
const oneMinusSquare = (x: Decimal): Decimal => x.negated().plus(1).times(x.plus(1));

const arsinh = (x: Decimal): Decimal => {
  const size = x.abs();
  const square = size.times(size);
  const log = log1p(size.plus(square.div(square.plus(1).sqrt().plus(1))));
  return x.isNegative() ? log.negated() : log;
};

const sinh = (x: Decimal): Decimal => {
  const e = expm1(x.abs());
  const half = e.plus(e.div(e.plus(1))).div(2);
  return x.isNegative() ? half.negated() : half;
};

/** For |x| ≤ 4 2/√π·e^(−x²)·Σ (2x²)ⁿ·x/(1·3·…·(2n + 1)), a sum of positive terms. */
function erf(x: Decimal): Decimal {
  if (x.greaterThan(4)) return erfc(x).negated().plus(1);
  if (x.lessThan(-4)) return erfc(x.negated()).minus(1);
  const square = x.times(x);
  const double = square.times(2);
  let [term, sum] = [x, x];
  for (let n = 1; ; n++) {
    term = term.times(double).div(2 * n + 1);
    const next = sum.plus(term);
    if (next.equals(sum)) break;
    sum = next;
  }
  return sum.times(square.negated().exp()).times(2).div(arithmetic().pi.sqrt());
}

/** For x > 4 the continued fraction of e^(x²)·erfc x·√π: 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), whose error is below e^(−4x√n). */
function erfc(x: Decimal): Decimal {
  if (x.lessThanOrEqualTo(4)) return erf(x).negated().plus(1);
  let f = x;
  for (let n = 300; n >= 1; n--) f = x.plus(f.pow(-1).times(n / 2));
  return x.times(x).negated().exp().div(f.times(arithmetic().pi.sqrt()));
}

/** The angle of (x, y) in the plane, y being the height. */
function atan2(y: Decimal, x: Decimal): Decimal {
  const { pi } = arithmetic();
  const size = y.abs();
  const steep = size.greaterThan(x.abs());
  const angle = steep ? pi.div(2).minus(arctan(x.div(size))) : arctan(size.div(x.abs()));
  const turned = !steep && x.isNegative() ? pi.minus(angle) : angle;
  return y.isNegative() ? turned.negated() : turned;
}

function pow(x: Decimal, y: Decimal): Decimal {
  const size = x.abs().ln().times(y).exp();
  return x.isNegative() && !y.mod(2).isZero() ? size.negated() : size;
}

/** Functions of finite numbers inside their domains. */
export const FUNCTIONS: Readonly<Record<string, Function>> = {
  sqrt: (x) => x.sqrt(),
  rsqrt: (x) => x.sqrt().pow(-1),
  cbrt: (x) => x.cbrt(),
  exp: (x) => x.exp(),
  exp2: (x) => arithmetic().of(2).ln().times(x).exp(),
  expm1: (x) => expm1(x),
  log: (x) => x.ln(),
  log1p: (x) => log1p(x),
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  tan: (x) => x.sin().div(x.cos()),
  asin: (x) => arctan(x.div(oneMinusSquare(x).sqrt().plus(1))).times(2),
  acos: (x) => atan2(oneMinusSquare(x).sqrt(), x),
  atan: (x) => arctan(x),
  atan2: (y, x) => atan2(y, x),
  sinh: (x) => sinh(x),
  cosh: (x) => {
    const e = x.exp();
    return e.plus(e.pow(-1)).div(2);
  },
  tanh: (x) => {
    const e = expm1(x.times(2));
    return e.div(e.plus(2));
  },
  asinh: (x) => arsinh(x),
  acosh: (x) => {
    const t = x.minus(1);
    return log1p(t.plus(t.times(t.plus(2)).sqrt()));
  },
  atanh: (x) => artanh(x),
  logistic: (x) => x.negated().exp().plus(1).pow(-1),
  erf: (x) => erf(x),
  erfc: (x) => erfc(x),
  pow: (x, y) => pow(x, y),
};
