/** The larger and the smaller of two elements, and limits to an interval (spec/primitives/arithmetic.md). */
import type * as FC from 'fast-check';
import { type DType, domainOf, ORDERED } from '../core/dtypes.ts';
import { aval, build, buildElements, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Call, definePrimitive, type Differentiation, type Gen } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { call, smallShape } from './draw.ts';
import {
  along,
  batchInFront,
  type Binary,
  binary,
  constantLipschitz,
  type Defined,
  elementOf,
  exact,
  inexact,
  laneShape,
  NO_PARAMS,
  type NoParams,
  scalarOr,
  showAvals,
  spread,
} from './elementwise.ts';

/** ẏ of max and min: the tangent of the operand that is chosen, and half of each at a tie. */
const chosen = (wins: 'gt' | 'lt'): Differentiation<NoParams> => ({
  active: inexact,
  jvp: (lax, [x, y], [dx, dy]) => {
    const share = (t: NDArray, mine: NDArray, other: NDArray): NDArray =>
      lax.select(lax[wins](mine, other), t, lax.select(lax.eq(mine, other), lax.mul(t, 0.5), lax.zerosLike(t)));
    return [
      lax.addTangents(
        along(dx, (t) => share(t, x!, y!)),
        along(dy, (t) => share(t, y!, x!)),
      ),
    ];
  },
});

export const max: Binary<'max'> = binary({
  name: 'max',
  spec: 'spec/primitives/arithmetic.md#max',
  dtypes: ORDERED,
  value: (x, y) => Math.max(x, y), // propagates NaN, +0 > −0
  long: (x, y) => (x > y ? x : y),
  differentiate: chosen('gt'),
  bound: constantLipschitz(1, 1),
  accuracy: exact,
});

export const min: Binary<'min'> = binary({
  name: 'min',
  spec: 'spec/primitives/arithmetic.md#min',
  dtypes: ORDERED,
  value: (x, y) => Math.min(x, y),
  long: (x, y) => (x < y ? x : y),
  differentiate: chosen('lt'),
  bound: constantLipschitz(1, 1),
  accuracy: exact,
});

// ---- three operands

/** A limit of `clamp` in the shape of x. */
const limits = (lax: Lax, [lo, x, hi]: readonly NDArray[]): readonly [NDArray, NDArray, NDArray] => [
  spread(lax, lo!, x!.shape),
  x!,
  spread(lax, hi!, x!.shape),
];

const clampCall = (gen: Gen, ...shapes: readonly [lo: Shape, x: Shape, hi: Shape]): FC.Arbitrary<Call<NoParams>> =>
  call(
    gen,
    shapes.map((shape) => [gen.dtype, shape] as const),
    NO_PARAMS,
  );

export const clamp: Defined<'clamp', NoParams, 'C1' | 'C2' | 'C3'> = definePrimitive<
  'clamp',
  NoParams,
  'C1' | 'C2' | 'C3'
>({
  name: 'clamp',
  spec: 'spec/primitives/arithmetic.md#clamp',
  operands: [
    { name: 'min', dtypes: ORDERED },
    { name: 'x', dtypes: ORDERED },
    { name: 'max', dtypes: ORDERED },
  ],
  params: {},
  dtypes: ORDERED,
  constraints: {
    C1: (operands) =>
      operands.every(({ dtype }) => dtype === operands[0]!.dtype) ||
      `min, x and max must have one dtype, got ${showAvals(operands)}`,
    C2: ([lo, x]) => scalarOr(x!.shape, lo!) || `min must be a scalar or have x's shape, got ${showAvals([lo!, x!])}`,
    C3: ([, x, hi]) => scalarOr(x!.shape, hi!) || `max must be a scalar or have x's shape, got ${showAvals([hi!, x!])}`,
  },
  infer: ([, x]) => [aval(x!.shape, x!.dtype)],
  evaluate: ([lo, x, hi]) => {
    const [a, v, b] = [elementOf(lo!), elementOf(x!), elementOf(hi!)] as readonly ((i: number) => number)[];
    if (domainOf(x!.dtype) === 'number') {
      return [build(x!.dtype, x!.shape, (i) => Math.min(Math.max(v!(i), a!(i)), b!(i)))];
    }
    // 64-bit integers compare as numbers do.
    const limited = (least: number, value: number, most: number): number => {
      const raised = value < least ? least : value;
      return raised > most ? most : raised;
    };
    return [buildElements(x!.dtype, x!.shape, (i) => limited(a!(i), v!(i), b!(i)))];
  },
  differentiate: {
    active: inexact,
    // One of three passes: x strictly between the limits, min where x is below it, max where it cuts off both.
    jvp: (lax, primals, [dlo, dx, dhi]) => {
      const [lo, x, hi] = limits(lax, primals);
      const where = (mask: NDArray, t: NDArray): NDArray => {
        const full = spread(lax, t, x.shape);
        return lax.select(mask, full, lax.zerosLike(full));
      };
      const between = (): NDArray => lax.bitwiseAnd(lax.gt(x, lo), lax.lt(x, hi));
      const below = (): NDArray => lax.bitwiseAnd(lax.gt(lo, x), lax.lt(lo, hi));
      const above = (): NDArray => lax.gt(lax.max(x, lo), hi);
      return [
        [
          along(dx, (t) => where(between(), t)),
          along(dlo, (t) => where(below(), t)),
          along(dhi, (t) => where(above(), t)),
        ].reduce(lax.addTangents),
      ];
    },
  },
  batch: (lax, operands, at, { size }) => {
    const lanes = { size, shape: laneShape(operands[1]!, at[1]!) };
    const aligned = operands.map((x, i) => batchInFront(lax, x, at[i]!, lanes, i === 1));
    return { out: [lax.clamp(aligned[0]!, aligned[1]!, aligned[2]!)], at: [0] };
  },
  bound: constantLipschitz(1, 1, 1),
  accuracy: exact,
  decompose: (lax, operands) => {
    const [lo, x, hi] = limits(lax, operands);
    return [lax.min(lax.max(x, lo), hi)];
  },
  cases: (gen) =>
    gen.fc
      .tuple(gen.shape(), gen.fc.boolean(), gen.fc.boolean())
      .chain(([s, lo, hi]) => clampCall(gen, lo ? [] : s, s, hi ? [] : s)),
  breaks: {
    C1: (gen) => {
      const others = ORDERED.filter((d) => d !== gen.dtype);
      return gen.fc.tuple(smallShape(gen), gen.fc.constantFrom<DType>(...others)).chain(([s, other]) =>
        call(
          gen,
          [
            [gen.dtype, []],
            [gen.dtype, s],
            [other, []],
          ],
          NO_PARAMS,
        ),
      );
    },
    C2: (gen) => smallShape(gen).chain((s) => clampCall(gen, [...s, 2], s, [])),
    C3: (gen) => smallShape(gen).chain((s) => clampCall(gen, [], s, [...s, 2])),
  },
});
