/**
 * The transformation itself: a program becomes one whose checks are values. Equations stay as they are, each followed by
 * what is checked of it; those with programs inside carry the outcome of these (rules.ts).
 */
import type { Equation, Jaxpr } from '../../core/jaxpr.ts';
import type { NDArray } from '../../core/ndarray.ts';
import type { AnyHigherOrder, Params } from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import { SourceLocation } from '../../core/source.ts';
import type { Category } from '../../primitives/higher-order/check.ts';
import { Environment } from '../evaluate.ts';
import { memoised } from '../memo.ts';
import { findings } from './automatic.ts';
import { arraysOf, type Checked, type Found, inOrder, parted, single, type Site } from './outcome.ts';
import { ruleOf } from './rules.ts';

/** A program with functional checks: `x → y, outcome`; without sites, `x → y`. */
export interface CheckedJaxpr {
  readonly jaxpr: Jaxpr;
  readonly sites: readonly Site[];
}

/** Which checks become values. */
export interface Wanted {
  readonly categories: ReadonlySet<Category>;
  /** Whether equations are checked that nobody wrote a check for. */
  readonly automatic: boolean;
}

/** What the rules need. */
export interface Rewriting {
  readonly t: Transforms;
  readonly wanted: Wanted;
  rewrite(jaxpr: Jaxpr): CheckedJaxpr;
  run(checked: CheckedJaxpr, operands: readonly NDArray[]): Checked;
}

const memo = memoised<CheckedJaxpr>();

export function rewriting(t: Transforms, wanted: Wanted): Rewriting {
  const key = `${[...wanted.categories].sort().join()}/${wanted.automatic}`;
  const r: Rewriting = {
    t,
    wanted,
    rewrite: (jaxpr) => memo(jaxpr, key, () => rewritten(r, jaxpr)),
    run: ({ jaxpr, sites }, operands) => parted(t.lax, t.evaluate(jaxpr, operands), sites),
  };
  return r;
}

function rewritten(r: Rewriting, jaxpr: Jaxpr): CheckedJaxpr {
  let sites: readonly Site[] = [];
  const functional = r.t.trace((...xs) => {
    const { out, found } = runChecked(r, jaxpr, xs);
    if (found.length === 0) return out;
    const all = inOrder(r.t.lax, found);
    sites = all.sites;
    return [...out, ...arraysOf(all.outcome)];
  }, jaxpr.inAvals);
  return { jaxpr: functional, sites };
}

/** Runs a program under the current trace, with what comes of the checks in it. */
export function runChecked(r: Rewriting, jaxpr: Jaxpr, operands: readonly NDArray[]): Checked {
  const env = new Environment(jaxpr);
  jaxpr.inputs.forEach((v, i) => env.write(v, operands[i]!));
  const all: Found[] = [];
  for (const equation of jaxpr.equations) {
    const xs = equation.inputs.map((x) => env.read(x));
    const { out, found } = SourceLocation.within(equation.source, () => runEquation(r, equation, xs));
    equation.outputs.forEach((v, i) => env.write(v, out[i]!));
    all.push(...found);
  }
  return { out: jaxpr.outputs.map((x) => env.read(x)), found: all };
}

function runEquation(r: Rewriting, { primitive, params, source }: Equation, xs: readonly NDArray[]): Checked {
  const { t, wanted } = r;
  if (primitive.kind === 'higher-order') return ruleOf(primitive)(r, xs, params) ?? unchecked(r, primitive, xs, params);
  const out = t.bind(primitive, xs, params);
  if (!wanted.automatic || primitive.kind === 'collective') return { out, found: [] };
  const found = findings(t.lax, { primitive, operands: xs, params, results: out }, wanted.categories);
  return {
    out,
    found: found.map(({ failed, values, ...of }) =>
      single(t.lax, { ...of, source, values: values.map((v) => v.aval) }, failed, values),
    ),
  };
}

/** An equation with programs inside in which there is nothing to check. */
function unchecked(r: Rewriting, primitive: AnyHigherOrder, xs: readonly NDArray[], params: Params): Checked {
  const inner = primitive.subJaxprs(params).map((jaxpr) => r.rewrite(jaxpr).jaxpr);
  return { out: r.t.bind(primitive, xs, primitive.withSubJaxprs(params, inner) as Params), found: [] };
}
