/**
 * How sharp error bounds are (spec/transformations/error-bound.md#sharpness): what they allow, over the errors that there
 * are against the same program in double precision, which is as good as exact beside float32.
 */
import { isFloat } from '../reference/core/dtypes.ts';
import { type HostArray, numbers, sizeOf } from '../reference/core/host.ts';
import { allEquations, type Jaxpr } from '../reference/core/jaxpr.ts';
import type { Bounded } from '../reference/core/primitive.ts';
import { likelySize } from '../reference/transforms/error-bound.ts';
import { evaluateInDoubles, looksAtBits } from './doubles.ts';
import type { Carried } from './laws/law.ts';
import type { Unit } from './programs/case.ts';
import type { Sample } from './programs/sample.ts';
import type { CaseId, Sharpness } from './types.ts';
import { addTo, type Histogram, quantile } from './ulp.ts';

/** Whether a program in another precision is the same function. */
export const hasDoubles = (jaxpr: Jaxpr): boolean =>
  ![...allEquations(jaxpr)].some(({ primitive }) => looksAtBits(primitive));

/** The bounds of every element over its error, where it has one and its bound is finite. */
export function forEachError(
  { value, bound }: Bounded,
  result: HostArray,
  exact: HostArray,
  visit: (worst: number, likely: number) => void,
): void {
  if (!isFloat(value.dtype)) return;
  const [got, wanted] = [numbers(result), numbers(exact)];
  for (let i = 0; i < sizeOf(value.shape); i++) {
    const error = Math.abs(got[i]! - wanted[i]!);
    const worst = bound?.worst[i] ?? 0;
    if (!(error > 0) || error === Infinity || worst === Infinity) continue;
    const over = (size: number): number => Math.min(size / error, Number.MAX_VALUE);
    visit(over(worst), over(likelySize(bound?.variance[i] ?? 0)));
  }
}

/** Bin 0 is for bounds of at most the error; 16 bins per doubling follow. */
const binOf = (ratio: number): number => Math.ceil(16 * Math.log2(Math.max(1, ratio)));
const binEdge = (bin: number): number => Math.min(2 ** (bin / 16), Number.MAX_VALUE);

/** Bounds over errors, as they add up. */
export class Ratios {
  readonly #bins: Histogram = new Map();
  #beyondLikely = 0;
  #worstMin = Infinity;
  #worstCase = '';

  /** Of cases with the same ratio the first in the order of ids is named, so that no order of adding matters. */
  addWorst(ratio: number, id: CaseId): this {
    const isLess = ratio < this.#worstMin || (ratio === this.#worstMin && id < this.#worstCase);
    if (isLess) [this.#worstMin, this.#worstCase] = [ratio, id];
    return this;
  }

  addLikely(ratio: number): void {
    addTo(this.#bins, [[binOf(ratio), 1]]);
    this.#beyondLikely += Number(ratio < 1);
  }

  addAll({ bins, beyondLikely, worstMin, worstCase }: Summary): this {
    addTo(this.#bins, bins);
    this.#beyondLikely += beyondLikely;
    return this.addWorst(worstMin, worstCase);
  }

  result(): Summary {
    const bins = [...this.#bins].sort(([a], [b]) => a - b);
    return {
      elements: bins.reduce((sum, [, n]) => sum + n, 0),
      bins,
      likelyMedian: quantile(this.#bins, 0.5, binEdge),
      beyondLikely: this.#beyondLikely,
      worstMin: this.#worstMin,
      worstCase: this.#worstCase,
    };
  }
}
type Summary = Omit<Sharpness, 'equations'>;

/** Programs are told apart by powers of two: of 1, 2, 3–4, 5–8, … equations. */
export function depthOf(jaxpr: Jaxpr): Sharpness['equations'] {
  const most = 2 ** Math.ceil(Math.log2(Math.max(1, [...allEquations(jaxpr)].length)));
  return [Math.floor(most / 2) + 1, most];
}

/** `9–16`. */
export const depthName = ([least, most]: Sharpness['equations']): string =>
  least === most ? String(most) : `${least}–${most}`;

/**
 * Of what a program gave: null where nothing is off, or nothing can be said. Asked of the `value` of float32 programs only,
 * which is what the bounds are for, and cheap.
 */
export function sharpnessOf(
  { law, group, dtype }: Unit,
  id: CaseId,
  { jaxpr, inputs }: Sample,
  { bounds, got }: Carried,
): Sharpness | null {
  if (law !== 'value' || group !== 'programs' || dtype !== 'float32' || !hasDoubles(jaxpr)) return null;
  const ratios = new Ratios();
  evaluateInDoubles(jaxpr, inputs).forEach((exact, j) =>
    forEachError(bounds[j]!, got[j]!, exact, (worst, likely) => ratios.addWorst(worst, id).addLikely(likely)),
  );
  const result = ratios.result();
  return result.elements === 0 ? null : { equations: depthOf(jaxpr), ...result };
}

/** One row per number of equations, the fewest first. */
export const mergedSharpness = (rows: readonly Sharpness[]): Sharpness[] =>
  [...Map.groupBy(rows, ({ equations: [, most] }) => most)]
    .sort(([a], [b]) => a - b)
    .map(([, [first, ...others]]) => ({ equations: first!.equations, ...altogether([first!, ...others]) }));

export function altogether(rows: readonly Summary[]): Summary {
  const all = new Ratios();
  for (const row of rows) all.addAll(row);
  return all.result();
}
