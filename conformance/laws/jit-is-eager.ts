/** A jitted function computes what the function computes: both are within budget of the reference. */
import { jitted } from '../programs/sample.ts';
import type { Law } from './law.ts';
import { judgeAs, value } from './value.ts';

export const jitIsEager: Law = {
  name: 'jit-is-eager',
  anchor: 'spec/conformance.md#jit-is-eager',
  ofRules: false,
  program: jitted,
  async check(bench, sample, random) {
    const together = await judgeAs(bench, jitted(sample), sample);
    return together.wrong === null ? together : preferSmaller(together, await value.check(bench, sample, random));
  },
};

/** If the equations are wrong already without jit, that is what is shown. */
const preferSmaller = <T extends { readonly wrong: object | null }>(together: T, alone: T): T =>
  alone.wrong === null ? together : alone;
