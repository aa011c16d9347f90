/**
 * The algorithms of linear algebra: textbook, unblocked, in double precision over any field. Each is backward stable
 * (Higham, Accuracy and Stability of Numerical Algorithms, chapters 8, 9, 10 and 19).
 */
import type { Element } from '../../core/host.ts';
import { Matrix, norm2 } from './matrix.ts';

// ---- Cholesky

/** Lower triangular L with L·Lᴴ = A, of which only the lower triangle is read; all NaN if A has no such L. */
export function choleskyFactor<S extends Element>(a: Matrix<S>): Matrix<S> {
  const { field, rows } = a;
  const l = a.map(() => field.zero);
  for (let j = 0; j < rows; j++) {
    for (let i = j; i < rows; i++) {
      let rest = a.at(i, j);
      for (let k = 0; k < j; k++) rest = field.sub(rest, field.mul(l.at(i, k), field.conj(l.at(j, k))));
      if (i > j) l.set(i, j, field.div(rest, l.at(j, j)));
      else if (field.re(rest) > 0) l.set(j, j, field.fromReal(Math.sqrt(field.re(rest))));
      else return a.map(() => field.fromReal(NaN));
    }
  }
  return l;
}

// ---- triangles

export interface Triangle {
  readonly lower: boolean;
  /** The diagonal is taken as ones, and not read. */
  readonly unit: boolean;
}

/** X with T·X = B, by substitution; the other triangle of T is not read. */
export function substituted<S extends Element>(t: Matrix<S>, b: Matrix<S>, { lower, unit }: Triangle): Matrix<S> {
  const { field, rows } = t;
  const x = b.map((v) => v);
  for (let j = 0; j < b.columns; j++) {
    for (let step = 0; step < rows; step++) {
      const i = lower ? step : rows - 1 - step;
      let rest = b.at(i, j);
      const [from, to] = lower ? [0, i] : [i + 1, rows];
      for (let k = from; k < to; k++) rest = field.sub(rest, field.mul(t.at(i, k), x.at(k, j)));
      x.set(i, j, unit ? rest : field.div(rest, t.at(i, i)));
    }
  }
  return x;
}

// ---- LU

export interface Eliminated<S extends Element> {
  /** U on and above the diagonal, L below it; the diagonal of L is ones. */
  readonly lu: Matrix<S>;
  /** Step k exchanged row k with row pivots[k]. */
  readonly pivots: readonly number[];
}

/** Gaussian elimination with partial pivoting; of equal pivots the first. A column of zeros is left as it is. */
export function eliminated<S extends Element>(a: Matrix<S>): Eliminated<S> {
  const { field, rows, columns } = a;
  const lu = a.map((x) => x);
  const pivots: number[] = [];
  for (let k = 0; k < Math.min(rows, columns); k++) {
    let pivot = k;
    for (let i = k + 1; i < rows; i++) if (size(lu, i, k) > size(lu, pivot, k)) pivot = i;
    pivots.push(pivot);
    lu.setRowsSwapped(k, pivot);
    if (size(lu, k, k) === 0) continue;
    for (let i = k + 1; i < rows; i++) {
      const multiplier = field.div(lu.at(i, k), lu.at(k, k));
      lu.set(i, k, multiplier);
      for (let j = k + 1; j < columns; j++) lu.set(i, j, field.sub(lu.at(i, j), field.mul(multiplier, lu.at(k, j))));
    }
  }
  return { lu, pivots };
}

/** What pivots are chosen by: |re| + |im|, as in LAPACK. */
const size = <S extends Element>(a: Matrix<S>, i: number, j: number): number =>
  Math.abs(a.field.re(a.at(i, j))) + Math.abs(a.field.im(a.at(i, j)));

/** Where the rows are from after the exchanges: row i of P·A is row permutation[i] of A. */
export function permutationOf(pivots: readonly number[], size: number): number[] {
  const rows = Array.from({ length: size }, (_, i) => i);
  pivots.forEach((p, k) => ([rows[k], rows[p]] = [rows[p]!, rows[k]!]));
  return rows;
}

export interface Tridiagonal<S extends Element> {
  /** dl[i] = A[i, i − 1], d[i] = A[i, i], du[i] = A[i, i + 1]. */
  readonly dl: readonly S[];
  readonly d: readonly S[];
  readonly du: readonly S[];
}

/** The matrix that three diagonals are of. */
export const tridiagonalMatrix = <S extends Element>(
  { dl, d, du }: Tridiagonal<S>,
  field: Matrix<S>['field'],
): Matrix<S> =>
  new Matrix(field, d.length, d.length, (i, j) =>
    j === i ? d[i]! : j === i - 1 ? dl[i]! : j === i + 1 ? du[i]! : field.zero,
  );

/** X with A·X = B, by elimination with partial pivoting; all NaN if a pivot is zero. */
export function tridiagonalSolution<S extends Element>(t: Tridiagonal<S>, b: Matrix<S>): Matrix<S> {
  const { field } = b;
  const { lu, pivots } = eliminated(tridiagonalMatrix(t, field));
  if (t.d.some((_, k) => size(lu, k, k) === 0)) return b.map(() => field.fromReal(NaN));
  const rows = permutationOf(pivots, b.rows);
  const y = substituted(lu, b.map((_, i, j) => b.at(rows[i]!, j)), { lower: true, unit: true }); // prettier-ignore
  return substituted(lu, y, { lower: false, unit: false });
}

// ---- QR

export interface Reflected<S extends Element> {
  /** R on and above the diagonal; below it, column k holds what follows the 1 in vₖ. */
  readonly packed: Matrix<S>;
  readonly taus: readonly S[];
}

/** Element i of vₖ. */
export const reflector = <S extends Element>(packed: Matrix<S>, i: number, k: number): S =>
  i === k ? packed.field.one : i < k ? packed.field.zero : packed.at(i, k);

/** Columns `from` and on of C become H·C, H = I − τ·v·vᴴ with v = vₖ. */
function setReflected<S extends Element>(c: Matrix<S>, packed: Matrix<S>, k: number, tau: S, from: number): void {
  const { field } = c;
  for (let j = from; j < c.columns; j++) {
    let dot = field.zero;
    for (let i = k; i < c.rows; i++) dot = field.add(dot, field.mul(field.conj(reflector(packed, i, k)), c.at(i, j)));
    const along = field.mul(tau, dot);
    for (let i = k; i < c.rows; i++) c.set(i, j, field.sub(c.at(i, j), field.mul(reflector(packed, i, k), along)));
  }
}

/**
 * A = H₁·…·Hₖ·R by Householder's reflections, Hᵢ = I − τᵢ·vᵢ·vᵢᴴ. The diagonal of R is real, of the sign that the
 * element it takes the place of does not have, so that nothing cancels. A column that is real multiple of e₁ already is
 * left as it is (τ = 0).
 */
export function reflected<S extends Element>(a: Matrix<S>): Reflected<S> {
  const { field, rows, columns } = a;
  const packed = a.map((x) => x);
  const taus: S[] = [];
  for (let k = 0; k < Math.min(rows, columns); k++) {
    const below = packed.column(k).slice(k + 1);
    const alpha = packed.at(k, k);
    if (field.im(alpha) === 0 && below.every((x) => field.abs(x) === 0)) {
      taus.push(field.zero);
      continue;
    }
    const norm = norm2([alpha, ...below].map(field.abs));
    const scale = norm < 2 ** -900 ? 2 ** 600 : 1; // subnormal numbers have few digits
    const [head, rest] = [field.scale(alpha, scale), below.map((x) => field.scale(x, scale))];
    const length = norm2([head, ...rest].map(field.abs));
    const beta = field.fromReal(field.re(alpha) >= 0 ? -length : length);
    const tau = field.div(field.sub(beta, head), beta);
    rest.forEach((x, i) => packed.set(k + 1 + i, k, field.div(x, field.sub(head, beta))));
    packed.set(k, k, field.scale(beta, 1 / scale));
    taus.push(tau);
    setReflected(packed, packed, k, field.conj(tau), k + 1);
  }
  return { packed, taus };
}

/** The first columns of H₁·…·Hₖ. */
export function reflectorProduct<S extends Element>({ packed, taus }: Reflected<S>, columns: number): Matrix<S> {
  const q = Matrix.identity(packed.field, packed.rows, columns);
  for (let k = taus.length - 1; k >= 0; k--) setReflected(q, packed, k, taus[k]!, k);
  return q;
}
