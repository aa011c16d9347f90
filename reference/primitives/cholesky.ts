/** The Cholesky factor (spec/primitives/linalg.md#cholesky). */
import { DECOMPOSABLE } from '../core/dtypes.ts';
import type { Element, HostArray } from '../core/host.ts';
import { type Accuracy, type BackwardCheck, type Bounded, definePrimitive } from '../core/primitive.ts';
import { call, smallShape } from './draw.ts';
import { choleskyFactor } from './numerics/decompositions.ts';
import { along, type Defined, inexact, NO_PARAMS, type NoParams } from './elementwise.ts';
import { batchShape, callOf, positiveDefinite, square } from './linalg-cases.ts';
import { adjoint, checkSquare, leading, lower, onDiagonal, product, realPart } from './linalg-rules.ts';
import { arrayOf, matricesOf, Matrix, REAL, withField } from './numerics/matrix.ts';
import {
  apartFrom,
  boundFrom,
  boundsOf,
  certain,
  checkedRoundings,
  componentwise,
  count,
  inverseNorm,
  lossOf,
  none,
  roundings,
  zeros,
} from './numerics/perturbation.ts';

/** The Hermitian matrix that has this lower triangle. */
const hermitian = <S extends Element>(a: Matrix<S>): Matrix<S> =>
  a.map((x, i, j) => (i > j ? x : i < j ? a.field.conj(a.at(j, i)) : a.field.fromReal(a.field.re(x))));

const diagonal = <S extends Element>(a: Matrix<S>): number[] => a.column(0).map((_, i) => a.field.re(a.at(i, i)));

/** |A − L·Lᴴ| ≤ γₙ₊₁/(1 − γₙ₊₁)·d·dᵀ with dᵢ = √aᵢᵢ (Theorems 10.3 and 10.5). */
function checksOf<S extends Element>(
  a: Matrix<S>,
  expected: Matrix<S>,
  l: Matrix<S>,
  x: HostArray,
  eta: number,
): BackwardCheck[] {
  const { field, rows: n } = a;
  const isNaN =
    (m: Matrix<S>) =>
    (i: number, j: number): boolean =>
      Number.isNaN(field.abs(m.at(i, j)));
  if (!hermitian(a).isFinite()) {
    const other = count(l, (i, j) => j <= i && isNaN(l)(i, j) !== isNaN(expected)(i, j));
    return [none('elements that are NaN in one result only', other)];
  }
  const g = checkedRoundings(n + 1, x.dtype);
  if (n > 0 && l.isNaN()) {
    const mu = (4 * n * g) / (1 - g); // twice that of Theorem 10.7: below it every factorization runs to its end
    const less = hermitian(a).map((v, i, j) => (i === j ? field.scale(v, 1 - mu) : v));
    const sure = !expected.isNaN() && !choleskyFactor(less).isNaN();
    return [none('no factor is given of a matrix that is safely positive definite', sure)];
  }
  const d = diagonal(a).map((v) => Math.sqrt(Math.max(v, 0)));
  const sums = l.magnitudes().times(new Matrix(REAL, n, 1, () => 1));
  const allowed = zeros(n, n).map(
    (_, i, j) => (g / (1 - g)) * d[i]! * d[j]! + eta * (n + 1 + sums.at(i, 0) + sums.at(j, 0)),
  );
  return [
    componentwise('|A − L·Lᴴ|', hermitian(a).minus(l.times(l.adjoint())).magnitudes(), allowed),
    none(
      'elements above the diagonal that are not zero',
      count(l, (i, j) => j > i && field.abs(l.at(i, j)) !== 0),
    ),
    none(
      'diagonal elements that are not positive',
      count(l, (i, j) => i === j && !(field.re(l.at(i, i)) > 0)),
    ),
  ];
}

/**
 * How far factors of matrices within E of A may be from L: by Theorem 10.8 (Sun) ‖ΔL‖ ≤ 2^(−½)·‖L‖·‖A⁻¹‖·δ/(1 − ‖A⁻¹‖·δ)
 * in Frobenius' norm, δ = ‖E‖ + 2·γ/(1 − γ)·trace(A + E), which holds what both factorizations round. Infinite where one
 * of the two may have no factor.
 */
function apart<S extends Element>(l: Matrix<S>, e: Matrix<number>, x: HostArray, eta: number): Matrix<number> {
  const n = l.rows;
  const g = roundings(n + 1, x.dtype);
  const trace = l.norm() ** 2 + e.norm() * n;
  const underflow = 2 * eta * n * (n + 1 + 2 * l.norm() * n);
  const delta = e.norm() + (2 * g * trace) / (1 - 2 * g) + underflow;
  const change = inverseNorm(l, true) ** 2 * delta;
  const bound = change < 1 ? (Math.SQRT1_2 * l.norm() * change) / (1 - change) : Infinity;
  return zeros(n, n).map((_, i, j) => (!(bound < Infinity) ? Infinity : j > i ? 0 : bound));
}

const apartOf = (x: HostArray, y: HostArray, e: readonly Matrix<number>[], eta: number): Matrix<number>[] =>
  withField(x.dtype, (field) => matricesOf(field, y).map((l, b) => apart(l, hermitian(e[b]!), x, eta)));

const accuracy = (): Accuracy => ({
  kind: 'backward',
  checks: ([x], [expected], [got], eta) =>
    withField(x!.dtype, (field) => {
      const [e, g] = [matricesOf(field, expected!), matricesOf(field, got!)];
      return matricesOf(field, x!).flatMap((a, b) => checksOf(a, e[b]!, g[b]!, x!, eta));
    }),
  forward: ([x], [y], eta) => [apartFrom(apartOf(x!, y!, boundsOf(certain(x!)), eta))],
});

export const cholesky: Defined<'cholesky', NoParams, 'C1'> = definePrimitive<'cholesky', NoParams, 'C1'>({
  name: 'cholesky',
  spec: 'spec/primitives/linalg.md#cholesky',
  operands: [{ name: 'operand', dtypes: DECOMPOSABLE }],
  params: {},
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([x]) => checkSquare('operand', x!) },
  infer: (xs) => xs,
  evaluate: ([x]) =>
    withField(x!.dtype, (field) => [arrayOf(x!.dtype, x!.shape, matricesOf(field, x!).map(choleskyFactor))]),
  differentiate: {
    active: inexact,
    // L̇ = L·Φ(L⁻¹·Ȧ·L⁻ᴴ), Φ the lower triangle with half the diagonal; of Ȧ, as of A, the lower triangle is read.
    jvp: (lax, _, [dx], [l]) => [
      along(dx, (t) => {
        const strict = lower(lax, t, -1);
        const whole = lax.add(lax.add(strict, adjoint(lax, strict)), onDiagonal(lax, realPart(lax, t)));
        const right = lax.linalg.triangularSolve(l!, whole, { lower: true, transposeA: true, conjugateA: true });
        const inner = lax.linalg.triangularSolve(l!, right, { leftSide: true, lower: true });
        return product(lax, l!, lax.sub(lower(lax, inner), lax.mul(onDiagonal(lax, inner), 0.5)));
      }),
    ],
  },
  batch: leading((lax, [x]) => [lax.linalg.cholesky(x!, { symmetrizeInput: false })]),
  bound: ([x]: readonly Bounded[], [y]) => [boundFrom(apartOf(x!.value, y!, boundsOf(x!), lossOf(y!)))],
  accuracy,
  cases: (gen) => batchShape(gen, 2).chain((shape) => callOf(gen, [positiveDefinite(gen, square(shape))], NO_PARAMS)),
  breaks: {
    C1: (gen) =>
      smallShape(gen).chain((s) =>
        gen.fc.constantFrom([2], [...s, 2, 3]).chain((shape) => call(gen, [[gen.dtype, shape]], NO_PARAMS)),
      ),
  },
});
