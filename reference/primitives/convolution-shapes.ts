/**
 * The sizes and axes of convolutions (spec/primitives/convolution.md): dimension numbers, padding by name, and what
 * these make of shapes.
 */
import { ArgumentError, ShapeError } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/host.ts';
import { inverse, range, show } from './axes.ts';

/** Which axes of the operands and of the result are what; JAX's names. */
export interface ConvDimensionNumbers {
  /** Batch, features, then the spatial axes. */
  readonly lhs_spec: Shape;
  /** Output features, input features, then the spatial axes in the same order. */
  readonly rhs_spec: Shape;
  /** Batch, features, then the spatial axes in the same order. */
  readonly out_spec: Shape;
}
/** Three words with a letter per axis, such as `['NHWC', 'HWIO', 'NHWC']`; null: `['NCHW', 'OIHW', 'NCHW']` in 2-D. */
export type ConvDimensions = readonly [lhs: string, rhs: string, out: string] | ConvDimensionNumbers | null;

export type Padding = readonly (readonly [low: number, high: number])[];
export type PaddingName = 'SAME' | 'SAME_LOWER' | 'VALID';

/** What says how windows go over a padded operand. */
export interface WindowParams {
  readonly window_strides: Shape;
  readonly padding: Padding;
  readonly lhs_dilation: Shape;
  readonly rhs_dilation: Shape;
}

export const pick = (shape: Shape, axes: Shape): number[] => axes.map((d) => shape[d]!);

/** The extent of n elements that are `dilation` apart. */
export const dilatedSize = (n: number, dilation: number): number => (n === 0 ? 0 : (n - 1) * dilation + 1);

/** The spatial sizes of an operand with holes between its elements and padding around them. */
export const paddedSizes = (space: Shape, { lhs_dilation, padding }: WindowParams): number[] =>
  space.map((n, d) => dilatedSize(n, lhs_dilation[d]!) + padding[d]![0] + padding[d]![1]);

/** How many positions a window has that fit. */
export const positionsOf = (space: Shape, window: Shape, p: WindowParams): number[] =>
  paddedSizes(space, p).map((n, d) =>
    Math.max(0, Math.floor((n - dilatedSize(window[d]!, p.rhs_dilation[d]!)) / p.window_strides[d]!) + 1),
  );

// ---- what the functions of lax take

/** The axes that the words of `['NCHW', 'OIHW', 'NCHW']` name. @throws ArgumentError */
export function convGeneralPermutations(words: readonly [string, string, string]): [number[], number[], number[]] {
  const letters = [...new Set(words[1])].filter((c) => !'OI'.includes(c));
  const axes = (word: string, first: string): number[] => {
    const wanted = [...first, ...letters];
    if (word.length !== wanted.length || !wanted.every((c) => word.split(c).length === 2)) {
      throw new ArgumentError(
        `dimension numbers [${words.join(', ')}]: each word must have every letter of [${wanted.join(', ')}] once, got ${word}`,
      );
    }
    return wanted.map((c) => word.indexOf(c));
  };
  return [axes(words[0], 'NC'), axes(words[1], 'OI'), axes(words[2], 'NC')];
}

/** Dimension numbers as lists of axes. @throws ArgumentError, ShapeError */
export function convDimensionNumbers(
  lhsShape: Shape,
  rhsShape: Shape,
  dimensions: ConvDimensions,
): ConvDimensionNumbers {
  if (dimensions !== null && 'lhs_spec' in dimensions) return dimensions;
  const rank = lhsShape.length;
  if (rhsShape.length !== rank) {
    throw new ShapeError(`a convolution takes operands of one rank, got ${show(lhsShape)} and ${show(rhsShape)}`);
  }
  if (dimensions === null) return { lhs_spec: range(rank), rhs_spec: range(rank), out_spec: range(rank) };
  const long = dimensions.find((word) => word.length !== rank);
  if (long !== undefined) throw new ArgumentError(`dimension numbers: ${long} must have one letter per axis: ${rank}`);
  const [lhs_spec, rhs_spec, out_spec] = convGeneralPermutations(dimensions);
  return { lhs_spec, rhs_spec, out_spec };
}

/** Padding that a name stands for, for windows of the given (dilated) sizes. @throws ArgumentError */
export function padtypeToPads(space: Shape, window: Shape, strides: Shape, padding: PaddingName): [number, number][] {
  if (padding === 'VALID') return space.map(() => [0, 0]);
  if (padding !== 'SAME' && padding !== 'SAME_LOWER') {
    throw new ArgumentError(`padding must be 'SAME', 'SAME_LOWER', 'VALID' or pairs, got ${String(padding)}`);
  }
  return space.map((n, d) => {
    const positions = Math.ceil(n / strides[d]!);
    const missing = Math.max(0, (positions - 1) * strides[d]! + window[d]! - n);
    const less = Math.floor(missing / 2);
    return padding === 'SAME' ? [less, missing - less] : [missing - less, less];
  });
}

/** Sizes as a result of these dimension numbers has them: given batch, features, spatial ones. */
export const arranged = (sizes: Shape, outSpec: Shape): number[] => pick(sizes, inverse(outSpec));

/** The shape of a convolution of operands in the order NCHW and OIHW, without dilation. */
export function convShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: Shape,
  padding: Padding | PaddingName,
  batchGroupCount: number = 1,
): number[] {
  const [space, window] = [lhsShape.slice(2), rhsShape.slice(2)];
  const pads = typeof padding === 'string' ? padtypeToPads(space, window, strides, padding) : padding;
  if (pads.length !== space.length) {
    throw new ShapeError(`padding must have one pair per spatial axis: ${space.length}, got ${pads.length}`);
  }
  const ones = space.map(() => 1);
  const p = { window_strides: strides, padding: pads, lhs_dilation: ones, rhs_dilation: ones };
  return [lhsShape[0]! / batchGroupCount, rhsShape[0]!, ...positionsOf(space, window, p)];
}

/** The shape of a convolution without dilation. */
export function convGeneralShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: Shape,
  padding: Padding | PaddingName,
  dimensions: ConvDimensions,
): number[] {
  const { lhs_spec, rhs_spec, out_spec } = convDimensionNumbers(lhsShape, rhsShape, dimensions);
  return arranged(convShapeTuple(pick(lhsShape, lhs_spec), pick(rhsShape, rhs_spec), strides, padding), out_spec);
}

/** The padding of a transposed convolution, from the window, the stride and the padding of the one that it transposes. */
export function convTransposePadding(
  window: number,
  stride: number,
  padding: 'SAME' | 'VALID' | readonly [number, number],
): [number, number] {
  if (typeof padding !== 'string') return [window - padding[0] - 1, window - padding[1] - 1];
  if (padding === 'VALID') return [window - 1, stride - 1 + Math.max(window - stride, 0)];
  const total = window + stride - 2;
  const low = stride > window - 1 ? window - 1 : Math.ceil(total / 2);
  return [low, total - low];
}

/** The shape of `convTranspose`. */
export function convTransposeShapeTuple(
  lhsShape: Shape,
  rhsShape: Shape,
  strides: Shape,
  padding: Padding | 'SAME' | 'VALID',
  dimensions: ConvDimensions,
): number[] {
  const { lhs_spec, rhs_spec, out_spec } = convDimensionNumbers(lhsShape, rhsShape, dimensions);
  const [lhs, rhs] = [pick(lhsShape, lhs_spec), pick(rhsShape, rhs_spec)];
  const window = rhs.slice(2);
  const pads =
    typeof padding === 'string' ? window.map((k, d) => convTransposePadding(k, strides[d]!, padding)) : padding;
  const ones = window.map(() => 1);
  const p = { window_strides: ones, padding: pads, lhs_dilation: strides, rhs_dilation: ones };
  return arranged([lhs[0]!, rhs[0]!, ...positionsOf(lhs.slice(2), window, p)], out_spec);
}

/** Products that each element of the result is a sum of. */
export const termsOf = (rhsShape: Shape, { rhs_spec }: ConvDimensionNumbers): number =>
  sizeOf(pick(rhsShape, rhs_spec.slice(1)));
