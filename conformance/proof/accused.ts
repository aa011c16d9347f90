/** Whom the suite accuses falsely (spec/conformance.md#the-proof-of-the-suite). */
import { Backend } from '../../reference/core/open-backend.ts';
import { Bench } from '../bench.ts';
import { type LegalBackend, LEGAL_BACKENDS } from '../mutants/legal.ts';
import { casesOf, type Unit } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import { runCase } from '../run-case.ts';
import { DEFAULT_SEED } from '../run.ts';
import type { CaseId, Level } from '../types.ts';

export interface AccusedOptions {
  readonly level?: Level;
  /** The first seed of the cases and of the differences, and how many there are. Each is dealt one backend, by turns. */
  readonly seed?: number;
  readonly seeds: number;
  /** A seed runs one of so many parts of the level; its backend's next seed runs the next one. */
  readonly parts?: number;
  /** Only each n-th of the seeds, from the i-th on. */
  readonly part?: { readonly index: number; readonly of: number };
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
  /** How many cases ran. */
  readonly cases: number;
  readonly accusations: readonly Accusation[];
}

export async function accused({
  level = 'quick',
  seed: first = DEFAULT_SEED,
  seeds,
  parts = 1,
  part = { index: 1, of: 1 },
  only = [],
  onAccusation = () => {},
}: AccusedOptions): Promise<Accused> {
  const accusations: Accusation[] = [];
  let cases = 0;
  for (let nth = part.index - 1; nth < seeds; nth += part.of) {
    const seed = first + nth;
    const bench = await opened(LEGAL_BACKENDS[nth % LEGAL_BACKENDS.length]!, seed);
    const turn = Math.floor(nth / LEGAL_BACKENDS.length);
    const shard = { index: 1 + (turn % parts), of: parts };
    for (const unit of plan({ casesPerCell: CASES_PER_CELL[level], ofRules: false, only, shard })) {
      if (!isAsked(unit, turn < parts)) continue;
      for (const { one, isNew } of casesOf(unit, seed)) {
        if (!isNew) continue;
        cases++;
        const { evidence } = await runCase(bench, unit, one);
        if (evidence === null) continue;
        const accusation = { backend: bench.backend.name, seed, id: one.id, message: evidence.message };
        accusations.push(accusation);
        onAccusation(accusation);
      }
    }
  }
  return { cases, accusations };
}

/** A legal backend with the differences of the seed. */
async function opened({ make }: LegalBackend, seed: number): Promise<Bench> {
  const definition = make(seed);
  return new Bench(new Backend(definition, await definition.open({})));
}

/** Refusals run on no backend, a whole training is one number for minutes, and fixtures are the same for every seed. */
const isAsked = ({ law }: Unit, isFirst: boolean): boolean =>
  law !== 'rejects' && law !== 'training' && (law !== 'fixture' || isFirst);
