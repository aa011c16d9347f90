/**
 * The truth evaluator (spec/numerics.md#truth): the exact value of an elementary function at any floats, to more than 40
 * digits, and from it the error of a result. It takes up to a millisecond a value: for judging, not for computing.
 */
import type { Decimal } from 'decimal.js';
import { type DType, finfo } from '../../reference/core/dtypes.ts';
import type { Params } from '../../reference/core/primitive.ts';
import { ulpSize } from '../../reference/transforms/rounding.ts';
import { arithmetic } from './decimal.ts';
import { FUNCTIONS } from './functions.ts';

/** Beyond e^±2000 no float is left; arguments of the hyperbolic functions there need not be looked at. */
const LARGEST_EXPONENT = 2000;
const EXPONENTIAL = new Set(['exp', 'exp2', 'expm1', 'sinh', 'cosh', 'tanh', 'logistic', 'erf', 'erfc']);
/** Periodic functions need as many more digits as their argument has before the point. */
const PERIODIC = new Set(['sin', 'cos', 'tan']);

/** Whether the evaluator knows the function. The special functions beyond erf and erfc it does not. */
export const hasTruth = (primitive: string): boolean =>
  primitive === 'integer_pow' || Object.hasOwn(FUNCTIONS, primitive);

/**
 * The value of a primitive at these numbers; null where it is not a finite number other than zero, or not known.
 *
 * @example truth('exp', [1])?.toFixed(40)   // '2.7182818284590452353602874713526624977572'
 */
export function truth(primitive: string, operands: readonly number[], params: Params = {}): Decimal | null {
  if (primitive === 'integer_pow') return truth('pow', [...operands, params['y'] as number]);
  const f = FUNCTIONS[primitive];
  if (f === undefined || !operands.every(Number.isFinite)) return null;
  const [x] = operands;
  if (EXPONENTIAL.has(primitive) && Math.abs(x!) > LARGEST_EXPONENT) return null;
  const extra = PERIODIC.has(primitive) ? Math.ceil(Math.max(0, Math.log10(Math.abs(x!)))) : 0;
  const value = f(...operands.map(arithmetic(extra).of));
  return value.isFinite() && !value.isZero() ? value : null;
}

/** How far a result is from a value, in units in the last place of the value. Infinity counts as the next number. */
export function truthError(got: number, value: Decimal, dtype: DType): number {
  if (Number.isNaN(got)) return Infinity;
  const { of } = arithmetic();
  const { max } = finfo(dtype);
  const limit = of(max).plus(of(ulpSize(max, dtype)));
  const clip = (v: Decimal): Decimal => (v.abs().greaterThan(limit) ? limit.times(v.isNegative() ? -1 : 1) : v);
  const unit = of(ulpSize(value.toNumber(), dtype));
  return clip(of(got)).minus(clip(value)).abs().div(unit).toNumber();
}
