/** What random programs have met, primitive by primitive, as a section of the page. */
import { type Coverage, RANDOM_TRANSFORMATIONS, type Report } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { count, counted } from './words.ts';

/** `468 programs (12 drawn again) met 5,120 of 38,016 …`. */
export const coverageLine = ({ programs, rejected, cells }: Coverage): string =>
  `${counted(programs, 'program')} (${count(rejected)} drawn in vain) met ${count(cells.met)} of ${count(cells.of)} primitive × dtype × transformation × shape class`;

export function coverageSection({ coverage }: Pick<Report, 'coverage'>): Markup {
  if (coverage.programs === 0) return html``;
  const names = [...new Set(coverage.met.map((cell) => cell.primitive))];
  const rows = names.map((name) => {
    const own = coverage.met.filter((cell) => cell.primitive === name);
    const per = RANDOM_TRANSFORMATIONS.map((how) => {
      const cells = own.filter((cell) => cell.transformation === how);
      return cells.reduce((n, { classes }) => n + classes.length, 0);
    });
    return html`<tr>
      <td>${name}</td>
      ${per.map((n) => html`<td class="number">${n === 0 ? '·' : count(n)}</td>`)}
    </tr>`;
  });
  return html`<section id="coverage">
    <h2>Random programs</h2>
    <p>${coverageLine(coverage)}. Per primitive and transformation, how many dtypes × shape classes:</p>
    <table class="list">
      <thead>
        <tr>
          <th>primitive</th>
          ${RANDOM_TRANSFORMATIONS.map((how) => html`<th class="number">${how}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}
