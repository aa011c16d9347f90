import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { geometricMean, ratioOf } from './ratios.ts';
import { type Contestant, PACE, takeTurns } from './turns.ts';

/** Contestants whose calls take so many milliseconds on a clock of their own, and waiting so many. */
function clocked(costs: readonly number[], waiting: number): { all: Contestant[]; now: () => number; log: number[] } {
  let time = 0;
  const log: number[] = [];
  const all = costs.map((cost, i) => ({
    call: () => void (time += cost),
    finish: () => {
      log.push(i);
      time += waiting;
      return Promise.resolve();
    },
  }));
  return { all, now: () => time, log };
}

describe('turns', () => {
  it('measure calls, whatever they cost, and waiting hardly counts', async () => {
    const cost = fc.integer({ min: 1, max: 20_000 }).map((n) => n / 4); // sums of such are exact
    await fc.assert(
      fc.asyncProperty(fc.array(cost, { minLength: 1, maxLength: 3 }), async (costs) => {
        const { all, now } = clocked(costs, 1);
        for (const [i, { ms, rounds, calls }] of (await takeTurns(all, PACE, now)).entries()) {
          expect(ms).toBe((calls * costs[i]! + 1) / calls);
          expect(calls * ms).toBeGreaterThanOrEqual(PACE.turn / 2);
          expect(rounds).toBeGreaterThanOrEqual(PACE.fewestRounds);
          expect(rounds).toBeLessThanOrEqual(PACE.mostRounds);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are taken by one after the other, in every round', async () => {
    const { all, now, log } = clocked([300, 300], 0);
    const times = await takeTurns(all, { ...PACE, mostRounds: 4 }, now);
    expect(times.map(({ rounds }) => rounds)).toEqual([4, 4]);
    expect(log).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  });

  it('are fewer where they are long', async () => {
    const { all, now } = clocked([4000, PACE.all], 0);
    expect(await takeTurns(all, PACE, now)).toEqual([
      { ms: 4000, calls: 1, rounds: PACE.fewestRounds },
      { ms: PACE.all, calls: 1, rounds: 1 },
    ]);
  });
});

it('ratios are above 1 where the other one takes longer', () => {
  const measured = (ms: number) => ({ ms, calls: 1, rounds: 3, dispatches: 1, error: 0 });
  const outcomes = { wgsl: measured(2), 'jax-js': measured(6), tfjs: { reason: 'cannot' } };
  expect([ratioOf(outcomes, 'jax-js'), ratioOf(outcomes, 'tfjs')]).toEqual([3, null]);
  fc.assert(
    fc.property(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 1, max: 5 }), (power, n) => {
      const mean = geometricMean(Array.from({ length: n }, () => 2 ** power));
      // n roundings of a sum of logarithms, which exp magnifies, and its own.
      const rounding = Number.EPSILON * ((n + 2) * Math.abs(power) + 2);
      expect(Math.abs(mean / 2 ** power - 1)).toBeLessThanOrEqual(rounding);
    }),
  );
});
