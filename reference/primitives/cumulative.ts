/**
 * Sums, products, extremes and log-sum-exp of everything up to a place: cumsum, cumprod, cummax, cummin, cumlogsumexp
 * (spec/primitives/cumulative.md).
 */
import { FLOATS, isFloat, NUMBERS, type DType } from '../core/dtypes.ts';
import { build, hostArray, type HostArray, type NumberData, numbers } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Bound, type Bounded, type BoundRule, definePrimitive, type Differentiation } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { AXIS, checkAxis, inFront, inverse, remaining } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import { exactPrefixProducts, exactPrefixSums, isFloatDType } from './exact.ts';
import { magnitudes, permuted, reversed } from './layout.ts';
import { monotoneBound } from './monotone.ts';

export interface CumulativeParams {
  readonly axis: number;
  readonly reverse: boolean;
}
type Cumulative<N extends string> = Defined<N, CumulativeParams, 'C1'>;
type LaxCumulative = 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp';
/** Writes what belongs to each place of a row; `beside` is the same row of another array. */
type Scan = (row: NumberData, into: NumberData, dtype: DType, beside: NumberData) => void;

/** Puts the axis last, replaces each row by what `scan` writes for it, and puts the axis back. */
function alongRows(x: HostArray, p: CumulativeParams, scan: Scan, beside: HostArray = x): HostArray {
  const order = [...remaining(x.shape.length, [p.axis]), p.axis];
  const rows = (a: HostArray): HostArray => permuted(p.reverse ? reversed(a, [p.axis]) : a, order);
  const straight = rows(x);
  const [source, other] = [numbers(straight), numbers(rows(beside))];
  const results = new Float64Array(source.length);
  const n = x.shape[p.axis]!;
  for (let from = 0; from < source.length; from += n) {
    const part = <A extends NumberData>(a: A): NumberData => a.subarray(from, from + n);
    scan(part(source), part(results), x.dtype, part(other));
  }
  const back = permuted(hostArray(x.dtype, straight.shape, results), inverse(order));
  return p.reverse ? reversed(back, [p.axis]) : back;
}

/** The results of a fold on the way; storing them wraps integers and rounds floats. */
const folding =
  (f: (a: number, b: number) => number): ((row: NumberData, into: NumberData) => void) =>
  (row, into) => {
    let result = row[0]!;
    into.forEach((_, i) => (into[i] = result = i === 0 ? result : f(result, row[i]!)));
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

/** Sums of 32-bit integers, wrapped. */
const integerSums = folding((a, b) => (a + b) | 0);
const floatSums = folding((a, b) => a + b);

export const cumsum: Cumulative<'cumsum'> = cumulative({
  name: 'cumsum',
  spec: 'spec/primitives/cumulative.md#cumsum',
  of: 'cumsum',
  dtypes: NUMBERS,
  scan: (row, into, dtype) => (isFloatDType(dtype) ? exactPrefixSums(row, dtype, into) : integerSums(row, into)),
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct], _, p) => [along(ct, (t) => lax.cumsum(t, p.axis, { reverse: !p.reverse }))],
  },
  bound: 'linear',
  accuracy([x], p) {
    if (!isFloat(x!.dtype)) return { kind: 'exact' };
    return {
      kind: 'sum',
      terms: x!.shape[p.axis]!,
      magnitude: ([operand]) => Float64Array.from(numbers(alongRows(magnitudes(operand!), p, floatSums))),
    };
  },
});

const integerProducts = folding(Math.imul);

export const cumprod: Cumulative<'cumprod'> = cumulative({
  name: 'cumprod',
  spec: 'spec/primitives/cumulative.md#cumprod',
  of: 'cumprod',
  dtypes: NUMBERS,
  scan: (row, into, dtype) =>
    isFloatDType(dtype) ? exactPrefixProducts(row, dtype, into) : integerProducts(row, into),
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
  accuracy: ([x], p) => (isFloat(x!.dtype) ? { kind: 'product', terms: x!.shape[p.axis]! } : { kind: 'exact' }),
});

/**
 * |Π(xᵢ + δᵢ) − Πxᵢ| ≤ Π(|xᵢ| + δᵢ) − Π|xᵢ|, factor by factor so that nothing cancels; and so the variances, by the
 * squares of the factors.
 */
function productBound([x]: readonly Bounded[], _: readonly HostArray[], p: CumulativeParams): (Bound | null)[] {
  const { value, bound } = x!;
  if (bound === null) return [null];
  const carried = (errors: Float64Array, size: (v: number) => number): Float64Array => {
    const f64 = (data: Float64Array): HostArray => ({ shape: value.shape, dtype: 'float64', data });
    const sizes = Float64Array.from(numbers(value), size);
    return Float64Array.from(numbers(alongRows(f64(sizes), p, productErrors, f64(errors))));
  };
  return [{ worst: carried(bound.worst, Math.abs), variance: carried(bound.variance, (v) => v * v) }];
}

/** What the errors of factors make of the products, from the sizes of the factors. */
function productErrors(sizes: NumberData, into: NumberData, _: DType, errors: NumberData): void {
  let [size, error] = [1, 0];
  for (let i = 0; i < sizes.length; i++) {
    error = times(error, sizes[i]!) + times(errors[i]!, size) + times(error, errors[i]!);
    size = times(size, sizes[i]!);
    into[i] = error;
  }
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
const maxima = folding((a, b) => Math.max(a, b));
const minima = folding((a, b) => Math.min(a, b));

const monotone =
  (scan: Scan): BoundRule<CumulativeParams> =>
  ([x], _, p) => [
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
  dtypes: NUMBERS,
  scan: maxima,
  differentiate: extremumTangent,
  bound: monotone(maxima),
  accuracy: exact,
});

export const cummin: Cumulative<'cummin'> = cumulative({
  name: 'cummin',
  spec: 'spec/primitives/cumulative.md#cummin',
  of: 'cummin',
  dtypes: NUMBERS,
  scan: minima,
  differentiate: extremumTangent,
  bound: monotone(minima),
  accuracy: exact,
});

// ---- log-sum-exp

/** log Σ exp in double precision: the largest element m so far, and the sum of exp(x − m) over all others. */
const logSums: Scan = (row, into) => {
  let [m, others] = [-Infinity, 0];
  row.forEach((x, i) => {
    if (x > m) [m, others] = [x, m === -Infinity ? others : (1 + others) * Math.exp(m - x)];
    else if (x !== -Infinity) others += x === m ? 1 : Math.exp(x - m);
    into[i] = m + Math.log1p(others);
  });
};

export const cumlogsumexp: Cumulative<'cumlogsumexp'> = cumulative({
  name: 'cumlogsumexp',
  spec: 'spec/primitives/cumulative.md#cumlogsumexp',
  of: 'cumlogsumexp',
  dtypes: FLOATS,
  scan: logSums,
  differentiate: {
    active: inexact,
    // Of two windows with results a and b the tangents count logistic(a − b) and logistic(b − a): no exponential overflows.
    jvp: (lax, [x], [dx], _, p) => [
      along(dx, (t) => {
        const join = ([a, da]: readonly NDArray[], [b, db]: readonly NDArray[]): NDArray[] => {
          const d = lax.select(lax.eq(a!, b!), lax.zerosLike(a!), lax.sub(a!, b!)); // equal infinities too
          const sum = lax.add(lax.max(a!, b!), lax.log1p(lax.exp(lax.neg(lax.abs(d)))));
          return [sum, lax.add(lax.mul(da!, lax.logistic(d)), lax.mul(db!, lax.logistic(lax.neg(d))))];
        };
        return prefixes(lax, [x!, t], p, join)[1]!;
      }),
    ],
  },
  bound: monotone(logSums),
  accuracy([x], p) {
    const n = x!.shape[p.axis]!;
    return { kind: 'sum', terms: n, magnitude: ([operand]) => logSumMagnitude(operand!, p, Math.log(Math.max(n, 1))) };
  },
});

/**
 * What one rounding unit per step is relative to (spec/primitives/cumulative.md#cumlogsumexp). The size of a NaN or an
 * infinity grants nothing.
 */
function logSumMagnitude(x: HostArray, p: CumulativeParams, logN: number): Float64Array {
  const values = numbers(x);
  const sums = numbers(
    alongRows(
      build('float64', x.shape, (i) => values[i]!),
      p,
      logSums,
    ),
  );
  return Float64Array.from(sums, (y) => (Number.isFinite(y) ? Math.abs(y) + logN + 10 : 0));
}
