import { expect, it } from 'vitest';
import { elementAt, forCalls, numbered } from '../../conformance/testing/structural.ts';
import { ALL_DTYPES } from '../core/dtypes.ts';
import { elementFrom, elements, forEachIndex, type HostArray, numbers } from '../core/host.ts';
import { broadcastInDim, concatenate, iota, pad, reshape, rev, slice, squeeze, transpose } from './shape.ts';

const F64 = ['float64'] as const;

/** Every element of the result is the operand's element at the index that `from` gives. */
function moves(y: HostArray, x: HostArray, from: (index: readonly number[]) => readonly number[]): void {
  forEachIndex(y.shape, (index) => expect(elementAt(y, index)).toBe(elementAt(x, from(index))));
}

it('broadcast_in_dim repeats elements along axes that the operand lacks', () => {
  forCalls(broadcastInDim, F64, ({ args: [given], params: p }) => {
    const x = numbered(given!);
    const [y] = broadcastInDim.evaluate([x], p);
    moves(y!, x, (i) => p.broadcast_dimensions.map((d, a) => (x.shape[a] === 1 ? 0 : i[d]!)));
  });
});

it('reshape and squeeze keep the order of elements', () => {
  forCalls(reshape, F64, ({ args: [x], params }) => expect(reshape.evaluate([x!], params)[0]!.data).toEqual(x!.data));
  forCalls(squeeze, F64, ({ args: [x], params }) => expect(squeeze.evaluate([x!], params)[0]!.data).toEqual(x!.data));
});

it('transpose permutes the axes', () => {
  forCalls(transpose, F64, ({ args: [given], params: p }) => {
    const x = numbered(given!);
    const [y] = transpose.evaluate([x], p);
    moves(y!, x, (i) => x.shape.map((_, d) => i[p.permutation.indexOf(d)]!));
  });
});

it('rev counts from the end', () => {
  forCalls(rev, F64, ({ args: [given], params: p }) => {
    const x = numbered(given!);
    const [y] = rev.evaluate([x], p);
    moves(y!, x, (i) => i.map((n, d) => (p.dimensions.includes(d) ? x.shape[d]! - 1 - n : n)));
  });
});

it('slice takes every strides-th element', () => {
  forCalls(slice, F64, ({ args: [given], params: p }) => {
    const x = numbered(given!);
    const [y] = slice.evaluate([x], p);
    moves(y!, x, (i) => i.map((n, d) => p.start_indices[d]! + n * p.strides[d]!));
  });
});

it('pad puts elements at low + i·(interior + 1), and the value elsewhere', () => {
  forCalls(pad, F64, ({ args: [given, value], params: p }) => {
    const x = numbered(given!);
    const [y] = pad.evaluate([x, value!], p);
    forEachIndex(y!.shape, (index) => {
      const from = index.map((i, d) => (i - p.padding_config[d]![0]) / (p.padding_config[d]![2] + 1));
      const inside = from.every((i, d) => Number.isInteger(i) && i >= 0 && i < x.shape[d]!);
      expect(elementAt(y!, index)).toBe(inside ? elementAt(x, from) : numbers(value!)[0]);
    });
  });
});

it('concatenate continues with the next operand where one ends', () => {
  forCalls(concatenate, F64, ({ args, params: { dimension } }) => {
    const xs = args.map((x, k) => numbered(x, 1000 * k));
    const [y] = concatenate.evaluate(xs, { dimension });
    forEachIndex(y!.shape, (index) => {
      let at = index[dimension]!;
      let k = 0;
      for (; at >= xs[k]!.shape[dimension]!; k++) at -= xs[k]!.shape[dimension]!;
      expect(elementAt(y!, index)).toBe(elementAt(xs[k]!, index.with(dimension, at)));
    });
  });
});

it('iota refuses a dtype that does not count, and names those that do', () => {
  const params = { dtype: 'bool', shape: [2], dimension: 0 } as const;
  expect(iota.constraints.C1([], params)).toMatch(/^dtype must be one of .*int64, uint64, got bool$/);
});

it('iota counts along its dimension', () => {
  const counted = ALL_DTYPES.filter((d) => d !== 'bool');
  forCalls(iota, counted, ({ params }) => {
    const [y] = iota.evaluate([], params);
    const at = elements(y!);
    forEachIndex(y!.shape, (index, flat) =>
      expect(at(flat)).toEqual(elementFrom(params.dtype, index[params.dimension]!)),
    );
  });
  const [large] = iota.evaluate([], { dtype: 'float32', shape: [2 ** 24 + 2], dimension: 0 });
  expect(large!.data[2 ** 24 + 1]).toBe(2 ** 24);
  const [wrapped] = iota.evaluate([], { dtype: 'uint8', shape: [258], dimension: 0 });
  expect(wrapped!.data.slice(255)).toEqual(Uint8Array.of(255, 0, 1));
});
