/**
 * A report in GitHub Actions: annotations of a run, and a step summary in Markdown.
 */
import type { Report } from '../types.ts';
import {
  comparison,
  count,
  counted,
  failureGroups,
  gapsByReason,
  headline,
  leastExact,
  measure,
  replayCommand,
} from './words.ts';

/** GitHub shows ten annotations of a kind per step. */
const SHOWN = 10;

/** Workflow commands, one a line: an error for each primitive or program that failed. */
export function renderAnnotations(report: Report): string[] {
  return failureGroups(report.failures)
    .slice(0, SHOWN)
    .map(({ first: f }) => {
      const [, file, line, column] = /^(.+?):(\d+)(?::(\d+))?$/.exec(f.source ?? '') ?? [];
      const place = file === undefined ? {} : { file, line, ...(column === undefined ? {} : { col: column }) };
      const compared = f.element === null ? '' : `\n${comparison(report.backend.name, f.element)}`;
      const message = `${f.message}${compared}\n${replayCommand(report, f)}`;
      return workflowCommand('error', { ...place, title: `${f.outcome}: ${f.id}` }, message);
    });
}

export function workflowCommand(
  name: string,
  properties: Readonly<Record<string, string | undefined>>,
  message: string,
): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const written = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${property(value)}`],
  );
  return `::${name}${written.length > 0 ? ` ${written.join(',')}` : ''}::${data(message)}`;
}

export function renderStepSummary(report: Report): string {
  const { backend, level, seed, versions } = report;
  const lines = [
    `### ${markdownText(headline(report))}`,
    '',
    `${markdownText(backend.name)} (${markdownText(backend.description)}) · profile ${backend.profile} · level ${level} · seed ${seed} · etalon ${markdownText(versions.etalon)}`,
    '',
    ...table(
      ['', 'cases', 'ok', 'wrong', 'gaps'],
      report.groups.map((g) => [g.group, count(g.cases), count(g.ok), count(g.wrong), count(g.gaps)]),
    ),
  ];
  if (report.failures.length > 0) {
    const rows = failureGroups(report.failures).map(({ first, others }) => {
      return [first.id, first.message, count(others.length + 1), replayCommand(report, first)];
    });
    lines.push('', `#### ${counted(report.failures.length, 'failure')}`, '');
    lines.push(...table(['case', 'what', 'failures', 'reproduce'], rows));
  }
  const gaps = gapsByReason(report.gaps);
  if (gaps.length > 0) {
    lines.push('', `<details><summary>${counted(report.verdict.gapCells, 'declared gap')}</summary>`, '');
    lines.push(
      ...table(
        ['reason', 'primitives', 'cells'],
        gaps.map((g) => [g.reason, g.primitives.join(', '), count(g.cells.length)]),
      ),
    );
    lines.push('', '</details>');
  }
  const worst = leastExact(report.accuracy, 5, 3);
  if (worst.length > 0) {
    lines.push(
      '',
      `Least exact: ${worst.map((a) => markdownText(`${a.primitive} ${measure(a.max, a.unit)}`)).join(' · ')}`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}

const row = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(head),
  `|${' --- |'.repeat(head.length)}`,
  ...rows.map(row),
];

/** Text that Markdown and HTML leave as it is. */
export const markdownText = (text: string): string =>
  text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[&<>"'`*_[\]()#|\\~@:!]/g, (c) => `&#${c.charCodeAt(0)};`);
