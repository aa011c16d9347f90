/**
 * `etalon bench`: how long things take, and how that grows with their size.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { type Benchmark, measure, type Timing } from '../benches/benchmark.ts';
import { referenceBenchmarks } from '../benches/reference.ts';
import { packageManifest } from '../package.ts';
import { globMatcher } from '../programs/glob.ts';
import { counted } from '../report/words.ts';
import { UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, paintFor, reasonOf } from './io.ts';

export interface BenchFlags {
  readonly only?: readonly string[];
  readonly json?: string;
}

const REPETITIONS = 5;

/** What `--json` writes. */
export interface BenchReport {
  readonly etalon: string;
  readonly node: string;
  readonly machine: string;
  readonly timings: readonly Timing[];
}

/** @returns the exit status: also 0 where something takes longer than it may, since that is for the machine to explain */
export async function bench(
  io: Io,
  flags: BenchFlags,
  all: readonly Benchmark[] = referenceBenchmarks(),
): Promise<number> {
  const globs = flags.only ?? [];
  const only = globMatcher(globs);
  const chosen = all.filter((b) => only.matches(b.name));
  if (chosen.length === 0) throw new UsageError(`no benchmark matches ${globs.join(', ')}`);
  let stopped = false;
  const takeBack = io.onInterrupt(() => (stopped = true));
  const print = printer(io, chosen);
  const timings: Timing[] = [];
  try {
    for (const benchmark of chosen) {
      if (stopped) break;
      const timing = measure(benchmark, REPETITIONS);
      print(timing);
      timings.push(timing);
      await new Promise((done) => setImmediate(done)); // lets a signal in
    }
  } finally {
    takeBack();
  }
  const slow = timings.filter((t) => t.ms > t.limit);
  io.stdout.write(`${counted(timings.length, 'benchmark')}, ${slow.length || 'none'} over the limit\n`);
  if (flags.json !== undefined) write(io, flags.json, timings);
  return stopped ? EXIT.interrupted : EXIT.ok;
}

/** One line per benchmark as soon as it is known, in columns. */
function printer(io: Io, chosen: readonly Benchmark[]): (timing: Timing) => void {
  const paint = paintFor(io.stdout);
  const name = Math.max(...chosen.map((b) => b.name.length));
  const work = Math.max(...chosen.map((b) => b.work.length));
  const line = (a: string, b: string, time: string, growth: string, limit: string): string =>
    `${a.padEnd(name)}  ${b.padEnd(work)}  ${time.padStart(9)}  ${growth.padStart(9)}  ${limit.padStart(7)}\n`;
  io.stdout.write(paint('bold', line('benchmark', 'work', 'median', 'twice it', 'limit')));
  return (t) => {
    const text = line(t.name, t.work, `${t.ms.toFixed(1)} ms`, `× ${t.growth.toFixed(2)}`, `${t.limit} ms`);
    io.stdout.write(t.ms > t.limit ? paint('red', text) : text);
  };
}

function write(io: Io, path: string, timings: readonly Timing[]): void {
  const report: BenchReport = {
    etalon: packageManifest().version,
    node: process.versions.node,
    machine: `${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}`,
    timings,
  };
  try {
    writeFileSync(resolve(io.cwd, path), `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}
