/** Why two backends give different numbers: which equation, whose fault, and the smallest proof (spec/diverge.md). */
import { Backend } from '../reference/core/open-backend.ts';
import type { ConcreteArray } from '../reference/core/array.ts';
import { checkOptions } from '../reference/core/errors.ts';
import type { HostArray } from '../reference/core/host.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';
import { type AnyFunction, flattenArguments, type LooseArguments } from '../reference/transforms/call.ts';
import { makeJaxpr } from '../reference/transforms/make-jaxpr.ts';
import { Bench, factsOf } from './bench.ts';
import { conditioningOf, outputDifferences, type Side } from './debug/compare.ts';
import type { Divergence, Finding, OutputDifference } from './debug/divergence.ts';
import {
  findingOf,
  nanFindingOf,
  type Outcome,
  outcomeOf,
  requireNoGaps,
  type Subject,
  valuesOn,
} from './debug/examine.ts';
import { equationCount, type Values } from './debug/parts.ts';
import { openBackend } from './open.ts';
import { versions } from './run.ts';
import { UsageError } from './types.ts';

export interface DivergeOptions {
  /** Two of them: built-in names, files, `command:…`, or open backends. With `nan` one will do. */
  readonly backends: readonly (string | Backend)[];
  /** Looks for the first equation that makes a NaN or an infinity on one backend and not on the other. */
  readonly nan?: boolean;
  /** Where `.etalon/diverge` goes, and what paths of backends are relative to; null: nothing is saved. Default: the current folder. */
  readonly folder?: string | null;
}

/**
 * Runs `f` on two backends and says whether their results agree within what rounding may do; if they do not, which
 * equation of which backend is wrong, judged on the operands that it had there, with a proof of a few equations that
 * `etalon replay` runs again.
 *
 * @example
 * const found = await diverge(loss, { backends: ['reference', 'tfjs:wasm'] })(w, x);
 * found.kind; // 'agree', 'ill-conditioned' or 'diverge'
 * found.findings[0]?.source; // src/loss.ts:31:18
 * @throws UsageError if there are not two backends, or one declares a gap; CannotStartError if one cannot start here
 */
export function diverge<F extends AnyFunction>(
  f: F,
  options: DivergeOptions,
): (...args: LooseArguments<Parameters<F>>) => Promise<Divergence> {
  checkOptions(options, ['backends', 'nan', 'folder'], 'diverge');
  return async (...args) => {
    const { arrays } = flattenArguments(args, 'diverge');
    const inputs = await Promise.all(arrays.map((x) => (x as ConcreteArray).toHostAsync()));
    return divergeProgram(makeJaxpr(f)(...args), inputs, options);
  };
}

/** The same for a program and its inputs. */
export async function divergeProgram(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  { backends, nan = false, folder = process.cwd() }: DivergeOptions,
): Promise<Divergence> {
  if (backends.length > 2 || backends.length < (nan ? 1 : 2)) {
    throw new UsageError(`two backends are compared (one will do where a NaN is looked for), got ${backends.length}`);
  }
  const opened: Backend[] = [];
  try {
    const subjects: Subject[] = [];
    for (const asked of backends) {
      const isOpen = asked instanceof Backend;
      const backend = isOpen ? asked : await openBackend(asked, folder ?? process.cwd());
      if (!isOpen) opened.push(backend);
      const bench = new Bench(backend);
      subjects.push({ bench, facts: factsOf(bench, isOpen ? backend.name : asked), folder, jaxpr, inputs });
    }
    subjects.forEach(requireNoGaps);
    const found = await (nan ? compareNans(subjects) : compareValues(subjects[0]!, subjects[1]!));
    return {
      format: 'etalon.divergence/1',
      versions: versions(),
      mode: nan ? 'nan' : 'values',
      backends: subjects.map((s) => s.facts),
      equations: equationCount(jaxpr),
      ...found,
    };
  } finally {
    for (const backend of opened) backend.close();
  }
}

type Found = Pick<Divergence, 'kind' | 'outputs' | 'findings' | 'conditioning'>;

async function compareValues(a: Subject, b: Subject): Promise<Found> {
  const outcomes = [await outcomeOf(a), await outcomeOf(b)] as const;
  const sides = outcomes.map(sideOf);
  const outputs = sides[0] && sides[1] ? outputDifferences(sides[0], sides[1]) : [];
  const blind = outputs.some(saysNothing);
  const findings: Finding[] = [];
  for (const [i, subject] of [a, b].entries()) {
    const finding = await findingOf(subject, outcomes[i]!, blind);
    if (finding !== null) findings.push(finding);
  }
  if (findings.length > 0) return { kind: 'diverge', outputs, findings, conditioning: null };
  if (!blind) return { kind: 'agree', outputs, findings, conditioning: null };
  return {
    kind: 'ill-conditioned',
    outputs,
    findings,
    conditioning: conditioningOf(a.jaxpr, a.inputs, b.bench.profile),
  };
}

/** null: the backend threw, or gave results of other types. */
function sideOf({ runs, bounded }: Outcome): Side | null {
  if (runs instanceof Error) return null;
  const [got] = runs;
  const fits = bounded.every(
    ({ value }, j) => got![j]?.dtype === value.dtype && got![j].data.length === value.data.length,
  );
  return fits ? { got: got!, bounded } : null;
}

/** The results differ, and rounding may have done anything to them. */
const saysNothing = ({ different, worst }: OutputDifference): boolean =>
  different > 0 && (worst === null || worst >= 1);

async function compareNans(subjects: readonly Subject[]): Promise<Found> {
  const findings: Finding[] = [];
  const values: Values[] = [];
  for (const subject of subjects) {
    const all = await valuesOn(subject);
    if (!(all instanceof Error)) values.push(all);
    else findings.push(await failureOf(subject, all));
  }
  if (findings.length === 0) {
    for (const [i, subject] of subjects.entries()) {
      const finding = await nanFindingOf(subject, values[i]!, values[1 - i] ?? null);
      if (finding !== null) findings.push(finding);
    }
  }
  return { kind: findings.length > 0 ? 'diverge' : 'agree', outputs: [], findings, conditioning: null };
}

/** The equation in which a backend fails. @throws UsageError if it fails only where all values of the program are asked for */
async function failureOf(subject: Subject, error: Error): Promise<Finding> {
  const finding = await findingOf(subject, await outcomeOf(subject), true);
  if (finding !== null) return finding;
  throw new UsageError(`${subject.facts.name} fails where every value of the program is asked for: ${error.message}`);
}
