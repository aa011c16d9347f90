/** The reports of a run's shards as one report of the whole (`etalon report merge`). */
import { mergedCoverage } from '../coverage.ts';
import { mergedSharpness } from '../sharpness.ts';
import {
  type CasesByLaw,
  type Cell,
  type DeclaredGap,
  GROUPS,
  type LawName,
  type MeasuredAccuracy,
  type Report,
  UsageError,
} from '../types.ts';
import { addTo, type Histogram } from '../ulp.ts';
import { quantilesOf, statusOf, verdictOf } from '../verdict.ts';

/** What the shards of one run have in common. */
const COMMON = ['level', 'seed', 'casesPerCell', 'only', 'require', 'versions', 'backend'] as const;

const SLOWEST = 5;

/** @throws UsageError unless the reports are all shards of one run, once each */
export function mergeReports(reports: readonly Report[]): Report {
  checkShards(reports);
  const [first] = reports as [Report, ...Report[]];
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const groups = GROUPS.map((group) => {
    const count = (key: 'cases' | 'ok' | 'wrong' | 'gaps'): number =>
      sum((r) => r.groups.find((g) => g.group === group)?.[key] ?? 0);
    return { group, cases: count('cases'), ok: count('ok'), wrong: count('wrong'), gaps: count('gaps') };
  });
  const cells = together(reports.flatMap((r) => r.cells), cellKey, mergedCell); // prettier-ignore
  const failures = reports.flatMap((r) => r.failures);
  const requiredGaps = reports.flatMap((r) => r.verdict.requiredGaps);
  const interrupted = reports.some((r) => r.verdict.kind === 'interrupted');
  const wrong = failures.length;
  return {
    ...first,
    shard: null,
    started: reports.map((r) => r.started).sort()[0]!,
    verdict: verdictOf({ name: first.backend.name, groups, cells, wrong, requiredGaps, interrupted }),
    groups,
    cells,
    failures,
    gaps: together(reports.flatMap((r) => r.gaps), (g) => `${g.primitive}\n${g.reason}`, mergedGap), // prettier-ignore
    accuracy: together(reports.flatMap((r) => r.accuracy), (a) => `${a.primitive}/${a.dtype}/${a.unit}`, mergedAccuracy), // prettier-ignore
    coverage: mergedCoverage(reports.map((r) => r.coverage)),
    sharpness: mergedSharpness(reports.flatMap((r) => r.sharpness ?? [])),
    uncompared: { elements: sum((r) => r.uncompared.elements), of: sum((r) => r.uncompared.of) },
    restarts: sum((r) => r.restarts),
    timings: {
      startup: sum((r) => r.timings.startup),
      cases: sum((r) => r.timings.cases),
      shrinking: sum((r) => r.timings.shrinking),
      total: sum((r) => r.timings.total),
      slowest: reports
        .flatMap((r) => r.timings.slowest)
        .sort((a, b) => b.milliseconds - a.milliseconds)
        .slice(0, SLOWEST),
    },
  };
}

function checkShards(reports: readonly Report[]): void {
  const [first] = reports;
  if (first === undefined) throw new UsageError('nothing to merge: name the reports of all shards');
  for (const report of reports) {
    const other = COMMON.find((key) => JSON.stringify(report[key]) !== JSON.stringify(first[key]));
    if (other !== undefined) {
      throw new UsageError(`the reports are not of one run: they differ in ${other}`);
    }
  }
  const of = first.shard?.of ?? 1;
  const parts = reports.map((r) => r.shard?.index ?? 1);
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((i) => !parts.includes(i));
  if (reports.some((r) => (r.shard?.of ?? 1) !== of))
    throw new UsageError('the reports are of differently many shards');
  if (missing.length > 0) throw new UsageError(`shard ${missing.join(', ')} of ${of} is missing`);
  const twice = parts.find((index, i) => parts.indexOf(index) !== i);
  if (twice !== undefined) throw new UsageError(`shard ${twice} of ${of} is there twice`);
}

const cellKey = (c: Cell): string => `${c.primitive}/${c.dtype}/${c.transformation}`;

/** Items of one key merged, in the order of the keys. */
function together<T>(items: readonly T[], key: (item: T) => string, merge: (a: T, b: T) => T): T[] {
  const found = new Map<string, T>();
  for (const item of items) {
    const known = found.get(key(item));
    found.set(key(item), known === undefined ? item : merge(known, item));
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function mergedCell(a: Cell, b: Cell): Cell {
  const counts = { ok: a.ok + b.ok, wrong: a.wrong + b.wrong, gaps: a.gaps + b.gaps };
  const cases = mergedCases(a.cases ?? {}, b.cases ?? {});
  return { ...a, ...counts, status: statusOf(counts), reasons: [...new Set([...a.reasons, ...b.reasons])], cases };
}

function mergedCases(a: CasesByLaw, b: CasesByLaw): CasesByLaw {
  const merged: Partial<Record<LawName, Record<string, number>>> = {};
  for (const [law, variants] of [a, b].flatMap((cases) => Object.entries(cases) as [LawName, CasesByLaw[LawName]][])) {
    const counts = (merged[law] ??= {});
    for (const [name, n] of Object.entries(variants ?? {})) counts[name] = (counts[name] ?? 0) + n;
  }
  return merged;
}

const mergedGap = (a: DeclaredGap, b: DeclaredGap): DeclaredGap => ({
  ...a,
  cells: [...new Set([...a.cells, ...b.cells])].sort(),
  cases: a.cases + b.cases,
});

function mergedAccuracy(a: MeasuredAccuracy, b: MeasuredAccuracy): MeasuredAccuracy {
  const bins: Histogram = new Map();
  addTo(bins, a.bins);
  addTo(bins, b.bins);
  const worse = b.max > a.max ? b : a;
  return { ...worse, ...quantilesOf(bins, worse.max) };
}
