/** The results are the reference's, within what the primitives' accuracies allow. */
import type { Equation, Jaxpr } from '../../reference/core/jaxpr.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { judgeMet, judgeWithin, type Law } from './law.ts';

export const value: Law = {
  name: 'value',
  anchor: 'spec/conformance.md#value',
  ofRules: false,
  program: (sample) => sample,
  async check(bench, { jaxpr, inputs, choices }) {
    const single = onlyEquation(jaxpr);
    const primitive = single?.primitive;
    if (single === null || primitive?.kind !== 'first-order') {
      return judgeWithin(bench, jaxpr, inputs, errorBound(jaxpr, inputs, bench.profile, choices));
    }
    const { params, source } = single;
    const results = primitive.evaluate(inputs, params);
    return judgeMet(bench, { primitive, operands: inputs, params, results, source }, null, jaxpr);
  },
};

/** The equation that a program is nothing more than: its inputs the operands, its outputs the results. */
function onlyEquation({ equations, inputs, outputs }: Jaxpr): Equation | null {
  const [equation] = equations;
  if (equation === undefined || equations.length > 1) return null;
  const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
    a.length === b.length && a.every((x, i) => x === b[i]);
  return same(equation.inputs, inputs) && same(equation.outputs, outputs) ? equation : null;
}
