/** Eigenvectors of any square matrix from Schur's form (spec/primitives/spectral.md#eig), by substitution. */
import type { Complex } from '../../core/host.ts';
import { range } from '../axes.ts';
import { COMPLEX, Matrix, norm2 } from './matrix.ts';
import { scalingPower } from './rotations.ts';
import { blockStarts, eigenvaluesOf, schurForm } from './schur.ts';

type Square = Matrix<Complex>;
const { zero: ZERO, one: ONE, fromReal, sub, mul, div, scale, abs } = COMPLEX;

/** The eigenvectors of an upper triangular matrix with blocks, as columns in the order of `eigenvaluesOf`. */
function triangularVectors(t: Square): Square {
  const n = t.rows;
  const starts = blockStarts(t);
  const values = eigenvaluesOf(t);
  // A smaller divisor is that of a value which rounding cannot tell from this one.
  const least = Math.max(2 ** -53 * t.norm(), 2 ** -1000);
  const vectors = values.map((value, j) => {
    const own = starts.findLastIndex((at) => at <= j);
    const x = new Array<Complex>(n).fill(ZERO);
    const at = starts[own]!;
    const end = starts[own + 1] ?? n;
    if (end - at === 1) x[at] = ONE;
    else [x[at], x[at + 1]] = [sub(value, t.at(at + 1, at + 1)), t.at(at + 1, at)];
    for (let k = own - 1; k >= 0; k--) {
      solveBlock(t, value, x, starts[k]!, starts[k + 1]!, end, least);
      keepInRange(x);
    }
    return x;
  });
  return new Matrix(COMPLEX, n, n, (i, j) => vectors[j]![i]!);
}

/**
 * The elements of x at the block [at, next), given those in [next, end): those rows of (T − λ)·x = 0.
 *
 * Each block must be solved with a small residual, that is, exactly for a block off by a few u·‖T‖: then x as a whole
 * solves (T + E − λ)·x = 0 with ‖E‖ about n·u·‖T‖, and Q·x does so of A, Q being unitary. One division does that, and so
 * does elimination with complete pivoting, which has no factor above 1 and for size 2 no growth above 2 (Higham, Accuracy
 * and Stability of Numerical Algorithms, §9.3). Cramer's rule does not (§1.10.1): its residual is u·‖T‖·‖x‖ times the
 * condition of the block, which is large where a block far from normal has a small determinant.
 */
function solveBlock(
  t: Square,
  value: Complex,
  x: Complex[],
  at: number,
  next: number,
  end: number,
  least: number,
): void {
  const awayFromZero = (d: Complex): Complex => (abs(d) < least ? fromReal(least) : d);
  const rest = (i: number): Complex => {
    let sum = ZERO;
    for (let j = next; j < end; j++) sum = sub(sum, mul(t.at(i, j), x[j]!));
    return sum;
  };
  const shifted = (i: number, j: number): Complex => (i === j ? sub(t.at(i, j), value) : t.at(i, j));
  if (next - at === 1) {
    x[at] = div(rest(at), awayFromZero(shifted(at, at)));
    return;
  }
  const places = [at, at + 1].flatMap((i) => [at, at + 1].map((j) => [i, j] as const));
  const size = ([i, j]: readonly [number, number]): number => abs(shifted(i, j));
  const [i, j] = places.reduce((best, place) => (size(place) > size(best) ? place : best));
  const [k, l] = [2 * at + 1 - i, 2 * at + 1 - j]; // the other row, the other column
  const factor = div(shifted(k, j), shifted(i, j));
  const pivot = awayFromZero(sub(shifted(k, l), mul(factor, shifted(i, l))));
  const [r, s] = [rest(i), rest(k)];
  x[l] = div(sub(s, mul(factor, r)), pivot);
  x[j] = div(sub(r, mul(shifted(i, l), x[l])), shifted(i, j));
}

function keepInRange(x: Complex[]): void {
  const size = Math.max(...x.map(abs));
  if (size > 2 ** 200) x.forEach((e, i) => (x[i] = scale(e, 1 / size)));
}

/** Columns of length 1 whose largest element is real and positive. */
function normalized(m: Square): Square {
  const columns = range(m.columns).map((j) => {
    const column = m.column(j);
    const largest = column.reduce((best, e) => (abs(e) > abs(best) ? e : best), ZERO);
    const relative = column.map((e) => (e === largest ? ONE : div(e, largest)));
    const size = norm2(relative.map(abs));
    return relative.map((e) => scale(e, 1 / size));
  });
  return new Matrix(COMPLEX, m.rows, m.columns, (i, j) => columns[j]![i]!);
}

export interface Eigensystem {
  readonly values: readonly Complex[];
  /** Aᴴ·uⱼ = λ̄ⱼ·uⱼ, as columns. */
  readonly left: Square;
  /** A·vⱼ = λⱼ·vⱼ, as columns. */
  readonly right: Square;
}

/** The eigenvalues and eigenvectors of a finite matrix. */
export function eigensystem(a: Square, isReal: boolean): Eigensystem {
  const power = scalingPower(a);
  const { t, q } = schurForm(
    a.map((x) => scale(x, power)),
    isReal,
  );
  const n = t.rows;
  // The left vectors of T are the right ones of Tᴴ, which is upper triangular once its rows and columns are turned around.
  const turned = (m: Square): Square => new Matrix(COMPLEX, n, n, (i, j) => m.at(n - 1 - i, n - 1 - j));
  const left = turned(triangularVectors(turned(t.adjoint())));
  return {
    values: eigenvaluesOf(t).map((x) => scale(x, 1 / power)),
    left: normalized(q.times(left)),
    right: normalized(q.times(triangularVectors(t))),
  };
}
