/**
 * How far solutions of linear algebra may be apart, and checks of them: bounds that are proved, evaluated in double
 * precision without cancellation (Higham, Accuracy and Stability of Numerical Algorithms; the pages name the theorems).
 */
import { type DType, finfo, isComplex } from '../../core/dtypes.ts';
import type { Element, HostArray } from '../../core/host.ts';
import type { BackwardCheck, Bound, Bounded } from '../../core/primitive.ts';
import { gamma } from '../accuracy.ts';
import { range } from '../axes.ts';
import { substituted } from './decompositions.ts';
import { Matrix, matricesOf, REAL } from './matrix.ts';

/** Of complex numbers every operation counts as ten (spec/numerics.md#backward). */
const operations = (k: number, dtype: DType): number => (isComplex(dtype) ? 10 * k : k);

/** γₖ for k operations on numbers of a dtype. */
export const roundings = (k: number, dtype: DType): number => gamma(operations(k, dtype), dtype);
/** The same, and what a check rounds that evaluates them again in double precision. */
export const checkedRoundings = (k: number, dtype: DType): number =>
  roundings(k, dtype) + 2 * gamma(operations(k, dtype), 'float64');

/** Covers what the evaluation of a bound rounds itself: sums of non-negative numbers, far fewer than 2³⁰ of them. */
export const WIDER: number = 1 + 2 ** -20;

// ---- checks

/** |X|·|Y|. A zero times an element whose modulus overflows is 0, as in the product itself. */
export function productOfSizes<S extends Element>(x: Matrix<S>, y: Matrix<S>): Matrix<number> {
  const [left, right] = [x.magnitudes(), y.magnitudes()];
  const term = (i: number, k: number, j: number): number =>
    left.at(i, k) === 0 || right.at(k, j) === 0 ? 0 : left.at(i, k) * right.at(k, j);
  return new Matrix(REAL, x.rows, y.columns, (i, j) => range(x.columns).reduce((sum, k) => sum + term(i, k, j), 0));
}

/** The element at which the error is the largest share of what is allowed there; nothing is said where anything is. */
export function componentwise(what: string, error: Matrix<number>, allowed: Matrix<number>): BackwardCheck {
  let worst: BackwardCheck = { what, error: 0, allowed: 0 };
  let share = -1;
  error.elements().forEach((e, i) => {
    const most = allowed.elements()[i]!;
    if (most === Infinity) return;
    const own = e === 0 ? 0 : e / most;
    if (own <= share || Number.isNaN(share)) return;
    worst = { what, error: e, allowed: most };
    share = own;
  });
  return worst;
}

/** How many elements are not as they have to be; none may be. */
export const none = (what: string, wrong: number | boolean): BackwardCheck => ({
  what,
  error: Number(wrong),
  allowed: 0,
});

export const count = <S extends Element>(x: Matrix<S>, is: (i: number, j: number) => boolean): number =>
  x.map((_, i, j) => (is(i, j) ? x.field.one : x.field.zero)).elements().filter((v) => x.field.re(v) === 1).length; // prettier-ignore

export const isFinite = <S extends Element>(x: Matrix<S>, i: number, j: number): boolean =>
  Number.isFinite(x.field.abs(x.at(i, j)));

// ---- bounds

/**
 * At least |T'⁻¹|·B for every triangular T' with |T' − T| ≤ E: the comparison matrix of T has the inverse of largest
 * modulus among them (§8.2), and is solved without a subtraction. Infinite where some T' is singular.
 */
export function inverseTimes<S extends Element>(
  t: Matrix<S>,
  e: Matrix<number>,
  b: Matrix<number>,
  lower: boolean,
): Matrix<number> {
  const size = t.magnitudes();
  const least = size.map((x, i, j) => (i === j ? x - e.at(i, j) : -(x + e.at(i, j))));
  if (count(least, (i, j) => i === j && !(least.at(i, j) > 0)) > 0) return b.map(() => Infinity);
  return substituted(least, b, { lower, unit: false }).map((x) => (Number.isNaN(x) ? Infinity : x * WIDER));
}

/** At least the Frobenius norm of the inverse of a triangular matrix. */
export const inverseNorm = <S extends Element>(t: Matrix<S>, lower: boolean): number =>
  inverseTimes(t, zeros(t.rows, t.rows), Matrix.identity(REAL, t.rows), lower).norm();

export const zeros = (rows: number, columns: number): Matrix<number> => new Matrix(REAL, rows, columns, () => 0);

export const certain = (value: HostArray): Bounded => ({ value, bound: null });

/** What underflow loses where nothing is flushed to zero. */
export const lossOf = ({ dtype }: HostArray): number => finfo(dtype).smallestSubnormal;

/** The worst-case bounds of an operand as matrices (or vectors, as those of one column). */
export function boundsOf({ value, bound }: Bounded, rank: 1 | 2 = 2): Matrix<number>[] {
  const { shape } = value;
  const data = bound?.worst ?? new Float64Array(shape.reduce((n, d) => n * d, 1));
  return matricesOf(REAL, { shape, dtype: 'float64', data }, rank);
}

/** The bounds of the elements of a batch; how likely they are nobody knows. */
export function boundFrom(batch: readonly Matrix<number>[]): Bound {
  const worst = Float64Array.from(batch.flatMap((m) => m.elements()));
  return { worst, variance: worst.map((w) => w ** 2) };
}

/** The same as elements of a result. */
export const apartFrom = (batch: readonly Matrix<number>[]): Float64Array =>
  Float64Array.from(batch.flatMap((m) => m.elements()));

/** Nothing is known of a result. */
export const unboundedResult = (y: HostArray): Bound => {
  const worst = new Float64Array(y.shape.reduce((n, d) => n * d, 1)).fill(Infinity);
  return { worst, variance: worst };
};
