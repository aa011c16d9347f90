/**
 * `etalon report`: the shards of a run as one report, and what differs between two reports.
 */
import { type ReportDiff, diffReports } from '../report/diff.ts';
import { mergeReports } from '../report/merge.ts';
import { renderVerdict } from '../report/terminal.ts';
import { counted, printable } from '../report/words.ts';
import { EXIT } from './errors.ts';
import { exitStatus, prepareFiles, readReport, reportFiles, writeReport } from './files.ts';
import { type Io, paintFor, widthOf } from './io.ts';

export interface MergeFlags {
  readonly json?: string;
  readonly html?: string;
  readonly junit?: string;
}

/** @returns the exit status of the whole run */
export function merge(io: Io, paths: readonly string[], flags: MergeFlags): number {
  const report = mergeReports(paths.map((path) => readReport(io, path)));
  const files = reportFiles(flags);
  prepareFiles(io.cwd, files);
  const written = writeReport(io.cwd, report, files);
  io.stdout.write(renderVerdict(report, { paint: paintFor(io.stdout), width: widthOf(io.stdout), files: written }));
  return exitStatus(report);
}

/** How many lines of each kind are printed; `--json` has all. */
const SHOWN = 40;

/** @returns the exit status: 1 where the second report has wrong cases or gaps that the first has not */
export function diff(io: Io, before: string, after: string, { json }: { readonly json?: true }): number {
  const found = diffReports(readReport(io, before), readReport(io, after));
  io.stdout.write(
    json === true ? `${JSON.stringify(found, null, 1)}\n` : `${linesOf(found).map(printable).join('\n')}\n`,
  );
  const lost = found.cells.some((c) => c.after === 'gap' && c.before !== 'gap' && c.before !== null);
  return found.onlyWrongAfter.length > 0 || lost ? EXIT.fails : EXIT.ok;
}

function linesOf({ differs, onlyWrongBefore, onlyWrongAfter, cells, accuracy }: ReportDiff): string[] {
  const some = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : [
          title,
          ...lines.slice(0, SHOWN).map((l) => `  ${l}`),
          ...(lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more`] : []),
        ];
  const all = [
    ...(differs === null ? [] : [`the runs differ in what they were asked: ${differs}`]),
    ...some(`${counted(onlyWrongAfter.length, 'case')} wrong in the second report only:`, onlyWrongAfter),
    ...some(`${counted(onlyWrongBefore.length, 'case')} wrong in the first report only:`, onlyWrongBefore),
    ...some(`${counted(cells.length, 'cell')} answered otherwise:`, cells.map((c) => `${c.cell}: ${c.before ?? 'not there'} → ${c.after ?? 'not there'}`)), // prettier-ignore
    ...some(`${counted(accuracy.length, 'largest error')} changed:`, accuracy.map((a) => `${a.what}: ${a.before.max.toPrecision(3)} → ${a.after.max.toPrecision(3)}`)), // prettier-ignore
  ];
  return all.length === 0 ? ['the reports say the same'] : all;
}
