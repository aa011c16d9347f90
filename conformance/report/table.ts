/** The tables of the page that are lists: a row per thing, a column per fact. */
import { html, type Markup } from './markup.ts';

export interface Column<T> {
  readonly head: string;
  /** To the right, as numbers stand. */
  readonly isNumber?: true;
  /** In the typeface of code. */
  readonly isCode?: true;
  cell(row: T): Markup | string;
}

export function listTable<T>(columns: readonly Column<T>[], rows: readonly T[]): Markup {
  const classOf = ({ isNumber, isCode }: Column<T>): string => (isNumber ? 'number' : isCode ? 'mono' : 'text');
  return html`<div class="scroll">
    <table class="list">
      <thead>
        <tr>
          ${columns.map((c) => html`<th scope="col" class="${c.isNumber ? 'number' : 'text'}">${c.head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((c) => html`<td class="${classOf(c)}">${c.cell(row)}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
