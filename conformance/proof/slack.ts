/**
 * How sharp error bounds are (spec/transformations/error-bound.md#sharpness): what they allow, over the errors that there
 * are. The suite's float32 programs are run by backends that err as much as they may, and as much as is likely, and are
 * compared with the same programs in double precision, which is as good as exact beside that.
 */
import { isFloat } from '../../reference/core/dtypes.ts';
import { type HostArray, numbers, sizeOf } from '../../reference/core/host.ts';
import { allEquations } from '../../reference/core/jaxpr.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { errorBound, likelySize } from '../../reference/transforms/error-bound.ts';
import { casesOf, type Unit } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import { RandomStream } from '../programs/random-stream.ts';
import type { Sample } from '../programs/sample.ts';
import { DEFAULT_SEED } from '../run.ts';
import type { Level } from '../types.ts';
import { evaluateInDoubles, looksAtBits } from './doubles.ts';
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
  const [all, reference] = [new Ratios('all'), new Ratios('reference')];
  const depths = new Rows<number>(depthName);
  const programs = units.filter((u) => u.group === 'programs');
  await forEachSample(programs, seed, (id, sample) => {
    const depth = depths.row(Math.ceil(Math.log2(equationsOf(sample))));
    measure(id, sample, seed, [all, depth], [reference]);
  });
  const primitives = new Rows<string>((name) => name);
  const calls = units.filter((u) => u.group === 'primitives' && u.transformation === 'eval' && u.law === 'value');
  await forEachSample(calls, seed, (id, sample, unit) => measure(id, sample, seed, [primitives.row(unit.subject)], []));
  return { ...all.result(), reference: reference.result(), primitives: primitives.result(), depths: depths.result() };
}

/** Powers of two: `1`, `2`, `3–4`, `5–8`, … */
const depthName = (log2: number): string => (log2 <= 1 ? String(2 ** log2) : `${2 ** (log2 - 1) + 1}–${2 ** log2}`);

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
      if (sample === null || !isNew || [...allEquations(sample.jaxpr)].some((e) => looksAtBits(e.primitive))) continue;
      visit(one.id, sample, unit);
    }
  }
}

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const equationsOf = ({ jaxpr }: Sample): number => [...allEquations(jaxpr)].length;

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

/** The bounds of every element over its error, where it has one and its bound is finite. */
function forEachError(
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
    visit(worst / error, likelySize(bound?.variance[i] ?? 0) / error);
  }
}

/** Rows by their keys. */
class Rows<K extends number | string> {
  readonly #name: (key: K) => string;
  readonly #rows = new Map<K, Ratios>();

  constructor(name: (key: K) => string) {
    this.#name = name;
  }

  row(key: K): Ratios {
    const known = this.#rows.get(key) ?? new Ratios(this.#name(key));
    this.#rows.set(key, known);
    return known;
  }

  /** Those with elements, in the order of their keys. */
  result(): SlackRow[] {
    const sorted = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ratios]) => ratios);
    return sorted.map((ratios) => ({ name: ratios.name, ...ratios.result() })).filter((row) => row.elements > 0);
  }
}

class Ratios {
  readonly name: string;
  readonly #likely: number[] = [];
  #worst = Infinity;
  #worstCase = '';
  #below = 0;

  constructor(name: string) {
    this.name = name;
  }

  addWorst(ratio: number, id: string): this {
    if (ratio < this.#worst) [this.#worst, this.#worstCase] = [ratio, id];
    return this;
  }

  addLikely(ratio: number): void {
    this.#likely.push(ratio);
    this.#below += Number(ratio < 1);
  }

  result(): Omit<SlackRow, 'name'> {
    const sorted = Float64Array.from(this.#likely).sort();
    const n = sorted.length;
    return {
      elements: n,
      likelyMedian: n === 0 ? 0 : sorted[n >> 1]!,
      worstMin: this.#worst,
      likelyBelow1: n === 0 ? 0 : this.#below / n,
      worstCase: this.#worstCase,
    };
  }
}
