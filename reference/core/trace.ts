/**
 * Stackless tracing: one current trace, set for the time of a call and restored in `finally`. Each transformation's
 * trace holds its parent and hands it what it does not transform itself (after JAX's "stackless" core).
 */
import { ArgumentError, describe, DifferentiationError, LeakedTracerError } from './errors.ts';
import { showAval } from './host.ts';
import { NDArray } from './ndarray.ts';
import type { AnyPrimitive, Params } from './primitive.ts';

/** A call of a function with a derivative of the user's own: by running what the user wrote, or as an equation. */
export interface CustomCall {
  /** As error messages name the function. */
  readonly where: string;
  /** The function on values. */
  run(operands: readonly NDArray[]): readonly NDArray[];
  /** Results and tangents by the user's rule; not all tangents are null. */
  jvp(
    operands: readonly NDArray[],
    tangents: readonly (NDArray | null)[],
  ): { readonly out: readonly NDArray[]; readonly tangents: readonly (NDArray | null)[] };
  /** The equation that holds function and rule as programs. */
  bind(operands: readonly NDArray[]): readonly NDArray[];
}

export abstract class Trace {
  /** `jvp`, `vmap`, `jit` …: as error messages name it. */
  abstract readonly name: string;
  /** What is transformed, as the user wrote it: `jit(loss)`; null where no function of theirs is. */
  subject: string | null = null;
  /** False once the transformation has returned: its tracers must not be used any more. */
  alive = true;
  /** The function with a derivative of its own whose code runs below this trace: it may not meet this one's tracers. */
  suspendedBy: string | null = null;
  abstract process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[];
  /** Traces on which values are known run the user's functions; the others record an equation. */
  call(custom: CustomCall, operands: readonly NDArray[]): readonly NDArray[] {
    return custom.bind(operands);
  }
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

/**
 * `where` says who met the tracer.
 * @throws LeakedTracerError for a tracer whose transformation is over; DifferentiationError for one that a function with
 * a derivative of its own closes over
 */
export function requireAlive(x: NDArray, where: string): NDArray {
  if (!(x instanceof Tracer)) return x;
  if (x.trace.suspendedBy !== null) throw closedOver(x.trace.suspendedBy, x);
  if (!x.trace.alive) {
    throw new LeakedTracerError(
      `${where}: met a tracer of ${x.trace.subject ?? x.trace.name}, which has already returned. ` +
        `It was kept in a variable outside the transformed function, or used after an await; return it instead` +
        (watch?.met(x) ?? '. debug.leaks(true) tells where it was computed'),
    );
  }
  return x;
}

/** What a function with a derivative of its own says when a value that it did not get as an argument is differentiated. */
export const closedOver = (where: string, { aval }: NDArray): DifferentiationError =>
  new DifferentiationError(
    `${where} closes over a value that is being differentiated, ${showAval(aval)}, of which its rule says nothing. ` +
      `Pass it as an argument (closureConvert makes arguments of what a function closes over), or close over stopGradient of it`,
  );

/** Calls a function with a derivative of its own. */
export function callCustom(custom: CustomCall, operands: readonly NDArray[]): readonly NDArray[] {
  for (const x of operands) requireAlive(x, custom.where);
  return currentTrace().call(custom, operands);
}

/** Applies a primitive: the one way in which anything is computed. */
export function bind(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
  operands.forEach((x: unknown, i) => {
    if (x instanceof NDArray) return requireAlive(x, primitive.name);
    throw new ArgumentError(`${primitive.name}: operand ${i + 1} must be an array, got ${describe(x)}`);
  });
  return currentTrace().process(primitive, operands, params);
}
