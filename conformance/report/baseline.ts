/**
 * A run against an earlier report: only failures that the earlier one does not have count.
 */
import type { Failure, Report, Verdict } from '../types.ts';

export interface Comparison {
  readonly newFailures: readonly Failure[];
  readonly knownFailures: readonly Failure[];
  /** Failures of the baseline that are gone, though their cases were asked for. */
  readonly fixed: readonly Failure[];
  readonly newRequiredGaps: Verdict['requiredGaps'];
  /** Why the two runs did not run the same cases; null: they did. */
  readonly differs: string | null;
}

export function compareReports(baseline: Report, report: Report): Comparison {
  const before = new Set(baseline.failures.map((f) => f.id));
  const now = new Set(report.failures.map((f) => f.id));
  const required = new Set(baseline.verdict.requiredGaps.map((g) => g.id));
  const differences = (['level', 'seed', 'casesPerCell'] as const).filter((key) => baseline[key] !== report[key]);
  return {
    newFailures: report.failures.filter((f) => !before.has(f.id)),
    knownFailures: report.failures.filter((f) => before.has(f.id)),
    fixed: differences.length > 0 ? [] : baseline.failures.filter((f) => !now.has(f.id)),
    newRequiredGaps: report.verdict.requiredGaps.filter((g) => !required.has(g.id)),
    differs:
      differences.length === 0
        ? null
        : differences.map((key) => `${key} ${baseline[key]} then, ${report[key]} now`).join('; '),
  };
}
