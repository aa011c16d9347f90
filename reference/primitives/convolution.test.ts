import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsOf } from '../../conformance/testing/structural.ts';
import type { DType } from '../core/dtypes.ts';
import {
  build,
  buildElements,
  complexes,
  type Element,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  hostArray,
  numbers,
  type Shape,
  stridesOf,
} from '../core/host.ts';
import type { Call } from '../core/primitive.ts';
import { inferAvals } from '../core/primitive.ts';
import { avalOf } from '../core/host.ts';
import { pick } from './convolution-shapes.ts';
import { convGeneralDilated, type ConvParams } from './convolution.ts';
import { roundScaled } from './numerics/exact.ts';

const evaluate = (args: readonly HostArray[], p: ConvParams): HostArray => convGeneralDilated.evaluate(args, p)[0]!;

/** The definition, index by index: the products that each element of the result is the sum of. */
function termsOf([lhs, rhs]: readonly HostArray[], p: ConvParams, out: Shape): (readonly [Element, Element])[][] {
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const [x, w] = [elements(lhs!), elements(rhs!)];
  const zero = typeof x(0) === 'bigint' ? 0n : 0;
  const at = (shape: Shape, spec: Shape, index: readonly number[]): number =>
    flatten(index, pick(stridesOf(shape), spec));
  const [batch] = pick(lhs!.shape, lhs_spec);
  const [filters, each, ...window] = pick(rhs!.shape, rhs_spec);
  const space = pick(lhs!.shape, lhs_spec.slice(2));
  const terms: (readonly [Element, Element])[][] = [];
  forEachIndex(out, (index) => {
    const [example, filter, ...position] = pick(index, out_spec);
    const featureGroup = Math.floor((filter! * p.feature_group_count) / filters!);
    const batchGroup = Math.floor((filter! * p.batch_group_count) / filters!);
    const list: (readonly [Element, Element])[] = [];
    forEachIndex([each!, ...window], ([feature, ...k]) => {
      const place = position.map((o, d) => {
        const padded = o * p.window_strides[d]! + k[d]! * p.rhs_dilation[d]! - p.padding[d]![0];
        return padded / p.lhs_dilation[d]!;
      });
      const inside = place.every((i, d) => Number.isInteger(i) && i >= 0 && i < space[d]!);
      const from = [batchGroup * (batch! / p.batch_group_count) + example!, featureGroup * each! + feature!, ...place];
      const factor = inside ? x(at(lhs!.shape, lhs_spec, from)) : zero;
      list.push([factor, w(at(rhs!.shape, rhs_spec, [filter!, feature!, ...k]))]);
    });
    terms.push(list);
  });
  return terms;
}

/** A finite double as an integer times 2⁻¹⁰⁷⁴. */
function scaled(v: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(v));
  const bits = view.getBigUint64(0);
  const [exponent, fraction] = [bits >> 52n, bits & ((1n << 52n) - 1n)];
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return v < 0 ? -magnitude : magnitude;
}

/** The same call with other elements, and the dtype's own type of results. */
const withElements = (call: Call<ConvParams>, dtype: DType, element: (i: number) => Element): Call<ConvParams> => ({
  args: call.args.map((x, n) => buildElements(dtype, x.shape, (i) => element(2 * i + n))),
  params: { ...call.params, preferred_element_type: null },
});

const calls = callsOf(convGeneralDilated, ['float32']);
const check = (runs: number, property: (call: Call<ConvParams>) => void): void =>
  fc.assert(fc.property(calls, property), { numRuns: runs });

/** Elements that differ and are a few thousand at most. */
const small = (i: number): number => ((i * 7919) % 4001) - 2000;
/** Magnitudes over forty binary orders, whose sums cancel. */
const wild = (i: number): number => (i % 3 === 0 ? -1 : 1) * (1 + ((i * 7919) % 4001) / 4001) * 2 ** ((i * 31) % 40);

describe('conv_general_dilated', () => {
  it.each(['float32', 'float64', 'float16', 'bfloat16'] as const)('is the exact sum, rounded once (%s)', (dtype) => {
    check(40, (call) => {
      const scale = dtype === 'float16' ? 2 ** -30 : 1;
      const { args, params } = withElements(call, dtype, (i) => wild(i) * scale);
      const y = evaluate(args, params);
      const expected = termsOf(args, params, y.shape).map((terms) => {
        const sum = terms.reduce((s, [a, b]) => s + scaled(a as number) * scaled(b as number), 0n);
        return roundScaled(sum, -2148, dtype);
      });
      expect(Array.from(numbers(y))).toEqual(expected);
    });
  });

  it.each(['int32', 'uint8', 'int64', 'uint64'] as const)('wraps integers (%s)', (dtype) => {
    check(40, (call) => {
      const element = (i: number): Element =>
        dtype.endsWith('64') ? BigInt(small(i)) ** 5n : small(i) * (dtype === 'int32' ? 2 ** 20 : 1);
      const { args, params } = withElements(call, dtype, element);
      const y = evaluate(args, params);
      const sums = termsOf(args, params, y.shape).map((terms) =>
        terms.reduce((s, [a, b]) => s + BigInt(a as bigint) * BigInt(b as bigint), 0n),
      );
      const wrapped = dtype.startsWith('u') ? BigInt.asUintN : BigInt.asIntN;
      const bits = Number(dtype.replace(/\D/g, ''));
      expect(Array.from(y.data, BigInt)).toEqual(sums.map((s) => wrapped(bits, s)));
    });
  });

  it('takes the parts of complex numbers one by one', () => {
    check(40, (call) => {
      const { args, params } = withElements(call, 'complex64', (i) => ({ re: wild(i), im: wild(i + 5) }));
      const part = (x: HostArray, of: 're' | 'im'): HostArray => build('float64', x.shape, (i) => complexes(x)(i)[of]);
      const exact = (a: 're' | 'im', b: 're' | 'im'): bigint[] => {
        const parts = [part(args[0]!, a), part(args[1]!, b)];
        return termsOf(parts, params, y.shape).map((terms) =>
          terms.reduce((s, [u, v]) => s + scaled(u as number) * scaled(v as number), 0n),
        );
      };
      const y = evaluate(args, params);
      const [rr, ii, ri, ir] = [exact('re', 're'), exact('im', 'im'), exact('re', 'im'), exact('im', 're')];
      rr.forEach((sum, i) => {
        expect(complexes(y)(i)).toEqual({
          re: roundScaled(sum - ii[i]!, -2148, 'float32'),
          im: roundScaled(ri[i]! + ir[i]!, -2148, 'float32'),
        });
      });
    });
  });

  it('rounds sums of 64-bit integers once when a float is asked for', () => {
    const { args, params } = example([1, 2], [1, 2], 'int64', [2n ** 62n, 1n], [2n ** 62n, 3n]);
    const y = evaluate(args, { ...params, preferred_element_type: 'float32' });
    expect(Array.from(numbers(y))).toEqual([2 ** 124]);
  });

  it('says how large the terms are that each element is a sum of', () => {
    check(60, ({ args, params }) => {
      const accuracy = convGeneralDilated.accuracy(args.map(avalOf), params);
      if (accuracy.kind !== 'sum') throw new Error('floats are sums');
      const y = numbers(evaluate(args, params));
      accuracy.magnitude(args).forEach((size, i) => {
        const rounded = size * (1 + accuracy.terms * 2 ** -50) * (1 + 2 ** -24) + 2 ** -150;
        if (Number.isFinite(y[i]!) && size < Infinity) expect(Math.abs(y[i]!)).toBeLessThanOrEqual(rounded);
      });
    });
  });

  it('bounds the modulus of complex sums', () => {
    const { args, params } = example([1, 1], [1, 1], 'complex64', [{ re: 3, im: 4 }], [{ re: -6, im: 8 }]);
    const accuracy = convGeneralDilated.accuracy(args.map(avalOf), params);
    expect(accuracy).toMatchObject({ kind: 'sum', terms: 2 });
    expect(accuracy.kind === 'sum' && accuracy.magnitude(args)[0]).toBe(50 * Math.SQRT2);
  });
});

function example(lhs: Shape, rhs: Shape, dtype: DType, a: Element[], b: Element[]): Call<ConvParams> {
  const axes = lhs.map((_, d) => d);
  const ones = axes.slice(2).map(() => 1);
  const params: ConvParams = {
    window_strides: ones,
    padding: ones.map(() => [0, 0]),
    lhs_dilation: ones,
    rhs_dilation: ones,
    dimension_numbers: { lhs_spec: axes, rhs_spec: axes, out_spec: axes },
    feature_group_count: 1,
    batch_group_count: 1,
    precision: null,
    preferred_element_type: null,
  };
  return { args: [hostArray(dtype, lhs, a), hostArray(dtype, rhs, b)], params };
}

describe('corners', () => {
  const resultOf = (lhs: Shape, rhs: Shape, others: Partial<ConvParams> = {}): HostArray => {
    const { args, params } = example(lhs, rhs, 'float32', [], []);
    const p = { ...params, ...others };
    const xs = args.map((x) => build('float32', x.shape, (i) => i + 1));
    const y = evaluate(xs, p);
    expect(inferAvals(convGeneralDilated, xs.map(avalOf), p)[0]!.shape).toEqual(y.shape);
    return y;
  };

  it('has no results without examples, filters or room', () => {
    expect(resultOf([0, 2, 3], [4, 2, 2]).shape).toEqual([0, 4, 2]);
    expect(resultOf([1, 2, 3], [0, 2, 2]).shape).toEqual([1, 0, 2]);
    expect(resultOf([1, 2, 3], [4, 2, 2], { rhs_dilation: [3] }).shape).toEqual([1, 4, 0]);
    expect(resultOf([1, 2, 3], [4, 2, 1], { padding: [[-2, -1]] }).shape).toEqual([1, 4, 0]);
  });

  it('is zero where there is nothing to sum', () => {
    expect(resultOf([1, 0, 3], [2, 0, 2])).toEqual(hostArray('float32', [1, 2, 2], [0, 0, 0, 0]));
    const padding = [[1, 1]] as const;
    expect(resultOf([1, 1, 0], [1, 1, 1], { padding })).toEqual(hostArray('float32', [1, 1, 2], [0, 0]));
  });

  it('cuts away what negative padding says, also what lies in holes', () => {
    const padding = [[-1, 1]] as const;
    const y = resultOf([1, 1, 3], [1, 1, 1], { padding, lhs_dilation: [2] });
    expect(y).toEqual(hostArray('float32', [1, 1, 5], [0, 2, 0, 3, 0]));
  });

  it('multiplies with the zeros of padding: an infinite weight gives NaN there', () => {
    const { args, params } = example([1, 1, 2], [1, 1, 2], 'float32', [1, 2], [Infinity, 1]);
    const y = evaluate(args, { ...params, padding: [[1, 1]] });
    expect(Array.from(numbers(y))).toEqual([NaN, Infinity, Infinity]);
  });
});
