import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NDArray } from '../../index.ts';
import { grad, jit, np, vmap } from '../../index.ts';
import { ArgumentError, ConcretizationError, DTypeError, OptionError, ShapeError } from '../../core/errors.ts';
import type { IndexEntry, Range } from '../../core/ndarray.ts';

const SHAPE = [3, 4, 2] as const;
const x = np.arange(24, { dtype: 'float32' }).reshape(...SHAPE);

/** The positions along an axis that an entry chooses, by Python's definition of slices. */
function positions(entry: IndexEntry, size: number): number[] {
  if (typeof entry === 'number') return [entry < 0 ? entry + size : entry];
  const [start, stop, step = 1] = entry as Range;
  const found: number[] = [];
  const clamp = (n: number): number => (n < 0 ? Math.max(n + size, step < 0 ? -1 : 0) : Math.min(n, step < 0 ? size - 1 : size)); // prettier-ignore
  const from = start == null ? (step > 0 ? 0 : size - 1) : clamp(start);
  const to = stop == null ? (step > 0 ? size : -1) : clamp(stop);
  for (let i = from; step > 0 ? i < to : i > to; i += step) found.push(i);
  return found;
}

const limit = fc.option(fc.integer({ min: -6, max: 6 }), { nil: null });
const range = fc
  .tuple(limit, limit, fc.integer({ min: -3, max: 3 }))
  .filter(([, , step]) => step !== 0)
  .map((r): Range => r);
const entryOf = (size: number): fc.Arbitrary<IndexEntry> =>
  fc.oneof(fc.integer({ min: -size, max: size - 1 }), range, fc.constant([] as const));

describe('basic indices', () => {
  test('choose what Python’s slices choose, and set what they choose', () => {
    fc.assert(
      fc.property(fc.tuple(...SHAPE.map(entryOf)), (entries) => {
        const chosen = entries.map((e, d) => positions(e, SHAPE[d]!));
        const kept = entries.flatMap((e, d) => (typeof e === 'number' ? [] : [chosen[d]!.length]));
        const flat = chosen[0]!.flatMap((i) => chosen[1]!.flatMap((j) => chosen[2]!.map((k) => (i * 4 + j) * 2 + k)));
        const got = x.slice(...entries);
        expect(got.shape).toEqual(kept);
        expect([...(got.dataSync() as Float32Array)]).toEqual(flat);
        const changed = [...(x.at(...entries).set(-1).dataSync() as Float32Array)]; // prettier-ignore
        expect(changed).toEqual(Array.from({ length: 24 }, (_, i) => (flat.includes(i) ? -1 : i)));
      }),
    );
  });
  test('new axes and the ellipsis', () => {
    expect(x.slice(null, '...', 0, null).shape).toEqual([1, 3, 4, 1]);
    expect(x.slice('...').shape).toEqual([3, 4, 2]);
    expect(
      x
        .at(null, 1, '...')
        .set(np.zeros([1, 4, 2]))
        .slice(1)
        .sum()
        .item(),
    ).toBe(0);
    expect(np.array(3).slice(null).js()).toEqual([3]);
    expect(np.array(3).at().set(4).item()).toBe(4);
  });
});

describe('arrays of indices', () => {
  const indices = (size: number): fc.Arbitrary<number[]> =>
    fc.array(fc.integer({ min: -size, max: size - 1 }), { minLength: 0, maxLength: 4 });
  const wrap = (i: number, size: number): number => (i < 0 ? i + size : i);
  const ints = (list: readonly number[]): NDArray => np.array(list, { dtype: 'int32' });

  test('choose points, which stand where the first array does', () => {
    fc.assert(
      fc.property(indices(4), fc.integer({ min: -3, max: 2 }), (list, i) => {
        const expected = list.map((j) => [0, 1].map((k) => (wrap(i, 3) * 4 + wrap(j, 4)) * 2 + k));
        expect(x.slice(i, ints(list)).js()).toEqual(expected);
        const middle = [0, 1, 2].map((a) => list.map((j) => (a * 4 + wrap(j, 4)) * 2));
        expect(x.slice([], ints(list), 0).js()).toEqual(middle);
      }),
    );
  });
  test('separated by a whole axis, they stand in front, as in NumPy', () => {
    expect(x.slice(ints([0, 2]), [], ints([1, 0])).js()).toEqual([[1, 3, 5, 7], [16, 18, 20, 22]]); // prettier-ignore
    expect(np.zeros([2, 3, 4, 5]).slice(0, [], ints([1, 2, 3])).shape).toEqual([3, 3, 5]);
  });
  test('broadcast against one another, and go with ranges', () => {
    const rows = ints([0, 2]).reshape(2, 1);
    expect(x.slice(rows, ints([1, 3]), 0).js()).toEqual([[2, 6], [18, 22]]); // prettier-ignore
    expect(x.slice([1, null], ints([3]), [null, null, -1]).js()).toEqual([[[15, 14]], [[23, 22]]]);
    expect(x.at([1, null], ints([3]), [null, null, -1]).set(np.array([7, 8])).slice(2, 3).js()).toEqual([8, 7]); // prettier-ignore
  });
  test('where they repeat, every change counts', () => {
    fc.assert(
      fc.property(indices(3), (list) => {
        const counts = [0, 1, 2].map((i) => list.filter((j) => wrap(j, 3) === i).length);
        expect(np.zeros([3]).at(ints(list)).add(1).js()).toEqual(counts);
      }),
    );
    const y = np.array([1, 2, 3]);
    const at = y.at(ints([0, 0, 2]));
    expect([at.mul(2), at.min(np.array([5, -1, 9])), at.max(np.array([5, -1, 9]))].map((v) => v.js())).toEqual([
      [4, 2, 6],
      [-1, 2, 3],
      [5, 2, 9],
    ]);
  });
  test('out of range: read clipped or filled, written not at all or clipped', () => {
    const y = np.array([1, 2, 3]);
    const far = ints([7, -9]);
    expect(y.slice(far).js()).toEqual([3, 1]);
    expect(y.at(far).get({ mode: 'fill', fillValue: 0 }).js()).toEqual([0, 0]);
    expect(y.at(far).set(0).js()).toEqual([1, 2, 3]);
    expect(y.at(far).set(0, { mode: 'clip' }).js()).toEqual([0, 2, 0]);
  });
  test('masks choose where they are true', () => {
    expect(x.slice(x.greater(20)).js()).toEqual([21, 22, 23]);
    expect(x.slice(np.array([true, false, true])).shape).toEqual([2, 4, 2]);
    expect(x.at(x.less(23)).set(0).sum().item()).toBe(23);
  });
});

describe('under transformations', () => {
  test('an index may be traced, or differ between the examples', () => {
    const row = (i: NDArray): NDArray => x.slice(i);
    const all = np.arange(3, { dtype: 'int32' });
    expect(vmap(row)(all).js()).toEqual(x.js());
    expect(jit(row)(np.array(1n)).js()).toEqual(x.slice(1).js());
  });
  test('gradients go to the elements that were read, and not to those that were overwritten', () => {
    const y = np.array([1, 2, 3]);
    expect(grad((v: NDArray) => v.slice([null, null, 2]).sum())(y).js()).toEqual([1, 0, 1]);
    expect(grad((v: NDArray) => v.at(1).set(0).sum())(y).js()).toEqual([1, 0, 1]);
    expect(grad((v: NDArray) => y.at(np.array([0n, 0n])).add(v).sum())(np.array([1, 1])).js()).toEqual([1, 1]); // prettier-ignore
  });
});

describe('refused', () => {
  test.each([
    ['an index out of range', () => x.slice(3), ShapeError, /axis 0 .*index 3 is out of range for a size of 3/],
    ['too many indices', () => x.slice(0, 0, 0, 0), ShapeError, /4 indices/],
    ['two ellipses', () => x.slice('...', '...'), ArgumentError, /'\.\.\.'/],
    ['a step of 0', () => x.slice([null, null, 0]), ArgumentError, /step/],
    ['a fraction', () => x.slice(0.5), ArgumentError, /integer/],
    ['a string', () => x.slice('1:2' as never), ArgumentError, /1:2/],
    ['floats as indices', () => x.slice(np.array([1.5])), ArgumentError, /integers/],
    ['values of a wider dtype', () => np.array([1n]).at(0).set(np.array(0.5)), DTypeError, /astype/],
    ['values of another shape', () => x.at(0).set(np.ones([3])), ShapeError, /broadcast/],
    ['an unknown option', () => x.at(0).set(1, { modus: 'clip' } as never), OptionError, /modus/],
    ['an unknown mode', () => x.at(0).get({ mode: 'wrap' as never }), ArgumentError, /wrap/],
    ['a traced mask', () => jit((v: NDArray) => v.slice(v.greater(0)))(x), ConcretizationError, /np\.where/],
    [
      'a traced limit of a range',
      () => jit((i: NDArray) => x.slice([0, i as never]))(1n),
      ConcretizationError,
      /dynamicSlice/,
    ],
  ])('%s', (_, call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
