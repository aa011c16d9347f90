/** Parts of programs as programs: single equations, runs of equations, a program with everything that it computes. */
import { avalOf, type HostArray, sameAval } from '../../reference/core/host.ts';
import type { ConcreteArray } from '../../reference/core/array.ts';
import { allEquations, type Atom, type Equation, Jaxpr, Literal, Var } from '../../reference/core/jaxpr.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';

/** Nested equations count as well. */
export const equationCount = (jaxpr: Jaxpr): number => [...allEquations(jaxpr)].length;

const isVar = (x: Atom): x is Var => !(x instanceof Literal);

/** The program with the results of all its equations behind its own. */
export const tapped = (jaxpr: Jaxpr): Jaxpr =>
  new Jaxpr({ ...jaxpr, outputs: [...jaxpr.outputs, ...jaxpr.equations.flatMap((e) => e.outputs)] });

/** Some equations of a program as a program of what they need; it gives what the others need of them, and the results. */
export function partOf(jaxpr: Jaxpr, equations: readonly Equation[]): Jaxpr {
  const made = new Set(equations.flatMap((e) => e.outputs));
  const constants = new Map(jaxpr.constvars.map((v, i) => [v, jaxpr.consts[i]!]));
  const needed = new Set(equations.flatMap((e) => e.inputs).filter((x) => isVar(x) && !made.has(x)) as Var[]);
  const constvars = [...needed].filter((v) => constants.has(v));
  const others = jaxpr.equations.filter((e) => !equations.includes(e));
  const wanted = new Set<Atom>([...others.flatMap((e) => e.inputs), ...jaxpr.outputs]);
  return new Jaxpr({
    constvars,
    consts: constvars.map((v) => constants.get(v)!),
    inputs: [...needed].filter((v) => !constants.has(v)),
    equations,
    outputs: [...made].filter((v) => wanted.has(v)),
  });
}

/** The program without the equations [from, to): what they gave, and is needed, are inputs behind the others. */
export function without(jaxpr: Jaxpr, from: number, to: number): Jaxpr {
  const equations = [...jaxpr.equations.slice(0, from), ...jaxpr.equations.slice(to)];
  const gone = new Set<Atom>(jaxpr.equations.slice(from, to).flatMap((e) => e.outputs));
  const needed = new Set(equations.flatMap((e) => e.inputs).filter(isVar));
  return new Jaxpr({
    ...jaxpr,
    inputs: [...jaxpr.inputs, ...([...gone] as Var[])].filter((v) => needed.has(v)),
    equations,
    outputs: jaxpr.outputs.filter((x) => !gone.has(x)),
  });
}

/** One equation of which every operand, literals and constants too, is an input of its own. */
export function aloneOf(equation: Equation): Jaxpr {
  const inputs = equation.inputs.map((x) => new Var(x.aval));
  const outputs = equation.outputs.map((v) => new Var(v.aval));
  return new Jaxpr({ constvars: [], consts: [], inputs, equations: [{ ...equation, inputs, outputs }], outputs });
}

/** What the variables of a program stand for, its constants from the beginning. */
export class Values {
  readonly #known = new Map<Var, HostArray>();

  constructor(jaxpr: Jaxpr, inputs: readonly HostArray[]) {
    jaxpr.constvars.forEach((v, i) => this.#known.set(v, (jaxpr.consts[i] as ConcreteArray).toHost()));
    this.bind(jaxpr.inputs, inputs);
  }

  bind(variables: readonly Var[], values: readonly HostArray[]): void {
    variables.forEach((v, i) => this.#known.set(v, values[i]!));
  }
  /** From the results of `tapped`. */
  bindResults({ equations, outputs }: Jaxpr, results: readonly HostArray[]): void {
    this.bind(equations.flatMap((e) => e.outputs), results.slice(outputs.length)); // prettier-ignore
  }
  read = (x: Atom): HostArray => (x instanceof Literal ? x.value : this.#known.get(x)!);
  all = (xs: readonly Atom[]): HostArray[] => xs.map(this.read);
}

/** What the reference computes on the way through a program. */
export function referenceValues(jaxpr: Jaxpr, inputs: readonly HostArray[]): Values {
  const values = new Values(jaxpr, inputs);
  values.bindResults(jaxpr, evaluateJaxpr(tapped(jaxpr), inputs));
  return values;
}

/** The program with its constants as further inputs, in front of the others, and their values. */
export function withoutConstants(jaxpr: Jaxpr): { readonly jaxpr: Jaxpr; readonly values: readonly HostArray[] } {
  return {
    jaxpr: new Jaxpr({ ...jaxpr, constvars: [], consts: [], inputs: [...jaxpr.constvars, ...jaxpr.inputs] }),
    values: jaxpr.consts.map((c) => (c as ConcreteArray).toHost()),
  };
}

/** Whether values are of the types of variables: what a backend gave may not be. */
export const areOf = (variables: readonly Atom[], values: readonly HostArray[]): boolean =>
  values.length === variables.length && variables.every(({ aval }, i) => sameAval(aval, avalOf(values[i]!)));

/** Everything, halves, quarters, … single ones. */
export function* rangesOf(n: number): Generator<readonly [number, number]> {
  for (let step = n; step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    for (let from = 0; from < n; from += step) yield [from, Math.min(from + step, n)];
  }
}
