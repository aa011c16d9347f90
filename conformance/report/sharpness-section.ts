/** How sharp the bounds were on what ran (spec/transformations/error-bound.md#sharpness), as a section of the page. */
import { altogether, depthName } from '../sharpness.ts';
import type { Report, Sharpness } from '../types.ts';
import { html, type Markup } from './markup.ts';
import { listTable } from './table.ts';
import { count, counted, rounded } from './words.ts';

/** `likely bounds are 38.1 times the error (median), worst-case bounds at least 2 times; …`; null: nothing was off. */
export function sharpnessLine({ sharpness = [] }: Pick<Report, 'sharpness'>): string | null {
  if (sharpness.length === 0) return null;
  const { elements, likelyMedian, worstMin, beyondLikely } = altogether(sharpness);
  const beyond = `${beyondLikely === 0 ? 'none' : count(beyondLikely)} of ${counted(elements, 'element')} beyond likely`;
  return `likely bounds are ${rounded(likelyMedian)} times the error (median), worst-case bounds at least ${least(worstMin)} times; ${beyond}`;
}

/** Downwards: what is below 1 must not look like 1. */
const least = (v: number): string => rounded(v >= 1000 ? v : Math.floor(v * 1000) / 1000);

export function sharpnessSection({ sharpness = [] }: Pick<Report, 'sharpness'>): Markup {
  if (sharpness.length === 0) return html``;
  const rows = [
    { name: 'all', ...altogether(sharpness) },
    ...sharpness.map((row) => ({ name: depthName(row.equations), ...row })),
  ];
  const table = listTable<Omit<Sharpness, 'equations'> & { readonly name: string }>(
    [
      { head: 'equations', cell: (r) => r.name },
      { head: 'elements', isNumber: true, cell: (r) => count(r.elements) },
      { head: 'likely bound / error, median', isNumber: true, cell: (r) => rounded(r.likelyMedian) },
      { head: 'worst-case bound / error, least', isNumber: true, cell: (r) => least(r.worstMin) },
      { head: 'beyond likely', isNumber: true, cell: (r) => count(r.beyondLikely) },
      { head: 'case with the least', isCode: true, cell: (r) => r.worstCase },
    ],
    rows,
  );
  return html`<section id="sharpness">
    <h2>Sharpness of bounds</h2>
    <p class="soft">
      What error bounds allow, over the errors against the same programs in double precision: of the elements of float32
      programs that are off by something. A worst-case bound below its error would be no bound.
    </p>
    ${table}
  </section>`;
}
