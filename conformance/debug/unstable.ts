/** Finding the first equation that gives other bits when it runs again on the same operands. */
import type { HostArray } from '../../reference/core/host.ts';
import type { Equation, Jaxpr } from '../../reference/core/jaxpr.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import type { Bench } from '../bench.ts';
import { exactly } from '../budgets.ts';
import { attempt } from '../laws/law.ts';
import { numberAt, type Origin, originWithin, WHOLE } from './locate.ts';
import { searchNested } from './nested.ts';
import { areOf, tapped, Values } from './parts.ts';

/** How often whatever is suspect runs. */
const RUNS = 3;

export interface Unstable {
  readonly number: number;
  readonly path: readonly string[];
  readonly equation: Equation;
  readonly operands: readonly HostArray[];
  /** Of two runs. */
  readonly results: readonly [readonly HostArray[], readonly HostArray[]];
}

/** Results of several runs, or the error of one. */
export async function runsOf(
  bench: Bench,
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
): Promise<readonly (readonly HostArray[])[] | Error> {
  const runs: (readonly HostArray[])[] = [];
  while (runs.length < RUNS) {
    const got = await attempt(bench, jaxpr, inputs);
    if (got instanceof Error) return got;
    runs.push(got);
  }
  return runs;
}

/** The first run that differs from the first of all; null: none does. */
export const otherOf = (runs: readonly (readonly HostArray[])[]): readonly HostArray[] | null =>
  runs.find((run) => exactly(runs[0]!, run).wrong !== null) ?? null;

/** null: no equation differs from itself, where its results are looked at. */
export async function firstUnstable(
  bench: Bench,
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  origin: Origin = WHOLE,
): Promise<Unstable | null> {
  const runs = await runsOf(bench, tapped(jaxpr), inputs);
  if (runs instanceof Error) return null;
  const all = runs.map((run) => {
    const values = new Values(jaxpr, inputs);
    values.bindResults(jaxpr, run);
    return values;
  });
  for (const [i, equation] of jaxpr.equations.entries()) {
    const results = all.map((values) => values.all(equation.outputs));
    const other = otherOf(results);
    if (other === null) continue;
    const operands = all[0]!.all(equation.inputs);
    const place = { number: numberAt(jaxpr, i, origin), path: origin.path };
    const unstable: Unstable = { ...place, equation, operands, results: [results[0]!, other] };
    return (await unstableInside(bench, unstable)) ?? unstable;
  }
  return null;
}

async function unstableInside(bench: Bench, { equation, operands, number, path }: Unstable): Promise<Unstable | null> {
  const { primitive, params } = equation;
  if (primitive.kind !== 'higher-order') return null;
  const answer = await searchNested<Unstable>(primitive, operands, params, async (run) => {
    const runs = await runsOf(bench, run.jaxpr, run.operands);
    if (runs instanceof Error || !areOf(run.jaxpr.outputs, runs[0]!)) {
      return { results: evaluateJaxpr(run.jaxpr, run.operands) };
    }
    const results = runs[0]!;
    if (otherOf(runs) === null) return { results };
    const found = await firstUnstable(bench, run.jaxpr, run.operands, originWithin(primitive, params, run, number, path)); // prettier-ignore
    return found === null ? { results } : { found };
  });
  return 'found' in answer ? answer.found : null;
}
