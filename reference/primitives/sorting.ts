/**
 * Elements in order: sort and top_k (spec/primitives/sorting.md).
 */
import { ANY, type DType, isComplex, ORDERED } from '../core/dtypes.ts';
import {
  aval,
  type Complex,
  type Element,
  elements,
  hostArray,
  type HostArray,
  numbers,
  sameShape,
  type Shape,
  sizeOf,
  take,
} from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Bound, type Bounded, definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { AXIS, checkAxis, inverse, range, remaining, show, toFront } from './axes.ts';
import { call, choices, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import { permuted, rowsOf } from './layout.ts';
import { monotoneBound } from './monotone.ts';

type Compare = (a: Element, b: Element) => number;

/** Smaller before larger, NaN last; all NaNs are equal, and so are the zeros. */
const ascending: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b)));
/** By the real part, then by the imaginary part. */
const lexicographic = (a: Complex, b: Complex): number => ascending(a.re, b.re) || ascending(a.im, b.im);
const inOrder = (dtype: DType): Compare => (isComplex(dtype) ? (lexicographic as Compare) : ascending);
/** NaN first, then larger before smaller, +0 before −0. */
const descending: Compare = (a, b) => -ascending(a, b) || Number(Object.is(a, -0)) - Number(Object.is(b, -0));

/** For each row along `axis`, the positions of its elements in order; equal ones stay in place. */
function orders(keys: readonly HostArray[], axis: number, compare: (dtype: DType) => Compare): number[][] {
  const { count, length } = rowsOf(keys[0]!, [axis]);
  const columns = keys.map((x) => ({ at: elements(rowsOf(x, [axis]).rows), compare: compare(x.dtype) }));
  return Array.from({ length: count }, (_, r) =>
    range(length).sort((i, j) => {
      for (const { at, compare: by } of columns) {
        const sign = by(at(r * length + i), at(r * length + j));
        if (sign !== 0) return sign;
      }
      return 0;
    }),
  );
}

/** Rows back where `axis` was. */
const fromRows = (rows: HostArray, shape: Shape, axis: number): HostArray => {
  const order = [...remaining(shape.length, [axis]), axis];
  return permuted({ ...rows, shape: order.map((d) => shape[d]!) }, inverse(order));
};

/** The elements of `x` at the positions of each row. */
function arranged(x: HostArray, axis: number, order: readonly (readonly number[])[], k: number): HostArray {
  const { rows, count, length } = rowsOf(x, [axis]);
  const taken = take(rows, [count, k], (i) => Math.floor(i / k) * length + order[Math.floor(i / k)]![i % k]!);
  return fromRows(taken, x.shape.with(axis, k), axis);
}

/** The elements at `positions` along an axis. */
function takeAlong(lax: Lax, x: NDArray, positions: NDArray, axis: number): NDArray {
  if (positions.size === 0) return lax.zerosLike({ shape: positions.shape, dtype: x.dtype });
  const others = remaining(x.ndim, [axis]);
  return lax.gather(
    x,
    lax.expandDims(positions, [positions.ndim]),
    {
      offset_dims: [],
      collapsed_slice_dims: [axis],
      start_index_map: [axis],
      operand_batching_dims: others,
      start_indices_batching_dims: others,
    },
    x.shape.map(() => 1),
    { mode: 'promise_in_bounds', uniqueIndices: true },
  );
}

// ---- sort

export interface SortParams {
  readonly dimension: number;
  readonly is_stable: boolean;
  readonly num_keys: number;
}

const sorted = (xs: readonly HostArray[], { dimension, num_keys }: SortParams): HostArray[] => {
  const order = orders(xs.slice(0, num_keys), dimension, inOrder);
  return xs.map((x) => arranged(x, dimension, order, x.shape[dimension]!));
};

export const sort: Defined<'sort', SortParams, 'C1' | 'C2' | 'C3'> = definePrimitive({
  name: 'sort',
  spec: 'spec/primitives/sorting.md#sort',
  operands: [{ name: 'operands', dtypes: ANY, variadic: { atLeast: 1 } }],
  params: { dimension: AXIS, is_stable: { type: 'boolean' }, num_keys: { type: 'integer', minimum: 1 } },
  dtypes: ANY,
  constraints: {
    C1: (xs) =>
      xs.every((x) => sameShape(x.shape, xs[0]!.shape)) ||
      `operands must have one shape, got ${show(xs.map((x) => show(x.shape)))}`,
    C2: ([x], p) => checkAxis('dimension', p.dimension, x!.shape.length),
    C3: (xs, p) =>
      (Number.isSafeInteger(p.num_keys) && p.num_keys >= 1 && p.num_keys <= xs.length) ||
      `num_keys must be in [1, ${xs.length}], got ${p.num_keys}`,
  },
  infer: (xs) => xs,
  evaluate: sorted,
  differentiate: {
    active: inexact,
    jvp(lax, xs, tangents, _, p) {
      const positions = lax.broadcastedIota('int32', xs[0]!.shape, p.dimension);
      const options = { isStable: p.is_stable, numKeys: p.num_keys };
      const order = lax.sort([...xs, positions], p.dimension, options).at(-1)!;
      return tangents.map((dx) => along(dx, (t) => takeAlong(lax, t, order, p.dimension)));
    },
  },
  batch(lax, xs, at, axis, p) {
    const front = xs.map((x, i) => toFront(lax, x, at[i]!, axis));
    const out = lax.sort(front, p.dimension + 1, { isStable: p.is_stable, numKeys: p.num_keys });
    return { out, at: out.map(() => 0) };
  },
  bound: sortBound,
  accuracy: exact,
  cases: (gen) =>
    gen.fc
      .tuple(gen.shape({ minRank: 1 }), gen.fc.array(gen.fc.constantFrom(gen.dtype, 'int32', 'bool'), { maxLength: 2 }))
      .chain(
        ([shape, others]) =>
        choices(gen, (pick): SortParams => ({
          dimension: pick(shape.length),
          is_stable: pick(2) === 0,
          num_keys: 1 + pick(others.length + 1),
        })).chain((params) => call(gen, [gen.dtype, ...others].map((dtype) => [dtype, shape] as const), params)), // prettier-ignore
      ),
  breaks: {
    C1: (gen) =>
      smallShape(gen, 1).chain((s) => call(gen, [s, [...s, 2]].map((t) => [gen.dtype, t] as const), BY_FIRST)), // prettier-ignore
    C2: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { ...BY_FIRST, dimension: s.length })),
    C3: (gen) =>
      smallShape(gen, 1).chain((s) =>
        gen.fc.constantFrom(0, 2).chain((num_keys) => call(gen, [[gen.dtype, s]], { ...BY_FIRST, num_keys })),
      ),
  },
});

const BY_FIRST: SortParams = { dimension: 0, is_stable: true, num_keys: 1 };

const isUncertain = ({ bound }: Bounded): boolean => bound !== null && bound.worst.some((w) => w !== 0);
const unknown = ({ value }: Bounded): Bound => {
  const worst = new Float64Array(sizeOf(value.shape)).fill(Infinity);
  return { worst, variance: worst };
};

/**
 * Order statistics are monotone, but for those of pairs. What goes along with certain keys takes its bounds along, with
 * uncertain ones it is unknown.
 */
function sortBound(xs: readonly Bounded[], _: readonly HostArray[], p: SortParams): (Bound | null)[] {
  if (xs.slice(0, p.num_keys).some(isUncertain)) {
    return xs.length > 1 || isComplex(xs[0]!.value.dtype) ? xs.map(unknown) : [statistics(xs[0]!, p)];
  }
  const values = xs.map((x) => x.value);
  return xs.map(({ value, bound }) => {
    if (bound === null) return null;
    const moved = (data: Float64Array): Float64Array => {
      const [y] = sorted([...values.slice(0, p.num_keys), { ...value, dtype: 'float64', data }], p).slice(-1);
      return Float64Array.from(numbers(y!));
    };
    return { worst: moved(bound.worst), variance: moved(bound.variance) };
  });
}

const statistics = (x: Bounded, p: SortParams): Bound | null =>
  monotoneBound(x, x.value.shape[p.dimension]!, (v) => sorted([v], p)[0]!, (v) => largestOfRows(v, p.dimension)); // prettier-ignore

/** Every element replaced by the largest of its row. */
function largestOfRows(x: HostArray, axis: number): HostArray {
  const order = orders([x], axis, () => descending);
  return arranged(x, axis, order.map((row) => row.map(() => row[0]!)), x.shape[axis]!); // prettier-ignore
}

// ---- top_k

export interface TopKParams {
  readonly k: number;
  readonly axis: number;
}

export const topK: Defined<'top_k', TopKParams, 'C1' | 'C2'> = definePrimitive({
  name: 'top_k',
  spec: 'spec/primitives/sorting.md#top_k',
  operands: [{ name: 'operand', dtypes: ORDERED }],
  params: { k: AXIS, axis: AXIS },
  dtypes: ORDERED,
  constraints: {
    C1: ([x], p) => checkAxis('axis', p.axis, x!.shape.length),
    C2: ([x], p) =>
      (Number.isSafeInteger(p.k) && p.k >= 0 && p.k <= x!.shape[p.axis]!) ||
      `k must be in [0, ${x!.shape[p.axis]}], got ${p.k}`,
  },
  infer([x], p) {
    const shape = x!.shape.with(p.axis, p.k);
    return [{ ...x!, shape }, aval(shape, 'int32')];
  },
  evaluate: ([x], p) => largest(x!, p),
  differentiate: {
    active: inexact,
    jvp: (lax, _x, [dx], [, positions], p) => [along(dx, (t) => takeAlong(lax, t, positions!, p.axis)), null],
  },
  batch(lax, [x], [at], _, p) {
    const out = lax.topK(lax.moveAxis(x!, at!, 0), p.k, p.axis + 1);
    return { out, at: [0, 0] };
  },
  bound([x], [, positions], p) {
    if (!isUncertain(x!)) return [null, null];
    const values = monotoneBound(
      x!,
      x!.value.shape[p.axis]!,
      (v) => largest(v, p)[0],
      (v) => largest(largestOfRows(v, p.axis), p)[0],
    );
    return [values, unknown({ value: positions!, bound: null })];
  },
  accuracy: exact,
  cases: (gen) =>
    gen.shape({ minRank: 1 }).chain((shape) =>
      choices(gen, (pick): TopKParams => {
        const axis = pick(shape.length);
        return { k: pick(shape[axis]! + 1), axis };
      }).chain((params) => call(gen, [[gen.dtype, shape]], params)),
    ),
  breaks: {
    C1: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, s]], { k: 0, axis: s.length })),
    C2: (gen) =>
      smallShape(gen, 1).chain((s) =>
        gen.fc.constantFrom(-1, s[0]! + 1).chain((k) => call(gen, [[gen.dtype, s]], { k, axis: 0 })),
      ),
  },
});

/** The first k of each row in descending order, and where they are. */
function largest(x: HostArray, { k, axis }: TopKParams): [HostArray, HostArray] {
  const order = orders([x], axis, () => descending).map((row) => row.slice(0, k));
  const positions = hostArray('int32', [order.length, k], order.flat());
  return [arranged(x, axis, order, k), fromRows(positions, x.shape.with(axis, k), axis)];
}
