/** Reading and writing at places that are known when kernels run: dynamic slices and gather. */
import type { DType } from '../../reference/core/dtypes.ts';
import { elementFrom, hostScalar, type Shape, sizeOf } from '../../reference/core/host.ts';
import { remaining } from '../../reference/primitives/axes.ts';
import type { GatherParams } from '../../reference/primitives/gather.ts';
import {
  defaultFill,
  type GatherDimensionNumbers,
  type IndexMode,
  windowAxes,
} from '../../reference/primitives/windows.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Indexed, type Node } from './compile/node.ts';
import { registerOf } from './compile/types.ts';

// ---- starting points

/** A start, moved to between 0 and `last`. */
function clampedStart(k: Builder, start: Code, dtype: DType, last: number): Code {
  if (last === 0) return '0u';
  const natural = registerOf(dtype) === 'u32' ? start : `u32(max(${start}, 0))`;
  return k.let('u32', `min(${natural}, ${last}u)`);
}

/** The starts of a dynamic slice: 0 along the axes that it spans. */
const startsOf = (k: Builder, starts: readonly Node[], sizes: Shape, shape: Shape): readonly Code[] =>
  starts.map((s, d) => {
    if (sizes[d] === shape[d]) return '0u';
    return clampedStart(k, k.element(s, Index.flat([], '0u')), s.type.dtype, shape[d]! - sizes[d]!);
  });

const dynamicSlice: Lowerer<{ readonly slice_sizes: Shape }> = (_, [x, ...starts], { slice_sizes }, [result]) => {
  const { shape, dtype } = x!.type;
  const at = (k: Builder, index: Index): Code => {
    const from = startsOf(k, starts, slice_sizes, shape);
    const dims = index.dims(k).map((i, d) => k.let('u32', addIndex(from[d]!, i)));
    return k.at(x!, dims);
  };
  return [new Indexed({ shape: result!.shape, dtype }, [x!, ...starts], at, { cost: 1 })];
};

const dynamicUpdateSlice: Lowerer<unknown> = (_, [x, update, ...starts]) => {
  const { shape, dtype } = x!.type;
  const sizes = update!.type.shape;
  if (sizeOf(sizes) === 0) return [x!];
  if (sizeOf(sizes) === sizeOf(shape)) return [update!];
  const at = (k: Builder, index: Index): Code => {
    const first = startsOf(k, starts, sizes, shape);
    const dims = index.dims(k).map((i, d) => (sizes[d] === shape[d] ? i : k.let('u32', `${i} - ${first[d]}`)));
    // Before the start the difference wraps around: to more than any size.
    const isWritten = dims.flatMap((i, d) => (sizes[d] === shape[d] ? [] : [`(${i} < ${sizes[d]}u)`]));
    return k.either(
      registerOf(dtype),
      isWritten.join(' && '),
      () => k.at(update!, dims),
      () => k.element(x!, index),
    );
  };
  return [new Indexed({ shape, dtype }, [x!, update!, ...starts], at, { cost: 2 })];
};

// ---- windows

/** Windows of an operand, each at the place that an index vector names. */
export interface Windows {
  readonly operand: Shape;
  readonly dims: GatherDimensionNumbers;
  readonly sizes: Shape;
  readonly mode: IndexMode;
}

export interface Start {
  /** Along each axis of the operand. */
  readonly dims: readonly Code[];
  /** Whether the window lies inside the operand. */
  readonly fits: Code;
}

/** Where the window begins whose index vector is at `position`. */
export function startOfWindow(k: Builder, indices: Node, position: readonly Code[], w: Windows): Start {
  const dims: Code[] = w.operand.map(() => '0u');
  const conditions: Code[] = [];
  w.dims.start_index_map.forEach((axis, j) => {
    const last = w.operand[axis]! - w.sizes[axis]!;
    const { shape, dtype } = indices.type;
    const given = k.element(indices, Index.of(shape, [...position, `${j}u`]));
    if (w.mode !== 'fill') {
      dims[axis] = clampedStart(k, given, dtype, last);
      return;
    }
    // What is negative is larger than any size.
    dims[axis] = registerOf(dtype) === 'u32' ? given : k.let('u32', `bitcast<u32>(${given})`);
    conditions.push(`(${dims[axis]} <= ${last}u)`);
  });
  w.dims.operand_batching_dims.forEach((axis, i) => (dims[axis] = position[w.dims.start_indices_batching_dims[i]!]!));
  return { dims, fits: conditions.join(' && ') || 'true' };
}

const gather: Lowerer<GatherParams> = (graph, [x, indices], p, [result]) => {
  const { shape: operand, dtype } = x!.type;
  const { shape } = result!;
  const windows: Windows = { operand, dims: p.dimension_numbers, sizes: p.slice_sizes, mode: p.mode };
  const { offset_dims } = p.dimension_numbers;
  const positions = remaining(shape.length, offset_dims);
  const axes = windowAxes(operand.length, p.dimension_numbers);
  const fill = p.fill_value === null ? defaultFill(dtype) : elementFrom(dtype, Number(p.fill_value));
  const outside = graph.constant(hostScalar(dtype, fill));
  const at = (k: Builder, index: Index): Code => {
    const dims = index.dims(k);
    const start = startOfWindow(
      k,
      indices!,
      positions.map((d) => dims[d]!),
      windows,
    );
    const from = [...start.dims];
    axes.forEach((axis, i) => (from[axis] = k.let('u32', addIndex(from[axis]!, dims[offset_dims[i]!]!))));
    if (start.fits === 'true') return k.at(x!, from);
    return k.either(
      registerOf(dtype),
      start.fits,
      () => k.at(x!, from),
      () => k.element(outside, Index.flat([], '0u')),
    );
  };
  return [new Indexed({ shape, dtype }, [x!, indices!, outside], at, { cost: 3 })];
};

export const indexing: Part<'dynamic_slice' | 'dynamic_update_slice' | 'gather'> = {
  dynamic_slice: dynamicSlice,
  dynamic_update_slice: dynamicUpdateSlice,
  gather,
};
