/** How far apart the results of two backends are, and where a program loses its digits. */
import type { ProfileName } from '../../reference/core/backend.ts';
import { elements, type HostArray, moduli, sameElement, showAval, sizeOf } from '../../reference/core/host.ts';
import { type Atom, type Jaxpr, Literal } from '../../reference/core/jaxpr.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { equationLines } from '../../reference/core/text.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { distance, isNaNElement } from '../elements.ts';
import type { Conditioning, OutputDifference } from './divergence.ts';
import { numberAt, WHOLE } from './locate.ts';
import { tapped } from './parts.ts';

/** What a backend gave, and the reference's results with how far the backend may be from them. */
export interface Side {
  readonly got: readonly HostArray[];
  readonly bounded: readonly Bounded[];
}

/** Standard deviations within which an error is likely. */
const LIKELY = 4;

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

export function outputDifferences(a: Side, b: Side): OutputDifference[] {
  return a.got.map((x, j) => {
    const [u, v] = [elements(x), elements(b.got[j]!)];
    const places = Array.from({ length: sizeOf(x.shape) }, (_, i) => i);
    const scale = largestOf(a.bounded[j]!.value);
    const relative = (size: number): number | null => (size === 0 ? 0 : finite(size / scale));
    const same = (i: number): boolean => sameElement(u(i), v(i)) || (isNaNElement(u(i)) && isNaNElement(v(i)));
    const [p, q] = [a.bounded[j]!.bound, b.bounded[j]!.bound];
    const worst = (i: number): number => (p?.worst[i] ?? 0) + (q?.worst[i] ?? 0);
    const likely = (i: number): number => LIKELY * Math.sqrt((p?.variance[i] ?? 0) + (q?.variance[i] ?? 0));
    const difference = greatest(places.map((i) => (same(i) ? 0 : distance(u(i), v(i)))));
    const bound = greatest(places.map((i) => Math.min(likely(i), worst(i))));
    return {
      output: j,
      type: showAval(x),
      different: places.filter((i) => !same(i)).length,
      largest: relative(difference),
      likely: relative(bound),
      worst: relative(greatest(places.map(worst))),
      absolute: { largest: finite(difference), likely: finite(bound), scale },
    };
  });
}

/** NaN, if there is one. */
const greatest = (sizes: readonly number[]): number =>
  sizes.reduce((m, size) => (size > m || Number.isNaN(size) ? size : m), 0);

/** The modulus of the largest finite element. */
const largestOf = (x: HostArray): number => moduli(x).reduce((m, v) => (Number.isFinite(v) && v > m ? v : m), 0);

/** The bound of a value relative to its largest element; infinite where nothing is known. */
function relativeBound({ value, bound }: Bounded): number {
  const worst = bound?.worst.reduce((m, w) => Math.max(m, w), 0) ?? 0;
  return worst === 0 ? 0 : worst / largestOf(value);
}

/** The equation at which the bound is lost, or else grows most. */
export function conditioningOf(jaxpr: Jaxpr, inputs: readonly HostArray[], profile: ProfileName): Conditioning | null {
  const bounded = errorBound(tapped(jaxpr), inputs, profile).slice(jaxpr.outputs.length);
  const known = new Map<Atom, Bounded>(jaxpr.equations.flatMap((e) => e.outputs).map((v, i) => [v, bounded[i]!]));
  const boundOf = (x: Atom): number => {
    const value = x instanceof Literal ? undefined : known.get(x);
    return value === undefined ? 0 : relativeBound(value);
  };
  let worst: { readonly index: number; readonly growth: number; readonly before: number; readonly after: number } | null =
    null; // prettier-ignore
  for (const [index, { inputs: operands, outputs }] of jaxpr.equations.entries()) {
    const before = Math.max(0, ...operands.map(boundOf));
    const after = Math.max(0, ...outputs.map(boundOf));
    if (before === Infinity || after === 0) continue;
    const growth = after === Infinity ? Infinity : before === 0 ? 0 : after / before;
    if (worst === null || growth > worst.growth) worst = { index, growth, before, after };
  }
  if (worst === null) return null;
  const equation = numberAt(jaxpr, worst.index, WHOLE);
  return {
    equation,
    text: equationLines(jaxpr)[equation - 1]!,
    source: jaxpr.equations[worst.index]!.source?.toString() || null,
    before: finite(worst.before),
    after: finite(worst.after),
  };
}
