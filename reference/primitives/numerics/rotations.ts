/** Plane rotations of matrices over any field, and scaling by powers of two: the steps of jacobi.ts and schur.ts. */
import type { Element } from '../../core/host.ts';
import type { Field, Matrix } from './matrix.ts';

/** The unitary matrix with the columns (c, −s·w) and (s, c·w), where |w| = 1. */
export interface Rotation<S extends Element> {
  readonly c: number;
  readonly s: number;
  readonly w: S;
}

/** What is nothing beside the elements of a matrix that was scaled, and has reciprocals that do not overflow. */
export const NOTHING: number = 2 ** -900;

/** x/|x|, and 1 where x is nothing. */
export function phase<S extends Element>(field: Field<S>, x: S): S {
  const size = field.abs(x);
  return size <= NOTHING ? field.one : field.scale(x, 1 / size);
}

/** The rotation J for which Jᴴ·(x, y) is (r, 0), r having the phase of x. */
export function rotationToZero<S extends Element>(field: Field<S>, x: S, y: S): Rotation<S> {
  const [a, b] = [field.abs(x), field.abs(y)];
  const r = Math.hypot(a, b);
  return { c: a / r, s: b / r, w: field.neg(field.mul(field.conj(phase(field, x)), phase(field, y))) };
}

/** Columns p and q, times the rotation. */
export function rotateColumns<S extends Element>(m: Matrix<S>, p: number, q: number, { c, s, w }: Rotation<S>): void {
  const { add, sub, mul, scale } = m.field;
  for (let i = 0; i < m.rows; i++) {
    const [x, y] = [m.at(i, p), mul(m.at(i, q), w)];
    m.set(i, p, sub(scale(x, c), scale(y, s)));
    m.set(i, q, add(scale(x, s), scale(y, c)));
  }
}

/** The conjugate transpose of the rotation, times rows p and q. */
export function rotateRows<S extends Element>(m: Matrix<S>, p: number, q: number, { c, s, w }: Rotation<S>): void {
  const { add, sub, mul, scale, conj } = m.field;
  const back = conj(w);
  for (let j = 0; j < m.columns; j++) {
    const [x, y] = [m.at(p, j), mul(m.at(q, j), back)];
    m.set(p, j, sub(scale(x, c), scale(y, s)));
    m.set(q, j, add(scale(x, s), scale(y, c)));
  }
}

/** A power of two that brings the largest element of a finite matrix near 1, so that nothing overflows on the way. */
export function scalingPower<S extends Element>(m: Matrix<S>): number {
  const { field } = m;
  const size = m.elements().reduce((most, x) => Math.max(most, Math.abs(field.re(x)), Math.abs(field.im(x))), 0);
  return size === 0 ? 1 : 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(size))));
}
