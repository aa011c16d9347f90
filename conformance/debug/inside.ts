/**
 * What a backend has within a higher-order equation, seen while the equation runs as it stands: its nested program gives
 * what it was given and all of its values as further results, which calls pass on and `scan` stacks.
 */
import { type HostArray, sizeOf, take } from '../../reference/core/host.ts';
import { type Equation, Jaxpr, Var } from '../../reference/core/jaxpr.ts';
import { type AnyHigherOrder, inferAvals, type Params } from '../../reference/core/primitive.ts';
import type { Bench } from '../bench.ts';
import { exactly } from '../budgets.ts';
import { attempt } from '../laws/law.ts';
import type { NestedRun } from './nested.ts';
import { aloneOf, Values } from './parts.ts';

/** Loops that would give more elements than this are not looked into in this way. */
const ELEMENTS = 2 ** 24;

/** What the `index`th run of the nested program was given, and all values within it. */
export type Inside = (
  run: NestedRun,
  index: number,
) => { readonly operands: readonly HostArray[]; readonly values: Values };

/** null: the equation gives something else, or nothing, where it is looked at; or it cannot pass values on. */
export async function seenInside(
  bench: Bench,
  primitive: AnyHigherOrder,
  equation: Equation,
  operands: readonly HostArray[],
  results: readonly HostArray[],
): Promise<Inside | null> {
  const [body, ...others] = primitive.subJaxprs(equation.params);
  if (body === undefined || others.length > 0) return null;
  const shown = [...body.inputs, ...body.equations.flatMap((e) => e.outputs)];
  const open = openedUp(primitive, equation, new Jaxpr({ ...body, outputs: [...body.outputs, ...shown] }));
  if (open === null || open.outputs.reduce((n, v) => n + sizeOf(v.aval.shape), 0) > ELEMENTS) return null;
  const got = await attempt(bench, aloneOf(open), operands);
  if (got instanceof Error || exactly(results, got.slice(0, results.length)).wrong !== null) return null;
  return insideOf(body.inputs.length, shown, got.slice(results.length), equation.params);
}

/** The equation with another program in it; null: its rule does not take that one. */
function openedUp(primitive: AnyHigherOrder, equation: Equation, body: Jaxpr): Equation | null {
  const params = primitive.withSubJaxprs(equation.params, [body]) as Params;
  try {
    const avals = inferAvals(primitive, equation.inputs.map((x) => x.aval), params); // prettier-ignore
    return { ...equation, params, outputs: avals.map((a) => new Var(a)) };
  } catch {
    return null;
  }
}

function insideOf(inputs: number, shown: readonly Var[], all: readonly HostArray[], params: Params): Inside {
  return (run, index) => {
    const row = params['reverse'] === true ? -1 - index : index;
    const rows = all.map((x, i) => rowOf(x, shown[i]!, row));
    const values = new Values(run.jaxpr, run.operands);
    values.bind(shown.slice(inputs), rows.slice(inputs));
    return { operands: rows.slice(0, inputs), values };
  };
}

/** One of the stacked rows, from the end if negative; the value itself if it is not stacked. */
function rowOf(x: HostArray, { aval: { shape } }: Var, row: number): HostArray {
  if (x.shape.length === shape.length) return x;
  const from = (row < 0 ? x.shape[0]! + row : row) * sizeOf(shape);
  return take(x, shape, (i) => from + i);
}
