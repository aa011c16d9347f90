/** Making the proof of a failure small: fewer equations, smaller shapes, simpler numbers; each step is run again. */
import { oneEquation } from '../../reference/core/open-backend.ts';
import {
  avalOf,
  elementFrom,
  elements,
  flatten,
  type HostArray,
  hostScalar,
  sameElement,
  sizeOf,
  stridesOf,
  take,
} from '../../reference/core/host.ts';
import { allEquations, type Atom, type Equation, Jaxpr, Literal, type Var } from '../../reference/core/jaxpr.ts';
import type { Bench } from '../bench.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { type Evidence, judgeLocally, judgeWithin } from '../laws/law.ts';
import { value } from '../laws/value.ts';
import type { Case } from '../programs/case.ts';
import { RandomStream } from '../programs/random-stream.ts';
import type { LawName } from '../types.ts';

/** Evidence and the law by which it is replayed. */
export interface Proof {
  readonly evidence: Evidence;
  readonly law: LawName;
}

export async function shrink(
  bench: Bench,
  one: Case,
  found: Evidence,
  law: LawName,
  milliseconds: number,
): Promise<Proof> {
  const deadline = Date.now() + milliseconds;
  // A backend that begins to throw while its wrong numbers are shrunk is wrong in another way.
  const alike = (evidence: Evidence | null): Evidence | null =>
    evidence !== null && (evidence.got === null) === (found.got === null) ? evidence : null;
  const cutFirst = alike(await cut(bench, found));
  const smaller = alike((await one.shrink?.(bench, found, deadline)) ?? null) ?? found;
  const single = alike(await cut(bench, smaller)) ?? cutFirst ?? alike(await smallestWindow(bench, smaller, deadline));
  if (single === null) return { evidence: smaller, law };
  const narrow = alike(await oneElement(bench, single)) ?? single;
  return { evidence: alike(await simplified(bench, narrow, deadline)) ?? narrow, law: 'value' };
}

export const equationCount = (jaxpr: Jaxpr): number => [...allEquations(jaxpr)].length;

/** The first equation that is wrong by itself. */
async function cut(bench: Bench, { jaxpr, inputs }: Evidence): Promise<Evidence | null> {
  return jaxpr === null ? null : (await judgeLocally(bench, jaxpr, inputs)).wrong;
}

/**
 * The fewest equations in a row that are wrong together, on the reference's values, where none is alone: what a
 * compiler makes of neighbours.
 */
async function smallestWindow(
  bench: Bench,
  { jaxpr, inputs, got }: Evidence,
  deadline: number,
): Promise<Evidence | null> {
  if (jaxpr === null || got === null) return null;
  const n = jaxpr.equations.length;
  for (let size = 1; size < n; size++) {
    for (let from = 0; from + size <= n && Date.now() < deadline; from++) {
      const part = windowOf(jaxpr, jaxpr.equations.slice(from, from + size));
      const { wrong } = await judgeWithin(bench, part, valuesOf(jaxpr, inputs, part.inputs));
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

/** Some equations of a program, as a program of what they need and what they give. */
function windowOf(jaxpr: Jaxpr, equations: readonly Equation[]): Jaxpr {
  const made = new Set(equations.flatMap((e) => e.outputs));
  const constants = new Map(jaxpr.constvars.map((v, i) => [v, jaxpr.consts[i]!]));
  const needed = new Set(
    equations.flatMap((e) => e.inputs).filter((x): x is Var => !(x instanceof Literal) && !made.has(x)),
  );
  const constvars = [...needed].filter((v) => constants.has(v));
  return new Jaxpr({
    constvars,
    consts: constvars.map((v) => constants.get(v)!),
    inputs: [...needed].filter((v) => !constants.has(v)),
    equations,
    outputs: equations.flatMap((e) => e.outputs),
  });
}

/** The reference's values of some variables. */
function valuesOf(jaxpr: Jaxpr, inputs: readonly HostArray[], wanted: readonly Atom[]): readonly HostArray[] {
  const { constvars, consts, inputs: parameters, equations } = jaxpr;
  return evaluateJaxpr(new Jaxpr({ constvars, consts, inputs: parameters, equations, outputs: wanted }), inputs);
}

/** What is wrong with a program by itself. */
async function wrongAlone(bench: Bench, jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Evidence | null> {
  const judged = value.check(bench, { jaxpr, inputs, active: [] }, new RandomStream(0));
  return (await judged.catch(() => ({ wrong: null }))).wrong;
}

/** An elementwise equation on the operands of its wrong element alone; null if it is right there. */
async function oneElement(bench: Bench, { jaxpr, inputs, element }: Evidence): Promise<Evidence | null> {
  const [equation, ...others] = jaxpr!.equations;
  const { primitive, params } = equation!;
  if (element === null || others.length > 0 || primitive.kind !== 'first-order') return null;
  if (primitive.batch !== 'elementwise') return null;
  const operands = inputs.map((x) => {
    const at = x.shape.length === 0 ? 0 : flatten(element.index, stridesOf(x.shape));
    return take(x, [], () => at);
  });
  return wrongAlone(bench, oneEquation(primitive, operands.map(avalOf), params), operands);
}

/** Zeros, then ones, for whole inputs, then for single elements, as long as the result stays wrong. */
async function simplified(bench: Bench, start: Evidence, deadline: number): Promise<Evidence> {
  let best = start;
  const attempt = async (inputs: readonly HostArray[]): Promise<void> => {
    best = (await wrongAlone(bench, best.jaxpr!, inputs)) ?? best;
  };
  for (let k = 0; k < start.inputs.length; k++) {
    for (const simple of [0, 1]) {
      for (const range of rangesOf(sizeOf(best.inputs[k]!.shape))) {
        if (Date.now() > deadline) return best;
        const next = replaced(best.inputs[k]!, range, simple);
        if (next !== null) await attempt(best.inputs.with(k, next));
      }
    }
  }
  return best;
}

/** Everything, halves, quarters, … single elements. */
function* rangesOf(n: number): Generator<readonly [number, number]> {
  for (let step = n; step >= 1; step = step === 1 ? 0 : Math.ceil(step / 2)) {
    for (let from = 0; from < n; from += step) yield [from, Math.min(from + step, n)];
  }
}

/** null if nothing gets simpler: zeros are simpler than ones, ones than everything else. */
function replaced(x: HostArray, [from, to]: readonly [number, number], simple: number): HostArray | null {
  const at = elements(x);
  const [zero, fill] = [0, simple].map((v) => elementFrom(x.dtype, v));
  const isSimple = (i: number): boolean => [zero, fill].some((v) => sameElement(at(i), v!));
  const replace = (i: number): boolean => i >= from && i < to && !isSimple(i);
  if (!Array.from({ length: to - from }, (_, i) => replace(from + i)).includes(true)) return null;
  return take(x, x.shape, (i) => (replace(i) ? -1 : i), hostScalar(x.dtype, fill!));
}
