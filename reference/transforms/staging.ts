/**
 * Staging: running a function on tracers that only record, which gives its jaxpr (spec/transformations/make-jaxpr.md).
 */
import { ConcreteArray, escaped } from '../core/array.ts';
import { EtalonError, ProgramError } from '../core/errors.ts';
import { type Aval, showAval } from '../core/host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type AnyPrimitive, inferAvals, type Params } from '../core/primitive.ts';
import { LIMITS } from '../core/program.ts';
import { SourceLocation } from '../core/source.ts';
import { Trace, Tracer, withNewTrace } from '../core/trace.ts';
import { ValuelessTracer } from './valueless.ts';

class StagedTracer extends ValuelessTracer {
  declare readonly trace: StagingTrace;
  readonly variable: Var;
  constructor(trace: StagingTrace, variable: Var) {
    super(trace);
    this.variable = variable;
  }
  protected override get story(): string {
    return this.trace.storyOf(this.variable);
  }
  protected get advice(): string {
    return this.trace.adviceFor(this.variable);
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
  readonly inputs: readonly Var[];
  /** What the user calls the inputs, and their line that called the function; unknown in rules. */
  readonly #paths: (() => readonly string[]) | undefined;
  readonly #called: SourceLocation | null;

  constructor(name: string, avals: readonly Aval[], paths?: () => readonly string[]) {
    super();
    this.name = name;
    this.inputs = avals.map((a) => new Var(a));
    this.#paths = paths;
    this.#called = paths === undefined ? null : SourceLocation.capture();
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

  /** Where a value comes from, for errors. */
  storyOf(variable: Var): string {
    const from = this.#pathsOf(variable);
    const called = this.#called?.toString() ?? '';
    const depends = from.length === 0 ? `while ${this.name}` : `which depends on argument ${from.join(' and ')} of ${this.name}, while that`; // prettier-ignore
    return `${depends} is being traced${called === '' ? '' : ` for the call at ${called}`}`;
  }

  /** What the user can write instead of asking for a value. */
  adviceFor(variable: Var): string {
    const numbers = [...new Set(this.#pathsOf(variable).map((path) => /\d+/.exec(path)![0]))];
    const fixed = `${this.name.slice(0, -1)}, { staticArgnums: [${numbers.join(', ')}] })`;
    const also =
      numbers.length > 0 && this.name.startsWith('jit(') ? `, or mark what is no array static: ${fixed}` : '';
    return `Use lax.cond(…), lax.whileLoop(…) or np.where(…)${also}`;
  }

  /** The paths of the inputs from which a variable is computed. */
  #pathsOf(variable: Var): readonly string[] {
    const origins = new Set<Atom>([variable]);
    for (const { inputs, outputs } of this.equations.toReversed())
      if (outputs.some((v) => origins.has(v))) for (const x of inputs) origins.add(x);
    const paths = this.#paths?.() ?? [];
    return paths.filter((_, i) => origins.has(this.inputs[i]!));
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

type ListFunction = (args: readonly NDArray[]) => readonly NDArray[];

export interface Staged {
  /** Its inputs are the lifted tracers, then the arguments. */
  readonly jaxpr: Jaxpr;
  /** Tracers of enclosing transformations that the function closes over. */
  readonly lifted: readonly Tracer[];
}

/** How many functions of the user are being traced within one another. */
let depth = 0;

/**
 * The jaxpr of a function of flat arrays. `name` says in errors what is being traced, `paths` what the user calls the
 * inputs.
 * @throws ProgramError for programs within programs beyond the limit, long before the stack overflows
 */
export function stage(name: string, f: ListFunction, avals: readonly Aval[], paths?: () => readonly string[]): Staged {
  if (depth === LIMITS.depth) {
    throw new ProgramError(`${name}: programs are nested more than ${LIMITS.depth} deep; does a function call itself?`);
  }
  depth++;
  try {
    return record(f, new StagingTrace(name, avals, paths));
  } finally {
    depth--;
  }
}

function record(f: ListFunction, trace: StagingTrace): Staged {
  const results = withNewTrace(trace, () => f(trace.inputs.map((v) => new StagedTracer(trace, v))));
  const outputs = results.map((x) => trace.atom(x));
  const jaxpr = new Jaxpr({
    constvars: [...trace.constants.values()],
    consts: [...trace.constants.keys()],
    inputs: [...trace.lifted.values(), ...trace.inputs],
    equations: trace.equations,
    outputs,
  });
  return { jaxpr, lifted: [...trace.lifted.keys()] };
}

/** The jaxpr with the given tracers as its first inputs: all that it lifts, and others that it does not use. */
export function lifting({ jaxpr, lifted: own }: Staged, lifted: readonly Tracer[]): Jaxpr {
  const places = new Map(own.map((x, i) => [x, i]));
  const inputs = lifted.map((x) => jaxpr.inputs[places.get(x) ?? -1] ?? new Var(x.aval));
  return new Jaxpr({ ...jaxpr, inputs: [...inputs, ...jaxpr.inputs.slice(own.length)] });
}

/** Jaxprs over the same inputs: every tracer that one of them lifts, then the arguments. */
export function unite(parts: readonly Staged[]): { readonly jaxprs: Jaxpr[]; readonly lifted: Tracer[] } {
  const lifted = [...new Set(parts.flatMap((p) => p.lifted))];
  return { jaxprs: parts.map((p) => lifting(p, lifted)), lifted };
}

/** The jaxpr of a function that closes over no tracer, as the rules of primitives do. */
export function stageClosed(f: ListFunction, avals: readonly Aval[]): Jaxpr {
  const { jaxpr, lifted } = record(f, new StagingTrace('a rule', avals));
  if (lifted.length > 0) throw new EtalonError(`a rule closes over a traced value: ${showAval(lifted[0]!.aval)}`);
  return jaxpr;
}
