/**
 * Whether two functions are the same function: on the reference, their values may differ by no more than the sum of
 * the rounding errors that each may have made (the error-bound transformation).
 */
import { elements, sameElement, sizeOf } from '../../reference/core/host.ts';
import { showElement } from '../../reference/core/show.ts';
import { distance, isNaNElement } from '../elements.ts';
import type { ConcreteArray } from '../../reference/core/array.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import type { AnyFunction } from '../../reference/transforms/call.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { makeJaxpr } from '../../reference/transforms/make-jaxpr.ts';

/** The first disagreement in words, or null. Elements whose bound is infinite say nothing. */
export function disagreement(f: AnyFunction, g: AnyFunction, args: readonly NDArray[]): string | null {
  const [a, b] = [boundedResults(f, args), boundedResults(g, args)];
  if (a.length !== b.length) return `${a.length} results and ${b.length}`;
  for (const [j, x] of a.entries()) {
    const { problem } = compareBounded(x, b[j]!);
    if (problem !== null) return `result ${j}${problem}`;
  }
  return null;
}

/** The results of a function, traced, with their bounds. */
export function boundedResults(f: AnyFunction, args: readonly NDArray[]): readonly Bounded[] {
  const inputs = args.map((x) => (x as ConcreteArray).toHost());
  return errorBound(makeJaxpr(f)(...args), inputs, 'strict');
}

export interface Comparison {
  readonly problem: string | null;
  readonly elements: number;
  /** Of these elements, how many a difference could have been seen in. */
  readonly compared: number;
}

/** Two results that should be one, within the bounds of both. */
export function compareBounded(x: Bounded, y: Bounded): Comparison {
  const [{ dtype, shape }, other] = [x.value, y.value];
  const size = sizeOf(shape);
  if (dtype !== other.dtype || shape.join() !== other.shape.join()) {
    const problem = `: ${dtype}[${shape.join()}] and ${other.dtype}[${other.shape.join()}]`;
    return { problem, elements: size, compared: size };
  }
  const [u, v] = [elements(x.value), elements(other)];
  let compared = 0;
  for (let i = 0; i < size; i++) {
    const allowed = (x.bound?.worst[i] ?? 0) + (y.bound?.worst[i] ?? 0);
    if (allowed < Infinity) compared++;
    if (sameElement(u(i), v(i)) || (isNaNElement(u(i)) && isNaNElement(v(i)))) continue;
    if (!(distance(u(i), v(i)) <= allowed)) {
      const shown = [u, v].map((at) => showElement(dtype, at(i)));
      return { problem: `, element ${i}: ${shown.join(' and ')}, allowed ${allowed}`, elements: size, compared };
    }
  }
  return { problem: null, elements: size, compared };
}
