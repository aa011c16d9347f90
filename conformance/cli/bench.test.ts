import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Benchmark, measure, median } from '../benches/benchmark.ts';
import { referenceBenchmarks } from '../benches/reference.ts';
import { capture } from '../testing/capture.ts';
import { bench, type BenchReport } from './bench.ts';

/** Work that takes as many milliseconds as its size, by a clock of its own. */
function clocked(sizes: readonly number[]): { benchmark: Benchmark; now: () => number; log: number[] } {
  let time = 0;
  const log: number[] = [];
  const left = [...sizes];
  const setup = (scale: 1 | 2) => (): void => {
    log.push(scale);
    time += scale * (left.shift() ?? 1);
  };
  return { benchmark: { name: 'a/b/f32', work: 'ticks', limit: 5, setup }, now: () => time, log };
}

it('takes medians of repetitions in which the sizes take turns', () => {
  const { benchmark, now, log } = clocked([50, 3, 3, 90, 90, 4, 4]);
  const timing = measure(benchmark, 3, now);
  expect(log).toEqual([1, 1, 2, 1, 2, 1, 2]);
  expect(timing).toEqual({ name: 'a/b/f32', work: 'ticks', ms: 4, msOfDouble: 8, growth: 2, limit: 5, repetitions: 3 });
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});

it('prints a line per benchmark and writes JSON', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'etalon-bench-'));
  const { io, out } = capture({ cwd: folder });
  const some: Benchmark[] = ['a/x/f32', 'a/y/f32', 'b/x/f32'].map((name) => ({
    name,
    work: 'nothing',
    limit: 1000,
    setup: () => () => undefined,
  }));
  expect(await bench(io, { only: ['a/**'], json: 'times.json' }, some)).toBe(0);
  expect(out()).toMatch(/^benchmark +work +median +twice it +limit\na\/x\/f32 +nothing +[\d.]+ ms +× /);
  expect(out()).toContain('2 benchmarks, none over the limit\n');
  const report = JSON.parse(readFileSync(join(folder, 'times.json'), 'utf8')) as BenchReport;
  expect(report.timings.map((t) => t.name)).toEqual(['a/x/f32', 'a/y/f32']);
  await expect(bench(io, { only: ['c/*'] }, some)).rejects.toThrow('no benchmark matches c/*');
  await expect(bench(io, { json: 'none/times.json' }, some)).rejects.toThrow('cannot write none/times.json');
});

it('knows what the reference is asked for', () => {
  const all = referenceBenchmarks();
  const names = all.map((b) => b.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of [
    'reference/exp/f32',
    'reference/add/i8',
    'reference/dot_general/f32',
    'reference/conv_general_dilated/f32',
  ])
    expect(names).toContain(name);
});
