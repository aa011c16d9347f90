/** A run leaves the buffers that it was given as they were. */
import { exactly } from '../budgets.ts';
import { judgement, type Law, threw } from './law.ts';

export const keepsInputs: Law = {
  name: 'keeps-inputs',
  anchor: 'spec/conformance.md#keeps-inputs',
  ofRules: false,
  program: (sample) => sample,
  async check(bench, { jaxpr, inputs }) {
    const ran = await bench.runAndReadInputs(jaxpr, inputs).catch((error: unknown) => error as Error);
    if (ran instanceof Error) return threw(ran, jaxpr, inputs, inputs);
    return judgement(exactly(inputs, ran.inputsAfter), { jaxpr, inputs, expected: inputs, got: ran.inputsAfter });
  },
};
