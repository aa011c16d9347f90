/**
 * Runs programs equation by equation on the backend where they live, so that somebody can look at every value: the
 * checkers of debugging.md, and comparisons of two backends. Each first-order equation runs as an executable of its own.
 */
import { ConcreteArray } from '../core/array.ts';
import { type Call, run } from '../core/evaluation.ts';
import { EtalonError } from '../core/errors.ts';
import type { Aval, HostArray } from '../core/host.ts';
import { type Atom, type Jaxpr, Literal } from '../core/jaxpr.ts';
import { cleaning, namingFailures } from '../core/machine.ts';
import { unresolved } from '../core/named-axes.ts';
import { oneEquation } from '../core/open-backend.ts';
import { type AnyFirstOrder, type AnyHigherOrder, inferAvals, type Machine, type Params } from '../core/primitive.ts';
import { SourceLocation } from '../core/source.ts';
import { primitiveNamed } from '../primitives/index.ts';

/** A first-order equation that has run. The arrays are alive during the observer's call only. */
export interface Executed {
  readonly primitive: AnyFirstOrder;
  readonly params: Params;
  readonly operands: readonly ConcreteArray[];
  readonly results: readonly ConcreteArray[];
  /** The user's line; null where the engine cannot tell. */
  readonly source: SourceLocation | null;
  /** The programs around it, outermost first: `jit(f)`, `scan, iteration 3`. */
  readonly path: readonly string[];
}
export type Observer = (executed: Executed) => void;

type Values = readonly ConcreteArray[];
/** What stays the same throughout a program. */
type Place = Pick<Call, 'backend' | 'committed'>;

const release = (x: ConcreteArray): void => x.release('a temporary of a program');

/** Runs a call, all equations of its nested programs shown to `observe`. @throws GapError naming every gap */
export function walk(call: Call, observe: Observer): Values {
  const { backend, primitive, operands, params } = call;
  backend.requireNoGaps(oneEquation(primitive, operands.map((x) => x.aval), params)); // prettier-ignore
  return runCall(call, observe, [], SourceLocation.capture());
}

function runCall(call: Call, observe: Observer, path: readonly string[], source: SourceLocation | null): Values {
  const { primitive, operands, params } = call;
  if (primitive.kind === 'first-order') {
    const results = run(call);
    try {
      observe({ primitive, params, operands, results, source, path });
    } catch (error) {
      results.forEach(release);
      throw error;
    }
    return results;
  }
  const types = inferAvals(primitive, operands.map((x) => x.aval), params); // prettier-ignore
  const machine = machineFor(primitive, call, observe, path);
  const results = namingFailures(primitive, source, () =>
    cleaning(machine, (own) => primitive.evaluate(own, operands, params)),
  );
  return results.map((y, i) => typed(y, types[i]!));
}

/** The machine of a higher-order rule, which counts the runs of each nested program. */
function machineFor(
  primitive: AnyHigherOrder,
  { params, backend, committed }: Call,
  observe: Observer,
  path: readonly string[],
): Machine<ConcreteArray> {
  const programs = primitive.subJaxprs(params);
  const runs = new Map<Jaxpr, number>();
  return {
    interpret(jaxpr, operands) {
      const count = runs.get(jaxpr) ?? 0;
      runs.set(jaxpr, count + 1);
      const place = placeOfRun(primitive, params, programs.indexOf(jaxpr), count);
      return runProgram(jaxpr, operands, { backend, committed }, observe, [...path, place]);
    },
    apply(name, operands, inner) {
      const simple = primitiveNamed(name);
      if (simple === undefined || simple.kind === 'collective') throw new EtalonError(`no primitive is called ${name}`);
      return run({ backend, primitive: simple, operands, params: inner, committed });
    },
    read: (x): HostArray => x.toHost(),
    aval: (x): Aval => x.aval,
    constant: (value) => ConcreteArray.fromHost(value),
    release,
  };
}

/** How the `run`th run of a nested program is called: `jit(f)`, `scan, iteration 3`. */
export function placeOfRun(primitive: AnyHigherOrder, params: Params, program: number, run: number): string {
  const { name } = primitive;
  const title = typeof params['name'] === 'string' ? `${name}(${params['name']})` : name;
  return primitive.place?.(params, program, run) ?? title;
}

/** Runs a program. The operands stay the caller's; every result is an array of its own. */
function runProgram(
  jaxpr: Jaxpr,
  operands: Values,
  place: Place,
  observe: Observer,
  path: readonly string[],
): ConcreteArray[] {
  const values = new Map<Atom, ConcreteArray>();
  jaxpr.constvars.forEach((v, i) => values.set(v, jaxpr.consts[i] as ConcreteArray));
  jaxpr.inputs.forEach((v, i) => values.set(v, operands[i]!));
  const made: ConcreteArray[] = [];
  const own = (x: ConcreteArray): ConcreteArray => {
    made.push(x);
    return x;
  };
  const read = (x: Atom): ConcreteArray =>
    x instanceof Literal ? own(ConcreteArray.fromHost(x.value, x.aval.weak)) : values.get(x)!;
  try {
    for (const { primitive, inputs, params, outputs, source } of jaxpr.equations) {
      if (primitive.kind === 'collective') unresolved(primitive, params, source);
      const results = runCall({ ...place, primitive, operands: inputs.map(read), params }, observe, path, source);
      outputs.forEach((v, i) => values.set(v, own(typed(results[i]!, v.aval))));
    }
    return jaxpr.outputs.map((x) => read(x).alias());
  } finally {
    made.forEach(release);
  }
}

/** A result as its program types it: rules that work on slices do not know which values are weak. */
function typed(x: ConcreteArray, { weak }: Aval): ConcreteArray {
  if (x.weakType === weak) return x;
  const same = x.alias(weak);
  release(x);
  return same;
}
