/** Complex matrices in double precision: what the decompositions of spectral.ts are computed with. */
import { type DType, isComplex } from '../core/dtypes.ts';
import { build, buildElements, type Complex, type HostArray, parts, type Shape } from '../core/host.ts';

/** Row-major. Matrices of real numbers have im = 0 throughout, and so has all that is computed from them. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export const zeros = (rows: number, cols: number): Matrix => ({
  rows,
  cols,
  re: new Float64Array(rows * cols),
  im: new Float64Array(rows * cols),
});

export function matrix(rows: number, cols: number, at: (i: number, j: number) => Complex): Matrix {
  const m = zeros(rows, cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) set(m, i, j, at(i, j));
  return m;
}

export const get = (m: Matrix, i: number, j: number): Complex => ({
  re: m.re[i * m.cols + j]!,
  im: m.im[i * m.cols + j]!,
});
export function set(m: Matrix, i: number, j: number, { re, im }: Complex): void {
  m.re[i * m.cols + j] = re;
  m.im[i * m.cols + j] = im;
}

export const modulus = ({ re, im }: Complex): number => Math.hypot(re, im);
export const conjugate = ({ re, im }: Complex): Complex => ({ re, im: -im });
export const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const times = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
export const scaledBy = (a: Complex, s: number): Complex => ({ re: a.re * s, im: a.im * s });
/** Smith's quotient: no overflow on the way. */
export function quotient(a: Complex, b: Complex): Complex {
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const r = b.im / b.re;
    const d = b.re + b.im * r;
    return { re: (a.re + a.im * r) / d, im: (a.im - a.re * r) / d };
  }
  const r = b.re / b.im;
  const d = b.re * r + b.im;
  return { re: (a.re * r + a.im) / d, im: (a.im * r - a.re) / d };
}

export const identity = (n: number): Matrix => matrix(n, n, (i, j) => ({ re: Number(i === j), im: 0 }));
export const adjoint = (m: Matrix): Matrix => matrix(m.cols, m.rows, (i, j) => conjugate(get(m, j, i)));
/** The columns at the given places. */
export const columns = (m: Matrix, places: readonly number[]): Matrix =>
  matrix(m.rows, places.length, (i, j) => get(m, i, places[j]!));
export const difference = (a: Matrix, b: Matrix): Matrix => ({
  ...a,
  re: a.re.map((v, i) => v - b.re[i]!),
  im: a.im.map((v, i) => v - b.im[i]!),
});

export function product(a: Matrix, b: Matrix): Matrix {
  const c = zeros(a.rows, b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.cols; k++) {
      const [x, y] = [a.re[i * a.cols + k]!, a.im[i * a.cols + k]!];
      for (let j = 0; j < b.cols; j++) {
        const [u, v] = [b.re[k * b.cols + j]!, b.im[k * b.cols + j]!];
        c.re[i * b.cols + j]! += x * u - y * v;
        c.im[i * b.cols + j]! += x * v + y * u;
      }
    }
  }
  return c;
}

/** Column j times `factors[j]`. */
export const scaledColumns = (m: Matrix, factors: (j: number) => Complex): Matrix =>
  matrix(m.rows, m.cols, (i, j) => times(get(m, i, j), factors(j)));

/** ‖m‖ of Frobenius, without overflow on the way. */
export function frobenius(m: Matrix): number {
  const size = largestPart(m);
  if (size === 0 || !Number.isFinite(size)) return size;
  let sum = 0;
  for (let i = 0; i < m.re.length; i++) sum += (m.re[i]! / size) ** 2 + (m.im[i]! / size) ** 2;
  return size * Math.sqrt(sum);
}

/** The largest |re| or |im|; NaN if there is one. */
const largestPart = (m: Matrix): number =>
  [m.re, m.im].reduce((largest, data) => data.reduce((max, v) => Math.max(max, Math.abs(v)), largest), 0);

/** A power of two that brings the largest part of a finite matrix into [1, 2); 1 if it is zero. */
export function balancingPower(m: Matrix): number {
  const size = largestPart(m);
  return size === 0 ? 1 : 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(size))));
}
export const scaledMatrix = (m: Matrix, s: number): Matrix => ({ ...m, re: m.re.map((v) => v * s), im: m.im.map((v) => v * s) }); // prettier-ignore

/**
 * A plane rotation that makes the Hermitian matrix [[α, γ], [γ̄, β]] diagonal, as the columns
 * (c, −s·w) and (s, c·w) with |w| = 1 (Golub and Van Loan, Matrix Computations, §8.5.2).
 */
export interface Rotation {
  readonly c: number;
  readonly s: number;
  readonly t: number;
  readonly w: Complex;
}
export function rotationFor(alpha: number, beta: number, gamma: Complex): Rotation {
  const g = modulus(gamma);
  const tau = (beta - alpha) / (2 * g);
  const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.sqrt(1 + t * t);
  return { c, s: t * c, t, w: scaledBy(conjugate(gamma), 1 / g) };
}

/** Columns p and q, times the rotation. */
export function rotateColumns({ re, im, rows, cols }: Matrix, p: number, q: number, { c, s, w }: Rotation): void {
  for (let i = 0, a = p, b = q; i < rows; i++, a += cols, b += cols) {
    const [x, y] = [re[b]! * w.re - im[b]! * w.im, re[b]! * w.im + im[b]! * w.re];
    [re[a], re[b]] = [c * re[a]! - s * x, s * re[a]! + c * x];
    [im[a], im[b]] = [c * im[a]! - s * y, s * im[a]! + c * y];
  }
}
/** The conjugate transpose of the rotation, times rows p and q. */
export function rotateRows({ re, im, cols }: Matrix, p: number, q: number, { c, s, w }: Rotation): void {
  for (let j = 0, a = p * cols, b = q * cols; j < cols; j++, a++, b++) {
    const [x, y] = [re[b]! * w.re + im[b]! * w.im, im[b]! * w.re - re[b]! * w.im];
    [re[a], re[b]] = [c * re[a]! - s * x, s * re[a]! + c * x];
    [im[a], im[b]] = [c * im[a]! - s * y, s * im[a]! + c * y];
  }
}

// ---- host arrays

/** The matrices of the last two axes. */
export function matricesOf(x: HostArray): Matrix[] {
  const [rows, cols] = x.shape.slice(-2) as [number, number];
  const data = parts(x);
  const size = rows * cols;
  const step = isComplex(x.dtype) ? 2 : 1;
  const count = x.shape.slice(0, -2).reduce((n, d) => n * d, 1);
  return Array.from({ length: count }, (_, b) => {
    const m = zeros(rows, cols);
    for (let i = 0; i < size; i++) {
      m.re[i] = data[(b * size + i) * step]!;
      if (step === 2) m.im[i] = data[(b * size + i) * step + 1]!;
    }
    return m;
  });
}

/** An array whose last axes are those of equally large blocks, stored with the dtype's rounding. */
export function fromBlocks(
  dtype: DType,
  shape: Shape,
  blocks: readonly { readonly re: Float64Array; readonly im: Float64Array }[],
): HostArray {
  const size = blocks[0]?.re.length ?? 1;
  const part = (key: 're' | 'im', i: number): number => blocks[Math.floor(i / size)]![key][i % size]!;
  if (!isComplex(dtype)) return build(dtype, shape, (i) => part('re', i));
  return buildElements(dtype, shape, (i) => ({ re: part('re', i), im: part('im', i) }));
}

export const isFiniteMatrix = (m: Matrix): boolean => Number.isFinite(largestPart(m));
/** What decompositions give of a matrix that is not finite. */
export const filledWithNaN = <T extends { readonly re: Float64Array; readonly im: Float64Array }>(m: T): T => ({
  ...m,
  re: m.re.map(() => NaN),
  im: m.im.map(() => NaN),
});
