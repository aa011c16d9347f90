/** Moves: none computes anything, and none needs a buffer of its own. */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import { type Builder, type Code, typeText } from './compile/builder.ts';
import { fours, Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Indexed, type Node } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { pointwise } from './pointwise.ts';

/** The same elements in the same order. */
export const reshaped = (x: Node, shape: Shape): Node => {
  const at = (k: Builder, index: Index): Code => k.element(x, index.reshaped(k, x.type.shape));
  return new Indexed({ shape, dtype: x.type.dtype }, [x], at, { sameLayout: x });
};

/**
 * Elements of an operand, found by where they go. `last` says what becomes of the operand's last axis: it is the last one
 * again, or the result has the same element all along its last axis.
 */
export const moved = (
  x: Node,
  shape: Shape,
  from: (k: Builder, dims: readonly Code[]) => readonly Code[],
  last: 'kept' | 'repeated' | null = null,
): Node => {
  const { dtype } = x.type;
  const at = (k: Builder, index: Index): Code => k.at(x, from(k, index.dims(k)));
  const kept = (k: Builder, dims: readonly Code[]): Code => k.element(x, Index.of(fours(x.type.shape), from(k, dims)));
  const repeated = (k: Builder, dims: readonly Code[]): Code =>
    `${typeText(registerOf(dtype), 4)}(${k.inLanes(1, () => k.at(x, from(k, dims)))})`;
  const isWhole = (shape.at(-1) ?? 1) % 4 === 0;
  const four = !isWhole || last === null ? null : last === 'kept' ? kept : repeated;
  return new Indexed({ shape, dtype }, [x], at, { four });
};

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
  broadcast_in_dim: (_, [x], { broadcast_dimensions }, [result]) => {
    const from = x!.type.shape;
    if (sizeOf(from) === sizeOf(result!.shape)) return [reshaped(x!, result!.shape)];
    const isKept = broadcast_dimensions.at(-1) === result!.shape.length - 1 && from.at(-1) !== 1;
    return [
      moved(
        x!,
        result!.shape,
        (_k, dims) => broadcast_dimensions.map((d, i) => (from[i] === 1 ? '0u' : dims[d]!)),
        isKept ? 'kept' : 'repeated',
      ),
    ];
  },
  transpose: (_, [x], { permutation }, [result]) => [
    moved(
      x!,
      result!.shape,
      (_k, dims) => permutation.map((_p, d) => dims[permutation.indexOf(d)]!),
      permutation.at(-1) === permutation.length - 1 ? 'kept' : null,
    ),
  ],
  rev: (_, [x], { dimensions }, [result]) => [
    moved(x!, result!.shape, (k, dims) =>
      dims.map((i, d) => (dimensions.includes(d) ? k.let('u32', `${result!.shape[d]! - 1}u - ${i}`) : i)),
    ),
  ],
  iota: (_, __, { dimension }, [result]) => [iotaOf(result!, dimension)],
};
