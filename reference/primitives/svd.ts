/**
 * Singular values and vectors of any matrix (spec/primitives/spectral.md#svd).
 */
import { DECOMPOSABLE, partOf } from '../core/dtypes.ts';
import { type Aval, aval, build, type Element, type HostArray, numbers, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type BackwardCheck, type Bound, type Bounded, definePrimitive, type Tangent } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import type { Defined } from './elementwise.ts';
import { singular, type Singular } from './numerics/jacobi.ts';
import { arrayOf, matricesOf, Matrix, withField } from './numerics/matrix.ts';
import { adjoint, checkMatrix, onDiagonal, product } from './linalg-rules.ts';
import {
  asColumns,
  asRows,
  diagonal,
  inDtypeOf,
  inverseOrZero,
  inversesOfGaps,
  realOf,
  scaledColumns,
} from './spectral-rules.ts';
import { checkAllNaN, checkOrthonormal, matrices, repeated, tolerance, tooFewAxes, uncertainty } from './spectral-cases.ts'; // prettier-ignore

export interface SvdParams {
  readonly full_matrices: boolean;
  readonly compute_uv: boolean;
}

interface Sizes {
  readonly batch: Shape;
  readonly m: number;
  readonly n: number;
  /** How many singular values there are. */
  readonly k: number;
}
const sizesOf = (shape: Shape): Sizes => {
  const [m, n] = shape.slice(-2) as [number, number];
  return { batch: shape.slice(0, -2), m, n, k: Math.min(m, n) };
};

function infer({ shape, dtype }: Aval, p: SvdParams): Aval[] {
  const { batch, m, n, k } = sizesOf(shape);
  const s = aval([...batch, k], partOf(dtype));
  if (!p.compute_uv) return [s];
  return [s, aval([...batch, m, p.full_matrices ? m : k], dtype), aval([...batch, p.full_matrices ? n : k, n], dtype)];
}

/** What a matrix that is not finite gives. */
function unsolved<S extends Element>(a: Matrix<S>, full: boolean): Singular<S> {
  const k = Math.min(a.rows, a.columns);
  const nan = (size: number): Matrix<S> => new Matrix(a.field, size, full ? size : k, () => a.field.fromReal(NaN));
  return { u: nan(a.rows), values: new Array<number>(k).fill(NaN), v: nan(a.columns) };
}

function evaluate(a: HostArray, p: SvdParams): HostArray[] {
  const [s, u, vh] = infer({ ...a, weak: false }, p);
  return withField(a.dtype, (field) => {
    const solved = matricesOf(field, a).map((x) => (x.isFinite() ? singular : unsolved)(x, p.full_matrices));
    const values = solved.flatMap((x) => x.values);
    const first = build(s!.dtype, s!.shape, (i) => values[i]!);
    if (!u || !vh) return [first];
    return [first, arrayOf(u.dtype, u.shape, solved.map((x) => x.u)), arrayOf(vh.dtype, vh.shape, solved.map((x) => x.v.adjoint()))]; // prettier-ignore
  });
}

function rowsOf(s: HostArray, k: number, count: number): number[][] {
  const data = numbers(s);
  return Array.from({ length: count }, (_, b) => [...data.subarray(b * k, (b + 1) * k)]);
}

function checks(
  [a]: readonly HostArray[],
  [expected]: readonly HostArray[],
  [s, u, vh]: readonly HostArray[],
  eta: number,
): BackwardCheck[] {
  const { m, n, k } = sizesOf(a!.shape);
  return withField(a!.dtype, (field) => {
    const all = matricesOf(field, a!);
    const [values, right] = [rowsOf(s!, k, all.length), rowsOf(expected!, k, all.length)];
    const [us, vs] = [u, vh].map((x) => (x ? matricesOf(field, x) : null));
    return all.flatMap((x, b): BackwardCheck[] => {
      const [got, own, left, adjointRight] = [values[b]!, right[b]!, us?.[b], vs?.[b]];
      const vectors =
        left && adjointRight ? [...left.elements(), ...adjointRight.elements()].map((e) => field.re(e)) : [];
      if (!x.isFinite()) return [checkAllNaN([got, vectors])];
      if (!own.every(Number.isFinite)) return []; // a singular value beyond the largest number
      const allowed = tolerance(Math.max(m, n), a!.dtype) * x.norm() + Math.max(m, n) * eta;
      const all = [
        { what: 'the distance of a singular value', error: Math.max(0, ...got.map((e, i) => Math.abs(e - own[i]!))), allowed },
        { what: 'how far singular values ascend, or are below 0', error: Math.max(0, ...got.map((e, i) => (got[i + 1] ?? 0) - e)), allowed: 0 },
      ]; // prettier-ignore
      if (!left || !adjointRight) return all;
      const product = new Matrix(field, m, k, (i, j) => field.scale(left.at(i, j), got[j]!)).times(
        adjointRight.leading(k, n),
      );
      return [
        ...all,
        { what: '‖A − U·diag(s)·Vᴴ‖', error: x.minus(product).norm(), allowed },
        checkOrthonormal('U', left, a!.dtype),
        checkOrthonormal('V', adjointRight.adjoint(), a!.dtype),
      ];
    });
  });
}

/**
 * How far two solutions may be apart: singular values by Weyl's theorem. Vectors are eigenvectors of [[0, A], [Aᴴ, 0]],
 * whose eigenvalues are ±s and zeros: as apart as `apart` says of the residual and the distance to the others.
 */
function forward(
  a: HostArray,
  results: readonly HostArray[],
  eta: number,
  apart: (residual: number, gap: number) => number,
): Float64Array[] {
  const { m, n, k } = sizesOf(a.shape);
  const residuals = withField(a.dtype, (field) =>
    matricesOf(field, a).map((x) => tolerance(Math.max(m, n), a.dtype) * x.norm() + Math.max(m, n) * eta),
  );
  const values = rowsOf(results[0]!, k, residuals.length);
  const gapOf = (row: readonly number[], j: number): number => {
    if (j >= k) return 0;
    const others = row.filter((_, i) => i !== j);
    return Math.min(2 * row[j]!, ...(m === n ? [] : [row[j]!]), ...others.map((y) => Math.abs(row[j]! - y)));
  };
  // Each vector of the doubled matrix holds u and v at 1/√2 of their length.
  const distances = values.map(
    (row, b) =>
      (j: number): number =>
        Math.SQRT2 * apart(Math.SQRT2 * residuals[b]!, gapOf(row, j)),
  );
  const perVector = (count: number, length: number, j: (i: number) => number): Float64Array =>
    Float64Array.from({ length: residuals.length * count * length }, (_, i) =>
      distances[Math.floor(i / (count * length))]!(j(i % (count * length))),
    );
  const [u, vh] = [results[1]?.shape.at(-1) ?? 0, results[2]?.shape.at(-2) ?? 0];
  const all = [
    repeated(residuals.map((r) => 2 * r), k),
    perVector(u, m, (i) => i % u),
    perVector(vh, n, (i) => Math.floor(i / n)),
  ]; // prettier-ignore
  return all.slice(0, results.length);
}

const inOnePhase = (residual: number, gap: number): number => {
  const certain = gap - 2 * residual;
  return certain > 0 ? (2 * Math.SQRT2 * residual) / certain : Infinity;
};

/** Singular values move by no more than the matrix does (Weyl); singular vectors may turn anywhere. */
function bound(a: Bounded, results: readonly HostArray[]): Bound[] {
  const { k } = sizesOf(a.value.shape);
  const [worst, variance] = [uncertainty(a, 'worst'), uncertainty(a, 'variance')];
  return results.map((y, j) => {
    if (j === 0) return { worst: repeated(worst, k), variance: repeated(variance, k) };
    const anywhere = new Float64Array(y.shape.reduce((size, d) => size * d, 1)).fill(Infinity);
    return { worst: anywhere, variance: anywhere };
  });
}

// ---- differentiation

/** The leading columns. */
const leading = (lax: Lax, x: NDArray, count: number): NDArray => lax.sliceInDim(x, 0, count, 1, x.ndim - 1);

/**
 * U̇ of the k vectors with singular values, from Ȧ·V·S⁻¹ less what lies in their own span: it is what the other vectors
 * turn into as well, with the opposite sign.
 */
function turnedOut(lax: Lax, u: NDArray, own: NDArray, k: number, image: NDArray): NDArray {
  if (u.shape.at(-2) === k) return own;
  const thin = leading(lax, u, k);
  const out = lax.sub(image, product(lax, thin, product(lax, adjoint(lax, thin), image)));
  const inside = lax.add(own, out);
  const rest = u.shape.at(-1)! - k;
  if (rest === 0) return inside;
  const others = lax.sliceInDim(u, k, k + rest, 1, u.ndim - 1);
  const back = product(lax, thin, adjoint(lax, product(lax, adjoint(lax, others), image)));
  return lax.concatenate([inside, lax.neg(back)], u.ndim - 1);
}

/** Differentials of U·S·Vᴴ = A with U and V orthonormal (Giles 2008, §3.3); equal or zero singular values turn nothing. */
function tangents(lax: Lax, a: NDArray, da: NDArray, results: readonly NDArray[], p: SvdParams): Tangent[] {
  if (!p.compute_uv) {
    const [u, , vh] = lax.linalg.svd(a, { fullMatrices: false });
    return [realOf(lax, diagonal(lax, product(lax, product(lax, adjoint(lax, u), da), adjoint(lax, vh))))];
  }
  const [s, u, vh] = results as [NDArray, NDArray, NDArray];
  const k = s.shape.at(-1)!;
  const v = adjoint(lax, vh);
  const [u1, v1] = [leading(lax, u, k), leading(lax, v, k)];
  const ds = product(lax, product(lax, adjoint(lax, u1), da), v1);
  const [rows, columns] = [asColumns(lax, s, ds.shape), asRows(lax, s, ds.shape)];
  const gaps = lax.mul(lax.add(columns, rows), lax.sub(columns, rows)); // sⱼ² − sᵢ²
  const f = inDtypeOf(lax, inversesOfGaps(lax, gaps), ds);
  const symmetric = (x: NDArray): NDArray => lax.add(x, adjoint(lax, x));
  const inverse = inverseOrZero(lax, s);
  // The phases of u and v are free together: the difference of their turning goes to u.
  const half = lax.mul(lax.sub(ds, adjoint(lax, ds)), 0.5);
  const twist = scaledColumns(lax, onDiagonal(lax, half), inverse);
  const turnU = lax.add(lax.mul(f, symmetric(scaledColumns(lax, ds, s))), twist);
  const turnV = lax.mul(f, symmetric(lax.mul(inDtypeOf(lax, rows, ds), ds)));
  const du = turnedOut(lax, u, product(lax, u1, turnU), k, scaledColumns(lax, product(lax, da, v1), inverse));
  const dv = turnedOut(
    lax,
    v,
    product(lax, v1, turnV),
    k,
    scaledColumns(lax, product(lax, adjoint(lax, da), u1), inverse),
  );
  return [realOf(lax, diagonal(lax, ds)), du, adjoint(lax, dv)];
}

export const svd: Defined<'svd', SvdParams, 'C1'> = definePrimitive({
  name: 'svd',
  spec: 'spec/primitives/spectral.md#svd',
  operands: [{ name: 'a', dtypes: DECOMPOSABLE }],
  params: { full_matrices: { type: 'boolean' }, compute_uv: { type: 'boolean' } },
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([a]) => checkMatrix('a', a!) },
  infer: ([a], p) => infer(a!, p),
  evaluate: ([a], p) => evaluate(a!, p),
  differentiate: {
    active: () => [0],
    jvp: (lax, [a], [da], results, p) => (da ? tangents(lax, a!, da, results, p) : results.map(() => null)),
  },
  batch: (lax, [a], [at], _, p) => {
    const moved = lax.moveAxis(a!, at!, 0);
    if (!p.compute_uv) return { out: [lax.linalg.svd(moved, { computeUv: false })], at: [0] };
    const [u, s, vh] = lax.linalg.svd(moved, { fullMatrices: p.full_matrices });
    return { out: [s, u, vh], at: [0, 0, 0] };
  },
  bound: ([a], results) => bound(a!, results),
  accuracy: () => ({
    kind: 'backward',
    checks,
    forward: ([a], results, eta) => forward(a!, results, eta, () => Infinity),
    aligned: ([a], results, eta) => forward(a!, results, eta, inOnePhase),
  }),
  invariants(lax, [s, u, vh]) {
    if (!u || !vh) return [s!];
    const k = s!.shape.at(-1)!;
    const v = adjoint(lax, vh);
    const [u1, v1] = [leading(lax, u, k), leading(lax, v, k)];
    const scaled = scaledColumns(lax, u1, s!);
    const products = [
      [scaled, v1],
      [scaled, u1],
      [scaledColumns(lax, v1, s!), v1],
      [u, u],
      [v, v],
    ] as const;
    return [s!, ...products.map(([x, y]) => product(lax, x, adjoint(lax, y)))];
  },
  cases: (gen) =>
    gen.fc
      .tuple(matrices(gen, false), gen.fc.boolean(), gen.fc.boolean())
      .map(([a, full_matrices, compute_uv]) => ({ args: [a], params: { full_matrices, compute_uv } })),
  breaks: {
    C1: (gen) => tooFewAxes(gen).map((a) => ({ args: [a], params: { full_matrices: true, compute_uv: true } })),
  },
});
