/**
 * Eigenvalues and eigenvectors of Hermitian matrices (spec/primitives/spectral.md#eigh).
 */
import { DECOMPOSABLE, partOf } from '../core/dtypes.ts';
import { aval, build, type Element, type HostArray, numbers } from '../core/host.ts';
import { type BackwardCheck, type Bound, type Bounded, definePrimitive } from '../core/primitive.ts';
import { along, type Defined } from './elementwise.ts';
import { type Eigen, hermitianEigen } from './numerics/jacobi.ts';
import type { Matrix } from './numerics/matrix.ts';
import { arrayOf, matricesOf, withField } from './numerics/matrix.ts';
import { adjoint, checkSquare, product } from './linalg-rules.ts';
import {
  diagonal,
  differences,
  hermitian,
  inDtypeOf,
  inversesOfGaps,
  realOf,
  scaledColumns,
} from './spectral-rules.ts';
import { checkAllNaN, checkOrthonormal, matrices, notSquare, repeated, tolerance, tooFewAxes, uncertainty } from './spectral-cases.ts'; // prettier-ignore

export interface EighParams {
  readonly lower: boolean;
  readonly sort_eigenvalues: boolean;
}

/** The Hermitian matrix of which one triangle is read. */
const completed = <S extends Element>(a: Matrix<S>, lower: boolean): Matrix<S> =>
  a.map((x, i, j) => {
    if (i === j) return a.field.fromReal(a.field.re(x));
    return i > j === lower ? x : a.field.conj(a.at(j, i));
  });

function evaluate(a: HostArray, { lower }: EighParams): HostArray[] {
  return withField(a.dtype, (field) => {
    const solved = matricesOf(field, a).map((m): Eigen<Element> => {
      const h = completed(m, lower);
      if (h.isFinite()) return hermitianEigen(h);
      return { values: h.column(0).map(() => NaN), vectors: h.map(() => field.fromReal(NaN)) };
    });
    const values = solved.flatMap((x) => x.values);
    return [
      arrayOf(a.dtype, a.shape, solved.map((x) => x.vectors)),
      build(partOf(a.dtype), a.shape.slice(0, -1), (i) => values[i]!),
    ]; // prettier-ignore
  });
}

/** Rows of the eigenvalues of a batch. */
function rowsOf(w: HostArray, n: number): number[][] {
  const data = numbers(w);
  return Array.from({ length: n === 0 ? 0 : data.length / n }, (_, b) => [...data.subarray(b * n, (b + 1) * n)]);
}

function checks(
  [a]: readonly HostArray[],
  [, expected]: readonly HostArray[],
  [v, w]: readonly HostArray[],
  eta: number,
  { lower, sort_eigenvalues }: EighParams,
): BackwardCheck[] {
  const n = a!.shape.at(-1)!;
  return withField(a!.dtype, (field) => {
    const [vectors, values, right] = [matricesOf(field, v!), rowsOf(w!, n), rowsOf(expected!, n)];
    return matricesOf(field, a!)
      .slice(0, values.length)
      .flatMap((m, b): BackwardCheck[] => {
        const [h, x, got, own] = [completed(m, lower), vectors[b]!, values[b]!, right[b]!];
        if (!h.isFinite()) return [checkAllNaN([got, x.elements().map((e) => field.re(e))])];
        if (!own.every(Number.isFinite)) return []; // an eigenvalue beyond the largest number
        const size = h.norm();
        const allowed = tolerance(n, a!.dtype) * size + n * eta;
        const scaled = x.map((e, _, j) => field.scale(e, got[j]!));
        const sorted = got.toSorted((p, q) => p - q);
        return [
        { what: '‖A·V − V·diag(w)‖', error: h.times(x).minus(scaled).norm(), allowed },
        checkOrthonormal('V', x, a!.dtype),
        { what: 'the distance of an eigenvalue', error: Math.max(...sorted.map((e, i) => Math.abs(e - own[i]!))), allowed },
        { what: 'how far eigenvalues descend', error: sort_eigenvalues ? Math.max(...got.map((e, i) => sorted[i]! - e)) : 0, allowed: 0 },
      ]; // prettier-ignore
      });
  });
}

/** How far two solutions may be apart: eigenvalues by Weyl's theorem, vectors as `apart` says of each eigenvalue. */
function forward(
  a: HostArray,
  [, w]: readonly HostArray[],
  eta: number,
  { lower }: EighParams,
  apart: (residual: number, gap: number) => number,
): Float64Array[] {
  const n = a.shape.at(-1)!;
  const values = rowsOf(w!, n);
  const residuals = withField(a.dtype, (field) =>
    matricesOf(field, a).map((m) => tolerance(n, a.dtype) * completed(m, lower).norm() + n * eta),
  );
  const vectors = values.flatMap((row, b) => {
    const gaps = row.map((x, j) => Math.min(...row.map((y, k) => (k === j ? Infinity : Math.abs(x - y)))));
    return Array.from({ length: n * n }, (_, i) => apart(residuals[b]!, gaps[i % n]!));
  });
  return [Float64Array.from(vectors), repeated(residuals.map((r) => 2 * r), n)]; // prettier-ignore
}

/**
 * Two unit vectors with residuals r, turned so that they agree in phase, differ by at most 2·√2·r/gap (Parlett, The
 * Symmetric Eigenvalue Problem, §11.7), where the gap is less what the eigenvalues may be off.
 */
const inOnePhase = (residual: number, gap: number): number => {
  const certain = gap - 2 * residual;
  return certain > 0 ? (2 * Math.SQRT2 * residual) / certain : Infinity;
};

/** Eigenvalues move by no more than the matrix does (Weyl); eigenvectors may turn anywhere. */
function bound(a: Bounded): Bound[] {
  const n = a.value.shape.at(-1)!;
  const [worst, variance] = [uncertainty(a, 'worst'), uncertainty(a, 'variance')];
  const anywhere = new Float64Array(worst.length * n * n).fill(Infinity);
  return [
    { worst: anywhere, variance: anywhere },
    { worst: repeated(worst, n), variance: repeated(variance, n) },
  ];
}

export const eigh: Defined<'eigh', EighParams, 'C1'> = definePrimitive({
  name: 'eigh',
  spec: 'spec/primitives/spectral.md#eigh',
  operands: [{ name: 'a', dtypes: DECOMPOSABLE }],
  params: { lower: { type: 'boolean' }, sort_eigenvalues: { type: 'boolean' } },
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([a]) => checkSquare('a', a!) },
  infer: ([a]) => [aval(a!.shape, a!.dtype), aval(a!.shape.slice(0, -1), partOf(a!.dtype))],
  evaluate: ([a], p) => evaluate(a!, p),
  differentiate: {
    active: () => [0],
    jvp(lax, _, [da], [v, w], { lower }) {
      const moved = (t: typeof v): typeof v =>
        product(lax, product(lax, adjoint(lax, v!), hermitian(lax, t!, lower)), v!);
      const p = along(da, (t) => moved(t)!);
      if (p === null) return [null, null];
      const gaps = differences(lax, w!, p.shape);
      const turn = lax.mul(inDtypeOf(lax, inversesOfGaps(lax, gaps), p), p);
      return [product(lax, v!, turn), realOf(lax, diagonal(lax, p))];
    },
  },
  batch: (lax, [a], [at], _, p) => {
    const options = { lower: p.lower, sortEigenvalues: p.sort_eigenvalues, symmetrizeInput: false };
    return { out: lax.linalg.eigh(lax.moveAxis(a!, at!, 0), options), at: [0, 0] };
  },
  bound: ([a]) => bound(a!),
  accuracy: (_, p) => ({
    kind: 'backward',
    checks: (operands, expected, got, eta) => checks(operands, expected, got, eta, p),
    forward: ([a], results, eta) => forward(a!, results, eta, p, () => Infinity),
    aligned: ([a], results, eta) => forward(a!, results, eta, p, inOnePhase),
  }),
  invariants: (lax, [v, w]) => {
    const back = adjoint(lax, v!);
    return [w!, product(lax, scaledColumns(lax, v!, w!), back), product(lax, v!, back)];
  },
  cases: (gen) =>
    gen.fc
      .tuple(matrices(gen, true), gen.fc.boolean(), gen.fc.boolean())
      .map(([a, lower, sort_eigenvalues]) => ({ args: [a], params: { lower, sort_eigenvalues } })),
  breaks: {
    C1: (gen) => gen.fc.oneof(tooFewAxes(gen), notSquare(gen)).map((a) => ({ args: [a], params: PLAIN })),
  },
});

const PLAIN: EighParams = { lower: true, sort_eigenvalues: true };
