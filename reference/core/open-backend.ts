/** An open backend: its session, and the executables that it has compiled. */
import type { BackendDefinition, Device, Executable, Gap, Session } from './backend.ts';
import { ArgumentError, describe, GapError } from './errors.ts';
import { type Aval, showAval } from './host.ts';
import { allEquations, type Equation, Jaxpr, Var } from './jaxpr.ts';
import { unresolved } from './named-axes.ts';
import {
  type AnyHigherOrder,
  type AnyPrimitive,
  inferAvals,
  type Params,
  type RunnablePrimitive,
} from './primitive.ts';
import { SourceLocation } from './source.ts';

/** Calls outside of `jit` whose executables are kept; those used longest ago go first. */
export const MOST_EAGER = 2048;

/** What `await backend(name)` gives, and what `jit(f, { backend })` takes. */
export class Backend {
  readonly definition: BackendDefinition;
  readonly session: Session;
  readonly #eager = new Map<string, { executable: Executable; avals: readonly Aval[] }>();
  readonly #eagerHigher = new WeakMap<Jaxpr, { params: Params; executable: Executable; avals: readonly Aval[] }[]>();
  readonly #compiled = new WeakMap<Jaxpr, Executable>();
  /** Frees what belongs to the executables of programs that nobody can run any more. */
  readonly #unreachable = new FinalizationRegistry<() => void>((dispose) => {
    if (!this.closed) dispose();
  });
  /** True once closed: its arrays are gone. */
  closed = false;

  constructor(definition: BackendDefinition, session: Session) {
    this.definition = definition;
    this.session = session;
  }

  get name(): string {
    return this.definition.name;
  }

  get device(): Device {
    return this.session.devices[0]!;
  }

  /** Every gap of a program, nested equations included. @throws UnboundAxisError for a collective, which no backend has */
  gaps(jaxpr: Jaxpr): { equation: Equation; gap: Gap }[] {
    const found: { equation: Equation; gap: Gap }[] = [];
    for (const equation of allEquations(jaxpr)) {
      const { primitive, inputs, params, source } = equation;
      if (primitive.kind === 'collective') unresolved(primitive, params, source);
      const answer = this.definition.supports(
        primitive,
        inputs.map((x) => x.aval),
        params,
      );
      if (answer !== true) found.push({ equation, gap: answer });
    }
    return found;
  }

  /** @throws GapError naming every gap */
  requireNoGaps(jaxpr: Jaxpr): void {
    const gaps = this.gaps(jaxpr);
    if (gaps.length > 0) throw new GapError(gapMessage(this.name, gaps));
  }

  /** The executable of a jaxpr, compiled once. @throws GapError naming every gap */
  compile(jaxpr: Jaxpr): Executable {
    let executable = this.#compiled.get(jaxpr);
    if (executable === undefined) {
      this.requireNoGaps(jaxpr);
      executable = this.session.compile(jaxpr, { device: this.device });
      this.#compiled.set(jaxpr, executable);
    }
    return executable;
  }

  /**
   * The executable of one equation, cached on primitive, types and parameters; with jaxprs among the parameters, on
   * the identity of those. `once`: it is not cached, and its user disposes of it.
   */
  eager(
    primitive: RunnablePrimitive,
    avals: readonly Aval[],
    params: Params,
  ): { executable: Executable; avals: readonly Aval[]; once?: true } {
    if (primitive.kind === 'higher-order') {
      if (!primitive.recurs) {
        const jaxpr = oneEquation(primitive, avals, params);
        return { executable: this.compile(jaxpr), avals: jaxpr.outAvals, once: true };
      }
      const [first] = primitive.subJaxprs(params);
      const known = (first && this.#eagerHigher.get(first)) ?? [];
      let entry = known.find((e) => e.params === params || sameProgram(primitive, e.params, params));
      if (entry === undefined) {
        const jaxpr = oneEquation(primitive, avals, params);
        entry = { params, executable: this.compile(jaxpr), avals: jaxpr.outAvals };
        this.#eagerHigher.set(first!, [...known, entry]);
        this.#unreachable.register(first!, entry.executable.dispose);
      }
      return entry;
    }
    const key = eagerKey(primitive.name, avals, params);
    let entry = this.#eager.get(key);
    if (entry !== undefined) this.#eager.delete(key);
    else {
      const jaxpr = oneEquation(primitive, avals, params);
      entry = { executable: this.compile(jaxpr), avals: jaxpr.outAvals };
    }
    this.#eager.set(key, entry);
    if (this.#eager.size > MOST_EAGER) {
      const [oldest, { executable }] = this.#eager.entries().next().value!;
      this.#eager.delete(oldest);
      executable.dispose();
    }
    return entry;
  }

  /** Frees everything; arrays on this backend can no longer be used. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.session.close();
  }
}

function gapMessage(name: string, gaps: readonly { equation: Equation; gap: Gap }[]): string {
  const lines = gaps.map(({ equation, gap }) => {
    const types = equation.inputs.map((x) => showAval(x.aval)).join(', ');
    const at = equation.source?.toString();
    return `    ${equation.primitive.name} of (${types}): ${gap.gap}${at ? `   ${at}` : ''}`;
  });
  return `${name} does not compute this program:\n${[...new Set(lines)].join('\n')}\n  Run it on another backend: jit(f, { backend })`;
}

const eagerKey = (name: string, avals: readonly Aval[], params: Params): string => {
  let key = name;
  for (const a of avals) key += `;${a.dtype}${a.weak ? '*' : ''}${a.shape.join(',')}`;
  return key + paramsKey(params);
};

/** Parameters as a string that tells them apart; −0 and the non-finite numbers too, which JSON drops. */
export function paramsKey(params: Params): string {
  return JSON.stringify(params, (_, v: unknown) =>
    typeof v === 'bigint' || (typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0)))
      ? `#${Object.is(v, -0) ? '-0' : v}`
      : v,
  );
}

/** True if two equations run the same: equal parameters, of which those that are not part of a program do not count. */
function sameProgram(primitive: AnyHigherOrder, a: Params, b: Params): boolean {
  return Object.entries(primitive.params).every(([key, kind]) => kind === 'unsaved' || Object.is(a[key], b[key]));
}

/** A jaxpr of one equation over fresh variables. @throws ConstraintError */
export function oneEquation(primitive: AnyPrimitive, avals: readonly Aval[], params: Params): Jaxpr {
  const inputs = avals.map((a) => new Var(a));
  const outputs = inferAvals(primitive, avals, params).map((a) => new Var(a));
  const equation: Equation = { primitive, inputs, params, outputs, source: SourceLocation.capture() };
  return new Jaxpr({ constvars: [], consts: [], inputs, equations: [equation], outputs });
}

/** @throws ArgumentError unless it is a backend that has been opened */
export function requireBackend(x: Backend, where: string): Backend {
  if (x instanceof Backend) return x;
  throw new ArgumentError(
    `${where}: expected an open backend, got ${describe(x)}; open one: await backend('reference')`,
  );
}
