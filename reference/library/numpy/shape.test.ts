import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, shapes } from '../../../conformance/testing/arrays.ts';
import { errors, type NDArray, np } from '../../index.ts';

const counting = (shape: readonly number[]): NDArray => np.reshape(np.arange(shape.reduce((a, b) => a * b, 1)), shape);
const permuted = shapes({ minRank: 1 }).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.shuffledSubarray(
      shape.map((_, d) => d),
      { minLength: shape.length, maxLength: shape.length },
    ),
  ),
);

describe('reshape', () => {
  it('fills in one size', () => {
    fc.assert(
      fc.property(shapes({ minSize: 1 }), fc.nat({ max: 3 }), (shape, at) => {
        const x = counting(shape);
        const open = shape.map((n, d) => (d === at ? -1 : n));
        expect(contents(np.reshape(x, open))).toEqual(contents(x));
        expect(np.ravel(x).shape).toEqual([x.size]);
      }),
    );
    expect(np.reshape(np.zeros([0, 3]), [-1]).shape).toEqual([0]);
  });
  it.each([[[4]], [[-1, -1]], [[-1, 4]], [[-2, 3]]])('to %j of six elements is an error', (shape) => {
    expect(() => np.reshape(np.zeros([6]), shape)).toThrow(errors.ShapeError);
  });
  it('to a shape that is none is an error', () => {
    expect(() => np.reshape(np.zeros([6]), [2.5, 2])).toThrow('np.reshape: shape[0] must be an integer, got 2.5');
  });
});

describe('axes', () => {
  it('transpose and back', () => {
    fc.assert(
      fc.property(permuted, ([shape, order]) => {
        const x = counting(shape);
        const y = np.transpose(x, order);
        expect(y.shape).toEqual(order.map((d) => shape[d]));
        const inverse = order.map((_, d) => order.indexOf(d));
        expect(contents(np.transpose(y, inverse))).toEqual(contents(x));
        expect(contents(np.transpose(np.transpose(x)))).toEqual(contents(x));
      }),
    );
  });
  it('moveaxis moves one, swapaxes exchanges two', () => {
    fc.assert(
      fc.property(permuted, fc.nat(), fc.nat(), ([shape], i, j) => {
        const [a, b] = [i % shape.length, j % shape.length];
        const names = shape.map((_, d) => d);
        const moved = [...names.filter((d) => d !== a)];
        moved.splice(b, 0, a);
        const x = counting(shape);
        expect(contents(np.moveaxis(x, a, b - shape.length))).toEqual(contents(np.transpose(x, moved)));
        expect(contents(np.swapaxes(np.swapaxes(x, a, b), a, b))).toEqual(contents(x));
      }),
    );
    expect(np.moveaxis(np.zeros([2, 3, 4]), [0, 1], [-1, 0]).shape).toEqual([3, 4, 2]);
  });
  it('expandDims and squeeze undo one another', () => {
    fc.assert(
      fc.property(shapes(), fc.nat(), (shape, i) => {
        const x = counting(shape);
        const axis = i % (shape.length + 1);
        expect(contents(np.squeeze(np.expandDims(x, axis), axis))).toEqual(contents(x));
      }),
    );
    expect(np.squeeze(np.zeros([1, 2, 1])).shape).toEqual([2]);
    expect(() => np.squeeze(np.zeros([2]), 0)).toThrow('has size 2, not 1');
    expect(() => np.transpose(np.zeros([2, 3]), [0, 0])).toThrow('not a permutation');
  });
});

describe('moving elements', () => {
  it('flip and roll', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 8 }),
        fc.integer({ min: -20, max: 20 }),
        (values, shift) => {
          const x = np.array(values);
          const n = values.length;
          expect(np.flip(x).js()).toEqual(values.toReversed());
          expect(np.roll(x, shift).js()).toEqual(values.map((_, i) => values[(((i - shift) % n) + n) % n]));
        },
      ),
    );
    expect(np.roll(counting([2, 3]), [1, 1], [0, 1]).js()).toEqual([[5, 3, 4], [2, 0, 1]]); // prettier-ignore
  });
  it('rot90 four times is nothing', () => {
    const x = counting([2, 3]);
    const once = np.rot90(x);
    expect(once.js()).toEqual([[2, 5], [1, 4], [0, 3]]); // prettier-ignore
    expect(contents(np.rot90(np.rot90(np.rot90(once))))).toEqual(contents(x));
    for (const k of [-1, 2, 3, 5]) expect(contents(np.rot90(np.rot90(x, k), -k))).toEqual(contents(x));
  });
  it('atleast', () => {
    expect([np.atleast1d(1).shape, np.atleast2d(np.zeros(3)).shape, np.atleast3d(np.zeros(3)).shape]).toEqual([
      [1],
      [1, 3],
      [1, 3, 1],
    ]);
  });
});
