/** The process in which a backend runs: opens it, works off units of cases, streams results to its parent. */
import { flushCompileCache } from 'node:module';
import { openBackend } from './open.ts';
import { Bench, factsOf } from './bench.ts';
import { type Proof, shrink } from './debug/shrink.ts';
import { type BackendProcess, type FromWorker, type Setup, SHRINK_MILLISECONDS, type ToWorker } from './messages.ts';
import { type Case, casesOf, type Unit } from './programs/case.ts';
import { globMatcher } from './programs/glob.ts';
import { plan } from './programs/plan.ts';
import { describe, runCase } from './run-case.ts';
import { saveFailure } from './save.ts';
import { type CaseResult, type Failure, UsageError } from './types.ts';

/** How many failures of one subject are saved: backends are often wrong in one way many times. */
const SAVED_PER_SUBJECT = 4;
/** For shrinking all failures of this process. */
const SHRINK_MILLISECONDS_ALTOGETHER = 40_000;

/** A backend that is a process of its own is ended before the parent ends this one. */
const ENOUGH = 0.8;
/** After so many cases in which such a process ended, the rest of their unit is left out: each costs a new one. */
const ENDED_PER_UNIT = 3;

/** Resolves when the message has left this process, so that it is known even if the next step hangs or crashes. */
const say = (message: FromWorker | BackendProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });

class Worker {
  readonly #setup: Setup;
  readonly #bench: Bench;
  readonly #units: ReadonlyMap<string, Unit>;
  readonly #failures = new Map<string, number>();
  #shrinkMilliseconds = SHRINK_MILLISECONDS_ALTOGETHER;
  /** No case has run yet. */
  #isFresh = true;
  /** Cases of the present unit in which the backend's process ended. */
  #endings = 0;

  constructor(setup: Setup, bench: Bench) {
    this.#setup = setup;
    this.#bench = bench;
    const { casesPerCell, only } = setup;
    const units = plan({ casesPerCell, only, ofRules: setup.backend === 'reference', shard: null });
    this.#units = new Map(units.map((unit) => [unit.key, unit]));
  }

  async unit(key: string, from: number): Promise<void> {
    const unit = this.#units.get(key)!;
    const { matches } = globMatcher(this.#setup.only);
    let made = 0;
    this.#endings = 0;
    try {
      for (const { one, index, isNew } of casesOf(unit, this.#setup.seed)) {
        if (one.unmade !== undefined && this.#setup.backend !== 'reference') throw one.unmade;
        if (index >= from && matches(one.id)) await this.#case(unit, one, index, isNew);
        made = index + 1;
        if (this.#endings === ENDED_PER_UNIT) break;
      }
    } catch (error) {
      await say({
        type: 'unmade',
        index: made,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    await say({ type: 'unit-done' });
  }

  async #case(unit: Unit, one: Case, index: number, isNew: boolean): Promise<void> {
    if (!isNew) {
      const result: CaseResult = {
        ...describe(unit, one),
        outcome: 'repeated',
        milliseconds: 0,
        compared: 0,
        uncompared: 0,
      };
      return say({ type: 'result', index, result, shrinkMilliseconds: 0 });
    }
    await say({ type: 'begin', index, id: one.id, variant: one.variant });
    const { result, evidence } = await runCase(this.#bench, unit, one);
    const fresh = this.#isFresh;
    this.#isFresh = false;
    if (evidence === null) return say({ type: 'result', index, result, shrinkMilliseconds: 0 });
    if (evidence.ended !== undefined) {
      this.#endings++;
      const failure = this.#keep(unit, result.failure!, { evidence, law: unit.law });
      return say({ type: 'result', index, result: { ...result, failure }, shrinkMilliseconds: 0 });
    }
    if (evidence.got === null && !(await this.#bench.isHealthy())) return say({ type: 'broken', index, fresh, result });
    await say({ type: 'shrinking', index, result });
    const began = performance.now();
    const failure = await this.#saved(unit, one, result.failure!, evidence);
    return say({
      type: 'result',
      index,
      result: { ...result, failure },
      shrinkMilliseconds: performance.now() - began,
    });
  }

  async #saved(unit: Unit, one: Case, failure: Failure, evidence: Parameters<typeof shrink>[2]): Promise<Failure> {
    const unshrunk: Proof = { evidence, law: unit.law };
    if (this.#setup.folder === null || this.#savedOf(unit) >= SAVED_PER_SUBJECT)
      return this.#keep(unit, failure, unshrunk);
    const milliseconds = Math.min(SHRINK_MILLISECONDS, this.#shrinkMilliseconds);
    // What a broken backend does while it is shrunk must not cost the proof that there is.
    const began = performance.now();
    const proof = await shrink(this.#bench, one, evidence, unit.law, milliseconds).catch(() => unshrunk);
    this.#shrinkMilliseconds = Math.max(0, this.#shrinkMilliseconds - (performance.now() - began));
    return this.#keep(unit, failure, proof);
  }

  #savedOf = ({ subject }: Unit): number => this.#failures.get(subject) ?? 0;

  #keep(unit: Unit, failure: Failure, proof: Proof): Failure {
    const { folder, seed, backend: asked } = this.#setup;
    const before = this.#savedOf(unit);
    this.#failures.set(unit.subject, before + 1);
    if (folder === null || before >= SAVED_PER_SUBJECT) return failure;
    return saveFailure({ folder, asked, profile: this.#bench.profile, seed }, failure, proof);
  }
}

async function open(setup: Setup): Promise<Worker | null> {
  try {
    const options = { seconds: ENOUGH * setup.timeout, onProcess: (pid: number) => void say({ type: 'process', pid }) };
    const bench = new Bench(await openBackend(setup.backend, setup.cwd, options));
    const worker = new Worker(setup, bench);
    flushCompileCache(); // the parent ends this process by force
    await say({ type: 'ready', facts: factsOf(bench, setup.backend) });
    return worker;
  } catch (error) {
    const kind = error instanceof UsageError ? 'usage' : 'start';
    await say({ type: 'cannot-open', kind, message: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

let worker: Worker | null = null;
process.on('message', (message: ToWorker) => {
  void (message.type === 'open'
    ? open(message.setup).then((w) => (worker = w))
    : worker!.unit(message.key, message.from));
});
process.on('disconnect', () => process.exit());
