/** Convolution: windows are gathered into the rows of a matrix, of which the filters are the columns. */
import { type Aval, flatten, forEachIndex, sizeOf, stridesOf } from '../../reference/core/host.ts';
import { inverse } from '../../reference/primitives/axes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { floatDot, integerDot } from './contraction.ts';
import { convert } from './conversion.ts';
import { type Shape, storageOf, type Tensor, view } from './engine.ts';
import { flat, type Kernels } from './kernels.ts';
import type { Part, Value } from './lowering.ts';

type Params = ParamsOf<'conv_general_dilated'>;

/**
 * For each position of the window and each of its elements, where that is among the spatial positions of lhs; their
 * number where it is in a hole or outside.
 */
function windowTable(space: Shape, window: Shape, positions: Shape, p: Params): Int32Array {
  const table = new Int32Array(sizeOf(positions) * sizeOf(window)).fill(sizeOf(space));
  forEachIndex([...positions, ...window], (index, flat) => {
    const at = space.map((_, d) => {
      const place = index[d]! * p.window_strides[d]! + index[space.length + d]! * p.rhs_dilation[d]! - p.padding[d]![0];
      return place / p.lhs_dilation[d]!;
    });
    const inside = at.every((i, d) => Number.isInteger(i) && i >= 0 && i < space[d]!);
    if (inside) table[flat] = flatten(at, stridesOf(space));
  });
  return table;
}

/** Products of the rows of a with those of b, both as [batch, rows, n]. */
const rowProducts = (k: Kernels, a: Tensor, b: Tensor): Tensor =>
  a.dtype === 'float32' ? floatDot(k, a, k.transpose(b, [0, 2, 1])) : integerDot(k, a, b);

function convolve(k: Kernels, [lhs, rhs]: readonly Value[], p: Params, result: Aval): Tensor {
  const to = result.dtype;
  const size = sizeOf(result.shape);
  if (sizeOf(rhs!.shape) === 0) return k.full([size], 0, storageOf(to));
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const operand = (x: Value, spec: Shape): Tensor => k.transpose(view(convert(k, flat(x), x.type, to), x.shape), spec);
  const x = operand(lhs!, lhs_spec);
  const w = operand(rhs!, rhs_spec);
  const [batch, features, ...space] = x.shape as [number, number, ...number[]];
  const [filters, each, ...window] = w.shape as [number, number, ...number[]];
  const positions = out_spec.slice(2).map((d) => result.shape[d]!);
  const groups = p.feature_group_count * p.batch_group_count;
  const ofBatch = p.batch_group_count;

  const [places, elements] = [sizeOf(positions), sizeOf(window)];
  const table = k.ints(windowTable(space, window, positions, p), [places * elements]);
  const zero = k.full([batch * features, 1], 0, x.dtype);
  const row = sizeOf(space) === 0 ? zero : k.concat([view(x, [batch * features, sizeOf(space)]), zero], 1);
  const windows = view(k.take(row, table, 1), [ofBatch, batch / ofBatch, groups / ofBatch, each, places, elements]);
  const examples = (batch / ofBatch) * places;
  // [groups, examples and positions, features and window] times [groups, filters, features and window].
  const a = view(k.transpose(windows, [0, 2, 1, 4, 3, 5]), [groups, examples, each * elements]);
  const y = rowProducts(k, a, view(w, [groups, filters / groups, each * elements]));
  const arranged = view(k.transpose(y, [0, 2, 1]), [filters, batch / ofBatch, ...positions]);
  const [atBatch, atFeatures, ...atSpace] = out_spec as [number, number, ...number[]];
  return k.transpose(arranged, inverse([atFeatures, atBatch, ...atSpace]));
}

export const convolution: Part<'conv_general_dilated'> = {
  conv_general_dilated: (k, operands, params, [result]) => [convolve(k, operands, params, result!)],
};
