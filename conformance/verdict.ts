/** What follows from counts: the state of a cell, quantiles of errors, the verdict. Runs and merged reports share it. */
import type { Cell, GroupCount, MeasuredAccuracy, Verdict } from './types.ts';
import { type Histogram, quantile } from './ulp.ts';

export const statusOf = ({ ok, wrong, gaps }: Pick<Cell, 'ok' | 'wrong' | 'gaps'>): Cell['status'] =>
  wrong > 0 ? 'wrong' : gaps === 0 ? 'answered' : ok === 0 ? 'gap' : 'partly';

/** Bins round up: no quantile is above the largest error. */
export function quantilesOf(bins: Histogram, max: number): Pick<MeasuredAccuracy, 'elements' | 'bins' | 'p50' | 'p99'> {
  const at = (share: number): number => Math.min(quantile(bins, share), max);
  const elements = [...bins.values()].reduce((sum, n) => sum + n, 0);
  return { elements, bins: [...bins].sort(([a], [b]) => a - b), p50: at(0.5), p99: at(0.99) };
}

export interface Counts {
  /** The backend's name. */
  readonly name: string;
  readonly groups: readonly GroupCount[];
  readonly cells: readonly Cell[];
  readonly wrong: number;
  readonly requiredGaps: Verdict['requiredGaps'];
  readonly interrupted: boolean;
}

export function verdictOf({ name, groups, cells, wrong, requiredGaps, interrupted }: Counts): Verdict {
  const cases = groups.reduce((sum, g) => sum + g.cases, 0);
  const gapCells = cells.filter((c) => c.status === 'gap').length;
  const answeredCells = cells.length - gapCells;
  const nothing = cases === 0 || (cells.length > 0 && answeredCells === 0);
  const fails = wrong > 0 || requiredGaps.length > 0;
  const kind = interrupted ? 'interrupted' : nothing ? 'none' : fails ? 'does not conform' : 'conforms';
  const required = requiredGaps.length > 0 ? `, ${requiredGaps.length} required cases are gaps` : '';
  const message = {
    interrupted: `the run was interrupted after ${cases} cases, ${wrong} of them wrong`,
    none: `no verdict on ${name}: it answered no cell`,
    'does not conform': `${name} does not conform: ${wrong} of ${cases} cases wrong${required}`,
    conforms: `${name} conforms: ${cases} cases, ${answeredCells} of ${cells.length} cells answered`,
  }[kind];
  return { kind, message, cases, wrong, cells: cells.length, answeredCells, gapCells, requiredGaps };
}
