/**
 * `etalon bench`: how long things take, and how that grows with their size.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { type Benchmark, measure, type Timing } from '../benches/benchmark.ts';
import { type Jax, startJax } from '../benches/jax.ts';
import { referenceBenchmarks } from '../benches/reference.ts';
import { transformBenchmarks } from '../benches/transforms.ts';
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

/** What `--json` writes. */
export interface BenchReport {
  readonly etalon: string;
  readonly node: string;
  readonly machine: string;
  /** The version of the JAX that was measured beside; null: Python, or JAX, is not installed, or has no part in these. */
  readonly jax: string | null;
  readonly timings: readonly Timing[];
}

/** @returns the exit status: also 0 where something takes longer than it may, since that is for the machine to explain */
export async function bench(
  io: Io,
  flags: BenchFlags,
  all: readonly Benchmark[] = [...transformBenchmarks(), ...referenceBenchmarks()],
): Promise<number> {
  const globs = flags.only ?? [];
  const only = globMatcher(globs);
  const chosen = all.filter((b) => only.matches(b.name));
  if (chosen.length === 0) throw new UsageError(`no benchmark matches ${globs.join(', ')}`);
  let stopped = false;
  const takeBack = io.onInterrupt(() => (stopped = true));
  const compared = chosen.some((b) => b.jax !== undefined);
  const jax = compared ? await startJax(io.env['ETALON_PYTHON'] ?? 'python3') : null;
  if (compared) io.stdout.write(jax === null ? 'jax: not installed\n' : `jax ${jax.version} measured beside\n`);
  const print = printer(io, chosen);
  const timings: Timing[] = [];
  try {
    for (const benchmark of chosen) {
      if (stopped) break;
      const timing = await measure(benchmark, jax?.time);
      print(timing);
      timings.push(timing);
    }
  } finally {
    jax?.close();
    takeBack();
  }
  const slow = timings.filter((t) => t.ms > t.limit);
  io.stdout.write(`${counted(timings.length, 'benchmark')}, ${slow.length || 'none'} over the limit\n`);
  if (flags.json !== undefined) write(io, flags.json, timings, jax);
  return stopped ? EXIT.interrupted : EXIT.ok;
}

/** One line per benchmark as soon as it is known, in columns. */
function printer(io: Io, chosen: readonly Benchmark[]): (timing: Timing) => void {
  const paint = paintFor(io.stdout);
  const name = Math.max(...chosen.map((b) => b.name.length));
  const work = Math.max(...chosen.map((b) => b.work.length));
  const line = (a: string, b: string, ...columns: readonly string[]): string =>
    `${a.padEnd(name)}  ${b.padEnd(work)}  ${columns.map((c) => c.padStart(9)).join('  ')}\n`;
  io.stdout.write(paint('bold', line('benchmark', 'work', 'median', 'twice it', 'limit', 'jax')));
  return (t) => {
    const jax = t.jax === null ? '' : duration(t.jax, 1);
    const text = line(t.name, t.work, duration(t.ms, 1), `× ${t.growth.toFixed(2)}`, duration(t.limit, 0), jax);
    io.stdout.write(t.ms > t.limit ? paint('red', text) : text);
  };
}

/** Below a millisecond in microseconds. */
const duration = (ms: number, digits: number): string =>
  ms < 1 ? `${(ms * 1000).toFixed(digits)} µs` : `${ms.toFixed(digits)} ms`;

function write(io: Io, path: string, timings: readonly Timing[], jax: Jax | null): void {
  const report: BenchReport = {
    etalon: packageManifest().version,
    node: process.versions.node,
    machine: `${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}`,
    jax: jax?.version ?? null,
    timings,
  };
  try {
    writeFileSync(resolve(io.cwd, path), `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}
