/**
 * Vectorisation: a function of one example becomes a function of many, by rewriting each equation to carry one more
 * axis (spec/transformations/vmap.md).
 */
import { escaped } from '../core/array.ts';
import type { Aval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { AnyCollective } from '../core/collective.ts';
import { UnboundAxisError } from '../core/errors.ts';
import { needsAxis, withAxis } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type AnyPrimitive, type BatchAxis, type Batched, inferAvals, type Params } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { bind, currentTrace, Trace, withNewTrace, withTrace } from '../core/trace.ts';
import { toFront } from '../primitives/axes.ts';
import { batchHigherOrder } from './checkify/batch.ts';
import { derived } from './derived.ts';
import { evaluate } from './evaluate.ts';
import { flags, memoised } from './memo.ts';
import { stageClosed } from './staging.ts';
import { ValuelessTracer } from './valueless.ts';

/** The type of one example. */
const laneOf = (aval: Aval, at: number | null): Aval =>
  at === null ? aval : { ...aval, shape: aval.shape.toSpliced(at, 1) };

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
    this.aval = laneOf(value.aval, axis);
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
      if (at.every((a) => a === null) && !this.#isNeededBy(primitive, params)) return bind(primitive, values, params);
      const { out, at: outAt } = derived(() => batchOne(this.#t, primitive, values, at, this.#axis, params));
      return out.map((y, i) => {
        if (outAt[i] === null) escaped(y, 'user');
        return this.tracer(y, outAt[i]!);
      });
    });
  }

  #isNeededBy(primitive: AnyPrimitive, params: Params): boolean {
    const { name } = this.#axis;
    return name !== null && needsAxis(primitive, params, name);
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
  if (primitive.kind === 'higher-order') return batchHigherOrder(t, primitive, values, at, axis, params);
  if (primitive.kind === 'collective' && params['axis_name'] === axis.name) {
    return resolve(t, primitive, values, at, axis, params);
  }
  if (primitive.batch !== 'elementwise') return primitive.batch(t.lax, values, at, axis, params);
  const together = at.every((a) => a === at[0]);
  const aligned = together ? values : values.map((x, i) => toFront(t.lax, x, at[i]!, axis));
  const out = bind(primitive, aligned, params);
  return { out, at: out.map(() => (together ? at[0]! : 0)) };
}

/** @throws UnboundAxisError if the equation was traced where the axis of that name had another size; ConstraintError */
function resolve(
  t: Transforms,
  collective: AnyCollective,
  values: readonly NDArray[],
  at: readonly (number | null)[],
  axis: BatchAxis,
  params: Params,
): Batched {
  const size = params['axis_size'];
  if (size !== axis.size) {
    throw new UnboundAxisError(
      `${collective.name} is over an axis '${axis.name}' of size ${String(size)}, but meets one of that name with size ${axis.size}; ` +
        'give the axes different names',
    );
  }
  const lanes = values.map(({ aval }, i) => laneOf(aval, at[i]!));
  inferAvals(collective, lanes, params);
  return collective.resolve(t.lax, values, at, axis, params);
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
  const results = withAxis(axis, () => withNewTrace(trace, () => f(args.map((x, i) => trace.tracer(x, at[i]!)))));
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
  return memo(jaxpr, `${axis.size}/${JSON.stringify(axis.name)}/${flags(batched, force)}`, () => {
    let out: boolean[] = [];
    const avals = jaxpr.inAvals.map((a, i) => (batched[i] ? { ...a, shape: [axis.size, ...a.shape] } : a));
    const wide = stageClosed((args) => {
      const at = batched.map((is) => (is ? 0 : null));
      const result = batchFlat(t, (xs) => evaluate(jaxpr, xs), args, at, axis);
      out = result.at.map((a, j) => a !== null || force?.[j] === true);
      return result.out.map((y, j) => (out[j] ? toFront(t.lax, y, result.at[j]!, axis) : y));
    }, avals);
    return { jaxpr: wide, out };
  });
}
