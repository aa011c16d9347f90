import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disagreement } from '../../conformance/testing/agree.ts';
import { grad, jit, jvp, lax, makeJaxpr, type NDArray, np, vmap } from '../index.ts';

/** x ↦ sin(x)·w, n times. */
const repeated =
  (n: NDArray | number) =>
  (x: NDArray, w: NDArray): NDArray =>
    lax.whileLoop(
      ({ i }: { y: NDArray; i: NDArray }) => lax.lt(i, n),
      ({ y, i }: { y: NDArray; i: NDArray }) => ({ y: lax.mul(lax.sin(y), w), i: lax.add(i, 1) }),
      { y: x, i: np.array(0n) },
    ).y;
/** The same as a scan, which stores what it needs. */
const scanned =
  (n: number) =>
  (x: NDArray, w: NDArray): NDArray =>
    lax.scan((y: NDArray) => [lax.mul(lax.sin(y), w), null], x, null, { length: n })[0];

const number = fc
  .float({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true })
  .map((v) => np.array(v, { dtype: 'float64' }));
type F = (x: NDArray, w: NDArray) => unknown;
const inBoth = (f: F) => grad(f as never, { argnums: [0, 1] }) as unknown as F;

describe('whileLoop', () => {
  test('gives what a scan of as many steps gives, in value and in every derivative', () => {
    const transformed: ((f: F) => F)[] = [
      (f) => f,
      inBoth,
      (f) => grad(grad(f as never, { argnums: 1 }) as never) as unknown as F,
      (f) => (x, w) => jvp(f as never, [x, w] as never, [w, x] as never),
      (f) => jit(inBoth(f) as never) as unknown as F,
    ];
    fc.assert(
      fc.property(fc.nat(12), number, number, (n, x, w) => {
        for (const of of transformed) expect(disagreement(of(repeated(n)), of(scanned(n)), [x, w])).toBeNull();
      }),
      { numRuns: 15 },
    );
  });

  test('stops each example of a batch by itself', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }), number, number, (steps, x, w) => {
        const batch = np.array(steps.map(BigInt));
        for (const of of [(f: F) => f, inBoth]) {
          const together: F = (...args) => vmap((n: NDArray) => of(repeated(n))(...args) as NDArray)(batch);
          const apart: F = (...args) => {
            const rows = steps.map((n) => [of(scanned(n))(...args)].flat() as NDArray[]);
            const columns = rows[0]!.map((_, k) => np.stack(rows.map((r) => r[k]!)));
            return columns.length === 1 ? columns[0] : columns;
          };
          expect(disagreement(together, apart, [x, w])).toBeNull();
        }
      }),
      { numRuns: 15 },
    );
  });

  test('a stopped example does not see what the body makes of it', () => {
    // 1/x would be infinite at 0, and its derivative NaN.
    const f = (x: NDArray): NDArray =>
      lax.whileLoop(
        (y: NDArray) => lax.gt(y, 0.5),
        (y: NDArray) => lax.div(0.25, y),
        x,
      );
    expect(vmap(f)(np.array([0, 1])).js()).toEqual([0, 0.25]);
    expect(vmap(grad(f))(np.array([0, 1])).js()).toEqual([1, -0.25]);
  });

  test('reverse mode evaluates the known part of the body n·log n times, and keeps a stack of fixed size', () => {
    const derivative = grad((x: NDArray) => repeated(np.array(300n))(x, np.array(1)));
    const text = String(makeJaxpr(derivative)(np.array(0.5)));
    expect(text).not.toContain('300,');
    expect(
      disagreement(
        derivative,
        grad((x: NDArray) => scanned(300)(x, np.array(1))),
        [np.array(0.5)],
      ),
    ).toBeNull();
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a predicate that is no bool',
      () =>
        lax.whileLoop(
          (x: NDArray) => x,
          (x: NDArray) => x,
          1,
        ),
      /one bool scalar, got f32/,
    ],
    [
      'a predicate of several',
      () =>
        lax.whileLoop(
          (x: NDArray) => x.less(2),
          (x: NDArray) => x,
          np.ones([2]),
        ),
      /one bool scalar, got bool\[2\]/,
    ],
    [
      'a predicate that is no function',
      () => lax.whileLoop(true as never, (x: NDArray) => x, 1),
      /lax\.whileLoop\(anonymous\): the predicate must be a function, got true/,
    ],
    [
      'a carry that changes shape',
      () =>
        lax.whileLoop(
          () => true,
          (x: NDArray) => lax.broadcast(x, [2]),
          1,
        ),
      /must agree/,
    ],
    [
      'a carry that changes structure',
      () => lax.whileLoop(() => true, ((x: NDArray) => [x, x]) as never, 1),
      /the carry is \* at first/,
    ],
    [
      'an initial value that is no array',
      () => lax.whileLoop(() => true, (c) => c, { x: 'one' }), // prettier-ignore
      /lax\.whileLoop\(anonymous\) init, argument \[0\]\.x: /,
    ],
    ['an async body', () => lax.whileLoop(() => true, (async (x: NDArray) => x) as never, 1), /returned a Promise/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

describe('foriLoop', () => {
  test.each([
    [0, 5],
    [2, 4],
    [3, 3],
    [4, -1],
  ])('from %i to %i', (lower, upper) => {
    const wanted = Array.from({ length: Math.max(upper - lower, 0) }, (_, k) => lower + k).reduce(
      (a, b) => 3 * a + b,
      1,
    );
    const step = (i: NDArray, c: NDArray): NDArray => lax.add(lax.mul(c, 3), lax.convertElementType(i, 'float32'));
    expect(lax.foriLoop(lower, upper, step, 1).item()).toBe(wanted);
    expect(lax.foriLoop(lower, np.array(BigInt(upper)), step, 1).item()).toBe(wanted);
    expect(lax.foriLoop(np.array(BigInt(lower)), upper, step, 1).item()).toBe(wanted);
    expect(jit((n: NDArray) => lax.foriLoop(lower, n, step, 1))(np.array(BigInt(upper))).item()).toBe(wanted);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'limits of two dtypes',
      () => lax.foriLoop(np.array(0, 'int32'), np.array(3, 'int16'), (_, c) => c, 0),
      /lower and upper must have one dtype, got int32 and int16/,
    ],
    [
      'an argument more',
      () => lax.foriLoop(0, 1, (_, c) => c, 0, {}, ...([1] as unknown as [])),
      /lax\.foriLoop: got an argument more than it takes, 1/,
    ],
    ['a fraction', () => lax.foriLoop(0, 1.5, (_, c) => c, 0), /upper must be an integer/],
    [
      'a float array',
      () => lax.foriLoop(np.array(0), 2, (_, c) => c, 0),
      /lower must be an integer scalar, got f32\[\]/,
    ],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

describe('map and associativeScan', () => {
  test('map stacks the results', () => {
    const [a, b] = lax.map((x: NDArray) => [x.mul(x), x.neg()], np.array([0, 1, 2, 3]));
    expect([a.js(), b.js()]).toEqual([
      [0, 1, 4, 9],
      [-0, -1, -2, -3],
    ]);
  });

  test('map needs slices', () => {
    const along = (xs: unknown) => (): unknown => lax.map((x) => x, xs);
    expect(along([np.ones([2]), 1])).toThrow('lax.map(anonymous): xs must have an axis to go along, got f32[]');
    expect(along([])).toThrow('lax.map(anonymous): xs must have an axis to go along, got no array');
  });

  test('the prefixes of an associative function that does not commute', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), {
          minLength: 1,
          maxLength: 17,
        }),
        fc.boolean(),
        (pairs, reverse) => {
          // Affine maps x ↦ a·x + b, first the one, then the other.
          const compose = ([a, b]: readonly number[], [c, d]: readonly number[]): number[] => [a! * c!, b! * c! + d!];
          const columns = [0, 1].map((k) =>
            np.array(
              pairs.map((p) => p[k]!),
              { dtype: 'int32' },
            ),
          );
          const f = ([a, b]: NDArray[], [c, d]: NDArray[]): NDArray[] => [
            lax.mul(a!, c!),
            lax.add(lax.mul(b!, c!), d!),
          ];
          const got = lax.associativeScan(f as never, columns, { reverse }).map((x) => x.js() as number[]);
          const order = reverse ? pairs.toReversed() : pairs;
          let sofar: readonly number[] = order[0]!;
          const wanted = order.map((p, i) => (sofar = i === 0 ? sofar : compose(sofar, p)).map((v) => v | 0));
          if (reverse) wanted.reverse();
          expect([0, 1].map((k) => wanted.map((p) => p[k]))).toEqual(got);
        },
      ),
    );
  });

  test('along another axis, and of nothing', () => {
    expect(lax.associativeScan(np.add, np.ones([2, 3]), { axis: -1 }).js()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(lax.associativeScan(np.add, np.zeros([0, 3])).shape).toEqual([0, 3]);
    expect(() => lax.associativeScan((a, b) => [a, b], np.ones([2]))).toThrow('f must return *, got [*, *]');
    expect(() => lax.associativeScan(np.add, np.ones([2]), { axis: 1 })).toThrow(/has no axis 1/);
    expect(() => lax.associativeScan(np.add, [np.ones([2]), np.ones([3])] as never)).toThrow(
      /must agree about the axis/,
    );
  });
});
