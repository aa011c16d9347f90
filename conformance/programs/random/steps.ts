/** Steps of random programs that are one call of a primitive, of any in the table. */
import fc from 'fast-check';
import { type DType, isInexact } from '../../../reference/core/dtypes.ts';
import { avalOf, type HostArray, sizeOf } from '../../../reference/core/host.ts';
import type { NDArray } from '../../../reference/core/ndarray.ts';
import type { AnyFirstOrder, Call, Gen, Params, ShapeClass } from '../../../reference/core/primitive.ts';
import { transforms as t } from '../../../reference/transforms/rules.ts';
import { makeGen } from '../gen.ts';
import type { RandomStream } from '../random-stream.ts';
import type { Target } from './coverage.ts';
import { type Fit, fitted, type Growing, type Source } from './growing.ts';

/** The share of operands that come from the program, in the tries of a step: the others are new inputs. */
const TRIES = [0.9, 0.5, 0];

/** The generators of a cell, with moderate numbers where anything is allowed. */
function moderateGen(dtype: DType, shapeClass: ShapeClass): Gen {
  const gen = makeGen(fc, dtype, shapeClass);
  return {
    ...gen,
    array(of, shape, options = {}) {
      const isFree = options.min === undefined && options.max === undefined && isInexact(of);
      return gen.array(of, shape, isFree ? { min: -4, max: 4 } : { ...options, values: 'finite' });
    },
  };
}

/** A valid call for the target. */
export function drawCall({ primitive, dtype, shapeClass }: Target, random: RandomStream): Call<Params> {
  const calls = primitive.cases(moderateGen(dtype, shapeClass)) as fc.Arbitrary<Call<Params>>;
  return fc.sample(calls, { seed: random.below(2 ** 31), numRuns: 1 })[0]!;
}

/** Adds a call of the target's primitive, with operands from the program as far as its error bounds then say something. */
export function callStep(program: Growing, target: Target, random: RandomStream): boolean {
  const { primitive } = target;
  const { args, params } = drawCall(target, random);
  return TRIES.some((share) => {
    const drawn = args.map((arg, n): readonly [Source, Fit] => {
      const size = sizeOf(arg.shape);
      const live = isPlace(primitive, n) || size === 0 || !random.chance(share) ? null : program.pick(random, size);
      return live === null ? [arg, (x) => x] : [live, fitted(program.value(live), arg)];
    });
    const sources = drawn.map(([source]) => source);
    const jaxpr = t.trace((...xs) => {
      const operands = xs.map((x, n) => drawn[n]![1](x));
      const results = t.bind(primitive, operands.map(constantUnless(primitive, args, params)), params); // prettier-ignore
      return primitive.invariants?.(t.lax, results, params) ?? results;
    }, sources.map((s) => avalOf(program.value(s).value))); // prettier-ignore
    return program.add(jaxpr, sources);
  });
}

/** Cuts tangents off from operands that a primitive has no derivative in. */
function constantUnless(
  { differentiate }: AnyFirstOrder,
  args: readonly HostArray[],
  params: Params,
): (x: NDArray, n: number) => NDArray {
  const active = 'zero' in differentiate ? null : differentiate.active(args.map(avalOf), params);
  return (x, n) => (active === null || active.includes(n) || !isInexact(x.dtype) ? x : t.lax.stopGradient(x));
}

/** Indices say where, and parameters may promise something of them: they stay as they were drawn. */
function isPlace({ operands }: AnyFirstOrder, n: number): boolean {
  const isValue = (k: number): boolean => operands[Math.min(k, operands.length - 1)]!.dtypes.some(isInexact);
  return n > 0 && isValue(0) && !isValue(n);
}

/** Moderate numbers for a new input. */
export const drawArray = (dtype: DType, shape: readonly number[], random: RandomStream): HostArray =>
  fc.sample(moderateGen(dtype, 'odd').array(dtype, shape), { seed: random.below(2 ** 31), numRuns: 1 })[0]!;
