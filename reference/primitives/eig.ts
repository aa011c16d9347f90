/**
 * Eigenvalues and eigenvectors of any square matrix (spec/primitives/spectral.md#eig).
 */
import { complexOf, DECOMPOSABLE, isComplex } from '../core/dtypes.ts';
import { type Aval, aval, buildElements, type Complex, complexes, type HostArray } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type BackwardCheck, definePrimitive, type Tangent } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { eigensystem, type Eigensystem } from './numerics/eigenvectors.ts';
import type { Defined } from './elementwise.ts';
import { singular } from './numerics/jacobi.ts';
import { arrayOf, COMPLEX, matricesOf, Matrix, REAL } from './numerics/matrix.ts';
import { adjoint, checkSquare, conjugate, product } from './linalg-rules.ts';
import { asRows, diagonal, differences, inversesOfGaps, scaledColumns, solution } from './spectral-rules.ts';
import { scalingPower } from './numerics/rotations.ts';
import { checkAllNaN, matrices, notSquare, tolerance, tooFewAxes } from './spectral-cases.ts';

export interface EigParams {
  readonly compute_left_eigenvectors: boolean;
  readonly compute_right_eigenvectors: boolean;
}

type Square = Matrix<Complex>;

/** The matrices of a batch as complex ones, whatever they are stored as. */
function complexMatrices(a: HostArray): Square[] {
  if (isComplex(a.dtype)) return matricesOf(COMPLEX, a);
  return matricesOf(REAL, a).map((m) => new Matrix(COMPLEX, m.rows, m.columns, (i, j) => COMPLEX.fromReal(m.at(i, j))));
}

/** The complex dtype of eigenvalues. */
const resultType = ({ dtype }: { readonly dtype: HostArray['dtype'] }): HostArray['dtype'] =>
  isComplex(dtype) ? dtype : complexOf(dtype);

function infer(a: Aval, p: EigParams): Aval[] {
  const vectors = aval(a.shape, resultType(a));
  return [
    aval(a.shape.slice(0, -1), resultType(a)),
    ...(p.compute_left_eigenvectors ? [vectors] : []),
    ...(p.compute_right_eigenvectors ? [vectors] : []),
  ];
}

const NAN: Complex = { re: NaN, im: NaN };
function solved(m: Square, isReal: boolean): Eigensystem {
  if (m.isFinite()) return eigensystem(m, isReal);
  const vectors = m.map(() => NAN);
  return { values: m.column(0).map(() => NAN), left: vectors, right: vectors };
}

function evaluate(a: HostArray, p: EigParams): HostArray[] {
  const systems = complexMatrices(a).map((m) => solved(m, !isComplex(a.dtype)));
  const values = systems.flatMap((x) => x.values);
  const to = resultType(a);
  const vectors = (side: 'left' | 'right'): HostArray =>
    arrayOf(
      to,
      a.shape,
      systems.map((x) => x[side]),
    );
  return [
    buildElements(to, a.shape.slice(0, -1), (i) => values[i]!),
    ...(p.compute_left_eigenvectors ? [vectors('left')] : []),
    ...(p.compute_right_eigenvectors ? [vectors('right')] : []),
  ];
}

/** The results of one matrix of a batch. */
interface Got {
  readonly values: readonly Complex[];
  readonly left: Square | null;
  readonly right: Square | null;
}
function gotOf(results: readonly HostArray[], n: number, count: number, p: EigParams): Got[] {
  const at = complexes(results[0]!);
  const vectors = results.slice(1).map((x) => matricesOf(COMPLEX, x));
  const left = p.compute_left_eigenvectors ? vectors[0]! : null;
  const right = p.compute_right_eigenvectors ? vectors.at(-1)! : null;
  return Array.from({ length: count }, (_, b) => ({
    values: Array.from({ length: n }, (_, j) => at(b * n + j)),
    left: left?.[b] ?? null,
    right: right?.[b] ?? null,
  }));
}

function checks(
  [a]: readonly HostArray[],
  expected: readonly HostArray[],
  results: readonly HostArray[],
  eta: number,
  p: EigParams,
): BackwardCheck[] {
  const all = complexMatrices(a!);
  const n = a!.shape.at(-1)!;
  const own = gotOf(expected, n, all.length, p);
  return gotOf(results, n, all.length, p).flatMap((got, b): BackwardCheck[] => {
    const m = all[b]!;
    if (!m.isFinite()) return [checkAllNaN([got.values, got.left?.elements() ?? [], got.right?.elements() ?? []].map((x) => x.map((e) => e.re + e.im)))]; // prettier-ignore
    if (n === 0 || !own[b]!.values.every((x) => Number.isFinite(x.re) && Number.isFinite(x.im))) return [];
    const relative = tolerance(n, a!.dtype);
    const allowed = relative * m.norm() + n * eta;
    const conjugates = got.values.map(COMPLEX.conj);
    return [
      ...powerSums(m, got.values, allowed),
      ...(got.left === null ? [] : vectorChecks('left', m.adjoint(), got.left, conjugates, allowed, relative)),
      ...(got.right === null ? [] : vectorChecks('right', m, got.right, got.values, allowed, relative)),
      ...(got.left === null && got.right === null ? [singularShifts(m, got.values, allowed)] : []),
    ];
  });
}

/** The largest residual of a pair, and how far a vector's length is from 1. */
function vectorChecks(
  side: string,
  m: Square,
  x: Square,
  values: readonly Complex[],
  allowed: number,
  relative: number,
): BackwardCheck[] {
  const residual = m.times(x).minus(x.map((e, _, j) => COMPLEX.mul(e, values[j]!)));
  const lengths = (of: Square): number[] =>
    values.map((_, j) => new Matrix(COMPLEX, of.rows, 1, (i) => of.at(i, j)).norm());
  return [
    { what: `‖A·v − λ·v‖ of a ${side} eigenvector`, error: Math.max(...lengths(residual)), allowed },
    { what: `the length of a ${side} eigenvector less 1`, error: Math.max(...lengths(x).map((l) => Math.abs(l - 1))), allowed: relative },
  ]; // prettier-ignore
}

/** Without vectors: A − λ·1 is singular. */
const singularShifts = (m: Square, values: readonly Complex[], allowed: number): BackwardCheck => ({
  what: 'the smallest singular value of A − λ·1',
  error: Math.max(
    ...values.map((w) =>
      singular(
        m.map((x, i, j) => (i === j ? COMPLEX.sub(x, w) : x)),
        false,
      ).values.at(-1)!,
    ),
  ),
  allowed,
});

/**
 * Σλᵏ = tr Aᵏ for k = 1 … n: the right eigenvalues, each as often as it counts. They are those of A + E with
 * ‖E‖ ≤ `allowed`, and |tr(A + E)ᵏ − tr Aᵏ| ≤ √n·((‖A‖ + ‖E‖)ᵏ − ‖A‖ᵏ). In units of ‖A‖.
 */
function powerSums(m: Square, values: readonly Complex[], allowed: number): BackwardCheck[] {
  const scaling = scalingPower(m);
  const size = m.map((x) => COMPLEX.scale(x, scaling)).norm() || 1;
  const inUnits = (x: Complex): Complex => COMPLEX.scale(COMPLEX.scale(x, scaling), 1 / size);
  const unit = m.map(inUnits);
  let power = unit;
  let powers = values.map(inUnits);
  const first = powers;
  const n = values.length;
  return values.map((_, k) => {
    if (k > 0) {
      power = power.times(unit);
      powers = powers.map((x, j) => COMPLEX.mul(x, first[j]!));
    }
    const trace = powers.reduce((sum, x, j) => COMPLEX.add(sum, COMPLEX.sub(x, power.at(j, j))), COMPLEX.zero);
    const drift = Math.expm1((k + 1) * Math.log1p((allowed * scaling) / size));
    return { what: `Σλ^${k + 1} − tr A^${k + 1}`, error: COMPLEX.abs(trace), allowed: Math.sqrt(n) * drift };
  });
}

// ---- differentiation

/**
 * v̇ of vectors with A·v = λ·v, ‖v‖ = 1 and a real largest element, and λ̇: perturbation theory fixes v̇ up to a multiple of
 * v, the normalisation that multiple. Equal eigenvalues turn nothing into one another.
 */
function vectorTangents(lax: Lax, w: NDArray, v: NDArray, da: NDArray): { readonly dw: NDArray; readonly dv: NDArray } {
  const p = solution(lax, v, product(lax, da, v));
  const gaps = differences(lax, w, v.shape);
  const turned = product(lax, v, lax.mul(inversesOfGaps(lax, gaps), p));
  const rows = v.ndim - 2;
  const largest = lax.argmax(lax.abs(v), rows);
  const isLargest = lax.eq(lax.broadcastedIota('int32', v.shape, rows), asRows(lax, largest, v.shape));
  const atLargest = (x: NDArray): NDArray => lax.reduceSum(lax.select(isLargest, x, lax.zerosLike(x)), [rows]);
  const along = lax.real(lax.reduceSum(lax.mul(lax.conj(v), turned), [rows]));
  const phase = lax.div(lax.imag(atLargest(turned)), lax.real(atLargest(v)));
  const multiple = lax.neg(lax.complex(along, phase));
  return { dw: diagonal(lax, p), dv: lax.add(turned, scaledColumns(lax, v, multiple)) };
}

function tangents(lax: Lax, a: NDArray, da: NDArray, results: readonly NDArray[], p: EigParams): Tangent[] {
  const { compute_left_eigenvectors: wantsLeft, compute_right_eigenvectors: wantsRight } = p;
  const w = results[0]!;
  const t = lax.convertElementType(da, w.dtype);
  const right = wantsRight ? results.at(-1)! : lax.linalg.eig(a, { computeLeftEigenvectors: false }).at(-1)!;
  const own = vectorTangents(lax, w, right, t);
  const left = wantsLeft ? vectorTangents(lax, conjugate(lax, w), results[1]!, adjoint(lax, t)).dv : null;
  return [own.dw, ...(wantsLeft ? [left] : []), ...(wantsRight ? [own.dv] : [])];
}

const unknown = ({ shape }: HostArray): Float64Array =>
  new Float64Array(shape.reduce((n, d) => n * d, 1)).fill(Infinity);

export const eig: Defined<'eig', EigParams, 'C1'> = definePrimitive({
  name: 'eig',
  spec: 'spec/primitives/spectral.md#eig',
  operands: [{ name: 'a', dtypes: DECOMPOSABLE }],
  params: { compute_left_eigenvectors: { type: 'boolean' }, compute_right_eigenvectors: { type: 'boolean' } },
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([a]) => checkSquare('a', a!) },
  infer: ([a], p) => infer(a!, p),
  evaluate: ([a], p) => evaluate(a!, p),
  differentiate: {
    active: () => [0],
    jvp: (lax, [a], [da], results, p) =>
      da && a!.size > 0 ? tangents(lax, a!, da, results, p) : results.map(() => null),
  },
  batch: (lax, [a], [at], _, p) => {
    const out = lax.linalg.eig(lax.moveAxis(a!, at!, 0), {
      computeLeftEigenvectors: p.compute_left_eigenvectors,
      computeRightEigenvectors: p.compute_right_eigenvectors,
    });
    return { out, at: out.map(() => 0) };
  },
  // Eigenvalues of a matrix that is not normal may move by far more than the matrix does.
  bound: (_, results) => results.map((y) => ({ worst: unknown(y), variance: unknown(y) })),
  accuracy: (_, p) => ({
    kind: 'backward',
    checks: (operands, expected, got, eta) => checks(operands, expected, got, eta, p),
    forward: (_, results) => results.map(unknown),
  }),
  invariants(lax, results, { compute_right_eigenvectors }) {
    const w = results[0]!;
    const last = w.ndim - 1;
    const sums = [lax.reduceSum(w, [last]), lax.reduceSum(lax.mul(w, w), [last])];
    const vectors = results.slice(1).map((v, i) => {
      const isRight = compute_right_eigenvectors && i === results.length - 2;
      return product(lax, scaledColumns(lax, v, isRight ? w : lax.conj(w)), adjoint(lax, v));
    });
    return [...sums, ...vectors];
  },
  cases: (gen) =>
    gen.fc
      .tuple(matrices(gen, true), gen.fc.boolean(), gen.fc.boolean())
      .map(([a, compute_left_eigenvectors, compute_right_eigenvectors]) => ({
        args: [a],
        params: { compute_left_eigenvectors, compute_right_eigenvectors },
      })),
  breaks: {
    C1: (gen) => gen.fc.oneof(tooFewAxes(gen), notSquare(gen)).map((a) => ({ args: [a], params: PLAIN })),
  },
});

const PLAIN: EigParams = { compute_left_eigenvectors: false, compute_right_eigenvectors: true };
