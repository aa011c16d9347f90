/** Moves: none computes anything, and none needs a buffer of its own. */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import { inverse } from '../../reference/primitives/axes.ts';
import type { Builder } from './compile/builder.ts';
import { type Code, typeText } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Indexed, type Node } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { pointwise } from './pointwise.ts';

/** The same elements in the same order. */
export const reshaped = (x: Node, shape: Shape): Node => {
  const at = (k: Builder, index: Index): Code => k.element(x, index.reshaped(k, x.type.shape));
  return new Indexed({ shape, dtype: x.type.dtype }, [x], at, { sameLayout: x });
};

/** Elements of an operand, found by where they go. */
export const moved = (x: Node, shape: Shape, from: (k: Builder, dims: readonly Code[]) => readonly Code[]): Node => {
  const at = (k: Builder, index: Index): Code => k.at(x, from(k, index.dims(k)));
  return new Indexed({ shape, dtype: x.type.dtype }, [x], at);
};

/** Elements of an operand whose axis d has become axis `to[d]`; along other axes, and those of length one, they are repeated. */
export function viewed(x: Node, shape: Shape, to: Shape): Node {
  const { shape: own, dtype } = x.type;
  const moving = to.filter((_, d) => own[d] !== 1);
  const isSame = sizeOf(own) === sizeOf(shape) && moving.every((d, i) => i === 0 || d > moving[i - 1]!);
  if (isSame) return reshaped(x, shape);
  const at = (k: Builder, index: Index): Code => {
    const dims = index.dims(k);
    return k.at(
      x,
      to.map((d) => dims[d]!),
    );
  };
  const last = shape.length - 1;
  const along = own.findIndex((n, d) => n !== 1 && to[d] === last);
  const areNeighbours = along < 0 || along === own.length - 1;
  if (shape.length === 0 || shape[last]! % 4 !== 0 || !areNeighbours)
    return new Indexed({ shape, dtype }, [x], at, { axes: to });
  const quarter = (sizes: Shape, d: number): Shape => sizes.with(d, sizes[d]! / 4);
  const fours = (k: Builder, vector: Code): Code => {
    const dims = Index.flat(quarter(shape, last), vector).dims(k);
    const from = to.map((d) => dims[d]!);
    if (along < 0) return `${typeText(registerOf(dtype), 4)}(${k.inLanes(1, () => k.at(x, from))})`;
    return k.element(x, Index.flat(own, Index.of(quarter(own, along), from).flat(k)));
  };
  return new Indexed({ shape, dtype }, [x], at, { axes: to, fours });
}

const reshape: Lowerer<unknown> = (_, [x], __, [result]) => [reshaped(x!, result!.shape)];

/** The position along each axis, as a number. */
function iotaOf({ shape, dtype }: Type, dimension: number): Node {
  const position = new Indexed({ shape, dtype: 'uint32' }, [], (k, index) => k.let('u32', index.dims(k)[dimension]!));
  if (dtype === 'uint32') return position;
  const register = registerOf(dtype);
  return pointwise({ shape, dtype }, [position], 1, (k, [i]) =>
    register === 'vec2f' ? `vec2f(f32(${i}), 0.0)` : `${typeText(register, k.lanes)}(${i})`,
  );
}

export const shape: Part<'broadcast_in_dim' | 'reshape' | 'squeeze' | 'transpose' | 'rev' | 'iota'> = {
  reshape,
  squeeze: reshape,
  broadcast_in_dim: (_, [x], { broadcast_dimensions }, [result]) => [viewed(x!, result!.shape, broadcast_dimensions)],
  transpose: (_, [x], { permutation }, [result]) => [viewed(x!, result!.shape, inverse(permutation))],
  rev: (_, [x], { dimensions }, [result]) => [
    moved(x!, result!.shape, (k, dims) =>
      dims.map((i, d) => (dimensions.includes(d) ? k.let('u32', `${result!.shape[d]! - 1}u - ${i}`) : i)),
    ),
  ],
  iota: (_, __, { dimension }, [result]) => [iotaOf(result!, dimension)],
};
