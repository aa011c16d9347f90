import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, smallIntegers } from '../../../conformance/testing/arrays.ts';
import { errors, np } from '../../index.ts';

const sizes = fc.record({
  n: fc.nat({ max: 3 }),
  k: fc.nat({ max: 3 }),
  m: fc.nat({ max: 3 }),
  b: fc.integer({ min: 1, max: 3 }),
});

/** All products against einsum, which einsum.test.ts holds against plain loops. Small integers: every sum is exact. */
describe('products', () => {
  it('are the sums that einsum writes out', () => {
    const operands = sizes.chain(({ n, k, m, b }) =>
      fc.record({
        x: smallIntegers([n, k]),
        y: smallIntegers([k, m]),
        z: smallIntegers([b, k, m]),
        w: smallIntegers([b, n, k]),
        v: smallIntegers([k]),
        u: smallIntegers([n]),
      }),
    );
    fc.assert(
      fc.property(operands, ({ x, y, z, w, v, u }) => {
        const same = (got: Parameters<typeof contents>[0], subscripts: string, ...xs: (typeof x)[]): void =>
          expect(contents(got)).toEqual(contents(np.einsum(subscripts, ...xs)));
        same(np.dot(x, y), 'nk,km->nm', x, y);
        same(np.dot(v, v), 'k,k->', v, v);
        same(np.dot(w, v), 'bnk,k->bn', w, v);
        same(np.dot(w, z), 'ank,bkm->anbm', w, z);
        same(np.matmul(x, y), 'nk,km->nm', x, y);
        same(np.matmul(x, v), 'nk,k->n', x, v);
        same(np.matmul(v, y), 'k,km->m', v, y);
        same(np.matmul(w, z), 'bnk,bkm->bnm', w, z);
        same(np.matmul(w, y), 'bnk,km->bnm', w, y);
        same(np.matmul(x, z), 'nk,bkm->bnm', x, z);
        same(np.matmul(v, z), 'k,bkm->bm', v, z);
        same(np.matmul(w, v), 'bnk,k->bn', w, v);
        same(np.inner(w, x), 'bnk,mk->bnm', w, x);
        same(np.vdot(x, x), 'nk,nk->', x, x);
        same(np.tensordot(w, z, [[0, 2], [0, 1]]), 'bnk,bkm->nm', w, z); // prettier-ignore
        same(np.tensordot(w, z, [2, -2]), 'bnk,ckm->bncm', w, z);
        same(np.tensordot(x, x), 'nk,nk->', x, x);
        same(np.add(np.outer(u, v), 0), 'n,k->nk', u, v);
        same(np.matmul(x, y, { precision: 'HIGHEST' }), 'nk,km->nm', x, y);
      }),
      { numRuns: 30 },
    );
  });

  it('matmul broadcasts what stands before the matrices', () => {
    expect(np.matmul(np.ones([2, 1, 3, 4]), np.ones([5, 4, 2])).shape).toEqual([2, 5, 3, 2]);
  });

  it('kron repeats the second, scaled by the first', () => {
    const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(np.kron(x, np.array([[1, 10]])).js()).toEqual([[1, 10, 2, 20], [3, 30, 4, 40]]); // prettier-ignore
    expect(np.kron(np.array([1, 2]), x).shape).toEqual([2, 4]);
  });

  it('trace sums a diagonal', () => {
    const x = np.reshape(np.arange(9), [3, 3]);
    expect([np.trace(x).item(), np.trace(x, { offset: 1 }).item(), np.trace(x, { offset: -2 }).item()]).toEqual([
      12, 6, 6,
    ]);
    expect(np.trace(np.ones([2, 3, 3]), { axis1: 1, axis2: 2 }).js()).toEqual([3, 3]);
  });

  it('dtypes: promoted, bool is or of ands', () => {
    expect(np.dot(np.array([1n]), np.array([0.5])).dtype).toBe('float32');
    expect(np.dot(np.array([true, false]), np.array([true, true])).item()).toBe(true);
    expect(np.dot(2, np.array([3])).js()).toEqual([6]);
  });

  it('says what is wrong', () => {
    expect(() => np.dot(np.ones([2, 3]), np.ones([2]))).toThrow(
      'np.dot: axis 1 of f32[2,3] and axis 0 of f32[2] differ in size',
    );
    expect(() => np.matmul(np.ones([2]), 3)).toThrow('takes no scalars');
    expect(() => np.matmul(np.ones([2, 2, 3]), np.ones([2, 2, 3]))).toThrow(errors.ShapeError);
    expect(() => np.tensordot(np.ones([2]), np.ones([2, 2]), 2)).toThrow('do not both have 2 axes');
  });
});
