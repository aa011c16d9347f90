/** Dead-code elimination: equations whose results nobody needs go; those with effects stay, in order. */
import type { Var } from '../core/jaxpr.ts';
import { type Atom, type Equation, Jaxpr, Literal } from '../core/jaxpr.ts';
import type { Params } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { flags, memoised } from './memo.ts';

interface Needed {
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly boolean[];
}
const memo = memoised<Needed>();

/** See `Transforms.dce`. */
export function dceJaxpr(t: Transforms, jaxpr: Jaxpr, used: readonly boolean[]): Needed {
  return memo(jaxpr, flags(used), () => eliminate(t, jaxpr, used));
}

function eliminate(t: Transforms, jaxpr: Jaxpr, used: readonly boolean[]): Needed {
  const live = new Set<Var>();
  const need = (x: Atom): void => {
    if (!(x instanceof Literal)) live.add(x);
  };
  const outputs = jaxpr.outputs.filter((_, i) => used[i]);
  outputs.forEach(need);
  const kept: Equation[] = [];
  for (const equation of jaxpr.equations.toReversed()) {
    const smaller = shrink(t, equation, live);
    if (smaller === null) continue;
    smaller.inputs.forEach(need);
    kept.push(smaller);
  }
  const constants = jaxpr.constvars.map((v) => live.has(v));
  const inputs = jaxpr.inputs.map((v) => live.has(v));
  const small = new Jaxpr({
    constvars: jaxpr.constvars.filter((_, i) => constants[i]),
    consts: jaxpr.consts.filter((_, i) => constants[i]),
    inputs: jaxpr.inputs.filter((_, i) => inputs[i]),
    equations: kept.reverse(),
    outputs,
  });
  return { jaxpr: small, inputs };
}

/** The equation with only the results that live, or null. */
function shrink(t: Transforms, equation: Equation, live: ReadonlySet<Var>): Equation | null {
  const { primitive, params, inputs, outputs } = equation;
  const used = outputs.map((v) => live.has(v));
  if (primitive.kind !== 'higher-order') return used.some(Boolean) ? equation : null;
  if (!used.some(Boolean)) return primitive.effects(params).size > 0 ? equation : null;
  const smaller = primitive.dce(t, used, params);
  return {
    ...equation,
    params: smaller.params as Params,
    inputs: inputs.filter((_, i) => smaller.inputs[i]),
    outputs: outputs.filter((_, i) => smaller.results[i]),
  };
}
