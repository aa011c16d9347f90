/** `reduce` and `reduce_window`: reductions by a computation of one's own (spec/transformations/reduce.md). */
import { flatten, forEachIndex, type Shape, stridesOf } from '../../core/host.ts';
import type { HigherOrderPrimitive } from '../../core/primitive.ts';
import type { Jaxpr } from '../../core/jaxpr.ts';
import { checkAxes, checkIncreasing, NATURALS, remaining, shifted } from '../axes.ts';
import { groupReduction } from './grouped.ts';
import {
  batchedWindows,
  forEachWindow,
  offsetsOf,
  plainWindows,
  windowBreaks,
  windowConstraints,
  WINDOW_SCHEMAS,
  windowCounts,
  type WindowParams,
} from '../window-shapes.ts';

type Axes = { readonly dimensions: Shape };
export type ReduceParams = Axes & { readonly jaxpr: Jaxpr };
export type ReduceWindowParams = WindowParams & { readonly jaxpr: Jaxpr };

const sizesOf = (shape: Shape, axes: Shape): number[] => axes.map((d) => shape[d]!);

export const reduce: HigherOrderPrimitive<'reduce', ReduceParams, 'C1' | 'C2' | 'C3' | 'C4' | 'C5' | 'C6'> =
  groupReduction<'reduce', Axes, 'C5' | 'C6'>({
    name: 'reduce',
    spec: 'spec/transformations/reduce.md#reduce',
    params: { dimensions: NATURALS },
    constraints: {
      C5: ([x], p) => checkAxes('dimensions', p.dimensions, x!.shape.length),
      C6: (_, p) => checkIncreasing('dimensions', p.dimensions),
    },
    plain: { dimensions: [0] },
    breaks: { C5: { dimensions: [1] }, C6: { dimensions: [0, 0] } },
    resultShape: (shape, { dimensions }) => sizesOf(shape, remaining(shape.length, dimensions)),
    members(shape, { dimensions }) {
      const strides = stridesOf(shape);
      const places = (axes: Shape): number[] => {
        const at: number[] = [];
        forEachIndex(sizesOf(shape, axes), (index) => at.push(flatten(index, sizesOf(strides, axes))));
        return at;
      };
      const row = places(dimensions);
      return places(remaining(shape.length, dimensions)).map((start) => row.map((step) => start + step));
    },
    columns(lax, x, _, { dimensions }) {
      const kept = remaining(x.ndim, dimensions);
      const size = (axes: Shape): number => sizesOf(x.shape, axes).reduce((a, b) => a * b, 1);
      return lax.reshape(lax.transpose(x, [...dimensions, ...kept]), [size(dimensions), size(kept)]);
    },
    batched: ({ dimensions }) => ({ dimensions: shifted(dimensions) }),
  });

type WindowConstraints = 'C5' | 'C6' | 'C7' | 'C8' | 'C9' | 'C10';
const { C1, C2, C3, C4, C5, C6 } = windowConstraints(0);
const broken = windowBreaks((p) => p);

export const reduceWindow: HigherOrderPrimitive<
  'reduce_window',
  ReduceWindowParams,
  'C1' | 'C2' | 'C3' | 'C4' | WindowConstraints
> = groupReduction<'reduce_window', WindowParams, WindowConstraints>({
  name: 'reduce_window',
  spec: 'spec/transformations/reduce.md#reduce_window',
  params: WINDOW_SCHEMAS,
  constraints: { C5: C1, C6: C2, C7: C3, C8: C4, C9: C5, C10: C6 },
  plain: plainWindows(1),
  breaks: { C5: broken.C1, C6: broken.C2, C7: broken.C3, C8: broken.C4, C9: broken.C5, C10: broken.C6 },
  resultShape: windowCounts,
  members(shape, p) {
    const members: (readonly number[])[] = [];
    forEachWindow(shape, p, (_, elements) => members.push(elements));
    return members;
  },
  columns(lax, x, init, p) {
    const counts = windowCounts(x.shape, p);
    const padding = p.padding.map(([low, high], d) => [low, high, p.base_dilation[d]! - 1] as const);
    const padded = lax.pad(x, init, padding);
    const parts = offsetsOf(p).map((offset) => {
      const starts = offset.map((w, d) => w * p.window_dilation[d]!);
      const limits = starts.map((s, d) => s + (counts[d]! - 1) * p.window_strides[d]! + 1);
      return lax.reshape(lax.slice(padded, starts, limits, p.window_strides), [1, counts.reduce((a, b) => a * b, 1)]);
    });
    return lax.concatenate(parts, 0);
  },
  batched: batchedWindows,
});
