/** What differs between two reports: of two runs, or of two backends (`etalon report diff`). */
import type { Cell, MeasuredAccuracy, Report } from '../types.ts';
import { compareReports } from './baseline.ts';

export interface ReportDiff {
  /** Case ids that are wrong in one report only; of cases that both ran. */
  readonly onlyWrongBefore: readonly string[];
  readonly onlyWrongAfter: readonly string[];
  /** Cells that answer otherwise; null: the report has no such cell. */
  readonly cells: readonly { readonly cell: string; readonly before: Status; readonly after: Status }[];
  /** Primitives whose largest error is another one. */
  readonly accuracy: readonly { readonly what: string; readonly before: Accuracy; readonly after: Accuracy }[];
  /** What the runs were asked differently; null: nothing. */
  readonly differs: string | null;
}
type Status = Cell['status'] | null;
type Accuracy = Pick<MeasuredAccuracy, 'p99' | 'max'>;

export function diffReports(before: Report, after: Report): ReportDiff {
  const { newFailures, differs } = compareReports(before, after);
  const wrongAfter = new Set(after.failures.map((f) => f.id));
  return {
    onlyWrongBefore: before.failures.map((f) => f.id).filter((id) => !wrongAfter.has(id)),
    onlyWrongAfter: newFailures.map((f) => f.id),
    cells: changedCells(before.cells, after.cells),
    accuracy: changedAccuracy(before.accuracy, after.accuracy),
    differs,
  };
}

const nameOf = (c: Cell): string => `${c.primitive}/${c.dtype}/${c.transformation}`;

function changedCells(before: readonly Cell[], after: readonly Cell[]): ReportDiff['cells'] {
  const [then, now] = [before, after].map((cells) => new Map(cells.map((c) => [nameOf(c), c.status])));
  return [...new Set([...then!.keys(), ...now!.keys()])]
    .sort()
    .map((cell) => ({ cell, before: then!.get(cell) ?? null, after: now!.get(cell) ?? null }))
    .filter((c) => c.before !== c.after);
}

function changedAccuracy(
  before: readonly MeasuredAccuracy[],
  after: readonly MeasuredAccuracy[],
): ReportDiff['accuracy'] {
  const key = (a: MeasuredAccuracy): string => `${a.primitive}/${a.dtype} in ${a.unit}`;
  const then = new Map(before.map((a) => [key(a), a]));
  return after.flatMap((a) => {
    const b = then.get(key(a));
    if (b === undefined || b.max === a.max) return [];
    const figures = ({ p99, max }: MeasuredAccuracy): Accuracy => ({ p99, max });
    return [{ what: key(a), before: figures(b), after: figures(a) }];
  });
}
