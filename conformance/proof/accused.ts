/** Whom the suite accuses falsely (spec/conformance.md#the-proof-of-the-suite). */
import { Backend } from '../../reference/core/open-backend.ts';
import { Bench } from '../bench.ts';
import { LEGAL_BACKENDS } from '../mutants/legal.ts';
import { casesOf } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import { runCase } from '../run-case.ts';
import type { CaseId, Level } from '../types.ts';

export interface AccusedOptions {
  readonly level?: Level;
  /** The seeds of the cases and of the differences: `first`, `first + 1`, … */
  readonly first: number;
  readonly seeds: number;
  /** Each seed runs one of so many parts of the level, by turns. */
  readonly parts?: number;
  /** Globs over case ids; none: everything. */
  readonly only?: readonly string[];
  readonly onAccusation?: (one: Accusation) => void;
}

export interface Accusation {
  readonly backend: string;
  readonly seed: number;
  readonly id: CaseId;
  readonly message: string;
}

export interface Accused {
  /** How many cases ran, on all backends together. */
  readonly cases: number;
  readonly accusations: readonly Accusation[];
}

export async function accused({
  level = 'quick',
  first,
  seeds,
  parts = 1,
  only = [],
  onAccusation = () => {},
}: AccusedOptions): Promise<Accused> {
  const accusations: Accusation[] = [];
  let cases = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const benches = await Promise.all(
      LEGAL_BACKENDS.map(async ({ make }) => {
        const definition = make(seed);
        return new Bench(new Backend(definition, await definition.open({})));
      }),
    );
    const shard = { index: 1 + (seed % parts), of: parts };
    for (const unit of plan({ casesPerCell: CASES_PER_CELL[level], ofRules: false, only, shard })) {
      // Refusals run on no backend, and a whole training is one number for minutes.
      if (unit.law === 'rejects' || unit.law === 'training') continue;
      for (const { one, isNew } of casesOf(unit, seed)) {
        if (!isNew) continue;
        for (const bench of benches) {
          cases++;
          const { evidence } = await runCase(bench, unit, one);
          if (evidence === null) continue;
          const accusation = { backend: bench.backend.name, seed, id: one.id, message: evidence.message };
          accusations.push(accusation);
          onAccusation(accusation);
        }
      }
    }
  }
  return { cases, accusations };
}
