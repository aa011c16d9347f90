import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finfo } from '../core/dtypes.ts';
import { aval, type HostArray, hostArray, numbers, parts } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Bounded } from '../core/primitive.ts';
import { higherOrder, primitives } from '../primitives/index.ts';
import { carry, errorBound } from './error-bound.ts';
import { ulpSize } from './rounding.ts';
import { transforms as t } from './rules.ts';
import { evaluateJaxpr } from '../interpreter.ts';

const { lax } = t;
const trace = (dtype: 'float32' | 'float64', shapes: readonly number[][], f: (...xs: NDArray[]) => NDArray[]): Jaxpr =>
  t.trace(
    f,
    shapes.map((shape) => aval(shape, dtype)),
  );

const array = (dtype: 'float32' | 'float64', values: readonly number[]): HostArray =>
  hostArray(dtype, [values.length], values);

/** A program that exercises every kind of rule, in either precision. */
const program = (x: NDArray, y: NDArray): NDArray[] => {
  const product = lax.mul(lax.exp(lax.neg(lax.mul(x, x))), y);
  const sums = lax.cumsum(lax.add(product, lax.tanh(y)), 0);
  const moved = lax.rev(lax.concatenate([sums, x], 0), [0]);
  const dot = lax.dot(moved, moved);
  const chosen = lax.select(lax.lt(sums, y), lax.sin(sums), lax.sqrt(lax.abs(y)));
  return [moved, dot, chosen, lax.floor(sums)];
};

describe('the worst-case bound', () => {
  test('is infinite for a NaN that an overflow and a zero make', () => {
    const jaxpr = trace('float32', [[1], [1], [1]], (x, y, z) => [
      lax.mul(lax.mul(x, y), z),
      lax.mul(lax.mul(x, z), y),
    ]);
    const big = array('float32', [1e30]);
    const [early, late] = errorBound(jaxpr, [big, big, array('float32', [0])], 'strict');
    expect([numbers(early!.value)[0], early!.bound!.worst[0]]).toEqual([NaN, Infinity]);
    expect(numbers(late!.value)[0]).toBe(0);
  });
  test('holds of float32 against float64, and is not idle', () => {
    const numbersOf = fc.array(fc.float({ noNaN: true, min: -3, max: 3 }), { minLength: 6, maxLength: 6 });
    const [single, double] = (['float32', 'float64'] as const).map((dtype) => trace(dtype, [[6], [6]], program)) as [
      Jaxpr,
      Jaxpr,
    ];
    let largest = 0;
    fc.assert(
      fc.property(numbersOf, numbersOf, (x, y) => {
        const bounds = errorBound(single, [array('float32', x), array('float32', y)], 'strict');
        const exact = evaluateJaxpr(double, [array('float64', x), array('float64', y)]);
        bounds.forEach(({ value, bound }, j) => {
          numbers(value).forEach((v, i) => {
            const error = Math.abs(v - numbers(exact[j]!)[i]!);
            const allowed = bound?.worst[i] ?? 0;
            expect(error).toBeLessThanOrEqual(allowed);
            if (allowed < Infinity && allowed > 0) largest = Math.max(largest, error / allowed);
          });
        });
      }),
    );
    expect(largest).toBeGreaterThan(0.05);
  });

  test('of products is what both errors together make', () => {
    const one = { value: array('float64', [3]), bound: { worst: Float64Array.of(2), variance: Float64Array.of(1) } };
    const jaxpr = trace('float64', [[1], [1]], (x, y) => [lax.mul(x, y)]);
    const [y] = carry(jaxpr, [one, one], 'strict');
    // 5·5 − 3·3 and half a unit of each side; the variances: 9 + 9 + 1, and of the roundings less than 1.
    expect(y!.bound!.worst[0]).toBeGreaterThanOrEqual(16);
    expect(y!.bound!.worst[0]).toBeLessThan(16 + 2 ** -46);
    expect(Math.floor(y!.bound!.variance[0]!)).toBe(19);
  });

  test('of what may overflow is infinite', () => {
    const { max } = finfo('float64');
    const x = { value: array('float64', [max / 2, max / 4]), bound: null };
    const y = { ...x, bound: { worst: Float64Array.of(max / 2, max / 8), variance: new Float64Array(2) } };
    const jaxpr = trace('float64', [[2], [2]], (a, b) => [lax.add(a, b)]);
    expect([...carry(jaxpr, [x, y], 'strict')[0]!.bound!.worst].map(Number.isFinite)).toEqual([false, true]);
  });

  test('of comparisons is unknown where the intervals of the operands meet', () => {
    const around = (value: number): Bounded => {
      const worst = Float64Array.of(1);
      return { value: array('float64', [value]), bound: { worst, variance: worst } };
    };
    const jaxpr = trace('float64', [[1], [1]], (x, y) => [lax.lt(x, y), lax.eq(x, y)]);
    const worst = (y: number): number[] =>
      carry(jaxpr, [around(2), around(y)], 'strict').map(({ bound }) => bound!.worst[0]!);
    expect([worst(3.5), worst(4.5)]).toEqual([
      [Infinity, Infinity],
      [0, 0],
    ]);
  });

  test('of complex quotients holds in the discs of the operands, and is finite while the divisor keeps clear of 0', () => {
    const part = fc.integer({ min: -32, max: 32 }).map((n) => n / 8);
    const disc = fc.record({ re: part, im: part, radius: fc.nat(8).map((n) => n / 8), angle: part });
    const jaxpr = t.trace((x, y) => [lax.div(x, y)], [aval([1], 'complex128'), aval([1], 'complex128')]);
    const complex = (re: number, im: number): HostArray => ({ shape: [1], dtype: 'complex128', data: Float64Array.of(re, im) }); // prettier-ignore
    fc.assert(
      fc.property(disc, disc, (...discs) => {
        const uncertain = discs.map(({ re, im, radius }) => {
          const worst = Float64Array.of(radius);
          return { value: complex(re, im), bound: { worst, variance: worst } };
        });
        const [{ value, bound }] = carry(jaxpr, uncertain, 'strict') as [Bounded];
        const moved = discs.map(({ re, im, radius, angle }) =>
          complex(re + radius * Math.cos(angle), im + radius * Math.sin(angle)),
        );
        const [[a, b], [c, d]] = [value, evaluateJaxpr(jaxpr, moved)[0]!].map(parts) as [Float64Array, Float64Array];
        const worst = bound!.worst[0]!;
        if (worst < Infinity) expect(Math.hypot(c! - a!, d! - b!)).toBeLessThanOrEqual(worst * (1 + 1e-12));
        expect(worst < Infinity).toBe(Math.hypot(discs[1].re, discs[1].im) > discs[1].radius);
      }),
    );
  });

  test('of a remainder is finite while the quotient stays between two integers', () => {
    const around = (value: number, by: number): Bounded => {
      const worst = Float64Array.of(by);
      return { value: array('float64', [value]), bound: { worst, variance: worst } };
    };
    const jaxpr = trace('float64', [[1], [1]], (x, y) => [lax.rem(x, y)]);
    const worst = (x: number): number =>
      carry(jaxpr, [around(x, 1 / 8), around(2, 1 / 64)], 'strict')[0]!.bound!.worst[0]!;
    expect(worst(7.25)).toBe(1 / 8 + 3 / 64);
    expect(worst(6.05)).toBe(Infinity);
  });

  test('of a place is unknown where other places may be as large', () => {
    const worst = Float64Array.of(1, 1);
    const at = (x: number): number => {
      const operand = { value: array('float64', [x, 0]), bound: { worst, variance: worst } };
      const jaxpr = trace('float64', [[2]], (v) => [lax.argmax(v, 0)]);
      return carry(jaxpr, [operand], 'strict')[0]!.bound!.worst[0]!;
    };
    expect(at(0.5)).toBe(Infinity);
  });

  test('of what is made of an uncertain NaN is infinite', () => {
    const worst = Float64Array.of(1);
    const jaxpr = trace('float64', [[1]], (x) => [lax.exp(x)]);
    const [y] = carry(jaxpr, [{ value: array('float64', [NaN]), bound: { worst, variance: worst } }], 'strict');
    expect(y!.bound!.worst[0]).toBe(Infinity);
  });

  test('of what is moved is nothing beside a subnormal that may be flushed', () => {
    const jaxpr = trace('float32', [[3]], (x) => [lax.rev(x, [0])]);
    const [y] = errorBound(jaxpr, [array('float32', [1, 2 ** -130, 1])], 'gpu');
    expect([...y!.bound!.worst].map((w) => w > 0)).toEqual([false, true, false]);
  });

  test('of a transcendental function is what the table of the profile allows', () => {
    const worst = (f: (x: NDArray) => NDArray, profile: 'fast' | 'gpu'): number =>
      errorBound(
        trace('float32', [[1]], (x) => [f(x)]),
        [array('float32', [8])],
        profile,
      )[0]!.bound!.worst[0]!;
    // In units in the last place; half of one is the reference's own.
    expect(worst((x) => lax.sin(x), 'fast') / ulpSize(Math.sin(8), 'float32')).toBe(4.5);
    expect(worst((x) => lax.exp(x), 'gpu') / ulpSize(Math.exp(8), 'float32')).toBe(3 + 2 * 8 + 0.5);
  });

  test('of an update goes where the update goes', () => {
    const worst = Float64Array.of(1);
    const update = { value: array('float64', [2]), bound: { worst, variance: worst } };
    const jaxpr = trace('float64', [[3], [1]], (x, y) => [lax.dynamicUpdateSlice(x, y, [lax.full([], 1, 'int32')])]);
    const [y] = carry(jaxpr, [{ value: array('float64', [5, 6, 7]), bound: null }, update], 'strict');
    expect([...y!.bound!.worst]).toEqual([0, 1, 0]);
  });

  test('of a solution is how far two of them may be apart, and what uncertain operands do', () => {
    const apart = Float64Array.of(1, Infinity);
    const primitive = {
      ...primitives.neg,
      accuracy: () => ({ kind: 'backward' as const, checks: () => [], forward: () => [apart] }),
    };
    const jaxpr = t.trace((x) => t.bind(primitive, [x], {}), [aval([2], 'float32')]);
    const x = array('float32', [1, 2]);
    const bound = { worst: Float64Array.of(2, 2), variance: Float64Array.of(4, 4) };
    const worst = (of: Bounded): number[] => [...carry(jaxpr, [of], 'strict')[0]!.bound!.worst];
    expect(worst({ value: x, bound: null })).toEqual([1, Infinity]);
    expect(worst({ value: x, bound })).toEqual([3, Infinity]);
  });

  test('is zero for exact programs', () => {
    const jaxpr = trace('float32', [[3]], (x) => [lax.neg(lax.rev(x, [0])), lax.ge(x, x)]);
    expect(errorBound(jaxpr, [array('float32', [1, 2, 3])], 'strict').map((y) => y.bound)).toEqual([null, null]);
  });

  test('is infinite across a jump and across a pole, and finite beside them', () => {
    const jaxpr = trace('float32', [[2]], (x) => {
      const third = lax.div(x, lax.mul(x, 3));
      return [lax.floor(lax.mul(third, 3)), lax.log(lax.sub(third, third)), lax.floor(third), lax.log(third)];
    });
    const [jump, pole, level, slope] = errorBound(jaxpr, [array('float32', [3, 7])], 'strict').map(
      (y) => y.bound!.worst,
    );
    expect([...jump!, ...pole!]).toEqual([Infinity, Infinity, Infinity, Infinity]); // floor(3 · ⅓), log of something around 0
    expect([...level!]).toEqual([0, 0]);
    expect(Math.max(...slope!)).toBeLessThan(1e-6);
  });

  test('of a branch is its own where uncertain values decide it for certain, else that of all branches', () => {
    const type = aval([], 'float64');
    const branches = [t.trace((x) => [x], [type]), t.trace((x) => [lax.add(x, 100)], [type])];
    const jaxpr = t.trace((x) => {
      const index = lax.convertElementType(lax.gt(x, lax.full([], 4, 'float64')), 'int32');
      return t.bind(higherOrder.cond, [index, x], { branches });
    }, [type]); // prettier-ignore
    const one = Float64Array.of(1);
    const worst = (x: number): number =>
      carry(jaxpr, [{ value: hostArray('float64', [], [x]), bound: { worst: one, variance: one } }], 'strict')[0]!
        .bound!.worst[0]!;
    expect(worst(2)).toBe(1);
    expect(worst(3.5)).toBeGreaterThan(100);
  });

  test('passes through loops and branches', () => {
    const body = t.trace((c, x) => [lax.add(lax.mul(c, x), x), lax.sin(c)], [aval([], 'float32'), aval([], 'float32')]);
    const scan = { jaxpr: body, length: 4, reverse: false, num_consts: 0, num_carry: 1 };
    const jaxpr = t.trace(
      (c, xs) => t.bind(higherOrder.scan, [c, xs], scan),
      [aval([], 'float32'), aval([4], 'float32')],
    );
    const [carry, ys] = errorBound(
      jaxpr,
      [hostArray('float32', [], [0.3]), array('float32', [0.1, 0.2, 0.3, 0.4])],
      'strict',
    );
    expect(carry!.bound!.worst[0]).toBeGreaterThan(0);
    expect(ys!.bound!.worst.every((w) => w > 0 && w < 1e-5)).toBe(true);
  });
});

test('an error that is uniform within its limits has a variance of a third of their square, a sum of such errors less', () => {
  for (const dtype of ['float16', 'bfloat16', 'float32'] as const) {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 9 }), (values) => {
        const jaxpr = t.trace((v) => [lax.reduceSum(v, { axes: [0] })], [aval([values.length], dtype)]);
        const { worst, variance } = errorBound(jaxpr, [hostArray(dtype, [values.length], values)], 'strict')[0]!.bound!;
        expect(variance[0]).toBeLessThanOrEqual((worst[0]! ** 2 / 3) * (1 + 1e-12));
      }),
    );
  }
});

test('the likely error of a long sum is far below its bound, and above the error', () => {
  const n = 4096;
  const x = hostArray(
    'float32',
    [n],
    Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898)),
  );
  const jaxpr = trace('float32', [[n]], (v) => [lax.reduceSum(v, { axes: [0] })]);
  const { value, bound } = errorBound(jaxpr, [x], 'strict')[0]!;
  const running = [...numbers(x)].reduce((sum, v) => Math.fround(sum + v), 0);
  const error = Math.abs(running - numbers(value)[0]!);
  const likely = 4 * Math.sqrt(bound!.variance[0]!);
  expect(error).toBeLessThanOrEqual(likely);
  expect(likely).toBeLessThan(bound!.worst[0]! / 10);
});
