/**
 * Vectorisation: a function of one example becomes a function of many, by rewriting each equation to carry one more
 * axis (spec/transformations/vmap.md).
 */
import { escaped } from '../core/array.ts';
import { temporary } from '../core/scopes.ts';
import type { Aval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { AnyPrimitive, BatchAxis, Batched, Params } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { bind, currentTrace, Trace, withNewTrace, withTrace } from '../core/trace.ts';
import { toFront } from '../primitives/axes.ts';
import { evaluate } from './evaluate.ts';
import { flags, memoised } from './memo.ts';
import { stageClosed } from './staging.ts';
import { ValuelessTracer } from './valueless.ts';

const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, d) => d !== axis);

/** One example's view of a value that holds all of them along one axis. */
export class BatchTracer extends ValuelessTracer {
  protected readonly advice: string =
    'The examples of a batch have different values: use np.where(…) or lax.cond(…), which choose per example';
  readonly value: NDArray;
  /** Where the examples lie. */
  readonly axis: number;
  readonly aval: Aval;
  constructor(trace: BatchTrace, value: NDArray, axis: number) {
    super(trace);
    this.value = value;
    this.axis = axis;
    this.aval = { ...value.aval, shape: without(value.shape, axis) };
  }
}

export class BatchTrace extends Trace {
  readonly name: string = 'a vmapped function';
  readonly #parent: Trace;
  readonly #t: Transforms;
  readonly #axis: BatchAxis;
  constructor(parent: Trace, t: Transforms, axis: BatchAxis) {
    super();
    this.#parent = parent;
    this.#t = t;
    this.#axis = axis;
  }

  tracer(value: NDArray, at: number | null): NDArray {
    return at === null ? value : new BatchTracer(this, value, at);
  }

  split(x: NDArray): readonly [value: NDArray, at: number | null] {
    return x instanceof BatchTracer && x.trace === this ? [x.value, x.axis] : [x, null];
  }

  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const split = operands.map((x) => this.split(x));
    const values = split.map(([v]) => v);
    const at = split.map(([, a]) => a);
    return withTrace(this.#parent, () => {
      if (at.every((a) => a === null)) return bind(primitive, values, params);
      const { out, at: outAt } = temporary(() => batchOne(this.#t, primitive, values, at, this.#axis, params));
      return out.map((y, i) => {
        if (outAt[i] === null) escaped(y, 'user');
        return this.tracer(y, outAt[i]!);
      });
    });
  }
}

function batchOne(
  t: Transforms,
  primitive: AnyPrimitive,
  values: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
  params: Params,
): Batched {
  if (primitive.kind === 'higher-order') return primitive.batch(t, values, at, axis, params);
  if (primitive.batch !== 'elementwise') return primitive.batch(t.lax, values, at, axis, params);
  const together = at.every((a) => a === at[0]);
  const aligned = together ? values : values.map((x, i) => toFront(t.lax, x, at[i]!, axis));
  const out = bind(primitive, aligned, params);
  return { out, at: out.map(() => (together ? at[0]! : 0)) };
}

/** A function of flat arrays over a batch. */
export function batchFlat(
  t: Transforms,
  f: (args: readonly NDArray[]) => readonly NDArray[],
  args: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
): Batched {
  const trace = new BatchTrace(currentTrace(), t, axis);
  const results = withNewTrace(trace, () => f(args.map((x, i) => trace.tracer(x, at[i]!))));
  const split = results.map((y) => trace.split(y));
  return { out: split.map(([y]) => y), at: split.map(([, a]) => a) };
}

interface BatchJaxpr {
  readonly jaxpr: Jaxpr;
  readonly out: readonly boolean[];
}
const memo = memoised<BatchJaxpr>();

/** See `Transforms.batch`. */
export function batchJaxpr(
  t: Transforms,
  jaxpr: Jaxpr,
  batched: readonly boolean[],
  axis: BatchAxis,
  force?: readonly boolean[],
): BatchJaxpr {
  return memo(jaxpr, `${axis.size}/${axis.name ?? ''}/${flags(batched, force)}`, () => {
    let out: boolean[] = [];
    const avals = jaxpr.inAvals.map((a, i) => (batched[i] ? { ...a, shape: [axis.size, ...a.shape] } : a));
    const wide = stageClosed((...args) => {
      const at = batched.map((is) => (is ? 0 : null));
      const result = batchFlat(t, (xs) => evaluate(jaxpr, xs), args, at, axis);
      out = result.at.map((a, j) => a !== null || force?.[j] === true);
      return result.out.map((y, j) => (out[j] ? toFront(t.lax, y, result.at[j]!, axis) : y));
    }, avals);
    return { jaxpr: wide, out };
  });
}
