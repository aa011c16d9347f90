/**
 * Writes what was measured into the pages of the primitives, between `<!-- measured:NAME -->` and `<!-- /measured -->`,
 * from a report of `etalon check reference`:
 *
 *     npx etalon check reference --json report.json && node --conditions=etalon-source tools/measured.ts report.json
 *
 * A report of some primitives (`--only`) changes what is written of these.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { reportProblem } from '../conformance/report/validate.ts';
import type { MeasuredAccuracy, Report } from '../conformance/types.ts';
import { shortName } from '../reference/core/dtypes.ts';
import { readPages } from './spec/pages.ts';

const marked = /(<!-- measured:(\w+) -->)[^]*?(<!-- \/measured -->)/g;

/**
 * `f32 0.5 ulp, f64 0.5 ulp over 12,000 elements`; for what has to be exact `no difference in 96 cases`; null for a
 * primitive that the report has no case of.
 */
export function measuredText(
  primitive: string,
  { accuracy, cells }: Pick<Report, 'accuracy' | 'cells'>,
): string | null {
  const own = accuracy.filter((m) => m.primitive === primitive);
  if (own.length > 0) {
    const elements = own.reduce((n, m) => n + m.elements, 0);
    const alike = [...Map.groupBy(own, worst)].map(([text, of]) =>
      [...of.map((m) => shortName(m.dtype)), text].join(' '),
    );
    return `${alike.join(', ')} over ${elements.toLocaleString('en')} elements`;
  }
  const evaluated = cells.filter((cell) => cell.primitive === primitive && cell.transformation === 'eval');
  const [ok, wrong] = [evaluated.reduce((n, c) => n + c.ok, 0), evaluated.reduce((n, c) => n + c.wrong, 0)];
  if (ok + wrong === 0) return null;
  return wrong === 0 ? `no difference in ${ok.toLocaleString('en')} cases` : `${wrong} of ${ok + wrong} cases differ`;
}

const worst = ({ max, unit }: MeasuredAccuracy): string =>
  max === 0 ? 'exact' : `${Number(max.toPrecision(2))} ${unit === 'ulp' ? 'ulp' : 'of the budget'}`;

/** A page with everything between its markers made anew; what the report is silent about stays. */
export const withMeasured = (page: string, report: Pick<Report, 'accuracy' | 'cells'>): string =>
  page.replace(marked, (whole: string, begin: string, name: string, end: string) => {
    const text = measuredText(name, report);
    return text === null ? whole : `${begin}${text}${end}`;
  });

if (import.meta.main) {
  const path = process.argv[2];
  if (path === undefined) throw new Error('usage: tools/measured.ts report.json');
  const report: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const problem = reportProblem(report);
  if (problem !== null) throw new Error(`${path} is not a report: ${problem}`);
  for (const page of readPages('.')) {
    const text = withMeasured(page.text, report as Report);
    if (text === page.text) continue;
    writeFileSync(page.path, text);
    console.log(`measured: ${page.path}`);
  }
}
