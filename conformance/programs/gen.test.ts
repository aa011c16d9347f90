import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_DTYPES, type DType, isComplex, isInexact } from '../../reference/core/dtypes.ts';
import {
  type Complex,
  type Element,
  elementFrom,
  elements,
  type HostArray,
  sizeOf,
} from '../../reference/core/host.ts';
import { SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { type ArrayOptions, makeGen } from './gen.ts';

const INEXACT_DTYPES = ALL_DTYPES.filter(isInexact);

const cell = fc.record({ dtype: fc.constantFrom(...ALL_DTYPES), shapeClass: fc.constantFrom(...SHAPE_CLASSES) });

describe('shapes', () => {
  test('keep to the ranks asked for', () => {
    fc.assert(
      fc.property(
        cell.chain(({ dtype, shapeClass }) =>
          fc.record({ minRank: fc.nat(3), more: fc.nat(2) }).chain(({ minRank, more }) =>
            fc.record({
              shape: makeGen(fc, dtype, shapeClass).shape({ minRank, maxRank: minRank + more }),
              minRank: fc.constant(minRank),
              more: fc.constant(more),
            }),
          ),
        ),
        ({ shape, minRank, more }) => shape.length >= minRank && shape.length <= minRank + more,
      ),
    );
  });

  test.each([
    ['scalar', (n: number) => n === 1],
    ['empty', (n: number) => n === 0],
    ['singleton', (n: number) => n === 1],
    ['odd', (n: number) => n > 1 && n < 400],
    ['large', (n: number) => n > 1000 && n < 2500],
  ] as const)('%s', (shapeClass, holds) => {
    fc.assert(fc.property(makeGen(fc, 'float32', shapeClass).shape(), (shape) => holds(sizeOf(shape))));
  });

  test('broadcast shapes have a dimension of size 1', () => {
    fc.assert(fc.property(makeGen(fc, 'float32', 'broadcast').shape(), (shape) => shape.includes(1)));
  });
});

describe('arrays', () => {
  const arraysOf = (dtype: DType, n: number, options: ArrayOptions = {}): fc.Arbitrary<HostArray> =>
    makeGen(fc, dtype, 'odd').array(dtype, [n], options);
  const everyElement = (x: HostArray): Element[] => Array.from({ length: sizeOf(x.shape) }, (_, i) => elements(x)(i));
  /** Numbers as they are, both parts of complex ones. */
  const partsOf = (x: HostArray): (number | bigint)[] =>
    everyElement(x).flatMap((e) => (typeof e === 'object' ? [e.re, e.im] : [e]));

  test.each(ALL_DTYPES)('of %s hold its values', (dtype) => {
    fc.assert(
      fc.property(makeGen(fc, dtype, 'odd').array(dtype, [4, 3]), (x) => {
        expect(x.data).toHaveLength(isComplex(dtype) ? 24 : 12);
        if (dtype === 'bool') expect(partsOf(x).every((v) => v === 0 || v === 1)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test.each<[DType, number, number]>([
    ['float32', 0.5, 0.75],
    ['float32', 2 ** 20, 2 ** 21],
    ['float16', 1, 3],
    ['bfloat16', -3, -1],
    ['int32', 100, 104],
    ['int8', 100, 1000],
    ['uint64', -3, 2 ** 60],
    ['int64', 2 ** 53, Infinity],
    ['complex64', 2, 3],
  ])('of %s from %d to %d stay in the range, also after shrinking', (dtype, min, max) => {
    const run = fc.check(
      fc.property(arraysOf(dtype, 9, { min, max }), (x) => partsOf(x).every((v) => v < min || v > max)),
      { numRuns: 50, seed: 1 },
    );
    expect(partsOf(run.counterexample![0]).every((v) => v >= min && v <= max)).toBe(true);
  });

  test('finite ones have no NaN and no infinity', () => {
    for (const dtype of INEXACT_DTYPES) {
      const all = arraysOf(dtype, 20, { values: 'finite' });
      fc.assert(fc.property(all, (x) => partsOf(x).every((v) => Number.isFinite(v))));
    }
  });

  test.each<[DType, readonly (number | bigint)[]]>([
    ['float32', [NaN, Infinity, -Infinity, 0, -0, 2 ** -149, 0.5, 1.5]],
    ['float16', [NaN, Infinity, -0, 2 ** -24, 65504]],
    ['bfloat16', [NaN, Infinity, -0, 2 ** -133]],
    ['complex64', [NaN, Infinity, -0, 2 ** -149]],
    ['int8', [-128, 127, -1, 31]],
    ['uint64', [2n ** 64n - 1n, 2n ** 53n + 1n, 2n ** 32n, 0n]],
    ['int64', [-(2n ** 63n), 2n ** 63n - 1n, -1n, 2n ** 53n - 1n]],
  ])('special values of %s are common', (dtype, special) => {
    const drawn = fc.sample(arraysOf(dtype, 10), { numRuns: 400, seed: 7 });
    const all = drawn.flatMap(partsOf);
    for (const v of special) expect(all.some((a) => Object.is(a, v))).toBe(true);
    if (!isInexact(dtype)) return; // a third of the integers are any
    expect(drawn.filter((x) => partsOf(x).every((v) => Math.abs(Number(v)) < 2 ** 21)).length).toBeGreaterThan(60);
  });

  test('complex numbers lie on the axes now and then, on both sides of the cuts', () => {
    const drawn = fc.sample(arraysOf('complex128', 10), { numRuns: 100, seed: 7 }).flatMap(everyElement) as Complex[];
    for (const zero of [0, -0]) {
      expect(drawn.some(({ re, im }) => Object.is(im, zero) && re !== 0)).toBe(true);
      expect(drawn.some(({ re, im }) => Object.is(re, zero) && im !== 0)).toBe(true);
    }
  });

  test.each<[DType, (x: HostArray) => boolean, Element]>([
    ['float32', (x) => partsOf(x).includes(Infinity), Infinity],
    ['bfloat16', (x) => partsOf(x).includes(Infinity), Infinity],
    ['int64', (x) => partsOf(x).some((v) => v > 2n ** 62n), 2n ** 63n - 1n],
    ['complex64', (x) => partsOf(x).includes(Infinity), { re: Infinity, im: 0 }],
  ])('%s arrays shrink to one offending element', (dtype, offends, element) => {
    const run = fc.check(
      fc.property(arraysOf(dtype, 30), (x) => !offends(x)),
      { numRuns: 500, seed: 3 },
    );
    const zero = elementFrom(dtype, 0);
    const left = everyElement(run.counterexample![0]).filter((e) => !isDeepStrictEqual(e, zero));
    expect(left).toHaveLength(1);
    if (dtype !== 'int64') expect(left).toEqual([element]);
  });
});
