import fc from 'fast-check';
import { expect, it } from 'vitest';
import { np } from '../../index.ts';

const values = fc.array(fc.constantFrom(-Infinity, -1, -0, 0, 1, 2, NaN), { maxLength: 12 });

it('sort takes the elements in the order of argsort, which is stable', () => {
  fc.assert(
    fc.property(values, (list) => {
      const x = np.array(list);
      const order = np.argsort(x).js() as number[];
      expect(np.sort(x).js()).toEqual(order.map((i) => list[i]));
      const rank = (v: number): number => (Number.isNaN(v) ? 3 : v + 0);
      const expected = list.map((_, i) => i).sort((i, j) => Math.sign(rank(list[i]!) - rank(list[j]!)) || i - j);
      expect(order).toEqual(expected);
    }),
  );
});

it('sort along an axis, and of the flat array', () => {
  const x = np.array([
    [3, 1],
    [2, 4],
  ]);
  expect(np.sort(x, 0).js()).toEqual([
    [2, 1],
    [3, 4],
  ]);
  expect(np.sort(x, null).js()).toEqual([1, 2, 3, 4]);
  expect(np.argsort(x, null).js()).toEqual([1, 2, 0, 3]);
  expect(() => np.sort(x, 2)).toThrow('np.sort');
});
