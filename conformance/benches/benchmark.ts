/**
 * How long something takes, and how that grows (spec/conformance.md#bench). Repetitions at one size, at twice the size
 * and by JAX take turns, so that a slow moment of the machine befalls all, and medians are what is reported.
 */

export interface Benchmark {
  /** What is measured, in parts that a glob can choose: `reference/exp/f32`, `deep/grad/100k`. */
  readonly name: string;
  /** What is computed, in words. */
  readonly work: string;
  /** Milliseconds that it may take: slow must not mean useless. */
  readonly limit: number;
  /** How often one repetition does the work; limit and times are those of doing it once. Left out: 1. */
  readonly calls?: number;
  /** Left out: 5. */
  readonly repetitions?: number;
  /** The same work as a Python expression over the definitions in jax.ts. */
  readonly jax?: string;
  /** Makes the inputs, of twice the size for `scale` 2; the result is one repetition. */
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
  /** Median of JAX, in milliseconds; null: not measured. */
  readonly jax: number | null;
}

/** Milliseconds that somebody else takes, on average over `calls`. */
export type Rival = (expression: string, calls: number) => Promise<number>;

export async function measure(
  { name, work, limit, calls = 1, repetitions = 5, jax, setup }: Benchmark,
  rival: Rival | null = null,
  now: () => number = () => performance.now(),
): Promise<Timing> {
  const [once, twice] = [setup(1), setup(2)];
  const timeOf = (run: () => void): number => {
    const start = now();
    run();
    return (now() - start) / calls;
  };
  once(); // compiles
  const times: (readonly [once: number, twice: number])[] = [];
  const rivals: number[] = [];
  for (let r = 0; r < repetitions; r++) {
    times.push([timeOf(once), timeOf(twice)]);
    if (rival !== null && jax !== undefined) rivals.push(await rival(jax, calls));
    await new Promise((done) => setImmediate(done)); // lets signals and finalizers in
  }
  const [ms, msOfDouble] = [median(times.map(([t]) => t)), median(times.map(([, t]) => t))];
  const theirs = rivals.length === 0 ? null : median(rivals);
  return { name, work, ms, msOfDouble, growth: msOfDouble / ms, limit, repetitions, jax: theirs };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
