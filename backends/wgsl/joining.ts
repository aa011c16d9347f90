/** Cutting and joining. All are views but concatenations of more operands than a kernel has buffers for. */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index, shiftIndex, timesIndex } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';
import { moved } from './shape.ts';

/** The operands that one kernel reads at most, beside what else it may have to do. */
const OPERANDS = 6;

// ---- cutting

/** Every `strides[d]`th element from `starts[d]` on. */
const cut = (x: Node, shape: Shape, starts: Shape, strides: Shape): Node =>
  moved(x, shape, (k, dims) => dims.map((i, d) => k.let('u32', shiftIndex(timesIndex(i, strides[d]!), starts[d]!))));

const slice: Lowerer<{ readonly start_indices: Shape; readonly strides: Shape }> = (_, [x], p, [result]) => [
  cut(x!, result!.shape, p.start_indices, p.strides),
];

const split: Lowerer<{ readonly sizes: Shape; readonly axis: number }> = (_, [x], { sizes, axis }, results) => {
  const none = x!.type.shape.map(() => 0);
  const every = x!.type.shape.map(() => 1);
  return results.map(({ shape }, n) => {
    const start = sizes.slice(0, n).reduce((a, b) => a + b, 0);
    return cut(x!, shape, none.with(axis, start), every);
  });
};

// ---- padding

type Padding = readonly (readonly [low: number, high: number, interior: number])[];

/** Which of n elements that are `step` apart stands at a position; and whether one does, all conditions together. */
export function standsAt(
  k: Builder,
  position: Code,
  n: number,
  step: number,
): { at: Code; conditions: readonly Code[] } {
  const inside = `(${position} < ${Math.max(0, (n - 1) * step + 1)}u)`;
  if (step === 1) return { at: position, conditions: [inside] };
  return { at: k.let('u32', `${position} / ${step}u`), conditions: [inside, `(${position} % ${step}u == 0u)`] };
}

/** Where an element of the result comes from, and whether it comes from anywhere. Positions before the first wrap around. */
export function padded(
  k: Builder,
  dims: readonly Code[],
  from: Shape,
  config: Padding,
): { at: readonly Code[]; inside: Code } {
  const all: Code[] = [];
  const at = dims.map((i, d) => {
    const [low, high, interior] = config[d]!;
    if (low === 0 && high === 0 && interior === 0) return i;
    const found = standsAt(k, k.let('u32', shiftIndex(i, -low)), from[d]!, interior + 1);
    all.push(...found.conditions);
    return found.at;
  });
  return { at, inside: all.join(' && ') || 'true' };
}

const pad: Lowerer<{ readonly padding_config: Padding }> = (_, [x, value], { padding_config }, [result]) => {
  const { shape, dtype } = x!.type;
  const outside = (k: Builder): Code => k.element(value!, Index.flat([], '0u'));
  if (sizeOf(shape) === 0) return [new Indexed({ shape: result!.shape, dtype }, [value!], outside)];
  const at = (k: Builder, index: Index): Code => {
    const { at: from, inside } = padded(k, index.dims(k), shape, padding_config);
    return k.either(
      registerOf(dtype),
      inside,
      () => k.at(x!, from),
      () => outside(k),
    );
  };
  return [new Indexed({ shape: result!.shape, dtype }, [x!, value!], at, { cost: 2 })];
};

// ---- joining

/** One operand, or the same one several times in a row. */
interface Piece {
  readonly node: Node;
  /** Where it begins along the axis, and where it ends. */
  readonly start: number;
  readonly end: number;
}

function piecesOf(operands: readonly Node[], axis: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const node of operands) {
    const start = end;
    end += node.type.shape[axis]!;
    if (end === start) continue;
    const before = pieces.at(-1);
    if (before?.node === node) pieces.splice(-1, 1, { ...before, end });
    else pieces.push({ node, start, end });
  }
  return pieces;
}

/** The element at `dims`, which is in one of the pieces. */
function elementOf(k: Builder, pieces: readonly Piece[], dims: readonly Code[], axis: number): Code {
  const middle = pieces.length >> 1;
  const [{ node, start, end }, split] = [pieces[0]!, pieces[middle]!];
  if (middle === 0) {
    const at = k.let('u32', shiftIndex(dims[axis]!, -start));
    const length = node.type.shape[axis]!;
    return k.at(node, dims.with(axis, end - start > length ? k.let('u32', `${at} % ${length}u`) : at));
  }
  return k.either(
    registerOf(node.type.dtype),
    `${dims[axis]} < ${split.start}u`,
    () => elementOf(k, pieces.slice(0, middle), dims, axis),
    () => elementOf(k, pieces.slice(middle), dims, axis),
  );
}

/** The pieces in groups that one kernel each can read. Where a group begins is beside the text: groups alike are one pipeline. */
function joined(pieces: readonly Piece[], type: Type, axis: number): Node {
  const groups = Array.from({ length: Math.ceil(pieces.length / OPERANDS) }, (_, g) =>
    pieces.slice(g * OPERANDS, (g + 1) * OPERANDS),
  );
  const operands = pieces.map(({ node }) => node);
  return new Computation({
    name: 'concatenate',
    operands,
    pulled: operands,
    results: [type],
    finishes: true,
    make(making, { results: [result] }) {
      for (const group of groups) {
        const first = group[0]!.start;
        const own = group.map(({ node, start, end }) => ({ node, start: start - first, end: end - first }));
        const shape = type.shape.with(axis, own.at(-1)!.end);
        making.each(sizeOf(shape), (k, i) => {
          const dims = Index.flat(shape, i).dims(k);
          const at = dims.with(axis, k.let('u32', addIndex(dims[axis]!, k.parameter(first))));
          k.define(result!, Index.of(type.shape, at), elementOf(k, own, dims, axis));
        });
      }
    },
  }).results[0]!;
}

const concatenate: Lowerer<{ readonly dimension: number }> = (_, operands, { dimension }, [result]) => {
  const { shape, dtype } = result!;
  const pieces = piecesOf(operands, dimension);
  if (pieces.length === 0) return [operands[0]!];
  if (pieces.length > OPERANDS) return [joined(pieces, { shape, dtype }, dimension)];
  const at = (k: Builder, index: Index): Code => elementOf(k, pieces, index.dims(k), dimension);
  const nodes = pieces.map(({ node }) => node);
  return [new Indexed({ shape, dtype }, nodes, at, { cost: 2 })];
};

export const joining: Part<'slice' | 'split' | 'pad' | 'concatenate'> = { slice, split, pad, concatenate };
