import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, shapes, smallIntegers } from '../../../conformance/testing/arrays.ts';
import { errors, type NDArray, np } from '../../index.ts';

const arrays = shapes({ minRank: 1, minSize: 1 }).chain((shape) =>
  fc.record({ x: smallIntegers(shape), axis: fc.nat({ max: shape.length - 1 }), negative: fc.boolean() }),
);

/** The lines of an array along an axis, in row-major order of the other axes. */
function lines(x: NDArray, axis: number): number[][] {
  const last = np.moveaxis(x, axis, -1);
  const n = x.shape[axis]!;
  const flat = contents(last).values;
  return Array.from({ length: flat.length / n }, (_, i) => flat.slice(i * n, (i + 1) * n));
}

const add = (a: number, b: number): number => a + b;
const oracles: readonly (readonly [string, typeof np.sum, (line: number[]) => number])[] = [
  ['sum', np.sum, (v) => v.reduce(add, 0)],
  ['prod', np.prod, (v) => v.reduce((a, b) => Math.fround(a * b), 1)],
  ['max', np.max, (v) => Math.max(...v)],
  ['min', np.min, (v) => Math.min(...v)],
  ['ptp', np.ptp, (v) => Math.max(...v) - Math.min(...v)],
  ['mean', np.mean, (v) => Math.fround(v.reduce(add, 0) / v.length)],
  ['all', np.all, (v) => Number(v.every((a) => a !== 0))],
  ['any', np.any, (v) => Number(v.some((a) => a !== 0))],
  ['countNonzero', np.countNonzero, (v) => v.filter((a) => a !== 0).length],
];

describe('reductions', () => {
  it.each(oracles)('%s along an axis', (_, f, oracle) => {
    fc.assert(
      fc.property(arrays, ({ x, axis, negative }) => {
        const along = negative ? axis - x.ndim : axis;
        const expected = lines(x, axis).map((v) => oracle(v) + 0);
        expect(contents(f(x, along)).values.map((v) => v + 0)).toEqual(expected);
        expect(f(x, { axis: along, keepdims: true }).shape).toEqual(x.shape.map((n, d) => (d === axis ? 1 : n)));
        expect(f(x).shape).toEqual([]);
        expect(contents(f(x, null)).values).toEqual(contents(f(np.ravel(x), 0)).values);
      }),
    );
  });

  it('argmax and argmin give the first', () => {
    fc.assert(
      fc.property(arrays, ({ x, axis }) => {
        expect(contents(np.argmax(x, axis)).values).toEqual(lines(x, axis).map((v) => v.indexOf(Math.max(...v))));
        expect(contents(np.argmin(x, axis)).values).toEqual(lines(x, axis).map((v) => v.indexOf(Math.min(...v))));
      }),
    );
    expect(np.argmax(np.array([1, NaN, 3])).item()).toBe(1);
    expect(np.argmax(np.zeros([2, 3]), { keepdims: true }).shape).toEqual([1, 1]);
  });

  it('cumsum and diff undo one another', () => {
    fc.assert(
      fc.property(arrays, ({ x, axis }) => {
        const sums = np.cumsum(x, axis);
        const back = np.diff(
          np.concatenate([np.zerosLike(np.take(x, np.array([0], 'int32'), axis)), sums], axis),
          1,
          axis,
        );
        expect(contents(back)).toEqual(contents(np.add(x, 0)));
      }),
    );
  });

  it('variance is that of the definition', () => {
    fc.assert(
      fc.property(arrays, ({ x, axis }) => {
        const double = np.astype(x, 'float64');
        const expected = lines(x, axis).map((v) => {
          const mean = v.reduce(add, 0) / v.length;
          return v.reduce((s, a) => s + (a - mean) ** 2, 0) / v.length;
        });
        // Values of at most 9: squares of 324 at most, a few roundings each.
        contents(np.var(double, axis)).values.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-12));
        contents(np.std(double, axis)).values.forEach((v, i) =>
          expect(Math.abs(v - Math.sqrt(expected[i]!))).toBeLessThan(1e-6),
        );
      }),
    );
    // At most 12 roundings, all of numbers of at most 5.
    const sample = np.var(np.array([1, 2, 4], 'float64'), { correction: 1 }).item() as number;
    expect(Math.abs(sample - 7 / 3)).toBeLessThan(12 * 5 * 2 ** -53);
    expect(np.var(np.array([1]), { ddof: 1 }).item()).toBeNaN();
  });

  it('dtypes', () => {
    const bools = np.array([true, true]);
    expect([np.sum(bools).dtype, np.mean(bools).dtype, np.cumsum(bools).dtype, np.max(bools).dtype]).toEqual([
      'int32',
      'float32',
      'int32',
      'bool',
    ]);
    expect(np.sum(bools).item()).toBe(2);
    expect(np.sum(np.array([1n]), { dtype: 'float32' }).dtype).toBe('float32');
    expect(np.mean(np.array([1n, 2n])).item()).toBe(1.5);
  });

  it('of nothing', () => {
    const nothing = np.zeros([0, 3]);
    expect(np.sum(nothing, 0).js()).toEqual([0, 0, 0]);
    expect(np.mean(nothing, 0).js()).toEqual([NaN, NaN, NaN]);
    expect(np.max(nothing, 1).shape).toEqual([0]);
    expect(() => np.max(nothing, 0)).toThrow('np.max: f32[0,3] has no elements along axes [0]');
    expect(() => np.argmin(nothing)).toThrow(errors.ArgumentError);
  });
});
