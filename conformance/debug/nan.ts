/** Finding the first equation that makes a NaN, or an infinity, of operands that have none. */
import { BackendError } from '../../reference/core/errors.ts';
import { isInexact } from '../../reference/core/dtypes.ts';
import { type Element, elements, type HostArray, sizeOf } from '../../reference/core/host.ts';
import type { Equation, Jaxpr } from '../../reference/core/jaxpr.ts';
import type { Bench } from '../bench.ts';
import { isFiniteElement, isNaNElement } from '../elements.ts';
import { searchNested } from './nested.ts';
import { type Origin, numberAt, originWithin, WHOLE } from './locate.ts';
import { areOf, tapped, Values } from './parts.ts';

export type Bad = 'nan' | 'infinity';

export interface Maker {
  readonly bad: Bad;
  readonly number: number;
  readonly path: readonly string[];
  readonly equation: Equation;
  readonly operands: readonly HostArray[];
  readonly results: readonly HostArray[];
}

const tests: { readonly [K in Bad]: (v: Element) => boolean } = {
  nan: isNaNElement,
  infinity: (v) => !isFiniteElement(v) && !isNaNElement(v),
};

const has = (xs: readonly HostArray[], bad: Bad): boolean => xs.some((x) => badAt(x, bad) >= 0);

/** The flat position of the first one; −1: there is none. */
export function badAt(x: HostArray, bad: Bad): number {
  if (!isInexact(x.dtype)) return -1;
  const at = elements(x);
  const n = sizeOf(x.shape);
  for (let i = 0; i < n; i++) if (tests[bad](at(i))) return i;
  return -1;
}

/** Every value of a program, as a backend has it. @throws whatever the backend throws */
export async function everyValue(bench: Bench, jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Values> {
  const program = tapped(jaxpr);
  const all = await bench.run(program, inputs);
  if (!areOf(program.outputs, all)) throw new BackendError(`${bench.backend.name} gives results of other types`);
  const values = new Values(jaxpr, inputs);
  values.bindResults(jaxpr, all);
  return values;
}

/** The first equation that makes one on this backend; `other`: and has none there. */
export async function firstMaker(
  bench: Bench,
  jaxpr: Jaxpr,
  values: Values,
  other: Values | null,
  kinds: readonly Bad[] = ['nan', 'infinity'],
  origin: Origin = WHOLE,
): Promise<Maker | null> {
  for (const [i, equation] of jaxpr.equations.entries()) {
    const [operands, results] = [values.all(equation.inputs), values.all(equation.outputs)];
    const elsewhere = other?.all(equation.outputs) ?? [];
    const bad = kinds.find((kind) => has(results, kind) && !has(operands, kind) && !has(elsewhere, kind));
    if (bad === undefined) continue;
    const maker = { bad, number: numberAt(jaxpr, i, origin), path: origin.path, equation, operands, results };
    return (await makerInside(bench, maker)) ?? maker;
  }
  return null;
}

async function makerInside(bench: Bench, { bad, number, path, equation, operands }: Maker): Promise<Maker | null> {
  const { primitive, params } = equation;
  if (primitive.kind !== 'higher-order') return null;
  const answer = await searchNested<Maker>(primitive, operands, params, async (run) => {
    const results = await bench.run(run.jaxpr, run.operands);
    const origin = originWithin(primitive, params, run, number, path);
    const found = has(results, bad)
      ? await firstMaker(bench, run.jaxpr, await everyValue(bench, run.jaxpr, run.operands), null, [bad], origin)
      : null;
    return found === null ? { results } : { found };
  });
  return 'found' in answer ? answer.found : null;
}
