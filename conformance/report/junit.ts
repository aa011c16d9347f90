/**
 * A report as JUnit XML: one test case per cell, and one per failure of a program or model.
 */
import type { Failure, Report } from '../types.ts';
import { cellName, comparison, counted, replayCommand } from './words.ts';

export function renderJUnit(report: Report): string {
  const suites = [cellSuite(report), ...wholeProgramSuites(report)];
  const total = (key: 'tests' | 'failures' | 'skipped'): number => suites.reduce((n, s) => n + s[key], 0);
  const attributes = {
    name: `etalon check ${report.backend.name}`,
    tests: total('tests'),
    failures: total('failures'),
    skipped: total('skipped'),
    time: report.timings.total.toFixed(3),
    timestamp: report.started,
  };
  const body = suites.map((s) => {
    const { tests, failures, skipped } = s;
    return element('testsuite', { name: s.name, tests, failures, skipped, errors: 0 }, s.cases.join(''));
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', attributes, body.join(''))}`;
}

interface Suite {
  readonly name: string;
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
  readonly cases: readonly string[];
}

function cellSuite(report: Report): Suite {
  const failuresOf = Map.groupBy(report.failures, failedCell);
  const required = new Set(report.verdict.requiredGaps.map(({ id }) => id.split('/').slice(0, 3).join('/')));
  const fails = (name: string): boolean => failuresOf.has(name) || required.has(name);
  const cases = report.cells.map((cell) => {
    const name = cellName(cell);
    const missing = required.has(name)
      ? element('failure', { message: `a gap that --require does not accept: ${cell.reasons[0] ?? ''}` })
      : '';
    const failed = (failuresOf.get(name) ?? []).map((f) => failure(report, f)).join('');
    const skipped =
      cell.status === 'gap' && !fails(name) ? element('skipped', { message: cell.reasons.join('; ') }) : '';
    const partly =
      cell.status === 'partly'
        ? element(
            'system-out',
            {},
            escapeXml(`${counted(cell.gaps, 'case')} declared as gaps: ${cell.reasons.join('; ')}`),
          )
        : '';
    return element('testcase', { classname: cell.primitive, name }, missing + failed + skipped + partly);
  });
  const names = report.cells.map(cellName);
  return {
    name: 'primitives and rules',
    tests: cases.length,
    failures: names.filter(fails).length,
    skipped: report.cells.filter((c) => c.status === 'gap' && !fails(cellName(c))).length,
    cases,
  };
}

const failedCell = (f: Failure): string => cellName({ ...f, primitive: f.subject });

/** Programs and models have no cells: their failures, and one test case for all that went well. */
function wholeProgramSuites(report: Report): Suite[] {
  const cells = new Set(report.cells.map(cellName));
  const outside = report.failures.filter((f) => !cells.has(failedCell(f)));
  const failed = outside.map((f) => element('testcase', { classname: f.subject, name: f.id }, failure(report, f)));
  const passed = report.groups
    .filter((g) => (g.group === 'programs' || g.group === 'models') && g.cases > 0)
    .map((g) => element('testcase', { classname: g.group, name: `${counted(g.ok, 'case')} ok` }));
  const cases = [...passed, ...failed];
  return cases.length === 0
    ? []
    : [{ name: 'programs and models', tests: cases.length, failures: failed.length, skipped: 0, cases }];
}

function failure(report: Report, f: Failure): string {
  const compared = f.element === null ? [] : [comparison(report.backend.name, f.element)];
  const text = [f.id, ...compared, replayCommand(report, f)].join('\n');
  return element('failure', { type: f.law, message: f.message }, escapeXml(text));
}

/** `content` is XML. */
function element(name: string, attributes: Readonly<Record<string, string | number>>, content: string = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  return content === '' ? `<${name}${written.join('')}/>\n` : `<${name}${written.join('')}>${content}</${name}>\n`;
}

/** Characters that XML 1.0 cannot hold, not even escaped. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
export const NOT_XML: RegExp = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Text for an element or attribute; what XML cannot hold becomes U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(NOT_XML, '\ufffd')
    .replace(/[&<>"'\r\n\t]/g, (c) => `&#${c.charCodeAt(0)};`);
