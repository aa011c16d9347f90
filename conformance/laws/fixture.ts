/** The results are those that NumPy, SciPy and mpmath gave (fixtures/manifest.json), within the primitive's accuracy. */
import { oneEquation } from '../../reference/core/open-backend.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import type { Bench } from '../bench.ts';
import { judgeEquation } from '../budgets.ts';
import { attempt, type Judgement, judgement, threw } from './law.ts';

export async function judgeFixture(
  bench: Bench,
  primitive: AnyFirstOrder,
  inputs: readonly HostArray[],
  params: Params,
  expected: readonly HostArray[],
): Promise<Judgement> {
  const jaxpr = oneEquation(primitive, inputs.map(avalOf), params);
  const got = await attempt(bench, jaxpr, inputs);
  if (got instanceof Error) return threw(got, jaxpr, inputs, expected);
  const comparison = judgeEquation(primitive, inputs, params, expected, got, bench.profile, 'fixture');
  return judgement(comparison, { jaxpr, inputs, expected, got });
}
