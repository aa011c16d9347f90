/**
 * Staging: running a function on tracers that only record, which gives its jaxpr (spec/transformations/make-jaxpr.md).
 */
import { ConcreteArray, escaped } from '../core/array.ts';
import { EtalonError } from '../core/errors.ts';
import { type Aval, showAval } from '../core/host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type AnyPrimitive, inferAvals, type Params } from '../core/primitive.ts';
import { SourceLocation } from '../core/source.ts';
import { Trace, Tracer, withNewTrace } from '../core/trace.ts';
import { ValuelessTracer } from './valueless.ts';

class StagedTracer extends ValuelessTracer {
  protected readonly advice: string =
    'Use lax.cond(…) or np.where(…), or mark the argument static: jit(f, { staticArgnums: [0] })';
  readonly variable: Var;
  constructor(trace: Trace, variable: Var) {
    super(trace);
    this.variable = variable;
  }
  get aval(): Aval {
    return this.variable.aval;
  }
}

/** Records every equation. Arrays from outside become constants; tracers from outside become further inputs. */
class StagingTrace extends Trace {
  readonly name: string;
  readonly equations: Equation[] = [];
  readonly constants = new Map<NDArray, Var>();
  readonly lifted = new Map<Tracer, Var>();

  constructor(name: string) {
    super();
    this.name = name;
  }

  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const inputs = operands.map((x) => this.atom(x));
    const outputs = inferAvals(
      primitive,
      inputs.map((x) => x.aval),
      params,
    ).map((a) => new Var(a));
    this.equations.push({ primitive, inputs, params, outputs, source: SourceLocation.capture() });
    return outputs.map((v) => new StagedTracer(this, v));
  }

  atom(x: NDArray): Atom {
    if (x instanceof StagedTracer && x.trace === this) return x.variable;
    if (x instanceof Tracer) return remember(this.lifted, x);
    const value = x instanceof ConcreteArray ? x.hostValue : null;
    if (x.ndim === 0 && value !== null) return new Literal(x.aval, value);
    escaped(x, 'jaxpr');
    return remember(this.constants, x);
  }
}

function remember<T extends NDArray>(seen: Map<T, Var>, x: T): Var {
  let variable = seen.get(x);
  if (variable === undefined) {
    variable = new Var(x.aval);
    seen.set(x, variable);
  }
  return variable;
}

export interface Staged {
  /** Its inputs are the lifted tracers, then the arguments. */
  readonly jaxpr: Jaxpr;
  /** Tracers of enclosing transformations that the function closes over. */
  readonly lifted: readonly Tracer[];
}

/** The jaxpr of a function of flat arrays. `name` says in errors what is being traced. */
export function stage(
  name: string,
  f: (args: readonly NDArray[]) => readonly NDArray[],
  avals: readonly Aval[],
): Staged {
  const trace = new StagingTrace(name);
  const inputs = avals.map((a) => new Var(a));
  const results = withNewTrace(trace, () => f(inputs.map((v) => new StagedTracer(trace, v))));
  const outputs = results.map((x) => trace.atom(x));
  const jaxpr = new Jaxpr({
    constvars: [...trace.constants.values()],
    consts: [...trace.constants.keys()],
    inputs: [...trace.lifted.values(), ...inputs],
    equations: trace.equations,
    outputs,
  });
  return { jaxpr, lifted: [...trace.lifted.keys()] };
}

/** The jaxpr with the given tracers as its first inputs: all that it lifts, and others that it does not use. */
export function lifting({ jaxpr, lifted: own }: Staged, lifted: readonly Tracer[]): Jaxpr {
  const inputs = lifted.map((x) => jaxpr.inputs[own.indexOf(x)] ?? new Var(x.aval));
  return new Jaxpr({ ...jaxpr, inputs: [...inputs, ...jaxpr.inputs.slice(own.length)] });
}

/** Jaxprs over the same inputs: every tracer that one of them lifts, then the arguments. */
export function unite(parts: readonly Staged[]): { readonly jaxprs: Jaxpr[]; readonly lifted: Tracer[] } {
  const lifted = [...new Set(parts.flatMap((p) => p.lifted))];
  return { jaxprs: parts.map((p) => lifting(p, lifted)), lifted };
}

/** The jaxpr of a function that closes over no tracer, as the rules of primitives do. */
export function stageClosed(f: (...args: NDArray[]) => readonly NDArray[], avals: readonly Aval[]): Jaxpr {
  const { jaxpr, lifted } = stage('a rule', (args) => f(...args), avals);
  if (lifted.length > 0) throw new EtalonError(`a rule closes over a traced value: ${showAval(lifted[0]!.aval)}`);
  return jaxpr;
}
