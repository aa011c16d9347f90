/**
 * A report as one HTML file: it loads nothing, its own script and style are allowed by their hashes, and everything that
 * comes from a run is text in it. The tables need no JavaScript; the filter and the details of a cell do.
 */
import { createHash } from 'node:crypto';
import { ANY, shortName } from '../../reference/core/dtypes.ts';
import { type Cell, type Failure, type Report, type Transformation, TRANSFORMATIONS } from '../types.ts';
import { coverageSection } from './coverage-section.ts';
import { html, jsonMarkup, type Markup } from './markup.ts';
import { type PageCell, type PageFailure, pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { sharpnessSection } from './sharpness-section.ts';
import {
  cellName,
  comparison,
  count,
  counted,
  failureGroups,
  gapsByReason,
  headline,
  measure,
  replayCommand,
  rounded,
  seconds,
} from './words.ts';

/** Where the section of a primitive is, relative to the page; null: unknown. */
export type SpecLink = (primitive: string) => { readonly text: string; readonly href: string } | null;

export function renderPage(report: Report, specLink: SpecLink = () => null): string {
  const script = `(${pageScript.toString()})();`;
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(pageStyle)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const cells = report.cells.map((cell) => pageCell(report, cell, specLink));
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
              <a href="#matrix">Matrix <span class="soft">${count(report.cells.length)}</span></a>
            </li>
            <li>
              <a href="#gaps">Gaps <span class="soft">${count(report.verdict.gapCells)}</span></a>
            </li>
            <li><a href="#accuracy">Accuracy</a></li>
            ${report.sharpness?.length ? html`<li><a href="#sharpness">Bounds</a></li>` : ''}
            ${report.coverage.programs > 0 ? html`<li><a href="#coverage">Random programs</a></li>` : ''}
            <li><a href="#run">Run</a></li>
          </ul>
        </nav>
        <main>
          ${summary(report)} ${failures(report)} ${matrix(report)} ${gaps(report)} ${accuracy(report)}
          ${sharpnessSection(report)} ${coverageSection(report)} ${run(report)}
        </main>
        <aside class="panel" id="panel" aria-label="Details of a cell" hidden>
          <button class="close" id="close">close</button>
          <div id="panel-content"></div>
        </aside>
        <script type="application/json" id="cells">
          ${jsonMarkup(cells)}
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

function summary({ groups, verdict, uncompared, restarts }: Report): Markup {
  const rows = groups.map(
    (g) =>
      html`<tr>
        <td>${g.group}</td>
        <td>${bar(g.ok, g.wrong, g.gaps)}</td>
        <td class="number">${count(g.cases)}</td>
        <td class="number">${count(g.ok)}</td>
        <td class="number">${g.wrong > 0 ? html`<span class="key wrong">${count(g.wrong)}</span>` : '0'}</td>
        <td class="number">${count(g.gaps)}</td>
      </tr>`,
  );
  const remarks = [
    `${count(verdict.answeredCells)} of ${counted(verdict.cells, 'cell')} (primitive × dtype × transformation) answered, ${count(verdict.gapCells)} declared as gaps.`,
    ...(uncompared.elements > 0
      ? [
          `${count(uncompared.elements)} of ${counted(uncompared.of, 'element')} had an infinite bound, so their equations were judged one by one.`,
        ]
      : []),
    ...(restarts > 0 ? [`The backend's process was started again ${counted(restarts, 'time')}.`] : []),
  ];
  return html`<section id="summary">
    <h2>Summary</h2>
    <table class="list">
      <thead>
        <tr>
          <th>group</th>
          <th></th>
          <th class="number">cases</th>
          <th class="number">ok</th>
          <th class="number">wrong</th>
          <th class="number">declared gaps</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${remarks.map((text) => html`<p class="soft">${text}</p>`)}
  </section>`;
}

/** Sizes are attributes, not styles, because the page allows no inline style. */
function bar(ok: number, wrong: number, gaps: number): Markup {
  const all = Math.max(1, ok + wrong + gaps);
  const red = wrong > 0 ? Math.max(2, (100 * wrong) / all) : 0;
  const green = Math.min((100 * ok) / all, 100 - red);
  return html`<svg
    class="bar"
    viewBox="0 0 100 5"
    preserveAspectRatio="none"
    role="img"
    aria-label="${ok} ok, ${wrong} wrong, ${gaps} gaps"
  >
    <rect class="ok" width="${green.toFixed(2)}" height="5" />
    <rect class="wrong" x="${green.toFixed(2)}" width="${red.toFixed(2)}" height="5" />
  </svg>`;
}

function failures(report: Report): Markup {
  const required = report.verdict.requiredGaps.map(
    (g) =>
      html`<div class="failure">
        <h3 class="mono">${g.id}</h3>
        <p>A gap that --require does not accept: ${g.reason}</p>
      </div>`,
  );
  const groups = failureGroups(report.failures).map(({ subject, first, others }) => {
    const more = html`<details>
      <summary>${count(others.length)} more of ${subject}</summary>
      ${others.map((f) => failureBlock(report, f))}
    </details>`;
    return html`${failureBlock(report, first)}${others.length === 0 ? '' : more}`;
  });
  const none = groups.length + required.length === 0 ? html`<p>None.</p>` : '';
  return html`<section id="failures">
    <h2>Failures</h2>
    ${none}${required}${groups}
  </section>`;
}

function failureBlock(report: Report, f: Failure): Markup {
  const { id, message, compared, command } = pageFailure(report, f);
  const facts = [
    f.outcome,
    `law ${f.law}`,
    ...(f.equations === null ? [] : [counted(f.equations, 'equation')]),
    ...(f.source === null ? [] : [`from ${f.source}`]),
  ];
  return html`<div class="failure">
    <h3 class="mono">${id}</h3>
    <p>${message}</p>
    ${compared === '' ? '' : html`<p class="mono">${compared}</p>`}
    <p class="soft">${facts.join(' · ')}</p>
    <div class="command"><code>${command}</code></div>
  </div>`;
}

const glyphs: Readonly<Record<Cell['status'], string>> = { answered: '✓', partly: '◐', gap: '–', wrong: '✗' };
const meanings: Readonly<Record<Cell['status'], string>> = {
  answered: 'answered: every case ran and is right',
  partly: 'partly: some cases are declared gaps',
  gap: 'declared gap',
  wrong: 'wrong',
};

function matrix({ cells }: Report): Markup {
  const names = [...new Set(cells.map((c) => c.primitive))];
  const indexOf = new Map(cells.map((c, i) => [cellName(c), i]));
  // The dtypes that most programs use come first.
  const byDType = Map.groupBy(cells, (c) => c.dtype);
  const columns = ANY.filter((dtype) => byDType.has(dtype)).map((dtype) => {
    const present = new Set(byDType.get(dtype)!.map((c) => c.transformation));
    return { dtype, hows: TRANSFORMATIONS.filter((t) => present.has(t)) };
  });
  const square = (primitive: string, dtype: Cell['dtype'], transformation: Transformation): Markup | '' => {
    const index = indexOf.get(cellName({ primitive, dtype, transformation }));
    const cell = index === undefined ? undefined : cells[index];
    if (index === undefined || cell === undefined) return '';
    return html`<span class="${cell.status}" data-cell="${index}" title="${cellName(cell)}: ${counts(cell)}"
      >${glyphs[cell.status]}</span
    >`;
  };
  const first = (i: number): string => (i === 0 ? 'first' : '');
  const rows = names.map((name) => {
    const squares = columns.map((c) =>
      c.hows.map((how, i) => html`<td class="${first(i)}">${square(name, c.dtype, how)}</td>`),
    );
    return html`<tr>
      <th scope="row">${name}</th>
      ${squares.flat()}
    </tr> `;
  });
  const legend = (Object.keys(glyphs) as Cell['status'][]).map(
    (s) => html`<span><span class="key ${s}">${glyphs[s]}</span>${meanings[s]}</span>`,
  );
  return html`<section id="matrix">
    <h2>Primitive × dtype × transformation</h2>
    <div class="legend">
      ${legend}<label class="filter"
        ><span class="soft" id="matching"></span
        ><input id="filter" type="search" placeholder="filter: dot f32 wrong" aria-label="Filter cells by words"
      /></label>
    </div>
    <div class="scroll">
      <table class="matrix">
        <thead>
          <tr>
            <th></th>
            ${columns.map((c) => html`<th class="dtype" scope="colgroup" colspan="${c.hows.length}">${shortName(c.dtype)}</th>`)}
          </tr>
          <tr>
            <th></th>
            ${columns.flatMap((c) => c.hows.map((how, i) => html`<th scope="col" class="${first(i)}"><span class="how">${how}</span></th>`))}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}

function gaps(report: Report): Markup {
  const rows = gapsByReason(report.gaps).map(
    (g) =>
      html`<tr>
        <td>${g.reason}</td>
        <td>
          <span class="mono">${g.primitives.join(', ')}</span>
          <details>
            <summary>which cells</summary>
            <span class="mono soft">${g.cells.join(' ')}</span>
          </details>
        </td>
        <td class="number">${count(g.cells.length)}</td>
        <td class="number">${count(g.cases)}</td>
      </tr> `,
  );
  const table = html`<table class="list">
    <thead>
      <tr>
        <th>reason</th>
        <th>primitives</th>
        <th class="number">cells</th>
        <th class="number">cases</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<section id="gaps">
    <h2>Declared gaps</h2>
    ${rows.length === 0 ? html`<p>None.</p>` : table}
  </section>`;
}

function accuracy(report: Report): Markup {
  const rows = report.accuracy
    .toSorted((a, b) => a.unit.localeCompare(b.unit) * -1 || b.max - a.max)
    .map(
      (a) =>
        html`<tr>
          <td class="mono">${a.primitive}</td>
          <td>${shortName(a.dtype)}</td>
          <td class="number">${count(a.elements)}</td>
          <td class="number">${rounded(a.p50)}</td>
          <td class="number">${rounded(a.p99)}</td>
          <td class="number"><b>${rounded(a.max)}</b></td>
          <td>${a.unit === 'ulp' ? 'ulp' : 'of budget'}</td>
          <td class="mono">${a.worst === null ? '' : comparison(report.backend.name, a.worst)}</td>
        </tr> `,
    );
  return html`<section id="accuracy">
    <h2>Measured accuracy</h2>
    <p class="soft">
      Errors of a primitive's own results against the reference: in units in the last place, or, for sums and products,
      as a fraction of what is allowed.
    </p>
    <div class="scroll">
      <table class="list">
        <thead>
          <tr>
            <th>primitive</th>
            <th>dtype</th>
            <th class="number">elements</th>
            <th class="number">p50</th>
            <th class="number">p99</th>
            <th class="number">max</th>
            <th>unit</th>
            <th>worst input</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section>`;
}

function run(report: Report): Markup {
  const { versions, backend, timings } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['etalon', `${versions.etalon}, specification ${versions.spec}`],
    ['runs on', `Node ${versions.node}, ${versions.platform}`],
    [
      'asked for',
      `etalon check ${backend.asked} --level ${report.level} --seed ${report.seed} --cases ${report.casesPerCell}`,
    ],
    ...(report.only.length > 0 ? [['only', report.only.join(' ')] as const] : []),
    ...(report.require.length > 0 ? [['required', report.require.join(' ')] as const] : []),
    ['started', report.started],
    [
      'took',
      `${seconds(timings.total)}: start ${seconds(timings.startup)}, cases ${seconds(timings.cases)}, shrinking ${seconds(timings.shrinking)}`,
    ],
    ['slowest', timings.slowest.map((s) => `${s.id} ${rounded(s.milliseconds)} ms`).join(', ')],
  ];
  return html`<section id="run">
    <h2>This run</h2>
    <dl class="facts">
      ${facts.map(
        ([term, text]) =>
          html`<dt>${term}</dt>
            <dd>${text}</dd> `,
      )}
    </dl>
  </section>`;
}

function pageCell(report: Report, cell: Cell, specLink: SpecLink): PageCell {
  const { primitive, dtype, transformation } = cell;
  const measured = report.accuracy.filter((a) => a.primitive === primitive && a.dtype === dtype);
  return {
    name: cellName(cell),
    status: cell.status,
    counts: counts(cell),
    reasons: cell.reasons,
    accuracy: measured.flatMap((a) => [
      `p50 ${measure(a.p50, a.unit)}, p99 ${measure(a.p99, a.unit)}, max ${measure(a.max, a.unit)}, over ${counted(a.elements, 'element')}`,
      ...(a.worst === null ? [] : [`worst: ${comparison(report.backend.name, a.worst)}`]),
    ]),
    failures: report.failures
      .filter((f) => f.subject === primitive && f.dtype === dtype && f.transformation === transformation)
      .map((f) => pageFailure(report, f)),
    explain: `npx etalon explain ${primitive}`,
    spec: specLink(primitive),
  };
}

const pageFailure = (report: Report, f: Failure): PageFailure => ({
  id: f.id,
  message: f.message,
  compared: f.element === null ? '' : comparison(report.backend.name, f.element),
  command: replayCommand(report, f),
});

function counts({ ok, wrong, gaps }: Cell): string {
  const parts = [
    `${count(ok)} ok`,
    ...(wrong > 0 ? [`${count(wrong)} wrong`] : []),
    ...(gaps > 0 ? [counted(gaps, 'gap')] : []),
  ];
  return parts.join(', ');
}
