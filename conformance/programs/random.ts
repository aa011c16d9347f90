/** Random well-typed programs: chains over the primitive table with fan-out, under random compositions of transformations. */
import { ANY, type DType, type DTypeKind, dtypes, isInexact } from '../../reference/core/dtypes.ts';
import { aval, buildElements, type Element, elementFrom, sameShape } from '../../reference/core/host.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { bind } from '../../reference/core/trace.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { laws } from '../laws/index.ts';
import { TRANSFORMATIONS, type Transformation } from '../types.ts';
import { attempted, lawCase, type Unit, unitKey } from './case.ts';
import { hash32, RandomStream } from './random-stream.ts';
import { direction, type Sample, transformed } from './sample.ts';

const { lax } = t;

type Step = (x: NDArray, y: NDArray, random: RandomStream) => NDArray;

const named =
  (name: PrimitiveName): Step =>
  (x, y) =>
    bind(primitives[name], primitives[name].operands.length === 1 ? [x] : [x, y], {})[0]!;

const axisOf = (x: NDArray, random: RandomStream): number => random.below(x.ndim);

/** Steps for operands x and y of one type; every step leads to an array of the same dtype and shape. */
const MOVES_AND_SUMS: readonly Step[] = [
  ...(['add', 'sub', 'mul'] as const).map(named),
  (x, _, random) => lax.rev(x, [axisOf(x, random)]),
  (x, _, random) => lax.cumsum(x, axisOf(x, random)),
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.add(x, repeated(lax.reduceSum(y, { axes: [axis] }), y, axis));
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

const OF_ORDERED: readonly Step[] = [
  ...MOVES_AND_SUMS,
  ...(['max', 'min'] as const).map(named),
  (x, y) => lax.select(lax.lt(x, y), y, x),
  (x, y) => lax.select(lax.eq(lax.max(x, y), x), x, y),
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.sub(x, repeated(lax.reduceMax(y, { axes: [axis] }), y, axis));
  },
];

const OF_SIGNED: readonly Step[] = [...OF_ORDERED, ...(['neg', 'sign', 'abs'] as const).map(named)];

const OF_COMPLEX: readonly Step[] = [
  ...MOVES_AND_SUMS,
  ...(['neg', 'sin', 'tanh', 'exp', 'div', 'conj'] as const).map(named),
  (x, y) => lax.complex(lax.real(x), lax.imag(y)),
  (x, y) => (x.ndim === 2 && x.shape[0] === x.shape[1] ? lax.dot(x, y) : lax.mul(x, y)),
];

const OF_FLOATS: readonly Step[] = [
  ...OF_SIGNED,
  ...(['sin', 'cos', 'tanh', 'logistic', 'floor', 'exp', 'div', 'erf'] as const).map(named),
  (x) => lax.sqrt(lax.abs(x)),
  (x) => lax.log1p(lax.mul(x, x)),
  (x, y) => (x.ndim === 2 && x.shape[0] === x.shape[1] ? lax.dot(x, y) : lax.mul(x, y)),
];

const STEPS_OF: Readonly<Record<DTypeKind, readonly Step[]>> = {
  float: OF_FLOATS,
  complex: OF_COMPLEX,
  int: OF_SIGNED,
  uint: OF_ORDERED,
  bool: [],
};

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
  const choices = STEPS_OF[dtypes[dtype].kind];
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
  const whole = (): Element => elementFrom(dtype, random.below(2 ** 20) - 2 ** 19);
  const inputs = [0, 1].map(() =>
    isInexact(dtype) ? direction({ shape, dtype }, random) : buildElements(dtype, shape, whole),
  );
  return { jaxpr, inputs, active: isInexact(dtype) ? [0, 1] : [] };
}

/** Steps of a program, as variants of ids name them. */
const SIZES = [3, 5, 8];

const MAIN: readonly DType[] = ['float32', 'int32', 'float64'];
/** One of each kind and size that differs. */
const ALL: readonly DType[] = [...MAIN, 'float16', 'bfloat16', 'uint8', 'int64', 'complex64'];
const DTYPES = ALL.filter((dtype) => ANY.includes(dtype));

/** The units of random programs. `count`: programs per dtype, transformation and size. */
export function* randomUnits(count: number): Generator<Unit> {
  for (const dtype of DTYPES) {
    const hows = TRANSFORMATIONS.filter((how) => isInexact(dtype) || !/jvp|vjp/.test(how));
    // Those that behave as another one get fewer.
    const share = MAIN.includes(dtype) ? count : Math.ceil(count / 3);
    for (const how of hows) yield randomUnit(dtype, how, share);
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
          const variant = `steps-${steps}`;
          const one = attempted(key, variant, stream, () => {
            const sample = transformed(program, transformation === 'jit' ? 'eval' : transformation, random);
            return lawCase(key, variant, law, sample, stream);
          });
          if (one !== null) yield one; // a program may be constant in its inputs
        }
      }
    },
  };
}
