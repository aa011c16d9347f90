/** The results are the reference's, within what the primitives' accuracies allow. */
import type { Equation } from '../../reference/core/jaxpr.ts';
import { judgeMet, judgeWithin, type Law } from './law.ts';

export const value: Law = {
  name: 'value',
  anchor: 'spec/conformance.md#value',
  ofRules: false,
  program: (sample) => sample,
  async check(bench, { jaxpr, inputs }) {
    const { primitive, params, source } = jaxpr.equations[0] ?? ({} as Partial<Equation>);
    if (jaxpr.equations.length !== 1 || primitive?.kind !== 'first-order') return judgeWithin(bench, jaxpr, inputs);
    return judgeMet(bench, { primitive, operands: inputs, params: params!, results: primitive.evaluate(inputs, params), source: source! });
  },
};
