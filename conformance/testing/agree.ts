/**
 * Whether two functions are the same function: on the reference, their values may differ by no more than the sum of
 * the rounding errors that each may have made (the error-bound transformation).
 */
import { elements, sameElement, sizeOf } from '../../reference/core/host.ts';
import { showElement } from '../../reference/core/show.ts';
import { distance, isNaNElement } from '../elements.ts';
import type { ConcreteArray } from '../../reference/core/array.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import type { AnyFunction } from '../../reference/transforms/call.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { makeJaxpr } from '../../reference/transforms/make-jaxpr.ts';

/** The first disagreement in words, or null. Elements whose bound is infinite say nothing. */
export function disagreement(f: AnyFunction, g: AnyFunction, args: readonly NDArray[]): string | null {
  const inputs = args.map((x) => (x as ConcreteArray).toHost());
  const [a, b] = [f, g].map((h) => errorBound(makeJaxpr(h)(...args), inputs, 'strict'));
  if (a!.length !== b!.length) return `${a!.length} results and ${b!.length}`;
  for (const [j, x] of a!.entries()) {
    const y = b![j]!;
    if (x.value.dtype !== y.value.dtype || x.value.shape.join() !== y.value.shape.join()) {
      return `result ${j}: ${x.value.dtype}[${x.value.shape.join()}] and ${y.value.dtype}[${y.value.shape.join()}]`;
    }
    const [u, v] = [elements(x.value), elements(y.value)];
    for (let i = 0; i < sizeOf(x.value.shape); i++) {
      if (sameElement(u(i), v(i)) || (isNaNElement(u(i)) && isNaNElement(v(i)))) continue;
      const allowed = (x.bound?.worst[i] ?? 0) + (y.bound?.worst[i] ?? 0);
      if (!(distance(u(i), v(i)) <= allowed)) {
        const shown = [u, v].map((at) => showElement(x.value.dtype, at(i)));
        return `result ${j}, element ${i}: ${shown.join(' and ')}, allowed ${allowed}`;
      }
    }
  }
  return null;
}
