import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { callsOf, elementAt, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import { type DType, dtypes, iinfo, INTEGERS, isFloat } from '../core/dtypes.ts';
import { build, forEachIndex, type HostArray, hostArray, numbers, type Shape } from '../core/host.ts';
import type { Bounded } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { jvp } from '../transforms/grad.ts';
import { remaining } from './axes.ts';
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
function rows(x: HostArray, axes: Shape): number[][] {
  const kept = remaining(x.shape.length, axes);
  const shape = kept.map((d) => x.shape[d]!);
  const result: number[][] = [];
  forEachIndex(shape, (at) => {
    const row: number[] = [];
    forEachIndex(
      axes.map((d) => x.shape[d]!),
      (along) => {
        const index = x.shape.map((_, d) => (axes.includes(d) ? along[axes.indexOf(d)]! : at[kept.indexOf(d)]!));
        row.push(elementAt(x, index));
      },
    );
    result.push(row);
  });
  return result;
}
const wrap = (dtype: DType, v: bigint): number => {
  const { kind, bytes } = dtypes[dtype];
  return Number(kind === 'int' ? BigInt.asIntN(8 * bytes, v) : BigInt.asUintN(8 * bytes, v));
};
const list = (xs: readonly HostArray[]): number[] => [...numbers(xs[0]!)];

it('integer sums and products wrap', () => {
  for (const [p, start, f] of [
    [reduceSum, 0n, (a: bigint, b: bigint) => a + b],
    [reduceProd, 1n, (a: bigint, b: bigint) => a * b],
  ] as const) {
    forCalls(p, INTEGERS, ({ args: [x], params }) => {
      const expected = rows(x!, params.axes).map((row) => wrap(x!.dtype, row.map(BigInt).reduce(f, start)));
      expect(list(p.evaluate([x!], params))).toEqual(expected);
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

it('reduce_max and reduce_min are the ends of the row in total order, and NaN if there is one', () => {
  const before = (a: number, b: number): number => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0));
  for (const [p, end] of [
    [reduceMax, -1],
    [reduceMin, 0],
  ] as const) {
    forCalls(p, undefined, ({ args: [x], params }) => {
      const { min, max } = isFloat(x!.dtype) ? { min: -Infinity, max: Infinity } : iinfo(x!.dtype);
      const expected = rows(x!, params.axes).map((row) =>
        row.some(Number.isNaN) ? NaN : row.length === 0 ? (end === 0 ? max : min) : row.sort(before).at(end),
      );
      expect(list(p.evaluate([x!], params))).toEqual(expected);
    });
  }
});

it('reduce_and, reduce_or and reduce_xor combine bits', () => {
  forCalls(reduceAnd, undefined, ({ args: [x], params }) => {
    const none = x!.dtype === 'bool' ? 1n : -1n;
    const expected = rows(x!, params.axes).map((r) => r.map(BigInt).reduce((a, b) => a & b, none));
    const bits = (v: bigint): number => (x!.dtype === 'bool' ? Number(v) : wrap(x!.dtype, v));
    expect(list(reduceAnd.evaluate([x!], params))).toEqual(expected.map(bits));
  });
  for (const [p, f] of [
    [reduceOr, (a: bigint, b: bigint) => a | b],
    [reduceXor, (a: bigint, b: bigint) => a ^ b],
  ] as const) {
    forCalls(p, undefined, ({ args: [x], params }) => {
      const expected = rows(x!, params.axes).map((r) => r.map(BigInt).reduce(f, 0n));
      expect(list(p.evaluate([x!], params)).map(BigInt)).toEqual(expected);
    });
  }
});

it('argmax and argmin give the first NaN, else the first extreme element', () => {
  for (const [p, extreme] of [
    [argmax, Math.max],
    [argmin, Math.min],
  ] as const) {
    forCalls(p, undefined, ({ args: [x], params }) => {
      const expected = rows(x!, params.axes).map((row) => {
        const nan = row.findIndex(Number.isNaN);
        return nan >= 0 ? nan : row.indexOf(extreme(...row)); // indexOf takes −0 for +0
      });
      expect(list(p.evaluate([x!], params))).toEqual(expected);
    });
  }
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
