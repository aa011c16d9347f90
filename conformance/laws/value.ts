/** The results are the reference's, within what the primitives' accuracies allow. */
import { Literal } from '../../reference/core/jaxpr.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { Bench } from '../bench.ts';
import type { Met } from '../debug/equations.ts';
import type { Sample } from '../programs/sample.ts';
import { attempt, judgeMet, type Judgement, judgeWithin, type Law, threw } from './law.ts';

export const value: Law = {
  name: 'value',
  anchor: 'spec/conformance.md#value',
  ofRules: false,
  program: (sample) => sample,
  check: (bench, sample) => judgeAs(bench, sample, sample),
};

/** The results of a program that computes what `of` does: of a single equation by its primitive's accuracy. */
export async function judgeAs(bench: Bench, { jaxpr, inputs, choices }: Sample, of: Sample): Promise<Judgement> {
  const only = onlyEquation(of);
  if (only === null) return judgeWithin(bench, jaxpr, inputs, errorBound(jaxpr, inputs, bench.profile, choices));
  const got = await attempt(bench, jaxpr, inputs);
  if (got instanceof Error) return threw(got, jaxpr, inputs, only.results);
  const judged = await judgeMet(bench, only, got);
  return { ...judged, wrong: judged.wrong && { ...judged.wrong, jaxpr, inputs } };
}

/** The first-order equation that a program is nothing more than, on its inputs and on literals: the outputs its results. */
function onlyEquation({ jaxpr, inputs }: Sample): Met | null {
  const [equation] = jaxpr.equations;
  if (equation === undefined || jaxpr.equations.length > 1 || equation.primitive.kind !== 'first-order') return null;
  const { primitive, params, outputs, source } = equation;
  if (outputs.length !== jaxpr.outputs.length || outputs.some((y, j) => y !== jaxpr.outputs[j])) return null;
  const operands = equation.inputs.flatMap((x) => {
    const at = x instanceof Literal ? x.value : inputs[jaxpr.inputs.indexOf(x)];
    return at === undefined ? [] : [at];
  });
  if (operands.length < equation.inputs.length) return null; // a constant
  return { primitive, operands, params, source, results: primitive.evaluate(operands, params) };
}
