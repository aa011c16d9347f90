/** Running the suite: units of cases are handed to processes, whose results are streamed and collected. */
import { availableParallelism } from 'node:os';
import { evaluateJaxpr } from '../reference/interpreter.ts';
import { Child, type Ending } from './child.ts';
import { Collector } from './collect.ts';
import type { FromWorker, Setup } from './messages.ts';
import { packageManifest } from './package.ts';
import { type Case, casesOf, type NumberedCase, type Unit } from './programs/case.ts';
import { CASES_PER_CELL, plan } from './programs/plan.ts';
import { describe, failureOf } from './run-case.ts';
import { saveFailure } from './save.ts';
import {
  type BackendFacts,
  CannotStartError,
  type CaseId,
  type CaseResult,
  type CheckEvent,
  type CheckOptions,
  type Failure,
  type Group,
  GROUPS,
  type Report,
  UsageError,
  type Versions,
} from './types.ts';

/** The seed where none is given: results are then the same from run to run. */
export const DEFAULT_SEED = 20261123;
/** The version of the specification that the suite checks. */
export const SPEC_VERSION = '0.3.0';
const DEFAULT_JOBS = 2;
const DEFAULT_TIMEOUT = 60;
/** After so many cases that hung or crashed the rest of their unit is left out: each costs a new process. */
const LOST_PER_UNIT = 3;

export const versions = (): Versions => ({
  etalon: packageManifest().version,
  spec: SPEC_VERSION,
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
});

/** What the run makes of its options. */
type Settings = Required<Omit<CheckOptions, 'signal' | 'shard' | 'bail' | 'first'>> &
  Pick<CheckOptions, 'signal' | 'shard' | 'bail' | 'first'>;

function settled(options: CheckOptions): Settings {
  const fromEnvironment = Number(process.env['ETALON_NUM_CASES'] ?? NaN);
  const level = options.level ?? 'quick';
  const settings: Settings = {
    ...options,
    level,
    only: options.only ?? [],
    require: options.require ?? [],
    seed: options.seed ?? DEFAULT_SEED,
    cases:
      options.cases ??
      (Number.isInteger(fromEnvironment) && fromEnvironment > 0 ? fromEnvironment : CASES_PER_CELL[level]),
    jobs: options.jobs ?? Math.min(DEFAULT_JOBS, availableParallelism()),
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    folder: options.folder === undefined ? process.cwd() : options.folder,
  };
  return settings;
}

/**
 * Runs the suite on a backend, in child processes: a hang or a crash fails its case and no other.
 * @throws UsageError (also where `only` matches no case); CannotStartError; any other error is a bug of Etalon's
 */
export async function runCheck(
  options: CheckOptions,
  onEvent: (event: CheckEvent) => void = () => {},
): Promise<Report> {
  const settings = settled(options);
  const run = new Run(settings, onEvent);
  try {
    return await run.finish();
  } finally {
    run.stop();
  }
}

/** Where a process is in its work. */
interface Progress {
  unit: Unit | null;
  /** The case that it is at; null: it makes the next one. */
  at: { readonly index: number; readonly id: CaseId; readonly variant: string } | null;
  /** Found wrong, being shrunk. */
  found: CaseResult | null;
  next: number;
}

class Run {
  readonly #settings: Settings;
  readonly #emit: (event: CheckEvent) => void;
  readonly #collector: Collector;
  readonly #queue: { readonly unit: Unit; readonly from: number }[];
  /** So many of the queue come first, whatever their subjects. */
  #inOrder: number;
  readonly #planned: Record<Group, number>;
  readonly #done: Record<Group, number>;
  readonly #progress = new Map<Child, Progress>();
  readonly #outcome = Promise.withResolvers<void>();
  readonly #began = performance.now();
  readonly #started = new Date().toISOString();
  #facts: BackendFacts | null = null;
  #firstReady = 0;
  #shrinking = 0;
  #restarts = 0;
  readonly #lostIn = new Map<Unit, number>();
  #ended = false;
  #interrupted = false;

  constructor(settings: Settings, emit: (event: CheckEvent) => void) {
    this.#settings = settings;
    this.#emit = emit;
    this.#collector = new Collector(settings.require);
    for (let i = 0; i < settings.jobs; i++) this.#start(); // they load while this process plans
    const units = plan({
      casesPerCell: settings.cases,
      ofRules: settings.backend === 'reference',
      only: settings.only,
      shard: settings.shard ?? null,
    });
    const first = new Set(settings.first?.map((id) => id.split('/', 3).join('/')));
    const [now, later] = [true, false].map((isFirst) => units.filter(({ key }) => first.has(key) === isFirst));
    this.#queue = [...now!, ...later!].map((unit) => ({ unit, from: 0 }));
    this.#inOrder = now!.length;
    this.#planned = perGroup((group) => units.filter((u) => u.group === group).reduce((sum, u) => sum + u.planned, 0));
    this.#done = perGroup(() => 0);
    if (units.length === 0) this.#outcome.reject(this.#noMatch());
    settings.signal?.addEventListener('abort', () => this.#end({ interrupted: true }));
    if (settings.signal?.aborted) this.#end({ interrupted: true });
  }

  async finish(): Promise<Report> {
    await this.#outcome.promise;
    if (this.#facts === null) throw new CannotStartError('interrupted before the backend had started');
    if (this.#collector.results === 0 && !this.#interrupted) throw this.#noMatch();
    const report = this.#report(this.#facts);
    this.#emit({ type: 'end', report });
    return report;
  }

  stop(): void {
    this.#ended = true;
    for (const child of this.#progress.keys()) child.close();
    this.#progress.clear();
  }

  #noMatch(): UsageError {
    return new UsageError(
      `no case matches ${this.#settings.only.map((g) => `'${g}'`).join(' or ')}; ids look like reduce_sum/f32/vmap.vjp/odd/3f9c`,
    );
  }

  #end({ interrupted = false }: { interrupted?: boolean } = {}): void {
    this.#interrupted ||= interrupted;
    this.#ended = true;
    this.#outcome.resolve();
  }

  #start(): void {
    const { backend, seed, cases: casesPerCell, only, folder, timeout } = this.#settings;
    const setup: Setup = { backend, cwd: folder ?? process.cwd(), seed, casesPerCell, only, timeout, folder };
    const child = new Child(setup, timeout, {
      message: (from, message) => this.#message(from, message),
      ended: (from, ending) => this.#childEnded(from, ending),
    });
    this.#progress.set(child, { unit: null, at: null, found: null, next: 0 });
  }

  #message(child: Child, message: FromWorker): void {
    const progress = this.#progress.get(child);
    if (progress === undefined || this.#ended) return;
    switch (message.type) {
      case 'ready':
        this.#ready(message.facts);
        return this.#next(child);
      case 'cannot-open':
        return this.#outcome.reject(new (message.kind === 'usage' ? UsageError : CannotStartError)(message.message));
      case 'begin':
        progress.at = message;
        return;
      case 'shrinking':
        progress.found = message.result;
        return;
      case 'result':
        Object.assign(progress, { at: null, found: null, next: message.index + 1 });
        this.#shrinking += message.shrinkMilliseconds;
        return this.#add(message.result);
      case 'broken':
        return this.#broken(child, progress, message);
      case 'unmade':
        return this.#outcome.reject(new Error(`case ${message.index} of ${progress.unit!.key}: ${message.message}`));
      case 'unit-done':
        return this.#next(child);
    }
  }

  #ready(facts: BackendFacts): void {
    if (this.#facts !== null) return;
    this.#facts = facts;
    this.#firstReady = performance.now();
    const { level, seed } = this.#settings;
    this.#emit({ type: 'start', versions: versions(), backend: facts, level, seed, planned: this.#planned });
  }

  /** Cases of one subject share what is compiled: a process goes on with its own, else with one that no other is at. */
  #take(child: Child): { readonly unit: Unit; readonly from: number } | undefined {
    if (this.#inOrder > 0) {
      this.#inOrder--;
      return this.#queue.shift();
    }
    const subjects = [...this.#progress].flatMap(([of, { unit }]) =>
      unit === null || of === child ? [] : [unit.subject],
    );
    const own = this.#progress.get(child)!.unit?.subject;
    const rest = this.#queue.findIndex(({ unit }) => unit.subject === own);
    const free = this.#queue.findIndex(({ unit }) => !subjects.includes(unit.subject));
    return this.#queue.splice(rest >= 0 ? rest : Math.max(0, free), 1)[0];
  }

  #next(child: Child): void {
    const work = this.#take(child);
    if (work !== undefined) {
      this.#progress.set(child, { unit: work.unit, at: null, found: null, next: work.from });
      return child.work(work.unit.key, work.from);
    }
    child.rest();
    this.#progress.get(child)!.unit = null;
    if ([...this.#progress.values()].every((p) => p.unit === null)) this.#end();
  }

  #add(result: CaseResult): void {
    this.#collector.add(result);
    const { group } = result;
    this.#emit({ type: 'case', result, done: ++this.#done[group], planned: this.#planned[group] });
    if (result.failure) this.#emit({ type: 'failure', failure: result.failure });
    const { bail } = this.#settings;
    if (bail !== undefined && this.#collector.wrong >= bail) this.#end();
  }

  /** The backend no longer computes: its case is tried again in a new process, unless that was one already. */
  #broken(child: Child, { unit, at }: Progress, { fresh, index, result }: FromWorker & { type: 'broken' }): void {
    const why = `the backend stopped computing: ${result.failure!.message}`;
    this.#progress.delete(child);
    child.close();
    this.#restarts++;
    this.#emit({ type: 'restart', id: at!.id, why });
    if (fresh)
      this.#add({ ...result, outcome: 'crash', failure: { ...result.failure!, outcome: 'crash', message: why } });
    this.#goOn(unit!, fresh ? index + 1 : index, fresh);
  }

  /** The rest of a unit, in a new process. */
  #goOn(unit: Unit, from: number, isLost: boolean): void {
    const lost = (this.#lostIn.get(unit) ?? 0) + Number(isLost);
    this.#lostIn.set(unit, lost);
    if (lost < LOST_PER_UNIT) this.#queue.unshift({ unit, from });
    if (!this.#ended) this.#start();
  }

  /** The case that it was at has failed; another process goes on after it. */
  #childEnded(child: Child, ending: Ending): void {
    const progress = this.#progress.get(child);
    this.#progress.delete(child);
    if (progress === undefined || this.#ended) return;
    const why = ending.kind === 'timeout' ? `nothing happened for ${this.#settings.timeout} s` : ending.message;
    const { unit, at, found, next } = progress;
    if (unit === null) {
      const all = ending.kind === 'timeout' ? why : ending.details;
      this.#outcome.reject(new CannotStartError(`${this.#settings.backend} cannot start here: ${all}`));
      return;
    }
    const id = at?.id ?? `${unit.key}/${next}`;
    this.#restarts++;
    this.#emit({ type: 'restart', id, why });
    this.#add(found ?? this.#lost(unit, at, next, ending.kind, why));
    this.#goOn(unit, (at?.index ?? next) + 1, true);
  }

  /** The result of a case that hung, or that took its process with it. */
  #lost(unit: Unit, at: Progress['at'], next: number, outcome: Ending['kind'], why: string): CaseResult {
    const one = nth(casesOf(unit, this.#settings.seed), at?.index ?? next);
    const named = { id: at?.id ?? `${unit.key}/${next}`, variant: at?.variant ?? '' };
    const source = null;
    const failure = failureOf(unit, named, { message: why, element: null, source }, outcome);
    return {
      ...describe(unit, named),
      outcome,
      milliseconds: outcome === 'timeout' ? this.#settings.timeout * 1000 : 0,
      compared: 0,
      uncompared: 0,
      failure: one === null ? failure : this.#saveLost(unit, one, failure),
    };
  }

  #saveLost(unit: Unit, { sample }: Case, failure: Failure): Failure {
    const { folder, backend: asked, seed } = this.#settings;
    if (folder === null || sample === null) return failure;
    const { jaxpr, inputs } = sample;
    const expected = evaluateJaxpr(jaxpr, inputs);
    const { message, element, source } = failure;
    const evidence = {
      message,
      element,
      source,
      jaxpr,
      inputs,
      expected,
      got: null,
      budgets: expected.map(() => null),
    };
    const profile = this.#facts!.profile;
    return saveFailure({ folder, asked, profile, seed }, failure, { evidence, law: unit.law });
  }

  #report(facts: BackendFacts): Report {
    const { level, seed, cases, only, require } = this.#settings;
    const { slowest, ...summary } = this.#collector.summary(facts, this.#interrupted);
    const now = performance.now();
    const seconds = (from: number, to: number): number => Math.round(to - from) / 1000;
    return {
      format: 'etalon.report/1',
      versions: versions(),
      backend: facts,
      level,
      seed,
      casesPerCell: cases,
      only,
      require,
      shard: this.#settings.shard ?? null,
      started: this.#started,
      ...summary,
      restarts: this.#restarts,
      timings: {
        startup: seconds(this.#began, this.#firstReady),
        cases: seconds(this.#firstReady, now),
        shrinking: Math.round(this.#shrinking) / 1000,
        total: seconds(this.#began, now),
        slowest,
      },
    };
  }
}

const perGroup = (count: (group: Group) => number): Record<Group, number> =>
  Object.fromEntries(GROUPS.map((group) => [group, count(group)])) as Record<Group, number>;

/** The case of an index; null if it cannot be made. */
function nth(cases: Iterable<NumberedCase>, wanted: number): Case | null {
  try {
    for (const { one, index } of cases) if (index === wanted) return one;
  } catch {
    return null; // the process that tried has said so
  }
  return null;
}
