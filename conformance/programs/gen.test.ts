import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANY } from '../../reference/core/dtypes.ts';
import { numbers, sizeOf } from '../../reference/core/host.ts';
import { SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { makeGen } from './gen.ts';

const cell = fc.record({ dtype: fc.constantFrom(...ANY), shapeClass: fc.constantFrom(...SHAPE_CLASSES) });

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
  test('hold values of their dtype', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ANY).chain((d) => makeGen(fc, d, 'odd').array(d, [4, 3])),
        (x) => x.data.length === 12 && (x.dtype !== 'bool' || numbers(x).every((v) => v === 0 || v === 1)),
      ),
    );
  });

  test('of a range stay in it, also after shrinking', () => {
    const gen = makeGen(fc, 'float32', 'odd');
    const outside = (dtype: 'float32' | 'int32', min: number, max: number): boolean => {
      const all = gen.array(dtype, [9], { min, max });
      const run = fc.check(
        fc.property(all, (x) => numbers(x).every((v) => v < min || v > max)),
        { numRuns: 50, seed: 1 },
      );
      return numbers(run.counterexample![0]).every((v) => v >= Math.fround(min) && v <= max);
    };
    expect(outside('float32', 0.5, 0.75)).toBe(true);
    expect(outside('float32', 2 ** 20, 2 ** 21)).toBe(true);
    expect(outside('int32', 100, 104)).toBe(true);
  });

  test('finite ones have no NaN and no infinity', () => {
    const gen = makeGen(fc, 'float32', 'odd');
    fc.assert(fc.property(gen.array('float32', [20], { values: 'finite' }), (x) => numbers(x).every(Number.isFinite)));
  });

  test('special values are common', () => {
    const drawn = fc.sample(makeGen(fc, 'float32', 'odd').array('float32', [10]), { numRuns: 400, seed: 7 });
    const all = drawn.flatMap((x) => [...numbers(x)]);
    for (const v of [NaN, Infinity, -Infinity, 0, -0, 2 ** -149, 0.5, 1.5])
      expect(all.some((a) => Object.is(a, v))).toBe(true);
    expect(drawn.filter((x) => numbers(x).every(Number.isFinite)).length).toBeGreaterThan(100);
  });

  test('shrink to one offending element', () => {
    const arrays = makeGen(fc, 'float32', 'odd').array('float32', [30]);
    const run = fc.check(
      fc.property(arrays, (x) => !numbers(x).includes(Infinity)),
      { numRuns: 500, seed: 3 },
    );
    const found = [...numbers(run.counterexample![0])];
    expect(found.filter((v) => v !== 0)).toEqual([Infinity]);
  });
});
