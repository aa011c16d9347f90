/**
 * `etalon bench`: how long things take, and how that grows with their size.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { type Benchmark, measure, type Timing } from '../benches/benchmark.ts';
import { startJax } from '../benches/jax.ts';
import { referenceBenchmarks } from '../benches/reference.ts';
import { transformBenchmarks } from '../benches/transforms.ts';
import { packageManifest } from '../package.ts';
import { globMatcher } from '../programs/glob.ts';
import { counted } from '../report/words.ts';
import { CannotStartError, UsageError } from '../types.ts';
import { duration } from './tables.ts';
import { type Competition, type RaceReport, race, webgpu } from './bench-webgpu.ts';
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
  /** null: none was asked for, or it cannot start here. */
  readonly webgpu: RaceReport | null;
}

/** What there is to measure. */
export interface Suite {
  readonly benchmarks: readonly Benchmark[];
  readonly competition: Competition;
}

const everything = (): Suite => ({
  benchmarks: [...transformBenchmarks(), ...referenceBenchmarks()],
  competition: webgpu,
});

/**
 * @returns the exit status: also 0 where something takes longer than it may, since that is for the machine to explain; 1
 *   where what `wgsl` computes is wrong
 */
export async function bench(io: Io, flags: BenchFlags, suite: Suite = everything()): Promise<number> {
  const globs = flags.only ?? [];
  const only = globMatcher(globs);
  const chosen = suite.benchmarks.filter((b) => only.matches(b.name));
  const raced = suite.competition.rows.filter((row) => only.matches(row.name));
  if (chosen.length + raced.length === 0) throw new UsageError(`no benchmark matches ${globs.join(', ')}`);
  let stopped = false;
  const takeBack = io.onInterrupt(() => (stopped = true));
  const isStopped = (): boolean => stopped;
  try {
    const { timings, jax } = chosen.length > 0 ? await time(io, chosen, isStopped) : { timings: [], jax: null };
    const besides = raced.length > 0 && !stopped ? race(io, suite.competition, raced, isStopped) : null;
    const report = await besides?.catch((error: unknown) => {
      // Who asked for all is told of what there is.
      if (chosen.length === 0 || !(error instanceof CannotStartError)) throw error;
      io.stdout.write(`wgsl not measured: ${error.message}\n`);
      return null;
    });
    if (flags.json !== undefined) write(io, flags.json, { jax, timings, webgpu: report ?? null });
    if (stopped) return EXIT.interrupted;
    return report?.isWrong === true ? EXIT.fails : EXIT.ok;
  } finally {
    takeBack();
  }
}

/** Times one benchmark after the other, JAX beside it. */
async function time(
  io: Io,
  chosen: readonly Benchmark[],
  isStopped: () => boolean,
): Promise<Pick<BenchReport, 'timings' | 'jax'>> {
  const compared = chosen.some((b) => b.jax !== undefined);
  const jax = compared ? await startJax(io.env['ETALON_PYTHON'] ?? 'python3') : null;
  if (compared) io.stdout.write(jax === null ? 'jax: not installed\n' : `jax ${jax.version} measured beside\n`);
  const print = printer(io, chosen);
  const timings: Timing[] = [];
  try {
    for (const benchmark of chosen) {
      if (isStopped()) break;
      const timing = await measure(benchmark, jax?.time);
      print(timing);
      timings.push(timing);
    }
  } finally {
    jax?.close();
  }
  const slow = timings.filter((t) => t.ms > t.limit);
  io.stdout.write(`${counted(timings.length, 'benchmark')}, ${slow.length || 'none'} over the limit\n`);
  return { timings, jax: jax?.version ?? null };
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

function write(io: Io, path: string, measured: Pick<BenchReport, 'jax' | 'timings' | 'webgpu'>): void {
  const report: BenchReport = {
    etalon: packageManifest().version,
    node: process.versions.node,
    machine: `${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}`,
    ...measured,
  };
  try {
    writeFileSync(resolve(io.cwd, path), `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}
