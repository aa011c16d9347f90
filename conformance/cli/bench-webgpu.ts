/** The part of `etalon bench` that runs in a page: `wgsl` beside jax-js and TensorFlow.js on one GPU. */
import { openRace, type Race } from '../benches/webgpu/open.ts';
import type { ContenderName, Measured, Outcomes, Unmeasured } from '../benches/webgpu/page.ts';
import { geometricMean, isMeasured, ratioOf } from '../benches/webgpu/ratios.ts';
import { type Row, rows } from '../benches/webgpu/rows.ts';
import { PACE } from '../benches/webgpu/turns.ts';
import { counted } from '../report/words.ts';
import { type Io, paintFor } from './io.ts';
import { duration } from './tables.ts';

/** Rows of a competition, and where it takes place. */
export interface Competition {
  readonly rows: readonly Pick<Row, 'name' | 'work' | 'flops' | 'onGpu'>[];
  readonly open: () => Promise<Race>;
}
export const webgpu: Competition = { rows, open: openRace };

export interface RaceReport {
  readonly adapter: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly {
    readonly name: string;
    readonly work: string;
    /** Why it was left out. */
    readonly skipped?: string;
    readonly outcomes?: Outcomes;
  }[];
  /** How many times as long the others take, the geometric mean of all rows; null: there is no ratio. */
  readonly ratio: number | null;
  /** Whether results of `wgsl` are not what they should be. */
  readonly isWrong: boolean;
}

const OTHERS: readonly ContenderName[] = ['jax-js', 'tfjs'];

/** @throws CannotStartError, with what to install */
export async function race(
  io: Io,
  { open }: Competition,
  chosen: Competition['rows'],
  isStopped: () => boolean,
): Promise<RaceReport> {
  const arena = await open();
  try {
    const versions = Object.entries(arena.versions).map(([name, version]) => `${name} ${version}`);
    io.stdout.write(`wgsl on ${arena.adapter}${arena.cpu ? ' (a CPU)' : ''}, beside ${versions.join(', ')}\n`);
    const print = printer(io, chosen);
    const measured: RaceReport['rows'][number][] = [];
    for (const row of chosen) {
      if (isStopped()) break;
      const { name, work } = row;
      if (row.onGpu && arena.cpu) {
        const skipped = 'only on GPUs';
        io.stdout.write(`${name}: skipped, ${skipped}\n`);
        measured.push({ name, work, skipped });
        continue;
      }
      const outcomes = await arena.run(name, PACE);
      print(row, outcomes);
      measured.push({ name, work, outcomes });
    }
    const all = measured.flatMap(({ outcomes }) => (outcomes === undefined ? [] : [outcomes]));
    summarize(io, all);
    const ratios = OTHERS.flatMap((other) => ratiosTo(all, other));
    return {
      adapter: arena.adapter,
      versions: arena.versions,
      rows: measured,
      ratio: ratios.length > 0 ? geometricMean(ratios) : null,
      isWrong: all.some(({ wgsl }) => !isMeasured(wgsl)),
    };
  } finally {
    arena.close();
  }
}

const ratiosTo = (all: readonly Outcomes[], other: ContenderName): readonly number[] =>
  all.map((outcomes) => ratioOf(outcomes, other)).filter((ratio) => ratio !== null);

/** A line per row, in columns, and one for each library that has no time, with its reason. */
function printer(io: Io, chosen: Competition['rows']): (row: Competition['rows'][number], outcomes: Outcomes) => void {
  const paint = paintFor(io.stdout);
  const name = Math.max(...chosen.map((row) => row.name.length));
  const work = Math.max(...chosen.map((row) => row.work.length));
  const line = (a: string, b: string, ...columns: readonly string[]): string =>
    `${a.padEnd(name)}  ${b.padEnd(work)}  ${columns.map((c) => c.padStart(9)).join('  ')}\n`;
  const heads = ['wgsl', ...OTHERS.flatMap((other) => [other, 'ratio']), 'dispatches'];
  io.stdout.write(paint('bold', line('benchmark', 'work', ...heads)));
  const time = (outcome: Measured | Unmeasured): string => (isMeasured(outcome) ? duration(outcome.ms, 2) : '–');
  const dispatches = (outcome: Measured | Unmeasured): string =>
    isMeasured(outcome) ? String(outcome.dispatches) : '–';
  return (row, outcomes) => {
    const ratios = OTHERS.map((other) => ratioOf(outcomes, other));
    const columns = OTHERS.flatMap((other, i) => [time(outcomes[other]), ratios[i]?.toFixed(2) ?? '']);
    const counts = ['wgsl' as const, ...OTHERS].map((each) => dispatches(outcomes[each])).join(' : ');
    const text = line(row.name, row.work, time(outcomes.wgsl), ...columns, counts);
    io.stdout.write(ratios.some((ratio) => ratio !== null && ratio < 1) ? paint('red', text) : text);
    if (row.flops !== undefined) io.stdout.write(rates(outcomes, row.flops));
    for (const [each, outcome] of Object.entries(outcomes) as [ContenderName, Measured | Unmeasured][])
      if (!isMeasured(outcome)) io.stdout.write(`  ${each}: ${outcome.reason}\n`);
  };
}

/** Floating-point operations in a nanosecond. */
function rates(outcomes: Outcomes, flops: number): string {
  const each = Object.entries(outcomes).flatMap(([name, outcome]) =>
    isMeasured(outcome) ? [`${name} ${(flops / outcome.ms / 1e6).toPrecision(3)}`] : [],
  );
  return `  GFLOP/s: ${each.join(', ')}\n`;
}

function summarize(io: Io, all: readonly Outcomes[]): void {
  const means = OTHERS.flatMap((other) => {
    const ratios = ratiosTo(all, other);
    return ratios.length === 0 ? [] : [`${geometricMean(ratios).toFixed(2)} for ${other}`];
  });
  const ratios = OTHERS.flatMap((other) => ratiosTo(all, other));
  if (ratios.length === 0) return;
  const behind = ratios.filter((ratio) => ratio < 1).length;
  io.stdout.write(
    `${counted(ratios.length, 'ratio')}, geometric mean ${geometricMean(ratios).toFixed(2)} (${means.join(', ')}), ${behind || 'none'} below 1\n`,
  );
}
