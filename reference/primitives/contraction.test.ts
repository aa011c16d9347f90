import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callsOf, elementAt, forCalls, smallIntegers, stored } from '../../conformance/testing/structural.ts';
import { forEachIndex, hostArray, numbers, type Shape } from '../core/host.ts';
import { remaining } from './axes.ts';
import { dotGeneral } from './contraction.ts';

const DTYPES = ['float32', 'float64', 'int32', 'uint32', 'bool'] as const;

it('sums products over the contracting axes', () => {
  const calls = fc.tuple(callsOf(dotGeneral), fc.nat(50), fc.nat(50));
  fc.assert(
    fc.property(calls, ([{ args, params }, s, t]) => {
      const small = args.map((x, i) => (x.dtype === 'bool' ? x : smallIntegers(x, [s, t][i]!)));
      const [lhs, rhs] = [small[0]!, small[1]!];
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
        let sum = 0;
        forEachIndex(
          lc.map((d) => lhs.shape[d]!),
          (k) => {
            const a = elementAt(
              lhs,
              at(lhs.shape, [
                [lb, batch],
                [lc, k],
                [free[0], i],
              ]),
            );
            const b = elementAt(
              rhs,
              at(rhs.shape, [
                [rb, batch],
                [rc, k],
                [free[1], j],
              ]),
            );
            sum += a * b;
          },
        );
        const expected = y!.dtype === 'bool' ? Math.min(sum, 1) : stored(y!.dtype, sum);
        expect(elementAt(y!, index)).toBe(expected + 0);
      });
    }),
  );
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
  const params = {
    dimension_numbers: [
      [[0], [0]],
      [[], []],
    ],
    precision: null,
    preferred_element_type: null,
  } as const;
  const x = hostArray('int32', [2], [2 ** 31 - 1, -(2 ** 31)]);
  const wrapped = BigInt.asIntN(32, BigInt(2 ** 31 - 1) ** 2n + BigInt(2 ** 31) ** 2n);
  expect(numbers(dotGeneral.evaluate([x, x], params)[0]!)[0]).toBe(Number(wrapped));
  const wide = dotGeneral.evaluate([x, x], { ...params, preferred_element_type: 'float64' });
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
