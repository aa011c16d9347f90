/**
 * Running sums of exponentials and their logarithms (spec/primitives/cumulative.md#cumlogsumexp): values, error bounds and
 * accuracy. `n` is the length of the rows that follow one another.
 */
import { finfo, isComplex } from '../../core/dtypes.ts';
import {
  buildElements,
  type Complex,
  complexes,
  type Element,
  elements,
  type HostArray,
  numbers,
  sizeOf,
} from '../../core/host.ts';
import type { Bound } from '../../core/primitive.ts';

/** Σ exp(x) of the elements up to a place as exp(largest)·sum. */
interface Sums {
  readonly largest: number;
  readonly sum: Complex;
  /** Σ |exp(x − largest)|. */
  readonly size: number;
}

/** exp(x) added to sums. What has the real part −∞ adds nothing, whatever its imaginary part is. */
function added({ largest, sum, size }: Sums, { re, im }: Complex): Sums {
  if (re === -Infinity) return { largest, sum, size };
  const grows = re > largest;
  const keep = grows ? Math.exp(largest - re) : 1;
  const weight = grows || re === largest ? 1 : Math.exp(re - largest);
  return {
    largest: grows ? re : largest,
    sum: { re: keep * sum.re + weight * Math.cos(im), im: keep * sum.im + weight * Math.sin(im) },
    size: keep * size + weight,
  };
}
const NOTHING: Sums = { largest: -Infinity, sum: { re: 0, im: 0 }, size: 0 };

/** Visits the sums at every place. */
function forEachSum(rows: HostArray, n: number, visit: (i: number, sums: Sums) => void): void {
  const at = complexes(rows);
  let sums = NOTHING;
  for (let i = 0; i < sizeOf(rows.shape); i++) visit(i, (sums = added(i % n === 0 ? NOTHING : sums, at(i))));
}

const modulus = ({ re, im }: Complex): number => Math.hypot(re, im);
const logOf = ({ largest, sum }: Sums): Complex => ({
  re: largest + Math.log(modulus(sum)),
  im: Math.atan2(sum.im, sum.re),
});

/** log Σ exp, rounded once; the imaginary part in (−π, π]. */
export function logSums(rows: HostArray, n: number): HostArray {
  if (!isComplex(rows.dtype)) return realLogSums(rows, n);
  const results: Complex[] = [];
  forEachSum(rows, n, (_, sums) => results.push(logOf(sums)));
  return buildElements(rows.dtype, rows.shape, (i) => results[i]!);
}

/** The largest element m so far, and the sum of exp(x − m) over all others: the sum is 1 + that. */
function realLogSums(rows: HostArray, n: number): HostArray {
  const at = elements(rows);
  let [m, others] = [-Infinity, 0];
  return buildElements(rows.dtype, rows.shape, (i): Element => {
    if (i % n === 0) [m, others] = [-Infinity, 0];
    const x = at(i) as number;
    if (x > m) [m, others] = [x, m === -Infinity ? others : (1 + others) * Math.exp(m - x)];
    else if (x !== -Infinity) others += x === m ? 1 : Math.exp(x - m);
    return m + Math.log1p(others);
  });
}

/**
 * The bound of complex results: of s = Σ exp(x) the sum is off by at most ε = Σ |exp x|·(exp δ − 1), and its logarithm by
 * −log(1 − ε/|s|). Across the cut of the logarithm, where the imaginary part jumps, nothing is known.
 */
export function complexLogSumBound(rows: HostArray, n: number, { worst, variance }: Bound): Bound {
  const at = complexes(rows);
  const result = { worst: new Float64Array(worst.length), variance: new Float64Array(worst.length) };
  let [error, spread, largest] = [0, 0, -Infinity];
  forEachSum(rows, n, (i, sums) => {
    if (i % n === 0) [error, spread, largest] = [0, 0, -Infinity];
    const shrink = largest === sums.largest ? 1 : Math.exp(largest - sums.largest);
    const weight = at(i).re === -Infinity ? 0 : Math.exp(at(i).re - sums.largest);
    error = times(error, shrink) + times(Math.expm1(worst[i]!), weight);
    spread = times(spread, shrink ** 2) + times(variance[i]!, weight ** 2);
    largest = sums.largest;
    if (error === 0) return;
    const size = modulus(sums.sum);
    const moved = error < size ? -Math.log1p(-error / size) : Infinity;
    const known = Math.abs(logOf(sums).im) + moved < Math.PI;
    result.worst[i] = known ? moved : Infinity;
    result.variance[i] = known ? spread / size ** 2 : Infinity;
  });
  return result;
}
/** Products of bounds: nothing times an infinity is nothing. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

/**
 * What one rounding unit per step is relative to (spec/primitives/cumulative.md#cumlogsumexp). The size of a NaN or an
 * infinity grants nothing; near the cut of the logarithm either side of it is right.
 */
export function logSumMagnitude(rows: HostArray, n: number): Float64Array {
  const result = new Float64Array(sizeOf(rows.shape));
  const constant = Math.log(Math.max(n, 1)) + 10;
  if (!isComplex(rows.dtype)) {
    const y = elements(realLogSums({ ...rows, dtype: 'float64', data: Float64Array.from(numbers(rows)) }, n)) as (
      i: number,
    ) => number;
    return result.map((_, i) => (Number.isFinite(y(i)) ? Math.abs(y(i)) + constant : 0));
  }
  const u = finfo(rows.dtype).unitRoundoff;
  forEachSum(rows, n, (i, sums) => {
    const { re, im } = logOf(sums);
    if (Number.isNaN(re) || Number.isNaN(im) || Math.abs(sums.largest) === Infinity) return;
    const cancelled = sums.size / modulus(sums.sum);
    const magnitude = (Math.abs(sums.largest) + Math.PI + constant) * cancelled;
    result[i] = Math.abs(im) + 2 * n * u * magnitude < Math.PI ? magnitude : Infinity;
  });
  return result;
}
