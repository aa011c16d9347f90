import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { contents } from '../../../conformance/testing/arrays.ts';
import { enableX64, errors, grad, jit, type NDArray, np } from '../../index.ts';

afterEach(() => enableX64(false));

describe('array', () => {
  it('takes its dtype from the kind of the values, never from their size', () => {
    expect(np.array([1, 2.5]).dtype).toBe('float32');
    expect(np.array([1n, 2n]).dtype).toBe('int32');
    expect(np.array([true]).dtype).toBe('bool');
    expect(np.array(new Int32Array([1])).dtype).toBe('int32');
    expect(np.array([1, 2], 'int32').dtype).toBe('int32');
    enableX64(true);
    expect(np.array([1]).dtype).toBe('float64');
  });
  it('gives back what js() gave', () => {
    const nested = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(nested, (values) => {
        expect(np.array(values).js()).toEqual(values);
      }),
    );
  });
  it('stacks arrays in lists, traced ones too', () => {
    const f = (x: NDArray): NDArray =>
      np.array([
        [x, 2],
        [np.square(x), 1],
      ]);
    expect(f(np.array(3)).js()).toEqual([[3, 2], [9, 1]]); // prettier-ignore
    expect(jit(f)(3).js()).toEqual([[3, 2], [9, 1]]); // prettier-ignore
    expect(grad((x: NDArray) => np.sum(f(x)))(3).item()).toBe(7);
  });
  it('reshapes flat sources, and refuses ragged ones', () => {
    expect(np.array(new Float32Array([1, 2, 3, 4]), { shape: [2, 2] }).js()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(() => np.array([[1], [2, 3]])).toThrow('ragged');
    expect(np.array([np.array(1), 2]).js()).toEqual([1, 2]);
    expect(np.array([{ re: 0, im: 0 }, { re: 0, im: 1 }, { re: 1, im: 0 }], 'bool').js()).toEqual([false, true, true]); // prettier-ignore
    expect(() => np.array([1, np.array([2])])).toThrow('differ in shape');
    expect(() => np.array([np.zeros(2), np.zeros(3)])).toThrow('differ in shape');
    expect(() => np.array([1.5], 'int32')).toThrow(errors.ArgumentError);
    expect(() => np.array([{ re: 1, im: 2 }], 'float32')).toThrow('np.array: 1 + 2i is complex, beside float32');
    expect(() => np.array(new DataView(new ArrayBuffer(8)))).toThrow('np.array: no dtype for DataView; pass a list');
    expect(() => np.bitwiseAnd(np.array([true]), 1)).toThrow('np.bitwiseAnd: 1 beside a bool array; write a boolean');
  });
  it('astype truncates and saturates', () => {
    expect(np.astype(np.array([1.9, -1.9, NaN, 1e20]), 'int32').js()).toEqual([1, -1, 0, 2 ** 31 - 1]);
  });
});

describe('filled arrays', () => {
  it('have shape, value and dtype', () => {
    expect(contents(np.zeros([2]))).toEqual({ dtype: 'float32', shape: [2], values: [0, 0] });
    expect(contents(np.ones(2, { dtype: 'bool' }))).toEqual({ dtype: 'bool', shape: [2], values: [1, 1] });
    expect(contents(np.full([2], 7, 'int32'))).toEqual({ dtype: 'int32', shape: [2], values: [7, 7] });
    expect(np.full([2, 2], np.array([1, 2])).js()).toEqual([[1, 2], [1, 2]]); // prettier-ignore
    expect(contents(np.onesLike(np.array([true])))).toEqual({ dtype: 'bool', shape: [1], values: [1] });
    expect(contents(np.fullLike(np.array([1n]), 5, { shape: [2] }))).toEqual({
      dtype: 'int32',
      shape: [2],
      values: [5, 5],
    });
    expect(() => np.zeros([-1])).toThrow(errors.ShapeError);
    expect(() => np.zeros([2 ** 20, 2 ** 20])).toThrow('the shape [1048576,1048576] has more than 4294967295 elements');
  });
});

describe('ranges', () => {
  it('arange counts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: -5, max: 5 }),
        (start, stop, step) => {
          fc.pre(step !== 0);
          const expected: number[] = [];
          for (let v = start; step > 0 ? v < stop : v > stop; v += step) expected.push(v);
          expect(contents(np.arange(start, stop, step))).toEqual({
            dtype: 'int32',
            shape: [expected.length],
            values: expected,
          });
        },
      ),
    );
    expect(np.arange(3).js()).toEqual([0, 1, 2]);
    expect(() => np.arange(0, 1, 0.1)).toThrow('is not an integer');
    expect(np.arange(0, 1, 0.25, { dtype: 'float32' }).js()).toEqual([0, 0.25, 0.5, 0.75]);
  });
  it('linspace meets both ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 2, max: 20 }),
        (from, to, n) => {
          const { values } = contents(np.linspace(from, to, n));
          expect([values.length, values[0], values.at(-1)]).toEqual([n, from, to]);
          const open = contents(np.linspace(from, to, n, { endpoint: false })).values;
          expect([open.length, open[0]]).toEqual([n, from]);
          // Three roundings of numbers of at most 50.
          values.forEach((v, i) =>
            expect(Math.abs(v - (from + ((to - from) * i) / (n - 1)))).toBeLessThanOrEqual(4 * 50 * 2 ** -23),
          );
        },
      ),
    );
    expect(np.linspace(2, 3, 0).shape).toEqual([0]);
    expect(np.linspace(2, 3, 1).js()).toEqual([2]);
  });
});

describe('matrices', () => {
  const rows = (n: number, m: number, f: (i: number, j: number) => number): number[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: m }, (_, j) => f(i, j)));
  it('eye, tri, tril, triu, diag follow their diagonal', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.nat({ max: 4 }), fc.integer({ min: -5, max: 5 }), (n, m, k) => {
        fc.pre(n > 0 && m > 0);
        const x = np.reshape(np.arange(1, n * m + 1), [n, m]);
        const at = (i: number, j: number): number => i * m + j + 1;
        expect(np.eye(n, m, { k }).js()).toEqual(rows(n, m, (i, j) => Number(j - i === k)));
        expect(np.tri(n, m, k).js()).toEqual(rows(n, m, (i, j) => Number(j - i <= k)));
        expect(np.tril(x, k).js()).toEqual(rows(n, m, (i, j) => (j - i <= k ? at(i, j) : 0)));
        expect(np.triu(x, k).js()).toEqual(rows(n, m, (i, j) => (j - i >= k ? at(i, j) : 0)));
        const diagonal = Array.from({ length: n }, (_, i) => [i, i + k] as const).filter(([, j]) => j >= 0 && j < m);
        expect(np.diag(x, k).js()).toEqual(diagonal.map(([i, j]) => at(i, j)));
        expect(np.diag(np.diag(np.arange(n), k), k).js()).toEqual(np.arange(n).js());
      }),
    );
  });
  it('meshgrid', () => {
    const [x, y] = np.meshgrid([np.array([1, 2, 3]), np.array([4, 5])]);
    expect([x!.js(), y!.js()]).toEqual([rows(2, 3, (_, j) => j + 1), rows(2, 3, (i) => i + 4)]);
    expect(np.meshgrid([np.array([1, 2, 3]), np.array([4, 5])], { indexing: 'ij' })[0]!.shape).toEqual([3, 2]);
  });
});

describe('types', () => {
  it('resultType promotes', () => {
    expect(np.resultType(np.array([1n]), np.array([1]))).toBe('float32');
    expect(np.promoteTypes('bool', 'uint32')).toBe('uint32');
    expect(np.promoteTypes('int32', 'uint32')).toBe('int64');
    expect([np.shape(np.zeros([2, 3])), np.ndim(1), np.size(np.zeros([2, 3]))]).toEqual([[2, 3], 0, 6]);
  });
});
