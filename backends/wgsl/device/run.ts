/** Running a plan: its buffers, its steps, and the loops whose end only the device knows. */
import type { Plan, Step } from '../compile/plan.ts';
import type { Commands } from './commands.ts';
import type { Memory, Storage } from './memory.ts';
import type { Pipelines } from './pipelines.ts';

/** What a run needs of its session. */
export interface Engine {
  readonly memory: Memory;
  readonly pipelines: Pipelines;
  readonly commands: Commands;
  /** Told what may yet turn out to have failed. */
  checked(check: Promise<string | null>): void;
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

/** Records a plan's steps. It waits, by yielding promises, where it has to know how a loop goes on. */
export function* runPlan(
  engine: Engine,
  plan: Plan,
  { first, last }: Lifetimes,
  given: ReadonlyMap<number, Storage>,
): Generator<Promise<void>, readonly Storage[]> {
  const storages: (Storage | undefined)[] = plan.buffers.map((_, i) => given.get(i));
  for (const [i, step] of plan.steps.entries()) {
    for (const buffer of first[i]!) storages[buffer] = engine.memory.acquire(plan.buffers[buffer]!.bytes);
    yield* runStep(engine, step, plan, storages);
    for (const buffer of last[i]!) {
      engine.memory.release(storages[buffer]!);
      storages[buffer] = undefined;
    }
  }
  const handed = new Set<Storage>(given.values());
  return plan.results.map(({ buffer }) => {
    // A result without elements is in no kernel.
    const storage = (storages[buffer] ??= engine.memory.acquire(plan.buffers[buffer]!.bytes));
    if (handed.has(storage)) return engine.memory.share(storage);
    handed.add(storage);
    return storage;
  });
}

function* runStep(
  engine: Engine,
  step: Step,
  plan: Plan,
  storages: readonly (Storage | undefined)[],
): Generator<Promise<void>, void> {
  const { commands, pipelines } = engine;
  switch (step.kind) {
    case 'kernel': {
      const { pipeline, isNew } = pipelines.of(step.code, step.label);
      if (isNew) {
        const where = step.source === null ? step.label : `${step.label} at ${step.source.toString()}`;
        engine.checked(pipeline.check.then((failure) => (failure === null ? null : `${where} failed: ${failure}`)));
      }
      commands.dispatch(
        pipeline,
        step.bindings.map(({ buffer }) => storages[buffer]!),
        step.literals,
        step.workgroups,
      );
      return;
    }
    case 'copy':
      return commands.copy(storages[step.from]!, storages[step.to]!, plan.buffers[step.to]!.bytes);
    case 'repeat':
      for (let i = 0; i < step.times; i++)
        for (const inner of step.steps) yield* runStep(engine, inner, plan, storages);
      return;
    case 'while':
      // The device runs ahead: twice as many steps each time that the flag is still up, as waiting costs more than they do.
      for (let ahead = 1; ; ahead = Math.min(64, 2 * ahead)) {
        for (let i = 0; i < ahead; i++) for (const inner of step.steps) yield* runStep(engine, inner, plan, storages);
        let flag = 0;
        yield commands.read(storages[step.flag]!, 4).then((bytes) => {
          flag = new Uint32Array(bytes)[0]!;
        });
        if (flag === 0) return;
      }
  }
}
