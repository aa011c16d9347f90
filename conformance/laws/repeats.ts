/** The same program on the same inputs gives the same bits. */
import { exactly } from '../budgets.ts';
import { attempt, judgement, type Law, threw } from './law.ts';

export const repeats: Law = {
  name: 'repeats',
  anchor: 'spec/conformance.md#repeats',
  ofRules: false,
  program: (sample) => sample,
  async check(bench, { jaxpr, inputs }) {
    const first = await attempt(bench, jaxpr, inputs);
    if (first instanceof Error) return threw(first, jaxpr, inputs, []);
    const second = await attempt(bench, jaxpr, inputs);
    if (second instanceof Error) return threw(second, jaxpr, inputs, first);
    return judgement(exactly(first, second), { jaxpr, inputs, expected: first, got: second });
  },
};
