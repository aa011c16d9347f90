/** Comparisons and the choice that they make (spec/primitives/comparison.md). */
import type * as FC from 'fast-check';
import { ANY, type DType, FLOATS, isInexact, ORDERED } from '../core/dtypes.ts';
import { allocate, aval, type Complex, type Element, elements, type HostArray, mover, sameAval, type Shape, showAval, sizeOf } from '../core/host.ts'; // prettier-ignore
import { type Bound, type Bounded, type Call, definePrimitive, type Gen, knownOperand } from '../core/primitive.ts';
import { call, smallShape } from './draw.ts';
import {
  batchInFront,
  type Binary,
  binary,
  type Defined,
  elementOf,
  exact,
  inexact,
  laneShape,
  NO_PARAMS,
  type NoParams,
  scalarOr,
  showAvals,
  type Unary,
  unary,
} from './elementwise.ts';

const RESULT_IS_BOOL = { zero: 'the result is bool' } as const;

type Comparable = number | bigint;
/** A comparison as C defines it: NaN is unequal to everything and unordered, −0 equals +0. */
const compare = <const N extends string>(
  name: N,
  spec: `spec/primitives/comparison.md#${NoInfer<N>}`,
  holds: (x: Comparable, y: Comparable) => boolean,
  complex?: (x: Complex, y: Complex) => boolean,
): Binary<N> =>
  binary<N>({
    name,
    spec,
    dtypes: complex ? ANY : ORDERED,
    result: 'bool',
    value: (x, y) => Number(holds(x, y)),
    long: (x, y) => Number(holds(x, y)),
    ...(complex && { complex: (x, y) => Number(complex(x, y)) }),
    differentiate: RESULT_IS_BOOL,
    bound: 'exact',
    accuracy: exact,
  });

const equal = (x: Complex, y: Complex): boolean => x.re === y.re && x.im === y.im;
export const eq: Binary<'eq'> = compare('eq', 'spec/primitives/comparison.md#eq', (x, y) => x === y, equal);
export const ne: Binary<'ne'> = compare(
  'ne',
  'spec/primitives/comparison.md#ne',
  (x, y) => x !== y,
  (x, y) => !equal(x, y),
);
export const lt: Binary<'lt'> = compare('lt', 'spec/primitives/comparison.md#lt', (x, y) => x < y);
export const le: Binary<'le'> = compare('le', 'spec/primitives/comparison.md#le', (x, y) => x <= y);
export const gt: Binary<'gt'> = compare('gt', 'spec/primitives/comparison.md#gt', (x, y) => x > y);
export const ge: Binary<'ge'> = compare('ge', 'spec/primitives/comparison.md#ge', (x, y) => x >= y);

export const isFinite: Unary<'is_finite'> = unary({
  name: 'is_finite',
  spec: 'spec/primitives/comparison.md#is_finite',
  dtypes: FLOATS,
  result: 'bool',
  value: (x) => Number(Number.isFinite(x)),
  differentiate: RESULT_IS_BOOL,
  bound: 'exact',
  accuracy: exact,
});

/** Which of `n` cases element `i` takes: out-of-range numbers take the nearest. */
const chooser = (which: HostArray, n: number): ((i: number) => number) => {
  const at = elementOf(which) as (i: number) => number;
  return (i) => Math.min(Math.max(at(i), 0), n - 1);
};

/**
 * Where the choice is uncertain the result may be any of the cases: the hull of all, around the value chosen. Integers
 * and booleans are known or unknown, nothing between.
 */
function selectBound([which, ...cases]: readonly Bounded[], [result]: readonly HostArray[]): Bound[] {
  const choose = chooser(which!.value, cases.length);
  const y = elements(result!);
  const others = cases.map(({ value }) => elements(value));
  const size = sizeOf(result!.shape);
  const open = which!.bound?.worst;
  const uncertain = (i: number): boolean => open !== undefined && open[open.length === 1 ? 0 : i] !== 0;
  const worst = new Float64Array(size);
  const variance = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (const k of uncertain(i) ? cases.keys() : [choose(i)]) {
      const { bound } = cases[k]!;
      const away = distance(others[k]!(i), y(i));
      const reach = away + (bound?.worst[i] ?? 0);
      const known = reach === 0 || (isInexact(result!.dtype) && reach < Infinity);
      worst[i] = Math.max(worst[i]!, known ? reach : Infinity);
      variance[i] = Math.max(variance[i]!, known ? away ** 2 + (bound?.variance[i] ?? 0) : Infinity);
    }
  }
  return [{ worst, variance }];
}

function distance(x: Element, y: Element): number {
  if (typeof x === 'object' && typeof y === 'object') return Math.hypot(distance(x.re, y.re), distance(x.im, y.im));
  if (typeof x === 'bigint') return x === y ? 0 : Infinity;
  return Object.is(x, y) ? 0 : Math.abs(Number(x) - Number(y));
}

/** A `which` for `n` cases, a scalar or of the cases' shape; bool only chooses between two. */
function choices({ fc, array }: Gen, n: number, shape: Shape): FC.Arbitrary<HostArray> {
  const range = { min: -1, max: n };
  const numbered = fc.oneof(array('int32', shape, range), array('int32', [], range), array('int32', shape));
  return n === 2 ? fc.oneof(array('bool', shape), array('bool', []), numbered) : numbered;
}

const selectCall = (gen: Gen, which: readonly [DType, Shape], cases: readonly Shape[]): FC.Arbitrary<Call<NoParams>> =>
  call(gen, [which, ...cases.map((shape) => [gen.dtype, shape] as const)], NO_PARAMS);

export const selectN: Defined<'select_n', NoParams, 'C1' | 'C2' | 'C3'> = definePrimitive<
  'select_n',
  NoParams,
  'C1' | 'C2' | 'C3'
>({
  name: 'select_n',
  spec: 'spec/primitives/comparison.md#select_n',
  operands: [
    { name: 'which', dtypes: ['bool', 'int32'] },
    { name: 'cases', dtypes: ANY, variadic: { atLeast: 1 } },
  ],
  params: {},
  dtypes: ANY,
  constraints: {
    C1: ([which, ...cases]) =>
      which!.dtype === 'int32' || cases.length === 2 || `a bool chooses between two cases, got ${cases.length}`,
    C2: ([, first, ...cases]) =>
      cases.every((x) => sameAval(first!, x)) ||
      `the cases must have one shape and dtype, got ${showAvals([first!, ...cases])}`,
    C3: ([which, first]) =>
      scalarOr(first!.shape, which!) ||
      `which must be a scalar or have the cases' shape, got ${showAval(which!)} for ${showAval(first!)}`,
  },
  infer: ([, first]) => [aval(first!.shape, first!.dtype)],
  evaluate: ([which, ...cases]) => {
    const choose = chooser(which!, cases.length);
    const { shape, dtype } = cases[0]!;
    const data = allocate(dtype, sizeOf(shape));
    const moves = cases.map((x) => mover(data, x));
    for (let i = 0; i < sizeOf(shape); i++) moves[choose(i)]!(i, i);
    return [{ shape, dtype, data }];
  },
  differentiate: {
    active: (operands) => inexact(operands).filter((i) => i > 0),
    jvp: 'linear',
    // Each case receives the cotangents of the elements that it gave.
    transpose: (lax, [ct], [which, ...cases]) => [
      null,
      ...cases.map((x, i) =>
        ct && 'linear' in x ? lax.selectN(knownOperand(which!), ...cases.map((_, j) => (j === i ? ct : 0))) : null,
      ),
    ],
  },
  batch: (lax, operands, at, { size }) => {
    const first = operands[1]!;
    const lanes = { size, shape: laneShape(first, at[1]!) };
    const [which, ...cases] = operands.map((x, i) => batchInFront(lax, x, at[i]!, lanes, i > 0));
    return { out: [lax.selectN(which!, ...cases)], at: [0] };
  },
  bound: selectBound,
  accuracy: exact,
  cases: (gen) => {
    const { fc, dtype } = gen;
    return fc
      .tuple(gen.shape(), fc.constantFrom(2, 2, 1, 3, 4))
      .chain(([shape, n]) =>
        fc
          .tuple(choices(gen, n, shape), fc.tuple(...Array.from({ length: n }, () => gen.array(dtype, shape))))
          .map(([which, cases]) => ({ args: [which, ...cases], params: NO_PARAMS })),
      );
  },
  breaks: {
    C1: (gen) =>
      gen.fc
        .tuple(smallShape(gen), gen.fc.constantFrom(1, 3))
        .chain(([s, n]) => selectCall(gen, ['bool', s], new Array<Shape>(n).fill(s))),
    C2: (gen) => smallShape(gen).chain((s) => selectCall(gen, ['int32', []], [s, s, [...s, 2]])),
    C3: (gen) => smallShape(gen).chain((s) => selectCall(gen, ['int32', [...s, 2]], [s, s])),
  },
});
