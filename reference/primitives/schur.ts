/**
 * Eigenvalues of any square matrix (spec/primitives/spectral.md): Schur's form by plane rotations and shifted QR steps
 * (Golub and Van Loan, Matrix Computations, §7.4 and §7.5), and eigenvectors by substitution. Real matrices stay real: two
 * conjugate shifts at once, and a block of size 2 for each pair of conjugate eigenvalues.
 */
import type { Complex } from '../core/host.ts';
import { range } from './axes.ts';
import {
  adjoint,
  balancingPower,
  conjugate,
  frobenius,
  get,
  identity,
  type Matrix,
  matrix,
  minus,
  modulus,
  plus,
  product,
  quotient,
  rotateColumns,
  rotateRows,
  type Rotation,
  scaledBy,
  scaledMatrix,
  set,
  times,
} from './dense.ts';

const ZERO: Complex = { re: 0, im: 0 };
const U = 2 ** -53;
/** QR steps for one eigenvalue; most take two or three. */
const STEPS = 300;

const phase = (x: Complex): Complex => (modulus(x) === 0 ? { re: 1, im: 0 } : scaledBy(x, 1 / modulus(x)));

/** The rotation that turns rows with x above y into ones with a number above 0. */
function rotationToZero(x: Complex, y: Complex): Rotation {
  const r = Math.hypot(modulus(x), modulus(y));
  const [c, s] = [modulus(x) / r, modulus(y) / r];
  return { c, s, t: s / c, w: scaledBy(times(conjugate(phase(x)), phase(y)), -1) };
}

export interface Schur {
  /** Upper triangular, but for the blocks of a real matrix's conjugate eigenvalues. */
  readonly t: Matrix;
  readonly q: Matrix;
}

/** Rows and columns p and p + 1 of the matrix, and the columns of what is accumulated. */
function rotate({ t, q }: Schur, p: number, rotation: Rotation): void {
  rotateRows(t, p, p + 1, rotation);
  rotateColumns(t, p, p + 1, rotation);
  rotateColumns(q, p, p + 1, rotation);
}

/** Makes element (i, k) zero by the row above it. */
function annihilate(form: Schur, i: number, k: number): void {
  const y = get(form.t, i, k);
  if (y.re === 0 && y.im === 0) return;
  rotate(form, i - 1, rotationToZero(get(form.t, i - 1, k), y));
  set(form.t, i, k, ZERO);
}

/** A finite matrix as Q·T·Qᴴ. */
export function schurForm(a: Matrix, isReal: boolean): Schur {
  const n = a.rows;
  const power = balancingPower(a);
  const form = { t: scaledMatrix(a, power), q: identity(n) };
  const { t } = form;
  for (let k = 0; k < n - 2; k++) for (let i = n - 1; i > k + 1; i--) annihilate(form, i, k);
  const norm = frobenius(t);
  const isNegligible = (k: number): boolean => {
    const around = modulus(get(t, k - 1, k - 1)) + modulus(get(t, k, k));
    return modulus(get(t, k, k - 1)) <= Math.max(U * around, 2 ** -60 * norm);
  };
  for (let hi = n - 1, steps = 0; hi > 0;) {
    let lo = hi;
    while (lo > 0 && !isNegligible(lo)) lo--;
    if (lo > 0) set(t, lo, lo - 1, ZERO);
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
  return { t: scaledMatrix(t, 1 / power), q: form.q };
}

/** A QR step: the rotations that begin with the first column of the shifted matrix, and chase what they spoil downwards. */
function chase(form: Schur, lo: number, hi: number, start: Complex[]): void {
  for (let i = start.length - 1; i > 0; i--) {
    const [x, y] = [start[i - 1]!, start[i]!];
    if (modulus(y) === 0) continue;
    rotate(form, lo + i - 1, rotationToZero(x, y));
    start[i - 1] = scaledBy(phase(x), Math.hypot(modulus(x), modulus(y)));
  }
  for (let k = lo; k < hi - 1; k++) {
    for (let i = Math.min(k + start.length, hi); i > k + 1; i--) annihilate(form, i, k);
  }
}

/** Wilkinson's shift: the eigenvalue of the last block of size 2 that is nearer to its last element. */
function singleShift(t: Matrix, lo: number, hi: number, isExceptional: boolean): Complex[] {
  const below = get(t, hi, hi - 1);
  const [first, second] = eigenvaluesOfBlock(t, hi - 1);
  const last = get(t, hi, hi);
  const nearer = modulus(minus(first, last)) < modulus(minus(second, last)) ? first : second;
  const shift = isExceptional ? plus(last, { re: modulus(below), im: 0 }) : nearer;
  return [minus(get(t, lo, lo), shift), get(t, lo + 1, lo)];
}

/** Francis's shifts: both eigenvalues of the last block, so that the first column of (T − σ₁)(T − σ₂) is real. */
function doubleShift(t: Matrix, lo: number, hi: number, isExceptional: boolean): Complex[] {
  const at = (i: number, j: number): number => get(t, i, j).re;
  const size = Math.abs(at(hi, hi - 1)) + Math.abs(at(hi - 1, hi - 2));
  const trace = isExceptional ? 1.5 * size : at(hi - 1, hi - 1) + at(hi, hi);
  const determinant = isExceptional
    ? size * size
    : at(hi - 1, hi - 1) * at(hi, hi) - at(hi - 1, hi) * at(hi, hi - 1);
  const [a, b, c, d] = [at(lo, lo), at(lo, lo + 1), at(lo + 1, lo), at(lo + 1, lo + 1)];
  const column = [a * (a - trace) + b * c + determinant, c * (a + d - trace), c * at(lo + 2, lo + 1)];
  return column.map((re) => ({ re, im: 0 }));
}

/** A real block of size 2 with real eigenvalues becomes triangular: its first basis vector an eigenvector. */
function splitBlock(form: Schur, at: number): void {
  const { t } = form;
  const [a, b, c, d] = [get(t, at, at).re, get(t, at, at + 1).re, get(t, at + 1, at).re, get(t, at + 1, at + 1).re];
  const p = (a - d) / 2;
  const discriminant = p * p + b * c;
  if (discriminant < 0) return;
  const z = p + (p < 0 ? -1 : 1) * Math.sqrt(discriminant);
  rotate(form, at, rotationToZero({ re: z, im: 0 }, { re: c, im: 0 }));
  set(t, at + 1, at, ZERO);
}

function squareRoot(z: Complex): Complex {
  const r = modulus(z);
  const re = Math.sqrt((r + Math.abs(z.re)) / 2);
  if (re === 0) return ZERO;
  const im = z.im / (2 * re);
  return z.re >= 0 ? { re, im } : { re: Math.abs(im), im: z.im < 0 ? -re : re };
}

/** The eigenvalues of the block of size 2 at a place of the diagonal, conjugates of one another if they are a real block's. */
function eigenvaluesOfBlock(t: Matrix, at: number): readonly [Complex, Complex] {
  const [a, d] = [get(t, at, at), get(t, at + 1, at + 1)];
  const middle = scaledBy(plus(a, d), 0.5);
  const p = scaledBy(minus(a, d), 0.5);
  const root = squareRoot(plus(times(p, p), times(get(t, at, at + 1), get(t, at + 1, at))));
  return [plus(middle, root), minus(middle, root)];
}

/** Where the diagonal blocks begin. */
const blockStarts = (t: Matrix): number[] =>
  range(t.rows).filter((j) => j === 0 || get(t, j, j - 1).re === 0 && get(t, j, j - 1).im === 0); // prettier-ignore

export function eigenvaluesOf(t: Matrix): Complex[] {
  const starts = blockStarts(t);
  return starts.flatMap((at, k) =>
    (starts[k + 1] ?? t.rows) - at === 1 ? [get(t, at, at)] : [...eigenvaluesOfBlock(t, at)],
  );
}

/** The eigenvectors of an upper triangular matrix with blocks, in the order of `eigenvaluesOf`, by back substitution. */
function triangularVectors(t: Matrix): Matrix {
  const n = t.rows;
  const starts = blockStarts(t);
  const values = eigenvaluesOf(t);
  // A smaller divisor is that of a value which rounding cannot tell from this one.
  const least = Math.max(U * frobenius(t), Number.MIN_VALUE / U);
  const awayFromZero = (d: Complex): Complex => (modulus(d) < least ? { re: least, im: 0 } : d);
  const all = zerosOf(n);
  for (const [own, from] of starts.entries()) {
    const size = (starts[own + 1] ?? n) - from;
    for (let j = from; j < from + size; j++) {
      const lambda = values[j]!;
      const x = range(n).map(() => ZERO);
      if (size === 1) x[from] = { re: 1, im: 0 };
      else [x[from], x[from + 1]] = [minus(lambda, get(t, from + 1, from + 1)), get(t, from + 1, from)];
      for (let k = own - 1; k >= 0; k--) {
        const at = starts[k]!;
        const rest = (i: number): Complex =>
          range(from + size - starts[k + 1]!).reduce(
            (sum, d) => minus(sum, times(get(t, i, starts[k + 1]! + d), x[starts[k + 1]! + d]!)),
            ZERO,
          );
        const first = minus(get(t, at, at), lambda);
        if (starts[k + 1]! - at === 1) x[at] = quotient(rest(at), awayFromZero(first));
        else {
          const [b, c, last] = [get(t, at, at + 1), get(t, at + 1, at), minus(get(t, at + 1, at + 1), lambda)];
          const divisor = awayFromZero(quotient(minus(times(first, last), times(b, c)), { re: modulus(c), im: 0 }));
          const [r, s] = [scaledBy(rest(at), 1 / modulus(c)), scaledBy(rest(at + 1), 1 / modulus(c))];
          x[at] = quotient(minus(times(last, r), times(b, s)), divisor);
          x[at + 1] = quotient(minus(times(first, s), times(c, r)), divisor);
        }
        shrink(x);
      }
      x.forEach((e, i) => set(all, i, j, e));
    }
  }
  return all;
}
const zerosOf = (n: number): Matrix => matrix(n, n, () => ZERO);

/** Keeps a growing vector within range. */
function shrink(x: Complex[]): void {
  const size = Math.max(...x.map(modulus));
  if (size > 2 ** 200) x.forEach((e, i) => (x[i] = scaledBy(e, 1 / size)));
}

/** Columns of length 1 whose largest element is real and positive. */
function normalized(m: Matrix): Matrix {
  const factors = range(m.cols).map((j) => {
    const column = range(m.rows).map((i) => get(m, i, j));
    const largest = column.reduce((best, e) => (modulus(e) > modulus(best) ? e : best), ZERO);
    const unit = scaledBy(phase(largest), modulus(largest));
    const size = Math.hypot(...column.map((e) => modulus(quotient(e, unit))));
    return (e: Complex): Complex => scaledBy(quotient(e, unit), 1 / size);
  });
  return matrix(m.rows, m.cols, (i, j) => factors[j]!(get(m, i, j)));
}

export interface Eigensystem {
  readonly values: readonly Complex[];
  /** Aᴴ·uⱼ = λ̄ⱼ·uⱼ and A·vⱼ = λⱼ·vⱼ, as columns. */
  readonly left: Matrix;
  readonly right: Matrix;
}

/** The eigenvalues and eigenvectors of a finite matrix. */
export function eigensystem(a: Matrix, isReal: boolean): Eigensystem {
  const { t, q } = schurForm(a, isReal);
  const n = t.rows;
  // The left vectors of T are the right ones of Tᴴ, which is upper triangular once its rows and columns are turned around.
  const turned = matrix(n, n, (i, j) => get(adjoint(t), n - 1 - i, n - 1 - j));
  const back = triangularVectors(turned);
  const left = matrix(n, n, (i, j) => get(back, n - 1 - i, n - 1 - j));
  return {
    values: eigenvaluesOf(t),
    left: normalized(product(q, left)),
    right: normalized(product(q, triangularVectors(t))),
  };
}
