/** From the results of cases to a report. */
import { collectives, higherOrder, primitives } from '../reference/primitives/index.ts';
import { CoverageCount } from './coverage.ts';
import { globMatcher } from './programs/glob.ts';
import type {
  BackendFacts,
  CaseResult,
  CasesByLaw,
  Cell,
  DeclaredGap,
  Element,
  Failure,
  GroupCount,
  LawName,
  Measured,
  MeasuredAccuracy,
  Report,
  Sharpness,
} from './types.ts';
import { mergedSharpness } from './sharpness.ts';
import { GROUPS } from './types.ts';
import { quantilesOf, statusOf, verdictOf } from './verdict.ts';
import { addTo, type Histogram } from './ulp.ts';

interface CellCount {
  readonly primitive: string;
  readonly dtype: Cell['dtype'];
  readonly transformation: Cell['transformation'];
  ok: number;
  wrong: number;
  gaps: number;
  readonly reasons: Map<string, number>;
  readonly cases: Map<LawName, Map<string, number>>;
}

interface Accuracy {
  readonly primitive: string;
  readonly dtype: Cell['dtype'];
  readonly unit: Measured['unit'];
  readonly bins: Histogram;
  max: number;
  worst: Element | null;
}

const isWrong = ({ outcome }: CaseResult): boolean =>
  outcome === 'wrong' || outcome === 'crash' || outcome === 'timeout';
const hasCell = ({ subject, law }: CaseResult): boolean =>
  law !== 'rejects' && [primitives, higherOrder, collectives].some((table) => Object.hasOwn(table, subject));

/** An entry of a map, made if need be. */
function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

const increment = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

export class Collector {
  readonly #groups = new Map(GROUPS.map((group) => [group, { ok: 0, wrong: 0, gaps: 0 }]));
  readonly #cells = new Map<string, CellCount>();
  readonly #gaps = new Map<string, { primitive: string; reason: string; cells: Set<string>; cases: number }>();
  readonly #accuracy = new Map<string, Accuracy>();
  readonly #requires: (id: string) => boolean;
  readonly #requiredGaps: { id: string; reason: string }[] = [];
  readonly #slowest: { id: string; milliseconds: number }[] = [];
  readonly failures: Failure[] = [];
  readonly #coverage = new CoverageCount();
  readonly #sharpness: Sharpness[] = [];
  #uncompared = 0;
  #elements = 0;
  /** Results of any outcome. */
  results = 0;

  constructor(require: readonly string[]) {
    const { matches } = globMatcher(require);
    this.#requires = require.length === 0 ? () => false : matches;
  }

  add(result: CaseResult): void {
    this.results++;
    this.#elements += result.compared + result.uncompared;
    this.#uncompared += result.uncompared;
    if (result.failure) this.failures.push(result.failure);
    const kind = isWrong(result) ? 'wrong' : result.outcome === 'gap' ? 'gaps' : result.outcome === 'ok' ? 'ok' : null;
    this.#slow(result);
    if (kind === null) return;
    this.#groups.get(result.group)![kind]++;
    this.#coverage.add(result);
    if (result.sharpness) this.#sharpness.push(result.sharpness);
    if (kind === 'gaps') this.#addGap(result);
    if (hasCell(result)) this.#addToCell(result, kind);
    if (result.measured && result.transformation === 'eval' && Object.hasOwn(primitives, result.subject))
      this.#measure(result, result.measured);
  }

  #slow({ id, milliseconds }: CaseResult): void {
    this.#slowest.push({ id, milliseconds });
    this.#slowest.sort((a, b) => b.milliseconds - a.milliseconds);
    this.#slowest.length = Math.min(this.#slowest.length, 5);
  }

  #addToCell({ subject, dtype, transformation, law, variant, gap }: CaseResult, kind: 'ok' | 'wrong' | 'gaps'): void {
    const cell = entry(this.#cells, `${subject}/${dtype}/${transformation}`, () => ({
      primitive: subject,
      dtype,
      transformation,
      ok: 0,
      wrong: 0,
      gaps: 0,
      reasons: new Map<string, number>(),
      cases: new Map<LawName, Map<string, number>>(),
    }));
    cell[kind]++;
    if (gap) increment(cell.reasons, gap.reason);
    else increment(entry(cell.cases, law, () => new Map<string, number>()), variant); // prettier-ignore
  }

  #addGap({ id, subject, dtype, transformation, gap }: CaseResult): void {
    const { primitive, reason } = gap!;
    const known = entry(this.#gaps, `${primitive}\n${reason}`, () => ({
      primitive,
      reason,
      cells: new Set<string>(),
      cases: 0,
    }));
    known.cells.add(`${subject}/${dtype}/${transformation}`);
    known.cases++;
    if (this.#requires(id)) this.#requiredGaps.push({ id, reason });
  }

  #measure({ subject, dtype }: CaseResult, { unit, bins, max, worst }: Measured): void {
    const known = entry(this.#accuracy, `${subject}/${dtype}/${unit}`, () => ({
      primitive: subject,
      dtype,
      unit,
      bins: new Map() as Histogram,
      max: 0,
      worst: null,
    }));
    addTo(known.bins, bins);
    if (max > known.max) Object.assign(known, { max, worst });
  }

  get wrong(): number {
    return this.failures.length;
  }

  /** Everything of a report that comes from the results. */
  summary(
    backend: BackendFacts,
    interrupted: boolean,
  ): Pick<
    Report,
    'verdict' | 'groups' | 'cells' | 'failures' | 'gaps' | 'accuracy' | 'coverage' | 'sharpness' | 'uncompared'
  > & {
    readonly slowest: Report['timings']['slowest'];
  } {
    const cells = [...this.#cells.values()]
      .map(finishedCell)
      .sort(by((c) => `${c.primitive}/${c.dtype}/${c.transformation}`));
    const groups = GROUPS.map((group): GroupCount => {
      const { ok, wrong, gaps } = this.#groups.get(group)!;
      return { group, cases: ok + wrong, ok, wrong, gaps };
    });
    return {
      verdict: verdictOf({
        name: backend.name,
        groups,
        cells,
        wrong: this.wrong,
        requiredGaps: this.#requiredGaps,
        interrupted,
      }),
      groups,
      cells,
      failures: this.failures.toSorted(by((f) => `${f.file === null ? 1 : 0}/${f.id}`)), // those with a file first
      gaps: [...this.#gaps.values()]
        .map((g): DeclaredGap => ({ ...g, cells: [...g.cells].sort() }))
        .sort((a, b) => b.cells.length - a.cells.length || a.primitive.localeCompare(b.primitive)),
      accuracy: [...this.#accuracy.values()].map(finishedAccuracy).sort(by((a) => `${a.primitive}/${a.dtype}`)),
      coverage: this.#coverage.result(),
      sharpness: mergedSharpness(this.#sharpness),
      uncompared: { elements: this.#uncompared, of: this.#elements },
      slowest: this.#slowest,
    };
  }
}

const by =
  <T>(key: (x: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

function finishedCell({ reasons, cases, ...cell }: CellCount): Cell {
  const frequent = [...reasons].sort(([, a], [, b]) => b - a).map(([reason]) => reason);
  const byLaw = [...cases].sort(by(([law]) => law)).map(([law, of]) => [law, Object.fromEntries([...of].sort(by(([name]) => name)))]); // prettier-ignore
  return { ...cell, status: statusOf(cell), reasons: frequent, cases: Object.fromEntries(byLaw) as CasesByLaw };
}

function finishedAccuracy({ bins, ...accuracy }: Accuracy): MeasuredAccuracy {
  return { ...accuracy, ...quantilesOf(bins, accuracy.max) };
}
