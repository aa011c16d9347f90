/** The error bound of results that grow with every element of the operand: extremes, order statistics, log-sum-exp. */
import { build, type HostArray, numbers } from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import { doubles } from './layout.ts';

type Evaluate = (x: HostArray) => HostArray;

/**
 * The result lies between those of x − δ and of x + δ. `largest` gives for each result the largest variance of an element
 * that it depends on; of up to n elements the expected square of the largest deviation is below (1 + 2·ln n) times that.
 */
export function monotoneBound(
  { value, bound }: Bounded,
  n: number,
  evaluate: Evaluate,
  largest: Evaluate,
): Bound | null {
  if (bound === null) return null;
  const data = doubles(value);
  const at = (sign: number): ArrayLike<number> =>
    numbers(evaluate(build('float64', value.shape, (i) => data[i]! + sign * bound.worst[i]!)));
  const [low, middle, high] = [at(-1), at(0), at(1)];
  const worst = Float64Array.from(middle, (y, i) => Math.max(distance(y, low[i]!), distance(high[i]!, y)));
  const variances = numbers(largest({ shape: value.shape, dtype: 'float64', data: bound.variance }));
  const factor = 1 + 2 * Math.log(Math.max(n, 1));
  return { worst, variance: worst.map((w, i) => (w === 0 ? 0 : factor * variances[i]!)) };
}

/** Equal infinities are no distance apart; what NaN is apart from is unknown, but from NaN itself. */
export function distance(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const d = Math.abs(a - b);
  return Number.isNaN(d) ? Infinity : d;
}
