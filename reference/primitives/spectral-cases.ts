/** What eigh, svd and eig share: their calls, what is checked of them, and how errors of a matrix are measured. */
import type * as FC from 'fast-check';
import { buildElements, type Element, elements, type HostArray, type Shape, sizeOf } from '../core/host.ts';
import type { BackwardCheck, Bounded, Gen } from '../core/primitive.ts';
import { finfo } from '../core/dtypes.ts';
import { Matrix } from './numerics/matrix.ts';

/**
 * 30 units of 2u for each row: the threshold of LAPACK's own tests of its eigenvalue and singular value routines (LAPACK
 * Working Note 41).
 */
export const tolerance = (n: number, dtype: HostArray['dtype']): number =>
  60 * Math.max(n, 1) * finfo(dtype).unitRoundoff;

/** ‖XᴴX − I‖ of columns that should be orthonormal. */
export const checkOrthonormal = <S extends Element>(
  name: string,
  x: Matrix<S>,
  dtype: HostArray['dtype'],
): BackwardCheck => ({
  what: `‖${name}ᴴ·${name} − I‖`,
  error: x.adjoint().times(x).minus(Matrix.identity(x.field, x.columns)).norm(),
  allowed: tolerance(x.rows, dtype),
});

/** Nothing solves a problem with infinities in it. */
export const checkAllNaN = (results: readonly (readonly number[])[]): BackwardCheck => ({
  what: 'the share of results that are not NaN, though the matrix is not finite',
  error: results.flat().filter((x) => !Number.isNaN(x)).length,
  allowed: 0,
});

/** ‖δA‖ of Frobenius for each matrix of a batch. */
export function uncertainty({ value, bound }: Bounded, key: 'worst' | 'variance'): number[] {
  const size = sizeOf(value.shape.slice(-2));
  const errors = bound?.[key] ?? new Float64Array(sizeOf(value.shape));
  return Array.from({ length: sizeOf(value.shape.slice(0, -2)) }, (_, b) => {
    const own = errors.subarray(b * size, (b + 1) * size);
    return key === 'worst' ? Math.hypot(...own) : own.reduce((sum, v) => sum + v, 0);
  });
}

/** The numbers of matrices, each as often as a matrix has results. */
export const repeated = (numbers: readonly number[], times: number): Float64Array =>
  Float64Array.from({ length: numbers.length * times }, (_, i) => numbers[Math.floor(i / times)]!);

/** Batches of matrices of the class; `square` or of any two sizes. Mostly of moderate numbers, at times of any. */
export function matrices(gen: Gen, square: boolean): FC.Arbitrary<HostArray> {
  const { fc, shapeClass } = gen;
  const sizes = {
    scalar: [1],
    singleton: [1],
    empty: [0, 2],
    odd: [2, 3, 4, 5],
    broadcast: [1, 2, 3],
    large: [17, 12],
  };
  const batch = shapeClass === 'large' ? fc.constant<number[]>([]) : gen.shape({ maxRank: 1 });
  const size = fc.constantFrom(...sizes[shapeClass]);
  return fc.tuple(batch, size, size, fc.integer({ min: 0, max: 3 })).chain(([before, rows, columns, mood]) => {
    const shape: Shape = [...before, rows, square ? rows : columns];
    return mood === 0 ? gen.array(gen.dtype, shape).map(withinReach) : gen.array(gen.dtype, shape, { min: -4, max: 4 });
  });
}

/** Without finite elements so large that the products in derivatives overflow on the way, in one mode and not in the other. */
function withinReach(x: HostArray): HostArray {
  const at = elements(x);
  const limit = finfo(x.dtype).max ** 0.25;
  const near = (v: number): number => (Number.isFinite(v) ? Math.min(Math.max(v, -limit), limit) : v);
  return buildElements(x.dtype, x.shape, (i) => {
    const v = at(i);
    return typeof v === 'object' ? { re: near(v.re), im: near(v.im) } : near(Number(v));
  });
}

/** Calls that break the constraints on shapes. */
export const tooFewAxes = (gen: Gen): FC.Arbitrary<HostArray> => gen.fc.constantFrom<Shape>([], [3]).chain((s) => gen.array(gen.dtype, s)); // prettier-ignore
export const notSquare = (gen: Gen): FC.Arbitrary<HostArray> => gen.array(gen.dtype, [2, 3]);
