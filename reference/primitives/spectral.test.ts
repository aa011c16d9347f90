import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { forCalls } from '../../conformance/testing/structural.ts';
import type { DType } from '../core/dtypes.ts';
import { avalOf, build, type Element, type HostArray, hostArray, numbers } from '../core/host.ts';
import type { AnyFirstOrder, BackwardCheck, Params } from '../core/primitive.ts';
import { eig } from './eig.ts';
import { eigh } from './eigh.ts';
import { singular } from './numerics/jacobi.ts';
import { arrayOf, COMPLEX, type Field, Matrix, REAL } from './numerics/matrix.ts';
import { svd } from './svd.ts';

const DTYPES: readonly DType[] = ['float32', 'float64', 'complex64', 'complex128'];
const CALLS: readonly (readonly [AnyFirstOrder, Params])[] = [
  [eigh, { lower: true, sort_eigenvalues: true }],
  [eigh, { lower: false, sort_eigenvalues: true }],
  [svd, { full_matrices: true, compute_uv: true }],
  [svd, { full_matrices: false, compute_uv: true }],
  [svd, { full_matrices: true, compute_uv: false }],
  [eig, { compute_left_eigenvectors: true, compute_right_eigenvectors: true }],
  [eig, { compute_left_eigenvectors: false, compute_right_eigenvectors: false }],
];

/** The checks that results of a call do not pass. */
function failures(p: AnyFirstOrder, a: HostArray, params: Params, got?: readonly HostArray[]): BackwardCheck[] {
  const accuracy = p.accuracy([avalOf(a)], params);
  if (accuracy.kind !== 'backward') throw new Error('not judged by checks');
  const expected = p.evaluate([a], params);
  return accuracy.checks([a], expected, got ?? expected, 0).filter(({ error, allowed }) => !(error <= allowed));
}

describe('the results solve the problem', () => {
  for (const p of [eigh, svd, eig]) {
    test(`of ${p.name}, whatever the matrix`, () => {
      forCalls<object>(p as never, DTYPES, ({ args, params }) => {
        // Underflow is not counted here.
        const a = args[0]!;
        const tame = { ...a, data: a.data.map((v) => (Math.abs(Number(v)) < 1e-20 ? 0 : v) as never) } as HostArray;
        expect(failures(p, tame, params as Params)).toEqual([]);
      });
    });
  }

  test('of eig, where the block of two eigenvalues is far from balanced', () => {
    const a = hostArray('float64', [3, 3], [0, 0, 0, 0.49119102205993004, 0, -0.5, 0, 2 ** 53, 0]);
    expect(failures(eig, a, { compute_left_eigenvectors: true, compute_right_eigenvectors: true })).toEqual([]);
  });

  test('of eig, where the block of two eigenvalues has a determinant far below its elements', () => {
    const a = hostArray('float64', [3, 3], [-2.5, 2.5, -1.56, -0.5, 1.5, 1.09, 2e-308, -(2 ** 53), -1.75]);
    expect(failures(eig, a, { compute_left_eigenvectors: true, compute_right_eigenvectors: true })).toEqual([]);
  });

  test('of eig, where elements are of any sizes', () => {
    const exponent = fc.constantFrom(-900, -80, -53, -27, -10, 0, 0, 0, 10, 27, 53, 80);
    const part = fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      {
        weight: 5,
        arbitrary: fc.tuple(fc.integer({ min: -64, max: 64 }), exponent).map(([m, e]) => (m / 16) * 2 ** e),
      },
    );
    const element = { float64: part, complex128: fc.record({ re: part, im: part }) };
    const matrix = fc
      .tuple(fc.constantFrom('float64', 'float64', 'complex128'), fc.integer({ min: 2, max: 6 }))
      .chain(([dtype, n]) =>
        fc
          .array<Element>(element[dtype], { minLength: n * n, maxLength: n * n })
          .map((elements) => hostArray(dtype, [n, n], elements)),
      );
    const params = { compute_left_eigenvectors: true, compute_right_eigenvectors: true };
    const isSolved = fc.property(matrix, (a) => {
      expect(failures(eig, a, params)).toEqual([]);
    });
    fc.assert(isSolved, { numRuns: 300 });
  });

  /** Matrices that are hard in one way or another. */
  const hard: Readonly<Record<string, <S extends Element>(field: Field<S>, n: number, draw: () => S) => Matrix<S>>> = {
    'of deficient rank': (f, n, draw) => {
      const half = new Matrix(f, n, Math.ceil(n / 2), draw);
      return half.times(half.adjoint());
    },
    'with repeated eigenvalues': (f, n, draw) => {
      const { u } = singular(new Matrix(f, n, n, draw), true);
      return u.map((x, _, j) => f.scale(x, 1 + (j % 2))).times(u.adjoint());
    },
    graded: (f, n, draw) => new Matrix(f, n, n, (i, j) => f.scale(draw(), 10 ** -(i + j))),
    "one block of Jordan's": (f, n) =>
      new Matrix(f, n, n, (i, j) => f.fromReal(Number(j === i + 1) + 2 * Number(i === j))),
    'a cycle': (f, n) => new Matrix(f, n, n, (i, j) => f.fromReal(Number((i + 1) % n === j))),
    zero: (f, n) => new Matrix(f, n, n, () => f.zero),
    unitary: (f, n, draw) => singular(new Matrix(f, n, n, draw), true).u,
    huge: (f, n, draw) => new Matrix(f, n, n, () => f.scale(draw(), 1e307)),
    'close to the smallest': (f, n, draw) => new Matrix(f, n, n, () => f.scale(draw(), 1e-290)),
  };
  for (const [kind, make] of Object.entries(hard)) {
    test(`of matrices ${kind}`, () => {
      for (const n of [1, 2, 3, 4, 7, 12]) {
        let seed = n;
        const draw = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
        const real = arrayOf('float64', [n, n], [make(REAL, n, draw)]);
        const complex = arrayOf('complex128', [n, n], [make(COMPLEX, n, () => ({ re: draw(), im: draw() }))]);
        for (const a of [real, complex]) for (const [p, params] of CALLS) expect(failures(p, a, params)).toEqual([]);
      }
    });
  }
});

describe('wrong results are told from right ones', () => {
  const a = hostArray('float64', [3, 3], [2, 1, 0, 1, 3, 1, 0, 1, 7]);
  const changed = (x: HostArray, change: (v: number, i: number) => number): HostArray =>
    build('float64', x.shape, (i) => change(numbers(x)[i]!, i));
  const [v, w] = eigh.evaluate([a], { lower: true, sort_eigenvalues: true }) as [HostArray, HostArray];
  const judged = (...got: HostArray[]): string[] =>
    failures(eigh, a, { lower: true, sort_eigenvalues: true }, got).map((c) => c.what);

  test('signs are free', () =>
    expect(
      judged(
        changed(v, (x, i) => (i % 3 === 1 ? -x : x)),
        w,
      ),
    ).toEqual([]));
  test('a value', () =>
    expect(
      judged(
        v,
        changed(w, (x) => x * (1 + 1e-12)),
      ),
    ).toContain('the distance of an eigenvalue'));
  test('a vector', () =>
    expect(
      judged(
        changed(v, (x, i) => (i === 4 ? x + 1e-9 : x)),
        w,
      ),
    ).toContain('‖A·V − V·diag(w)‖'));
  test('the order', () => {
    const turned = (x: HostArray, n: number): HostArray =>
      changed(x, (_, i) => numbers(x)[i - (i % n) + (n - 1 - (i % n))]!);
    expect(judged(turned(v, 3), turned(w, 3))).toEqual(['how far eigenvalues descend']);
  });
  test('NaN', () =>
    expect(
      judged(
        changed(v, () => NaN),
        w,
      ),
    ).not.toEqual([]));

  test('one eigenvalue for another, each with its vector', () => {
    const params = { compute_left_eigenvectors: false, compute_right_eigenvectors: true };
    const [values, vectors] = eig.evaluate([a], params) as [HostArray, HostArray];
    const twice = (x: HostArray): HostArray => ({ ...x, data: x.data.map((e, i) => (i % 6 === 2 || i % 6 === 3 ? x.data[i - 2]! : e) as never) }); // prettier-ignore
    expect(failures(eig, a, params, [values, vectors])).toEqual([]);
    expect(failures(eig, a, params, [twice(values), twice(vectors)]).map((c) => c.what)).toContain('Σλ^1 − tr A^1');
  });
  test('singular vectors of one side turned alone', () => {
    const params = { full_matrices: false, compute_uv: true };
    const [s, u, vh] = svd.evaluate([a], params) as [HostArray, HostArray, HostArray];
    const found = failures(svd, a, params, [s, changed(u, (x, i) => (i % 3 === 0 ? -x : x)), vh]);
    expect(found.map((c) => c.what)).toEqual(['‖A − U·diag(s)·Vᴴ‖']);
  });
});

test('what is not finite has no solution', () => {
  const a = hostArray('float64', [2, 2, 2], [1, 0, 0, 1, 1, Infinity, NaN, 1]);
  for (const [p, params] of CALLS.slice(2)) {
    for (const y of p.evaluate([a], params)) {
      const nan = [...(y.data as Float64Array)].map(Number.isNaN);
      expect(nan).toEqual(nan.map((_, i) => i >= nan.length / 2));
    }
  }
});

test('eigh reads one triangle only', () => {
  const full = hostArray('complex128', [2, 2], [{ re: 1, im: 5 }, { re: NaN, im: 0 }, { re: 2, im: 1 }, { re: 3, im: 0 }]); // prettier-ignore
  const other = hostArray('complex128', [2, 2], [{ re: 1, im: 0 }, { re: 2, im: -1 }, { re: NaN, im: 0 }, { re: 3, im: 0 }]); // prettier-ignore
  const solved = (a: HostArray, lower: boolean): HostArray[] => [
    ...eigh.evaluate([a], { lower, sort_eigenvalues: true }),
  ];
  expect(solved(full, true)).toEqual(solved(other, false));
});

it('eigenvalues of real matrices are real, or exact conjugates', () => {
  const square = fc.integer({ min: 1, max: 7 }).chain((n) => fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: n * n, maxLength: n * n })); // prettier-ignore
  fc.assert(
    fc.property(square, (elements) => {
      const n = Math.sqrt(elements.length);
      const a = hostArray('float64', [n, n], elements);
      const [w] = eig.evaluate([a], { compute_left_eigenvectors: false, compute_right_eigenvectors: false });
      const data = w!.data as Float64Array;
      const values = Array.from({ length: n }, (_, j) => ({ re: data[2 * j]!, im: data[2 * j + 1]! }));
      const key = (x: { re: number; im: number }): string => `${x.re} ${Math.abs(x.im)}`;
      const upper = values.filter((x) => x.im > 0).map(key);
      expect(values.filter((x) => x.im < 0).map(key)).toEqual(upper);
    }),
  );
});
