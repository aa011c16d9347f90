import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { elementAt, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import type { DType } from '../core/dtypes.ts';
import { elements, forEachIndex, type HostArray, hostArray, numbers } from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import * as lax from '../lax.ts';
import { grad } from '../transforms/grad.ts';
import { reduceWindowMax, reduceWindowMin, reduceWindowSum, selectAndGatherAdd, selectAndScatterAdd } from './windowed.ts'; // prettier-ignore
import type { WindowParams } from './window-shapes.ts';

/** By the definition: the multi-indices of the elements that the window at `window` holds. */
function held(x: HostArray, window: readonly number[], p: WindowParams): number[][] {
  const found: number[][] = [];
  forEachIndex(p.window_dimensions, (offset) => {
    const place = offset.map(
      (w, d) => window[d]! * p.window_strides[d]! + w * p.window_dilation[d]! - p.padding[d]![0],
    );
    const index = place.map((at, d) => at / p.base_dilation[d]!);
    if (index.every((i, d) => Number.isInteger(i) && i >= 0 && i < x.shape[d]!)) found.push(index);
  });
  return found;
}

it('reduce_window_sum adds what each window holds', () => {
  forCalls(reduceWindowSum, ['float32', 'float64', 'int32', 'uint32'], ({ args, params }) => {
    const x = smallIntegers(args[0]!, 3);
    const [y] = reduceWindowSum.evaluate([x], params);
    forEachIndex(y!.shape, (window) => {
      const terms = held(x, window, params).map((i) => elementAt(x, i));
      expect(elementAt(y!, window)).toBe(terms.reduce((a, b) => a + b, 0));
    });
  });
});

it('reduce_window_max and reduce_window_min take the ends of what each window holds', () => {
  for (const [p, best, start] of [
    [reduceWindowMax, Math.max, -Infinity],
    [reduceWindowMin, Math.min, Infinity],
  ] as const) {
    forCalls<WindowParams>(p, ['float32', 'float64', 'float16'], ({ args, params }) => {
      const [y] = p.evaluate(args, params);
      forEachIndex(y!.shape, (window) => {
        const terms = held(args[0]!, window, params).map((i) => elementAt(args[0]!, i));
        expect(elementAt(y!, window)).toBe(best(start, ...terms));
      });
    });
  }
});

it('select_and_gather_add reads beside the selected elements, select_and_scatter_add is its transpose', () => {
  forCalls(selectAndGatherAdd, ['float32', 'float64', 'int32'], ({ args: [t, x], params }) => {
    const better = (a: number, b: number): boolean => (params.select_prim === 'ge' ? a > b : a < b);
    const tangents = smallIntegers(t!, 5);
    const [y] = selectAndGatherAdd.evaluate([tangents, x!], params);
    forEachIndex(y!.shape, (window) => {
      const places = held(x!, window, params);
      const at = (i: number): number => elementAt(x!, places[i]!);
      const indices = places.map((_, i) => i);
      const nan = indices.find((i) => Number.isNaN(at(i)));
      const winner = nan ?? indices.find((i) => !indices.some((j) => better(at(j), at(i))));
      expect(elementAt(y!, window)).toBe(winner === undefined ? 0 : elementAt(tangents, places[winner]!));
    });
    const source = smallIntegers(y!, 11);
    const [back] = selectAndScatterAdd.evaluate([source, x!], params);
    const dot = (a: HostArray, b: HostArray): number => [...numbers(a)].reduce((s, v, i) => s + v * numbers(b)[i]!, 0);
    expect(dot(y!, source)).toBe(dot(tangents, back!));
  });
});

describe('dtypes of other domains', () => {
  const plain = (n: number): WindowParams => ({
    window_dimensions: [n],
    window_strides: [1],
    padding: [[0, 0]],
    base_dilation: [1],
    window_dilation: [1],
  });
  const listed = (x: HostArray): unknown[] => x.shape[0] === 0 ? [] : Array.from({ length: x.shape[0]! }, (_, i) => elements(x)(i)); // prettier-ignore
  it('64-bit integers wrap and compare exactly', () => {
    const big = 2n ** 62n;
    const x = hostArray('int64', [4], [big, big, big + 1n, -big]);
    expect(listed(reduceWindowSum.evaluate([x], plain(2))[0]!)).toEqual([-(2n ** 63n), -(2n ** 63n) + 1n, 1n]);
    expect(listed(reduceWindowMax.evaluate([x], plain(2))[0]!)).toEqual([big, big + 1n, big + 1n]);
    expect(listed(reduceWindowMin.evaluate([x], plain(4))[0]!)).toEqual([-big]);
    const t = hostArray('int64', [4], [1n, 2n, 3n, 4n]);
    const params = { select_prim: 'ge', ...plain(2) } as const;
    expect(listed(selectAndGatherAdd.evaluate([t, x], params)[0]!)).toEqual([1n, 3n, 3n]);
    expect(listed(selectAndScatterAdd.evaluate([hostArray('int64', [3], [5n, 6n, 7n]), x], params)[0]!)).toEqual([5n, 0n, 13n, 0n]); // prettier-ignore
  });
  it('complex numbers add up by parts', () => {
    const x = hostArray('complex64', [3], [{ re: 1e8, im: -0 }, { re: 1, im: 2 }, { re: -1e8, im: 3 }]); // prettier-ignore
    expect(listed(reduceWindowSum.evaluate([x], plain(3))[0]!)).toEqual([{ re: 1, im: 5 }]);
  });
});

const vector = (values: readonly number[], dtype: DType = 'float64'): HostArray => hostArray(dtype, [values.length], values); // prettier-ignore

it('the transpose of reduce_window_sum counts the windows of each element', () => {
  forCalls(reduceWindowSum, ['float64'], ({ args: [x], params }) => {
    const options = { windowStrides: params.window_strides, padding: params.padding, baseDilation: params.base_dilation, windowDilation: params.window_dilation }; // prettier-ignore
    const counts = new Map<string, number>();
    const [y] = reduceWindowSum.evaluate([x!], params);
    forEachIndex(y!.shape, (window) => {
      for (const i of held(x!, window, params)) counts.set(i.join(), (counts.get(i.join()) ?? 0) + 1);
    });
    const axes = y!.shape.map((_, d) => d);
    const total = grad((v: ConcreteArray) => lax.reduceSum(lax.reduceWindowSum(v, params.window_dimensions, options), axes)); // prettier-ignore
    const back = total(ConcreteArray.fromHost(x!)).toHost();
    forEachIndex(x!.shape, (index) => expect(elementAt(back, index)).toBe(counts.get(index.join()) ?? 0));
  });
});

it('error bounds cover what perturbed operands give', () => {
  const perturbed = fc.array(
    fc.tuple(fc.integer({ min: -4, max: 4 }), fc.constantFrom(0, 0.25, 1, 3), fc.constantFrom(-1, -0.5, 0, 1)),
    { minLength: 3, maxLength: 8 },
  );
  type Rule = (xs: readonly Bounded[], ys: readonly HostArray[], p: object) => readonly (Bound | null)[];
  const p: WindowParams = { window_dimensions: [3], window_strides: [1], padding: [[1, 0]], base_dilation: [1], window_dilation: [1] }; // prettier-ignore
  fc.assert(
    fc.property(perturbed, (list) => {
      const part = Float64Array.from(list, ([, d]) => d);
      const x = vector(list.map(([v]) => v));
      const moved = vector(list.map(([v, d, t]) => v + d * t));
      const uncertain: Bounded = { value: x, bound: { worst: part, variance: part } };
      const t: Bounded = { value: vector(list.map((_, i) => 2 ** i)), bound: null };
      const s: Bounded = { value: vector(list.slice(1).map((_, i) => 2 ** i)), bound: null };
      const select = { select_prim: 'ge', ...p };
      const cases = [
        [reduceWindowMax, [uncertain], [moved], p],
        [reduceWindowMin, [uncertain], [moved], p],
        [selectAndGatherAdd, [t, uncertain], [t.value, moved], select],
        [selectAndScatterAdd, [s, uncertain], [s.value, moved], select],
      ] as const;
      for (const [primitive, operands, others, params] of cases) {
        const evaluate = primitive.evaluate as (xs: readonly HostArray[], q: object) => HostArray[];
        const values = operands.map((o) => o.value);
        const [y] = evaluate(values, params);
        const [bound] = (primitive.bound as Rule)(operands, [y!], params);
        numbers(evaluate([...others], params)[0]!).forEach((z, i) =>
          expect(Math.abs(z - numbers(y!)[i]!)).toBeLessThanOrEqual(bound?.worst[i] ?? 0),
        );
      }
    }),
  );
});
