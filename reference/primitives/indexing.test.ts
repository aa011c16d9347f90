import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsOf, forCalls, smallIntegers } from '../../conformance/testing/structural.ts';
import { ALL_DTYPES, domainOf, type DType, dtypes, integerLimits, isInexact } from '../core/dtypes.ts';
import {
  type Element,
  elementFrom,
  elements,
  flatten,
  forEachIndex,
  hostArray,
  type HostArray,
  numbers,
  type Shape,
  stridesOf,
} from '../core/host.ts';
import { algebraOf } from './numerics/algebra.ts';
import { remaining } from './axes.ts';
import {
  dynamicSlice,
  dynamicUpdateSlice,
  gather,
  type GatherDimensionNumbers,
  type IndexMode,
  scatterAdd,
} from './indexing.ts';
import { slice } from './shape.ts';

const anyAt = (x: HostArray, index: readonly number[]): Element => elements(x)(flatten(index, stridesOf(x.shape)));

/**
 * XLA's definition, element by element: where in the operand element `index` of the windows is; null: its window is
 * outside.
 */
function placeOf(
  index: readonly number[],
  operand: Shape,
  indices: HostArray,
  d: GatherDimensionNumbers,
  sizes: Shape,
  mode: IndexMode,
): number[] | null {
  const position = index.filter((_, axis) => !d.offset_dims.includes(axis));
  const offset = remaining(operand.length, d.collapsed_slice_dims, d.operand_batching_dims);
  const start = operand.map((_, axis) => {
    const batching = d.operand_batching_dims.indexOf(axis);
    if (batching >= 0) return position[d.start_indices_batching_dims[batching]!]!;
    const mapped = d.start_index_map.indexOf(axis);
    return mapped < 0 ? 0 : Number(anyAt(indices, [...position, mapped]));
  });
  if (mode === 'fill' && start.some((s, axis) => s < 0 || s + sizes[axis]! > operand[axis]!)) return null;
  return start.map((s, axis) => {
    const moved = Math.min(Math.max(s, 0), operand[axis]! - sizes[axis]!);
    const within = offset.indexOf(axis);
    return moved + (within < 0 ? 0 : index[d.offset_dims[within]!]!);
  });
}

it('gather reads the windows that the index vectors name', () => {
  const outside = (dtype: DType): Element => {
    const { kind } = dtypes[dtype];
    if (isInexact(dtype)) return elementFrom(dtype, NaN);
    if (kind === 'bool') return 1;
    const { min, max } = integerLimits(dtype);
    const value = kind === 'int' ? min : max;
    return domainOf(dtype) === 'bigint' ? value : Number(value);
  };
  forCalls(gather, ALL_DTYPES, ({ args, params: p }) => {
    const [x, indices] = [args[0]!, args[1]!];
    const [y] = gather.evaluate(args, p);
    forEachIndex(y!.shape, (index) => {
      const place = placeOf(index, x.shape, indices, p.dimension_numbers, p.slice_sizes, p.mode);
      const fill = p.fill_value === null ? outside(x.dtype) : elementFrom(x.dtype, Number(p.fill_value));
      expect(anyAt(y!, index)).toEqual(place === null ? fill : anyAt(x, place));
    });
  });
});

it('scatter_add adds every update at its place', () => {
  const calls = fc.tuple(callsOf(scatterAdd), fc.nat(50), fc.nat(50));
  fc.assert(
    fc.property(calls, ([{ args, params: p }, s, t]) => {
      const [x, indices, updates] = [smallIntegers(args[0]!, s), args[1]!, smallIntegers(args[2]!, t)];
      const d = p.dimension_numbers;
      const dims: GatherDimensionNumbers = {
        offset_dims: d.update_window_dims,
        collapsed_slice_dims: d.inserted_window_dims,
        start_index_map: d.scatter_dims_to_operand_dims,
        operand_batching_dims: d.operand_batching_dims,
        start_indices_batching_dims: d.scatter_indices_batching_dims,
      };
      const window = remaining(x.shape.length, d.inserted_window_dims, d.operand_batching_dims);
      const sizes = x.shape.map((_, axis) =>
        window.includes(axis) ? updates.shape[d.update_window_dims[window.indexOf(axis)]!]! : 1,
      );
      const { zero, add } = algebraOf(x.dtype);
      const sums = new Map<string, Element>();
      forEachIndex(updates.shape, (index) => {
        const place = placeOf(index, x.shape, indices, dims, sizes, p.mode)?.join();
        if (place !== undefined) sums.set(place, add(sums.get(place) ?? zero, anyAt(updates, index)));
      });
      const [y] = scatterAdd.evaluate([x, indices, updates], p);
      forEachIndex(y!.shape, (index) => {
        expect(anyAt(y!, index)).toEqual(add(anyAt(x, index), sums.get(index.join()) ?? zero));
      });
    }),
  );
});

describe('scatter_add of floats', () => {
  const one = (x: number, updates: readonly number[]): number => {
    const dimension_numbers = {
      update_window_dims: [],
      inserted_window_dims: [0],
      scatter_dims_to_operand_dims: [0],
      operand_batching_dims: [],
      scatter_indices_batching_dims: [],
    };
    const params = { dimension_numbers, mode: 'clip', unique_indices: false, indices_are_sorted: false } as const;
    const indices = hostArray(
      'int32',
      [updates.length, 1],
      updates.map(() => 0),
    );
    const args = [hostArray('float32', [1], [x]), indices, hostArray('float32', [updates.length], updates)];
    return numbers(scatterAdd.evaluate(args, params)[0]!)[0]!;
  };
  it('rounds once, whatever the order', () => {
    expect(one(1, [1e8, -1e8])).toBe(1);
    expect(one(2 ** 24, [1, 1])).toBe(2 ** 24 + 2);
  });
  it('keeps what it does not touch, and the sign of zeros', () => {
    expect(one(-0, [])).toBe(-0);
    expect(one(-0, [-0])).toBe(-0);
    expect(one(0, [-0])).toBe(0);
    expect(one(1, [-1])).toBe(0);
    expect(one(NaN, [])).toBeNaN();
    expect(one(Infinity, [-Infinity])).toBeNaN();
  });
});

const clamped = (starts: readonly HostArray[], sizes: Shape, shape: Shape): number[] =>
  starts.map((s, d) => Math.min(Math.max(Number(elements(s)(0)), 0), shape[d]! - sizes[d]!));

it('dynamic_slice is slice at the starts, moved so that it fits', () => {
  forCalls(dynamicSlice, ALL_DTYPES, ({ args: [x, ...starts], params: { slice_sizes } }) => {
    const start_indices = clamped(starts, slice_sizes, x!.shape);
    const limit_indices = start_indices.map((s, d) => s + slice_sizes[d]!);
    const fixed = { start_indices, limit_indices, strides: slice_sizes.map(() => 1) };
    expect(dynamicSlice.evaluate([x!, ...starts], { slice_sizes })).toEqual(slice.evaluate([x!], fixed));
  });
});

it('dynamic_update_slice writes the update there, and nothing else', () => {
  forCalls(dynamicUpdateSlice, ALL_DTYPES, ({ args: [x, update, ...starts] }) => {
    const start = clamped(starts, update!.shape, x!.shape);
    const [y] = dynamicUpdateSlice.evaluate([x!, update!, ...starts], {});
    forEachIndex(x!.shape, (index) => {
      const within = index.map((i, d) => i - start[d]!);
      const inside = within.every((i, d) => i >= 0 && i < update!.shape[d]!);
      expect(anyAt(y!, index)).toEqual(inside ? anyAt(update!, within) : anyAt(x!, index));
    });
  });
});

it('indices of any integer dtype, far outside', () => {
  const x = hostArray(
    'float32',
    [300],
    Array.from({ length: 300 }, (_, i) => i),
  );
  const at = (dtype: DType, index: Element): unknown =>
    numbers(dynamicSlice.evaluate([x, hostArray(dtype, [], [index])], { slice_sizes: [1] })[0]!)[0];
  expect(at('int8', -1)).toBe(0);
  expect(at('uint8', 255)).toBe(255);
  expect(at('int64', 2n ** 40n)).toBe(299);
  expect(at('uint64', 2n ** 64n - 1n)).toBe(299);
  expect(at('int64', -(2n ** 63n))).toBe(0);
});
