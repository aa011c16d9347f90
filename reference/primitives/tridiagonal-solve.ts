/** Systems of equations with a tridiagonal matrix (spec/primitives/linalg.md#tridiagonal_solve). */
import type * as FC from 'fast-check';
import { DECOMPOSABLE, type DType, finfo } from '../core/dtypes.ts';
import { type Element, type HostArray, sameShape, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import {
  type Accuracy,
  type BackwardCheck,
  type Bounded,
  type Call,
  definePrimitive,
  type Gen,
  knownOperand,
  type Tangent,
} from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { range } from './axes.ts';
import { type Tridiagonal, tridiagonalMatrix, tridiagonalSolution } from './numerics/decompositions.ts';
import { call, smallShape } from './draw.ts';
import { along, type Defined, inexact, NO_PARAMS, type NoParams, showAvals } from './elementwise.ts';
import { anyMatrix, anyVector, batchShape, dominantVector } from './linalg-cases.ts';
import { block, columns, joined, leading, rows } from './linalg-rules.ts';
import { arrayOf, type Field, Matrix, matricesOf, REAL, withField } from './numerics/matrix.ts';
import {
  apartFrom,
  boundFrom,
  boundsOf,
  certain,
  checkedRoundings,
  componentwise,
  lossOf,
  none,
  roundings,
  WIDER,
} from './numerics/perturbation.ts';

function diagonalsOf<S extends Element>(field: Field<S>, [dl, d, du]: readonly HostArray[]): Tridiagonal<S>[] {
  const [low, middle, high] = [dl!, d!, du!].map((x) => matricesOf(field, x, 1)) as [Matrix<S>[], Matrix<S>[], Matrix<S>[]]; // prettier-ignore
  return middle.map((m, b) => ({ dl: low[b]!.column(0), d: m.column(0), du: high[b]!.column(0) }));
}

/**
 * ‖B − A·X‖ ≤ γ·max|A|·‖X‖, columns by their largest elements. Pivoting at most doubles the elements of a tridiagonal
 * matrix (§9.6), and changes each at most twice: 40 units of max|A| from the elimination, 36 from the right-hand side,
 * and from U·X at most 24 in each of the n rows that an exchange may carry along.
 */
const solutionRoundings = (n: number): number => 24 * n + 80;

const largestOfColumn = <S extends Element>(x: Matrix<S>, j: number): number =>
  x.column(j).reduce((most, v) => Math.max(most, x.field.abs(v)), 0);
/** Whether something on the way to a column of X may overflow, the largest element of A being `largest`. */
const mayOverflow = <S extends Element>(largest: number, x: Matrix<S>, j: number, dtype: DType): boolean =>
  !(6 * largest * largestOfColumn(x, j) <= finfo(dtype).max);
/** The largest sum of moduli of a row. */
const rowSum = <S extends Element>(a: Matrix<S>): number =>
  a.magnitudes().times(new Matrix(REAL, a.columns, 1, () => 1)).largest(); // prettier-ignore

/** At least the largest row sum of |A⁻¹|; Infinity where A is singular, or nothing is proved. */
function inverseSize<S extends Element>(t: Tridiagonal<S>, a: Matrix<S>): number {
  const one = Matrix.identity(a.field, a.rows);
  const inverse = tridiagonalSolution(t, one);
  const size = rowSum(inverse);
  const evaluation = roundings(a.rows + 2, 'complex128') * rowSum(a) * size;
  const defect = rowSum(a.times(inverse).minus(one)) + evaluation;
  return defect < 1 && size < Infinity ? (WIDER * size) / (1 - defect) : Infinity;
}

function checksOf<S extends Element>(
  t: Tridiagonal<S>,
  b: Matrix<S>,
  expected: Matrix<S>,
  x: Matrix<S>,
  dtype: DType,
  eta: number,
): BackwardCheck[] {
  const a = tridiagonalMatrix(t, b.field);
  if (!a.isFinite() || !b.isFinite())
    return [none('solutions of which only one is finite', x.isFinite() !== expected.isFinite())];
  const g = checkedRoundings(solutionRoundings(a.rows), dtype);
  if (x.rows * x.columns > 0 && x.isNaN()) {
    const sure = !expected.isNaN() && inverseSize(t, a) * 3 * g * a.largest() < 1;
    return [none('no solution is given of a system that is safely not singular', sure)];
  }
  const residual = b.minus(a.times(x));
  const judged = range(b.columns).filter((j) => !mayOverflow(a.largest(), expected, j, dtype));
  const row = (of: (j: number) => number): Matrix<number> =>
    new Matrix(REAL, 1, judged.length, (_, k) => of(judged[k]!));
  return [
    componentwise(
      '‖B − A·X‖ of a column',
      row((j) => largestOfColumn(residual, j)),
      row((j) => g * a.largest() * largestOfColumn(x, j) + eta * solutionRoundings(a.rows) * (1 + a.largest())),
    ),
  ];
}

/**
 * How far solutions of (A + E)·X' = B + F may be from X: A·(X' − X) = F − E·X' + what both sides round, by rows, with the
 * part of it that has X' − X put on the left.
 */
function apart<S extends Element>(
  t: Tridiagonal<S>,
  x: Matrix<S>,
  e: Matrix<number>,
  f: Matrix<number>,
  dtype: DType,
  eta: number,
): Matrix<number> {
  const a = tridiagonalMatrix(t, x.field);
  const n = solutionRoundings(a.rows);
  const [size, change] = [a.largest(), rowSum(e)];
  const own = roundings(n, dtype) * (size + e.largest());
  const inverse = inverseSize(t, a);
  const share = inverse * (own + change);
  const lost = 2 * eta * n * (1 + size);
  const ofColumns = range(x.columns).map((j) => {
    const residual = largestOfColumn(f, j) + (2 * own + change) * largestOfColumn(x, j) + lost;
    if (mayOverflow(size + e.largest(), x, j, dtype)) return Infinity;
    return share < 1 && residual < Infinity ? (WIDER * inverse * residual) / (1 - share) : Infinity;
  });
  return new Matrix(REAL, x.rows, x.columns, (_, j) => ofColumns[j]!);
}

function apartOf(operands: readonly Bounded[], x: HostArray, eta: number): Matrix<number>[] {
  const [el, ed, eu] = operands.slice(0, 3).map((o) => boundsOf(o, 1)) as [Matrix<number>[], Matrix<number>[], Matrix<number>[]]; // prettier-ignore
  const f = boundsOf(operands[3]!);
  return withField(x.dtype, (field) => {
    const solutions = matricesOf(field, x);
    return diagonalsOf(
      field,
      operands.map((o) => o.value),
    ).map((t, k) => {
      const e = tridiagonalMatrix({ dl: el[k]!.column(0), d: ed[k]!.column(0), du: eu[k]!.column(0) }, REAL);
      return apart(t, solutions[k]!, e, f[k]!, x.dtype, eta);
    });
  });
}

const accuracy = (): Accuracy => ({
  kind: 'backward',
  checks: (operands, [expected], [got], eta) =>
    withField(got!.dtype, (field) => {
      const [b, e, g] = [operands[3]!, expected!, got!].map((x) => matricesOf(field, x));
      return diagonalsOf(field, operands).flatMap((t, k) => checksOf(t, b![k]!, e![k]!, g![k]!, got!.dtype, eta));
    }),
  forward: (operands, [x], eta) => [apartFrom(apartOf(operands.map(certain), x!, eta))],
});

/** The matrix of three diagonals, or of their tangents, times X. */
function times(lax: Lax, [dl, d, du]: readonly Tangent[], x: NDArray): Tangent {
  const m = rows(x);
  const scaled = (diagonal: NDArray, y: NDArray): NDArray =>
    lax.mul(lax.broadcastInDim(diagonal, x.shape, range(diagonal.ndim)), y);
  const zero = lax.zerosLike(block(lax, x, [0, 1], [0, columns(x)]));
  const before = (): NDArray => joined(lax, [zero, block(lax, x, [0, m - 1], [0, columns(x)])], -2);
  const after = (): NDArray => joined(lax, [block(lax, x, [1, m], [0, columns(x)]), zero], -2);
  return [
    along(dl, (t) => scaled(t, before())),
    along(d, (t) => scaled(t, x)),
    along(du, (t) => scaled(t, after())),
  ].reduce(lax.addTangents);
}

/** The diagonals of Aᵀ: what they hold outside of it is zero. */
function transposedDiagonals(lax: Lax, [dl, d, du]: readonly NDArray[]): [NDArray, NDArray, NDArray] {
  const [axis, m] = [d!.ndim - 1, columns(d!)];
  const zero = lax.zerosLike(lax.sliceInDim(d!, 0, 1, 1, axis));
  return [
    lax.concatenate([zero, lax.sliceInDim(du!, 0, m - 1, 1, axis)], axis),
    d!,
    lax.concatenate([lax.sliceInDim(dl!, 1, m, 1, axis), zero], axis),
  ];
}

export const tridiagonalSolve: Defined<'tridiagonal_solve', NoParams, 'C1' | 'C2' | 'C3'> = definePrimitive<
  'tridiagonal_solve',
  NoParams,
  'C1' | 'C2' | 'C3'
>({
  name: 'tridiagonal_solve',
  spec: 'spec/primitives/linalg.md#tridiagonal_solve',
  operands: ['dl', 'd', 'du', 'b'].map((name) => ({ name, dtypes: DECOMPOSABLE })),
  params: {},
  dtypes: DECOMPOSABLE,
  constraints: {
    C1: (xs) => xs.every((x) => x.dtype === xs[0]!.dtype) || `the operands must have one dtype, got ${showAvals(xs)}`,
    C2: ([dl, d, du]) =>
      (d!.shape.length >= 1 && sameShape(dl!.shape, d!.shape) && sameShape(du!.shape, d!.shape)) ||
      `the diagonals must be lists of one shape, or batches of them, got ${showAvals([dl!, d!, du!])}`,
    C3: ([, d, , b]) =>
      (b!.shape.length >= 2 && sameShape(d!.shape, b!.shape.slice(0, -1))) ||
      `b must have the shape of the diagonals and one dimension more, got ${showAvals([d!, b!])}`,
  },
  infer: (xs) => [xs[3]!],
  evaluate: (xs) =>
    withField(xs[3]!.dtype, (field) => {
      const right = matricesOf(field, xs[3]!);
      const solved = diagonalsOf(field, xs).map((t, k) => tridiagonalSolution(t, right[k]!));
      return [arrayOf(xs[3]!.dtype, xs[3]!.shape, solved)];
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, [dl, d, du], tangents, [x]) => {
      if (x!.size === 0) return [null];
      const moved = along(times(lax, tangents, x!), lax.neg);
      const right = lax.addTangents(tangents[3]!, moved);
      return [along(right, (b) => lax.linalg.tridiagonalSolve(dl!, d!, du!, b))];
    },
    transpose: {
      linearIn: [[3]],
      rule: (lax, [ct], operands) => {
        const diagonals = operands.slice(0, 3).map(knownOperand);
        const solve = (t: NDArray): NDArray =>
          t.size === 0 ? t : lax.linalg.tridiagonalSolve(...transposedDiagonals(lax, diagonals), t);
        return [null, null, null, along(ct, solve)];
      },
    },
  },
  batch: leading((lax, [dl, d, du, b]) => [lax.linalg.tridiagonalSolve(dl!, d!, du!, b!)]),
  bound: (operands, [x]) => [boundFrom(apartOf(operands, x!, lossOf(x!)))],
  accuracy,
  cases: (gen) =>
    batchShape(gen, 2).chain((shape) => {
      const side = shape.slice(0, -1);
      const diagonals = gen.fc.nat(3).chain((mood) => {
        const middle = mood === 0 ? anyVector(gen, side) : dominantVector(gen, side);
        return gen.fc.tuple(anyVector(gen, side), middle, anyVector(gen, side));
      });
      return gen.fc
        .tuple(diagonals, anyMatrix(gen, shape))
        .map(([three, b]) => ({ args: [...three, b], params: NO_PARAMS }));
    }),
  breaks: {
    C1: (gen) => {
      const other = DECOMPOSABLE.find((d) => d !== gen.dtype)!;
      return broken(gen, [2], [2], [2, 1], other);
    },
    C2: (gen) => smallShape(gen, 1).chain((s) => broken(gen, [...s, 2], s, [...s, 1])),
    C3: (gen) =>
      smallShape(gen, 1).chain((s) => gen.fc.constantFrom(s, [2, ...s, 1]).chain((b) => broken(gen, s, s, b))),
  },
});

const broken = (gen: Gen, dl: Shape, others: Shape, b: Shape, dtype: DType = gen.dtype): FC.Arbitrary<Call<NoParams>> =>
  call(gen, [[gen.dtype, dl], [gen.dtype, others], [gen.dtype, others], [dtype, b]], NO_PARAMS); // prettier-ignore
