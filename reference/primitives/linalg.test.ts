import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import '../index.ts';
import { judgeEquation } from '../../conformance/budgets.ts';
import { fixtures } from '../../conformance/programs/fixtures.ts';
import { makeGen } from '../../conformance/programs/gen.ts';
import { gensOf } from '../../conformance/testing/structural.ts';
import { Bench } from '../../conformance/bench.ts';
import { laws } from '../../conformance/laws/index.ts';
import { RandomStream } from '../../conformance/programs/random-stream.ts';
import { callSample, jvpOf } from '../../conformance/programs/sample.ts';
import type { DType } from '../core/dtypes.ts';
import { avalOf, build, type Complex, elements, type HostArray, hostArray, numbers, parts } from '../core/host.ts'; // prettier-ignore
import { Backend } from '../core/open-backend.ts';
import type { Accuracy, AnyFirstOrder, Bound, Bounded, Call, Params } from '../core/primitive.ts';
import { openReference, referenceBackend } from '../interpreter.ts';
import { cholesky, geqrf, householderProduct, lu, luPivotsToPermutation, qr, triangularSolve, tridiagonalSolve } from './linalg.ts'; // prettier-ignore

const SOLVERS: readonly AnyFirstOrder[] = [
  cholesky,
  triangularSolve,
  lu,
  geqrf,
  householderProduct,
  qr,
  tridiagonalSolve,
];
const small = (p: AnyFirstOrder): fc.Arbitrary<Call<Params>> =>
  gensOf(p).chain((gen) => p.cases(gen) as fc.Arbitrary<Call<Params>>);
const odd = (p: AnyFirstOrder, dtype: DType = 'float64'): fc.Arbitrary<Call<Params>> =>
  p.cases(makeGen(fc, dtype, 'odd')) as fc.Arbitrary<Call<Params>>;

const judge = (p: AnyFirstOrder, { args, params }: Call<Params>, got: readonly HostArray[]): string | null =>
  judgeEquation(p, args, params, p.evaluate(args, params), got, 'strict').wrong?.message ?? null;

const dtypes = fc.constantFrom<DType>('float32', 'float64', 'complex64', 'complex128');

type Backward = Accuracy & { readonly kind: 'backward' };
const accuracyOf = (p: AnyFirstOrder, { args, params }: Call<Params>): Backward =>
  p.accuracy(args.map(avalOf), params) as Backward;

describe.each(SOLVERS)('$name', (p) => {
  test('every solution of the reference passes the checks', () => {
    fc.assert(
      fc.property(small(p), (call) => {
        expect(judge(p, call, p.evaluate(call.args, call.params))).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  test('a wrong element is convicted', () => {
    const calls = dtypes.chain((dtype) => odd(p, dtype));
    const isModerate = (v: number): boolean => v === 0 || (Math.abs(v) > 2 ** -10 && Math.abs(v) < 100);
    const moderate = calls.filter(({ args }) => args.every((x) => parts(x).every(isModerate)));
    fc.assert(
      fc.property(moderate, fc.nat(), (call, at) => {
        const results = p.evaluate(call.args, call.params);
        const [y, ...others] = results;
        const data = parts(y!).slice();
        const i = at % data.length;
        if (!data.every(Number.isFinite) || Math.max(...data.map(Math.abs)) > 1e6) return;
        data[i] = data[i]! + 1 + Math.abs(data[i]!);
        expect(judge(p, call, [{ ...y!, data }, ...others])).not.toBeNull();
        data[i] = NaN;
        expect(judge(p, call, [{ ...y!, data }, ...others])).not.toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  test('bounds cover what perturbed operands give', () => {
    let known = 0;
    fc.assert(
      fc.property(odd(p), fc.nat(1000), fc.constantFrom(2 ** -30, 2 ** -44), ({ args, params }, seed, size) => {
        const random = new RandomStream('perturbed', seed);
        const operands = args.map((value): Bounded => {
          const worst = Float64Array.from(numbers(value), (v) => (random.chance(0.5) ? size * Math.abs(v) : 0));
          return { value, bound: { worst, variance: worst } };
        });
        const moved = operands.map(({ value, bound }) =>
          build(value.dtype, value.shape, (i) => numbers(value)[i]! + (random.below(3) - 1) * bound!.worst[i]!),
        );
        if (!moved.every((x) => numbers(x).every(Number.isFinite))) return;
        const [before, after] = [p.evaluate(args, params), p.evaluate(moved, params)];
        const bounds = (p.bound as (x: readonly Bounded[], y: readonly HostArray[], q: Params) => Bound[])(operands, before, params); // prettier-ignore
        before.forEach((y, j) =>
          numbers(y).forEach((v, i) => {
            const bound = bounds[j]!.worst[i]!;
            if (bound < Infinity) expect(Math.abs(v - numbers(after[j]!)[i]!)).toBeLessThanOrEqual(bound);
            known += Number(bound < Infinity);
          }),
        );
      }),
      { numRuns: 40 },
    );
    expect(known).toBeGreaterThan(100);
  });

  test('second derivatives are the limits of difference quotients', async () => {
    const bench = new Bench(new Backend(referenceBackend, openReference()));
    let compared = 0;
    for (const [k, call] of fc.sample(odd(p), { numRuns: 6, seed: 5 }).entries()) {
      if (call.args[0]!.data.length > 30) continue;
      const once = jvpOf(callSample(p, call), new RandomStream('first', k));
      const judged = await laws.derivative.check(bench, once, new RandomStream('second', k));
      expect(judged.wrong).toBeNull();
      compared += judged.compared;
    }
    expect(compared).toBeGreaterThan(0);
  });
});

test('exact solutions pass the checks too, and are as near as is promised', () => {
  for (const { id, primitive, operands, params, expected } of fixtures()) {
    if (!SOLVERS.some((p) => p.name === primitive.name)) continue;
    const call = { args: operands, params };
    expect([id, judge(primitive, call, expected)]).toEqual([id, null]);
    const results = primitive.evaluate(operands, params);
    const apart = accuracyOf(primitive, call).forward(operands, results, 2 ** -149);
    results.forEach((y, j) =>
      numbers(y).forEach((v, i) => {
        if (apart[j]![i]! < Infinity)
          expect(Math.abs(v - numbers(expected[j]!)[i]!)).toBeLessThanOrEqual(apart[j]![i]!);
      }),
    );
  }
});

// ---- in exact arithmetic

/** A matrix of small Gaussian integers, or of integers. */
function integers(dtype: DType, rows: number, columns: number, random: RandomStream): Complex[][] {
  const one = (): number => random.below(9) - 4;
  const list = (n: number): undefined[] => Array.from({ length: n });
  return list(rows).map(() => list(columns).map(() => ({ re: one(), im: dtype.startsWith('complex') ? one() : 0 })));
}
const times = (a: readonly Complex[][], b: readonly Complex[][]): Complex[][] =>
  a.map((row) =>
    b[0]!.map((_, j) =>
      row.reduce(
        (sum, x, k) => {
          const y = b[k]![j]!;
          return { re: sum.re + x.re * y.re - x.im * y.im, im: sum.im + x.re * y.im + x.im * y.re };
        },
        { re: 0, im: 0 },
      ),
    ),
  );
const turned = (a: readonly Complex[][]): Complex[][] => a[0]!.map((_, j) => a.map((row) => row[j]!));
const conjugated = (a: readonly Complex[][]): Complex[][] => a.map((row) => row.map(({ re, im }) => ({ re, im: -im })));
const array = (dtype: DType, a: readonly Complex[][]): HostArray => {
  const flat = a.flat();
  return hostArray(dtype, [a.length, a[0]!.length], dtype.startsWith('complex') ? flat : flat.map((x) => x.re));
};
const entries = (x: HostArray): Complex[] => {
  const at = elements(x);
  return Array.from({ length: x.shape[0]! * x.shape[1]! }, (_, i) => {
    const v = at(i) as Complex | number;
    return typeof v === 'number' ? { re: v + 0, im: 0 } : { re: v.re + 0, im: v.im + 0 }; // −0 is +0
  });
};
/** One triangle, with these numbers on the diagonal. */
const triangle = (a: readonly Complex[][], lower: boolean, diagonal: (i: number) => number): Complex[][] =>
  a.map((row, i) => row.map((x, j) => (i === j ? { re: diagonal(i), im: 0 } : i > j === lower ? x : { re: 0, im: 0 })));

const sizes = fc.integer({ min: 1, max: 5 });

test('triangular_solve finds the integers that its right-hand side was made of', () => {
  const flags = fc.record({
    left_side: fc.boolean(),
    lower: fc.boolean(),
    transpose_a: fc.boolean(),
    conjugate_a: fc.boolean(),
    unit_diagonal: fc.boolean(),
  });
  fc.assert(
    fc.property(flags, dtypes, sizes, fc.nat(), (p, dtype, n, seed) => {
      const random = new RandomStream(seed);
      const a = integers(dtype, n, n, random).map((row, i) => row.with(i, { re: [1, -2, 4, 0.5, 1][i]!, im: 0 }));
      const read = triangle(a, p.lower, (i) => (p.unit_diagonal ? 1 : a[i]![i]!.re));
      const op = [read].map((m) => (p.transpose_a ? turned(m) : m)).map((m) => (p.conjugate_a ? conjugated(m) : m))[0]!;
      const x = p.left_side ? integers(dtype, n, 2, random) : integers(dtype, 2, n, random);
      const b = p.left_side ? times(op, x) : times(x, op);
      const [y] = triangularSolve.evaluate([array(dtype, a), array(dtype, b)], p);
      expect(entries(y!)).toEqual(entries(array(dtype, x)));
    }),
  );
});

test('cholesky finds the integers that its operand was made of, and reads one triangle', () => {
  fc.assert(
    fc.property(dtypes, sizes, fc.nat(), (dtype, n, seed) => {
      const random = new RandomStream(seed);
      const l = triangle(integers(dtype, n, n, random), true, (i) => 2 ** (i % 3));
      const a = times(l, turned(conjugated(l))).map((row, i) => row.map((x, j) => (j > i ? { re: NaN, im: NaN } : x)));
      expect(entries(cholesky.evaluate([array(dtype, a)], {})[0]!)).toEqual(entries(array(dtype, l)));
    }),
  );
});

describe('which matrices have a factor', () => {
  const matrix = (...values: number[]): HostArray => hostArray('float32', [2, 2], values);
  const none = matrix(NaN, NaN, NaN, NaN);
  const judged = (a: HostArray, got: HostArray): string | null => judge(cholesky, { args: [a], params: {} }, [got]);
  const borderline = matrix(1, 0, 1, 1);
  test('is certain, or open where rounding decides', () => {
    expect(judged(matrix(4, 0, 2, 5), none)).toMatch(/no factor is given/);
    expect(judged(matrix(4, 0, 2, 0.5), none)).toBeNull();
    expect(judged(borderline, none)).toBeNull();
    expect(judged(borderline, matrix(1, 0, 1, 2 ** -12))).toBeNull();
    expect(judged(matrix(4, 0, 2, 0.5), matrix(2, 0, 1, 0.5))).toMatch(/L·Lᴴ/);
  });
});

test('a singular tridiagonal matrix has no solution', () => {
  const list = (...v: number[]): HostArray => hostArray('float64', [2], v);
  const b = hostArray('float64', [2, 1], [1, 2]);
  expect([...numbers(tridiagonalSolve.evaluate([list(9, 1), list(1, 1), list(1, 9), b], {})[0]!)]).toEqual([NaN, NaN]);
  expect([...numbers(tridiagonalSolve.evaluate([list(9, 1), list(0, 1), list(1, 9), b], {})[0]!)]).toEqual([1, 1]);
});

test.each([
  [
    [0, 5, -1],
    [0, 3, 3, 2],
  ],
  [
    [7, 7, 7],
    [3, 3, 3, 3],
  ],
  [
    [-9, 1, 2],
    [0, 1, 2, 3],
  ],
  [
    [-1, -1, -1],
    [3, 0, 1, 2],
  ],
])('lu_pivots_to_permutation of %j is that of JAX', (pivots, order) => {
  const [y] = luPivotsToPermutation.evaluate([hostArray('int32', [3], pivots)], { permutation_size: 4 });
  expect([...numbers(y!)]).toEqual(order);
});
