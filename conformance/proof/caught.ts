/** How many faults the suite catches (spec/conformance.md#the-proof-of-the-suite). */
import { allEquations } from '../../reference/core/jaxpr.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { Bench } from '../bench.ts';
import { drawFaults } from '../mutants/draw.ts';
import type { Fault } from '../mutants/fault.ts';
import { laws } from '../laws/index.ts';
import { transforms } from '../../reference/transforms/rules.ts';
import { casesOf, type Unit } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import { madeWith } from '../programs/sample.ts';
import { runCase } from '../run-case.ts';
import { DEFAULT_SEED } from '../run.ts';
import type { CaseId, LawName, Level } from '../types.ts';

export interface CaughtOptions {
  readonly seed?: number;
  /** How many faults are drawn. */
  readonly faults: number;
  /** Only each n-th of them, from the i-th on. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Survivors get the whole of standard, not only the cases of what is changed and the programs. */
  readonly whole?: boolean;
  readonly onFault?: (verdict: FaultVerdict) => void;
}

export interface FaultVerdict {
  readonly fault: string;
  /** The level that convicts it; null: it survives. */
  readonly caughtAt: Level | null;
  /** The case that convicts it, and how many ran before. */
  readonly by: CaseId | null;
  readonly cases: number;
  readonly seconds: number;
}

export async function caught({
  seed = DEFAULT_SEED,
  faults,
  part = { index: 1, of: 1 },
  whole = false,
  onFault = () => {},
}: CaughtOptions): Promise<FaultVerdict[]> {
  const drawn = await drawFaults(seed, faults);
  const verdicts: FaultVerdict[] = [];
  for (const [i, fault] of drawn.entries()) {
    if (i % part.of !== part.index - 1) continue;
    const verdict = await tried(fault, whole);
    onFault(verdict);
    verdicts.push(verdict);
  }
  return verdicts;
}

/** The stages that a fault goes through until it is convicted. */
interface Stage {
  readonly level: Level;
  units(fault: Fault): readonly Unit[];
}

const stages = (whole: boolean): readonly Stage[] => [
  { level: 'quick', units: (fault) => own(fault, 'quick') },
  { level: 'quick', units: (fault) => others(fault, 'quick') },
  { level: 'standard', units: (fault) => own(fault, 'standard') },
  {
    level: 'standard',
    units: (fault) => others(fault, 'standard').filter(({ group }) => whole || group === 'programs'),
  },
];

async function tried(fault: Fault, whole: boolean): Promise<FaultVerdict> {
  const began = performance.now();
  const bench = new Bench(new Backend(fault.backend, await fault.backend.open({})));
  let cases = 0;
  const verdict = (caughtAt: Level | null, by: CaseId | null): FaultVerdict => {
    return { fault: fault.id, caughtAt, by, cases, seconds: (performance.now() - began) / 1000 };
  };
  for (const { level, units } of stages(whole)) {
    for (const unit of units(fault)) {
      const by = await madeWith(fault.rules ?? transforms, async () => {
        for (const { one, isNew } of casesOf(unit, DEFAULT_SEED)) {
          if (!isNew) continue;
          cases++;
          if ((await runCase(bench, unit, one)).evidence !== null) return one.id;
        }
        return null;
      });
      if (by !== null) return verdict(level, by);
    }
  }
  return verdict(null, null);
}

// ---- the cases that can see a fault

/** The suite at a level, planned once. */
const planned = new Map<Level, readonly Unit[]>();
function unitsOf(level: Level): readonly Unit[] {
  let units = planned.get(level);
  if (units === undefined) {
    units = plan({ casesPerCell: CASES_PER_CELL[level], ofRules: true, only: [], shard: null });
    planned.set(level, units);
  }
  return units;
}

/** Wrong rules make wrong programs, which the reference and a backend then agree on: only laws that compare programs see them. */
const COMPARE_PROGRAMS: readonly LawName[] = ['vmap-is-loop', 'adjoint', 'derivative', 'linearity'];
const isAsked = ({ rules }: Fault, { law }: Unit): boolean =>
  rules === null
    ? law !== 'rejects' && laws[law as keyof typeof laws]?.ofRules !== true
    : COMPARE_PROGRAMS.includes(law);

/** The units about what the fault changes, those of its dtype first. */
const own = (fault: Fault, level: Level): readonly Unit[] =>
  unitsOf(level)
    .filter((unit) => fault.seenIn.includes(unit.subject) && isAsked(fault, unit))
    .sort((a, b) => Number(b.dtype === fault.dtype) - Number(a.dtype === fault.dtype));

/** The other units that have a case whose program contains it. */
const others = (fault: Fault, level: Level): readonly Unit[] =>
  unitsOf(level).filter(
    (unit) =>
      !fault.seenIn.includes(unit.subject) &&
      isAsked(fault, unit) &&
      fault.seenIn.some((name) => primitivesOf(unit).has(name)),
  );

const contents = new Map<string, ReadonlySet<string>>();

/** The primitives in the programs of a unit's cases, as far as the quick level draws them. */
function primitivesOf({ key }: Unit): ReadonlySet<string> {
  if (contents.size === 0) {
    for (const unit of unitsOf('quick')) {
      const names = new Set<string>();
      for (const { sample } of unit.law === 'training' ? [] : unit.cases(DEFAULT_SEED)) {
        if (sample !== null) for (const { primitive } of allEquations(sample.jaxpr)) names.add(primitive.name);
      }
      contents.set(unit.key, names);
    }
  }
  return contents.get(key) ?? new Set();
}
