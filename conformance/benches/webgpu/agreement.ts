/** Whether what a library computes is right, before it is timed: by error bounds, or exactly. */
import { ConcreteArray } from '../../../reference/core/array.ts';
import { type HostArray, numbers, type Shape, sizeOf, stridesOf, take } from '../../../reference/core/host.ts';
import { makeJaxpr } from '../../../reference/index.ts';
import { primitives } from '../../../reference/primitives/index.ts';
import { errorBound } from '../../../reference/transforms/error-bound.ts';
import type { Row } from './rows.ts';

/** What results, or a part of them, have to be. */
export interface Expected {
  /** The part of results that is known. */
  readonly part: (results: readonly HostArray[]) => readonly HostArray[];
  readonly values: readonly HostArray[];
  /** How far each element may be off; null: not at all. */
  readonly worst: readonly (Float64Array | null)[];
}

/** Lines of an axis that stand for all: the ends, and one between. */
const someOf = (n: number): readonly number[] => (n <= 3 ? Array.from({ length: n }, (_, i) => i) : [0, n >> 1, n - 1]);

/** A few lines along each of some axes. */
export function lines(x: HostArray, axes: Shape): HostArray {
  const kept = x.shape.map((n, d) => (axes.includes(d) ? someOf(n) : null));
  const shape = x.shape.map((n, d) => kept[d]?.length ?? n);
  const [strides, own] = [stridesOf(x.shape), stridesOf(shape)];
  return take(x, shape, (i) =>
    shape.reduce((at, n, d) => {
      const place = Math.floor(i / own[d]!) % n;
      return at + strides[d]! * (kept[d]?.[place] ?? place);
    }, 0),
  );
}

/** An array with its axes in another order. */
export const reordered = (x: HostArray, order: Shape): HostArray =>
  primitives.transpose.evaluate([x], { permutation: order })[0]!;

export function expectedOf({ etalon, check }: Row, inputs: readonly HostArray[]): Expected {
  if ('expected' in check) {
    const values = check.expected(...inputs);
    return { part: (results) => results, values, worst: values.map(() => null) };
  }
  const cut = (xs: readonly HostArray[], axes: readonly Shape[]): readonly HostArray[] =>
    xs.map((x, i) => lines(x, axes[i] ?? []));
  const own = cut(inputs, check.inputs);
  const bounded = errorBound(makeJaxpr(etalon)(...own.map((x) => ConcreteArray.fromHost(x))), own, 'gpu');
  return {
    part: (results) => cut(results, check.results),
    values: bounded.map(({ value }) => value),
    worst: bounded.map(({ bound }) => bound?.worst ?? null),
  };
}

/** The largest error of results in units of what it may be: above 1 they are wrong. */
export function errorOf({ part, values, worst }: Expected, results: readonly HostArray[]): number {
  if (results.length !== values.length) return Infinity;
  let most = 0;
  for (const [i, x] of part(results).entries()) {
    const [got, wanted] = [numbers(x), numbers(values[i]!)];
    if (sizeOf(x.shape) !== sizeOf(values[i]!.shape)) return Infinity;
    for (let j = 0; j < wanted.length; j++) {
      const off = Math.abs(got[j]! - wanted[j]!);
      if (off !== 0) most = Math.max(most, Number.isNaN(off) ? Infinity : off / (worst[i]?.[j] ?? 0));
    }
  }
  return most;
}
