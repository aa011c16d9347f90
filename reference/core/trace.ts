/**
 * Stackless tracing: one current trace, set for the time of a call and restored in `finally`. Each transformation's
 * trace holds its parent and hands it what it does not transform itself (after JAX's "stackless" core).
 */
import { ArgumentError, describe, LeakedTracerError } from './errors.ts';
import { NDArray } from './ndarray.ts';
import type { AnyPrimitive, Params } from './primitive.ts';

export abstract class Trace {
  /** `jvp`, `vmap`, `jit` …: as error messages name it. */
  abstract readonly name: string;
  /** What is transformed, as the user wrote it: `jit(loss)`; null where no function of theirs is. */
  subject: string | null = null;
  /** False once the transformation has returned: its tracers must not be used any more. */
  alive = true;
  abstract process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[];
}

/** A stand-in for an array during one transformation. */
export abstract class Tracer extends NDArray {
  readonly trace: Trace;
  constructor(trace: Trace) {
    super();
    this.trace = trace;
    watch?.made(this);
  }
  dispose(): void {}
}

/** What is told of tracers while somebody looks for leaks. */
export interface TracerWatch {
  made(tracer: Tracer): void;
  /** A leaked tracer has been used. Gives what is known of it, for the message. */
  met(tracer: Tracer): string;
}
let watch: TracerWatch | null = null;
export function watchTracers(by: TracerWatch | null): void {
  watch = by;
}

let current: Trace | null = null;
let base: Trace | null = null;

/** The trace that evaluates: the bottom of every chain of parents. */
export function installBaseTrace(trace: Trace): void {
  base = trace;
}

export function currentTrace(): Trace {
  const trace = current ?? base;
  if (trace === null) throw new Error('no trace can evaluate yet: reference/core/evaluation.ts has not been loaded');
  return trace;
}

/** True while no transformation is under way. */
export const isEvaluating = (): boolean => current === null || current === base;

/** Runs `f` with `trace` as the current one. */
export function withTrace<T>(trace: Trace, f: () => T): T {
  const previous = current;
  current = trace;
  try {
    return f();
  } finally {
    current = previous;
  }
}

/** Runs a transformation: `f` under `trace`, which ends with it. */
export function withNewTrace<T>(trace: Trace, f: () => T): T {
  try {
    return withTrace(trace, f);
  } finally {
    trace.alive = false;
  }
}

/** @throws LeakedTracerError for a tracer whose transformation is over; `where` says who met it. */
export function requireAlive(x: NDArray, where: string): NDArray {
  if (x instanceof Tracer && !x.trace.alive) {
    throw new LeakedTracerError(
      `${where}: met a tracer of ${x.trace.subject ?? x.trace.name}, which has already returned. ` +
        `It was kept in a variable outside the transformed function, or used after an await; return it instead` +
        (watch?.met(x) ?? '. debug.leaks(true) tells where it was computed'),
    );
  }
  return x;
}

/** Applies a primitive: the one way in which anything is computed. */
export function bind(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
  operands.forEach((x: unknown, i) => {
    if (x instanceof NDArray) return requireAlive(x, primitive.name);
    throw new ArgumentError(`${primitive.name}: operand ${i + 1} must be an array, got ${describe(x)}`);
  });
  return currentTrace().process(primitive, operands, params);
}
