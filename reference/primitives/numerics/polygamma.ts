/** The derivatives of the digamma function, by the Hurwitz zeta function (DLMF 25.11.12). */
import { type DoubleDouble, exactly, exp, log, multiply, subtract } from './double-double.ts';
import { digammaOf, logGamma } from './gamma.ts';
import { eulerMaclaurin, isEven, isFar, nearTerms, sumOfTerms, zetaOf } from './zeta.ts';

const logFactorials = Array.from({ length: 32 }, (_, m) => logGamma(m + 1));
const logFactorial = (m: number): DoubleDouble => logFactorials[m] ?? logGamma(m + 1);

/** ψ⁽ᵐ⁾(x) = (−1)^(m+1) m!·ζ(m + 1, x): m! and x^−m together, as either may leave the range. */
export function polygammaOf(m: number, x: number): number {
  if (m === 0) return digammaOf(x);
  if (!(m > 0) || !Number.isInteger(m) || Number.isNaN(x)) return NaN;
  const sign = isEven(m) ? -1 : 1;
  if (x === Infinity) return sign * 0;
  // In the middle of two integers the even derivatives of the cotangent, by which they differ, vanish.
  if (x < 0 && isEven(m) && x - Math.floor(x) === 0.5) return polygammaOf(m, 1 - x);
  if (!(x > 0)) return sign * exp(logFactorial(m)) * zetaOf(m + 1, x, !isEven(m));
  const logPower = (power: number): DoubleDouble => multiply(exactly(power), log(exactly(x)));
  if (isFar(m + 1, x)) return sign * exp(subtract(logFactorial(m - 1), logPower(m))) * eulerMaclaurin(m + 1, x);
  // In units of the first term.
  const term = (n: number): number => Math.exp(-(m + 1) * Math.log1p(n / x));
  const count = nearTerms(m + 1, x);
  const rest = term(count) * ((x + count) / m) * eulerMaclaurin(m + 1, x + count);
  return sign * exp(subtract(logFactorial(m), logPower(m + 1))) * sumOfTerms(rest, count, term);
}
