import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, shapes, smallIntegers } from '../../../conformance/testing/arrays.ts';
import { errors, np } from '../../index.ts';

const withAxis = shapes({ minRank: 1 }).chain((shape) =>
  fc.record({ x: smallIntegers(shape), axis: fc.nat({ max: shape.length - 1 }) }),
);
const vector = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 6 });

describe('joining and splitting', () => {
  it('unstack undoes stack', () => {
    fc.assert(
      fc.property(withAxis, ({ x, axis }) => {
        const pair = np.stack([x, np.flip(x)], axis);
        expect(np.unstack(pair, axis).map(contents)).toEqual([x, np.flip(x)].map(contents));
      }),
    );
  });
  it('split undoes concatenate', () => {
    fc.assert(
      fc.property(withAxis, ({ x, axis }) => {
        const twice = np.concatenate([x, np.negative(x)], axis - x.ndim);
        expect(np.split(twice, 2, axis).map(contents)).toEqual([x, np.negative(x)].map(contents));
        expect(np.split(twice, [x.shape[axis]!], axis).map(contents)).toEqual([x, np.negative(x)].map(contents));
      }),
    );
  });
  it('promotes, and knows rows from columns', () => {
    const [x, y] = [np.array([1n, 2n]), np.array([3, 4])];
    expect(contents(np.concatenate([x, y]))).toEqual({ dtype: 'float32', shape: [4], values: [1, 2, 3, 4] });
    expect(np.vstack([x, y]).js()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(np.columnStack([x, y]).js()).toEqual([[1, 3], [2, 4]]); // prettier-ignore
    expect(np.hstack([x, y]).shape).toEqual([4]);
    expect(np.concatenate([np.zeros([2, 2]), x], null).shape).toEqual([6]);
  });
  it('says what is wrong', () => {
    expect(() => np.concatenate([])).toThrow('at least one array');
    expect(() => np.stack([np.zeros(2), np.zeros(3)])).toThrow('the shapes differ: f32[2] and f32[3]');
    expect(() => np.split(np.zeros(5), 2)).toThrow('an axis of size 5 has no 2 equal parts');
    expect(() => np.concatenate(np.zeros(2) as never)).toThrow('expected a list');
  });
});

describe('repeating', () => {
  it('tile and repeat of vectors', () => {
    fc.assert(
      fc.property(vector, fc.nat({ max: 3 }), (values, n) => {
        const x = np.array(values);
        expect(np.tile(x, n).js()).toEqual(Array.from({ length: n }, () => values).flat());
        expect(np.repeat(x, n).js()).toEqual(values.flatMap((v) => new Array<number>(n).fill(v)));
      }),
    );
  });
  it('along axes', () => {
    const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(np.tile(x, [2, 1]).js()).toEqual([[1, 2], [3, 4], [1, 2], [3, 4]]); // prettier-ignore
    expect(np.tile(np.array([1, 2]), [2, 2]).js()).toEqual([[1, 2, 1, 2], [1, 2, 1, 2]]); // prettier-ignore
    expect(np.repeat(x, 2, 1).js()).toEqual([[1, 1, 2, 2], [3, 3, 4, 4]]); // prettier-ignore
    expect(np.repeat(x, [0, 2], 0).js()).toEqual([[3, 4], [3, 4]]); // prettier-ignore
    expect(() => np.repeat(x, [1], 0)).toThrow(errors.ShapeError);
  });
});

describe('pad', () => {
  it('puts a margin around', () => {
    fc.assert(
      fc.property(vector, fc.nat({ max: 3 }), fc.nat({ max: 3 }), (values, before, after) => {
        const padded = np.pad(np.array(values), [before, after], { constantValues: 7 });
        expect(padded.js()).toEqual([
          ...new Array<number>(before).fill(7),
          ...values,
          ...new Array<number>(after).fill(7),
        ]);
      }),
    );
    expect(np.pad(np.ones([1, 1]), [[0, 1], [2, 0]]).js()).toEqual([[0, 0, 1], [0, 0, 0]]); // prettier-ignore
    expect(np.pad(np.array([true]), 1).js()).toEqual([false, true, false]);
  });
  it('says what is wrong', () => {
    expect(() => np.pad(np.ones(2), -1)).toThrow('widths must be 0, 1, 2');
    expect(() => np.pad(np.ones(2), 1, { mode: 'edge' as 'constant' })).toThrow("mode must be 'constant'");
    expect(() => np.pad(np.ones([2, 2, 2]), [[1, 1], [1, 1]])).toThrow(errors.ShapeError); // prettier-ignore
  });
});
