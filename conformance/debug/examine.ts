/** What is wrong with one backend on one program: the finding, with the smallest proof of it. */
import { elements, type HostArray, sizeOf } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { showElement } from '../../reference/core/show.ts';
import { equationLines } from '../../reference/core/text.ts';
import { referenceBackend } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { Bench } from '../bench.ts';
import { exactly, judgeProgram } from '../budgets.ts';
import { type Evidence, judgement } from '../laws/law.ts';
import { AnsweredGap } from '../protocol/connection.ts';
import { saveProof } from '../save.ts';
import { type BackendFacts, UsageError } from '../types.ts';
import type { Finding, FindingKind } from './divergence.ts';
import { type Located, Search, type Standing, standingOf } from './locate.ts';
import { minimized, wrongAlone } from './minimize.ts';
import { type Bad, badAt, everyValue, firstMaker, type Maker } from './nan.ts';
import { aloneOf, equationCount, referenceValues, type Values } from './parts.ts';
import type { Proof } from './shrink.ts';
import { firstUnstable, otherOf, runsOf, type Unstable } from './unstable.ts';

/** How long nested programs are looked into, and how long a proof is made smaller. */
const SEARCH_MILLISECONDS = 60_000;
const SHRINK_MILLISECONDS = 4000;

/** A backend, the program that it runs, and what it made of it. */
export interface Subject {
  readonly bench: Bench;
  readonly facts: BackendFacts;
  /** Where proofs go; null: nowhere. */
  readonly folder: string | null;
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly HostArray[];
}

export interface Outcome {
  readonly bounded: readonly Bounded[];
  readonly runs: readonly (readonly HostArray[])[] | Error;
  readonly standing: Standing;
}

const isReference = ({ backend }: Bench): boolean => backend.definition === referenceBackend;

/** @throws UsageError if the backend declares a gap */
export function requireNoGaps({ bench, facts, jaxpr }: Subject): void {
  const all = bench.backend.gaps(jaxpr).map(({ equation, gap }) => `${equation.primitive.name}: ${gap.gap}`);
  if (all.length > 0) throw gapError(facts, [...new Set(all)]);
}

/** Runs the program, several times. @throws UsageError if the backend declares a gap only now */
export async function outcomeOf({ bench, facts, jaxpr, inputs }: Subject): Promise<Outcome> {
  const bounded = errorBound(jaxpr, inputs, bench.profile);
  const expected = bounded.map((x) => x.value);
  if (isReference(bench)) {
    return { bounded: expected.map((value) => ({ value, bound: null })), runs: [expected], standing: 'fine' };
  }
  const runs = await runsOf(bench, jaxpr, inputs);
  if (runs instanceof AnsweredGap) throw gapError(facts, [`${runs.primitive}: ${runs.reason}`]);
  if (runs instanceof Error) return { bounded, runs, standing: 'wrong' };
  const standing = standingOf(judgeProgram(bounded, runs[0]!, bench.profile), expected, runs[0]!);
  return { bounded, runs, standing };
}

const gapError = ({ name }: BackendFacts, gaps: readonly string[]): UsageError =>
  new UsageError(`${name} does not compute this program: ${gaps.join('; ')}`);

/** What is wrong, if anything is. `blind`: the results say too little, so that the equations have to be looked at. */
export async function findingOf(
  subject: Subject,
  { runs, standing }: Outcome,
  blind: boolean,
): Promise<Finding | null> {
  const { bench, jaxpr, inputs } = subject;
  if (isReference(bench)) return null;
  if (!(runs instanceof Error) && otherOf(runs) !== null) {
    const unstable = await firstUnstable(bench, jaxpr, inputs);
    return unstable === null ? unstableProgram(subject, runs) : unstableFinding(subject, unstable);
  }
  const search = new Search(bench, Date.now() + SEARCH_MILLISECONDS);
  if (standing === 'fine' && !blind) return null;
  const located = await search.within(jaxpr, inputs, runs instanceof Error ? runs : runs[0]!, standing === 'wrong');
  return located === null ? null : locatedFinding(subject, search, located);
}

async function locatedFinding(subject: Subject, search: Search, located: Located): Promise<Finding> {
  const { bench, jaxpr, inputs } = subject;
  const { evidence, equations, numbers, path, alsoWrong } = located;
  const again = await runsOf(bench, evidence.jaxpr!, evidence.inputs);
  const other = again instanceof Error ? null : otherOf(again);
  if (other !== null && equations.length === 1) {
    const results = [(again as readonly (readonly HostArray[])[])[0]!, other] as const;
    return unstableFinding(subject, {
      number: numbers[0]!,
      path,
      equation: equations[0]!,
      operands: evidence.inputs,
      results,
    });
  }
  const kind: FindingKind = evidence.got === null ? 'throws' : equations.length > 1 ? 'together' : 'wrong';
  const { message, element, source } = evidence;
  // What shows in the whole program only is proved by a part of that.
  const proof =
    (await wrongAlone(bench, evidence.jaxpr!, evidence.inputs)) ??
    (await search.together(jaxpr, inputs))?.evidence ??
    (await wrongAlone(bench, jaxpr, inputs));
  return {
    ...placed(subject, kind, numbers, path),
    source,
    message,
    element,
    inputs: inputsOf(subject, located),
    alsoWrong,
    reproducer: proof && (await reproducer(subject, kind, numbers[0]!, proof)),
  };
}

/** How the operands of the outermost equation compare with the reference's. */
function inputsOf({ jaxpr, inputs }: Subject, { outer }: Located): Finding['inputs'] {
  if (outer === null) return null;
  const before = referenceValues(jaxpr, inputs).all(outer.equation.inputs);
  return exactly(before, outer.operands).wrong === null ? 'same' : 'within bounds';
}

const placed = (
  { facts, jaxpr }: Subject,
  kind: FindingKind,
  numbers: readonly number[],
  path: readonly string[],
): Pick<Finding, 'kind' | 'backend' | 'numbers' | 'equations' | 'path'> => ({
  kind,
  backend: facts.asked,
  numbers,
  equations: linesOf(jaxpr, numbers),
  path,
});

function linesOf(jaxpr: Jaxpr, numbers: readonly number[]): string[] {
  const all = equationLines(jaxpr);
  return numbers.map((n) => all[n - 1]!);
}

async function unstableFinding(subject: Subject, unstable: Unstable): Promise<Finding> {
  const { number, path, equation, operands, results } = unstable;
  const jaxpr = aloneOf(equation);
  const [expected, got] = results;
  const source = equation.source?.toString() || null;
  const evidence = judgement(exactly(expected, got), { jaxpr, inputs: operands, expected, got, source }).wrong!;
  const proof: Proof = { evidence, law: 'repeats' };
  return {
    ...placed(subject, 'nondeterministic', [number], path),
    source,
    message: `another run on the same operands gives other bits: ${evidence.message}`,
    element: evidence.element,
    inputs: null,
    alsoWrong: [],
    reproducer: saved(subject, 'nondeterministic', number, jaxpr, proof),
  };
}

/** No equation differs from itself, only all of them together do. */
function unstableProgram(subject: Subject, runs: readonly (readonly HostArray[])[]): Finding {
  const { jaxpr, inputs } = subject;
  const [expected, got] = [runs[0]!, otherOf(runs)!];
  const evidence = judgement(exactly(expected, got), { jaxpr, inputs, expected, got }).wrong!;
  const proof: Proof = { evidence, law: 'repeats' };
  return {
    ...placed(subject, 'nondeterministic', [], []),
    source: null,
    message: `another run of the program gives other bits, though none of its equations does: ${evidence.message}`,
    element: evidence.element,
    inputs: null,
    alsoWrong: [],
    reproducer: saved(subject, 'nondeterministic', 1, jaxpr, proof),
  };
}

/** The first equation that makes a NaN or an infinity; `other`: which the other backend does not have there. */
export async function nanFindingOf(subject: Subject, values: Values, other: Values | null): Promise<Finding | null> {
  const { bench, jaxpr } = subject;
  const maker = await firstMaker(bench, jaxpr, values, other);
  if (maker === null) return null;
  const { bad, number, path, equation, operands } = maker;
  const proof = isReference(bench) ? null : await wrongAlone(bench, aloneOf(equation), operands);
  return {
    ...placed(subject, bad, [number], path),
    source: equation.source?.toString() || null,
    message: madeBy(maker),
    element: null,
    inputs: null,
    alsoWrong: [],
    reproducer: proof && (await reproducer(subject, bad, number, proof)),
  };
}

const NAMES: { readonly [K in Bad]: string } = { nan: 'a NaN', infinity: 'an infinity' };

/** What was made of what, as far as it is plain which elements those are. */
function madeBy({ bad, equation, operands, results }: Maker): string {
  const { primitive } = equation;
  const made = `makes ${NAMES[bad]} of operands without one`;
  const [y] = results.filter((result) => badAt(result, bad) >= 0);
  if (primitive.kind === 'higher-order' || primitive.batch !== 'elementwise') return made;
  const at = badAt(y!, bad);
  const shown = operands.map((x) => showElement(x.dtype, elements(x)(sizeOf(x.shape) === 1 ? 0 : at)));
  return `${made}: ${primitive.name}(${shown.join(', ')}) = ${showElement(y!.dtype, elements(y!)(at))}`;
}

/** Every value of the program as the backend has it, or what it throws. */
export const valuesOn = ({ bench, jaxpr, inputs }: Subject): Promise<Values | Error> =>
  everyValue(bench, jaxpr, inputs).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );

async function reproducer(
  subject: Subject,
  kind: FindingKind,
  number: number,
  start: Evidence,
): Promise<Finding['reproducer']> {
  const evidence = await minimized(subject.bench, start, Date.now() + SHRINK_MILLISECONDS);
  return saved(subject, kind, number, evidence.jaxpr!, { evidence, law: 'value' });
}

function saved(
  { folder, facts }: Subject,
  kind: FindingKind,
  number: number,
  jaxpr: Jaxpr,
  proof: Proof,
): Finding['reproducer'] {
  if (folder === null) return { equations: equationCount(jaxpr), file: null };
  const { asked, profile } = facts;
  const about = { id: `diverge/${kind}/${number}`, subject: 'program' };
  return saveProof({ folder, asked, profile, seed: 0 }, 'diverge', about, jaxpr, proof);
}
