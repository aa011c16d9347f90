/**
 * A verdict as the terminal shows it (spec/conformance.md#verdict).
 */
import type { styleText } from 'node:util';
import type { Failure, Group, Report } from '../types.ts';
import { coverageLine } from './coverage-section.ts';
import { sharpnessLine } from './sharpness-section.ts';
import {
  comparison,
  count,
  counted,
  failureGroups,
  headline,
  leastExact,
  measure,
  printable,
  reasonsOfGapCells,
  replayCommand,
  type RunFacts,
  seconds,
} from './words.ts';

/** Colours, or not: what `styleText` does. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

export interface TerminalOptions {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
  /** Where the report was written, as the last line names it. */
  readonly files: readonly string[];
}

/** How many kinds of failures are shown, by one of each; all are in the report. */
const SHOWN_FAILURES = 8;

export function renderVerdict(report: Report, options: TerminalOptions): string {
  const { paint, files } = options;
  const parts = [
    report.groups
      .filter((g) => g.cases + g.gaps > 0)
      .map((g) => groupLine({ ...g, done: g.cases, planned: g.cases }, paint)),
    ...renderFailures(report, options),
    renderRemarks(report, options),
    [
      lastLine(report, paint),
      ...(files.length > 0 ? [paint('dim', `${files.join(' · ')}   ${seconds(report.timings.total)}`)] : []),
    ],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** `etalon 0.1.0 · tfjs:wasm (…) · profile fast · level quick · seed 20261123`. */
export function renderStart({
  versions,
  backend,
  level,
  seed,
}: Pick<Report, 'versions' | 'backend' | 'level' | 'seed'>): string {
  const description = backend.description === '' ? '' : ` (${printable(backend.description)})`;
  return `etalon ${versions.etalon} · ${printable(backend.name)}${description} · profile ${backend.profile} · level ${level} · seed ${seed}`;
}

export interface Progress {
  readonly group: Group;
  readonly done: number;
  readonly planned: number;
  readonly cases: number;
  readonly ok: number;
  readonly wrong: number;
}

const BAR = 20;

/** `primitives   ████████████████████  2,914 cases   2,914 ok`. */
export function groupLine({ group, done, planned, cases, ok, wrong }: Progress, paint: Paint): string {
  const full = planned === 0 ? 0 : Math.min(BAR, Math.floor((BAR * done) / planned));
  const bar = paint(wrong > 0 ? 'red' : 'green', '█'.repeat(full)) + paint('dim', '░'.repeat(BAR - full));
  const wrongs = wrong > 0 ? `   ${paint(['red', 'bold'], `${count(wrong)} WRONG`)}` : '';
  return `  ${group.padEnd(12)} ${bar} ${count(cases).padStart(6)} cases ${count(ok).padStart(7)} ok${wrongs}`;
}

export function renderFailure(report: RunFacts, failure: Failure, paint: Paint): string[] {
  const { outcome, id, message, element, equations, file, source } = failure;
  const saved = file === null ? [] : [`saved ${printable(file)}`];
  const size = equations === null ? [] : [counted(equations, 'equation')];
  const details = [
    ...(element === null ? [] : [printable(comparison(report.backend.name, element))]),
    [...size, ...saved, ...(source === null ? [] : [`from ${printable(source)}`])].join(' · '),
    paint('cyan', printable(replayCommand(report, failure))),
  ];
  return [
    `  ${paint(['red', 'bold'], outcome.toUpperCase())}  ${paint('bold', printable(id))}  ${printable(message)}`,
    ...details.filter((line) => line !== '').map((line) => `         ${line}`),
  ];
}

function renderFailures(report: Report, { paint }: TerminalOptions): string[][] {
  const groups = failureGroups(report.failures);
  const shown = groups.slice(0, SHOWN_FAILURES).map(({ subject, first, others }) => {
    const more = others.length === 0 ? [] : [`         and ${count(others.length)} more of ${printable(subject)}`];
    return [...renderFailure(report, first, paint), ...more];
  });
  const more = groups.slice(SHOWN_FAILURES).map((g) => printable(`${g.subject} (${count(g.others.length + 1)})`));
  if (more.length > 0) shown.push([`  and of ${more.join(', ')}: report.html#failures`]);
  const required = report.verdict.requiredGaps.slice(0, SHOWN_FAILURES).map(({ id, reason }) => {
    return `  ${paint(['red', 'bold'], 'GAP')}  ${paint('bold', printable(id))}  is required: ${printable(reason)}`;
  });
  return required.length > 0 ? [...shown, required] : shown;
}

function renderRemarks(report: Report, { paint, width }: TerminalOptions): string[] {
  const { cells, gapCells } = report.verdict;
  const lines: string[] = [];
  const reasons = reasonsOfGapCells(report.cells);
  if (reasons.length > 0) {
    const partly = reasons.reduce((n, [, of]) => n + of, 0) - gapCells;
    const inPart = partly > 0 ? `, ${count(partly)} in part` : '';
    const start = `${count(gapCells)} of ${counted(cells, 'cell')} declared${inPart}: `;
    const texts = reasons.map(([reason, n]) => printable(`${reason} (${count(n)})`));
    const list = fitting(texts, ', ', width - 40 - start.length);
    lines.push(`  ${paint('yellow', 'gaps')}   ${start}${list}   ${paint('dim', 'full list: report.html#gaps')}`);
  }
  const worst = leastExact(report.accuracy, 3, 2).map((a) => printable(`${a.primitive} ${measure(a.max, a.unit)}`));
  if (worst.length > 0) lines.push(`  ${paint('bold', 'worst')}  ${worst.join(' · ')}`);
  if (report.coverage.programs > 0) lines.push(`  ${paint('bold', 'random')} ${coverageLine(report.coverage)}`);
  const sharpness = sharpnessLine(report);
  if (sharpness !== null) lines.push(`  ${paint('bold', 'bound')}  ${sharpness}`);
  const { elements, of } = report.uncompared;
  if (elements > 0) {
    lines.push(
      `  ${paint('bold', 'bound')}  ${count(elements)} of ${counted(of, 'element')} had an infinite bound: their equations were judged one by one`,
    );
  }
  if (report.restarts > 0)
    lines.push(`  ${paint('yellow', 'crash')}  ${counted(report.restarts, 'restart')} of the backend's process`);
  return lines;
}

/** As many of the texts as fit, at least one, and `…` for the rest. */
function fitting(texts: readonly string[], between: string, width: number): string {
  let line = texts[0] ?? '';
  for (const [i, text] of texts.entries()) {
    if (i === 0) continue;
    if (line.length + between.length + text.length > width) return `${line}${between}…`;
    line += between + text;
  }
  return line;
}

function lastLine(report: Report, paint: Paint): string {
  const colour =
    report.verdict.kind === 'conforms' ? 'green' : report.verdict.kind === 'does not conform' ? 'red' : 'yellow';
  return paint([colour, 'bold'], printable(headline(report)));
}
