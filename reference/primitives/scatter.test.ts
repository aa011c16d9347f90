import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { ConcreteArray } from '../core/array.ts';
import type { DType } from '../core/dtypes.ts';
import { type Element, elements, type HostArray, hostArray, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { grad, jvp } from '../transforms/grad.ts';
import { scatter, scatterAdd, scatterMax, scatterMin, scatterMul } from './indexing.ts';

const DIMENSIONS = {
  update_window_dims: [],
  inserted_window_dims: [0],
  scatter_dims_to_operand_dims: [0],
  operand_batching_dims: [],
  scatter_indices_batching_dims: [],
};
const PARAMS = {
  dimension_numbers: DIMENSIONS,
  mode: 'fill',
  unique_indices: false,
  indices_are_sorted: false,
} as const;

const listed = (x: HostArray): Element[] => Array.from({ length: sizeOf(x.shape) }, (_, i) => elements(x)(i));
const scattered = (
  primitive: typeof scatter | typeof scatterMul | typeof scatterMin | typeof scatterAdd | typeof scatterMax,
  dtype: DType,
  x: readonly Element[],
  at: readonly number[],
  updates: readonly Element[],
): Element[] => {
  const args = [
    hostArray(dtype, [x.length], x),
    hostArray('int32', [at.length, 1], at),
    hostArray(dtype, [updates.length], updates),
  ];
  return listed(primitive.evaluate(args, PARAMS)[0]!);
};

it('without updates in common the scatters differ by their function only', () => {
  const lists = fc.uniqueArray(fc.integer({ min: -2, max: 6 }), { maxLength: 6 });
  fc.assert(
    fc.property(lists, fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }), (at, values) => {
      const x = [7, -3, 0, 5];
      const updates = at.map((_, i) => values[i]!);
      const expected = (f: (a: number, b: number) => number): number[] =>
        x.map((v, i) => (at.includes(i) ? f(v, updates[at.indexOf(i)]!) : v));
      const got = (p: Parameters<typeof scattered>[0]): Element[] => scattered(p, 'int32', x, at, updates);
      expect(got(scatter)).toEqual(expected((_, b) => b));
      expect(got(scatterAdd)).toEqual(expected((a, b) => a + b));
      expect(got(scatterMul)).toEqual(expected((a, b) => a * b + 0));
      expect(got(scatterMin)).toEqual(expected(Math.min));
      expect(got(scatterMax)).toEqual(expected(Math.max));
    }),
  );
});

describe('updates that meet', () => {
  const at = [1, 1, 0, 9, 1];
  it('of scatter any wins, the reference takes the last', () => {
    expect(scattered(scatter, 'float32', [8, 9], at, [1, 2, 3, 4, 5])).toEqual([3, 5]);
    const accuracy = scatter.accuracy([], PARAMS);
    const operands = [hostArray('float32', [2], [8, 9]), hostArray('int32', [5, 1], at), hostArray('float32', [5], [1, 2, 3, 4, 5])]; // prettier-ignore
    const choices = accuracy.kind === 'oneOf' ? accuracy.choices(operands).map(listed) : [];
    expect(choices).toEqual([[3, 1], [3, 2], [3, 5]]); // prettier-ignore
  });
  it('of scatter_mul are multiplied without rounding in between', () => {
    expect(scattered(scatterMul, 'float32', [1, 3e38], at, [2, 0.5, 1, 1, 0.5])).toEqual([1, Math.fround(1.5e38)]);
    const about1 = Math.fround(1e-30) * Math.fround(1e30); // exact in double precision
    expect(scattered(scatterMul, 'float32', [1, 1e-30], at, [1e-30, 1e30, 1, 1, 1e30])[1]).toBe(
      Math.fround(about1 ** 2),
    );
  });
  it('of scatter_max: NaN wins, and +0 is above −0', () => {
    expect(scattered(scatterMax, 'float32', [1, -0], at, [-0, 0, NaN, 1, -1])).toEqual([NaN, 0]);
    expect(scattered(scatterMin, 'float32', [1, 0], at, [0, -0, 2, 1, 1])).toEqual([1, -0]);
  });
});

it('64-bit integers and complex numbers', () => {
  const big = 2n ** 62n;
  expect(scattered(scatter, 'uint64', [1n, 2n], [1], [2n ** 64n - 1n])).toEqual([1n, 2n ** 64n - 1n]);
  expect(scattered(scatterAdd, 'int64', [big, 1n], [0, 1], [big, 2n])).toEqual([-(2n ** 63n), 3n]);
  expect(scattered(scatterMul, 'int64', [big, 3n], [0, 1], [2n, 5n])).toEqual([-(2n ** 63n), 15n]);
  expect(scattered(scatterMax, 'int64', [big, 3n], [0, 1], [big + 1n, 2n])).toEqual([big + 1n, 3n]);
  const z = [{ re: 1, im: 2 }, { re: 0, im: -1 }]; // prettier-ignore
  const u = [{ re: 3, im: -1 }, { re: 0, im: 1 }]; // prettier-ignore
  expect(scattered(scatterAdd, 'complex64', z, [0, 0], u)).toEqual([{ re: 4, im: 2 }, z[1]]);
  expect(scattered(scatterMul, 'complex128', z, [0, 1], u)).toEqual([{ re: 5, im: 5 }, { re: 1, im: 0 }]); // prettier-ignore
  expect(scattered(scatter, 'complex64', z, [1, 1], u)).toEqual([z[0], u[1]]);
});

const array = (values: readonly number[]): NDArray => ConcreteArray.fromHost(hostArray('float64', [values.length], values)); // prettier-ignore
const numbersOf = (x: NDArray): number[] => (x as ConcreteArray).js() as number[];

describe('derivatives where updates meet', () => {
  const at = ConcreteArray.fromHost(hostArray('int32', [5, 1], [1, 1, 0, 9, 1]));
  const directions: [NDArray, NDArray] = [array([100, 200]), array([1, 10, 100, 1000, 10000])];
  const tangent = (name: 'scatter' | 'scatterMul' | 'scatterMin' | 'scatterMax', u: readonly number[]): number[] =>
    numbersOf(jvp((x: NDArray, v: NDArray) => lax[name](x, at, v, DIMENSIONS), [array([8, 9]), array(u)], directions)[1]); // prettier-ignore
  it('the tangent of scatter is that of a winner', () => {
    expect(tangent('scatter', [1, 2, 3, 4, 5])).toEqual([100, 10000]);
    expect(tangent('scatter', [5, NaN, 3, 4, NaN])).toEqual([100, 10000]);
  });
  it('of scatter_mul they are those of the product, zeros or not', () => {
    expect(tangent('scatterMul', [2, 3, 3, 4, 5])).toEqual([100 * 3 + 8 * 100, 200 * 30 + 9 * (15 + 100 + 60000)]);
    expect(tangent('scatterMul', [0, 3, 3, 4, 5])[1]).toBe(9 * 15);
    expect(tangent('scatterMul', [0, 3, 3, 4, 0])[1]).toBe(0);
  });
  it('of scatter_mul also of second order at zeros', () => {
    const f = (u: NDArray): NDArray => lax.reduceSum(lax.scatterMul(array([8, 9]), at, u, DIMENSIONS), [0]);
    const first = (u: NDArray): NDArray => lax.reduceSum(lax.mul(grad(f)(u), directions[1]), [0]);
    const second = numbersOf(grad(first)(array([0, 3, 3, 4, 0])));
    expect(second).toEqual([9 * 3 * 10000, 0, 0, 0, 9 * 3 * 1]);
  });
  it('of scatter_min and scatter_max those that tie share', () => {
    expect(tangent('scatterMax', [9, 1, 8, 99, 9])).toEqual([(100 + 100) / 2, (200 + 1 + 10000) / 3]);
    expect(tangent('scatterMin', [4, 4, 9, -9, 5])).toEqual([100, (1 + 10) / 2]);
    expect(tangent('scatterMin', [NaN, 4, 9, -9, 5])).toEqual([100, NaN]);
  });
});
