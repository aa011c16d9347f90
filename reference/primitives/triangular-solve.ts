/** Systems of equations with a triangular matrix (spec/primitives/linalg.md#triangular_solve). */
import { DECOMPOSABLE, type DType, finfo } from '../core/dtypes.ts';
import { type Aval, type Element, type HostArray, sameShape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Accuracy, type BackwardCheck, type Bounded, definePrimitive, knownOperand } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { choices, smallShape, call } from './draw.ts';
import { substituted, type Triangle } from './numerics/decompositions.ts';
import { along, type Defined, inexact, showAvals } from './elementwise.ts';
import { batchShape, callOf, square, triangular, anyMatrix } from './linalg-cases.ts';
import {
  batchOf,
  checkSquare,
  columns,
  conjugate,
  leading,
  lower,
  product,
  rows,
  transposed,
  upper,
} from './linalg-rules.ts';
import { arrayOf, type Field, Matrix, matricesOf, REAL, withField } from './numerics/matrix.ts';
import {
  apartFrom,
  boundFrom,
  boundsOf,
  certain,
  checkedRoundings,
  componentwise,
  count,
  inverseTimes,
  isFinite,
  lossOf,
  none,
  roundings,
} from './numerics/perturbation.ts';

export interface TriangularSolveParams {
  readonly left_side: boolean;
  readonly lower: boolean;
  readonly transpose_a: boolean;
  readonly conjugate_a: boolean;
  readonly unit_diagonal: boolean;
}
type P = TriangularSolveParams;

/** T·X = B: what every form of the equation comes to. */
interface System<S extends Element> {
  readonly t: Matrix<S>;
  readonly b: Matrix<S>;
  readonly triangle: Triangle;
}

/** X·op(A) = B is op(A)ᵀ·Xᵀ = Bᵀ. */
function systemOf<S extends Element>(a: Matrix<S>, b: Matrix<S>, p: P): System<S> {
  const op = p.conjugate_a ? a.map(a.field.conj) : a;
  const turned = p.transpose_a === p.left_side;
  return {
    t: turned ? op.transposed() : op,
    b: sided(b, p),
    triangle: { lower: p.lower !== turned, unit: p.unit_diagonal },
  };
}
const sided = <S extends Element>(x: Matrix<S>, p: P): Matrix<S> => (p.left_side ? x : x.transposed());

/** The part of T that is read, the diagonal as ones if it is taken as such. */
const read = <S extends Element>(t: Matrix<S>, triangle: Triangle): Matrix<S> =>
  (triangle.lower ? t.lower() : t.upper()).map((x, i, j) => (triangle.unit && i === j ? t.field.one : x));

/** Underflow of n products and sums, and of elements of X beside those of T. */
const underflowOf = (size: Matrix<number>, columns: number, eta: number): Matrix<number> =>
  new Matrix(REAL, size.rows, columns, (i) => {
    let sum = size.rows + 1;
    for (let k = 0; k < size.columns; k++) sum += size.at(i, k);
    return eta * sum;
  });

/**
 * |B − T·X| ≤ γₙ₊₁·|T|·|X| (Theorem 8.5; one more for products with the diagonal's reciprocals). What is not finite, or
 * comes from what is not, has to be so in both solutions; in a column whose products may overflow anything may be.
 */
function checksOf<S extends Element>(
  { t, b, triangle }: System<S>,
  expected: Matrix<S>,
  x: Matrix<S>,
  dtype: DType,
  eta: number,
): BackwardCheck[] {
  const whole = read(t, triangle);
  const known = (m: Matrix<S>): Matrix<S> => m.map((v, i, j) => (isFinite(m, i, j) ? v : t.field.zero));
  const sizeOf = (m: Matrix<S>): Matrix<number> => whole.magnitudes().times(known(m).magnitudes());
  const size = sizeOf(x);
  const widest = sizeOf(expected);
  const overflows = (j: number): boolean => widest.column(j).some((v) => !(2 * v <= finfo(dtype).max));
  const depends = (i: number, j: number): boolean =>
    x.column(j).every((_, k) => (triangle.lower ? k > i : k < i) || (isFinite(x, k, j) && isFinite(t, i, k)));
  const judged = (i: number, j: number): boolean => !overflows(j) && depends(i, j) && isFinite(b, i, j);
  const g = checkedRoundings(t.rows + 1, dtype);
  const lost = underflowOf(whole.magnitudes(), b.columns, eta);
  const residual = b.minus(whole.times(known(x))).magnitudes();
  return [
    componentwise(
      '|B − T·X|',
      residual.map((r, i, j) => (judged(i, j) ? r : 0)),
      size.map((v, i, j) => g * v + lost.at(i, j)),
    ),
    none(
      'elements that are finite in one solution only',
      count(x, (i, j) => !overflows(j) && isFinite(x, i, j) !== isFinite(expected, i, j)),
    ),
  ];
}

/**
 * How far solutions of (T + E)·X' = B + F may be from X. T'·(X' − X) = R, and |R| ≤ F + E·|X| + γ·|T'|·(|X| + |X'|) with
 * what both sides round; the part of it with X' − X goes over to T'.
 */
function apart<S extends Element>(
  { t, triangle }: System<S>,
  { t: uncertain, b: f }: System<number>,
  x: Matrix<S>,
  dtype: DType,
  eta: number,
): Matrix<number> {
  const g = roundings(t.rows + 1, dtype);
  const whole = read(t, triangle);
  const e = read(uncertain, triangle).map((v, i, j) => (triangle.unit && i === j ? 0 : v));
  const size = whole.magnitudes().plus(e);
  const wider = e.plus(size.map((v) => g * v));
  const known = x.magnitudes();
  const residual = f
    .plus(e.times(known))
    .plus(size.times(known).map((v) => 2 * g * v))
    .plus(underflowOf(size, x.columns, 2 * eta));
  return inverseTimes(whole, wider, residual, triangle.lower);
}

function apartOf(operands: readonly Bounded[], x: HostArray, p: P, eta: number): Matrix<number>[] {
  const [a, b] = operands as [Bounded, Bounded];
  const [e, f] = [boundsOf(a), boundsOf(b)];
  return withField(x.dtype, (field) => {
    const solutions = matricesOf(field, x);
    return systems(field, a.value, b.value, p).map((s, k) =>
      sided(apart(s, systemOf(e[k]!, f[k]!, p), sided(solutions[k]!, p), x.dtype, eta), p),
    );
  });
}

function systems<S extends Element>(field: Field<S>, a: HostArray, b: HostArray, p: P): System<S>[] {
  const right = matricesOf(field, b);
  return matricesOf(field, a).map((m, k) => systemOf(m, right[k]!, p));
}

const accuracy = (_: readonly Aval[], p: P): Accuracy => ({
  kind: 'backward',
  checks: ([a, b], [expected], [got], eta) =>
    withField(a!.dtype, (field) => {
      const [e, g] = [matricesOf(field, expected!), matricesOf(field, got!)];
      return systems(field, a!, b!, p).flatMap((s, k) => checksOf(s, sided(e[k]!, p), sided(g[k]!, p), a!.dtype, eta));
    }),
  forward: (operands, [x], eta) => [apartFrom(apartOf(operands.map(certain), x!, p, eta))],
});

/** The solution for another right-hand side. */
const solve = (lax: Lax, a: NDArray, b: NDArray, p: P): NDArray =>
  lax.linalg.triangularSolve(a, b, {
    leftSide: p.left_side,
    lower: p.lower,
    transposeA: p.transpose_a,
    conjugateA: p.conjugate_a,
    unitDiagonal: p.unit_diagonal,
  });

/** Ẋ of op(Ȧ)·X + op(A)·Ẋ = 0. */
function tangentOfMatrix(lax: Lax, a: NDArray, x: NDArray, da: NDArray, p: P): NDArray {
  const k = Number(p.unit_diagonal);
  const part = p.lower ? lower(lax, da, -k) : upper(lax, da, k);
  const turned = p.transpose_a ? transposed(lax, part) : part;
  const op = p.conjugate_a ? conjugate(lax, turned) : turned;
  return solve(lax, a, lax.neg(p.left_side ? product(lax, op, x) : product(lax, x, op)), p);
}

export const triangularSolve: Defined<'triangular_solve', P, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'triangular_solve',
  spec: 'spec/primitives/linalg.md#triangular_solve',
  operands: [
    { name: 'a', dtypes: DECOMPOSABLE },
    { name: 'b', dtypes: DECOMPOSABLE },
  ],
  params: {
    left_side: { type: 'boolean' },
    lower: { type: 'boolean' },
    transpose_a: { type: 'boolean' },
    conjugate_a: { type: 'boolean' },
    unit_diagonal: { type: 'boolean' },
  },
  dtypes: DECOMPOSABLE,
  constraints: {
    C1: ([a, b]) => a!.dtype === b!.dtype || `a and b must have one dtype, got ${showAvals([a!, b!])}`,
    C2: ([a]) => checkSquare('a', a!),
    C3: ([a, b], p) =>
      (b!.shape.length >= 2 &&
        sameShape(batchOf(a!), batchOf(b!)) &&
        rows(a!) === (p.left_side ? rows(b!) : columns(b!))) ||
      `${p.left_side ? 'the rows' : 'the columns'} and the batch of b must be those of a, got ${showAvals([a!, b!])}`,
  },
  infer: ([, b]) => [b!],
  evaluate: ([a, b], p) =>
    withField(a!.dtype, (field) => {
      const solved = systems(field, a!, b!, p).map((s) => sided(substituted(s.t, s.b, s.triangle), p));
      return [arrayOf(b!.dtype, b!.shape, solved)];
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, [a], [da, db], [x], p) => [
      lax.addTangents(
        along(da, (t) => tangentOfMatrix(lax, a!, x!, t, p)),
        along(db, (t) => solve(lax, a!, t, p)),
      ),
    ],
    transpose: {
      linearIn: [[1]],
      rule: (lax, [ct], [a], p) => [
        null,
        along(ct, (t) => solve(lax, knownOperand(a!), t, { ...p, transpose_a: !p.transpose_a })),
      ],
    },
  },
  batch: leading((lax, [a, b], p) => [solve(lax, a!, b!, p)]),
  bound: (operands, [x], p) => [boundFrom(apartOf(operands, x!, p, lossOf(x!)))],
  accuracy,
  cases: (gen) =>
    gen.fc.tuple(batchShape(gen, 2), gen.fc.boolean()).chain(([shape, wide]) =>
      choices(gen, (pick): P => paramsFrom(() => pick(2) === 1)).chain((p) => {
        const n = Math.min(...shape.slice(-2));
        const m = wide ? Math.max(...shape.slice(-2)) : 1;
        const right = [...shape.slice(0, -2), ...(p.left_side ? [n, m] : [m, n])];
        return callOf(gen, [triangular(gen, square(shape)), anyMatrix(gen, right)], p);
      }),
    ),
  breaks: {
    C1: (gen) => {
      const other = DECOMPOSABLE.find((d) => d !== gen.dtype)!;
      return call(gen, [[gen.dtype, [2, 2]], [other, [2, 2]]], LEFT); // prettier-ignore
    },
    C2: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, [...s, 2, 3]], [gen.dtype, [...s, 3, 2]]], LEFT)), // prettier-ignore
    C3: (gen) =>
      smallShape(gen).chain(
        (s) =>
        gen.fc
          .constantFrom([...s, 3, 2], [...s, 1, 2, 2], [2])
          .chain((b) => call(gen, [[gen.dtype, [...s, 2, 2]], [gen.dtype, b]], LEFT)), // prettier-ignore
      ),
  },
});

const paramsFrom = (is: (n: number) => boolean): P => ({
  left_side: is(0) || is(1),
  lower: is(0) || is(2),
  transpose_a: is(1) || is(2),
  conjugate_a: is(3),
  unit_diagonal: is(0),
});
const LEFT = paramsFrom((n) => n === 0);
