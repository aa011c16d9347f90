/**
 * Eigenvalues of any square matrix (spec/primitives/spectral.md): Schur's form by plane rotations and shifted QR steps
 * (Golub and Van Loan, Matrix Computations, §7.4 and §7.5). Real matrices stay real: two conjugate shifts at once, and a
 * block of size 2 for each pair of conjugate eigenvalues.
 */
import type { Complex } from '../../core/host.ts';
import { range } from '../axes.ts';
import { COMPLEX, Matrix } from './matrix.ts';
import { NOTHING, phase, rotateColumns, rotateRows, type Rotation, rotationToZero, scalingPower } from './rotations.ts';

type Square = Matrix<Complex>;
const { zero: ZERO, fromReal, add, sub, mul, scale, abs } = COMPLEX;
const U = 2 ** -53;
/** QR steps for one eigenvalue; most take two or three. */
const STEPS = 300;

export interface Schur {
  /** Upper triangular, but for the blocks of a real matrix's conjugate eigenvalues. */
  readonly t: Square;
  readonly q: Square;
}

/** Rows and columns p and p + 1 of the matrix, and the columns of what is accumulated. */
function rotate({ t, q }: Schur, p: number, rotation: Rotation<Complex>): void {
  rotateRows(t, p, p + 1, rotation);
  rotateColumns(t, p, p + 1, rotation);
  rotateColumns(q, p, p + 1, rotation);
}

/** Makes element (i, k) zero by the row above it. */
function annihilate(form: Schur, i: number, k: number): void {
  const y = form.t.at(i, k);
  if (abs(y) > NOTHING) rotate(form, i - 1, rotationToZero(COMPLEX, form.t.at(i - 1, k), y));
  form.t.set(i, k, ZERO);
}

/** A finite matrix as Q·T·Qᴴ. */
export function schurForm(a: Square, isReal: boolean): Schur {
  const n = a.rows;
  const power = scalingPower(a);
  const form = { t: a.map((x) => scale(x, power)), q: Matrix.identity(COMPLEX, n) };
  const { t } = form;
  for (let k = 0; k < n - 2; k++) for (let i = n - 1; i > k + 1; i--) annihilate(form, i, k);
  const norm = t.norm();
  const isNegligible = (k: number): boolean => {
    const around = abs(t.at(k - 1, k - 1)) + abs(t.at(k, k));
    return abs(t.at(k, k - 1)) <= Math.max(U * around, 2 ** -60 * norm);
  };
  for (let hi = n - 1, steps = 0; hi > 0;) {
    let lo = hi;
    while (lo > 0 && !isNegligible(lo)) lo--;
    if (lo > 0) t.set(lo, lo - 1, ZERO);
    if (lo === hi || (isReal && lo === hi - 1)) {
      if (lo < hi) splitBlock(form, lo);
      hi = lo - 1;
      steps = 0;
      continue;
    }
    if (++steps > STEPS) throw new Error('QR steps did not converge');
    const isExceptional = steps % 10 === 0;
    chase(form, lo, hi, isReal ? doubleShift(t, lo, hi, isExceptional) : singleShift(t, lo, hi, isExceptional));
  }
  return { t: t.map((x) => scale(x, 1 / power)), q: form.q };
}

/** A QR step: the rotations that begin with the first column of the shifted matrix, and chase what they spoil downwards. */
function chase(form: Schur, lo: number, hi: number, start: Complex[]): void {
  for (let i = start.length - 1; i > 0; i--) {
    const [x, y] = [start[i - 1]!, start[i]!];
    if (abs(y) <= NOTHING) continue;
    rotate(form, lo + i - 1, rotationToZero(COMPLEX, x, y));
    start[i - 1] = scale(phase(COMPLEX, x), Math.hypot(abs(x), abs(y)));
  }
  for (let k = lo; k < hi - 1; k++) {
    for (let i = Math.min(k + start.length, hi); i > k + 1; i--) annihilate(form, i, k);
  }
}

/** Wilkinson's shift: the eigenvalue of the last block of size 2 that is nearer to its last element. */
function singleShift(t: Square, lo: number, hi: number, isExceptional: boolean): Complex[] {
  const below = t.at(hi, hi - 1);
  const [first, second] = eigenvaluesOfBlock(t, hi - 1);
  const last = t.at(hi, hi);
  const nearer = abs(sub(first, last)) < abs(sub(second, last)) ? first : second;
  const shift = isExceptional ? add(last, fromReal(abs(below))) : nearer;
  return [sub(t.at(lo, lo), shift), t.at(lo + 1, lo)];
}

/** Francis's shifts: both eigenvalues of the last block, so that the first column of (T − σ₁)(T − σ₂) is real. */
function doubleShift(t: Square, lo: number, hi: number, isExceptional: boolean): Complex[] {
  const at = (i: number, j: number): number => t.at(i, j).re;
  const size = Math.abs(at(hi, hi - 1)) + Math.abs(at(hi - 1, hi - 2));
  const trace = isExceptional ? 1.5 * size : at(hi - 1, hi - 1) + at(hi, hi);
  const determinant = isExceptional ? size * size : at(hi - 1, hi - 1) * at(hi, hi) - at(hi - 1, hi) * at(hi, hi - 1);
  const [a, b, c, d] = [at(lo, lo), at(lo, lo + 1), at(lo + 1, lo), at(lo + 1, lo + 1)];
  const column = [a * (a - trace) + b * c + determinant, c * (a + d - trace), c * at(lo + 2, lo + 1)];
  return column.map((re) => ({ re, im: 0 }));
}

/** A real block of size 2 with real eigenvalues becomes triangular: its first basis vector an eigenvector. */
function splitBlock(form: Schur, at: number): void {
  const { t } = form;
  const [a, b, c, d] = [t.at(at, at).re, t.at(at, at + 1).re, t.at(at + 1, at).re, t.at(at + 1, at + 1).re];
  const p = (a - d) / 2;
  const discriminant = p * p + b * c;
  if (discriminant < 0) return;
  const z = p + (p < 0 ? -1 : 1) * Math.sqrt(discriminant);
  rotate(form, at, rotationToZero(COMPLEX, fromReal(z), fromReal(c)));
  t.set(at + 1, at, ZERO);
}

function squareRoot(z: Complex): Complex {
  const r = abs(z);
  const re = Math.sqrt((r + Math.abs(z.re)) / 2);
  if (re === 0) return ZERO;
  const im = z.im / (2 * re);
  return z.re >= 0 ? { re, im } : { re: Math.abs(im), im: z.im < 0 ? -re : re };
}

/** The eigenvalues of the block of size 2 at a place of the diagonal, conjugates of one another if they are a real block's. */
export function eigenvaluesOfBlock(t: Square, at: number): readonly [Complex, Complex] {
  const [a, d] = [t.at(at, at), t.at(at + 1, at + 1)];
  const middle = scale(add(a, d), 0.5);
  const p = scale(sub(a, d), 0.5);
  const root = squareRoot(add(mul(p, p), mul(t.at(at, at + 1), t.at(at + 1, at))));
  return [add(middle, root), sub(middle, root)];
}

/** Where the diagonal blocks begin. */
export const blockStarts = (t: Square): number[] => range(t.rows).filter((j) => j === 0 || abs(t.at(j, j - 1)) === 0);

/** The eigenvalues in the order of the diagonal, of each real block first the one with the positive imaginary part. */
export function eigenvaluesOf(t: Square): Complex[] {
  const starts = blockStarts(t);
  return starts.flatMap((at, k) =>
    (starts[k + 1] ?? t.rows) - at === 1 ? [t.at(at, at)] : [...eigenvaluesOfBlock(t, at)],
  );
}
