import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, shapes, smallIntegers } from '../../../conformance/testing/arrays.ts';
import { errors, grad, type NDArray, np } from '../../index.ts';

const withIndices = shapes({ minRank: 1, minSize: 1 }).chain((shape) =>
  fc.nat({ max: shape.length - 1 }).chain((axis) =>
    fc.record({
      x: smallIntegers(shape),
      axis: fc.constant(axis),
      indices: fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 4 }),
    }),
  ),
);

/** An index as each mode reads it; null: outside. */
const modes = {
  fill: (i: number, n: number) => (i >= -n && i < n ? (i + n) % n : null),
  clip: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1),
  wrap: (i: number, n: number) => ((i % n) + n) % n,
} as const;

describe('take', () => {
  it.each(['fill', 'clip', 'wrap'] as const)('%s', (mode) => {
    fc.assert(
      fc.property(withIndices, ({ x, axis, indices }) => {
        const n = x.shape[axis]!;
        const slices = np.unstack(x, axis);
        const expected = np.stack(
          indices.map((i) => {
            const at = modes[mode](i, n);
            return at === null ? np.fullLike(slices[0]!, NaN) : slices[at]!;
          }),
          axis,
        );
        expect(contents(np.take(x, np.array(indices, 'int32'), axis, { mode }))).toEqual(contents(expected));
      }),
    );
  });
  it('a number takes a slice, without axis an element', () => {
    const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(np.take(x, 1, 0).js()).toEqual([3, 4]);
    expect(np.take(x, -1, 1).js()).toEqual([2, 4]);
    expect(np.take(x, 2).item()).toBe(3);
    expect(np.take(x, np.array([[0, 1], [3, 9]], 'int32'), null, { fillValue: -1 }).js()).toEqual([[1, 2], [4, -1]]); // prettier-ignore
    expect(np.take(np.array([1n]), 5).item()).toBe(-(2 ** 31));
  });
  it('its gradient adds up what was taken twice', () => {
    const f = (x: NDArray): NDArray => np.sum(np.take(x, np.array([0, 0, 2], 'int32'), 0));
    expect(grad(f)(np.zeros([3])).js()).toEqual([2, 0, 1]);
  });
  it('says what is wrong', () => {
    expect(() => np.take(np.ones(3), np.array([0.5]))).toThrow(
      "expected integers, got float32; convert them: x.astype('int32')",
    );
    expect(() => np.take(np.ones([0]), 0)).toThrow('nothing to take');
    expect(() => np.take(np.ones(3), 0, 1)).toThrow(errors.ShapeError);
    expect(() => np.take(np.ones(3), 0, 0, { mode: 'raise' as 'fill' })).toThrow('mode must be fill, clip or wrap');
  });
});

describe('takeAlongAxis', () => {
  it('takes one element per position', () => {
    fc.assert(
      fc.property(withIndices, ({ x, axis }) => {
        const at = np.argmax(x, axis, { keepdims: true });
        expect(contents(np.takeAlongAxis(x, at, axis))).toEqual(contents(np.max(x, axis, { keepdims: true })));
      }),
    );
    const x = np.array([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    expect(np.takeAlongAxis(x, np.array([[2, 0, -1]], 'int32')).js()).toEqual([[3, 1, 3], [6, 4, 6]]); // prettier-ignore
    expect(() => np.takeAlongAxis(x, np.array([0], 'int32'))).toThrow('differ in rank');
  });
});

describe('diagonal', () => {
  it('takes elements whose axes differ by the offset', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.nat({ max: 4 }), fc.integer({ min: -5, max: 5 }), (n, m, offset) => {
        const x = np.reshape(np.arange(2 * n * m), [2, n, m]);
        const lines = [0, 1].map((b) => Array.from({ length: n }, (_, i) => [i, i + offset] as const).filter(([, j]) => j >= 0 && j < m).map(([i, j]) => b * n * m + i * m + j)); // prettier-ignore
        expect(np.diagonal(x, offset, 1, 2).js()).toEqual(lines);
      }),
    );
  });
});
