/** What the times of a row say: how many times as long the others take. */
import type { ContenderName, Measured, Outcomes, Unmeasured } from './page.ts';

export const isMeasured = (outcome: Measured | Unmeasured): outcome is Measured => 'ms' in outcome;

/** How many times as long as `wgsl` a library takes; null: one of the two has no time. */
export function ratioOf(outcomes: Outcomes, other: ContenderName): number | null {
  const [own, theirs] = [outcomes.wgsl, outcomes[other]];
  return isMeasured(own) && isMeasured(theirs) ? theirs.ms / own.ms : null;
}

export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}
