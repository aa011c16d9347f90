/** How exact orthogonal factors are, and how far two of them may be apart (spec/primitives/linalg.md#qr). */
import { type DType, finfo, isComplex } from '../core/dtypes.ts';
import type { Element } from '../core/host.ts';
import type { BackwardCheck } from '../core/primitive.ts';
import { range } from './axes.ts';
import { reflected, type Reflected, reflector, reflectorProduct } from './numerics/decompositions.ts';
import { Matrix, norm2, REAL } from './numerics/matrix.ts';
import { checkedRoundings, componentwise, none, roundings, zeros } from './numerics/perturbation.ts';

/**
 * Roundings of k reflections of columns of m elements. One takes 2(m + 2) + 1 to apply (Lemma 19.3 with its constants);
 * the norm, v and τ that it is made of have at most m/2 + 3, m/2 + 3 and m + 4, which count twice: 6m + 25 in all.
 */
export const reflections = (k: number, m: number): number => k * (6 * m + 25);

/** ‖QᴴQ − I‖ of c columns, each of which is within t of an orthonormal one (19.13). */
export const orthogonality = (c: number, t: number): number => 2 * Math.sqrt(c) * t + c * t * t;

const columnNorms = <S extends Element>(a: Matrix<S>): Matrix<number> =>
  new Matrix(REAL, 1, a.columns, (_, j) => norm2(a.column(j).map(a.field.abs)));

/** ‖aⱼ − Q·rⱼ‖ ≤ γ·‖aⱼ‖ for every column (Theorem 19.4). */
export function residualCheck<S extends Element>(
  a: Matrix<S>,
  q: Matrix<S>,
  r: Matrix<S>,
  dtype: DType,
  eta: number,
): BackwardCheck {
  const n = reflections(Math.min(a.rows, a.columns), a.rows);
  const g = checkedRoundings(n, dtype);
  const allowed = columnNorms(a).map((v) => g * v + eta * n * (1 + v));
  return componentwise('‖column of A − Q·R‖', columnNorms(a.minus(q.times(r))), allowed);
}

/** ‖QᴴQ − I‖. */
export function orthogonalityCheck<S extends Element>(
  q: Matrix<S>,
  reflectors: number,
  dtype: DType,
  eta: number,
): BackwardCheck {
  const n = reflections(reflectors, q.rows);
  const error = q.adjoint().times(q).minus(Matrix.identity(q.field, q.columns)).norm();
  return {
    what: '‖QᴴQ − I‖',
    error,
    allowed: orthogonality(q.columns, checkedRoundings(n, dtype)) + eta * n * q.columns,
  };
}

/** Where Householder's signs are certain, a solution is near the reference's. */
export function nearCheck<S extends Element>(
  what: string,
  expected: Matrix<S>,
  got: Matrix<S>,
  apart: Matrix<number>,
): BackwardCheck {
  const certain = apart.largest() < Infinity;
  return componentwise(what, expected.minus(got).magnitudes(), certain ? apart : apart.map(() => Infinity));
}

/**
 * Whether factors of A are to be judged; else what is left to ask: of elements that are not finite something that is not
 * finite either, of norms that may overflow nothing.
 */
export function judged<S extends Element>(a: Matrix<S>, got: Matrix<S>, dtype: DType): true | BackwardCheck[] {
  if (!a.isFinite()) return [none('finite factors of a matrix that is not', got.isFinite())];
  return 4 * a.norm() <= finfo(dtype).max || [];
}

/** How far the factors of two matrices, A and one within `e` of it in Frobenius' norm, may be apart. */
export interface Apart {
  /** Each element of R. */
  readonly r: number;
  /** Each element of Q, of all its columns. */
  readonly q: number;
  readonly taus: readonly number[];
  /** The elements of the reflectors, below the diagonal. */
  readonly v: Matrix<number>;
}

/** Infinite everywhere: a sign may differ, or the reflectors are hardly determined. */
const open = (m: number, k: number): Apart => ({
  r: Infinity,
  q: Infinity,
  taus: Array.from({ length: k }, () => Infinity),
  v: zeros(m, k).map(() => Infinity),
});

/**
 * Householder's reflections of both, step by step. If what is left of them is within e before step k, their vectors
 * w = x − β·e₁ are within 2e; as ‖w‖ ≥ √2·‖x‖, ‖x‖ = |β|, the reflections are within 4·2·2e/(√2·|β|) < 12·e/|β| (complex
 * ones, I − w·wᴴ/(wᴴ·x), within 32·e/|β| if 10·e ≤ |β|), and what is left after the step within e + 12·‖A‖·e/|β|. All
 * that as long as β has one sign, that is |Re α| > e, and there is something to reflect in both.
 */
export function apart<S extends Element>(a: Matrix<S>, e: number, dtype: DType, eta: number): Apart {
  const { field, rows } = a;
  const { packed, taus } = reflected(a);
  const k = taus.length;
  const tilde = roundings(reflections(k, rows), dtype);
  const own = tilde + orthogonality(k, tilde); // the factors that are given are exact ones of a matrix this near
  const norm = a.norm() + e;
  const [constant, share] = isComplex(dtype) ? [32, 10] : [12, 4];
  let left = e + 2.1 * own * norm + 2 * eta * reflections(k, rows);
  let q = 2 * own;
  const ofTaus: number[] = [];
  const v = zeros(rows, k);
  for (const [j, tau] of taus.entries()) {
    if (!isComplex(dtype) && j === rows - 1) {
      ofTaus.push(0); // nothing to reflect in any matrix
      continue;
    }
    const beta = field.re(packed.at(j, j));
    const size = Math.abs(beta);
    const alpha = field.scale(field.sub(field.one, tau), beta);
    const first = size * field.abs(tau); // |α − β|
    const below = packed.column(j).slice(j + 1).map((x) => field.abs(x) * first); // prettier-ignore
    const sure = Math.abs(field.re(alpha)) > left && norm2([field.im(alpha), ...below]) > left && size > share * left;
    if (!sure) return open(rows, k);
    ofTaus.push((2 * left) / (size - left) + 4 * tilde);
    for (let i = j + 1; i < rows; i++) {
      v.set(i, j, (left * (1 + 2 * field.abs(reflector(packed, i, j)))) / (first - 2 * left));
    }
    const reflection = (constant * left) / size;
    q += reflection;
    left += reflection * norm;
  }
  return { r: left, q, taus: ofTaus, v };
}

// ---- products of reflectors

/** Roundings on the way of every product of elements that the result is a sum of. */
const productRoundings = (m: number, k: number): number => (k + 1) * (m + k + 3);

/** Π (I + |τ|·|v|·|v|ᵀ): the sum of the moduli of the products that the result is a sum of. */
const magnitude = (packed: Matrix<number>, taus: readonly number[], columns: number): Matrix<number> =>
  reflectorProduct({ packed, taus: taus.map((t) => -t) }, columns);

/**
 * How far products of reflectors within the given bounds may be from one another: a polynomial of their elements changes
 * by no more than the same one of their moduli, from |x| to |x| + δ; and γ of the latter for what both sides round.
 */
export function productsApart<S extends Element>(
  { packed, taus }: Reflected<S>,
  bounds: Reflected<number>,
  dtype: DType,
  eta: number,
): Matrix<number> {
  const size = packed.magnitudes();
  const sizes = taus.map(packed.field.abs);
  const g = 2 * checkedRoundings(productRoundings(packed.rows, taus.length), dtype);
  const before = magnitude(size, sizes, packed.columns);
  const [widest, factors] = [size.plus(bounds.packed), sizes.map((t, k) => t + bounds.taus[k]!)];
  const after = magnitude(widest, factors, packed.columns);
  const [v, t] = [1 + widest.rows * widest.largest(), 1 + Math.max(0, ...factors)];
  // What underflows in vᴴ·c or in τ·(vᴴ·c) is multiplied by τ and v yet, and by the reflections that follow.
  const following = 1 + magnitude(widest, factors, packed.rows).largest();
  const lost = eta * productRoundings(packed.rows, taus.length) * v * t * following;
  // Once one of them overflows, the whole column may be NaN.
  const overflows = range(after.columns).map((j) => !(2 * Math.max(...after.column(j)) * v * t <= finfo(dtype).max));
  return after.map((x, i, j) => {
    const bound = x - before.at(i, j) + g * x + lost;
    return overflows[j] || Number.isNaN(bound) ? Infinity : bound;
  });
}
