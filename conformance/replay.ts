/** Running one case again, in this process, where breakpoints work. */
import type { Jaxpr } from '../reference/core/jaxpr.ts';
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
import { AnsweredGap } from './protocol/connection.ts';
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
      `the case was found on ${saved.backend}, which is not built in: it runs only if you say so: --backend ${saved.backend}`,
    );
  }
  const asked = backend ?? saved.backend;
  return onBackend(asked, folder, async (bench) => {
    const jaxpr = readProgram(saved.program);
    const about = { id: saved.id, law: saved.law, backend: asked, program: saved.program };
    return { ...about, ...(await verdictOf(bench, jaxpr, () => judgeAgain(bench, saved))) };
  });
}

async function onBackend<T>(asked: string, folder: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = new Bench(await openBackend(asked, folder));
  try {
    return await work(bench);
  } finally {
    bench.backend.close();
  }
}

/** What comes of the judgement; a gap may be declared before anything runs, or only then. */
async function verdictOf(
  bench: Bench,
  jaxpr: Jaxpr | null,
  judge: () => Promise<Judgement>,
): Promise<Pick<Replayed, 'reproduced' | 'message' | 'element' | 'gap'>> {
  const gapped = (gap: string): Awaited<ReturnType<typeof verdictOf>> => ({ reproduced: false, message: null, element: null, gap }); // prettier-ignore
  const gap = jaxpr === null ? null : bench.gap(jaxpr);
  if (gap !== null) return gapped(gap.reason);
  try {
    const { wrong } = await judge();
    return { reproduced: wrong !== null, message: wrong?.message ?? null, element: wrong?.element ?? null, gap: null };
  } catch (error) {
    if (error instanceof AnsweredGap) return gapped(error.reason);
    throw error;
  }
}

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
  return onBackend(backend, folder, (bench) => replayOf(bench, backend, id, seed, cases));
}

async function replayOf(
  bench: Bench,
  backend: string,
  id: CaseId,
  seed: number,
  cases: number | undefined,
): Promise<Replayed> {
  for (const casesPerCell of cases === undefined ? LEVELS.map((level) => CASES_PER_CELL[level]) : [cases]) {
    for (const unit of plan({ casesPerCell, ofRules: true, only: [id], shard: null })) {
      for (const { one } of casesOf(unit, seed)) {
        if (one.id !== id) continue;
        const program = one.sample === null ? null : String(one.sample.jaxpr);
        const about = { id: one.id, law: unit.law, backend, program };
        return { ...about, ...(await verdictOf(bench, one.sample?.jaxpr ?? null, () => one.check(bench))) };
      }
    }
  }
  throw new UsageError(
    `no case has the id ${id} under seed ${seed}; a run with --cases N has ids of its own: add --cases N`,
  );
}
