/**
 * The runs of nested programs that a higher-order equation makes, each by whoever is asked, who may take their time:
 * the rules of the primitives themselves wait for nobody.
 */
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyHigherOrder, Machine, Params } from '../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { placeOfRun } from '../../reference/transforms/walk.ts';

export interface NestedRun {
  readonly jaxpr: Jaxpr;
  readonly operands: readonly HostArray[];
  /** Which of the equation's nested programs. */
  readonly program: number;
  /** As checkers call it: `scan, iteration 3`. */
  readonly place: string;
}

/** Thrown through a rule that asks for what is not known yet. */
class Waiting extends Error {
  readonly run: NestedRun;
  constructor(run: NestedRun) {
    super('a rule waits for the results of a nested program');
    this.run = run;
  }
}

/** What became of a run, or of the whole equation: its results, with which the rule goes on, or what was looked for. */
export type Answer<T> = { readonly results: readonly HostArray[] } | { readonly found: T };

/**
 * Runs a higher-order equation whose nested programs `ask` runs, until something is found or it comes to its end. What
 * stands between the runs is the reference's. The rule starts anew after every answer, and meets the earlier ones again.
 */
export async function searchNested<T>(
  primitive: AnyHigherOrder,
  operands: readonly HostArray[],
  params: Params,
  ask: (run: NestedRun) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const answers: (readonly HostArray[])[] = [];
  const between: (readonly HostArray[])[] = [];
  for (;;) {
    const next = proceed(primitive, operands, params, machineOver(primitive, params, answers, between));
    if ('results' in next) return next;
    const answer = await ask(next);
    if ('found' in answer) return answer;
    answers.push(answer.results);
  }
}

/** The run that the rule has no answer to yet, or its results. */
function proceed(
  primitive: AnyHigherOrder,
  operands: readonly HostArray[],
  params: Params,
  machine: Machine<HostArray>,
): NestedRun | { readonly results: readonly HostArray[] } {
  try {
    return { results: primitive.evaluate(machine, operands, params) };
  } catch (error) {
    if (error instanceof Waiting) return error.run;
    throw error;
  }
}

/** A machine that knows some answers; what it computed in earlier attempts is in `between`. */
function machineOver(
  primitive: AnyHigherOrder,
  params: Params,
  answers: readonly (readonly HostArray[])[],
  between: (readonly HostArray[])[],
): Machine<HostArray> {
  const programs = primitive.subJaxprs(params);
  const runs = programs.map(() => 0);
  let [asked, applied] = [0, 0];
  return {
    interpret(jaxpr, operands) {
      const program = programs.indexOf(jaxpr);
      const run = runs[program]!++;
      const known = answers[asked++];
      if (known === undefined)
        throw new Waiting({ jaxpr, operands, program, place: placeOfRun(primitive, params, program, run) });
      return known;
    },
    apply: (name, operands, inner) => (between[applied++] ??= applyNamed(name, operands, inner)),
    read: (x) => x,
    aval: avalOf,
    constant: (x) => x,
    release: () => {},
  };
}

const applyNamed = (name: string, operands: readonly HostArray[], params: Params): readonly HostArray[] =>
  evaluateJaxpr(oneEquation(primitiveNamed(name)!, operands.map(avalOf), params), operands);
