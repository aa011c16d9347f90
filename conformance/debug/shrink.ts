/** Making the proof of a failure small: fewer equations, smaller shapes, simpler numbers; each step is run again. */
import type { Bench } from '../bench.ts';
import { type Evidence, judgeLocally } from '../laws/law.ts';
import type { Case } from '../programs/case.ts';
import type { LawName } from '../types.ts';
import { Search } from './locate.ts';
import { minimized } from './minimize.ts';

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
  const single = alike(await cut(bench, smaller)) ?? cutFirst ?? alike(await together(bench, smaller, deadline));
  return single === null
    ? { evidence: smaller, law }
    : { evidence: await minimized(bench, single, deadline), law: 'value' };
}

/** The first equation that is wrong by itself. */
async function cut(bench: Bench, { jaxpr, inputs }: Evidence): Promise<Evidence | null> {
  return jaxpr === null ? null : (await judgeLocally(bench, jaxpr, inputs)).wrong;
}

/** Equations that are wrong only together: what a compiler makes of neighbours. */
async function together(bench: Bench, { jaxpr, inputs, got }: Evidence, deadline: number): Promise<Evidence | null> {
  if (jaxpr === null || got === null || jaxpr.equations.length < 2) return null;
  return (await new Search(bench, deadline).together(jaxpr, inputs))?.evidence ?? null;
}
