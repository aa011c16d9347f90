/**
 * Where the windows of reduce_window and its kin are (spec/primitives/windowed.md#windows): their parameters, the shape of
 * the result, and the elements that each window holds.
 */
import { type Aval, forEachIndex, type Shape, sizeOf, stridesOf } from '../core/host.ts';
import type { ParamSchema } from '../core/primitive.ts';
import { range, show } from './axes.ts';
import { dilatedSize, type Padding } from './convolution-shapes.ts';
import type { Pick } from './draw.ts';

/** How windows go over an operand, one entry per axis; jax.lax's names. */
export interface WindowParams {
  readonly window_dimensions: Shape;
  readonly window_strides: Shape;
  /** Elements added before and after each axis; taken away where negative. */
  readonly padding: Padding;
  /** The distance of neighbouring operand elements, holes between them. */
  readonly base_dilation: Shape;
  /** The distance of neighbouring elements of a window. */
  readonly window_dilation: Shape;
}
export type WindowConstraint = 'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6';

/** The operand's extents with holes, and those of a window. */
export const baseExtents = (shape: Shape, p: WindowParams): number[] =>
  shape.map((n, d) => dilatedSize(n, p.base_dilation[d]!));
export const windowExtents = (p: WindowParams): number[] =>
  p.window_dimensions.map((n, d) => dilatedSize(n, p.window_dilation[d]!));

/** How many windows fit along each axis of the padded operand. */
export function windowCounts(shape: Shape, p: WindowParams): number[] {
  const extents = windowExtents(p);
  return baseExtents(shape, p).map((n, d) => {
    const room = n + p.padding[d]![0] + p.padding[d]![1] - extents[d]!;
    return Math.max(0, Math.floor(room / p.window_strides[d]!) + 1);
  });
}

/** For each window along an axis of n elements, those it holds: neither padding nor holes. */
function held(n: number, d: number, count: number, p: WindowParams): number[][] {
  const [low] = p.padding[d]!;
  return range(count).map((o) =>
    range(p.window_dimensions[d]!)
      .map((w) => (o * p.window_strides[d]! + w * p.window_dilation[d]! - low) / p.base_dilation[d]!)
      .filter((i) => Number.isInteger(i) && i >= 0 && i < n),
  );
}

/** Visits the windows with the flat positions of the operand elements that they hold, in row-major order. */
export function forEachWindow(
  shape: Shape,
  p: WindowParams,
  visit: (window: number, elements: readonly number[]) => void,
): void {
  const counts = windowCounts(shape, p);
  const strides = stridesOf(shape);
  const along = shape.map((n, d) => held(n, d, counts[d]!, p).map((list) => list.map((i) => i * strides[d]!)));
  forEachIndex(counts, (index, window) => {
    let elements = [0];
    index.forEach((o, d) => (elements = elements.flatMap((at) => along[d]![o]!.map((i) => at + i))));
    visit(window, elements);
  });
}

/** How many elements a window has at most. */
export const windowSize = (p: WindowParams): number => sizeOf(p.window_dimensions);
/** How many windows can hold one element. */
export const mostWindows = (shape: Shape, p: WindowParams): number => {
  const extents = windowExtents(p);
  return windowCounts(shape, p).reduce((n, count, d) => n * Math.min(count, Math.ceil(extents[d]! / p.window_strides[d]!)), 1); // prettier-ignore
};

/** The same windows with a batch axis in front. */
export const batchedWindows = (p: WindowParams): WindowParams => ({
  window_dimensions: [1, ...p.window_dimensions],
  window_strides: [1, ...p.window_strides],
  padding: [[0, 0], ...p.padding],
  base_dilation: [1, ...p.base_dilation],
  window_dilation: [1, ...p.window_dilation],
});

/** The places within a window, in row-major order. */
export const offsetsOf = (p: WindowParams): number[][] => {
  const offsets: number[][] = [];
  forEachIndex(p.window_dimensions, (index) => offsets.push([...index]));
  return offsets;
};

/** The options of the functions of lax. */
export const windowOptions = (
  p: WindowParams,
): { windowStrides: Shape; padding: Padding; baseDilation: Shape; windowDilation: Shape } => ({
  windowStrides: p.window_strides,
  padding: p.padding,
  baseDilation: p.base_dilation,
  windowDilation: p.window_dilation,
});

// ---- constraints

const SIZES: ParamSchema = { type: 'array', items: { type: 'integer', minimum: 1 } };
export const WINDOW_SCHEMAS: { readonly [K in keyof WindowParams]: ParamSchema } = {
  window_dimensions: SIZES,
  window_strides: SIZES,
  padding: { type: 'array', items: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 } },
  base_dilation: SIZES,
  window_dilation: SIZES,
};

const positive = (name: string, list: Shape): true | string =>
  list.every((n) => Number.isSafeInteger(n) && n > 0) || `${name} must be positive, got ${show(list)}`;

type Checks = { readonly [K in WindowConstraint]: (operands: readonly Aval[], p: WindowParams) => true | string };

/** The constraints on windows over operand `n`. */
export const windowConstraints = (n: number): Checks => ({
  C1(xs, p) {
    const rank = xs[n]!.shape.length;
    const names = ['window_dimensions', 'window_strides', 'padding', 'base_dilation', 'window_dilation'] as const;
    const wrong = names.find((name) => p[name].length !== rank);
    return wrong === undefined || `${wrong} must have one entry per operand axis: ${rank}, got ${p[wrong].length}`;
  },
  C2: (_, p) => positive('window_dimensions', p.window_dimensions),
  C3: (_, p) => positive('window_strides', p.window_strides),
  C4: (_, p) =>
    p.padding.every((pair) => pair.length === 2 && pair.every(Number.isSafeInteger)) ||
    `padding must be pairs of integers, got ${show(p.padding.map(show))}`,
  C5: (_, p) => positive('base_dilation', p.base_dilation),
  C6: (_, p) => positive('window_dilation', p.window_dilation),
});

/** One element per window. */
export const plainWindows = (rank: number): WindowParams => ({
  window_dimensions: range(rank).map(() => 1),
  window_strides: range(rank).map(() => 1),
  padding: range(rank).map(() => [0, 0] as const),
  base_dilation: range(rank).map(() => 1),
  window_dilation: range(rank).map(() => 1),
});

/** Calls that break each of them, made from an operand of rank 1 by `make`. */
export const windowBreaks = <T>(make: (p: WindowParams) => T): { readonly [K in WindowConstraint]: T } => ({
  C1: make(plainWindows(2)),
  C2: make({ ...plainWindows(1), window_dimensions: [0] }),
  C3: make({ ...plainWindows(1), window_strides: [0] }),
  C4: make({ ...plainWindows(1), padding: [[0, 0.5]] }),
  C5: make({ ...plainWindows(1), base_dilation: [0] }),
  C6: make({ ...plainWindows(1), window_dilation: [-1] }),
});

/** Windows of up to three elements along each axis. */
export const drawnWindows = (rank: number, pick: Pick): WindowParams => ({
  window_dimensions: range(rank).map(() => 1 + pick(3)),
  window_strides: range(rank).map(() => 1 + pick(3)),
  padding: range(rank).map(() => [pick(4) - 1, pick(4) - 1] as const),
  base_dilation: range(rank).map(() => 1 + Number(pick(3) === 2)),
  window_dilation: range(rank).map(() => 1 + Number(pick(3) === 2)),
});
