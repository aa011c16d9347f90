import { describe, expect, test } from 'vitest';
import { devicePut, np, reference } from '../index.ts';
import { primitives } from '../primitives/index.ts';
import type { ConcreteArray } from './array.ts';
import type { DType } from './dtypes.ts';
import type { Aval } from './host.ts';
import { inferAvals } from './primitive.ts';

const aval = (shape: readonly number[], dtype: DType, weak: boolean = false): Aval => ({ shape, dtype, weak });

describe('a call is checked', () => {
  const sort = (params: object): unknown =>
    inferAvals(primitives.sort, [aval([3], 'float32')], { dimension: 0, is_stable: true, num_keys: 1, ...params });

  test('first for the kinds of its parameters, then for constraints, then for what no constraint says', () => {
    expect(() => sort({ dimension: 'x', num_keys: 0 })).toThrow('sort (P): dimension must be number');
    expect(() => sort({ dimension: 1, num_keys: -1 })).toThrow('sort (C2): dimension must be in [0, 1)');
    expect(() => sort({ num_keys: 0 })).toThrow('num_keys');
  });
});

test('a result is weak if the operands of its dtype are, whatever predicates are', () => {
  const weak = aval([], 'float32', true);
  const select = (...cases: Aval[]): boolean =>
    inferAvals(primitives.select_n, [aval([], 'bool'), ...cases], {})[0]!.weak;
  expect([select(weak, weak), select(weak, aval([], 'float32'))]).toEqual([true, false]);
});

test('what one committed array has a part in is committed', () => {
  const committed = devicePut(np.array(2), reference);
  const home = (x: unknown): unknown => (x as ConcreteArray).backend;
  expect([home(np.array(1).add(committed)), home(committed.add(1)), home(np.array(1).add(1))]).toEqual([reference, reference, null]); // prettier-ignore
});
