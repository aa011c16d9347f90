/**
 * The intermediate representation: typed single-assignment programs (spec/ir.md; after JAX's jaxpr).
 * A jaxpr is closed: its constants stand beside its variables.
 */
import type { Aval, HostArray } from './host.ts';
import type { NDArray } from './ndarray.ts';
import type { AnyPrimitive, Params } from './primitive.ts';
import type { SourceLocation } from './source.ts';

/** A variable, bound exactly once: as a constant, an input or the result of an equation. */
export class Var {
  readonly aval: Aval;
  constructor(aval: Aval) {
    this.aval = aval;
  }
}

/** A scalar written in place. */
export class Literal {
  readonly aval: Aval;
  readonly value: HostArray;
  constructor(aval: Aval, value: HostArray) {
    this.aval = aval;
    this.value = value;
  }
}

export type Atom = Var | Literal;

export interface Equation {
  readonly primitive: AnyPrimitive;
  readonly inputs: readonly Atom[];
  readonly params: Params;
  readonly outputs: readonly Var[];
  /** The user's line that made the equation. */
  readonly source: SourceLocation | null;
}

export interface JaxprParts {
  /** Variables bound to `consts`, one each. */
  readonly constvars: readonly Var[];
  readonly consts: readonly NDArray[];
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

let printer: ((jaxpr: Jaxpr) => string) | null = null;
/** Says how jaxprs print: the text form lies above this file. The entry calls it once. */
export function installJaxprPrinter(print: (jaxpr: Jaxpr) => string): void {
  printer = print;
}

export class Jaxpr implements JaxprParts {
  readonly constvars: readonly Var[];
  readonly consts: readonly NDArray[];
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
  readonly inAvals: readonly Aval[];
  readonly outAvals: readonly Aval[];
  #effects: ReadonlySet<string> | undefined;
  constructor(parts: JaxprParts) {
    this.constvars = parts.constvars;
    this.consts = parts.consts;
    this.inputs = parts.inputs;
    this.equations = parts.equations;
    this.outputs = parts.outputs;
    this.inAvals = parts.inputs.map((v) => v.aval);
    this.outAvals = parts.outputs.map((x) => x.aval);
  }

  /** The text form (spec/ir.md). */
  toString(): string {
    return printer === null ? `Jaxpr of ${this.equations.length} equations` : printer(this);
  }

  /** Side effects of the equations, nested ones included; dead-code elimination keeps equations that have any. */
  get effects(): ReadonlySet<string> {
    return (this.#effects ??= this.#collectEffects());
  }

  #collectEffects(): ReadonlySet<string> {
    const all = new Set<string>();
    for (const { primitive, params } of this.equations) {
      if (primitive.kind === 'higher-order') for (const effect of primitive.effects(params)) all.add(effect);
    }
    return all;
  }
}

/** Visits the equations of a jaxpr and of every jaxpr nested in it, outermost first. */
export function* allEquations(jaxpr: Jaxpr): Generator<Equation> {
  for (const equation of jaxpr.equations) {
    yield equation;
    const { primitive, params } = equation;
    if (primitive.kind === 'higher-order') for (const inner of primitive.subJaxprs(params)) yield* allEquations(inner);
  }
}
