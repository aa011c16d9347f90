/**
 * Reductions along axes: reduce_sum, reduce_prod, reduce_max, reduce_min, reduce_and, reduce_or,
 * reduce_xor (spec/primitives/reduction.md); argmax and argmin stand in extremum.ts.
 */
import type * as FC from 'fast-check';
import { BITS, isComplex, isInexact, NUMBERS, ORDERED, partOf } from '../core/dtypes.ts';
import { buildElements, complexes, type Element, elements, type HostArray, numbers, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import {
  type Bound,
  type Bounded,
  type BoundRule,
  definePrimitive,
  type Differentiation,
  operandAval,
} from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { algebraOf, bitsOf, fold, orderOf, productAccuracy } from './numerics/algebra.ts';
import { checkAxes, checkIncreasing, inFront, NATURALS, range, remaining, shifted } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact, NO_TANGENT } from './elementwise.ts';
import { exactComplexProduct, exactProduct, exactSum, type FloatDType, isFloatDType } from './numerics/exact.ts';
import { doubles, magnitudes, planes, rowsOf } from './layout.ts';
import { ProductError } from './numerics/product-error.ts';

export { argmax, argmin } from './extremum.ts';

export interface ReduceParams {
  readonly axes: Shape;
}
type Reduction<N extends string> = Defined<N, ReduceParams, 'C1' | 'C2'>;
type LaxReduction = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor';

/** Reduces `n` elements, from `from` on. */
type RowOf = (from: number, n: number) => Element;

/** Completes a reduction. `row` prepares the reduction of rows of elements that follow one another. */
function reduction<const N extends string>(
  definition: Pick<Reduction<N>, 'name' | 'spec' | 'differentiate' | 'bound' | 'accuracy' | 'dtypes'> & {
    readonly of: LaxReduction;
    row(rows: HostArray): RowOf;
  },
): Reduction<N> {
  const { of, row, ...rest } = definition;
  return definePrimitive<N, ReduceParams, 'C1' | 'C2'>({
    ...rest,
    operands: [{ name: 'operand', dtypes: definition.dtypes }],
    params: { axes: NATURALS },
    constraints: {
      C1: ([x], p) => checkAxes('axes', p.axes, x!.shape.length),
      C2: (_, p) => checkIncreasing('axes', p.axes),
    },
    infer: ([x], p) => [{ ...x!, shape: remaining(x!.shape.length, p.axes).map((d) => x!.shape[d]!) }],
    evaluate([x], p) {
      const { shape, rows, length } = rowsOf(x!, p.axes);
      const one = row(rows);
      return [buildElements(x!.dtype, shape, (r) => one(r * length, length))];
    },
    batch: (lax, [x], [at], _, p) => inFront(lax[of](lax.moveAxis(x!, at!, 0), shifted(p.axes))),
    cases(gen) {
      // Long rows are rare among the axes of large arrays, and what running sums get wrong.
      const axesOf = (rank: number): FC.Arbitrary<number[]> => {
        const some = gen.fc.subarray(range(rank));
        return gen.shapeClass === 'large' ? gen.fc.oneof(gen.fc.constant(range(rank)), some) : some;
      };
      return gen
        .shape()
        .chain((shape) => axesOf(shape.length).chain((axes) => call(gen, [[gen.dtype, shape]], { axes })));
    },
    breaks: {
      C1: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { axes: [s.length] })),
      C2: (gen) =>
        gen.fc.oneof(
          smallShape(gen, 1).chain((s) => call(gen, [[gen.dtype, s]], { axes: [0, 0] })),
          smallShape(gen, 2).chain((s) => call(gen, [[gen.dtype, s]], { axes: [1, 0] })),
        ),
    },
  });
}

/** How many elements one result is made of. */
const rowLength = (shape: Shape, { axes }: ReduceParams): number => axes.reduce((n, d) => n * shape[d]!, 1);
/** A result repeated along the axes that were reduced. */
const repeated = (lax: Lax, y: NDArray, shape: Shape, { axes }: ReduceParams): NDArray =>
  lax.broadcastInDim(y, shape, remaining(shape.length, axes));

// ---- sums and products

export const reduceSum: Reduction<'reduce_sum'> = reduction({
  name: 'reduce_sum',
  spec: 'spec/primitives/reduction.md#reduce_sum',
  of: 'reduceSum',
  dtypes: NUMBERS,
  row: sums,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], [x], p) => [along(ct, (t) => repeated(lax, t, operandAval(x!).shape, p))],
  },
  bound: 'linear',
  accuracy([x], p) {
    if (!isInexact(x!.dtype)) return { kind: 'exact' };
    const magnitude = ([operand]: readonly HostArray[]): Float64Array => {
      const { rows, count, length } = rowsOf(magnitudes(operand!), p.axes);
      return Float64Array.from({ length: count }, (_, r) => total(numbers(rows), r * length, length));
    };
    return { kind: 'sum', terms: rowLength(x!.shape, p), magnitude };
  },
});

/** A plain sum in double precision. */
function total(data: ArrayLike<number>, from: number, n: number): number {
  let sum = 0;
  for (let i = from; i < from + n; i++) sum += data[i]!;
  return sum;
}

/** Floats: the exact sum, rounded once; of complex numbers each part by itself. Integers wrap. */
function sums(rows: HostArray): RowOf {
  const { dtype } = rows;
  if (isFloatDType(dtype)) {
    const data = numbers(rows);
    return (from, n) => exactSum(data, from, n, dtype);
  }
  if (isComplex(dtype)) {
    const [re, im] = planes(rows).map(sums) as [
      (from: number, n: number) => number,
      (from: number, n: number) => number,
    ];
    return (from, n) => ({ re: re(from, n), im: im(from, n) });
  }
  const { zero, add } = algebraOf(dtype);
  return folded(rows, zero, add);
}

function folded(rows: HostArray, start: Element, f: (a: Element, b: Element) => Element): RowOf {
  const at = elements(rows);
  return (from, n) => fold(at, from, n, start, f);
}

/** Floats and complex numbers: the exact product, rounded once. Integers wrap. */
function products(rows: HostArray): RowOf {
  const { dtype } = rows;
  if (isFloatDType(dtype)) {
    const data = numbers(rows);
    return (from, n) => exactProduct(data, from, n, dtype);
  }
  if (isComplex(dtype)) {
    const [at, part] = [complexes(rows), partOf(dtype) as FloatDType];
    return (from, n) => exactComplexProduct(at, from, n, part);
  }
  const { one, mul } = algebraOf(dtype);
  return folded(rows, one, mul);
}

export const reduceProd: Reduction<'reduce_prod'> = reduction({
  name: 'reduce_prod',
  spec: 'spec/primitives/reduction.md#reduce_prod',
  of: 'reduceProd',
  dtypes: NUMBERS,
  row: products,
  differentiate: {
    active: inexact,
    jvp: (lax, [x], [dx], _, p) => [along(dx, (t) => productTangent(lax, x!, t, p))],
  },
  bound: productBound,
  accuracy: ([x], p) => productAccuracy(x!.dtype, rowLength(x!.shape, p)),
});

/**
 * The tangent of a product, by halves: (a·b)˙ = ȧ·b + a·ḃ. It divides by no factor, so zeros among them are as good as
 * any other. Nothing is left of an empty product: its tangent is zero.
 */
function productTangent(lax: Lax, x: NDArray, dx: NDArray, { axes }: ReduceParams): NDArray {
  const kept = remaining(x.ndim, axes);
  const lanes = kept.map((d) => x.shape[d]!);
  const last = lanes.length;
  const rows = (a: NDArray): NDArray =>
    lax.reshape(lax.transpose(a, [...kept, ...axes]), [...lanes, rowLength(x.shape, { axes })]);
  let value = rows(x);
  let tangent = rows(dx);
  if (value.shape[last] === 0) return lax.zerosLike({ shape: lanes, dtype: x.dtype });
  for (let n = value.shape[last]!; n > 1; n = Math.ceil(n / 2)) {
    const half = Math.floor(n / 2);
    const part = (a: NDArray, from: number, to: number): NDArray => lax.sliceInDim(a, from, to, 1, last);
    const [a, da] = [part(value, 0, half), part(tangent, 0, half)];
    const [b, db] = [part(value, half, 2 * half), part(tangent, half, 2 * half)];
    const product = lax.mul(a, b);
    const derivative = lax.add(lax.mul(da, b), lax.mul(a, db));
    value = n === 2 * half ? product : lax.concatenate([product, part(value, n - 1, n)], last);
    tangent = n === 2 * half ? derivative : lax.concatenate([derivative, part(tangent, n - 1, n)], last);
  }
  return lax.squeeze(tangent, [last]);
}

function productBound([x]: readonly Bounded[], _: readonly HostArray[], p: ReduceParams): (Bound | null)[] {
  return rowBounds(magnitudes(x!.value), x!.bound, p, (value, worst, variance, from, n) => {
    const error = new ProductError();
    for (let i = from; i < from + n; i++) error.add(value[i]!, worst[i]!, variance[i]!);
    return [error.worst, error.variance];
  });
}

/** The worst error and the variance of a row's result, from the values, errors and variances of its elements. */
type RowBound = (
  value: ArrayLike<number>,
  worst: ArrayLike<number>,
  variance: ArrayLike<number>,
  from: number,
  n: number,
) => readonly [worst: number, variance: number];

function rowBounds(value: HostArray, bound: Bound | null, { axes }: ReduceParams, of: RowBound): (Bound | null)[] {
  if (bound === null) return [null];
  const like = (data: Float64Array): ArrayLike<number> =>
    numbers(rowsOf({ shape: value.shape, dtype: 'float64', data }, axes).rows);
  const { rows, count, length } = rowsOf(value, axes);
  const data = doubles(rows);
  const [worst, variance] = [like(bound.worst), like(bound.variance)];
  const result = { worst: new Float64Array(count), variance: new Float64Array(count) };
  for (let r = 0; r < count; r++) {
    [result.worst[r], result.variance[r]] = of(data, worst, variance, r * length, length);
  }
  return [result];
}

// ---- the largest and the smallest

/** The ends of a row, beginning with the other end of the dtype. */
const maxima = (rows: HostArray): RowOf => {
  const { lowest, max } = orderOf(rows.dtype);
  return folded(rows, lowest, max);
};
const minima = (rows: HostArray): RowOf => {
  const { highest, min } = orderOf(rows.dtype);
  return folded(rows, highest, min);
};

/** How rows are summed, and their results repeated along them. */
interface Rows {
  sum(x: NDArray): NDArray;
  repeat(y: NDArray): NDArray;
}

/**
 * The mean of the tangents of the elements that equal the result. In a row with NaN none does, and every tangent counts
 * as NaN; an empty row has a constant result.
 */
export function meanOfWinners(lax: Lax, x: NDArray, dx: NDArray, y: NDArray, { sum, repeat }: Rows): NDArray {
  const there = lax.eq(x, repeat(y));
  const count = sum(lax.convertElementType(there, dx.dtype));
  const nowhere = lax.eq(repeat(count), 0);
  // A factor that is known and 1 wherever a tangent counts: its transpose spoils nothing.
  const factor = lax.select(nowhere, lax.fullLike(dx, NaN), lax.fullLike(dx, 1));
  const shares = lax.select(lax.bitwiseOr(there, nowhere), lax.mul(dx, factor), lax.zerosLike(dx));
  return lax.div(sum(shares), lax.max(count, 1));
}

const extremumTangent: Differentiation<ReduceParams> = {
  active: inexact,
  jvp: (lax, [x], [dx], [y], p) => [
    along(dx, (t) =>
      meanOfWinners(lax, x!, t, y!, {
        sum: (v) => lax.reduceSum(v, p.axes),
        repeat: (v) => repeated(lax, v, x!.shape, p),
      }),
    ),
  ],
};

/**
 * The result moves between the extremes of x − δ and of x + δ. Elements that cannot reach them do not count; of n that
 * can, the expected square of the largest deviation is below (1 + 2·ln n) times the largest variance.
 */
const extremumBound =
  (sign: 1 | -1): BoundRule<ReduceParams> =>
  ([x], _, p) =>
    rowBounds(x!.value, x!.bound, p, (value, worst, variance, from, n) => {
      let [low, high, middle] = [-Infinity, -Infinity, -Infinity];
      for (let i = from; i < from + n; i++) {
        low = Math.max(low, sign * value[i]! - worst[i]!);
        high = Math.max(high, sign * value[i]! + worst[i]!);
        middle = Math.max(middle, sign * value[i]!);
      }
      if (low === high) return [0, 0];
      let [largest, candidates] = [0, 0];
      for (let i = from; i < from + n; i++) {
        if (sign * value[i]! + worst[i]! < low) continue;
        largest = Math.max(largest, variance[i]!);
        candidates++;
      }
      const error = Math.max(high - middle, middle - low);
      return [Number.isNaN(error) ? Infinity : error, largest * (1 + 2 * Math.log(candidates))];
    });

export const reduceMax: Reduction<'reduce_max'> = reduction({
  name: 'reduce_max',
  spec: 'spec/primitives/reduction.md#reduce_max',
  of: 'reduceMax',
  dtypes: ORDERED,
  row: maxima,
  differentiate: extremumTangent,
  bound: extremumBound(1),
  accuracy: exact,
});

export const reduceMin: Reduction<'reduce_min'> = reduction({
  name: 'reduce_min',
  spec: 'spec/primitives/reduction.md#reduce_min',
  of: 'reduceMin',
  dtypes: ORDERED,
  row: minima,
  differentiate: extremumTangent,
  bound: extremumBound(-1),
  accuracy: exact,
});

// ---- bits

export const reduceAnd: Reduction<'reduce_and'> = reduction({
  name: 'reduce_and',
  spec: 'spec/primitives/reduction.md#reduce_and',
  of: 'reduceAnd',
  dtypes: BITS,
  row: (rows) => folded(rows, bitsOf(rows.dtype).ones, bitsOf(rows.dtype).and),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const reduceOr: Reduction<'reduce_or'> = reduction({
  name: 'reduce_or',
  spec: 'spec/primitives/reduction.md#reduce_or',
  of: 'reduceOr',
  dtypes: BITS,
  row: (rows) => folded(rows, bitsOf(rows.dtype).zero, bitsOf(rows.dtype).or),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});

export const reduceXor: Reduction<'reduce_xor'> = reduction({
  name: 'reduce_xor',
  spec: 'spec/primitives/reduction.md#reduce_xor',
  of: 'reduceXor',
  dtypes: BITS,
  row: (rows) => folded(rows, bitsOf(rows.dtype).zero, bitsOf(rows.dtype).xor),
  differentiate: NO_TANGENT,
  bound: 'exact',
  accuracy: exact,
});
