/** Programs with shorter axes. */
import type { Aval, Shape } from '../../reference/core/host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from '../../reference/core/jaxpr.ts';
import { inferAvals, type Params } from '../../reference/core/primitive.ts';

type Change = (n: number) => number;

/**
 * The program with every axis of one size made shorter. Which parameters mean that size nobody can tell from their
 * numbers: none of them, those in lists, all; whatever is a program at all is given.
 */
export function resized(jaxpr: Jaxpr, from: number, to: number): Jaxpr[] {
  const change: Change = (n) => (n === from ? to : n);
  const same: Change = (n) => n;
  return (
    [
      [same, same],
      [change, same],
      [change, change],
    ] as const
  ).flatMap(([inLists, alone]) => {
    // prettier-ignore
    try {
      return [retyped(jaxpr, change, inLists, alone)];
    } catch {
      return []; // its equations do not fit together that way
    }
  });
}

/** @throws ConstraintError, or whatever a rule makes of parameters that are none of its own */
function retyped(jaxpr: Jaxpr, change: Change, inLists: Change, alone: Change): Jaxpr {
  if (jaxpr.constvars.length > 0) throw new Error('constants keep their shapes');
  const variables = new Map<Var, Var>();
  const bound = (v: Var, aval: Aval): Var => {
    const fresh = new Var(aval);
    variables.set(v, fresh);
    return fresh;
  };
  const read = (x: Atom): Atom => (x instanceof Literal ? x : variables.get(x)!);
  const resizedEquation = (equation: Equation): Equation => {
    const { primitive, outputs } = equation;
    const inputs = equation.inputs.map(read);
    const plain = mapped(equation.params, inLists, alone) as Params;
    const params =
      primitive.kind !== 'higher-order'
        ? plain
        : (primitive.withSubJaxprs(
            plain,
            primitive.subJaxprs(equation.params).map((j) => retyped(j, change, inLists, alone)),
          ) as Params);
    const avals = inferAvals(primitive, inputs.map((x) => x.aval), params); // prettier-ignore
    return { ...equation, inputs, params, outputs: outputs.map((v, i) => bound(v, avals[i]!)) };
  };
  const inputs = jaxpr.inputs.map((v) => bound(v, { ...v.aval, shape: v.aval.shape.map(change) satisfies Shape }));
  const equations = jaxpr.equations.map(resizedEquation);
  return new Jaxpr({ constvars: [], consts: [], inputs, equations, outputs: jaxpr.outputs.map(read) });
}

/** Plain data with its numbers changed; nested programs, and what else is no plain data, stay. */
function mapped(x: unknown, inLists: Change, alone: Change): unknown {
  if (typeof x === 'number') return alone(x);
  if (Array.isArray(x)) return x.map((e: unknown) => mapped(e, inLists, inLists));
  if (typeof x !== 'object' || x === null || Object.getPrototypeOf(x) !== Object.prototype) return x;
  return Object.fromEntries(Object.entries(x).map(([key, e]) => [key, mapped(e, inLists, alone)]));
}
