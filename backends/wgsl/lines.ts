/** Arrays as rows along one of their axes. */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';

export interface Lines {
  readonly count: number;
  readonly length: number;
  /** How far neighbours in a row are from each other. */
  readonly apart: number;
  /** Where the j-th element of row r is, in an array whose rows may be of another length. */
  at(k: Builder, r: Code, j: Code, shape?: Shape): Index;
}

export function linesAlong(shape: Shape, axis: number): Lines {
  const [outer, apart] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  return {
    count: outer * apart,
    length: shape[axis]!,
    apart,
    at(k, r, j, of = shape) {
      const [first, last] = Index.flat([outer, apart], r).dims(k);
      return Index.flat(of, Index.of([outer, of[axis]!, apart], [first!, j, last!]).flat(k));
    },
  };
}
