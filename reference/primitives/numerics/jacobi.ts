/**
 * Eigenvalues of Hermitian matrices and singular values of any by Jacobi's rotations (spec/primitives/spectral.md): every
 * step is one plane rotation, and what it makes zero is seen to be zero.
 */
import type { Element } from '../../core/host.ts';
import { range } from '../axes.ts';
import { type Field, Matrix, norm2 } from './matrix.ts';
import { phase, rotateColumns, rotateRows, type Rotation, scalingPower } from './rotations.ts';

/** Rotations converge quadratically: some ten sweeps are enough for any size in use. */
const SWEEPS = 60;

/** The inner products of columns that are smaller than this, beside others of size 1, underflow: their directions say nothing. */
const TINY = 2 ** -500;

/** Calls `rotate` for all pairs, again and again until none has anything to do. */
function sweep(n: number, rotate: (p: number, q: number) => boolean): void {
  for (let count = 0; count < SWEEPS; count++) {
    let rotated = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotated = rotate(p, q) || rotated;
    if (!rotated) return;
  }
  throw new Error('Jacobi rotations did not converge');
}

/** The tangent of the rotation that makes [[α, g], [g, β]] diagonal (Golub and Van Loan, Matrix Computations, §8.5.2). */
function tangent(alpha: number, beta: number, g: number): number {
  const tau = (beta - alpha) / (2 * g);
  return (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
}

/** The rotation that makes the Hermitian matrix [[α, γ], [γ̄, β]] diagonal. */
function diagonalizing<S extends Element>(field: Field<S>, alpha: number, beta: number, gamma: S): Rotation<S> {
  const t = tangent(alpha, beta, field.abs(gamma));
  const c = 1 / Math.sqrt(1 + t * t);
  return { c, s: t * c, w: field.conj(phase(field, gamma)) };
}

const columnsOf = <S extends Element>(m: Matrix<S>, places: readonly number[]): Matrix<S> =>
  new Matrix(m.field, m.rows, places.length, (i, j) => m.at(i, places[j]!));

export interface Eigen<S extends Element> {
  readonly values: readonly number[];
  /** Column j belongs to value j. */
  readonly vectors: Matrix<S>;
}

/** A finite Hermitian matrix as V·diag(w)·Vᴴ, w ascending. */
export function hermitianEigen<S extends Element>(h: Matrix<S>): Eigen<S> {
  const { field, rows: n } = h;
  const power = scalingPower(h);
  const a = h.map((x) => field.scale(x, power));
  const vectors = Matrix.identity(field, n);
  const diagonal = (i: number): number => field.re(a.at(i, i));
  // Elements that small change the eigenvalues by less than the rounding of the rotations does.
  const negligible = 2 ** -60 * a.norm();
  sweep(n, (p, q) => {
    const pivot = a.at(p, q);
    const size = field.abs(pivot);
    if (size <= negligible) return false;
    const [alpha, beta] = [diagonal(p), diagonal(q)];
    const rotation = diagonalizing(field, alpha, beta, pivot);
    rotateColumns(a, p, q, rotation);
    rotateRows(a, p, q, rotation);
    rotateColumns(vectors, p, q, rotation);
    const moved = tangent(alpha, beta, size) * size;
    a.set(p, p, field.fromReal(alpha - moved));
    a.set(q, q, field.fromReal(beta + moved));
    a.set(p, q, field.zero);
    a.set(q, p, field.zero);
    return true;
  });
  const values = range(n).map((i) => diagonal(i) / power);
  const order = range(n).sort((i, j) => values[i]! - values[j]!);
  return { values: order.map((i) => values[i]!), vectors: columnsOf(vectors, order) };
}

export interface Singular<S extends Element> {
  readonly u: Matrix<S>;
  readonly values: readonly number[];
  /** The right singular vectors as columns. */
  readonly v: Matrix<S>;
}

/** A finite matrix as U·diag(s)·Vᴴ, s descending. U and V are square if `full`, else as thin as they can be. */
export function singular<S extends Element>(a: Matrix<S>, full: boolean): Singular<S> {
  if (a.rows < a.columns) {
    const { u, values, v } = singular(a.adjoint(), full);
    return { u: v, values, v: u };
  }
  const { field, rows: m, columns: n } = a;
  const power = scalingPower(a);
  const x = a.map((e) => field.scale(e, power));
  const v = Matrix.identity(field, n);
  // Hestenes: rotations make the columns orthogonal, up to the rounding of their own inner product (LAPACK's dgesvj).
  const negligible = Math.sqrt(m) * 2 ** -52;
  sweep(n, (p, q) => {
    const [alpha, beta] = [p, q].map((j) => field.re(inner(x, j, j))) as [number, number];
    if (Math.min(alpha, beta) <= TINY ** 2) return false;
    const gamma = inner(x, p, q);
    if (field.abs(gamma) <= negligible * Math.sqrt(alpha) * Math.sqrt(beta)) return false;
    const rotation = diagonalizing(field, alpha, beta, gamma);
    rotateColumns(x, p, q, rotation);
    rotateColumns(v, p, q, rotation);
    return true;
  });
  const sizes = range(n).map((j) => columnsOf(x, [j]).norm());
  const order = range(n).sort((i, j) => sizes[j]! - sizes[i]!);
  const unit = order.filter((j) => sizes[j]! > TINY);
  const u = new Matrix(field, m, unit.length, (i, j) => field.scale(x.at(i, unit[j]!), 1 / sizes[unit[j]!]!));
  return { u: completed(u, full ? m : n), values: order.map((j) => sizes[j]! / power), v: columnsOf(v, order) };
}

/** The inner product of columns p and q, the first conjugated. */
function inner<S extends Element>(m: Matrix<S>, p: number, q: number): S {
  const { zero, add, mul, conj } = m.field;
  let sum = zero;
  for (let i = 0; i < m.rows; i++) sum = add(sum, mul(conj(m.at(i, p)), m.at(i, q)));
  return sum;
}

/** Orthonormal columns with more of them behind: each the unit vector that is farthest from all before, made orthogonal. */
function completed<S extends Element>(u: Matrix<S>, count: number): Matrix<S> {
  const { field, rows } = u;
  const basis = range(u.columns).map((j) => u.column(j));
  while (basis.length < count) {
    const rest = (i: number): number => basis.reduce((left, b) => left - field.abs(b[i]!) ** 2, 1);
    const farthest = range(rows).reduce((best, i) => (rest(i) > rest(best) ? i : best), 0);
    let x: readonly S[] = range(rows).map((i) => (i === farthest ? field.one : field.zero));
    for (let pass = 0; pass < 2; pass++) for (const b of basis) x = without(field, x, b); // twice is enough (Parlett)
    const size = norm2(x.map(field.abs));
    basis.push(x.map((e) => field.scale(e, 1 / size)));
  }
  return new Matrix(field, rows, count, (i, j) => basis[j]![i]!);
}

/** x without its part along the unit vector b. */
function without<S extends Element>({ zero, add, sub, mul, conj }: Field<S>, x: readonly S[], b: readonly S[]): S[] {
  const along = x.reduce((sum, e, i) => add(sum, mul(conj(b[i]!), e)), zero);
  return x.map((e, i) => sub(e, mul(along, b[i]!)));
}
