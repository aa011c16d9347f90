/**
 * Programs over a changed table of primitives: how a fault gets into a backend, or into the rules, while the reference
 * stays as it is.
 */
import { type BackendDefinition, defineBackend, type Session } from '../../reference/core/backend.ts';
import { type Equation, Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyPrimitive } from '../../reference/core/primitive.ts';
import type { Transforms } from '../../reference/core/rules.ts';
import { openReference, referenceBackend } from '../../reference/interpreter.ts';
import { dceJaxpr } from '../../reference/transforms/dce.ts';
import { evaluate } from '../../reference/transforms/evaluate.ts';
import { jvpJaxpr } from '../../reference/transforms/jvp.ts';
import { partialEvalJaxpr } from '../../reference/transforms/partial-eval.ts';
import { transforms } from '../../reference/transforms/rules.ts';
import { transposeJaxpr } from '../../reference/transforms/transpose.ts';
import { batchJaxpr } from '../../reference/transforms/vmap.ts';

/** What stands in a primitive's place. `depth`: how many programs the equation is nested in. */
export type Table = (primitive: AnyPrimitive, depth: number) => AnyPrimitive;

/** The program with other primitives, nested programs included. */
export function retabled(jaxpr: Jaxpr, table: Table, depth: number = 0): Jaxpr {
  const equations = jaxpr.equations.map((equation): Equation => {
    const { primitive, params } = equation;
    if (primitive.kind !== 'higher-order') return { ...equation, primitive: table(primitive, depth) };
    const inner = primitive.subJaxprs(params).map((nested) => retabled(nested, table, depth + 1));
    return {
      ...equation,
      primitive: table(primitive, depth),
      params: primitive.withSubJaxprs(params, inner) as Equation['params'],
    };
  });
  const { constvars, consts, inputs, outputs } = jaxpr;
  return new Jaxpr({ constvars, consts, inputs, equations, outputs });
}

/** The reference as a backend, but for what `change` makes of its session. Inputs are copied: it may spoil them. */
export function changedReference(name: string, change: (session: Session) => Partial<Session>): BackendDefinition {
  return defineBackend({
    ...referenceBackend,
    name,
    open: () => {
      const session = openReference();
      const put: Session['put'] = (value, device) => session.put({ ...value, data: value.data.slice() }, device);
      return Promise.resolve({ ...session, put, ...change(session) });
    },
  });
}

/** A backend that computes each program over a table for it. */
export const backendOver = (name: string, tableFor: (jaxpr: Jaxpr) => Table): BackendDefinition =>
  changedReference(name, ({ compile }) => ({
    compile: (jaxpr, options) => compile(retabled(jaxpr, tableFor(jaxpr)), options),
  }));

/** The transformations over another table, but for what `change` makes of them. */
export function rulesOver(table: Table, change: (t: Transforms) => Partial<Transforms> = () => ({})): Transforms {
  // One copy of each program: what has been made of it is remembered by its identity.
  const copies = new WeakMap<Jaxpr, Jaxpr>();
  const own = (jaxpr: Jaxpr): Jaxpr => {
    let copy = copies.get(jaxpr);
    if (copy === undefined) {
      copies.set(jaxpr, (copy = retabled(jaxpr, table)));
      copies.set(copy, copy);
    }
    return copy;
  };
  const t: Transforms = {
    ...transforms,
    evaluate: (jaxpr, operands) => evaluate(own(jaxpr), operands),
    jvp: (jaxpr, nonzero, force) => jvpJaxpr(t, own(jaxpr), nonzero, force),
    partialEval: (jaxpr, known, force) => partialEvalJaxpr(t, own(jaxpr), known, force),
    transpose: (jaxpr, linear, given, force) => transposeJaxpr(t, own(jaxpr), linear, given, force),
    batch: (jaxpr, batched, axis, force) => batchJaxpr(t, own(jaxpr), batched, axis, force),
    dce: (jaxpr, used) => dceJaxpr(t, own(jaxpr), used),
  };
  return Object.assign(t, change(t));
}
