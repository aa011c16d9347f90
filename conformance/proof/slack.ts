/**
 * How sharp error bounds are: what they allow, over the errors that there are. The suite's float32 programs are evaluated
 * by the reference, and in double precision, which is as good as exact beside that.
 */
import { isFloat } from '../../reference/core/dtypes.ts';
import { numbers, sizeOf } from '../../reference/core/host.ts';
import { allEquations } from '../../reference/core/jaxpr.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { casesOf, type Unit } from '../programs/case.ts';
import { CASES_PER_CELL, plan } from '../programs/plan.ts';
import type { Sample } from '../programs/sample.ts';
import { DEFAULT_SEED } from '../run.ts';
import type { Level } from '../types.ts';
import { evaluateInDoubles, looksAtBits } from './doubles.ts';

export interface SlackOptions {
  readonly seed?: number;
  /** How many programs and calls there are (spec/conformance.md#levels). */
  readonly level?: Level;
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
  /** Of calls of single primitives. */
  readonly primitives: readonly SlackRow[];
  /** Of programs, by their equations. */
  readonly depths: readonly SlackRow[];
}

/** The slack of the suite's programs; that of single primitives beside it. */
export async function slack({ seed = DEFAULT_SEED, level = 'quick' }: SlackOptions = {}): Promise<Slack> {
  const only = ['*/f32/*'];
  const units = plan({ casesPerCell: CASES_PER_CELL[level], ofRules: false, only, shard: null });
  const programs = units.filter((u) => u.group === 'programs' && u.dtype === 'float32' && u.law !== 'rejects');
  const calls = units.filter((u) => u.group === 'primitives' && u.transformation === 'eval' && u.law === 'value');
  const all = new Ratios('all');
  const byDepth = new Map<number, Ratios>();
  for (const unit of programs) {
    await letOthersRun();
    for (const { name, sample } of samplesOf(unit, seed)) {
      const depth = Math.max(0, Math.ceil(Math.log2(equationsOf(sample))));
      const row = byDepth.get(depth) ?? new Ratios(depth === 0 ? '1' : `${2 ** (depth - 1) + 1}–${2 ** depth}`);
      byDepth.set(depth, row);
      measure(name, sample, [all, row]);
    }
  }
  const byPrimitive = new Map<string, Ratios>();
  for (const unit of calls) {
    await letOthersRun();
    const row = byPrimitive.get(unit.subject) ?? new Ratios(unit.subject);
    byPrimitive.set(unit.subject, row);
    for (const { name, sample } of samplesOf(unit, seed)) measure(name, sample, [row]);
  }
  const rows = (of: Iterable<Ratios>): SlackRow[] => [...of].map((r) => r.row()).filter((r) => r.elements > 0);
  const depths = [...byDepth].sort(([a], [b]) => a - b).map(([, row]) => row);
  const { name: _, ...total } = all.row();
  return { ...total, primitives: rows(byPrimitive.values()), depths: rows(depths) };
}

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const equationsOf = ({ jaxpr }: Sample): number => [...allEquations(jaxpr)].length;

/** What of a unit can be evaluated in another precision. */
function* samplesOf(unit: Unit, seed: number): Generator<{ readonly name: string; readonly sample: Sample }> {
  for (const { one, isNew } of casesOf(unit, seed)) {
    const { sample } = one;
    if (sample === null || !isNew) continue;
    const bits = [...allEquations(sample.jaxpr)].some((e) => looksAtBits(e.primitive));
    if (!bits) yield { name: one.id, sample };
  }
}

/** Adds the elements of a program's results that are off and whose bound is finite. */
function measure(name: string, { jaxpr, inputs, choices }: Sample, rows: readonly Ratios[]): void {
  const bounded = errorBound(jaxpr, inputs, 'strict', choices);
  const exact = evaluateInDoubles(jaxpr, inputs);
  bounded.forEach(({ value, bound }, j) => {
    if (!isFloat(value.dtype)) return;
    const [got, wanted] = [numbers(value), numbers(exact[j]!)];
    for (let i = 0; i < sizeOf(value.shape); i++) {
      const error = Math.abs(got[i]! - wanted[i]!);
      const worst = bound?.worst[i] ?? 0;
      if (!(error > 0) || error === Infinity || worst === Infinity) continue;
      for (const row of rows) row.add(worst / error, (4 * Math.sqrt(bound?.variance[i] ?? 0)) / error, name);
    }
  });
}

class Ratios {
  readonly #name: string;
  readonly #likely: number[] = [];
  #worst = Infinity;
  #worstCase = '';
  #below = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(worst: number, likely: number, name: string): void {
    this.#likely.push(likely);
    this.#below += Number(likely < 1);
    if (worst >= this.#worst) return;
    this.#worst = worst;
    this.#worstCase = name;
  }

  row(): SlackRow {
    const sorted = Float64Array.from(this.#likely).sort();
    const n = sorted.length;
    return {
      name: this.#name,
      elements: n,
      likelyMedian: n === 0 ? 0 : sorted[n >> 1]!,
      worstMin: this.#worst,
      likelyBelow1: n === 0 ? 0 : this.#below / n,
      worstCase: this.#worstCase,
    };
  }
}
