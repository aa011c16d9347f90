import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { debug, grad, jit, jvp, lax, np, type NDArray, scipy, vmap, vjp } from '../../../index.ts';
import type { SolverOptions } from './linalg.ts';

const { cg, bicgstab } = scipy.sparse.linalg;
type Solve = (a: NDArray, b: NDArray, options?: SolverOptions<NDArray>) => NDArray;

const N = 4;
const entry = fc.integer({ min: -8, max: 8 }).map((n) => n / 8);
const float64 = (xs: unknown): NDArray => np.array(xs as number[], { dtype: 'float64' });
const vectors = fc.array(entry, { minLength: N, maxLength: N });
const vector = vectors.filter((v) => v.some((x) => x !== 0)).map(float64);
const square = fc.array(vectors, { minLength: N, maxLength: N }).map(float64);
const identity = np.eye(N, { dtype: 'float64' });
/** No singular value is below 1, so that an error of the solution is no longer than the residual. */
const definite = square.map((g) => np.dot(g, g.T).add(identity));
const invertible = square.map((g) => g.add(identity.mul(N + 1))); // ‖G‖ ≤ N

const norm = (x: NDArray): number => Math.sqrt(np.vdot(x, x).item() as number);
const residual = (a: NDArray, x: NDArray, b: NDArray): number => norm(b.sub(np.dot(a, x)));
const TOL = 1e-6;

/**
 * How far b − A·x is from the residual that a method carries along, after Greenbaum (1997), "Estimating the attainable
 * accuracy of recursively computed residual methods". A step makes x' = x + c·y and r' = r − c·A·y. Both are rounded
 * twice, by at most u·‖x'‖ and u·(‖x'‖ + ‖x‖), or the same of r; and c·A·y by N·u·‖A‖·‖c·y‖ with ‖c·y‖ ≤ ‖x'‖ + ‖x‖
 * and Frobenius's norm of A. With X and R the largest of ‖x‖ and ‖r‖, a step parts the two by at most
 * u·((2N + 3)·‖A‖·X + 3R). Where no singular value of A is below 1, X ≤ ‖b‖ + R, and R is below that times ‖A‖ too. What
 * 2N + 6 is rounded up by is more than all higher powers of u.
 *
 * A preconditioner sees the residuals, or directions in every other step of bicgstab: `watched` makes one that notes
 * them. Two more steps stand for the first residual, and for the test's and the method's roundings of norms.
 */
class Watch {
  readonly #seen: number[] = [];
  watched =
    (M: (v: NDArray) => NDArray = (v) => v) =>
    (v: NDArray): NDArray => {
      debug.callback((x: NDArray) => this.#seen.push(norm(x)), v);
      return M(v);
    };
  rounding = (a: NDArray, b: NDArray): number => {
    const [steps, longest] = [this.#seen.length + 2, norm(b) + Math.max(...this.#seen)];
    return steps * (2 * N + 7) * 2 ** -53 * norm(a.ravel()) * longest;
  };
}

describe.each<[string, Solve, fc.Arbitrary<NDArray>]>([
  ['cg', (a, b, options) => cg(a, b, { tol: TOL, ...options })[0], definite],
  ['cg of a function', (a, b, options) => cg((x: NDArray) => np.dot(a, x), b, { tol: TOL, ...options })[0], definite],
  ['bicgstab', (a, b, options) => bicgstab(a, b, { tol: TOL, ...options })[0], invertible],
])('%s', (_, solve, matrices) => {
  const check = (property: (a: NDArray, b: NDArray, w: NDArray) => void): void => {
    fc.assert(fc.property(matrices, vector, vector, property), { numRuns: 4 });
  };

  test('ends with a residual that is small enough, under jit and vmap too', () => {
    check((a, b, w) => {
      const { watched, rounding } = new Watch();
      expect(residual(a, solve(a, b, { M: watched() }), b)).toBeLessThanOrEqual(TOL * norm(b) + rounding(a, b));
      expect(solve(a, b, { M: watched() }).js()).toEqual(solve(a, b).js());
      expect(jit(solve)(a, b).js()).toEqual(solve(a, b).js());
      const both = vmap(solve, [null, 0])(a, np.stack([b, w]));
      expect(both.js()).toEqual([solve(a, b).js(), solve(a, w).js()]);
    });
  });

  test('begins at x0, goes on to atol or for maxiter steps, and takes a preconditioner', () => {
    check((a, b) => {
      const { watched, rounding } = new Watch();
      const closer = solve(a, b, { tol: 0, atol: 1e-9, M: watched() });
      expect(residual(a, closer, b)).toBeLessThanOrEqual(1e-9 + rounding(a, b));
      const x = np.linalg.solve(a, b);
      expect(solve(a, b, { x0: x }).js()).toEqual(x.js());
      expect(solve(a, b, { maxiter: 0 }).js()).toEqual(np.zerosLike(b).js());
      const inverse = np.linalg.inv(a);
      expect(solve(a, b, { M: inverse }).js()).toEqual(solve(a, b, { M: (v) => np.dot(inverse, v) }).js());
      const M = watched((v) => np.dot(inverse, v));
      expect(residual(a, solve(a, b, { M, maxiter: 2 }), b)).toBeLessThanOrEqual(TOL * norm(b) + rounding(a, b));
    });
  });

  test('derivatives are those of the solution', () => {
    check((a, b, w) => {
      const { watched, rounding } = new Watch();
      const watchedSolve = (c: NDArray, v: NDArray): NDArray => solve(c, v, { M: watched() });
      const solves = (m: NDArray, y: NDArray): void =>
        expect(residual(m, y, w)).toBeLessThanOrEqual(TOL * norm(w) + rounding(m, w));
      // A·ẋ = ḃ − Ȧ·x, and Aᵀ·y = w gives b̄ = y and Ā = −y·xᵀ.
      solves(a, jvp((v: NDArray) => watchedSolve(a, v), [b], [w])[1]);
      const [x, pull] = vjp(watchedSolve, [a, b]);
      const [da, db] = pull(w);
      solves(a.T, db);
      expect(norm(da.add(np.outer(db, x)).ravel())).toBe(0);
    });
  });
});

test.each([['cg', cg] as const, ['bicgstab', bicgstab] as const])(
  '%s of complex matrices, whose transposes are others',
  (_, solve) => {
    const zero = float64([0, 0]);
    const a = lax.complex(float64([[2, 0], [0, 2]]), float64([[0, 1], [-1, 0]])); // prettier-ignore
    const [b, w] = [lax.complex(float64([1, 2]), zero), lax.complex(float64([1, 0]), float64([0, 3]))];
    const [x, pull] = vjp((c: NDArray) => solve(a, c, { tol: TOL })[0], [b]);
    const [y] = pull(w);
    const residual = (m: NDArray, v: NDArray, c: NDArray): number =>
      Math.hypot(
        ...(c.sub(np.dot(m, v)).ravel().js() as { re: number; im: number }[]).flatMap(({ re, im }) => [re, im]),
      );
    expect(residual(a, x, b)).toBeLessThanOrEqual(TOL * Math.sqrt(5));
    expect(residual(a.T, y, w)).toBeLessThanOrEqual(TOL * Math.sqrt(10));
  },
);

test('unknowns may be trees', () => {
  type P = { u: NDArray; v: readonly [NDArray] };
  const double = ({ u, v }: P): P => ({ u: u.mul(2), v: [v[0].mul(4)] });
  const b = { u: np.array([2, 4]), v: [np.array(8)] as const };
  for (const solve of [cg, bicgstab]) {
    const [x, info] = solve<P>(double, b);
    expect([x.u.js(), x.v[0].js(), info]).toEqual([[1, 2], 2, null]);
  }
  expect(grad((v: NDArray) => cg<P>(double as never, { ...b, v: [v] })[0].v[0])(8).item()).toBe(0.25);
});

test('a right-hand side of zeros has the solution zero', () => {
  for (const solve of [cg, bicgstab]) expect(solve(np.eye(2), np.zeros([2]))[0].js()).toEqual([0, 0]);
});

test.each<[string, () => unknown, RegExp]>([
  ['a matrix that is not square', () => cg(np.ones([2, 3]), np.ones([2])), /cg: A must be a square matrix, got f32\[2,3\]/],
  ['no operator', () => cg(3 as never, np.ones([2])), /cg: A must be an array or a function/],
  ['an operator that gives another shape', () => cg((x: NDArray) => x.sum(), np.ones([2])), /matvec: the result is f32\[\], the unknown f32\[2\]/],
  ['x0 of another structure', () => cg(np.eye(2), np.ones([2]), { x0: [np.ones([2])] as never }), /cg: x0: expected the structure \*, got \[\*\]/],
  ['x0 of another shape', () => bicgstab(np.eye(2), np.ones([2]), { x0: np.ones([3]) }), /bicgstab: x0 is f32\[3\], and b f32\[2\]/],
  ['a preconditioner that is not square', () => cg(np.eye(2), np.ones([2]), { M: np.ones([2]) }), /cg: M must be a square matrix/],
  ['an unknown option', () => cg(np.eye(2), np.ones([2]), { rtol: 1 } as never), /unknown option 'rtol'/],
])('refuses %s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
