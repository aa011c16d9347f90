/**
 * Eigenvalues of Hermitian matrices and singular values of any by Jacobi's rotations (spec/primitives/spectral.md): every
 * step is one plane rotation, and what it makes zero is seen to be zero.
 */
import {
  adjoint,
  balancingPower,
  columns,
  frobenius,
  get,
  identity,
  type Matrix,
  matrix,
  minus,
  modulus,
  plus,
  rotateColumns,
  rotateRows,
  rotationFor,
  scaledBy,
  scaledMatrix,
  set,
  times,
  conjugate,
} from './dense.ts';
import { range } from './axes.ts';
import type { Complex } from '../core/host.ts';

/** Rotations converge quadratically: some ten sweeps are enough for any size in use. */
const SWEEPS = 60;

/** Calls `rotate` for all pairs, again and again until none has anything to do. */
function sweep(n: number, rotate: (p: number, q: number) => boolean): void {
  for (let count = 0; count < SWEEPS; count++) {
    let rotated = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotated = rotate(p, q) || rotated;
    if (!rotated) return;
  }
  throw new Error('Jacobi rotations did not converge');
}

export interface Eigen {
  readonly values: Float64Array;
  /** Column j belongs to value j. */
  readonly vectors: Matrix;
}

/** A finite Hermitian matrix as V·diag(w)·Vᴴ, w ascending. */
export function hermitianEigen(h: Matrix): Eigen {
  const n = h.rows;
  const power = balancingPower(h);
  const a = scaledMatrix(h, power);
  const vectors = identity(n);
  // Elements that small change the eigenvalues by less than the rounding of the rotations does.
  const negligible = 2 ** -60 * frobenius(a);
  sweep(n, (p, q) => {
    const pivot = get(a, p, q);
    if (modulus(pivot) <= negligible) return false;
    const [alpha, beta] = [get(a, p, p).re, get(a, q, q).re];
    const rotation = rotationFor(alpha, beta, pivot);
    rotateColumns(a, p, q, rotation);
    rotateRows(a, p, q, rotation);
    rotateColumns(vectors, p, q, rotation);
    const moved = rotation.t * modulus(pivot);
    set(a, p, p, { re: alpha - moved, im: 0 });
    set(a, q, q, { re: beta + moved, im: 0 });
    set(a, p, q, { re: 0, im: 0 });
    set(a, q, p, { re: 0, im: 0 });
    return true;
  });
  const values = range(n).map((i) => get(a, i, i).re / power);
  const order = range(n).sort((i, j) => values[i]! - values[j]!);
  return { values: Float64Array.from(order, (i) => values[i]!), vectors: columns(vectors, order) };
}

export interface Singular {
  readonly u: Matrix;
  readonly values: Float64Array;
  /** The right singular vectors as columns. */
  readonly v: Matrix;
}

/** A finite matrix as U·diag(s)·Vᴴ, s descending. U and V are square if `full`, else as thin as they can be. */
export function singular(a: Matrix, full: boolean): Singular {
  if (a.rows < a.cols) {
    const { u, values, v } = singular(adjoint(a), full);
    return { u: v, values, v: u };
  }
  const [m, n] = [a.rows, a.cols];
  const power = balancingPower(a);
  const x = scaledMatrix(a, power);
  const v = identity(n);
  // Hestenes: rotations make the columns orthogonal, up to the rounding of their own inner product (LAPACK's dgesvj).
  const negligible = Math.sqrt(m) * 2 ** -52;
  sweep(n, (p, q) => {
    const [alpha, beta, gamma] = [inner(x, p, p).re, inner(x, q, q).re, inner(x, p, q)];
    if (modulus(gamma) <= negligible * Math.sqrt(alpha) * Math.sqrt(beta)) return false;
    const rotation = rotationFor(alpha, beta, gamma);
    rotateColumns(x, p, q, rotation);
    rotateColumns(v, p, q, rotation);
    return true;
  });
  const sizes = range(n).map((j) => frobenius(columns(x, [j])));
  const order = range(n).sort((i, j) => sizes[j]! - sizes[i]!);
  // The inner products of smaller columns underflow: their directions say nothing.
  const unit = order.filter((j) => sizes[j]! > 2 ** -500);
  const u = matrix(m, unit.length, (i, j) => scaledBy(get(x, i, unit[j]!), 1 / sizes[unit[j]!]!));
  return {
    u: completed(u, full ? m : n),
    values: Float64Array.from(order, (j) => sizes[j]! / power),
    v: columns(v, order),
  };
}

/** The inner product of columns p and q, the first conjugated. */
function inner({ re, im, rows, cols }: Matrix, p: number, q: number): Complex {
  let [x, y] = [0, 0];
  for (let i = 0, a = p, b = q; i < rows; i++, a += cols, b += cols) {
    x += re[a]! * re[b]! + im[a]! * im[b]!;
    y += re[a]! * im[b]! - im[a]! * re[b]!;
  }
  return { re: x, im: y };
}

/** Orthonormal columns with more of them behind: each the unit vector that is farthest from all before, made orthogonal. */
function completed(u: Matrix, count: number): Matrix {
  const basis = range(u.cols).map((j) => range(u.rows).map((i) => get(u, i, j)));
  while (basis.length < count) {
    const rest = (i: number): number => basis.reduce((left, b) => left - modulus(b[i]!) ** 2, 1);
    const farthest = range(u.rows).reduce((best, i) => (rest(i) > rest(best) ? i : best), 0);
    let x: Complex[] = range(u.rows).map((i) => ({ re: Number(i === farthest), im: 0 }));
    for (const _ of [1, 2]) for (const b of basis) x = without(x, b); // twice is enough (Parlett)
    const size = Math.hypot(...x.map(modulus));
    basis.push(x.map((e) => scaledBy(e, 1 / size)));
  }
  return matrix(u.rows, count, (i, j) => basis[j]![i]!);
}

/** x without its part along the unit vector b. */
function without(x: readonly Complex[], b: readonly Complex[]): Complex[] {
  const along = x.reduce((sum, e, i) => plus(sum, times(conjugate(b[i]!), e)), { re: 0, im: 0 });
  return x.map((e, i) => minus(e, times(along, b[i]!)));
}
