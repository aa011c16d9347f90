/**
 * How sharp error bounds are (spec/transformations/error-bound.md#sharpness): what they allow, over the errors that there
 * are. The suite's float32 programs are run by backends that err as much as they may, and as much as is likely, and are
 * compared with the same programs in double precision, which is as good as exact beside that.
 */
import type { HostArray } from '../../reference/core/host.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { evaluateInDoubles } from '../doubles.ts';
import { casesOf, type Unit } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import { RandomStream } from '../programs/random-stream.ts';
import type { Sample } from '../programs/sample.ts';
import { DEFAULT_SEED } from '../run.ts';
import { depthName, depthOf, forEachError, hasDoubles, Ratios } from '../sharpness.ts';
import type { Level } from '../types.ts';
import { type Errors, evaluateErring } from './erring.ts';

export interface SlackOptions {
  readonly seed?: number;
  /** How many programs and calls there are (spec/conformance.md#levels). */
  readonly level?: Level;
  /** Globs over the ids of cases; left out: all of float32. */
  readonly only?: readonly string[];
}

/** Of some elements, all of them off by something. */
export interface SlackRow {
  /** A primitive, or how many equations the programs have: `9–16`. */
  readonly name: string;
  readonly elements: number;
  /** Median of likely bound over error. */
  readonly likelyMedian: number;
  /** The least worst-case bound over error: below 1 the bound is no bound. */
  readonly worstMin: number;
  /** The share of the elements beyond their likely bound. */
  readonly likelyBelow1: number;
  /** The case with the least worst-case bound. */
  readonly worstCase: string;
}

export interface Slack extends Omit<SlackRow, 'name'> {
  /** The same of the reference's own errors, which are smaller: it rounds every result once. */
  readonly reference: Omit<SlackRow, 'name'>;
  /** Of calls of single primitives. */
  readonly primitives: readonly SlackRow[];
  /** Of programs, by their equations. */
  readonly depths: readonly SlackRow[];
}

/** The slack of the suite's programs; that of single primitives beside it. */
export async function slack({
  seed = DEFAULT_SEED,
  level = 'quick',
  only = ['*/f32/*'],
}: SlackOptions = {}): Promise<Slack> {
  const units = plan({ casesPerCell: CASES_PER_CELL[level], ofRules: false, only, shard: null }).filter(
    ({ dtype, law }) => dtype === 'float32' && law !== 'rejects',
  );
  const [all, reference] = [new Ratios(), new Ratios()];
  const depths = new Rows<number>();
  const programs = units.filter((u) => u.group === 'programs');
  await forEachSample(programs, seed, (id, sample) => {
    const depth = depthOf(sample.jaxpr);
    measure(id, sample, seed, [all, depths.row(depth[1], depthName(depth))], [reference]);
  });
  const primitives = new Rows<string>();
  const calls = units.filter((u) => u.group === 'primitives' && u.transformation === 'eval' && u.law === 'value');
  await forEachSample(calls, seed, (id, sample, unit) =>
    measure(id, sample, seed, [primitives.row(unit.subject, unit.subject)], []),
  );
  return { ...slackOf(all), reference: slackOf(reference), primitives: primitives.result(), depths: depths.result() };
}

/** Everything of the units that can be evaluated in another precision; between units others may run. */
async function forEachSample(
  units: readonly Unit[],
  seed: number,
  visit: (id: string, sample: Sample, unit: Unit) => void,
): Promise<void> {
  for (const unit of units) {
    await letOthersRun();
    for (const { one, isNew } of casesOf(unit, seed)) {
      const { sample } = one;
      if (sample === null || !isNew || !hasDoubles(sample.jaxpr)) continue;
      visit(one.id, sample, unit);
    }
  }
}

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Adds the errors of the erring backends to some rows, the reference's own to others. */
function measure(
  id: string,
  { jaxpr, inputs, choices }: Sample,
  seed: number,
  rows: readonly Ratios[],
  ofReference: readonly Ratios[],
): void {
  const bounded = errorBound(jaxpr, inputs, 'strict', choices);
  const exact = evaluateInDoubles(jaxpr, inputs);
  const add = (results: readonly HostArray[], visit: (worst: number, likely: number) => void): void =>
    bounded.forEach((y, j) => forEachError(y, results[j]!, exact[j]!, visit));
  const erring = (errors: Errors): readonly HostArray[] =>
    evaluateErring(jaxpr, inputs, errors, new RandomStream(seed, id, errors));
  add(erring('allowed'), (worst) => rows.forEach((row) => row.addWorst(worst, id)));
  add(erring('likely'), (worst, likely) => {
    for (const row of rows) row.addWorst(worst, id).addLikely(likely);
  });
  const own = bounded.map(({ value }) => value);
  add(own, (worst, likely) => ofReference.forEach((row) => row.addWorst(worst, id).addLikely(likely)));
}

/** Rows by their keys. */
class Rows<K extends number | string> {
  readonly #rows = new Map<K, { readonly name: string; readonly ratios: Ratios }>();

  row(key: K, name: string): Ratios {
    const known = this.#rows.get(key) ?? { name, ratios: new Ratios() };
    this.#rows.set(key, known);
    return known.ratios;
  }

  /** Those with elements, in the order of their keys. */
  result(): SlackRow[] {
    const sorted = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return sorted.map(({ name, ratios }) => ({ name, ...slackOf(ratios) })).filter((row) => row.elements > 0);
  }
}

function slackOf(ratios: Ratios): Omit<SlackRow, 'name'> {
  const { elements, likelyMedian, beyondLikely, worstMin, worstCase } = ratios.result();
  return { elements, likelyMedian, worstMin, likelyBelow1: beyondLikely / Math.max(1, elements), worstCase };
}
