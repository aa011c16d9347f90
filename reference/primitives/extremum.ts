/**
 * Where the largest or smallest element is: argmax and argmin (spec/primitives/reduction.md).
 */
import { type DType, INTEGERS, ORDERED } from '../core/dtypes.ts';
import { buildElements, type Element, elementFrom, elements, type Shape } from '../core/host.ts';
import { definePrimitive, type Gen } from '../core/primitive.ts';
import { checkAxes, inFront, NATURALS, remaining, show } from './axes.ts';
import { call, smallShape } from './draw.ts';
import { type Defined, exact } from './elementwise.ts';
import { rowsOf } from './layout.ts';

export interface ArgParams {
  /** One axis. */
  readonly axes: Shape;
  readonly index_dtype: DType;
}
type ArgExtremum<N extends string> = Defined<N, ArgParams, 'C1' | 'C2' | 'C3' | 'C4'>;

/** The first NaN, else the first element of which none is `better`. */
function indexOfBest(
  at: (i: number) => Element,
  from: number,
  n: number,
  better: (a: Element, b: Element) => boolean,
): number {
  let best = from;
  for (let i = from; i < from + n; i++) {
    if (Number.isNaN(at(i))) return i - from;
    if (better(at(i), at(best))) best = i;
  }
  return best - from;
}

function argExtremum<const N extends 'argmax' | 'argmin'>(
  name: N,
  spec: `spec/primitives/${string}.md#${NoInfer<N>}`,
  better: (a: Element, b: Element) => boolean,
): ArgExtremum<N> {
  return definePrimitive<N, ArgParams, 'C1' | 'C2' | 'C3' | 'C4'>({
    name,
    spec,
    operands: [{ name: 'operand', dtypes: ORDERED }],
    params: { axes: { ...NATURALS, minItems: 1, maxItems: 1 }, index_dtype: { enum: INTEGERS } },
    dtypes: ORDERED,
    constraints: {
      C1: (_, p) => p.axes.length === 1 || `axes must name exactly one axis, got ${show(p.axes)}`,
      C2: ([x], p) => checkAxes('axes', p.axes, x!.shape.length),
      C3: ([x], p) =>
        x!.shape[p.axes[0]!]! > 0 || `the axis must not be empty, got axis ${p.axes[0]} of ${show(x!.shape)}`,
      C4: (_, p) =>
        INTEGERS.some((d) => d === p.index_dtype) ||
        `index_dtype must be one of ${INTEGERS.join(', ')}, got ${p.index_dtype}`,
    },
    infer: ([x], p) => [
      { shape: remaining(x!.shape.length, p.axes).map((d) => x!.shape[d]!), dtype: p.index_dtype, weak: false },
    ],
    evaluate([x], p) {
      const { shape, rows, length } = rowsOf(x!, p.axes);
      const at = elements(rows);
      const best = (r: number): number => indexOfBest(at, r * length, length, better);
      return [buildElements(p.index_dtype, shape, (r) => elementFrom(p.index_dtype, best(r)))];
    },
    differentiate: { zero: 'an index is an integer, and integers have no tangents' },
    batch: (lax, [x], [at], _, p) => inFront(lax[name](lax.moveAxis(x!, at!, 0), p.axes[0]! + 1, p.index_dtype)),
    bound: 'exact',
    accuracy: exact,
    cases: (gen) =>
      gen
        .shape({ minRank: 1 })
        .chain((shape) =>
          gen.fc.tuple(gen.fc.nat(shape.length - 1), gen.fc.constantFrom(...INTEGERS), gen.fc.constant(shape)),
        )
        .chain(([axis, index_dtype, shape]) => {
          const nonEmpty = shape.with(axis, Math.max(shape[axis]!, 1));
          return call(gen, [[gen.dtype, nonEmpty]], { axes: [axis], index_dtype });
        }),
    breaks: {
      C1: (gen) =>
        gen.fc.oneof(
          smallShape(gen, 2).chain((s) => broken(gen, s, { axes: [0, 1] })),
          smallShape(gen).chain((s) => broken(gen, s, { axes: [] })),
        ),
      C2: (gen) => smallShape(gen).chain((s) => broken(gen, s, { axes: [s.length] })),
      C3: (gen) => smallShape(gen).chain((s) => broken(gen, [...s, 0], { axes: [s.length] })),
      C4: (gen) => smallShape(gen, 1).chain((s) => broken(gen, s, { index_dtype: 'float32' })),
    },
  });
}

const broken = (gen: Gen, shape: Shape, params: Partial<ArgParams>): ReturnType<typeof call<ArgParams>> =>
  call<ArgParams>(gen, [[gen.dtype, shape]], { axes: [0], index_dtype: 'int32', ...params });

export const argmax: ArgExtremum<'argmax'> = argExtremum(
  'argmax',
  'spec/primitives/reduction.md#argmax',
  (a, b) => a > b,
);
export const argmin: ArgExtremum<'argmin'> = argExtremum(
  'argmin',
  'spec/primitives/reduction.md#argmin',
  (a, b) => a < b,
);
