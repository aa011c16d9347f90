/**
 * Sums and extremes of the windows of an operand: reduce_window_sum, reduce_window_max, reduce_window_min
 * (spec/primitives/windowed.md). How extremes differentiate stands in window-winners.ts.
 */
import { type DType, isInexact, NUMBERS, ORDERED } from '../core/dtypes.ts';
import { buildElements, type Element, elements, type HostArray, numbers, type Shape } from '../core/host.ts';
import { definePrimitive, operandAval } from '../core/primitive.ts';
import { orderOf } from './numerics/algebra.ts';
import { inFront } from './axes.ts';
import { call, choices, smallShape } from './draw.ts';
import { along, type Defined, exact, inexact } from './elementwise.ts';
import { magnitudes } from './layout.ts';
import { monotoneBound } from './monotone.ts';
import { totalOf } from './numerics/totals.ts';
import {
  baseExtents,
  batchedWindows,
  drawnWindows,
  forEachWindow,
  windowBreaks,
  type WindowConstraint,
  windowConstraints,
  WINDOW_SCHEMAS,
  windowCounts,
  windowOptions,
  windowExtents,
  type WindowParams,
  windowSize,
} from './window-shapes.ts';

export { selectAndGatherAdd, selectAndScatterAdd } from './window-winners.ts';

type PaddingConfig = readonly (readonly [low: number, high: number, interior: number])[];
type Windowed<N extends string> = Defined<N, WindowParams, WindowConstraint>;
type Reduce = (terms: readonly Element[], dtype: DType) => Element;

/** What `reduce` makes of the elements of each window. */
function reduced(x: HostArray, p: WindowParams, reduce: Reduce): HostArray {
  const at = elements(x);
  const results: Element[] = [];
  forEachWindow(x.shape, p, (_, places) => results.push(reduce(places.map(at), x.dtype)));
  return buildElements(x.dtype, windowCounts(x.shape, p), (i) => results[i]!);
}

/** Completes a reduction of windows. */
function windowed<const N extends string>(
  definition: Pick<Windowed<N>, 'name' | 'spec' | 'dtypes' | 'differentiate' | 'bound' | 'accuracy'> & {
    readonly of: 'reduceWindowSum' | 'reduceWindowMax' | 'reduceWindowMin';
    readonly reduce: Reduce;
  },
): Windowed<N> {
  const { of, reduce, ...rest } = definition;
  return definePrimitive<N, WindowParams, WindowConstraint>({
    ...rest,
    operands: [{ name: 'operand', dtypes: definition.dtypes }],
    params: WINDOW_SCHEMAS,
    constraints: windowConstraints(0),
    infer: ([x], p) => [{ ...x!, shape: windowCounts(x!.shape, p) }],
    evaluate: ([x], p) => [reduced(x!, p, reduce)],
    batch(lax, [x], [at], _, p) {
      const wide = batchedWindows(p);
      return inFront(lax[of](lax.moveAxis(x!, at!, 0), wide.window_dimensions, windowOptions(wide)));
    },
    cases: (gen) =>
      gen
        .shape()
        .chain((shape) =>
          choices(gen, (pick) => drawnWindows(shape.length, pick)).chain((p) => call(gen, [[gen.dtype, shape]], p)),
        ),
    breaks: windowBreaks((params) => (gen) => smallShape(gen, 1, 1).chain((s) => call(gen, [[gen.dtype, s]], params))),
  });
}

// ---- sums

/**
 * The padding of a cotangent whose elements are `window_strides` apart: each operand element then is the sum of one window,
 * and these windows are `base_dilation` apart.
 */
function transposedPadding(shape: Shape, counts: Shape, p: WindowParams): PaddingConfig {
  const [bases, extents] = [baseExtents(shape, p), windowExtents(p)];
  return counts.map((count, d) => {
    const own = count === 0 ? 0 : (count - 1) * p.window_strides[d]! + 1;
    const low = extents[d]! - 1 - p.padding[d]![0];
    return [low, bases[d]! + extents[d]! - 1 - own - low, p.window_strides[d]! - 1] as const;
  });
}

export const reduceWindowSum: Windowed<'reduce_window_sum'> = windowed({
  name: 'reduce_window_sum',
  spec: 'spec/primitives/windowed.md#reduce_window_sum',
  of: 'reduceWindowSum',
  dtypes: NUMBERS,
  reduce: totalOf,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose(lax, [ct], [x], p) {
      const { shape } = operandAval(x!);
      const back = along(ct, (t) => {
        const padded = lax.pad(t, 0, transposedPadding(shape, t.shape, p));
        return lax.reduceWindowSum(padded, p.window_dimensions, {
          windowStrides: p.base_dilation,
          windowDilation: p.window_dilation,
        });
      });
      return [back];
    },
  },
  bound: 'linear',
  accuracy([x], p) {
    if (!isInexact(x!.dtype)) return { kind: 'exact' };
    const add: Reduce = (terms) => (terms as number[]).reduce((a, b) => a + b, 0);
    const magnitude = ([operand]: readonly HostArray[]): Float64Array =>
      Float64Array.from(numbers(reduced(magnitudes(operand!), p, add)));
    return { kind: 'sum', terms: windowSize(p), magnitude };
  },
});

// ---- extremes

/** Padding and holes have no say: a window of nothing else gives where the fold begins. */
const extremum =
  (of: 'min' | 'max'): Reduce =>
  (terms, dtype) => {
    const order = orderOf(dtype);
    const start = of === 'max' ? order.lowest : order.highest;
    return terms.reduce((a, b) => order[of](a, b), start);
  };
const largest = extremum('max');

function windowExtreme<const N extends 'reduce_window_max' | 'reduce_window_min'>(
  name: N,
  spec: `spec/primitives/${string}.md#${NoInfer<N>}`,
  of: 'min' | 'max',
): Windowed<N> {
  const reduce = extremum(of);
  return windowed<N>({
    name,
    spec,
    of: of === 'max' ? 'reduceWindowMax' : 'reduceWindowMin',
    dtypes: ORDERED,
    reduce,
    differentiate: {
      active: inexact,
      jvp: (lax, [x], [dx], _, p) => [
        along(dx, (t) =>
          lax.selectAndGatherAdd(t, x!, of === 'max' ? 'ge' : 'le', p.window_dimensions, windowOptions(p)),
        ),
      ],
    },
    bound: ([x], _, p) => {
      const over =
        (f: Reduce) =>
        (v: HostArray): HostArray =>
          reduced(v, p, f);
      return [monotoneBound(x!, windowSize(p), over(reduce), over(largest))];
    },
    accuracy: exact,
  });
}

export const reduceWindowMax: Windowed<'reduce_window_max'> = windowExtreme(
  'reduce_window_max',
  'spec/primitives/windowed.md#reduce_window_max',
  'max',
);
export const reduceWindowMin: Windowed<'reduce_window_min'> = windowExtreme(
  'reduce_window_min',
  'spec/primitives/windowed.md#reduce_window_min',
  'min',
);
