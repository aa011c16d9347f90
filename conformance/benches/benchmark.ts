/**
 * How long something takes, and how that grows (spec/conformance.md#bench). Repetitions at one size and at twice the
 * size take turns, so that a slow moment of the machine befalls both, and medians are what is reported.
 */

export interface Benchmark {
  /** Who computes, what, in which dtype: `reference/exp/f32`. */
  readonly name: string;
  /** What is computed, in words. */
  readonly work: string;
  /** Milliseconds that it may take: slow must not mean useless. */
  readonly limit: number;
  /** Makes the inputs, of twice the size for `scale` 2; the result does the work once. */
  setup(scale: 1 | 2): () => void;
}

export interface Timing {
  readonly name: string;
  readonly work: string;
  /** Medians, in milliseconds. */
  readonly ms: number;
  readonly msOfDouble: number;
  /** How many times as long twice the size takes. */
  readonly growth: number;
  readonly limit: number;
  readonly repetitions: number;
}

export function measure(
  { name, work, limit, setup }: Benchmark,
  repetitions: number,
  now: () => number = () => performance.now(),
): Timing {
  const [once, twice] = [setup(1), setup(2)];
  const timeOf = (run: () => void): number => {
    const start = now();
    run();
    return now() - start;
  };
  once(); // compiles
  const times = Array.from({ length: repetitions }, () => [timeOf(once), timeOf(twice)] as const);
  const [ms, msOfDouble] = [median(times.map(([t]) => t)), median(times.map(([, t]) => t))];
  return { name, work, ms, msOfDouble, growth: msOfDouble / ms, limit, repetitions };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
