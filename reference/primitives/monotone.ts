/** The error bound of results that grow with every element of the operands: extremes, order statistics, log-sum-exp. */
import { build, type HostArray, numbers } from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import { doubles } from './layout.ts';

type Evaluate = (x: HostArray) => HostArray;
type EvaluateAll = (xs: readonly HostArray[]) => HostArray;

/** The bound for one operand. */
export const monotoneBound = (x: Bounded, n: number, evaluate: Evaluate, largest: Evaluate): Bound | null =>
  jointlyMonotoneBound(
    [x],
    n,
    ([v]) => evaluate(v!),
    ([v]) => largest(v!),
  );

/**
 * The result lies between those of x − δ and of x + δ. `largest` gives for each result the largest variance of an element
 * that it depends on; of up to n elements the expected square of the largest deviation is below (1 + 2·ln n) times that.
 */
export function jointlyMonotoneBound(
  operands: readonly Bounded[],
  n: number,
  evaluate: EvaluateAll,
  largest: EvaluateAll,
): Bound | null {
  if (operands.every(({ bound }) => bound === null)) return null;
  const moved = ({ value, bound }: Bounded, sign: number): HostArray => {
    const data = doubles(value);
    return build('float64', value.shape, (i) => data[i]! + (bound === null ? 0 : sign * bound.worst[i]!));
  };
  const at = (sign: number): ArrayLike<number> => numbers(evaluate(operands.map((x) => moved(x, sign))));
  const [low, middle, high] = [at(-1), at(0), at(1)];
  const worst = Float64Array.from(middle, (y, i) => Math.max(distance(y, low[i]!), distance(high[i]!, y)));
  const variance = ({ value, bound }: Bounded): HostArray =>
    build('float64', value.shape, (i) => bound?.variance[i] ?? 0);
  const variances = numbers(largest(operands.map(variance)));
  const factor = 1 + 2 * Math.log(Math.max(n, 1));
  return { worst, variance: worst.map((w, i) => (w === 0 ? 0 : factor * variances[i]!)) };
}

/** Equal infinities are no distance apart; what NaN is apart from is unknown, but from NaN itself. */
export function distance(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  const d = Math.abs(a - b);
  return Number.isNaN(d) ? Infinity : d;
}
