import { expect, it } from 'vitest';
import { openRace, type Race } from '../benches/webgpu/open.ts';
import type { Measured, Outcomes } from '../benches/webgpu/page.ts';
import { capture } from '../testing/capture.ts';
import { CannotStartError } from '../types.ts';
import { bench } from './bench.ts';
import type { Competition } from './bench-webgpu.ts';

const measured = (ms: number, dispatches: number): Measured => ({ ms, calls: 1, rounds: 3, dispatches, error: 0.5 });
const fast: Outcomes = { wgsl: measured(1, 1), 'jax-js': measured(2, 3), tfjs: measured(8, 4) };

/** Rows that have these outcomes. */
const held = (outcomes: Readonly<Record<string, Outcomes>>, cpu: boolean = true): Competition => ({
  rows: [
    ...Object.keys(outcomes).map((name) => ({ name, work: 'something', flops: 4e6 })),
    { name: 'wgsl/large', work: 'much', onGpu: true },
  ],
  open: () =>
    Promise.resolve({
      adapter: 'swiftshader',
      cpu,
      versions: { '@jax-js/jax': '0.1' },
      run: (name) => Promise.resolve(outcomes[name] ?? fast),
      close: () => undefined,
    } satisfies Race),
});

it('prints times, ratios, dispatches and their mean', async () => {
  const { io, out } = capture();
  const slower: Outcomes = { ...fast, 'jax-js': measured(0.5, 1), tfjs: { reason: 'it has none' } };
  const competition = held({ 'wgsl/a': fast, 'wgsl/b': slower });
  expect(await bench(io, { only: ['wgsl/*'] }, { benchmarks: [], competition })).toBe(0);
  expect(
    out()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ')),
  ).toEqual([
    'wgsl on swiftshader (a CPU), beside @jax-js/jax 0.1',
    'benchmark work wgsl jax-js ratio tfjs ratio dispatches',
    'wgsl/a something 1.00 ms 2.00 ms 2.00 8.00 ms 8.00 1 : 3 : 4',
    ' GFLOP/s: wgsl 4.00, jax-js 2.00, tfjs 0.500',
    'wgsl/b something 1.00 ms 500.00 µs 0.50 – 1 : 1 : –',
    ' GFLOP/s: wgsl 4.00, jax-js 8.00',
    ' tfjs: it has none',
    'wgsl/large: skipped, only on GPUs',
    '3 ratios, geometric mean 2.00 (1.00 for jax-js, 8.00 for tfjs), 1 below 1',
    '',
  ]);
});

it('measures the largest on GPUs, and fails where wgsl is wrong', async () => {
  const { io, out } = capture();
  const competition = held({ 'wgsl/a': { ...fast, wgsl: { reason: 'wrong: off by 7 times' } } }, false);
  expect(await bench(io, {}, { benchmarks: [], competition })).toBe(1);
  expect(out()).toMatch(/wgsl\/large +much +1\.00 ms/);
  expect(out()).toContain('wgsl: wrong: off by 7 times\n');
});

it('says what to install, and goes on where more was asked for', async () => {
  const open = (): Promise<Race> => Promise.reject(new CannotStartError('npm install it'));
  const competition = { ...held({ 'wgsl/a': fast }), open };
  const { io, out } = capture();
  await expect(bench(io, {}, { benchmarks: [], competition })).rejects.toThrow('npm install it');
  const one = { name: 'a', work: 'nothing', limit: 1, setup: () => () => undefined };
  expect(await bench(io, {}, { benchmarks: [one], competition })).toBe(0);
  expect(out()).toContain('wgsl not measured: npm install it\n');
});

const opened = await openRace().catch((error: unknown) => {
  if (error instanceof CannotStartError) return error;
  throw error;
});

it.skipIf(opened instanceof CannotStartError)(
  'runs a row in Chromium (skipped where it cannot start)',
  async () => {
    const race = opened as Race;
    const pace = { turn: 1, all: 1, fewestRounds: 1, mostRounds: 1 };
    const outcomes = await race.run('wgsl/matmul-256', pace).finally(() => race.close());
    for (const outcome of Object.values(outcomes)) {
      expect(outcome).toMatchObject({ rounds: 1 });
      expect((outcome as Measured).error).toBeLessThanOrEqual(1);
      expect((outcome as Measured).dispatches).toBeGreaterThan(0);
    }
    expect(race.versions['@jax-js/jax']).toMatch(/^\d/);
  },
  60_000,
);
