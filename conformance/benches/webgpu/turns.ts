/**
 * Timing several libraries at the same work. They take turns, so that a slow moment of the machine befalls all; each turn
 * is so many calls that waiting for the device at its end hardly counts.
 */
import { median } from '../benchmark.ts';

export interface Contestant {
  /** Does the work once, or hands it to a queue. */
  call(): void;
  /** Hands over what waits to be, and waits until all of it is done. */
  finish(): Promise<void>;
}

export interface Times {
  /** Median over the rounds, in milliseconds for one call. */
  readonly ms: number;
  /** Calls of a turn. */
  readonly calls: number;
  readonly rounds: number;
}

export interface Pace {
  /** Milliseconds of a turn. */
  readonly turn: number;
  /** Milliseconds that all rounds together should keep to; whoever takes as long for one turn has no other. */
  readonly all: number;
  readonly fewestRounds: number;
  readonly mostRounds: number;
}

export const PACE: Pace = { turn: 200, all: 10_000, fewestRounds: 3, mostRounds: 11 };

const MOST_CALLS = 2000;

/**
 * Times contestants that have done the work before: what is compiled then is.
 * @returns the times of each, after rounds whose number depends on how long they take
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  { turn, all, fewestRounds, mostRounds }: Pace = PACE,
  now: () => number = () => performance.now(),
): Promise<readonly Times[]> {
  const timeOf = async ({ call, finish }: Contestant, calls: number): Promise<number> => {
    const start = now();
    for (let i = 0; i < calls; i++) call();
    await finish();
    return now() - start;
  };
  // The first round also finds how many calls are long enough.
  const turns: { readonly calls: number; readonly times: number[] }[] = [];
  for (const contestant of contestants) {
    let [calls, ms] = [1, await timeOf(contestant, 1)];
    while (ms < turn / 2 && calls < MOST_CALLS) {
      calls = Math.min(MOST_CALLS, Math.ceil(calls * Math.min(10, Math.max(2, turn / ms))));
      ms = await timeOf(contestant, calls);
    }
    turns.push({ calls, times: [ms] });
  }
  const round = turns.reduce((sum, { times }) => sum + times[0]!, 0);
  const rounds = Math.min(mostRounds, Math.max(fewestRounds, Math.floor(all / round)));
  for (let r = 1; r < rounds; r++)
    for (const [i, { calls, times }] of turns.entries())
      if (times[0]! < all) times.push(await timeOf(contestants[i]!, calls));
  return turns.map(({ calls, times }) => ({ ms: median(times) / calls, calls, rounds: times.length }));
}
