/** Running one case on a backend: gaps, the law, and what is reported of it. */
import type { Bench } from './bench.ts';
import { type Evidence, unjudged } from './laws/law.ts';
import type { Case, Unit } from './programs/case.ts';
import { AnsweredGap } from './protocol/connection.ts';
import { sharpnessOf } from './sharpness.ts';
import type { CaseResult, Failure, Outcome } from './types.ts';

export interface CaseRun {
  readonly result: CaseResult;
  readonly evidence: Evidence | null;
}

export async function runCase(bench: Bench, unit: Unit, one: Case): Promise<CaseRun> {
  const began = performance.now();
  const done = (outcome: Outcome, more: Partial<CaseResult> = {}): CaseResult => ({
    ...describe(unit, one),
    outcome,
    milliseconds: performance.now() - began,
    compared: 0,
    uncompared: 0,
    ...more,
  });
  const gap = one.sample === null ? null : bench.gap(one.sample.jaxpr);
  if (gap !== null) return { result: done('gap', { gap }), evidence: null };
  const judged = await one
    .check(bench)
    .catch((error: unknown) => (error instanceof AnsweredGap ? error : unjudged(error, one.sample)));
  if (judged instanceof AnsweredGap) {
    const { primitive, reason } = judged;
    return { result: done('gap', { gap: { primitive, reason } }), evidence: null };
  }
  const { compared, uncompared, measured, wrong, carried } = judged;
  const counts = { compared, uncompared, ...(measured && { measured }), ...(one.drawn && { drawn: one.drawn }) };
  if (wrong !== null)
    return {
      result: done(wrong.ended ?? 'wrong', { ...counts, failure: failureOf(unit, one, wrong, wrong.ended) }),
      evidence: wrong,
    };
  const sharpness = one.sample && carried ? sharpnessOf(unit, one.id, one.sample, carried) : null;
  const outcome = compared === 0 && uncompared > 0 ? 'uncompared' : 'ok';
  return { result: done(outcome, { ...counts, ...(sharpness && { sharpness }) }), evidence: null };
}

/** What a result says of its case, whatever became of it. */
export const describe = (
  unit: Unit,
  { id, variant }: Pick<Case, 'id' | 'variant'>,
): Pick<CaseResult, 'id' | 'group' | 'law' | 'subject' | 'dtype' | 'transformation' | 'variant'> => {
  const { group, law, subject, dtype, transformation } = unit;
  return { id, group, law, subject, dtype, transformation, variant };
};

export function failureOf(
  { law, subject, dtype, transformation }: Unit,
  { id }: Pick<Case, 'id'>,
  { message, element, source }: Pick<Evidence, 'message' | 'element' | 'source'>,
  outcome: Failure['outcome'] = 'wrong',
): Failure {
  return { id, subject, dtype, transformation, law, outcome, message, element, equations: null, file: null, source };
}
