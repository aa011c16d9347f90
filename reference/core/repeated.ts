/** Programs whose numbers are computed once more, or for nothing: what checkers and callbacks shall know of it. */
import { type Equation, Jaxpr } from './jaxpr.ts';
import type { Params } from './primitive.ts';
import { SourceLocation } from './source.ts';

/**
 * The program computed again, in a backward pass for instance: without its effects, which have happened, and with its
 * equations marked as repeated.
 */
export const repeated = (jaxpr: Jaxpr): Jaxpr => marked(jaxpr, 'without effects');

/** The program with its equations marked: some examples of a batch have no use for its results, others have. */
export const speculative = (jaxpr: Jaxpr): Jaxpr => marked(jaxpr, 'with effects');

type Kind = 'without effects' | 'with effects';
const known: { readonly [K in Kind]: WeakMap<Jaxpr, Jaxpr> } = {
  'without effects': new WeakMap(),
  'with effects': new WeakMap(),
};

function marked(jaxpr: Jaxpr, kind: Kind): Jaxpr {
  let copy = known[kind].get(jaxpr);
  if (copy === undefined) {
    copy = new Jaxpr({ ...jaxpr, equations: jaxpr.equations.flatMap((e) => markedEquation(e, kind)) });
    known[kind].set(jaxpr, copy);
  }
  return copy;
}

function markedEquation(equation: Equation, kind: Kind): Equation[] {
  const { primitive, params, outputs } = equation;
  const source = (equation.source ?? SourceLocation.of('')).again();
  if (primitive.kind !== 'higher-order') return [{ ...equation, source }];
  if (kind === 'without effects' && outputs.length === 0) return []; // it was there for its effects only
  const inner = primitive.subJaxprs(params).map((j) => marked(j, kind));
  return [{ ...equation, source, params: primitive.withSubJaxprs(params, inner) as Params }];
}
