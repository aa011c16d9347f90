/** Everything that a level runs, as units that can be worked off in any order. */
import { primitives } from '../../reference/primitives/index.ts';
import type { AnyFirstOrder } from '../../reference/core/primitive.ts';
import type { Level } from '../types.ts';
import { globMatcher } from './glob.ts';
import type { Unit } from './case.ts';
import { fixtureUnits } from './fixtures.ts';
import { collectiveUnits } from './collectives.ts';
import { higherOrderUnits } from './higher-order.ts';
import { identityUnits } from './identities.ts';
import { modelUnits } from './models.ts';
import { primitiveUnits } from './primitives.ts';
import { randomUnits } from './random.ts';

/** Generated cases per primitive, dtype, transformation and shape class. */
export const CASES_PER_CELL: Readonly<Record<Level, number>> = { quick: 2, standard: 8, full: 40 };

export interface PlanOptions {
  readonly casesPerCell: number;
  /** Laws of the reference's own rules too. */
  readonly ofRules: boolean;
  /** Globs over case ids; none: everything. */
  readonly only: readonly string[];
  readonly shard: { readonly index: number; readonly of: number } | null;
}

export function plan({ casesPerCell, ofRules, only, shard }: PlanOptions): Unit[] {
  const all = [
    ...modelUnits(),
    ...programs(casesPerCell, ofRules),
    ...ofPrimitives(casesPerCell, ofRules),
    ...fixtureUnits(),
  ];
  const { mayMatchBelow } = globMatcher(only);
  const wanted = all.filter((unit) => mayMatchBelow(`${unit.key}/`));
  return shard === null ? wanted : wanted.filter((_, i) => i % shard.of === shard.index - 1);
}

function programs(casesPerCell: number, ofRules: boolean): Unit[] {
  return [
    ...higherOrderUnits(casesPerCell, ofRules),
    ...collectiveUnits(casesPerCell, ofRules),
    ...randomUnits(3 * casesPerCell, casesPerCell < CASES_PER_CELL.standard, ofRules),
    ...identityUnits(casesPerCell),
  ];
}

function ofPrimitives(casesPerCell: number, ofRules: boolean): Unit[] {
  const density = { count: casesPerCell, brief: casesPerCell < CASES_PER_CELL.standard };
  return Object.values<AnyFirstOrder>(primitives).flatMap((p) => [...primitiveUnits(p, density, ofRules)]);
}
