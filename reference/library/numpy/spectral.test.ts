import { describe, expect, it, test } from 'vitest';
import { grad, jvp, type NDArray, np } from '../../index.ts';

/** What rounding of a handful of operations in float64 may leave, on numbers of size 10. */
const close = (x: NDArray, y: NDArray): void => {
  expect(x.shape).toEqual(y.shape);
  const [a, b] = [x.dataSync(), y.dataSync()];
  a.forEach((v: number | bigint, i: number) =>
    expect(Math.abs(Number(v) - Number(b[i]))).toBeLessThan(1e3 * 2 ** -52 * 10),
  );
};
const f64 = (values: readonly unknown[]): NDArray => np.array(values as number[], { dtype: 'float64' });
const tall = f64([[1, 2], [3, 4], [5, 7]]); // prettier-ignore
const deficient = f64([[1, 2, 3], [2, 4, 6], [1, 0, 1]]); // prettier-ignore

it('eigh gives values and vectors of the matrix', () => {
  const a = f64([[2, 1], [1, 2]]); // prettier-ignore
  const [w, v] = np.linalg.eigh(a);
  close(np.matmul(a, v), np.multiply(v, w));
  close(np.linalg.eigvalsh(a), f64([1, 3]));
  close(np.linalg.eigvalsh(f64([[2, 9], [1, 2]]), { UPLO: 'L', symmetrizeInput: false }), f64([1, 3])); // prettier-ignore
});

it('svd multiplies to the matrix', () => {
  const [u, s, vh] = np.linalg.svd(tall, { fullMatrices: false });
  close(np.matmul(np.multiply(u, s), vh), tall);
  close(np.linalg.svdvals(tall), s);
});

describe('pinv', () => {
  test.each([['tall', tall], ['wide', np.matrixTranspose(tall)], ['deficient', deficient], ['the identity', np.eye(3, { dtype: 'float64' })]])('of a %s matrix keeps to the four equations of Penrose', (_, a) => {
    const p = np.linalg.pinv(a);
    const [ap, pa] = [np.matmul(a, p), np.matmul(p, a)];
    close(np.matmul(ap, a), a);
    close(np.matmul(pa, p), p);
    close(ap, np.matrixTranspose(ap));
    close(pa, np.matrixTranspose(pa));
  }); // prettier-ignore

  it('has the derivative −A⁻¹·Ȧ·A⁻¹ where A is square, at equal singular values too', () => {
    const da = f64([[1, 2, 3], [4, 5, 6], [7, 8, 10]]); // prettier-ignore
    close(jvp((a: NDArray) => np.linalg.pinv(a), [np.eye(3, { dtype: 'float64' })], [da])[1], np.negative(da));
  });
});

it('matrixRank counts, cond divides', () => {
  expect(np.linalg.matrixRank(deficient).item()).toBe(2);
  expect(np.linalg.matrixRank(tall).item()).toBe(2);
  close(np.linalg.cond(f64([[4, 0], [0, 2]])), f64([2]).reshape([])); // prettier-ignore
});

test.each([
  [null, 13], ['fro', 13], ['nuc', 17], [1, 12], [-1, 5], [2, 12], [-2, 5], [Infinity, 12], [-Infinity, 5],
] as const)('norm %s of a matrix', (ord, expected) => {
  close(np.linalg.norm(f64([[5, 0], [0, 12]]), ord), np.array(expected, { dtype: 'float64' })); // prettier-ignore
}); // prettier-ignore

test.each([
  [null, 5], [1, 7], [2, 5], [Infinity, 4], [-Infinity, 3], [0, 2], [3, 91 ** (1 / 3)],
] as const)('norm %s of a vector', (ord, expected) => {
  close(np.linalg.norm(f64([[3, -4], [3, 4]]), ord, { axis: 1 }), f64([expected, expected])); // prettier-ignore
}); // prettier-ignore

test('the norm of zero has the gradient 0', () => {
  expect(grad((x: NDArray) => np.linalg.norm(x))(f64([0, 0])).js()).toEqual([0, 0]);
  expect(np.linalg.norm(f64([[3, 4]]), null, { keepdims: true }).shape).toEqual([1, 1]);
});
