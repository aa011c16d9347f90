/** Running one case again, in this process, where breakpoints work. */
import { readProgram } from '../reference/transforms/programs.ts';
import { Bench } from './bench.ts';
import { judgeSaved } from './budgets.ts';
import { judgeFixture } from './laws/fixture.ts';
import { laws, type ProgramLaw } from './laws/index.ts';
import { attempt, type Judgement, judgement, threw } from './laws/law.ts';
import { isBuiltIn, openBackend } from './open.ts';
import { casesOf } from './programs/case.ts';
import { CASES_PER_CELL, plan } from './programs/plan.ts';
import { RandomStream } from './programs/random-stream.ts';
import { DEFAULT_SEED } from './run.ts';
import { arraysOf, readSavedCase } from './save.ts';
import { type CaseId, type Element, type LawName, LEVELS, type SavedCase, UsageError } from './types.ts';

export interface ReplayOptions {
  /** A built-in name or a file. Left out: the one that the saved case names, if it is built in. */
  readonly backend?: string;
  /** Left out: the current folder. */
  readonly folder?: string;
  /** For case ids: the seed of the run. */
  readonly seed?: number;
  /** For case ids: `--cases` of the run. Left out: the ids of all levels are known. */
  readonly cases?: number;
}

export interface Replayed {
  readonly id: CaseId;
  readonly law: LawName;
  readonly backend: string;
  /** True: wrong again. */
  readonly reproduced: boolean;
  /** What is wrong, or why nothing was run. */
  readonly message: string | null;
  readonly element: Element | null;
  /** Declared since: the backend does not compute the case. */
  readonly gap: string | null;
  /** Text form; null: the case is not about a program that runs. */
  readonly program: string | null;
}

/**
 * Replays a saved failure, or the case of an id.
 * @throws UsageError if the backend has to be named, or no case has the id
 */
export async function replay(
  what: { readonly file: string } | { readonly id: CaseId },
  options: ReplayOptions = {},
): Promise<Replayed> {
  return 'file' in what ? replaySaved(readSavedCase(what.file), options) : replayCase(what.id, options);
}

async function replaySaved(saved: SavedCase, { backend, folder = process.cwd() }: ReplayOptions): Promise<Replayed> {
  if (backend === undefined && !isBuiltIn(saved.backend)) {
    throw new UsageError(
      `the case was found on ${saved.backend}, which is a file: it runs only if you say so: --backend ${saved.backend}`,
    );
  }
  const asked = backend ?? saved.backend;
  const bench = new Bench(await openBackend(asked, folder));
  const jaxpr = readProgram(saved.program);
  const about = { id: saved.id, law: saved.law, backend: asked, program: saved.program };
  const gap = bench.gap(jaxpr);
  if (gap !== null) return { ...about, reproduced: false, message: null, element: null, gap: gap.reason };
  return { ...about, gap: null, ...verdictOf(await judgeAgain(bench, saved)) };
}

const verdictOf = ({ wrong }: Judgement): Pick<Replayed, 'reproduced' | 'message' | 'element'> => ({
  reproduced: wrong !== null,
  message: wrong?.message ?? null,
  element: wrong?.element ?? null,
});

/** By the saved law where it is about a program alone; else against the saved results. */
async function judgeAgain(bench: Bench, saved: SavedCase): Promise<Judgement> {
  const jaxpr = readProgram(saved.program);
  const { inputs, expected, budgets } = arraysOf(saved);
  const again: ProgramLaw | null =
    saved.law === 'repeats' || saved.law === 'keeps-inputs'
      ? saved.law
      : ['value', 'jit-is-eager'].includes(saved.law)
        ? 'value'
        : null;
  if (again !== null) return laws[again].check(bench, { jaxpr, inputs, active: [] }, new RandomStream(saved.id));
  const { primitive, params } = jaxpr.equations[0] ?? {};
  if (saved.law === 'fixture' && primitive?.kind === 'first-order')
    return judgeFixture(bench, primitive, inputs, params!, expected);
  const got = await attempt(bench, jaxpr, inputs);
  if (got instanceof Error) return threw(got, jaxpr, inputs, expected);
  return judgement(judgeSaved(expected, got, budgets), { jaxpr, inputs, expected, got });
}

async function replayCase(
  id: CaseId,
  { backend, folder = process.cwd(), seed = DEFAULT_SEED, cases }: ReplayOptions,
): Promise<Replayed> {
  if (backend === undefined) throw new UsageError('a case id names no backend: add --backend');
  const bench = new Bench(await openBackend(backend, folder));
  for (const casesPerCell of cases === undefined ? LEVELS.map((level) => CASES_PER_CELL[level]) : [cases]) {
    for (const unit of plan({ casesPerCell, ofRules: true, only: [id], shard: null })) {
      for (const { one } of casesOf(unit, seed)) {
        if (one.id !== id) continue;
        const program = one.sample === null ? null : String(one.sample.jaxpr);
        const about = { id: one.id, law: unit.law, backend, program };
        const gap = one.sample === null ? null : bench.gap(one.sample.jaxpr);
        if (gap !== null) return { ...about, reproduced: false, message: null, element: null, gap: gap.reason };
        return { ...about, gap: null, ...verdictOf(await one.check(bench)) };
      }
    }
  }
  throw new UsageError(
    `no case has the id ${id} under seed ${seed}; a run with --cases N has ids of its own: add --cases N`,
  );
}
