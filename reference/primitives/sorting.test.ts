import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { forCalls } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import { ALL_DTYPES, isComplex } from '../core/dtypes.ts';
import {
  type Complex,
  type Element,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  hostArray,
  numbers,
  stridesOf,
} from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import * as lax from '../lax.ts';
import { jvp } from '../transforms/grad.ts';
import { sort, topK } from './sorting.ts';

/** Calls `visit` with the elements of every row along an axis, of all arrays. */
function forRows(xs: readonly HostArray[], axis: number, visit: (...rows: Element[][]) => void): void {
  forEachIndex(xs[0]!.shape.with(axis, 1), (at) => {
    const row = (x: HostArray): Element[] =>
      Array.from({ length: x.shape[axis]! }, (_, i) => elements(x)(flatten(at.with(axis, i), stridesOf(x.shape))));
    visit(...xs.map(row));
  });
}

/** NaN above everything; the zeros are one. Complex numbers go by their real parts first. */
const above = (a: Element, b: Element): boolean => {
  if (typeof a === 'object') return lexicographic(a, b as Complex);
  return Number.isNaN(a) ? !Number.isNaN(b) : a > (b as number);
};
const lexicographic = (a: Complex, b: Complex): boolean =>
  above(a.re, b.re) || (!above(b.re, a.re) && above(a.im, b.im));
const less = (a: readonly Element[], b: readonly Element[]): boolean => {
  const at = a.findIndex((v, i) => above(v, b[i]!) || above(b[i]!, v));
  return at >= 0 && above(b[at]!, a[at]!);
};

it('sort moves rows together, so that the keys ascend and equal ones keep their order', () => {
  forCalls(sort, ALL_DTYPES, ({ args, params }) => {
    const results = sort.evaluate(args, params);
    forRows([...args, ...results], params.dimension, (...rows) => {
      const [before, after] = [rows.slice(0, args.length), rows.slice(args.length)];
      const items = (of: readonly Element[][]): Element[][] => (of[0] ?? []).map((_, i) => of.map((r) => r[i]!));
      const key = (item: readonly Element[]): readonly Element[] => item.slice(0, params.num_keys);
      // Insertion behind everything that is not larger: stable by construction.
      const expected = items(before).reduce((done: Element[][], item) => {
        const place = done.findIndex((other) => less(key(item), key(other)));
        return done.toSpliced(place < 0 ? done.length : place, 0, item);
      }, []);
      expect(items(after)).toEqual(expected);
    });
  });
});

it('top_k takes the largest one after the other, the first of equal ones', () => {
  const ordered = ALL_DTYPES.filter((d) => !isComplex(d));
  forCalls(topK, ordered, ({ args: [x], params }) => {
    const better = (a: Element, b: Element): boolean => above(a, b) || (Object.is(a, 0) && Object.is(b, -0));
    const [values, positions] = topK.evaluate([x!], params);
    forRows([x!, values!, positions!], params.axis, (row, best, where) => {
      const left = row.map((_, i) => i);
      const expected = best.map(() => {
        const next = left.reduce((a, b) => (better(row[b]!, row[a]!) ? b : a));
        left.splice(left.indexOf(next), 1);
        return next;
      });
      expect(where).toEqual(expected);
      expect(best).toEqual(expected.map((i) => row[i]));
    });
  });
});

const vector = (values: readonly number[]): HostArray => hostArray('float64', [values.length], values);
const array = (values: readonly number[]): ConcreteArray => ConcreteArray.fromHost(vector(values));
const pairs = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer()), { minLength: 1, maxLength: 8 });

describe('tangents go with their elements', () => {
  const stable = (xs: readonly number[]): number[] => xs.map((_, i) => i).sort((i, j) => xs[i]! - xs[j]! || i - j);
  it('of sort, keys and what goes along', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const [x, v] = [list.map(([a]) => a), list.map(([, b]) => b)];
        const along = v.map((_, i) => i);
        for (const which of [0, 1]) {
          const f = (a: ConcreteArray, b: ConcreteArray) => lax.sort([a, b])[which]!;
          const [, t] = jvp(f, [array(x), array(along)], [array(v), array(along)]);
          expect((t as ConcreteArray).js()).toEqual(stable(x).map((i) => (which === 0 ? v[i] : i)));
        }
      }),
    );
  });
  it('of top_k', () => {
    fc.assert(
      fc.property(pairs, fc.nat(8), (list, n) => {
        const [x, v] = [list.map(([a]) => a), list.map(([, b]) => b)];
        const k = Math.min(n, x.length);
        const [, t] = jvp((a: ConcreteArray) => lax.topK(a, k)[0], [array(x)], [array(v)]);
        const order = stable(x.map((a) => -a)).slice(0, k);
        expect((t as ConcreteArray).js()).toEqual(order.map((i) => v[i]));
      }),
    );
  });
});

it('error bounds cover what perturbed operands give', () => {
  const perturbed = fc.array(
    fc.tuple(fc.integer({ min: -8, max: 8 }), fc.constantFrom(0, 0.25, 1, 3), fc.constantFrom(-1, -0.5, 0, 1)),
    { minLength: 1, maxLength: 8 },
  );
  type Rule = (xs: readonly Bounded[], ys: readonly HostArray[], q: object) => readonly (Bound | null)[];
  fc.assert(
    fc.property(perturbed, (elements) => {
      const [x, moved] = [vector(elements.map(([v]) => v)), vector(elements.map(([v, d, t]) => v + d * t))];
      const part = Float64Array.from(elements, ([, d]) => d);
      const operand: Bounded = { value: x, bound: { worst: part, variance: part } };
      const byValue = { dimension: 0, is_stable: true, num_keys: 1 };
      for (const [p, params] of [
        [sort, byValue],
        [topK, { k: elements.length, axis: 0 }],
      ] as const) {
        const evaluate = p.evaluate as (xs: readonly HostArray[], q: object) => HostArray[];
        const ys = evaluate([x], params);
        const [bound] = (p.bound as Rule)([operand], ys, params);
        numbers(evaluate([moved], params)[0]!).forEach((z, i) =>
          expect(Math.abs(z - numbers(ys[0]!)[i]!)).toBeLessThanOrEqual(bound?.worst[i] ?? 0),
        );
      }
      // With exact keys bounds go along; with uncertain ones nothing is known of what goes along.
      const exact: Bounded = { value: x, bound: null };
      const [, along] = (sort.bound as Rule)([exact, operand], [], byValue);
      expect([...along!.worst]).toEqual([...numbers(sort.evaluate([x, vector([...part])], byValue)[1]!)]);
      const [, other] = (sort.bound as Rule)([operand, exact], [], byValue);
      if (part.some((d) => d > 0)) expect(other!.worst.every((w) => w === Infinity)).toBe(true);
    }),
  );
});
