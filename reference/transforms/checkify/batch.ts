/**
 * Checks under `vmap`. A batched equation computes for every example what only some of them ask for: both branches of a
 * `cond`, the body of a `while` that has ended. So the checks inside become values first, which are chosen for each
 * example as all others are, and are checked behind the equation.
 */
import type { NDArray } from '../../core/ndarray.ts';
import { oneEquation } from '../../core/open-backend.ts';
import type { AnyHigherOrder, BatchAxis, Batched, Params } from '../../core/primitive.ts';
import type { Transforms } from '../../core/rules.ts';
import { CATEGORIES } from '../../primitives/higher-order/check.ts';
import { alignBatch, cut } from '../../primitives/higher-order/shared.ts';
import { firstOfAll, outcomeAvals, outcomeOf, raise } from './outcome.ts';
import { rewriting } from './rewrite.ts';

/** Batches an equation with programs inside. */
export function batchHigherOrder(
  t: Transforms,
  primitive: AnyHigherOrder,
  values: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
  params: Params,
): Batched {
  const direct = (): Batched => primitive.batch(t, values, at, axis, params);
  if (primitive.name === 'check' || !primitive.effects(params).has('check')) return direct();
  const lanes = values.map(({ aval }, i) => ({ ...aval, shape: aval.shape.filter((_, d) => d !== at[i]) }));
  const equation = oneEquation(primitive, lanes, params);
  const { jaxpr, sites } = rewriting(t, { categories: new Set(CATEGORIES), automatic: false }).rewrite(equation);
  if (sites.length === 0) return direct();
  const force = [...equation.outputs.map(() => false), ...outcomeAvals(sites).map(() => true)];
  const wide = t.batch(jaxpr, at.map((a) => a !== null), axis, force); // prettier-ignore
  const [out, outcomes] = cut(t.evaluate(wide.jaxpr, alignBatch(t.lax, values, at, 0)), [equation.outputs.length]);
  raise(t, { sites, outcome: firstOfAll(t.lax, outcomeOf(outcomes!), sites) });
  return { out: out!, at: out!.map((_, j) => (wide.out[j] ? 0 : null)) };
}
