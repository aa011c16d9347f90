/**
 * Long random programs whose values stay moderate, so that errors neither vanish nor explode on the way: steps of bounded
 * functions, loops, branches and calls (of such programs) among them. Nothing in them is computed in vain.
 */
import type { DType } from '../../reference/core/dtypes.ts';
import { type Aval, aval } from '../../reference/core/host.ts';
import { type Equation, Jaxpr, type Var } from '../../reference/core/jaxpr.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import type { Params } from '../../reference/core/primitive.ts';
import { SourceLocation } from '../../reference/core/source.ts';
import { bind } from '../../reference/core/trace.ts';
import { higherOrder } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { equationCount } from '../debug/parts.ts';
import type { RandomStream } from './random-stream.ts';
import { direction, type Sample } from './sample.ts';

const { lax } = t;

/** From arrays of one type, moderate ones, to another such array. */
type Step = (x: NDArray, y: NDArray, random: RandomStream) => NDArray;

const like = (reduced: NDArray, x: NDArray, axis: number): NDArray =>
  lax.broadcastInDim(reduced, x.shape, x.shape.flatMap((_, d) => (d === axis ? [] : [d]))); // prettier-ignore
const axisOf = (x: NDArray, random: RandomStream): number => random.below(x.ndim);
const size = (x: NDArray, axis: number): number => x.shape[axis]!;
/** Whether the first element is above the other's. */
const isAbove = (x: NDArray, y: NDArray): NDArray => {
  const first = (v: NDArray): NDArray => lax.reshape(lax.slice(v, v.shape.map(() => 0), v.shape.map(() => 1)), []); // prettier-ignore
  return lax.gt(first(x), first(y));
};

const STRAIGHT: readonly Step[] = [
  (x) => lax.sin(x),
  (x) => lax.cos(x),
  (x) => lax.tanh(x),
  (x) => lax.logistic(x),
  (x) => lax.erf(x),
  (x) => lax.exp(lax.neg(lax.abs(x))),
  (x) => lax.sqrt(lax.abs(x)),
  (x) => lax.log1p(lax.mul(x, x)),
  (x, y) => lax.mul(lax.add(x, y), 0.5),
  (x, y) => lax.mul(lax.sub(x, y), 0.75),
  (x, y) => lax.mul(x, lax.tanh(y)),
  (x, y) => lax.div(x, lax.add(lax.mul(y, y), 1)),
  (x, y) => lax.max(x, y),
  (x, y) => lax.min(x, lax.neg(y)),
  (x, y) => lax.select(lax.lt(x, y), x, lax.mul(y, 0.5)),
  (x, _, random) => lax.rev(x, [axisOf(x, random)]),
  (x, _, random) => {
    const axis = axisOf(x, random);
    return lax.div(lax.cumsum(x, axis), size(x, axis));
  },
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.sub(x, like(lax.div(lax.reduceSum(y, { axes: [axis] }), size(x, axis)), x, axis));
  },
  (x, y, random) => {
    const axis = axisOf(x, random);
    return lax.mul(lax.sub(x, like(lax.reduceMax(y, { axes: [axis] }), y, axis)), 0.5);
  },
  (x, y, random) => {
    const axis = axisOf(x, random);
    const start = x.shape.map((_, d) => (d === axis ? 1 : 0));
    return lax.slice(lax.concatenate([x, y], axis), start, x.shape.map((n, d) => start[d]! + n)); // prettier-ignore
  },
  (x, y) => (x.ndim === 2 && x.shape[0] === x.shape[1] ? lax.tanh(lax.dot(x, y)) : lax.mul(lax.cos(x), y)),
];

/** A program of some steps on two arrays of a type, with as many results. */
function body(type: Aval, random: RandomStream, depth: number): Jaxpr {
  const count = 2 + random.below(4);
  return t.trace((x, y) => {
    const values = [x, y];
    while (values.length < count + 2) values.push(step(values, random, depth));
    return values.slice(-2);
  }, [type, type]); // prettier-ignore
}

const NESTED: readonly ((x: NDArray, y: NDArray, random: RandomStream, depth: number) => NDArray)[] = [
  (x, y, random, depth) =>
    bind(higherOrder.jit, [x, y], { name: 'part', jaxpr: body(x.aval, random, depth), backend: null })[0]!,
  (x, y, random, depth) =>
    bind(higherOrder.checkpoint, [x, y], { jaxpr: body(x.aval, random, depth), policy: null })[1]!,
  (x, y, random, depth) => {
    const branches = [body(x.aval, random, depth), body(x.aval, random, depth)];
    return bind(higherOrder.cond, [lax.convertElementType(isAbove(x, y), 'int32'), x, y], { branches })[0]!;
  },
  (x, y, random, depth) => {
    const length = 3 + random.below(3);
    const params = {
      jaxpr: body(x.aval, random, depth),
      length,
      reverse: random.chance(0.3),
      num_consts: 0,
      num_carry: 1,
    };
    const [carry, rows] = bind(higherOrder.scan, [x, lax.broadcastInDim(y, [length, ...y.shape], y.shape.map((_, d) => d + 1))], params); // prettier-ignore
    return lax.sub(carry!, lax.div(lax.reduceSum(rows!, { axes: [0] }), length));
  },
  (x, y, random, depth) => {
    const [steps, count] = [body(x.aval, random, depth), aval([], 'int32')];
    const params = {
      cond_jaxpr: t.trace((i) => [lax.lt(i, 3)], [count, x.aval, x.aval]),
      body_jaxpr: t.trace((i, u, v) => [lax.add(i, 1), ...t.evaluate(steps, [u, v])], [count, x.aval, x.aval]),
      cond_nconsts: 0,
      body_nconsts: 0,
    };
    return bind(higherOrder.while, [lax.full([], 0, 'int32'), x, y], params)[1]!;
  },
];

/** One step in eight is a loop, a branch or a call. */
function step(values: readonly NDArray[], random: RandomStream, depth: number): NDArray {
  const [x, y] = [random.pick(values.slice(-4)), random.pick(values.slice(-12))];
  if (depth > 0 && random.chance(1 / 8)) return random.pick(NESTED)(x, y, random, depth - 1);
  return random.pick(STRAIGHT)(x, y, random);
}

/** A program of as many equations, nested ones counted (or a few more, where the last one is a loop). */
export function longProgram(dtype: DType, equations: number, random: RandomStream): Sample {
  const type = aval(random.pick([[3], [2, 3], [3, 3], [5]]), dtype);
  const whole = t.trace((x, y) => {
    const values = [x, y];
    while (values.length < equations) values.push(step(values, random, 2));
    return values.slice(-1);
  }, [type, type]); // prettier-ignore
  const jaxpr = numbered(firstOf(whole, equations));
  return { jaxpr, inputs: [direction(type, random), direction(type, random)], active: [0, 1] };
}

/** The first equations of a program; its results are what nothing else takes. */
function firstOf(jaxpr: Jaxpr, equations: number): Jaxpr {
  const kept: Equation[] = [];
  const part = (): Jaxpr => new Jaxpr({ ...jaxpr, equations: kept, outputs: [] });
  for (const equation of jaxpr.equations) {
    kept.push(equation);
    if (equationCount(part()) >= equations) break;
  }
  const taken = new Set(kept.flatMap((e) => e.inputs));
  const results = kept.flatMap((e) => e.outputs).filter((v: Var) => !taken.has(v));
  return new Jaxpr({ ...part(), outputs: results });
}

/** The equation's place in the text form as its line: `program:87:1`. */
export const lineOf = (number: number): string => `program:${number}:1`;

/** The program with `lineOf` its number as every equation's source. */
function numbered(jaxpr: Jaxpr): Jaxpr {
  let number = 0;
  const renumbered = (inner: Jaxpr): Jaxpr =>
    new Jaxpr({
      ...inner,
      equations: inner.equations.map((equation) => {
        const source = SourceLocation.of(lineOf(++number));
        const { primitive, params } = equation;
        if (primitive.kind !== 'higher-order') return { ...equation, source };
        const programs = primitive.subJaxprs(params).map(renumbered);
        return { ...equation, source, params: primitive.withSubJaxprs(params, programs) as Params };
      }),
    });
  return renumbered(jaxpr);
}
