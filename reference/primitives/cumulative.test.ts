import fc from 'fast-check';
import { expect, it } from 'vitest';
import '../index.ts';
import { callsOf, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import { type DType, REALS } from '../core/dtypes.ts';
import {
  build,
  type Complex,
  type Element,
  elements,
  type HostArray,
  hostArray,
  numbers,
  rounder,
  sizeOf,
} from '../core/host.ts';
import type { Bound, Bounded } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { jvp } from '../transforms/grad.ts';
import { cumlogsumexp, cummax, cummin, cumprod, cumsum } from './cumulative.ts';
import { exactProduct } from './numerics/exact.ts';
import { reduceMax, reduceMin, reduceProd, reduceSum } from './reduction.ts';
import { concatenate, rev, slice } from './shape.ts';

const WIDEST: readonly DType[] = ['int64', 'uint64', 'complex64', 'complex128'];
const all = (x: HostArray): Element[] => Array.from({ length: sizeOf(x.shape) }, (_, i) => elements(x)(i));

it('each place holds the reduction of all that comes before, or after', () => {
  for (const [p, reduction, wide] of [
    [cumsum, reduceSum, WIDEST],
    [cumprod, reduceProd, WIDEST],
    [cummax, reduceMax, WIDEST.slice(0, 2)],
    [cummin, reduceMin, WIDEST.slice(0, 2)],
  ] as const) {
    forCalls(p, [...REALS, ...wide], ({ args: [x], params }) => {
      const { axis, reverse } = params;
      const n = x!.shape[axis]!;
      const parts = Array.from({ length: n }, (_, k) => {
        const start_indices = x!.shape.map((_n, d) => (d === axis && reverse ? k : 0));
        const limit_indices = x!.shape.map((size, d) => (d === axis && !reverse ? k + 1 : size));
        const [part] = slice.evaluate([x!], { start_indices, limit_indices, strides: x!.shape.map(() => 1) });
        const [inOrder] = rev.evaluate([part!], { dimensions: reverse ? [axis] : [] });
        const [one] = reduction.evaluate([inOrder!], { axes: [axis] });
        return { ...one!, shape: x!.shape.with(axis, 1) };
      });
      const [y] = p.evaluate([x!], params);
      expect(y).toMatchObject({ dtype: x!.dtype, shape: x!.shape });
      if (n > 0) expect(all(y!)).toEqual(all(concatenate.evaluate(parts, { dimension: axis })[0]!));
    });
  }
});

const vector = (values: readonly number[]): HostArray => hostArray('float64', [values.length], values);
const list = (x: HostArray | undefined): number[] => [...numbers(x!)];
const FORWARD = { axis: 0, reverse: false };

it('running products are rounded once however long they are, ties included', () => {
  const factors = fc.constantFrom(1, -1, 0.5, 3, 1 + 2 ** -52, 1 - 2 ** -53, 2 ** 500, 2 ** -500, 5e-324, 1.5);
  fc.assert(
    fc.property(fc.array(factors, { minLength: 1, maxLength: 40 }), (row) => {
      const expected = row.map((_, i) => exactProduct(row, 0, i + 1, 'float64'));
      expect(list(cumprod.evaluate([vector(row)], FORWARD)[0])).toEqual(expected);
    }),
  );
});

it('running sums of a million equal numbers do not stand still', () => {
  const n = 2 ** 20;
  for (const dtype of ['float32', 'bfloat16', 'float16'] as const) {
    const [one] = numbers(hostArray(dtype, [1], [0.01]));
    const [y] = cumsum.evaluate([hostArray(dtype, [n], new Float64Array(n).fill(one!))], FORWARD);
    const round = rounder(dtype);
    // A double holds the product of 24 and 21 digits.
    expect(numbers(y!).findIndex((v, i) => v !== round((i + 1) * one!))).toBe(-1);
  }
});

it('cumlogsumexp neither overflows nor loses what is small', () => {
  const y = (row: readonly number[]): number[] => list(cumlogsumexp.evaluate([vector(row)], FORWARD)[0]);
  expect(y([1000, 1000])).toEqual([1000, 1000 + Math.LN2]);
  expect(y([0, -50])).toEqual([0, Math.exp(-50)]);
  expect(y([-Infinity, 3, Infinity, 1, Infinity, NaN])).toEqual([-Infinity, 3, Infinity, Infinity, Infinity, NaN]);
});

it('cumlogsumexp of complex numbers is the principal logarithm of the running sum', () => {
  const part = fc.double({ min: -4, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.record({ re: part, im: part }), { minLength: 1, maxLength: 6 }), (row) => {
      const [y] = cumlogsumexp.evaluate([hostArray('complex128', [row.length], row)], FORWARD);
      let [re, im, size] = [0, 0, 0];
      all(y!).forEach((v, i) => {
        const [z, w] = [row[i]!, v as Complex];
        re += Math.exp(z.re) * Math.cos(z.im);
        im += Math.exp(z.re) * Math.sin(z.im);
        size += Math.exp(z.re);
        // exp y is the sum, up to a few roundings of what was added; the result itself is below 2³.
        const back = [Math.exp(w.re) * Math.cos(w.im), Math.exp(w.re) * Math.sin(w.im)];
        expect(Math.hypot(back[0]! - re, back[1]! - im)).toBeLessThan(size * 2 ** -46);
        expect(Math.abs(w.im)).toBeLessThanOrEqual(Math.PI);
      });
    }),
  );
  const far: Complex[] = [
    { re: 1000, im: 1 },
    { re: -Infinity, im: NaN },
    { re: 1000, im: 1 },
  ];
  expect(all(cumlogsumexp.evaluate([hostArray('complex128', [3], far)], FORWARD)[0]!)).toEqual([
    { re: 1000, im: 1 },
    { re: 1000, im: 1 },
    { re: 1000 + Math.LN2, im: 1 },
  ]);
});

const tangentOf = (
  p: typeof cummax | typeof cumlogsumexp | typeof cumprod,
  x: HostArray,
  v: HostArray,
  params: object,
) =>
  list(
    (
      jvp(
        (a: ConcreteArray) => bind(p, [a], { ...params })[0]!,
        [ConcreteArray.fromHost(x)],
        [ConcreteArray.fromHost(v)],
      )[1] as ConcreteArray
    ).toHost(),
  );

/** Rows of small integers, where nothing rounds, and a direction. */
const points = fc
  .tuple(callsOf(cummax, ['float64']), fc.nat(50), fc.nat(50))
  .map(([{ args }, s, t]) => [args[0]!, s, t] as const)
  .filter(([x]) => x.data.length > 0)
  .map(([x, s, t]) => {
    const n = Math.min(x.data.length, 12);
    const line = build('float64', [n], () => 0);
    return { x: smallIntegers(line, s), v: smallIntegers(line, t) };
  });

it('the tangent of a running extreme is the mean of those that reach it', () => {
  for (const p of [cummax, cummin] as const) {
    fc.assert(
      fc.property(points, ({ x, v }) => {
        const y = list(p.evaluate([x], FORWARD)[0]);
        const expected = y.map((best, i) => {
          const there = list(v).filter((_, j) => j <= i && numbers(x)[j] === best);
          return there.reduce((a, b) => a + b, 0) / there.length;
        });
        expect(tangentOf(p as typeof cummax, x, v, FORWARD).map((t) => t + 0)).toEqual(expected.map((t) => t + 0));
      }),
    );
  }
});

it('the tangent of a running product replaces each factor by its tangent; zeros are no exception', () => {
  fc.assert(
    fc.property(points, ({ x, v }) => {
      const short = (a: HostArray): HostArray => vector(list(a).slice(0, 8)); // products below 2⁵³: nothing rounds
      const [row, dv] = [list(short(x)), list(short(v))];
      const expected = row.map((_, i) =>
        row
          .slice(0, i + 1)
          .reduce((sum, _x, j) => sum + row.slice(0, i + 1).reduce((a, b, m) => a * (m === j ? dv[j]! : b), 1), 0),
      );
      expect(tangentOf(cumprod, short(x), short(v), FORWARD).map((t) => t + 0)).toEqual(expected.map((t) => t + 0));
    }),
  );
});

it('the tangent of cumlogsumexp has the weights exp(x − y)', () => {
  fc.assert(
    fc.property(points, fc.boolean(), ({ x, v }, reverse) => {
      const y = list(cumlogsumexp.evaluate([x], { axis: 0, reverse })[0]);
      const got = tangentOf(cumlogsumexp, x, v, { axis: 0, reverse });
      y.forEach((sum, i) => {
        const expected = list(v).reduce(
          (t, d, j) => t + ((reverse ? j >= i : j <= i) ? d * Math.exp(numbers(x)[j]! - sum) : 0),
          0,
        );
        // Weights add to 1 and tangents are below 4: each of at most 4 joins is off by a few units of 4.
        expect(Math.abs(got[i]! - expected)).toBeLessThan(2 ** -44);
      });
    }),
  );
});

it('error bounds cover what perturbed operands give', () => {
  const perturbed = fc.array(
    fc.tuple(fc.integer({ min: -8, max: 8 }), fc.constantFrom(0, 0.25, 1, 3), fc.constantFrom(-1, -0.5, 0, 1)),
    { maxLength: 8 },
  );
  for (const p of [cumprod, cummax, cummin, cumlogsumexp]) {
    fc.assert(
      fc.property(perturbed, (elements) => {
        const [x, delta] = [vector(elements.map(([v]) => v)), vector(elements.map(([, d]) => d))];
        const part = Float64Array.from(numbers(delta));
        const [y] = p.evaluate([x], FORWARD);
        const rule = p.bound as (
          xs: readonly Bounded[],
          ys: readonly HostArray[],
          q: object,
        ) => readonly (Bound | null)[];
        const [bound] = rule([{ value: x, bound: { worst: part, variance: part } }], [y!], FORWARD);
        const z = list(p.evaluate([vector(elements.map(([v, d, t]) => v + d * t))], FORWARD)[0]);
        // Only cumlogsumexp rounds here, by a few units of numbers below 16.
        z.forEach((v, i) => expect(Math.abs(v - list(y)[i]!)).toBeLessThanOrEqual(bound!.worst[i]! + 2 ** -44));
      }),
    );
  }
});
