/** Decimal arithmetic for the truth evaluator: 80 digits, more where an argument's own size asks for them. */
import { Decimal } from 'decimal.js';

const DIGITS = 80;

export interface Arithmetic {
  /** A double, exactly. */
  readonly of: (x: number) => Decimal;
  readonly pi: Decimal;
}

const made = new Map<number, Arithmetic>();

/** Arithmetic with so many digits beyond the usual ones. */
export function arithmetic(extra: number = 0): Arithmetic {
  const found = made.get(extra);
  if (found !== undefined) return found;
  const D = Decimal.clone({ precision: DIGITS + extra, minE: -9e15, maxE: 9e15, modulo: Decimal.ROUND_HALF_EVEN });
  const result = { of: (x: number) => exactDecimal(D, x), pi: D.acos(-1) };
  made.set(extra, result);
  return result;
}

const view = new DataView(new ArrayBuffer(8));

/** `new Decimal(x)` would take the shortest decimal that rounds to x: this is x itself, from its significand and exponent. */
function exactDecimal(D: typeof Decimal, x: number): Decimal {
  if (!Number.isFinite(x)) return new D(x);
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const significand = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const size = new D(String(significand)).times(new D(2).pow(Math.max(exponent, 1) - 1075));
  return x < 0 || Object.is(x, -0) ? size.negated() : size;
}
