/**
 * Contraction: dot_general (spec/primitives/contraction.md).
 */
import {
  ANY,
  COMPLEX,
  type DType,
  dtypes,
  FLOATS,
  isComplex,
  isFloat,
  isInexact,
  ORDERED,
  REALS,
} from '../core/dtypes.ts';
import { type Aval, buildElements, type HostArray, type Shape, sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { definePrimitive, type Gen, knownOperand, operandAval, type ParamSchema } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { checkAxes, checkDistinct, inverse, NATURALS, range, remaining, show } from './axes.ts';
import { call, choices, shuffled, smallShape } from './draw.ts';
import { along, type Defined, inexact } from './elementwise.ts';
import { accuracyOfProducts, innerFor, type InnerOf, plainDot } from './numerics/inner.ts';
import { permuted } from './layout.ts';

/** `[[lhs contracting, rhs contracting], [lhs batch, rhs batch]]`. */
export type DotDimensionNumbers = readonly [
  contracting: readonly [lhs: Shape, rhs: Shape],
  batch: readonly [lhs: Shape, rhs: Shape],
];

export const PRECISIONS: readonly ['DEFAULT', 'HIGH', 'HIGHEST'] = ['DEFAULT', 'HIGH', 'HIGHEST'];
/** How far a backend may shorten the factors; the reference's result is the exact one for all. */
export type Precision = (typeof PRECISIONS)[number];

export interface DotGeneralParams {
  readonly dimension_numbers: DotDimensionNumbers;
  readonly precision: Precision | null;
  readonly preferred_element_type: DType | null;
}

const PAIR = (items: ParamSchema): ParamSchema => ({ type: 'array', items, minItems: 2, maxItems: 2 });

/** The free axes of an operand: neither contracted nor batched. */
const free = (rank: number, side: 0 | 1, [contracting, batch]: DotDimensionNumbers): number[] =>
  remaining(rank, contracting[side], batch[side]);
const pickSizes = (shape: Shape, axes: Shape): number[] => axes.map((d) => shape[d]!);

const SIDES = [
  ['lhs', 0],
  ['rhs', 1],
] as const;
/** The first complaint of a check of both operands. */
function bothSides(check: (name: string, side: 0 | 1) => true | string): true | string {
  for (const [name, side] of SIDES) {
    const verdict = check(name, side);
    if (verdict !== true) return verdict;
  }
  return true;
}

function sameSizes(what: string, [lhs, rhs]: readonly Aval[], axes: readonly [Shape, Shape]): true | string {
  const [a, b] = [pickSizes(lhs!.shape, axes[0]), pickSizes(rhs!.shape, axes[1])];
  return a.every((n, i) => n === b[i]) || `${what} axes must have equal sizes, got ${show(a)} and ${show(b)}`;
}

/** The dtypes that a sum of products may have: no narrower float or complex dtype, and no integer for floats. */
export function resultTypes(dtype: DType): readonly DType[] {
  const kin = isComplex(dtype) ? COMPLEX : isFloat(dtype) ? FLOATS : null;
  if (kin !== null) return kin.filter((d) => d === dtype || dtypes[d].bytes > dtypes[dtype].bytes);
  return dtype === 'bool' ? ORDERED : REALS;
}

export const checkPrecision = (precision: Precision | null): true | string =>
  precision === null ||
  PRECISIONS.includes(precision) ||
  `precision must be null or one of ${PRECISIONS.join(', ')}, got ${String(precision)}`;

export const checkResultType = (of: DType, preferred: DType | null): true | string =>
  preferred === null ||
  resultTypes(of).includes(preferred) ||
  `preferred_element_type must be null or one of ${resultTypes(of).join(', ')} for ${of}, got ${preferred}`;
/** Products of bools may be of every dtype that has an order. */
export const notAResultType = (dtype: DType): DType =>
  isInexact(dtype) ? 'int32' : dtype === 'bool' ? ('void' as DType) : 'bool';
const resultType = (dtype: DType, p: DotGeneralParams): DType => p.preferred_element_type ?? dtype;

function resultShape(
  [lhs, rhs]: readonly { readonly shape: Shape }[],
  { dimension_numbers: dims }: DotGeneralParams,
): number[] {
  return [
    ...pickSizes(lhs!.shape, dims[1][0]),
    ...pickSizes(lhs!.shape, free(lhs!.shape.length, 0, dims)),
    ...pickSizes(rhs!.shape, free(rhs!.shape.length, 1, dims)),
  ];
}

/** Both operands as [batch, free, contracted], so that each result element is a product of two rows. */
function contract([lhs, rhs]: readonly HostArray[], p: DotGeneralParams, dtype: DType, innerOf: InnerOf): HostArray {
  const dims = p.dimension_numbers;
  const rows = (x: HostArray, side: 0 | 1): { rows: HostArray; count: number } => {
    const kept = free(x.shape.length, side, dims);
    return {
      rows: permuted(x, [...dims[1][side], ...kept, ...dims[0][side]]),
      count: sizeOf(pickSizes(x.shape, kept)),
    };
  };
  const [a, b] = [rows(lhs!, 0), rows(rhs!, 1)];
  const n = sizeOf(pickSizes(lhs!.shape, dims[0][0]));
  const inner = innerOf(a.rows, b.rows, dtype);
  return buildElements(dtype, resultShape([lhs!, rhs!], p), (flat) => {
    const row = Math.floor(flat / b.count); // of a: batch and free axes together
    const batch = Math.floor(row / a.count);
    const column = batch * b.count + (flat % b.count);
    return inner(row * n, column * n, n);
  });
}

export const dotGeneral: Defined<
  'dot_general',
  DotGeneralParams,
  'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6' | 'C7' | 'C8'
> = definePrimitive({
  name: 'dot_general',
  spec: 'spec/primitives/contraction.md#dot_general',
  operands: [
    { name: 'lhs', dtypes: ANY },
    { name: 'rhs', dtypes: ANY },
  ],
  params: {
    dimension_numbers: PAIR(PAIR(NATURALS)),
    precision: { enum: [null, ...PRECISIONS] },
    preferred_element_type: { enum: [null, ...ANY] },
  },
  dtypes: ANY,
  constraints: {
    C1: ([lhs, rhs]) =>
      lhs!.dtype === rhs!.dtype || `lhs and rhs must have one dtype, got ${lhs!.dtype} and ${rhs!.dtype}`,
    C2: (_, { dimension_numbers: [contracting, batch] }) =>
      (contracting[0].length === contracting[1].length && batch[0].length === batch[1].length) ||
      `lhs and rhs must have equally many contracting and batch axes, got ${show(contracting.map(show))} and ${show(batch.map(show))}`,
    C3: (avals, { dimension_numbers: [contracting, batch] }) =>
      bothSides((name, side) =>
        checkAxes(
          `${name} contracting and batch axes`,
          [...contracting[side], ...batch[side]],
          avals[side]!.shape.length,
        ),
      ),
    C4: (_, { dimension_numbers: [contracting, batch] }) =>
      bothSides((name, side) =>
        checkDistinct(`${name} contracting and batch axes`, [...contracting[side], ...batch[side]]),
      ),
    C5: (avals, { dimension_numbers: [, batch] }) => sameSizes('batch', avals, batch),
    C6: (avals, { dimension_numbers: [contracting] }) => sameSizes('contracting', avals, contracting),
    C7: (_, p) => checkPrecision(p.precision),
    C8: ([lhs], p) => checkResultType(lhs!.dtype, p.preferred_element_type),
  },
  infer: (avals, p) => [{ shape: resultShape(avals, p), dtype: resultType(avals[0]!.dtype, p), weak: false }],
  evaluate(xs, p) {
    const to = resultType(xs[0]!.dtype, p);
    return [contract(xs, p, to, innerFor(xs[0]!.dtype, to))];
  },
  differentiate: {
    active: inexact,
    jvp(lax, [x, y], [dx, dy], _, p) {
      const product = (a: NDArray, b: NDArray): NDArray => lax.dotGeneral(a, b, p.dimension_numbers, options(p));
      return [lax.addTangents(dx ? product(dx, y!) : null, dy ? product(x!, dy) : null)];
    },
    transpose: {
      linearIn: [[0], [1]],
      rule(lax, [ct], [x, y], p) {
        const side = 'linear' in x! ? 0 : 1;
        const other = knownOperand(side === 0 ? y! : x!);
        const back = along(ct, (t) => operandCotangent(lax, t, other, operandAval(side === 0 ? x! : y!), side, p));
        return side === 0 ? [back, null] : [null, back];
      },
    },
  },
  batch(lax, [x, y], at, _, p) {
    const [contracting, batch] = p.dimension_numbers;
    const [atX, atY] = [at[0]!, at[1]!];
    /** The axes of an operand whose batch axis is at `at`. */
    const moved = (axes: Shape, at: number | null): number[] => axes.map((d) => (at !== null && d >= at ? d + 1 : d));
    const both = atX !== null && atY !== null;
    const dims: DotDimensionNumbers = [
      [moved(contracting[0], atX), moved(contracting[1], atY)],
      [
        [...(both ? [atX] : []), ...moved(batch[0], atX)],
        [...(both ? [atY] : []), ...moved(batch[1], atY)],
      ],
    ];
    const out = lax.dotGeneral(x!, y!, dims, options(p));
    if (both) return { out: [out], at: [0] };
    // The axis of one operand alone is a free one: it is found among its free axes.
    const freeX = free(x!.ndim, 0, dims);
    const freeY = free(y!.ndim, 1, dims);
    const place = atX !== null ? freeX.indexOf(atX) : freeX.length + freeY.indexOf(atY);
    return { out: [out], at: [batch[0].length + place] };
  },
  bound: 'bilinear',
  accuracy([lhs], p) {
    const terms = sizeOf(pickSizes(lhs!.shape, p.dimension_numbers[0][0]));
    const sums = (xs: readonly HostArray[]): HostArray => contract(xs, p, 'float64', plainDot);
    return accuracyOfProducts(lhs!.dtype, resultType(lhs!.dtype, p), terms, sums);
  },
  cases,
  breaks: {
    C1: (gen) => smallShape(gen, 1).chain((s) => product(gen, s, s, {}, gen.dtype === 'int32' ? 'float32' : 'int32')),
    C2: (gen) =>
      smallShape(gen, 1).chain((s) =>
        gen.fc.oneof(
          product(gen, s, s, {
            dimension_numbers: [
              [[0], []],
              [[], []],
            ],
          }),
          product(gen, s, s, {
            dimension_numbers: [
              [[], []],
              [[], [0]],
            ],
          }),
        ),
      ),
    C3: (gen) =>
      smallShape(gen).chain((s) =>
        product(gen, s, s, {
          dimension_numbers: [
            [[s.length], [s.length]],
            [[], []],
          ],
        }),
      ),
    C4: (gen) =>
      smallShape(gen, 1).chain((s) =>
        product(gen, s, s, {
          dimension_numbers: [
            [[0], [0]],
            [[0], [0]],
          ],
        }),
      ),
    C5: (gen) =>
      smallShape(gen, 1).chain((s) =>
        product(
          gen,
          s,
          s.map((n) => n + 1),
          {
            dimension_numbers: [
              [[], []],
              [[0], [0]],
            ],
          },
        ),
      ),
    C6: (gen) =>
      smallShape(gen, 1).chain((s) =>
        product(
          gen,
          s,
          s.map((n) => n + 1),
          {
            dimension_numbers: [
              [[0], [0]],
              [[], []],
            ],
          },
        ),
      ),
    C7: (gen) => smallShape(gen, 1).chain((s) => product(gen, s, s, { precision: 'FULL' as Precision })),
    C8: (gen) =>
      smallShape(gen, 1).chain((s) => product(gen, s, s, { preferred_element_type: notAResultType(gen.dtype) })),
  },
});

const options = (p: DotGeneralParams): { precision: Precision | null; preferredElementType: DType | null } => ({
  precision: p.precision,
  preferredElementType: p.preferred_element_type,
});

/**
 * The cotangent of the operand on `side`: the cotangent of the result times the other operand, contracted over the
 * axes that the other operand has free, and arranged as the operand was.
 */
function operandCotangent(
  lax: Lax,
  ct: NDArray,
  other: NDArray,
  operand: Aval,
  side: 0 | 1,
  p: DotGeneralParams,
): NDArray {
  const dims = p.dimension_numbers;
  const [contracting, batch] = dims;
  const away = side === 0 ? 1 : 0;
  const own = free(operand.shape.length, side, dims);
  const others = free(other.ndim, away, dims);
  const batches = batch[0].length;
  // In the result, the free axes of lhs come before those of rhs.
  const start = side === 0 ? batches + own.length : batches;
  const othersInResult = range(others.length).map((i) => i + start);
  const back = lax.dotGeneral(
    ct,
    lax.convertElementType(other, ct.dtype),
    [
      [othersInResult, others],
      [range(batches), batch[away]],
    ],
    { precision: p.precision },
  );
  // Its axes: batch, own free ones, then those contracted, in the order in which the other operand has them.
  const order = range(contracting[0].length).sort((i, j) => contracting[away][i]! - contracting[away][j]!);
  const axes = [...batch[side], ...own, ...order.map((i) => contracting[side][i]!)];
  return lax.convertElementType(lax.transpose(back, inverse(axes)), operand.dtype);
}

type Calls = ReturnType<typeof call<DotGeneralParams>>;

function product(
  gen: Gen,
  lhs: Shape,
  rhs: Shape,
  params: Partial<DotGeneralParams>,
  rhsType: DType = gen.dtype,
): Calls {
  const plain: DotGeneralParams = {
    dimension_numbers: [
      [[], []],
      [[], []],
    ],
    precision: null,
    preferred_element_type: null,
  };
  return call(
    gen,
    [
      [gen.dtype, lhs],
      [rhsType, rhs],
    ],
    { ...plain, ...params },
  );
}

/** Each axis of lhs is a batch, contracting or free axis; rhs has the first two kinds, in any order, and its own free ones. */
function cases(gen: Gen): Calls {
  return gen.shape().chain((lhs) =>
    choices(gen, (pick) => {
      const kinds = lhs.map(() => pick(4)); // 0: batch, 1: contracting, 2 and 3: free
      const shared = range(lhs.length).filter((d) => kinds[d]! < 2);
      const rhsAxes: (number | null)[] = [...shared];
      for (let i = pick(3); i > 0; i--) rhsAxes.push(null);
      const rhs = shuffled(rhsAxes, pick);
      const axesOf = (kind: number): [number[], number[]] => {
        const onLeft = shared.filter((d) => kinds[d] === kind);
        return [onLeft, onLeft.map((d) => rhs.indexOf(d))];
      };
      const params: DotGeneralParams = {
        dimension_numbers: [axesOf(1), axesOf(0)],
        precision: [null, 'HIGHEST' as const][pick(2)]!,
        preferred_element_type: [null, null, ...resultTypes(gen.dtype)][pick(2 + resultTypes(gen.dtype).length)]!,
      };
      return { params, rhs: rhs.map((d) => (d === null ? 1 + pick(3) : lhs[d]!)) };
    }).chain(({ params, rhs }) => product(gen, lhs, rhs, params)),
  );
}
