import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { callsOf, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import { type DType, dtypes, FLOATS, integerLimits, INTEGERS } from '../core/dtypes.ts';
import {
  build,
  buildElements,
  type Complex,
  type Element,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  hostArray,
  numbers,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/host.ts';
import type { Bounded } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { jvp } from '../transforms/grad.ts';
import { remaining } from './axes.ts';
import { exactSum } from './numerics/exact.ts';
import {
  argmax,
  argmin,
  reduceAnd,
  reduceMax,
  reduceMin,
  reduceOr,
  reduceProd,
  reduceSum,
  reduceXor,
} from './reduction.ts';

/** The rows by definition: for each element of the result, the elements that belong to it, in row-major order. */
function rowsOf(x: HostArray, axes: Shape): Element[][] {
  const at = elements(x);
  const kept = remaining(x.shape.length, axes);
  const shape = kept.map((d) => x.shape[d]!);
  const result: Element[][] = [];
  forEachIndex(shape, (outer) => {
    const row: Element[] = [];
    forEachIndex(
      axes.map((d) => x.shape[d]!),
      (along) => {
        const index = x.shape.map((_, d) => (axes.includes(d) ? along[axes.indexOf(d)]! : outer[kept.indexOf(d)]!));
        row.push(at(flatten(index, stridesOf(x.shape))));
      },
    );
    result.push(row);
  });
  return result;
}
const rows = (x: HostArray, axes: Shape): number[][] => rowsOf(x, axes) as number[][];
const integerRows = (x: HostArray, axes: Shape): bigint[][] =>
  rowsOf(x, axes).map((row) => row.map((v) => BigInt(v as number | bigint)));
const wrap = (dtype: DType, v: bigint): bigint => {
  const { kind, bytes } = dtypes[dtype];
  if (kind === 'bool') return v & 1n;
  return kind === 'int' ? BigInt.asIntN(8 * bytes, v) : BigInt.asUintN(8 * bytes, v);
};
const INTS: readonly DType[] = [...new Set<DType>([...INTEGERS, 'int64', 'uint64'])];
const all = (xs: readonly HostArray[]): Element[] =>
  Array.from({ length: sizeOf(xs[0]!.shape) }, (_, i) => elements(xs[0]!)(i));
const integers = (xs: readonly HostArray[]): bigint[] => all(xs).map((v) => BigInt(v as number | bigint));
const list = (xs: readonly HostArray[]): number[] => [...numbers(xs[0]!)];

it('integer sums and products wrap', () => {
  for (const [p, start, f] of [
    [reduceSum, 0n, (a: bigint, b: bigint) => a + b],
    [reduceProd, 1n, (a: bigint, b: bigint) => a * b],
  ] as const) {
    forCalls(p, INTS, ({ args: [x], params }) => {
      const expected = integerRows(x!, params.axes).map((row) => wrap(x!.dtype, row.reduce(f, start)));
      expect(integers(p.evaluate([x!], params))).toEqual(expected);
    });
  }
});

it('float sums do not depend on how the operand is laid out', () => {
  forCalls(reduceSum, ['float32', 'float64'], ({ args: [x], params }) => {
    const row = (values: readonly number[]): number =>
      list(reduceSum.evaluate([hostArray(x!.dtype, [values.length], values)], { axes: [0] }))[0]!;
    expect(list(reduceSum.evaluate([x!], params))).toEqual(rows(x!, params.axes).map((r) => row(r.reverse())));
  });
});

it('sums and products of complex numbers are exact, each part rounded once', () => {
  for (const dtype of ['complex64', 'complex128'] as const) {
    forCalls(reduceSum, [dtype], ({ args: [x], params }) => {
      const part = dtype === 'complex64' ? 'float32' : 'float64';
      const sum = (row: readonly number[]): number => exactSum(row, 0, row.length, part);
      const expected = (rowsOf(x!, params.axes) as Complex[][]).map((row) => ({
        re: sum(row.map((z) => z.re)),
        im: sum(row.map((z) => z.im)),
      }));
      expect(all(reduceSum.evaluate([x!], params))).toEqual(expected);
    });
    forCalls(reduceProd, [dtype], ({ args: [x], params }) => {
      const small = smallComplex(x!);
      const expected = (rowsOf(small, params.axes) as Complex[][]).map((row) =>
        row.reduce((a, b) => ({ re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re }), { re: 1, im: 0 }),
      );
      // Factors of at most |2 + 2i|: up to 15 of them leave no part above 2²⁴, and nothing rounds.
      const exactly = (z: Complex): Complex => ({ re: z.re + 0, im: z.im + 0 });
      const short = rowsOf(small, params.axes).every((row) => row.length <= 15);
      if (short)
        expect(all(reduceProd.evaluate([small], params)).map((z) => exactly(z as Complex))).toEqual(
          expected.map(exactly),
        );
    });
  }
});
const smallComplex = (x: HostArray): HostArray =>
  buildElements(x.dtype, x.shape, (i) => ({ re: ((i * 7) % 5) - 2, im: ((i * 3) % 4) - 2 }));

it('reduce_max and reduce_min are the ends of the row in total order, and NaN if there is one', () => {
  const before = (a: number, b: number): number => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  for (const [p, end] of [
    [reduceMax, -1],
    [reduceMin, 0],
  ] as const) {
    forCalls(p, FLOATS, ({ args: [x], params }) => {
      const expected = rows(x!, params.axes).map((row) =>
        row.some(Number.isNaN) ? NaN : row.length === 0 ? (end === 0 ? Infinity : -Infinity) : row.sort(before).at(end),
      );
      expect(list(p.evaluate([x!], params))).toEqual(expected);
    });
    forCalls(p, [...INTS, 'bool'], ({ args: [x], params }) => {
      const { min, max } = x!.dtype === 'bool' ? { min: 0n, max: 1n } : integerLimits(x!.dtype);
      const expected = integerRows(x!, params.axes).map(
        (row) => row.sort((a, b) => Number(a > b) - Number(a < b)).at(end) ?? (end === 0 ? max : min),
      );
      expect(integers(p.evaluate([x!], params))).toEqual(expected);
    });
  }
});

it('reduce_and, reduce_or and reduce_xor combine bits', () => {
  for (const [p, none, f] of [
    [reduceAnd, -1n, (a: bigint, b: bigint) => a & b],
    [reduceOr, 0n, (a: bigint, b: bigint) => a | b],
    [reduceXor, 0n, (a: bigint, b: bigint) => a ^ b],
  ] as const) {
    forCalls(p, [...INTS, 'bool'], ({ args: [x], params }) => {
      const expected = integerRows(x!, params.axes).map((row) => wrap(x!.dtype, row.reduce(f, none)));
      expect(integers(p.evaluate([x!], params))).toEqual(expected);
    });
  }
});

it('argmax and argmin give the first NaN, else the first extreme element', () => {
  for (const [p, better] of [
    [argmax, (a: number, b: number) => a > b],
    [argmin, (a: number, b: number) => a < b],
  ] as const) {
    forCalls(p, [...FLOATS, ...INTS, 'bool'], ({ args: [x], params }) => {
      const expected = rows(x!, params.axes).map((row) => {
        const nan = row.findIndex(Number.isNaN);
        return nan >= 0 ? nan : row.findIndex((v) => !row.some((w) => better(w, v))); // no zero is better than the other
      });
      expect(all(p.evaluate([x!], params)).map(Number)).toEqual(expected);
    });
  }
});

it('argmax counts in its index dtype, which wraps', () => {
  const x = hostArray(
    'bool',
    [300],
    Array.from({ length: 300 }, (_, i) => Number(i === 299)),
  );
  expect(all(argmax.evaluate([x], { axes: [0], index_dtype: 'int8' }))).toEqual([43]);
  expect(all(argmax.evaluate([x], { axes: [0], index_dtype: 'uint64' }))).toEqual([299n]);
});

describe('tangents', () => {
  const array = (x: HostArray): ConcreteArray => ConcreteArray.fromHost(x);
  const tangent = (
    p: typeof reduceProd | typeof reduceMax | typeof reduceMin,
    x: HostArray,
    v: HostArray,
    params: { axes: Shape },
  ): number[] =>
    list([(jvp((a: ConcreteArray) => bind(p, [a], params)[0]!, [array(x)], [array(v)])[1] as ConcreteArray).toHost()]);
  const points = <P extends { axes: Shape }>(p: Parameters<typeof callsOf<P>>[0]) =>
    fc.tuple(callsOf<P>(p, ['float64']), fc.nat(50), fc.nat(50)).map(([{ args, params }, s, t]) => ({
      x: smallIntegers(args[0]!, s),
      v: smallIntegers(args[0]!, t),
      params,
    }));

  it('of a product: the sum over factors, each replaced by its tangent; zeros are no exception', () => {
    fc.assert(
      fc.property(points(reduceProd), ({ x, v, params }) => {
        const dv = rows(v, params.axes);
        const expected = rows(x, params.axes).map((row, r) =>
          row.reduce((sum, _, i) => sum + row.reduce((a, b, j) => a * (i === j ? dv[r]![i]! : b), 1), 0),
        );
        const got = tangent(reduceProd, x, v, params);
        got.forEach((g, r) =>
          expect(Math.abs(g - expected[r]!)).toBeLessThanOrEqual(2 ** -40 * 4 ** rows(x, params.axes)[r]!.length),
        );
      }),
    );
  });

  it('of an extreme: the mean of the tangents where it is reached', () => {
    for (const p of [reduceMax, reduceMin]) {
      fc.assert(
        fc.property(points(p), ({ x, v, params }) => {
          const [dv, y] = [rows(v, params.axes), list(p.evaluate([x], params))];
          const expected = rows(x, params.axes).map((row, r) => {
            if (row.length === 0) return 0;
            const there = dv[r]!.filter((_, i) => row[i] === y[r]);
            return there.reduce((a, b) => a + b, 0) / there.length;
          });
          expect(tangent(p, x, v, params).map((t) => t + 0)).toEqual(expected.map((t) => t + 0));
        }),
      );
    }
  });
});

it('error bounds cover what perturbed operands give', () => {
  const perturbed = fc.array(
    fc.tuple(fc.integer({ min: -8, max: 8 }), fc.constantFrom(0, 0.25, 1, 3), fc.constantFrom(-1, -0.5, 0, 1)),
    { maxLength: 8 },
  );
  for (const p of [reduceMax, reduceMin, reduceProd]) {
    fc.assert(
      fc.property(perturbed, (elements) => {
        const vector = (of: (e: (typeof elements)[number]) => number): HostArray =>
          hostArray('float64', [elements.length], elements.map(of));
        const [x, delta] = [vector(([v]) => v), vector(([, d]) => d)];
        const part = Float64Array.from(numbers(delta));
        const operand: Bounded = { value: x, bound: { worst: part, variance: part } };
        const [y] = p.evaluate([x], { axes: [0] });
        const rule = p.bound as (
          xs: readonly Bounded[],
          ys: readonly HostArray[],
          q: { axes: Shape },
        ) => readonly Bounded['bound'][];
        const [bound] = rule([operand], [y!], { axes: [0] });
        const moved = build('float64', x.shape, (i) => elements[i]![0] + elements[i]![1] * elements[i]![2]);
        const [z] = list(p.evaluate([moved], { axes: [0] }));
        // Small dyadic numbers: nothing rounds here.
        if (elements.length > 0) expect(Math.abs(z! - list([y!])[0]!)).toBeLessThanOrEqual(bound!.worst[0]!);
        else expect(bound!.worst[0]).toBe(0);
      }),
    );
  }
});
