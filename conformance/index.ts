/**
 * The conformance suite for users: in a test file of a backend's own, or as a function.
 *
 * @example
 * import { conformance } from 'etalon/conformance';
 * import { describe, test } from 'vitest';
 * import definition from './my-backend.ts';
 * conformance(definition, { describe, test });
 */
import { Backend } from '../reference/core/open-backend.ts';
import type { BackendDefinition } from '../reference/core/backend.ts';
import { Bench } from './bench.ts';
import { casesOf, type Unit } from './programs/case.ts';
import { globMatcher } from './programs/glob.ts';
import { CASES_PER_CELL, plan } from './programs/plan.ts';
import { runCase } from './run-case.ts';
import { DEFAULT_SEED } from './run.ts';
import type { Level } from './types.ts';

export type { Conditioning, Divergence, Finding, FindingKind, OutputDifference } from './debug/divergence.ts';
export { diverge, type DivergeOptions } from './diverge.ts';
export { runCheck } from './run.ts';
export { replay, type Replayed, type ReplayOptions } from './replay.ts';
export * from './types.ts';

/** The functions of a test runner (vitest, jest, node:test): none is imported here. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

export interface ConformanceOptions extends Runner {
  readonly level?: Level;
  /** Globs over case ids. */
  readonly only?: readonly string[];
  readonly seed?: number;
}

/** Registers one test per primitive (or program) and law. Gaps are skipped. */
export function conformance(
  backend: BackendDefinition,
  { describe, test, level = 'quick', only = [], seed = DEFAULT_SEED }: ConformanceOptions,
): void {
  const units = plan({ casesPerCell: CASES_PER_CELL[level], ofRules: backend.name === 'reference', only, shard: null });
  let opened: Promise<Bench> | null = null;
  const bench = (): Promise<Bench> =>
    (opened ??= backend.open({}).then((session) => new Bench(new Backend(backend, session))));
  describe(`${backend.name} conforms`, () => {
    for (const [name, members] of Map.groupBy(units, ({ subject, law }) => `${subject}: ${law}`)) {
      test(name, async () => check(await bench(), members, only, seed));
    }
  });
}

/** How many wrong cases a test's message names. */
const SHOWN = 5;

async function check(bench: Bench, units: readonly Unit[], only: readonly string[], seed: number): Promise<void> {
  const { matches } = globMatcher(only);
  const wrong: string[] = [];
  for (const unit of units) {
    for (const { one, isNew } of casesOf(unit, seed)) {
      if (!isNew || !matches(one.id)) continue;
      const { evidence } = await runCase(bench, unit, one);
      if (evidence !== null) wrong.push(`${one.id}: ${evidence.message}`);
    }
  }
  if (wrong.length === 0) return;
  const more = wrong.length > SHOWN ? `\n… and ${wrong.length - SHOWN} more` : '';
  throw new Error(`${wrong.length} cases are wrong (seed ${seed}):\n${wrong.slice(0, SHOWN).join('\n')}${more}`);
}
