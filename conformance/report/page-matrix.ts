/** The table of the page: a square for every cell, primitive × dtype × transformation. */
import { ANY, shortName } from '../../reference/core/dtypes.ts';
import { type Cell, type Report, type Transformation, TRANSFORMATIONS } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { cellName, count, counted } from './words.ts';

const glyphs: Readonly<Record<Cell['status'], string>> = { answered: '✓', partly: '◐', gap: '–', wrong: '✗' };
const meanings: Readonly<Record<Cell['status'], string>> = {
  answered: 'answered: every case ran and is right',
  partly: 'partly: some cases are declared gaps',
  gap: 'declared gap',
  wrong: 'wrong',
};

export function matrix({ cells }: Report): Markup {
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

/** `12 ok, 1 wrong, 3 gaps`. */
export function counts({ ok, wrong, gaps }: Cell): string {
  const parts = [
    `${count(ok)} ok`,
    ...(wrong > 0 ? [`${count(wrong)} wrong`] : []),
    ...(gaps > 0 ? [counted(gaps, 'gap')] : []),
  ];
  return parts.join(', ');
}
