/**
 * Writes how sharp the error bounds are into spec/transformations/error-bound.md, between `<!-- slack -->` and
 * `<!-- /slack -->`:
 *
 *     node --conditions=etalon-source tools/slack.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { slack, type Slack, type SlackRow } from '../conformance/proof/slack.ts';

const PAGE = 'spec/transformations/error-bound.md';
const marked = /(<!-- slack -->\n)[^]*?(<!-- \/slack -->)/;

const rounded = (v: number): string => (v >= 1000 ? v.toExponential(0) : String(Number(v.toPrecision(3))));
/** Downwards: what is below 1 must not look like 1. */
const least = (v: number): string => (v >= 1000 ? v.toExponential(0) : String(Math.floor(v * 1000) / 1000));

const rowOf = (name: string, row: Omit<SlackRow, 'name'>): string =>
  `| ${[name, row.elements.toLocaleString('en'), rounded(row.likelyMedian), least(row.worstMin), `${rounded(100 * row.likelyBelow1)} %`].join(' | ')} |`;

/** The table of all programs, of programs by their size, and of single primitives. */
export function slackTable({ primitives, depths, reference, ...all }: Slack): string {
  const rows = [
    rowOf('**all programs, erring**', all),
    rowOf('**all programs, reference**', reference),
    ...depths.map((row) => rowOf(`${row.name} equations`, row)),
    ...primitives.map((row) => rowOf(`\`${row.name}\``, row)),
  ];
  const head = '| of | elements | likely / error, median | worst / error, least | beyond likely |';
  return [head, '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

if (import.meta.main) {
  const page = readFileSync(PAGE, 'utf8');
  const table = slackTable(await slack());
  writeFileSync(
    PAGE,
    page.replace(marked, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`),
  );
}
