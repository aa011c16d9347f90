import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConcreteArray } from '../../../reference/core/array.ts';
import type { HostArray } from '../../../reference/core/host.ts';
import { jit } from '../../../reference/index.ts';
import { errorOf, type Expected, expectedOf, lines, reordered } from './agreement.ts';
import { integers, total, uniform } from './inputs.ts';
import { type Row, rows } from './rows.ts';

/** What a row computes on the reference. */
const resultsOf = ({ etalon }: Row, inputs: readonly HostArray[]): HostArray[] =>
  [jit(etalon)(...inputs.map((x) => ConcreteArray.fromHost(x)))].flat().map((y) => (y as ConcreteArray).toHost());
const named = (name: string): Row => rows.find((row) => row.name === name)!;

it('lines of an array are a smaller array of the same elements', () => {
  const x: HostArray = { dtype: 'float32', shape: [2, 5], data: Float32Array.from({ length: 10 }, (_, i) => i) };
  expect(lines(x, [1])).toMatchObject({ shape: [2, 3], data: Float32Array.of(0, 2, 4, 5, 7, 9) });
  expect(lines(x, [])).toEqual(x);
  expect(lines(x, [0, 1]).shape).toEqual([2, 3]);
});

it('axes in another order and back are the same array', () => {
  const x = uniform([2, 3, 4], 1);
  expect(reordered(reordered(x, [2, 0, 1]), [1, 2, 0])).toEqual(x);
});

it('random arrays are the same every time, and within their range', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const x = uniform([100], seed, -2, 3);
      expect(x).toEqual(uniform([100], seed, -2, 3));
      for (const v of x.data as Float32Array) expect(v >= -2 && v < 3).toBe(true);
      const whole = integers([100], seed);
      expect(total(whole).data).toEqual(Float32Array.of((whole.data as Float32Array).reduce((a, b) => a + b)));
    }),
    { numRuns: 20 },
  );
});

it.each(['wgsl/matmul-256', 'wgsl/layernorm'])('right results of %s pass, wrong ones do not', (name) => {
  const row = named(name);
  // Few rows do: along them the check is the same.
  const inputs = row.inputs().map((x, i) => (i === 0 ? lines(x, [0]) : x));
  const expected = expectedOf(row, inputs);
  const right = resultsOf(row, inputs);
  expect(errorOf(expected, right)).toBe(0);
  const [y] = right as [HostArray];
  const wrong = { ...y, data: (y.data as Float32Array).map((v) => v * 1.001) };
  expect(errorOf(expected, [wrong])).toBeGreaterThan(1);
  expect(errorOf(expected, [{ ...y, data: (y.data as Float32Array).map(() => NaN) }])).toBe(Infinity);
  expect(errorOf(expected, [])).toBe(Infinity);
});

it('what is known exactly may not be off', () => {
  const expected: Expected = { part: (xs) => xs, values: [total(integers([9], 1))], worst: [null] };
  expect(errorOf(expected, expected.values)).toBe(0);
  const [value] = expected.values as [HostArray];
  expect(errorOf(expected, [{ ...value, data: (value.data as Float32Array).map((v) => v + 1) }])).toBe(Infinity);
});

it('rows have names of their own', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  for (const { name } of rows) expect(name).toMatch(/^wgsl\/[\w-]+$/);
});
