/** Running a plan: its buffers, its steps, and the loops whose end only the device knows. */
import type { Owner, Plan, Step } from '../compile/plan.ts';
import type { Batches } from './batches.ts';
import type { Commands } from './commands.ts';
import type { Memory, Storage } from './memory.ts';
import type { Pipelines } from './pipelines.ts';

/** What a run needs of its session. */
export interface Engine {
  readonly memory: Memory;
  readonly pipelines: Pipelines;
  readonly commands: Commands;
  readonly batches: Batches;
}

/** What a run is given. */
export interface Given {
  /** Buffers that have a content. */
  readonly storages: ReadonlyMap<number, Storage>;
  /** The batch of commands from which on they, or what follows, may fail. */
  readonly since: number;
}

/** When a plan's buffers come and go. */
export interface Lifetimes {
  /** Per step: the buffers that it is the first to use, and the last. */
  readonly first: readonly (readonly number[])[];
  readonly last: readonly (readonly number[])[];
}

const buffersOf = (step: Step): readonly number[] => {
  switch (step.kind) {
    case 'kernel':
      return step.bindings.map(({ buffer }) => buffer);
    case 'copy':
      return [step.from, step.to];
    case 'repeat':
      return step.steps.flatMap(buffersOf);
    case 'while':
      return [step.flag, ...step.steps.flatMap(buffersOf)];
  }
};

/** What a loop uses lives as long as the loop. */
export function lifetimesOf({ buffers, steps, results }: Plan): Lifetimes {
  const isGiven = (buffer: number): boolean => buffers[buffer]!.content !== null;
  const kept = new Set(results.map(({ buffer }) => buffer));
  const uses = steps.map((step) => [...new Set(buffersOf(step))].filter((b) => !isGiven(b)));
  const seen = new Set<number>();
  const fresh = (b: number): boolean => !seen.has(b) && Boolean(seen.add(b));
  const first = uses.map((own) => own.filter(fresh));
  seen.clear();
  const last = uses.toReversed().map((own) => own.filter((b) => !kept.has(b)).filter(fresh));
  return { first, last: last.toReversed() };
}

const ownerOf = (step: Step): Owner => ('steps' in step ? ownerOf(step.steps[0]!) : step);

/** A run under way. */
interface Run {
  readonly engine: Engine;
  readonly plan: Plan;
  readonly storages: (Storage | undefined)[];
  readonly since: number;
}

/**
 * Records a plan's steps. It waits, by yielding promises, where it has to know how a loop goes on.
 * @throws Error if what a loop waited for has failed
 */
export function* runPlan(
  engine: Engine,
  plan: Plan,
  { first, last }: Lifetimes,
  { storages: given, since }: Given,
): Generator<Promise<void>, readonly Storage[]> {
  const { memory } = engine;
  const storages: (Storage | undefined)[] = plan.buffers.map((_, i) => given.get(i));
  const run: Run = { engine, plan, storages, since };
  const acquire = (buffer: number, owner: Owner): Storage =>
    (storages[buffer] = memory.acquire(plan.buffers[buffer]!.bytes, owner));
  try {
    for (const [i, step] of plan.steps.entries()) {
      for (const buffer of first[i]!) acquire(buffer, ownerOf(step));
      yield* runStep(run, step);
      for (const buffer of last[i]!) {
        memory.release(storages[buffer]!);
        storages[buffer] = undefined;
      }
    }
  } catch (error) {
    for (const [buffer, storage] of storages.entries())
      if (storage !== undefined && !given.has(buffer)) memory.release(storage);
    throw error;
  }
  const handed = new Set<Storage>(given.values());
  return plan.results.map(({ buffer, owner }) => {
    // A result without elements is in no kernel.
    const storage = storages[buffer] ?? acquire(buffer, owner ?? EMPTY);
    if (handed.has(storage)) return memory.share(storage);
    handed.add(storage);
    return storage;
  });
}

const EMPTY: Owner = { label: 'an array without elements', source: null };

function* runStep(run: Run, step: Step): Generator<Promise<void>, void> {
  const { engine, plan, storages, since } = run;
  const { commands, pipelines } = engine;
  switch (step.kind) {
    case 'kernel': {
      const pipeline = pipelines.of(step.code, step);
      return commands.dispatch(
        pipeline,
        step.bindings.map(({ buffer }) => storages[buffer]!),
        step,
      );
    }
    case 'copy':
      return commands.copy(storages[step.from]!, storages[step.to]!, plan.buffers[step.to]!.bytes);
    case 'repeat':
      for (let i = 0; i < step.times; i++) for (const inner of step.steps) yield* runStep(run, inner);
      return;
    case 'while':
      // The device runs ahead: twice as many steps each time that the flag is still up, as waiting costs more than they do.
      for (let ahead = 1; ; ahead = Math.min(64, 2 * ahead)) {
        for (let i = 0; i < ahead; i++) for (const inner of step.steps) yield* runStep(run, inner);
        let flag = 0;
        const made = { from: since, to: engine.batches.current };
        yield commands.read(storages[step.flag]!, 4, made).then((bytes) => {
          flag = new Uint32Array(bytes)[0]!;
        });
        if (flag === 0) return;
      }
  }
}
