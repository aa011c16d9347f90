/** Random well-typed programs: chains over the primitive table with fan-out, under random compositions of transformations. */
import type { DType } from '../../reference/core/dtypes.ts';
import { aval, hostArray, sameShape, sizeOf } from '../../reference/core/host.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { bind } from '../../reference/core/trace.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { laws } from '../laws/index.ts';
import { TRANSFORMATIONS, type Transformation } from '../types.ts';
import { lawCase, type Unit, unitKey } from './case.ts';
import { hash32, RandomStream } from './random-stream.ts';
import { direction, NotApplicable, type Sample, transformed } from './sample.ts';

const { lax } = t;

type Step = (x: NDArray, y: NDArray, random: RandomStream) => NDArray;

const named =
  (name: PrimitiveName): Step =>
  (x, y) =>
    bind(primitives[name], primitives[name].operands.length === 1 ? [x] : [x, y], {})[0]!;

const axisOf = (x: NDArray, random: RandomStream): number => random.below(x.ndim);

/** Steps for operands x and y of one type; every step leads to an array of the same dtype and shape. */
const ANYWHERE: readonly Step[] = [
  ...(['add', 'sub', 'mul', 'max', 'min', 'neg', 'sign', 'abs'] as const).map(named),
  (x, y) => lax.select(lax.lt(x, y), y, x),
  (x, y) => lax.select(lax.eq(lax.max(x, y), x), x, y),
  (x, _, random) => lax.rev(x, [axisOf(x, random)]),
  (x, _, random) => lax.cumsum(x, axisOf(x, random)),
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.add(x, repeated(lax.reduceSum(y, { axes: [axis] }), y, axis));
  },
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.sub(x, repeated(lax.reduceMax(y, { axes: [axis] }), y, axis));
  },
  (x) => lax.reshape(lax.reshape(x, [x.size]), x.shape),
  (x, y, random) => {
    const axis = axisOf(x, random);
    const both = lax.concatenate([x, y], axis);
    const start = x.shape.map((_, d) => (d === axis ? random.below(x.shape[axis]! + 1) : 0));
    return lax.slice(
      both,
      start,
      x.shape.map((n, d) => start[d]! + n),
    );
  },
];

const OF_FLOATS: readonly Step[] = [
  ...(['sin', 'cos', 'tanh', 'logistic', 'floor', 'exp', 'div', 'erf'] as const).map(named),
  (x) => lax.sqrt(lax.abs(x)),
  (x) => lax.log1p(lax.mul(x, x)),
  (x, y) => (x.ndim === 2 && x.shape[0] === x.shape[1] ? lax.dot(x, y) : lax.mul(x, y)),
];

const repeated = (reduced: NDArray, like: NDArray, axis: number): NDArray =>
  lax.broadcastInDim(
    reduced,
    like.shape,
    like.shape.flatMap((_, d) => (d === axis ? [] : [d])),
  );

/** A program of some steps on two inputs, every step from any two of the values there are. */
export function randomProgram(dtype: DType, steps: number, random: RandomStream): Sample {
  const shape = random.pick([[3], [2, 3], [3, 3], [4, 1], [2, 2, 2]]);
  const type = aval(shape, dtype);
  const choices = dtype === 'int32' ? ANYWHERE : [...ANYWHERE, ...OF_FLOATS];
  const jaxpr = t.trace(
    (x, y) => {
      const values = [x, y];
      while (values.length < steps + 2) {
        const made = random.pick(choices)(random.pick(values.slice(-3)), random.pick(values), random);
        if (sameShape(made.shape, shape)) values.push(made);
      }
      return values.slice(-2);
    },
    [type, type],
  );
  const inputs = [0, 1].map(() =>
    dtype === 'int32'
      ? hostArray(
          dtype,
          shape,
          Array.from({ length: sizeOf(shape) }, () => random.below(2 ** 20) - 2 ** 19),
        )
      : direction({ shape, dtype }, random),
  );
  return { jaxpr, inputs, active: dtype === 'int32' ? [] : [0, 1] };
}

/** Steps of a program, as variants of ids name them. */
const SIZES = [3, 5, 8];

/** The units of random programs. `count`: programs per dtype, transformation and size. */
export function* randomUnits(count: number): Generator<Unit> {
  for (const dtype of ['float32', 'int32', 'float64'] as const) {
    const hows = TRANSFORMATIONS.filter((how) => dtype !== 'int32' || !/jvp|vjp/.test(how));
    for (const how of hows) yield randomUnit(dtype, how, count);
  }
}

function randomUnit(dtype: DType, transformation: Transformation, count: number): Unit {
  const key = unitKey('random', dtype, transformation);
  const law = transformation === 'jit' ? laws['jit-is-eager'] : laws.value;
  return {
    key,
    group: 'programs',
    law: law.name,
    subject: 'random',
    dtype,
    transformation,
    planned: SIZES.length * count,
    *cases(seed) {
      for (const steps of SIZES) {
        for (let index = 0; index < count; index++) {
          const stream = [hash32(seed, key, steps), index];
          const random = new RandomStream(...stream);
          const program = randomProgram(dtype, steps, random);
          try {
            const sample = transformed(program, transformation === 'jit' ? 'eval' : transformation, random);
            yield lawCase(key, `steps-${steps}`, law, sample, stream);
          } catch (error) {
            if (!(error instanceof NotApplicable)) throw error; // a program may be constant in its inputs
          }
        }
      }
    },
  };
}
