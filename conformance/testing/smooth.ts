/**
 * Random smooth functions of one vector, for the laws of transformations: straight-line programs whose steps are
 * elementwise functions, products, sums and loops, all bounded so that values stay moderate.
 */
import type * as FC from 'fast-check';
import { cond, scan } from '../../reference/transforms/control-flow.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { checkpoint } from '../../reference/transforms/checkpoint.ts';
import { jit } from '../../reference/transforms/jit.ts';
import { whileLoop } from '../../reference/transforms/loops.ts';
import * as lax from '../../reference/lax.ts';

type Step = (x: NDArray, y: NDArray) => NDArray;

const spread = (scalar: NDArray, like: NDArray): NDArray => lax.broadcastInDim(scalar, like.shape, []);
const mean = (x: NDArray): NDArray => lax.div(lax.reduceSum(x, [0]), x.shape[0]!);

/** Named so that counterexamples can be read. */
export const STEPS: Readonly<Record<string, Step>> = {
  sin: (x) => lax.sin(x),
  tanh: (x) => lax.tanh(x),
  logistic: (x) => lax.logistic(x),
  add: (x, y) => lax.mul(lax.add(x, y), 0.5),
  sub: (x, y) => lax.mul(lax.sub(x, y), 0.5),
  mul: (x, y) => lax.mul(x, y),
  div: (x, y) => lax.div(x, lax.add(lax.mul(y, y), 1)),
  rev: (x) => lax.rev(x, [0]),
  mean: (x, y) => lax.mul(y, spread(mean(x), y)),
  outer: (x, y) =>
    lax.tanh(
      lax.dotGeneral(
        lax.dotGeneral(x, y, [
          [[], []],
          [[], []],
        ]),
        y,
        [
          [[1], [0]],
          [[], []],
        ],
      ),
    ),
  jit: jit((x: NDArray, y: NDArray) => lax.mul(lax.cos(x), y)),
  scan: (x, y) => {
    const [carry] = scan(
      (c: NDArray, v: NDArray) => [lax.sin(lax.add(c, lax.mul(v, 0.5))), null],
      lax.slice(x, [0], [1]),
      lax.reshape(y, [y.shape[0]!, 1]),
    );
    return lax.mul(x, spread(lax.squeeze(carry, [0]), x));
  },
  while: (x, y) =>
    whileLoop(
      ({ i }: { i: NDArray; c: NDArray }) => lax.lt(i, lax.mul(lax.squeeze(lax.slice(x, [0], [1]), [0]), 2)),
      ({ i, c }: { i: NDArray; c: NDArray }) => ({ i: lax.add(i, 1), c: lax.sin(lax.mul(c, x)) }),
      { i: lax.full([], 0, x.dtype), c: y },
    ).c,
  checkpoint: checkpoint((x: NDArray, y: NDArray) => lax.mul(lax.sin(lax.sin(x)), lax.tanh(y))),
  stack: (x, y) => {
    const [, rows] = scan(
      (c: NDArray, v: NDArray) => [lax.mul(lax.add(c, v), 0.5), lax.mul(c, v)],
      lax.reduceSum(y, [0]),
      x,
      { reverse: true },
    );
    return rows;
  },
  cond: (x, y) =>
    cond(
      lax.gt(lax.squeeze(lax.slice(x, [0], [1]), [0]), 0.1),
      (a: NDArray, b: NDArray) => lax.mul(lax.sin(a), b),
      (a: NDArray) => lax.tanh(a),
      x,
      y,
    ),
};

export interface SmoothProgram {
  readonly steps: readonly (readonly [name: string, first: number, second: number])[];
}

/** A function of a vector to a vector of the same length. */
export function smoothFunction({ steps }: SmoothProgram): (x: NDArray) => NDArray {
  return (x) => {
    const values = [x];
    for (const [name, i, j] of steps) values.push(STEPS[name]!(values[i % values.length]!, values[j % values.length]!));
    return values.at(-1)!;
  };
}

export const smoothPrograms = (fc: typeof FC, maxSteps: number = 5): FC.Arbitrary<SmoothProgram> =>
  fc.record({
    steps: fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.nat(7), fc.nat(7)), {
      minLength: 1,
      maxLength: maxSteps,
    }),
  });

/** Vectors of moderate float64 numbers. */
export const smallVectors = (fc: typeof FC, length: number): FC.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });
