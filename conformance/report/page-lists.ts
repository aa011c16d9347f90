/** The parts of the page that are lists: what was run, what failed, what is lacking, how exact the rest is. */
import { shortName } from '../../reference/core/dtypes.ts';
import type { Failure, GroupCount, MeasuredAccuracy, Report } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { listTable } from './table.ts';
import {
  cellName,
  comparison,
  count,
  counted,
  failureGroups,
  gapsByReason,
  type ReasonForGaps,
  replayCommand,
  rounded,
  seconds,
} from './words.ts';

export function summary({ groups, verdict, uncompared, restarts }: Report): Markup {
  const wrong = ({ wrong: n }: GroupCount): Markup | string =>
    n > 0 ? html`<span class="key wrong">${count(n)}</span>` : '0';
  const table = listTable<GroupCount>(
    [
      { head: 'group', cell: (g) => g.group },
      { head: '', cell: (g) => bar(g.ok, g.wrong, g.gaps) },
      { head: 'cases', isNumber: true, cell: (g) => count(g.cases) },
      { head: 'ok', isNumber: true, cell: (g) => count(g.ok) },
      { head: 'wrong', isNumber: true, cell: wrong },
      { head: 'declared gaps', isNumber: true, cell: (g) => count(g.gaps) },
    ],
    groups,
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
    ${table} ${remarks.map((text) => html`<p class="soft">${text}</p>`)}
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

export function failures(report: Report): Markup {
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
  const hasCell = report.cells.some((c) => cellName(c) === cellOf(f));
  const facts = [
    f.outcome,
    `law ${f.law}`,
    ...(f.equations === null ? [] : [counted(f.equations, 'equation')]),
    ...(f.source === null ? [] : [`from ${f.source}`]),
  ];
  const cell = hasCell ? html` · <a href="#cell=${encodeURIComponent(cellOf(f))}">${cellOf(f)}</a>` : '';
  return html`<div class="failure">
    <h3 class="mono">${f.id}</h3>
    <p>${f.message}</p>
    ${f.element === null ? '' : html`<p class="mono">${comparison(report.backend.name, f.element)}</p>`}
    <p class="soft">${facts.join(' · ')}${cell}</p>
    <div class="command"><code>${replayCommand(report, f)}</code></div>
  </div>`;
}

const cellOf = ({ subject: primitive, dtype, transformation }: Failure): string =>
  cellName({ primitive, dtype, transformation });

export function gaps(report: Report): Markup {
  const which = (g: ReasonForGaps): Markup =>
    html`<span class="mono">${g.primitives.join(', ')}</span>
      <details>
        <summary>which cells</summary>
        <span class="mono soft">${g.cells.join(' ')}</span>
      </details>`;
  const rows = gapsByReason(report.gaps);
  const table = listTable<ReasonForGaps>(
    [
      { head: 'reason', cell: (g) => g.reason },
      { head: 'primitives', cell: which },
      { head: 'cells', isNumber: true, cell: (g) => count(g.cells.length) },
      { head: 'cases', isNumber: true, cell: (g) => count(g.cases) },
    ],
    rows,
  );
  return html`<section id="gaps">
    <h2>Declared gaps</h2>
    ${rows.length === 0 ? html`<p>None.</p>` : table}
  </section>`;
}

export function accuracy(report: Report): Markup {
  const table = listTable<MeasuredAccuracy>(
    [
      { head: 'primitive', isCode: true, cell: (a) => a.primitive },
      { head: 'dtype', cell: (a) => shortName(a.dtype) },
      { head: 'elements', isNumber: true, cell: (a) => count(a.elements) },
      { head: 'p50', isNumber: true, cell: (a) => rounded(a.p50) },
      { head: 'p99', isNumber: true, cell: (a) => rounded(a.p99) },
      { head: 'max', isNumber: true, cell: (a) => html`<b>${rounded(a.max)}</b>` },
      { head: 'unit', cell: (a) => (a.unit === 'ulp' ? 'ulp' : 'of budget') },
      {
        head: 'worst input',
        isCode: true,
        cell: (a) => (a.worst === null ? '' : comparison(report.backend.name, a.worst)),
      },
    ],
    report.accuracy.toSorted((a, b) => a.unit.localeCompare(b.unit) * -1 || b.max - a.max),
  );
  return html`<section id="accuracy">
    <h2>Measured accuracy</h2>
    <p class="soft">
      Errors of a primitive's own results against the reference: in units in the last place, or, for sums and products,
      as a fraction of what is allowed.
    </p>
    ${report.accuracy.length === 0 ? html`<p>Nothing was measured.</p>` : table}
  </section>`;
}

export function run(report: Report): Markup {
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
