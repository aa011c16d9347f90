/** What random programs have met, primitive by primitive, as a section of the page. */
import { type Coverage, type MetCell, RANDOM_TRANSFORMATIONS, type Report, type Transformation } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { type Column, listTable } from './table.ts';
import { count, counted } from './words.ts';

/** `468 programs (12 drawn again) met 5,120 of 38,016 …`. */
export const coverageLine = ({ programs, rejected, cells }: Coverage): string =>
  `${counted(programs, 'program')} (${count(rejected)} drawn in vain) met ${count(cells.met)} of ${count(cells.of)} primitive × dtype × transformation × shape class`;

export function coverageSection({ coverage }: Pick<Report, 'coverage'>): Markup {
  if (coverage.programs === 0) return html``;
  const met = (cells: readonly MetCell[], how: Transformation): number =>
    cells.filter((cell) => cell.transformation === how).reduce((n, { classes }) => n + classes.length, 0);
  const table = listTable<[name: string, cells: readonly MetCell[]]>(
    [
      { head: 'primitive', isCode: true, cell: ([name]) => name },
      ...RANDOM_TRANSFORMATIONS.map((how): Column<[string, readonly MetCell[]]> => ({
        head: how,
        isNumber: true,
        cell: ([, cells]) => (met(cells, how) === 0 ? '·' : count(met(cells, how))),
      })),
    ],
    [...Map.groupBy(coverage.met, (cell) => cell.primitive)],
  );
  return html`<section id="coverage">
    <h2>Random programs</h2>
    <p>${coverageLine(coverage)}. Per primitive and transformation, how many dtypes × shape classes:</p>
    ${table}
  </section>`;
}
