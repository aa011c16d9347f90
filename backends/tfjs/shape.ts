/** Primitives that arrange elements anew. All of them copy bits. */
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { type Shape, type Tensor, view } from './engine.ts';
import type { Kernels } from './kernels.ts';
import type { Part, Value } from './lowering.ts';

/** `x` as [everything before the axis, the axis, everything behind it]. */
export const aroundAxis = (x: Tensor, axis: number): Tensor =>
  view(x, [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!, sizeOf(x.shape.slice(axis + 1))]);

export const replaced = (shape: Shape, axis: number, size: number): number[] =>
  shape.map((n, d) => (d === axis ? size : n));

/** Joins neighbouring axes that are both repeated or both kept: kernels with few axes are faster. */
function broadcastInDim(k: Kernels, x: Tensor, p: ParamsOf<'broadcast_in_dim'>): Tensor {
  const from = p.shape.map(() => 1);
  p.broadcast_dimensions.forEach((to, d) => (from[to] = x.shape[d]!));
  const axes: { from: number; to: number }[] = [];
  p.shape.forEach((to, d) => {
    const last = axes.at(-1);
    const kept = from[d] === to;
    if (to === 1) return;
    if (last !== undefined && (last.from === last.to) === kept) {
      last.from *= from[d]!;
      last.to *= to;
    } else axes.push({ from: from[d]!, to });
  });
  return k.broadcast(
    view(
      x,
      axes.map((a) => a.from),
    ),
    axes.map((a) => a.to),
  );
}

function rev(k: Kernels, x: Tensor, { dimensions }: ParamsOf<'rev'>): Tensor {
  if (dimensions.length === 0) return x;
  // wasm's Reverse reads 4 bytes for a bool.
  if (x.dtype === 'bool' && k.isWasm)
    return k.toBool(k.run('Reverse', { x: k.fromBool(x, 'int32') }, { dims: dimensions }));
  return k.run('Reverse', { x }, { dims: dimensions });
}

/** A box, then every n-th row of each axis. */
function slice(k: Kernels, x: Tensor, p: ParamsOf<'slice'>): Tensor {
  const sizes = p.limit_indices.map((limit, d) => limit - p.start_indices[d]!);
  const box = k.slice(x, p.start_indices, sizes);
  return p.strides.reduce((part, stride, axis) => {
    if (stride === 1) return part;
    const rows = Array.from({ length: Math.ceil(part.shape[axis]! / stride) }, (_, i) => i * stride);
    return k.take(part, k.ints(rows, [rows.length]), axis);
  }, box);
}

/** Pads one axis: rows between its rows, then before and behind them, then cuts off what is negative. */
function padAxis(
  k: Kernels,
  x: Tensor,
  value: Tensor,
  axis: number,
  [low, high, interior]: readonly [number, number, number],
): Tensor {
  const [outer, n, inner] = aroundAxis(x, axis).shape as [number, number, number];
  const block = (shape: Shape): Tensor => view(k.spread(value, sizeOf(shape)), shape);
  let rows = view(x, [outer, n, inner]);
  let length = n;
  if (interior > 0 && n > 1) {
    length = n + (n - 1) * interior;
    const dilated = k.concat([view(x, [outer * n, inner]), block([outer * n, interior * inner])], 1);
    rows = k.slice(view(dilated, [outer, n * (interior + 1), inner]), [0, 0, 0], [outer, length, inner]);
  }
  const parts = [low, high].map((count) => (count > 0 ? [block([outer, count, inner])] : []));
  rows = k.concat([...parts[0]!, rows, ...parts[1]!], 1);
  const size = low + length + high;
  rows = k.slice(rows, [0, Math.max(0, -low), 0], [outer, size, inner]);
  return view(rows, replaced(x.shape, axis, size));
}

/** The result has elements; if the operand has none, all of them are padding. */
function pad(k: Kernels, x: Tensor, value: Tensor, { padding_config }: ParamsOf<'pad'>, size: number): Tensor {
  if (sizeOf(x.shape) === 0) return k.spread(value, size);
  return padding_config.reduce(
    (part, config, axis) => (config.every((n) => n === 0) ? part : padAxis(k, part, value, axis, config)),
    x,
  );
}

function concatenate(k: Kernels, operands: readonly Tensor[], { dimension }: ParamsOf<'concatenate'>): Tensor {
  const blocks = operands
    .filter((x) => sizeOf(x.shape) > 0)
    .map((x) => aroundAxis(x, dimension))
    .map((x) => view(x, [x.shape[0]!, x.shape[1]! * x.shape[2]!]));
  return k.concat(blocks, 1);
}

/** wasm's Slice gives garbage for parts without elements. */
function split(k: Kernels, x: Tensor, { sizes, axis }: ParamsOf<'split'>): Tensor[] {
  const whole = aroundAxis(x, axis);
  const [outer, , inner] = whole.shape as [number, number, number];
  let end = 0;
  return sizes.map((n) => {
    const start = end;
    end += n;
    return n === 0 ? k.nothing(x.dtype) : k.slice(whole, [0, start, 0], [outer, n, inner]);
  });
}

/** Positions are known when the program is compiled. */
function iota(k: Kernels, { shape, dimension, dtype }: ParamsOf<'iota'>): Tensor {
  const n = shape[dimension]!;
  const line =
    dtype === 'float32'
      ? k.engine.constant(
          Float32Array.from({ length: n }, (_, i) => i),
          [n],
          'float32',
        )
      : k.range(0, n);
  return broadcastInDim(k, line, { shape, broadcast_dimensions: [dimension] });
}

const same = (_: Kernels, operands: readonly Value[]): readonly Tensor[] => operands;

export const shape: Part<
  'broadcast_in_dim' | 'reshape' | 'squeeze' | 'transpose' | 'rev' | 'slice' | 'pad' | 'concatenate' | 'split' | 'iota'
> = {
  broadcast_in_dim: (k, [x], params) => [broadcastInDim(k, x!, params)],
  reshape: same,
  squeeze: same,
  transpose: (k, [x], { permutation }) => [k.transpose(x!, permutation)],
  rev: (k, [x], params) => [rev(k, x!, params)],
  slice: (k, [x], params) => [slice(k, x!, params)],
  pad: (k, [x, value], params, [result]) => [pad(k, x!, value!, params, sizeOf(result!.shape))],
  concatenate: (k, operands, params) => [concatenate(k, operands, params)],
  split: (k, [x], params) => split(k, x!, params),
  iota: (k, _, params) => [iota(k, params)],
};
