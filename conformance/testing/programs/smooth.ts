/** Random functions of vectors that are smooth wherever they are evaluated, for tests of one transformation. */
import type * as FC from 'fast-check';
import type { DType } from '../../../reference/core/dtypes.ts';
import type { NDArray } from '../../../reference/core/ndarray.ts';
import { type Program, programs, run } from './random.ts';
import { structured } from './structured.ts';

const LENGTH = 3;

/** Programs without roots, which have no derivative at 0. */
export const smoothPrograms = (fc: typeof FC): FC.Arbitrary<Program> =>
  programs(fc, { depth: 1, steps: 3, customVjps: 'none', without: ['root', 'roots'] });

/** A program as a function of a vector of three to another one. */
export const smoothFunction =
  (program: Program, dtype: DType = 'float64'): ((x: NDArray) => NDArray) =>
  (x) =>
    run(structured(LENGTH, dtype), program, [x]);

/** Vectors of moderate numbers. */
export const smallVectors = (fc: typeof FC): FC.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: LENGTH, maxLength: LENGTH });
