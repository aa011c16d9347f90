import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapes } from '../../../conformance/testing/arrays.ts';
import { errors, np } from '../../index.ts';
import { broadcastShapes, canonicalAxes, canonicalAxis, mergeAxis } from './arguments.ts';

describe('axes', () => {
  it('count from the end where negative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: -10, max: 10 }), (rank, axis) => {
        if (axis >= -rank && axis < rank) expect(canonicalAxis(axis, rank, 'f')).toBe((axis + rank) % rank);
        else
          expect(() => canonicalAxis(axis, rank, 'f')).toThrow(
            `f: axis ${axis} is out of range for an array of rank ${rank}`,
          );
      }),
    );
  });
  it('are increasing, each one once', () => {
    expect(canonicalAxes([-1, 0], 3, 'f')).toEqual([0, 2]);
    expect(canonicalAxes(null, 2, 'f')).toEqual([0, 1]);
    expect(() => canonicalAxes([0, -2], 2, 'f')).toThrow('repeat an axis');
  });
});

describe('broadcasting', () => {
  it('of a shape with parts of it gives the shape', () => {
    const withPart = shapes().chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.nat({ max: shape.length }),
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      ),
    );
    fc.assert(
      fc.property(withPart, ([shape, drop, ones]) => {
        const part = shape.map((n, d) => (ones[d] ? 1 : n)).slice(drop);
        expect(broadcastShapes([shape, part, []], 'f')).toEqual(shape);
        expect(np.broadcastTo(np.zeros(part), shape).shape).toEqual(shape);
        expect(np.broadcastShapes(part, shape)).toEqual(shape);
      }),
    );
  });
  it('needs sizes that agree', () => {
    expect(() => broadcastShapes([[2, 3], [2]], 'f')).toThrow('f: the shapes [2,3] and [2] do not broadcast');
    expect(() => np.broadcastTo(np.zeros([2]), [2, 3])).toThrow(errors.ShapeError);
  });
});

describe('options', () => {
  it('may hold the axis', () => {
    expect(mergeAxis({ axis: 1, keepdims: true }, undefined, ['axis', 'keepdims'], 'f')).toEqual({
      axis: 1,
      keepdims: true,
    });
    expect(mergeAxis<{ axis?: number[] }>([1], {}, ['axis'], 'f')).toEqual({ axis: [1] });
    expect(mergeAxis<{ axis?: null }>(null, undefined, ['axis'], 'f')).toEqual({ axis: null });
  });
  it('that nobody knows are errors', () => {
    const x = np.zeros([2]);
    expect(() => np.sum(x, { axes: 0 } as object)).toThrow("np.sum: unknown option 'axes'");
    expect(() => np.sum(x, 0, { keepDims: true } as object)).toThrow(errors.OptionError);
    expect(() => np.zeros([2], { type: 'int32' } as object)).toThrow(errors.OptionError);
  });
});
