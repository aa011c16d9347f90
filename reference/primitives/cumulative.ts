/**
 * Sums, products, extremes and log-sum-exp of everything up to a place: cumsum, cumprod, cummax, cummin, cumlogsumexp
 * (spec/primitives/cumulative.md).
 */
import { type DType, INEXACT, isComplex, isInexact, NUMBERS, partOf, REALS } from '../core/dtypes.ts';
import {
  build,
  buildElements,
  type Complex,
  complexes,
  type Element,
  elements,
  type HostArray,
  hostArray,
  numbers,
  sizeOf,
} from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Bound, type Bounded, definePrimitive, type Differentiation } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { algebraOf, orderOf, productAccuracy } from './numerics/algebra.ts';
import { AXIS, checkAxis, inFront, inverse, remaining } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import {
  exactComplexPrefixProducts,
  exactPrefixProducts,
  exactPrefixSums,
  type FloatDType,
  isFloatDType,
} from './numerics/exact.ts';
import { joined, magnitudes, permuted, planes, reversed } from './layout.ts';
import { complexLogSumBound, logSumMagnitude, logSums } from './numerics/log-sum-exp.ts';
import { monotoneBound } from './monotone.ts';

export interface CumulativeParams {
  readonly axis: number;
  readonly reverse: boolean;
}
type Cumulative<N extends string> = Defined<N, CumulativeParams, 'C1'>;
type LaxCumulative = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp';
/** The results of rows of `n` elements that follow one another: what belongs to each place. */
type Scan = (rows: HostArray, n: number) => HostArray;

/** Puts the axis last, scans the rows, and puts the axis back. */
function alongRows(x: HostArray, p: CumulativeParams, scan: Scan): HostArray {
  const back = permuted(scan(straight(x, p), x.shape[p.axis]!), inverse(axisLast(x, p)));
  return p.reverse ? reversed(back, [p.axis]) : back;
}
const axisLast = (x: HostArray, p: CumulativeParams): number[] => [...remaining(x.shape.length, [p.axis]), p.axis];
/** The rows, each in the direction of the scan. */
const straight = (x: HostArray, p: CumulativeParams): HostArray =>
  permuted(p.reverse ? reversed(x, [p.axis]) : x, axisLast(x, p));

/** The results of a fold on the way. */
const folding =
  (of: (dtype: DType) => (a: Element, b: Element) => Element): Scan =>
  (rows, n) => {
    const [at, f] = [elements(rows), of(rows.dtype)];
    let result = 0 as Element;
    return buildElements(rows.dtype, rows.shape, (i) => (result = i % n === 0 ? at(i) : f(result, at(i))));
  };

/** A scan of each row of floats by itself, from one place to the next. */
const byRow =
  (scan: (row: Float64Array, into: Float64Array) => void): Scan =>
  (rows, n) => {
    const [source, results] = [Float64Array.from(numbers(rows)), new Float64Array(sizeOf(rows.shape))];
    for (let from = 0; from < results.length; from += n) {
      scan(source.subarray(from, from + n), results.subarray(from, from + n));
    }
    return hostArray(rows.dtype, rows.shape, results);
  };

/** Completes a definition. */
function cumulative<const N extends string>(
  definition: Pick<Cumulative<N>, 'name' | 'spec' | 'dtypes' | 'differentiate' | 'bound' | 'accuracy'> & {
    readonly of: LaxCumulative;
    readonly scan: Scan;
  },
): Cumulative<N> {
  const { of, scan, ...rest } = definition;
  return definePrimitive<N, CumulativeParams, 'C1'>({
    ...rest,
    operands: [{ name: 'operand', dtypes: definition.dtypes }],
    params: { axis: AXIS, reverse: { type: 'boolean' } },
    constraints: { C1: ([x], p) => checkAxis('axis', p.axis, x!.shape.length) },
    infer: ([x]) => [x!],
    evaluate: ([x], p) => [alongRows(x!, p, scan)],
    batch: (lax, [x], [at], _, p) => inFront(lax[of](lax.moveAxis(x!, at!, 0), p.axis + 1, { reverse: p.reverse })),
    cases: (gen) =>
      gen
        .shape({ minRank: 1 })
        .chain((s) =>
          gen.fc
            .record({ axis: gen.fc.nat(s.length - 1), reverse: gen.fc.boolean() })
            .chain((params) => call(gen, [[gen.dtype, s]], params)),
        ),
    breaks: {
      C1: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { axis: s.length, reverse: false })),
    },
  });
}

/**
 * Prefixes by doubling, for tangents: what stands for the last 1, 2, 4 … elements up to a place is joined with what
 * stands for as many before them. `join(before, own)` gets and gives lists as long as `values`.
 */
function prefixes(
  lax: Lax,
  values: readonly NDArray[],
  { axis, reverse }: CumulativeParams,
  join: (before: readonly NDArray[], own: readonly NDArray[]) => readonly NDArray[],
): readonly NDArray[] {
  const turned = (xs: readonly NDArray[]): readonly NDArray[] => (reverse ? xs.map((x) => lax.rev(x, [axis])) : xs);
  const part = (xs: readonly NDArray[], from: number, to: number): NDArray[] =>
    xs.map((x) => lax.sliceInDim(x, from, to, 1, axis));
  const n = values[0]!.shape[axis]!;
  let windows = turned(values);
  for (let k = 1; k < n; k *= 2) {
    const first = part(windows, 0, k);
    const joined = join(part(windows, 0, n - k), part(windows, k, n));
    windows = joined.map((x, i) => lax.concatenate([first[i]!, x], axis));
  }
  return turned(windows);
}

// ---- sums and products

const integerSums = folding((dtype) => algebraOf(dtype).add);
/** In double precision. */
const plainSums = integerSums;
/** Floats: the exact sums, each rounded once; of complex numbers each part by itself. Integers wrap. */
const sums: Scan = (rows, n) => {
  const { dtype } = rows;
  if (isFloatDType(dtype)) return byRow((row, into) => exactPrefixSums(row, dtype, into))(rows, n);
  if (!isComplex(dtype)) return integerSums(rows, n);
  const [re, im] = planes(rows);
  return joined(dtype, sums(re, n), sums(im, n));
};

export const cumsum: Cumulative<'cumsum'> = cumulative({
  name: 'cumsum',
  spec: 'spec/primitives/cumulative.md#cumsum',
  of: 'cumsum',
  dtypes: NUMBERS,
  scan: sums,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.cumsum(t, p.axis, { reverse: !p.reverse }))],
  },
  bound: 'linear',
  accuracy([x], p) {
    if (!isInexact(x!.dtype)) return { kind: 'exact' };
    return {
      kind: 'sum',
      terms: x!.shape[p.axis]!,
      magnitude: ([operand]) => Float64Array.from(numbers(alongRows(magnitudes(operand!), p, plainSums))),
    };
  },
});

const wrappedProducts = folding((dtype) => algebraOf(dtype).mul);
/** Floats and complex numbers: the exact products, each rounded once. Integers wrap. */
const products: Scan = (rows, n) => {
  const { dtype } = rows;
  if (isFloatDType(dtype)) return byRow((row, into) => exactPrefixProducts(row, dtype, into))(rows, n);
  return isComplex(dtype) ? complexProducts(rows, n) : wrappedProducts(rows, n);
};
const complexProducts: Scan = (rows, n) => {
  const [at, part] = [complexes(rows), partOf(rows.dtype) as FloatDType];
  const results: Complex[] = [];
  for (let from = 0; from < sizeOf(rows.shape); from += n) {
    for (const y of exactComplexPrefixProducts(at, from, n, part)) results.push(y);
  }
  return hostArray(rows.dtype, rows.shape, results);
};

export const cumprod: Cumulative<'cumprod'> = cumulative({
  name: 'cumprod',
  spec: 'spec/primitives/cumulative.md#cumprod',
  of: 'cumprod',
  dtypes: NUMBERS,
  scan: products,
  differentiate: {
    active: inexact,
    // (a·b)˙ = ȧ·b + a·ḃ divides by nothing, so zeros among the factors are as good as any other.
    jvp: (lax, [x], [dx], _, p) => [
      along(dx, (t) => {
        const product = ([a, da]: readonly NDArray[], [b, db]: readonly NDArray[]): NDArray[] => [
          lax.mul(a!, b!),
          lax.add(lax.mul(da!, b!), lax.mul(a!, db!)),
        ];
        return prefixes(lax, [x!, t], p, product)[1]!;
      }),
    ],
  },
  bound: productBound,
  accuracy: ([x], p) => productAccuracy(x!.dtype, x!.shape[p.axis]!),
});

/**
 * |Π(xᵢ + δᵢ) − Πxᵢ| ≤ Π(|xᵢ| + δᵢ) − Π|xᵢ|, factor by factor so that nothing cancels; and so the variances, by the
 * squares of the factors.
 */
function productBound([x]: readonly Bounded[], _: readonly HostArray[], p: CumulativeParams): (Bound | null)[] {
  const { value, bound } = x!;
  if (bound === null) return [null];
  const sizes = magnitudes(value);
  const carried = (errors: Float64Array, factors: HostArray): Float64Array => {
    const beside = straight({ ...factors, data: errors }, p);
    return Float64Array.from(numbers(alongRows(factors, p, (rows, n) => productErrors(rows, beside, n))));
  };
  const squares = build('float64', value.shape, (i) => numbers(sizes)[i]! ** 2);
  return [{ worst: carried(bound.worst, sizes), variance: carried(bound.variance, squares) }];
}

/** What the errors of factors make of the products, from the sizes of the factors. */
function productErrors(sizes: HostArray, errors: HostArray, n: number): HostArray {
  const [factors, deltas] = [numbers(sizes), numbers(errors)];
  let [size, error] = [1, 0];
  return build('float64', sizes.shape, (i) => {
    if (i % n === 0) [size, error] = [1, 0];
    error = times(error, factors[i]!) + times(deltas[i]!, size) + times(error, deltas[i]!);
    size = times(size, factors[i]!);
    return error;
  });
}
/** Products of bounds: nothing times an infinity is nothing. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

// ---- extremes

/** The mean of the tangents of the elements up to a place that equal its result; from a NaN on, every tangent counts as NaN. */
const extremumTangent: Differentiation<CumulativeParams> = {
  active: inexact,
  jvp: (lax, [x], [dx], [y], p) => [
    along(dx, (t) => {
      const isNaN = lax.ne(y!, y!);
      const there = lax.bitwiseOr(lax.eq(x!, y!), isNaN);
      // A factor that is known and 1 wherever a tangent counts: its transpose spoils nothing.
      const factor = lax.select(isNaN, lax.fullLike(t, NaN), lax.fullLike(t, 1));
      const join = ([before, ...those]: readonly NDArray[], [own, ...these]: readonly NDArray[]): NDArray[] => {
        const same = lax.bitwiseOr(lax.eq(before!, own!), lax.ne(before!, before!));
        return [own!, ...these.map((v, i) => lax.add(v, lax.select(same, those[i]!, lax.zerosLike(v))))];
      };
      const parts = [
        y!,
        lax.select(there, lax.mul(t, factor), lax.zerosLike(t)),
        lax.convertElementType(there, t.dtype),
      ];
      const [, sum, count] = prefixes(lax, parts, p, join);
      return lax.div(sum!, count!);
    }),
  ],
};

/** The running maximum: NaN wins, and +0 is above −0. */
const maxima = folding((dtype) => orderOf(dtype).max);
const minima = folding((dtype) => orderOf(dtype).min);

const monotone =
  (scan: Scan) =>
  ([x]: readonly Bounded[], _: readonly HostArray[], p: CumulativeParams): (Bound | null)[] => [
    monotoneBound(
      x!,
      x!.value.shape[p.axis]!,
      (v) => alongRows(v, p, scan),
      (v) => alongRows(v, p, maxima),
    ),
  ];

export const cummax: Cumulative<'cummax'> = cumulative({
  name: 'cummax',
  spec: 'spec/primitives/cumulative.md#cummax',
  of: 'cummax',
  dtypes: REALS,
  scan: maxima,
  differentiate: extremumTangent,
  bound: monotone(maxima),
  accuracy: exact,
});

export const cummin: Cumulative<'cummin'> = cumulative({
  name: 'cummin',
  spec: 'spec/primitives/cumulative.md#cummin',
  of: 'cummin',
  dtypes: REALS,
  scan: minima,
  differentiate: extremumTangent,
  bound: monotone(minima),
  accuracy: exact,
});

// ---- log-sum-exp

/** The tangent of log(eᵃ + eᵇ) and the sum itself. */
type LogSum = (lax: Lax, before: readonly NDArray[], own: readonly NDArray[], axis: number) => NDArray[];

/** The tangents count logistic(a − b) and logistic(b − a): no exponential overflows. */
const realLogSum: LogSum = (lax, [a, da], [b, db]) => {
  const d = lax.select(lax.eq(a!, b!), lax.zerosLike(a!), lax.sub(a!, b!)); // equal infinities too
  const sum = lax.add(lax.max(a!, b!), lax.log1p(lax.exp(lax.neg(lax.abs(d)))));
  return [sum, lax.add(lax.mul(da!, lax.logistic(d)), lax.mul(db!, lax.logistic(lax.neg(d))))];
};

/** The tangents count exp(a − y) and exp(b − y), where y is the primitive's own sum of the two. */
const complexLogSum: LogSum = (lax, [a, da], [b, db], axis) => {
  const pairs = [a!, b!].map((x) => lax.expandDims(x, [axis]));
  const sum = lax.squeeze(lax.sliceInDim(lax.cumlogsumexp(lax.concatenate(pairs, axis), axis), 1, 2, 1, axis), [axis]);
  const weight = (x: NDArray): NDArray => lax.exp(lax.select(lax.eq(x, sum), lax.zerosLike(x), lax.sub(x, sum))); // equal infinities too
  return [sum, lax.add(lax.mul(da!, weight(a!)), lax.mul(db!, weight(b!)))];
};

export const cumlogsumexp: Cumulative<'cumlogsumexp'> = cumulative({
  name: 'cumlogsumexp',
  spec: 'spec/primitives/cumulative.md#cumlogsumexp',
  of: 'cumlogsumexp',
  dtypes: INEXACT,
  scan: logSums,
  differentiate: {
    active: inexact,
    jvp: (lax, [x], [dx], _, p) => [
      along(dx, (t) => {
        const logSum = isComplex(x!.dtype) ? complexLogSum : realLogSum;
        return prefixes(lax, [x!, t], p, (before, own) => logSum(lax, before, own, p.axis))[1]!;
      }),
    ],
  },
  bound([x], results, p) {
    const { value, bound } = x!;
    if (!isComplex(value.dtype)) return monotone(logSums)([x!], results, p);
    if (bound === null) return [null];
    // Bounds go through the same rows as their elements.
    const f64 = (data: Float64Array): HostArray => ({ shape: value.shape, dtype: 'float64', data });
    const row = (data: Float64Array): Float64Array => Float64Array.from(numbers(straight(f64(data), p)));
    const inRows = { worst: row(bound.worst), variance: row(bound.variance) };
    const part = (of: keyof Bound): Float64Array => {
      const scan: Scan = (rows, n) => ({ ...f64(complexLogSumBound(rows, n, inRows)[of]), shape: rows.shape });
      return Float64Array.from(numbers(alongRows(value, p, scan)));
    };
    return [{ worst: part('worst'), variance: part('variance') }];
  },
  accuracy([x], p) {
    const magnitude = (operand: HostArray): HostArray =>
      alongRows(operand, p, (rows, n) => ({ shape: rows.shape, dtype: 'float64', data: logSumMagnitude(rows, n) }));
    return {
      kind: 'sum',
      terms: x!.shape[p.axis]!,
      magnitude: ([operand]) => Float64Array.from(numbers(magnitude(operand!))),
    };
  },
});
