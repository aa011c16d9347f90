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
function rowProducts(k: Kernels, a: Tensor, b: Tensor): Tensor {
  if (a.dtype === 'float32') return floatDot(k, a, k.transpose(b, [0, 2, 1]));
  return view(integerDot(k, a, b), [a.shape[0]!, a.shape[1]!, b.shape[1]!]);
}

function convolve(k: Kernels, [lhs, rhs]: readonly Value[], p: Params, result: Aval): Tensor {
  const to = result.dtype;
  if (sizeOf(rhs!.shape) === 0) return k.full([sizeOf(result.shape)], 0, storageOf(to));
  const { lhs_spec, rhs_spec, out_spec } = p.dimension_numbers;
  const sizes = (shape: Shape, spec: Shape): [number, number, ...number[]] => {
    const [first, second, ...others] = spec.map((d) => shape[d]!);
    return [first!, second!, ...others];
  };
  const operand = (x: Value, spec: Shape): Tensor => k.transpose(view(convert(k, flat(x), x.type, to), x.shape), spec);
  const [batch, features, ...space] = sizes(lhs!.shape, lhs_spec);
  const [filters, each, ...window] = sizes(rhs!.shape, rhs_spec);
  const [, , ...positions] = sizes(result.shape, out_spec);
  const [places, elements] = [sizeOf(positions), sizeOf(window)];

  const rows = batch * features;
  const zero = k.full([rows, 1], 0, storageOf(to));
  const isEmpty = sizeOf(lhs!.shape) === 0;
  const x = isEmpty ? zero : k.concat([view(operand(lhs!, lhs_spec), [rows, sizeOf(space)]), zero], 1);
  const windows = k.take(x, k.ints(windowTable(space, window, positions, p), [places * elements]), 1);

  // As [groups, examples and positions, features and window], times [groups, filters, features and window].
  const ofBatch = p.batch_group_count;
  const groups = p.feature_group_count * ofBatch;
  const examples = batch / ofBatch;
  const split = view(windows, [ofBatch, examples, groups / ofBatch, each, places, elements]);
  const a = view(k.transpose(split, [0, 2, 1, 4, 3, 5]), [groups, examples * places, each * elements]);
  const b = view(operand(rhs!, rhs_spec), [groups, filters / groups, each * elements]);
  const y = view(k.transpose(rowProducts(k, a, b), [0, 2, 1]), [filters, examples, ...positions]);
  const [atBatch, atFeatures, ...atSpace] = out_spec as [number, number, ...number[]];
  return k.transpose(y, inverse([atFeatures, atBatch, ...atSpace]));
}

export const convolution: Part<'conv_general_dilated'> = {
  conv_general_dilated: (k, operands, params, [result]) => [convolve(k, operands, params, result!)],
};
