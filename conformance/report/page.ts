/**
 * A report as one HTML file: it loads nothing, its own script and style are allowed by their hashes, and everything that
 * comes from a run is text in it. The tables need no JavaScript; the filter and the details of a cell do.
 */
import { createHash } from 'node:crypto';
import type { Cell, Failure, LawName, Report } from '../types.ts';
import { coverageSection } from './coverage-section.ts';
import { html, jsonMarkup, type Markup } from './markup.ts';
import { accuracy, failures, gaps, run, summary } from './page-lists.ts';
import { counts, matrix } from './page-matrix.ts';
import { type Clause, type PageCell, type PageData, type PageFailure, pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { sharpnessSection } from './sharpness-section.ts';
import {
  casesOf,
  cellName,
  comparison,
  count,
  counted,
  headline,
  measure,
  replayCommand,
  shellQuote,
  smallestFirst,
} from './words.ts';

/** What the page quotes of the specification. null: nothing is known. */
export interface Specification {
  primitive(name: string): Clause | null;
  law(name: LawName): Clause | null;
}

const NO_SPECIFICATION: Specification = { primitive: () => null, law: () => null };

export function renderPage(report: Report, specification: Specification = NO_SPECIFICATION): string {
  const script = `(${pageScript.toString()})();`;
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(pageStyle)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${headline(report)}</title>
        ${{ markup: `<style>${pageStyle}</style>` }}
      </head>
      <body>
        ${header(report)}
        <nav>
          <ul>
            <li><a href="#summary">Summary</a></li>
            <li>
              <a href="#failures">Failures <span class="soft">${count(report.failures.length)}</span></a>
            </li>
            <li>
              <a href="#gaps">Gaps <span class="soft">${count(report.verdict.gapCells)}</span></a>
            </li>
            <li>
              <a href="#matrix">Table <span class="soft">${count(report.cells.length)}</span></a>
            </li>
            <li><a href="#accuracy">Accuracy</a></li>
            ${report.sharpness?.length ? html`<li><a href="#sharpness">Bounds</a></li>` : ''}
            ${report.coverage.programs > 0 ? html`<li><a href="#coverage">Random programs</a></li>` : ''}
            <li><a href="#run">Run</a></li>
          </ul>
        </nav>
        <main>
          ${summary(report)} ${failures(report)} ${gaps(report)} ${matrix(report)} ${accuracy(report)}
          ${sharpnessSection(report)} ${coverageSection(report)} ${run(report)}
        </main>
        <aside class="panel" id="panel" aria-label="Details of a cell" hidden>
          <button class="close" id="close">close</button>
          <div id="panel-content"></div>
        </aside>
        <script type="application/json" id="data">
          ${jsonMarkup(pageData(report, specification))}
        </script>
        ${{ markup: `<script>${script}</script>` }}
      </body>
    </html> `.markup;
}

const hash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const badge = { conforms: 'conforms', 'does not conform': 'fails', none: 'none', interrupted: 'none' } as const;

function header(report: Report): Markup {
  const { verdict, backend, level, seed } = report;
  const kind = verdict.kind === 'none' ? 'no verdict' : verdict.kind;
  return html`<header>
    <h1>${backend.name} <span class="badge ${badge[verdict.kind]}">${kind}</span></h1>
    <p>${headline(report)}</p>
    <p class="soft">${backend.description} · profile ${backend.profile} · level ${level} · seed ${seed}</p>
  </header>`;
}

function pageData(report: Report, specification: Specification): PageData {
  const { cells } = report;
  const quoted = <K extends string>(names: readonly K[], clause: (name: K) => Clause | null): Record<string, Clause> =>
    Object.fromEntries([...new Set(names)].flatMap((name) => [clause(name)].flatMap((c) => (c ? [[name, c]] : []))));
  return {
    cells: cells.map((cell) => pageCell(report, cell)),
    primitives: quoted(cells.map((c) => c.primitive), specification.primitive), // prettier-ignore
    laws: quoted(cells.flatMap(lawsOf), specification.law),
  };
}

const lawsOf = ({ cases = {} }: Cell): LawName[] => Object.keys(cases) as LawName[];

function pageCell(report: Report, cell: Cell): PageCell {
  const { primitive, dtype, transformation, cases = {} } = cell;
  const measured = report.accuracy.filter((a) => a.primitive === primitive && a.dtype === dtype);
  return {
    name: cellName(cell),
    primitive,
    status: cell.status,
    counts: counts(cell),
    cases: Object.entries(cases).map(([law, classes]) => ({
      law,
      classes: Object.entries(classes).map(([name, times]) => `${name} ${count(times)}`).join(', '), // prettier-ignore
    })),
    check: checkCommand(report, cell),
    reasons: cell.reasons,
    accuracy: measured.flatMap((a) => [
      `p50 ${measure(a.p50, a.unit)}, p99 ${measure(a.p99, a.unit)}, max ${measure(a.max, a.unit)}, over ${counted(a.elements, 'element')}`,
      ...(a.worst === null ? [] : [`worst: ${comparison(report.backend.name, a.worst)}`]),
    ]),
    failures: report.failures
      .filter((f) => f.subject === primitive && f.dtype === dtype && f.transformation === transformation)
      .sort(smallestFirst)
      .map((f) => pageFailure(report, f)),
  };
}

/** The command that runs the cases of a cell again. */
function checkCommand({ backend, seed, casesPerCell }: Report, cell: Cell): string {
  const only = lawsOf(cell).map((law) => ` --only ${casesOf(cell, law)}`);
  return `npx etalon check ${shellQuote(backend.asked)}${only.join('')} --seed ${seed} --cases ${casesPerCell}`;
}

const pageFailure = (report: Report, f: Failure): PageFailure => ({
  id: f.id,
  law: f.law,
  message: f.message,
  compared: f.element === null ? '' : comparison(report.backend.name, f.element),
  command: replayCommand(report, f),
});
