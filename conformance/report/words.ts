/**
 * How reports put things: numbers, names and commands that the terminal, HTML, JUnit and GitHub forms share.
 */
import { shortName } from '../../reference/core/dtypes.ts';
import { isBuiltIn } from '../open.ts';
import type { Cell, DeclaredGap, Element, Failure, LawName, MeasuredAccuracy, Report } from '../types.ts';

/** `4,030`. */
export const count = (n: number): string => n.toLocaleString('en-US');

/** `1 case`, `4,030 cases`. */
export const counted = (n: number, noun: string, nouns: string = `${noun}s`): string =>
  `${count(n)} ${n === 1 ? noun : nouns}`;

/** Three significant digits, in the shortest usual notation. */
export function rounded(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size >= 1e6 || (size > 0 && size < 1e-3))
    return x
      .toExponential(2)
      .replace('e+', 'e')
      .replace(/\.?0*e/, 'e');
  return size >= 100 ? count(Math.round(x)) : String(Number(x.toPrecision(3)));
}

export const measure = (value: number, unit: MeasuredAccuracy['unit']): string =>
  unit === 'ulp' ? `${rounded(value)} ulp` : `${rounded(value)} of budget`;

export const seconds = (s: number): string =>
  s < 100 ? `${s.toFixed(1)} s` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;

/** `add/f32/vmap`, as case ids begin. */
export const cellName = (c: Pick<Cell, 'primitive' | 'dtype' | 'transformation'>): string =>
  `${c.primitive}/${shortName(c.dtype)}/${c.transformation}`;

/** How the ids of a cell's cases of a law begin: `add/f32/vmap`, `add/f32/repeats`. */
export const casesOf = (c: Pick<Cell, 'primitive' | 'dtype' | 'transformation'>, law: LawName): string =>
  law === 'value' || law === 'jit-is-eager' ? cellName(c) : `${c.primitive}/${shortName(c.dtype)}/${law}`;

/** Text from a backend or a file, made safe to print: control characters could move the cursor or fake lines. */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- these are the characters to take out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');

/** An argument as a shell takes it. */
export const shellQuote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that runs a saved case again. A backend file is never run on a saved case's word alone. */
export const replayOfFile = (asked: string, file: string): string =>
  `npx etalon replay ${shellQuote(file)}${isBuiltIn(asked) ? '' : ` --backend ${shellQuote(asked)}`}`;

/** The command that runs a failed case again. */
export function replayCommand({ backend, seed, casesPerCell }: RunFacts, failure: Failure): string {
  if (failure.file !== null) return replayOfFile(backend.asked, failure.file);
  const onto = ` --backend ${shellQuote(backend.asked)}`;
  return `npx etalon replay --case ${shellQuote(failure.id)} --seed ${seed} --cases ${casesPerCell}${onto}`;
}
/** What of a report says how its cases are run again. */
export type RunFacts = Pick<Report, 'backend' | 'seed' | 'casesPerCell'>;

/** `x = -1.5707964 → tfjs:wasm 2.2878e+7, reference 2.2877332e+7`. */
export function comparison(backend: string, e: Element): string {
  const place = e.index.length === 0 ? '' : `[${e.index.join(', ')}]`;
  const where = e.at ?? (place === '' && e.output === 0 ? '' : `result ${e.output}${place}`);
  return `${where === '' ? '' : `${where} → `}${backend} ${e.got}, reference ${e.expected}`;
}

/** The verdict in one sentence: what was compared, and how many cells were answered, never a bare percentage. */
export function headline({ backend, verdict, cells: all }: Pick<Report, 'backend' | 'verdict' | 'cells'>): string {
  const { kind, cases, wrong, cells, answeredCells, gapCells, requiredGaps } = verdict;
  const partly = all.filter((c) => c.status === 'partly').length;
  const inPart = partly === 0 ? '' : ` (${count(partly)} of them in part)`;
  const answered = `${count(answeredCells)} of ${counted(cells, 'cell')} answered${inPart}, ${counted(gapCells, 'declared gap')}`;
  switch (kind) {
    case 'conforms':
      return `${backend.name} conforms: ${counted(cases, 'case')}, none wrong; ${answered}.`;
    case 'does not conform': {
      const wrongs = wrong > 0 ? [`${count(wrong)} of ${counted(cases, 'case')} wrong`] : [];
      const lacks =
        requiredGaps.length > 0
          ? [`${counted(requiredGaps.length, 'required case is a gap', 'required cases are gaps')}`]
          : [];
      return `${backend.name} does not conform: ${[...wrongs, ...lacks].join(', ')}; ${answered}.`;
    }
    case 'none':
      return `No verdict on ${backend.name}: nothing was compared; ${answered}.`;
    case 'interrupted':
      return `Interrupted, so no verdict on ${backend.name}: ${counted(cases, 'case')} so far, ${wrong === 0 ? 'none' : count(wrong)} wrong; ${answered}.`;
  }
}

export interface ReasonForGaps {
  readonly reason: string;
  readonly primitives: readonly string[];
  readonly cells: readonly string[];
  readonly cases: number;
}

/** Gaps by reason, those of most cells first. */
export const gapsByReason = (gaps: readonly DeclaredGap[]): ReasonForGaps[] =>
  [...Map.groupBy(gaps, (g) => g.reason)]
    .map(([reason, of]) => ({
      reason,
      primitives: [...new Set(of.map((g) => g.primitive))].sort(),
      cells: [...new Set(of.flatMap((g) => g.cells))].sort(),
      cases: of.reduce((n, g) => n + g.cases, 0),
    }))
    .sort((a, b) => b.cells.length - a.cells.length);

/** How many cells are gaps, wholly or in part, for which reason (the most frequent one of each), most first. */
export const reasonsOfGapCells = (cells: readonly Cell[]): [reason: string, cells: number][] =>
  [
    ...Map.groupBy(
      cells.filter((c) => c.status === 'gap' || c.status === 'partly'),
      (c) => c.reasons[0] ?? 'no reason given',
    ),
  ]
    .map(([reason, of]): [string, number] => [reason, of.length])
    .sort(([, a], [, b]) => b - a);

export interface FailureGroup {
  readonly subject: string;
  /** The one with the smallest proof. */
  readonly first: Failure;
  readonly others: readonly Failure[];
}

/** Those with the smallest proof come first, those that were not saved last. */
export function smallestFirst(a: Failure, b: Failure): number {
  const size = (f: Failure): number => f.equations ?? Number.MAX_VALUE;
  return size(a) - size(b);
}

/** Failures by primitive, program or model, because one defect makes many of them; smallest proofs first. */
export function failureGroups(failures: readonly Failure[]): FailureGroup[] {
  return [...Map.groupBy(failures, (f) => f.subject)]
    .map(([subject, of]) => {
      const [first, ...others] = of.toSorted(smallestFirst);
      return { subject, first: first!, others };
    })
    .sort((a, b) => smallestFirst(a.first, b.first));
}

/** The least exact primitives, those measured in units in the last place first. */
export function leastExact(accuracy: readonly MeasuredAccuracy[], ulps: number, budgets: number): MeasuredAccuracy[] {
  const worstOf = new Map<string, MeasuredAccuracy>();
  for (const a of accuracy) {
    const key = `${a.primitive} ${a.unit}`;
    if (a.max > (worstOf.get(key)?.max ?? 0)) worstOf.set(key, a);
  }
  const sorted = [...worstOf.values()].sort((a, b) => b.max - a.max);
  const of = (unit: MeasuredAccuracy['unit'], n: number): MeasuredAccuracy[] =>
    sorted.filter((a) => a.unit === unit).slice(0, n);
  return [...of('ulp', ulps), ...of('budget', budgets)];
}
