/** The bottom of every chain of traces: computing on concrete arrays, on the backend where they live. */
import { ConcreteArray } from './array.ts';
import type { Executable } from './backend.ts';
import { BackendError, DisposedError, EtalonError, MixedBackendsError } from './errors.ts';
import { type Aval, showAval } from './host.ts';
import { unresolved } from './named-axes.ts';
import type { NDArray } from './ndarray.ts';
import type { Backend } from './open-backend.ts';
import type { AnyPrimitive, Params, RunnablePrimitive } from './primitive.ts';
import { SourceLocation } from './source.ts';
import { type CustomCall, installBaseTrace, Trace, Tracer } from './trace.ts';

let defaultBackend: Backend | null = null;

/** The backend on which computations on uncommitted arrays run. */
export function getDefaultBackend(): Backend {
  if (defaultBackend === null) throw new BackendError("no backend is open yet: import 'etalon'");
  return defaultBackend;
}
export function setDefaultBackend(backend: Backend): void {
  defaultBackend = backend;
}

/** The one backend on which `operands` live; the default if all are uncommitted. @throws MixedBackendsError */
export function commonBackend(operands: readonly NDArray[], preferred: Backend | null = null): Backend {
  let home = preferred;
  for (const x of operands) {
    if (!(x instanceof ConcreteArray) || x.backend === null || x.backend === home) continue;
    if (home !== null) {
      throw new MixedBackendsError(
        `arrays of ${home.name} and of ${x.backend.name} (${showAval(x.aval)}) met in one operation; move one with devicePut(x, backend)`,
      );
    }
    home = x.backend;
  }
  return home ?? getDefaultBackend();
}

/** A call of a primitive on concrete arrays. */
export interface Call {
  readonly backend: Backend;
  readonly primitive: RunnablePrimitive;
  readonly operands: readonly ConcreteArray[];
  readonly params: Params;
  /** Whether the results belong to the backend. */
  readonly committed: boolean;
}

let runner: (call: Call) => readonly ConcreteArray[] = run;

/** Has calls run by somebody who looks into them (transforms/walk.ts); null: by the backend, as one program each. */
export function setRunner(by: ((call: Call) => readonly ConcreteArray[]) | null): void {
  runner = by ?? run;
}

/** Runs a call as one program. */
export function run({ backend, primitive, operands, params, committed }: Call): ConcreteArray[] {
  const { executable, avals, once } = backend.eager(
    primitive,
    operands.map((x) => x.aval),
    params,
  );
  try {
    return execute(backend, executable, operands, avals, committed);
  } finally {
    if (once) executable.dispose();
  }
}

/** Runs an executable on concrete arrays. */
function execute(
  backend: Backend,
  executable: Executable,
  operands: readonly ConcreteArray[],
  outAvals: readonly Aval[],
  committed: boolean,
): ConcreteArray[] {
  const buffers = operands.map((x) => x.on(backend));
  return executable.run(buffers).map((buffer, i) => ConcreteArray.fromBuffer(outAvals[i]!, backend, buffer, committed));
}

class EvalTrace extends Trace {
  readonly name = 'evaluation';
  override call(custom: CustomCall, operands: readonly NDArray[]): readonly NDArray[] {
    return custom.run(operands);
  }
  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    for (const x of operands) {
      if (x instanceof Tracer)
        throw new EtalonError(`${primitive.name}: a tracer of ${x.trace.name} reached evaluation`);
    }
    if (primitive.kind === 'collective') unresolved(primitive, params, SourceLocation.capture());
    const asked = (params['backend'] as Backend | null | undefined) ?? null;
    const backend = commonBackend(operands, asked);
    if (backend.closed) throw new DisposedError(`${primitive.name} was to run on ${backend.name}, which is closed`);
    const committed = asked !== null || operands.some((x) => (x as ConcreteArray).backend !== null);
    return runner({ backend, primitive, operands: operands as readonly ConcreteArray[], params, committed });
  }
}

installBaseTrace(new EvalTrace());
