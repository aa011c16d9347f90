/**
 * `etalon check`: runs the suite on a backend, shows progress and verdict, writes the reports.
 */
import { compareReports } from '../report/baseline.ts';
import { renderAnnotations, renderStepSummary } from '../report/github.ts';
import { renderFailure, renderStart, renderVerdict } from '../report/terminal.ts';
import { count, counted, printable } from '../report/words.ts';
import { CannotStartError, type CheckEvent, type CheckOptions, type Report } from '../types.ts';
import { EXIT } from './errors.ts';
import { appendText, exitStatus, prepareFiles, readReport, reportFiles, writeReport } from './files.ts';
import { type Io, paintFor, widthOf } from './io.ts';
import { showProgress } from './progress.ts';

/** The options of the command line, beyond those that the suite itself takes. */
export interface CheckFlags extends Omit<CheckOptions, 'backend' | 'folder' | 'signal' | 'first'> {
  readonly baseline?: string;
  readonly json?: string;
  readonly html?: string;
  readonly junit?: string;
}

export type RunCheck = (options: CheckOptions, onEvent: (event: CheckEvent) => void) => Promise<Report>;

/** @returns the exit status */
export async function check(io: Io, backend: string, flags: CheckFlags, runCheck: RunCheck): Promise<number> {
  const { baseline: baselinePath, json, html, junit, ...options } = flags;
  const baseline = baselinePath === undefined ? null : readReport(io, baselinePath);
  const files = reportFiles({ ...(json && { json }), ...(html && { html }), ...(junit && { junit }) });
  prepareFiles(io.cwd, files);

  const report = await runWithProgress(io, { ...options, backend, folder: io.cwd }, runCheck);
  if (report === null) return EXIT.interrupted;
  const paths = writeReport(io.cwd, report, files);
  const paint = paintFor(io.stdout);
  io.stdout.write(`\n${renderVerdict(report, { paint, width: widthOf(io.stdout), files: paths })}`);
  if (io.env['GITHUB_ACTIONS'] === 'true') {
    for (const line of renderAnnotations(report)) io.stdout.write(`${line}\n`);
  }
  const summary = io.env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '') appendText(summary, renderStepSummary(report));
  return baseline === null ? exitStatus(report) : statusAgainst(io, baseline, report);
}

/** null: interrupted before there was anything to report. */
async function runWithProgress(io: Io, options: CheckOptions, runCheck: RunCheck): Promise<Report | null> {
  const progress = showProgress(io);
  const interruption = new AbortController();
  const forget = io.onInterrupt(() => {
    io.stderr.write('\ninterrupted: writing what there is (once more ends at once)\n');
    interruption.abort();
  });
  try {
    return await runCheck({ ...options, signal: interruption.signal }, (event) => {
      if (event.type === 'start') io.stdout.write(`${renderStart(event)}\n`);
      progress.on(event);
    });
  } catch (error) {
    if (interruption.signal.aborted && error instanceof CannotStartError) return null;
    throw error;
  } finally {
    progress.stop();
    forget();
  }
}

/** With a baseline only new failures count; an interrupted run or one without a verdict shows nothing either way. */
function statusAgainst(io: Io, baseline: Report, report: Report): number {
  const paint = paintFor(io.stdout);
  const { newFailures, knownFailures, fixed, newRequiredGaps, differs } = compareReports(baseline, report);
  const lines = [
    `against the baseline: ${counted(newFailures.length, 'new failure')}, ${count(knownFailures.length)} known, ${count(fixed.length)} fixed`,
    ...newFailures.slice(0, 8).flatMap((f) => renderFailure(report, f, paint)),
    ...newRequiredGaps.slice(0, 8).map((g) => `  GAP  ${g.id}  is required: ${printable(g.reason)}`),
    ...(differs === null
      ? []
      : [`  the baseline ran other cases (${printable(differs)}), so a failure may only look new`]),
  ];
  io.stdout.write(`\n${lines.join('\n')}\n`);
  if (report.verdict.kind === 'interrupted' || report.verdict.kind === 'none') return exitStatus(report);
  return newFailures.length + newRequiredGaps.length > 0 ? EXIT.fails : EXIT.ok;
}
