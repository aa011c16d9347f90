/** Gaussian elimination (spec/primitives/linalg.md#lu). */
import { DECOMPOSABLE, type DType, finfo, isComplex } from '../core/dtypes.ts';
import { aval, type Element, type HostArray, hostArray, numbers } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Accuracy, type BackwardCheck, type Bound, type Bounded, definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { AXIS, range } from './axes.ts';
import { call } from './draw.ts';
import { eliminated, permutationOf } from './numerics/decompositions.ts';
import { along, type Defined, exact, inexact, NO_PARAMS, NO_TANGENT, type NoParams } from './elementwise.ts';
import { anyMatrix, batchShape, callOf } from './linalg-cases.ts';
import {
  batchOf,
  block,
  checkMatrix,
  columns,
  identity,
  leading,
  lower,
  product,
  rows,
  rowsAt,
  upper,
} from './linalg-rules.ts';
import { arrayOf, Matrix, matricesOf, norm2, withField } from './numerics/matrix.ts';
import {
  apartFrom,
  boundsOf,
  certain,
  checkedRoundings,
  componentwise,
  count,
  inverseTimes,
  lossOf,
  none,
  productOfSizes,
  roundings,
  zeros,
} from './numerics/perturbation.ts';

// ---- factors

/** L with its ones, of all m columns. */
const lowerFactor = <S extends Element>(lu: Matrix<S>): Matrix<S> =>
  new Matrix(lu.field, lu.rows, lu.rows, (i, j) =>
    i === j ? lu.field.one : i > j && j < lu.columns ? lu.at(i, j) : lu.field.zero,
  );
/** U with rows of the identity below it, n in all. */
const upperFactor = <S extends Element>(lu: Matrix<S>): Matrix<S> =>
  new Matrix(lu.field, lu.columns, lu.columns, (i, j) =>
    i <= j && i < lu.rows ? lu.at(i, j) : i === j ? lu.field.one : lu.field.zero,
  );
const permutedRows = <S extends Element>(a: Matrix<S>, order: readonly number[]): Matrix<S> =>
  a.map((_, i, j) => a.at(order[i]!, j));

/** The lists of numbers that an integer array holds for each matrix. */
function lists(x: HostArray): number[][] {
  const length = x.shape.at(-1)!;
  const all = [...numbers(x)];
  return range(batchOf(x, 1).reduce((n, d) => n * d, 1)).map((b) => all.slice(b * length, (b + 1) * length));
}

// ---- accuracy

/** Candidates are compared by their moduli, or by |re| + |im|, which is up to √2 of them. */
const freedom = (dtype: DType): number => (isComplex(dtype) ? Math.SQRT2 : 1);

/** |P·A − L·U| ≤ γₖ₊₁·|L|·|U| (Theorem 9.3; one more for products with reciprocals of pivots). */
function checksOf<S extends Element>(
  a: Matrix<S>,
  expected: Matrix<S>,
  lu: Matrix<S>,
  [pivots, permutation]: readonly [number[], number[]],
  dtype: DType,
  eta: number,
): BackwardCheck[] {
  const legal = pivots.every((p, k) => Number.isInteger(p) && p >= k && p < a.rows);
  const order = legal ? permutationOf(pivots, a.rows) : [];
  const exchanges = [
    none('pivots that are not at or below their row', !legal),
    none('rows of the permutation that the pivots do not make', permutation.filter((p, i) => p !== order[i]).length),
  ];
  if (!legal) return exchanges;
  if (!a.isFinite()) return [...exchanges, none('finite factors of a matrix that is not', lu.isFinite())];
  if (!expected.isFinite()) return exchanges; // overflow
  const k = pivots.length;
  const [l, u] = [lowerFactor(lu).leading(a.rows, k), upperFactor(lu).leading(k, a.columns)];
  const size = productOfSizes(l, u);
  const g = checkedRoundings(k + 1, dtype);
  const largest = freedom(dtype) * (1 + 4 * finfo(dtype).unitRoundoff);
  // What a multiplier loses by underflow counts as often as its row of U is large.
  const above = (i: number, j: number): number =>
    range(Math.min(i, j, k - 1) + 1).reduce((sum, m) => sum + a.field.abs(u.at(m, j)), 0);
  return [
    ...exchanges,
    componentwise(
      '|P·A − L·U|',
      permutedRows(a, order).minus(l.times(u)).magnitudes(),
      size.map((v, i, j) => g * v + eta * (k + 1) * (1 + above(i, j))),
    ),
    none(
      'multipliers above 1',
      count(l, (i, j) => i > j && !(a.field.abs(l.at(i, j)) <= largest)),
    ),
  ];
}

/**
 * How far factors of matrices within E of A may be. With G = L⁻¹·ΔA·U⁻¹ and h = ‖G‖/(1 − ‖G‖) they are within
 * ‖row of L‖·h and h·‖column of U‖ (Theorem 9.15), ΔA being E and what both eliminations round: γ·|L|·|U|, of one of
 * them known only by its growth, at most twofold a step. Infinite unless every multiplier stays below 1, so that there is
 * one choice of pivots.
 */
function apart<S extends Element>(
  a: Matrix<S>,
  e: Matrix<number>,
  lu: Matrix<S>,
  order: readonly number[],
  dtype: DType,
  eta: number,
): Matrix<number> {
  const k = Math.min(a.rows, a.columns);
  const [l, u] = [lowerFactor(lu), upperFactor(lu)];
  const growth = (1 + freedom(dtype) * 1.01) ** k * (a.largest() + e.largest());
  const size = productOfSizes(l.leading(a.rows, k), u.leading(k, a.columns));
  const g = roundings(k + 1, dtype);
  const lost = 2 * eta * (k + 1) * (2 + growth);
  const change = permutedRows(e, order).plus(size.map((v) => g * (v + growth) + lost));
  const left = inverseTimes(l, zeros(a.rows, a.rows), change, true);
  const both = inverseTimes(u.transposed(), zeros(a.columns, a.columns), left.transposed(), true).norm();
  const h = both < 1 ? both / (1 - both) : Infinity;
  const ofRow = range(a.rows).map((i) => h * norm2(l.transposed().column(i).map(a.field.abs)));
  const ofColumn = range(a.columns).map((j) => h * norm2(u.column(j).map(a.field.abs)));
  const strictly = (1 - 8 * finfo(dtype).unitRoundoff) / freedom(dtype);
  const open = count(lu, (i, j) => i > j && !(a.field.abs(lu.at(i, j)) + ofRow[i]! < strictly));
  const all = open > 0 || !(h < Infinity);
  return zeros(a.rows, a.columns).map((_, i, j) => (all ? Infinity : i > j ? ofRow[i]! : ofColumn[j]!));
}

function apartOf(x: Bounded, results: readonly HostArray[], eta: number): readonly Float64Array[] {
  const [e, orders] = [boundsOf(x), lists(results[2]!)];
  const { dtype } = x.value;
  const bounds = withField(dtype, (field) => {
    const factors = matricesOf(field, results[0]!);
    return matricesOf(field, x.value).map((a, b) => apart(a, e[b]!, factors[b]!, orders[b]!, dtype, eta));
  });
  const places = (y: HostArray): Float64Array =>
    Float64Array.from(lists(y).flatMap((list, b) => list.map(() => (bounds[b]!.at(0, 0) < Infinity ? 0 : Infinity))));
  return [apartFrom(bounds), places(results[1]!), places(results[2]!)];
}

const accuracy = (): Accuracy => ({
  kind: 'backward',
  checks: ([x], expected, got, eta) =>
    withField(x!.dtype, (field) => {
      const [e, g] = [matricesOf(field, expected[0]!), matricesOf(field, got[0]!)];
      const [pivots, permutations] = [lists(got[1]!), lists(got[2]!)];
      return matricesOf(field, x!).flatMap((a, b) =>
        checksOf(a, e[b]!, g[b]!, [pivots[b]!, permutations[b]!], x!.dtype, eta),
      );
    }),
  forward: ([x], results, eta) => apartOf(certain(x!), results, eta),
});

// ---- derivative

/** A matrix at the upper left of one of zeros. */
function padded(lax: Lax, x: NDArray, size: number): NDArray {
  const none: readonly [number, number, number] = [0, 0, 0];
  return lax.pad(x, 0, [...batchOf(x).map(() => none), [0, size - rows(x), 0], [0, size - columns(x), 0]]);
}

/** With F = L⁻¹·P·Ȧ·U⁻¹: L̇ = L·(F below the diagonal), U̇ = (F on and above it)·U; de Hoog, Anderssen and Lukas 2011. */
function tangent(lax: Lax, da: NDArray, lu: NDArray, permutation: NDArray): NDArray {
  const [m, n] = [rows(lu), columns(lu)];
  const k = Math.min(m, n);
  const l = lax.add(padded(lax, lower(lax, block(lax, lu, [0, m], [0, k]), -1), m), identity(lax, lu, m));
  const rest = lax.sub(identity(lax, lu, n), padded(lax, identity(lax, lu, k), n));
  const u = lax.add(padded(lax, upper(lax, block(lax, lu, [0, k], [0, n])), n), rest);
  const left = lax.linalg.triangularSolve(l, rowsAt(lax, da, permutation), { leftSide: true, lower: true, unitDiagonal: true }); // prettier-ignore
  const f = lax.linalg.triangularSolve(u, left);
  return lax.add(product(lax, l, lower(lax, f, -1)), product(lax, upper(lax, f), u));
}

// ---- primitives

export const lu: Defined<'lu', NoParams, 'C1'> = definePrimitive<'lu', NoParams, 'C1'>({
  name: 'lu',
  spec: 'spec/primitives/linalg.md#lu',
  operands: [{ name: 'operand', dtypes: DECOMPOSABLE }],
  params: {},
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([x]) => checkMatrix('operand', x!) },
  infer: ([x]) => [
    x!,
    aval([...batchOf(x!), Math.min(rows(x!), columns(x!))], 'int32'),
    aval([...batchOf(x!), rows(x!)], 'int32'),
  ],
  evaluate: ([x]) =>
    withField(x!.dtype, (field) => {
      const [m, n] = [rows(x!), columns(x!)];
      const all = matricesOf(field, x!).map(eliminated);
      const orders = all.map(({ pivots }) => permutationOf(pivots, m));
      return [
        arrayOf(x!.dtype, x!.shape, all.map((e) => e.lu)), // prettier-ignore
        hostArray('int32', [...batchOf(x!), Math.min(m, n)], all.flatMap((e) => e.pivots)), // prettier-ignore
        hostArray('int32', [...batchOf(x!), m], orders.flat()),
      ];
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, _, [dx], [packed, , permutation]) => [
      along(dx, (t) => tangent(lax, t, packed!, permutation!)),
      null,
      null,
    ],
  },
  batch: leading((lax, [x]) => lax.linalg.lu(x!)),
  bound: ([x], results) =>
    apartOf(x!, results, lossOf(x!.value)).map((worst): Bound => ({ worst, variance: worst.map((w) => w ** 2) })),
  accuracy,
  cases: (gen) => batchShape(gen, 2).chain((shape) => callOf(gen, [anyMatrix(gen, shape)], NO_PARAMS)),
  breaks: { C1: (gen) => gen.fc.constantFrom([], [2]).chain((s) => call(gen, [[gen.dtype, s]], NO_PARAMS)) },
});

export interface PermutationParams {
  readonly permutation_size: number;
}

/** Exchanges with a row that is not there: the row read is the nearest, and what would be written there is lost. */
function exchanged(pivots: readonly number[], size: number): number[] {
  const order = range(size);
  pivots.forEach((p, k) => {
    const from = p < 0 ? p + size : p;
    const [mine, other] = [order[k]!, order[Math.min(Math.max(from, 0), size - 1)]!];
    order[k] = other;
    if (from >= 0 && from < size) order[from] = mine;
  });
  return order;
}

export const luPivotsToPermutation: Defined<'lu_pivots_to_permutation', PermutationParams, 'C1' | 'C2'> =
  definePrimitive({
    name: 'lu_pivots_to_permutation',
    spec: 'spec/primitives/linalg.md#lu_pivots_to_permutation',
    operands: [{ name: 'pivots', dtypes: ['int32'] }],
    params: { permutation_size: AXIS },
    dtypes: ['int32'],
    constraints: {
      C1: ([x]) => x!.shape.length >= 1 || `pivots must be a list or a batch of lists, got a scalar`,
      C2: ([x], p) =>
        (Number.isSafeInteger(p.permutation_size) && p.permutation_size >= columns(x!)) ||
        `permutation_size must be at least the number of pivots, ${columns(x!)}, got ${p.permutation_size}`,
    },
    infer: ([x], p) => [aval([...batchOf(x!, 1), p.permutation_size], 'int32')],
    evaluate: ([x], p) => {
      const orders = lists(x!).map((pivots) => exchanged(pivots, p.permutation_size));
      return [hostArray('int32', [...batchOf(x!, 1), p.permutation_size], orders.flat())];
    },
    differentiate: NO_TANGENT,
    batch: leading((lax, [x], p) => [lax.linalg.luPivotsToPermutation(x!, p.permutation_size)]),
    bound: 'exact',
    accuracy: exact,
    cases: (gen) =>
      gen.fc.tuple(batchShape(gen, 1), gen.fc.nat(2), gen.fc.nat(4)).chain(([shape, more, mood]) => {
        const size = shape.at(-1)! + more;
        const inside = { min: 0, max: Math.max(size - 1, 0) };
        const pivots = gen.array('int32', shape, mood === 0 ? {} : inside);
        return callOf(gen, [pivots], { permutation_size: size });
      }),
    breaks: {
      C1: (gen) => call(gen, [['int32', []]], { permutation_size: 1 }),
      C2: (gen) => call(gen, [['int32', [3]]], { permutation_size: 2 }),
    },
  });
