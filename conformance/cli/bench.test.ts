import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Benchmark, measure, median, type Rival } from '../benches/benchmark.ts';
import { startJax } from '../benches/jax.ts';
import { referenceBenchmarks } from '../benches/reference.ts';
import { transformBenchmarks } from '../benches/transforms.ts';
import { capture } from '../testing/capture.ts';
import { bench, type BenchReport, type Suite } from './bench.ts';

/** Work that takes as many milliseconds as its size, by a clock of its own. */
function clocked(sizes: readonly number[]): { benchmark: Benchmark; now: () => number; log: (number | string)[] } {
  let time = 0;
  const log: (number | string)[] = [];
  const left = [...sizes];
  const setup = (scale: 1 | 2) => (): void => {
    log.push(scale);
    time += scale * (left.shift() ?? 1);
  };
  return { benchmark: { name: 'a/b/f32', work: 'ticks', limit: 5, setup }, now: () => time, log };
}

/** A suite that opens no page. */
const local = (benchmarks: readonly Benchmark[]): Suite => ({
  benchmarks,
  competition: { rows: [], open: () => Promise.reject(new Error('no page')) },
});

it('takes medians of repetitions in which the sizes, and JAX, take turns', async () => {
  const { benchmark, now, log } = clocked([50, 3, 3, 90, 90, 4, 4]);
  const theirs = [7, 1, 2];
  const rival: Rival = (expression, calls) => {
    log.push(`${expression} × ${calls}`);
    return Promise.resolve(theirs.shift()!);
  };
  const timing = await measure({ ...benchmark, calls: 2, repetitions: 3, jax: 'f(x)' }, rival, now);
  expect(log).toEqual([1, 1, 2, 'f(x) × 2', 1, 2, 'f(x) × 2', 1, 2, 'f(x) × 2']);
  const { ms, msOfDouble, growth, repetitions, jax } = timing;
  expect({ ms, msOfDouble, growth, repetitions, jax }).toEqual({
    ms: 2,
    msOfDouble: 4,
    growth: 2,
    repetitions: 3,
    jax: 2,
  });
  expect((await measure({ ...benchmark, repetitions: 1 }, rival, now)).jax).toBeNull();
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
  expect(await bench(io, { only: ['a/**'], json: 'times.json' }, local(some))).toBe(0);
  expect(out()).toMatch(/^benchmark +work +median +twice it +limit +jax\na\/x\/f32 +nothing +[\d.]+ µs +× /);
  expect(out()).toContain('2 benchmarks, none over the limit\n');
  const report = JSON.parse(readFileSync(join(folder, 'times.json'), 'utf8')) as BenchReport;
  expect(report.timings.map((t) => t.name)).toEqual(['a/x/f32', 'a/y/f32']);
  await expect(bench(io, { only: ['c/*'] }, local(some))).rejects.toThrow('no benchmark matches c/*');
  await expect(bench(io, { json: 'none/times.json' }, local(some))).rejects.toThrow('cannot write none/times.json');
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

it('measures overheads, long programs and loops', () => {
  const all = transformBenchmarks();
  const names = all.map((b) => b.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of ['overhead/jit-cached', 'overhead/grad', 'deep/trace/100k', 'deep/grad/1k', 'loops/while-grad'])
    expect(names).toContain(name);
  const small = all.filter((b) => /^overhead\/vmap|1k$/.test(b.name));
  for (const benchmark of small) benchmark.setup(1)();
});

it('says so where JAX is not installed', async () => {
  const { io, out } = capture({ env: { ETALON_PYTHON: '/nowhere/python' } });
  const one: Benchmark = { name: 'a', work: 'nothing', limit: 1, jax: 'x', setup: () => () => undefined };
  expect(await bench(io, {}, local([one]))).toBe(0);
  expect(out()).toMatch(/^jax: not installed\nbenchmark/);
});

it('asks a process that answers line by line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'etalon-jax-'));
  const python = join(folder, 'python');
  writeFileSync(python, `#!/bin/sh\necho '"0.10"'\nwhile read line; do echo 2.5; done\n`, { mode: 0o755 });
  const jax = await startJax(python);
  expect(jax?.version).toBe('0.10');
  expect(await jax?.time('f(x)', 3)).toBe(2.5);
  jax?.close();
  expect(await jax?.time('f(x)', 3)).toBeNaN();
});
