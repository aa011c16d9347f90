import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errors, grad, np, type NDArray, vmap } from '../../index.ts';

type Rows = readonly (readonly number[])[];
const array = (a: Rows | readonly number[]): NDArray => np.array(a, { dtype: 'float64' });
const rounded = (x: NDArray): unknown => JSON.parse(JSON.stringify(x.js()), (_, v) => (typeof v === 'number' ? Math.round(v) + 0 : v)); // prettier-ignore
const times = (a: Rows, b: Rows): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
const turned = (a: Rows): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!));
const determinant = (a: Rows): number =>
  a.length === 0
    ? 1
    : a[0]!.reduce((sum, x, j) => sum + (j % 2 ? -x : x) * determinant(a.slice(1).map((r) => r.toSpliced(j, 1))), 0);

const small = fc.integer({ min: -3, max: 3 });
const matrixOf = (rows: number, columns: number): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(small, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows });
const size = fc.integer({ min: 1, max: 4 });
const square = size.chain((n) => matrixOf(n, n));
/** The product of triangles with ones on the diagonal: integers, whose inverses are integers. */
const unimodular = square.map((a) => {
  const half = (lower: boolean): number[][] =>
    a.map((row, i) => row.map((x, j) => (i === j ? 1 : i > j === lower ? x : 0)));
  return times(half(true), half(false));
});

// In float64 all these problems are solved within far less than a half.
describe('of matrices of small integers', () => {
  it('systems have integer solutions', () => {
    fc.assert(
      fc.property(unimodular, fc.infiniteStream(small), (a, stream) => {
        const x = a.map(() => [stream.next().value!, stream.next().value!]);
        const b = times(a, x);
        expect(rounded(np.linalg.solve(array(a), array(b)))).toEqual(x.map((row) => row.map((v) => v + 0)));
        expect(rounded(np.linalg.solve(array(a), array(turned(b)[0]!)))).toEqual(x.map(([v]) => v! + 0));
        expect(rounded(np.matmul(np.linalg.inv(array(a)), array(a)))).toEqual(np.eye(a.length).js());
      }),
    );
  });
  it('determinants are integers, and their derivatives the cofactors', () => {
    fc.assert(
      fc.property(square, (a) => {
        const d = determinant(a);
        expect(rounded(np.linalg.det(array(a)))).toBe(d + 0);
        const [sign, log] = np.linalg.slogdet(array(a));
        const modulus = Math.exp(log.item() as number);
        expect(Math.round((sign.item() as number) * modulus) + 0).toBe(d + 0);
        if (d === 0) return;
        const cofactors = a.map((row, i) =>
          row.map((_, j) => ((i + j) % 2 ? -determinant(minor(a, i, j)) : determinant(minor(a, i, j)))),
        );
        expect(rounded(grad(np.linalg.det)(array(a)))).toEqual(cofactors.map((row) => row.map((v) => v + 0)));
      }),
      { numRuns: 40 },
    );
  });
  it('norms are those of their elements', () => {
    fc.assert(
      fc.property(
        fc.tuple(size, size).chain(([m, n]) => matrixOf(m, n)),
        (a) => {
          const x = array(a);
          const sums = (rows: Rows): number[] => rows.map((row) => row.reduce((s, v) => s + Math.abs(v), 0));
          const flat = a.flat();
          const root = (v: readonly number[]): number => Math.sqrt(v.reduce((s, e) => s + e * e, 0));
          expect(np.linalg.norm(x).item()).toBe(root(flat));
          expect(np.linalg.norm(x, 'fro').item()).toBe(root(flat));
          expect(np.linalg.norm(x, 1).item()).toBe(Math.max(...sums(turned(a))));
          expect(np.linalg.norm(x, Infinity).item()).toBe(Math.max(...sums(a)));
          expect(np.linalg.norm(x, -1).item()).toBe(Math.min(...sums(turned(a))));
          expect(np.linalg.norm(x, -Infinity, { axis: [0, 1], keepdims: true }).js()).toEqual([[Math.min(...sums(a))]]);
          expect(np.linalg.norm(x, 1, { axis: [1, 0] }).item()).toBe(Math.max(...sums(a)));
          expect(np.linalg.norm(x, null, { axis: 1 }).js()).toEqual(a.map(root));
          expect(np.linalg.norm(x, 1, { axis: -1 }).js()).toEqual(sums(a));
          expect(np.linalg.norm(x, 0, { axis: 0 }).js()).toEqual(turned(a).map((c) => c.filter((v) => v !== 0).length));
          expect(np.linalg.norm(x, Infinity, { axis: 0 }).js()).toEqual(turned(a).map((c) => Math.max(...c.map(Math.abs)))); // prettier-ignore
          expect(rounded(np.linalg.norm(x, 3, { axis: 1 }).pow(3))).toEqual(a.map((row) => row.reduce((s, v) => s + Math.abs(v) ** 3, 0))); // prettier-ignore
        },
      ),
    );
  });
});

const minor = (a: Rows, i: number, j: number): number[][] => a.toSpliced(i, 1).map((row) => row.toSpliced(j, 1));

it('factors multiply to their matrix', () => {
  const a = array([[4, 2], [2, 5]]); // prettier-ignore
  expect(np.linalg.cholesky(a).js()).toEqual([[2, 0], [1, 2]]); // prettier-ignore
  expect(np.linalg.cholesky(a, { upper: true }).js()).toEqual([[2, 1], [0, 2]]); // prettier-ignore
  const tall = array([[3, 1], [4, 2], [0, 5]]); // prettier-ignore
  const [q, r] = np.linalg.qr(tall);
  expect([q.shape, r.shape]).toEqual([[3, 2], [2, 2]]); // prettier-ignore
  expect(rounded(np.matmul(q, r))).toEqual(tall.js());
  expect(np.linalg.qr(tall, 'complete')[0].shape).toEqual([3, 3]);
  expect(np.linalg.qr(tall, 'r').js()).toEqual(r.js());
});

it('batches broadcast, and vmap gives the same', () => {
  const a = array([[[2, 0], [1, 1]], [[1, 1], [0, 4]]] as unknown as Rows); // prettier-ignore
  const b = array([[2, 4], [4, 8]]); // prettier-ignore
  const all = np.linalg.solve(a, b);
  expect(all.shape).toEqual([2, 2, 2]);
  expect(vmap((m: NDArray) => np.linalg.solve(m, b))(a).js()).toEqual(all.js());
  expect(np.linalg.det(a).js()).toEqual([2, 4]);
  expect(np.linalg.inv(np.array([[2, 0], [0, 4]])).js()).toEqual([[0.5, 0], [0, 0.25]]); // prettier-ignore
});

it('what is no matrix is refused', () => {
  expect(() => np.linalg.det(np.ones([2, 3]))).toThrow('np.linalg.det takes square matrices, got f32[2,3]');
  expect(() => np.linalg.inv(np.ones([2]))).toThrow(errors.ShapeError);
  expect(() => np.linalg.solve(np.ones([2, 2]), np.ones([3, 1]))).toThrow(errors.ShapeError);
  expect(() => np.linalg.qr(np.ones([2, 2]), 'raw' as 'r')).toThrow(errors.ArgumentError);
  expect(() => np.linalg.norm(np.ones([2, 2]), 3)).toThrow(errors.ArgumentError);
  expect(() => np.linalg.norm(np.ones([2, 2, 2]), 1)).toThrow(errors.ArgumentError);
});
