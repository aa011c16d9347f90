import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callsOf, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ALL_DTYPES, domainOf, type DType, isComplex } from '../core/dtypes.ts';
import {
  buildElements,
  type Complex,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  hostArray,
  hostScalar,
  numbers,
  type Shape,
  stridesOf,
} from '../core/host.ts';
import { remaining } from './axes.ts';
import { dotGeneral, type DotGeneralParams } from './contraction.ts';
import { exactDot } from './numerics/exact.ts';

const INNER: DotGeneralParams = {
  dimension_numbers: [
    [[0], [0]],
    [[], []],
  ],
  precision: null,
  preferred_element_type: null,
};
const DTYPES = ['float32', 'float64', 'int32', 'uint32', 'bool'] as const;

/** Small Gaussian integers, small integers, bools: nothing rounds. */
const small = (x: HostArray, seed: number): HostArray => {
  if (x.dtype === 'bool') return x;
  if (!isComplex(x.dtype)) return smallIntegers(x, seed);
  return buildElements(x.dtype, x.shape, (i) => ({ re: ((i * 7 + seed) % 9) - 4, im: ((i * 5 + seed) % 7) - 3 }));
};
const complexAt = (x: HostArray, index: readonly number[]): Complex => {
  const v = elements(x)(flatten(index, stridesOf(x.shape)));
  return typeof v === 'object' ? v : { re: Number(v), im: 0 };
};

it('sums products over the contracting axes', () => {
  const calls = fc.tuple(callsOf(dotGeneral, ALL_DTYPES), fc.nat(50), fc.nat(50));
  fc.assert(
    fc.property(calls, ([{ args, params }, s, t]) => {
      const [lhs, rhs] = args.map((x, i) => small(x, [s, t][i]!)) as [HostArray, HostArray];
      const [[lc, rc], [lb, rb]] = params.dimension_numbers;
      const free = [remaining(lhs.shape.length, lc, lb), remaining(rhs.shape.length, rc, rb)] as const;
      const at = (shape: Shape, parts: readonly (readonly [Shape, readonly number[]])[]): number[] =>
        shape.map((_, d) => parts.map(([axes, index]) => index[axes.indexOf(d)]).find((i) => i !== undefined)!);
      const [y] = dotGeneral.evaluate([lhs, rhs], params);
      expect(y!.dtype).toBe(params.preferred_element_type ?? lhs.dtype);
      forEachIndex(y!.shape, (index) => {
        const batch = index.slice(0, lb.length);
        const i = index.slice(lb.length, lb.length + free[0].length);
        const j = index.slice(lb.length + free[0].length);
        let [re, im] = [0, 0];
        forEachIndex(
          lc.map((d) => lhs.shape[d]!),
          (k) => {
            const a = complexAt(lhs, at(lhs.shape, [[lb, batch], [lc, k], [free[0], i]])); // prettier-ignore
            const b = complexAt(rhs, at(rhs.shape, [[rb, batch], [rc, k], [free[1], j]])); // prettier-ignore
            re += a.re * b.re - a.im * b.im;
            im += a.re * b.im + a.im * b.re;
          },
        );
        expect(complexAt(y!, index)).toEqual(expected(y!.dtype, re + 0, im + 0));
      });
    }),
  );
});

/** What is left of a small result when it is stored: integers wrap, floats round. */
function expected(dtype: DType, re: number, im: number): Complex {
  if (dtype === 'bool') return { re: Math.min(re, 1), im };
  if (isComplex(dtype)) return { re, im };
  const value = domainOf(dtype) === 'bigint' ? BigInt(re) : re;
  return complexAt(hostScalar(dtype, value), []);
}

it('sums of complex products are exact, each part rounded once', () => {
  const part = fc.double({ noNaN: true, noDefaultInfinity: true });
  const row = fc.array(fc.tuple(part, part, part, part), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(row, (terms) => {
      // Each term comes with its negative: what is left is far smaller than what was added.
      const all = [...terms, ...terms.slice(1).map(([a, b, c, d]): [number, number, number, number] => [-a, -b, c, d])];
      const [x, y] = [all.map(([a, b]) => ({ re: a, im: b })), all.map(([, , c, d]) => ({ re: c, im: d }))];
      const n = all.length;
      const [z] = dotGeneral.evaluate([hostArray('complex128', [n], x), hostArray('complex128', [n], y)], INNER);
      const [[a, b, c, d]] = terms as [[number, number, number, number]];
      expect(complexAt(z!, [])).toEqual({
        re: exactDot([a, -b], 0, [c, d], 0, 2, 'float64', 'float64'),
        im: exactDot([a, b], 0, [d, c], 0, 2, 'float64', 'float64'),
      });
    }),
  );
});

it('64-bit integers wrap, and give a float that is rounded once', () => {
  const x = hostArray('int64', [3], [2n ** 63n - 1n, 3n, -(2n ** 63n)]);
  const sum = (2n ** 63n - 1n) ** 2n + 9n + 2n ** 126n;
  const element = (params: DotGeneralParams): unknown => elements(dotGeneral.evaluate([x, x], params)[0]!)(0);
  expect(element(INNER)).toBe(BigInt.asIntN(64, sum));
  expect(element({ ...INNER, preferred_element_type: 'float64' })).toBe(Number(sum));
  expect(element({ ...INNER, preferred_element_type: 'float32' })).toBe(Math.fround(Number(sum)));
});

it('int8 factors count in int32 if that is preferred', () => {
  const x = hostArray('int8', [2], [100, -128]);
  const element = (params: DotGeneralParams): unknown => elements(dotGeneral.evaluate([x, x], params)[0]!)(0);
  expect(element({ ...INNER, preferred_element_type: 'int32' })).toBe(26384);
  expect(element(INNER)).toBe(16);
});

it('says how large the terms are that each element is a sum of', () => {
  forCalls(dotGeneral, ['float32', 'float64'], ({ args, params }) => {
    const accuracy = dotGeneral.accuracy(
      args.map((x) => ({ ...x, weak: false })),
      params,
    );
    if (accuracy.kind !== 'sum') throw new Error('floats are sums');
    const y = numbers(dotGeneral.evaluate(args, params)[0]!);
    const magnitude = accuracy.magnitude(args);
    y.forEach((v, i) => {
      // The magnitude is a plain sum in double precision, and the result is rounded.
      const size = magnitude[i]! * (1 + accuracy.terms * 2 ** -50);
      if (Number.isFinite(v) && size < Infinity)
        expect(Math.abs(v)).toBeLessThanOrEqual(size * (1 + 2 ** -24) + 2 ** -150);
    });
  });
});

it('multiplies integers of all sizes modulo 2³², and exactly for a float result', () => {
  const x = hostArray('int32', [2], [2 ** 31 - 1, -(2 ** 31)]);
  const wrapped = BigInt.asIntN(32, BigInt(2 ** 31 - 1) ** 2n + BigInt(2 ** 31) ** 2n);
  expect(numbers(dotGeneral.evaluate([x, x], INNER)[0]!)[0]).toBe(Number(wrapped));
  const wide = dotGeneral.evaluate([x, x], { ...INNER, preferred_element_type: 'float64' });
  expect(numbers(wide[0]!)[0]).toBe(Number(BigInt(2 ** 31 - 1) ** 2n + BigInt(2 ** 31) ** 2n));
});

it.each(DTYPES)('is an outer product without contracting axes (%s)', (dtype) => {
  const params = {
    dimension_numbers: [
      [[], []],
      [[], []],
    ],
    precision: null,
    preferred_element_type: null,
  } as const;
  const [y] = dotGeneral.evaluate([hostArray(dtype, [2], [0, 1]), hostArray(dtype, [3], [1, 0, 1])], params);
  expect(y).toEqual(hostArray(dtype, [2, 3], [0, 0, 0, 1, 0, 1]));
});
