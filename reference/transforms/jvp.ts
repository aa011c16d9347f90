/**
 * Forward-mode differentiation: values become dual numbers, each equation is followed by its tangent equation
 * (spec/transformations/jvp.md). A tangent that is zero for structural reasons is `null` and costs nothing.
 */
import { escaped } from '../core/array.ts';
import { DifferentiationError } from '../core/errors.ts';
import { type Aval, type Complex, type HostData, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray, Nested } from '../core/ndarray.ts';
import type { AnyCollective } from '../core/collective.ts';
import type { AnyFirstOrder, AnyPrimitive, Params, Tangent } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { SourceLocation } from '../core/source.ts';
import {
  bind,
  type CustomCall,
  currentTrace,
  requireAlive,
  Trace,
  Tracer,
  withNewTrace,
  withTrace,
} from '../core/trace.ts';
import { derived } from './derived.ts';
import { evaluate } from './evaluate.ts';
import { flags, memoised } from './memo.ts';
import { stageClosed } from './staging.ts';

/** A dual number. What has a value under the parent trace has one here: `item()` and branching work. */
export class JvpTracer extends Tracer {
  readonly primal: NDArray;
  readonly tangent: NDArray;
  constructor(trace: JvpTrace, primal: NDArray, tangent: NDArray) {
    super(trace);
    this.primal = primal;
    this.tangent = tangent;
  }
  get aval(): Aval {
    return this.primal.aval;
  }
  #value(asked: string): NDArray {
    requireAlive(this, asked);
    return this.primal;
  }
  item(): number | bigint | boolean | Complex {
    return this.#value('item()').item();
  }
  dataSync(): HostData {
    return this.#value('dataSync()').dataSync();
  }
  js(): Nested {
    return this.#value('js()').js();
  }
  data(): Promise<HostData> {
    return this.#value('data()').data();
  }
  jsAsync(): Promise<Nested> {
    return this.#value('jsAsync()').jsAsync();
  }
  async blockUntilReady(): Promise<this> {
    await this.#value('blockUntilReady()').blockUntilReady();
    return this;
  }
  override toString(): string {
    return `Dual<${showAval(this.aval)}> of ${this.primal.toString()}`;
  }
}

export class JvpTrace extends Trace {
  readonly name: string = 'a differentiated function';
  readonly #parent: Trace;
  readonly #t: Transforms;
  constructor(parent: Trace, t: Transforms) {
    super();
    this.#parent = parent;
    this.#t = t;
  }

  /** A value with a tangent; the value itself where the tangent is zero. */
  dual(primal: NDArray, tangent: Tangent): NDArray {
    return tangent === null ? primal : new JvpTracer(this, primal, tangent);
  }

  /** Value and tangent of what may be a dual number of this trace. */
  split(x: NDArray): readonly [primal: NDArray, tangent: Tangent] {
    return x instanceof JvpTracer && x.trace === this ? [x.primal, x.tangent] : [x, null];
  }

  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const split = operands.map((x) => this.split(x));
    const primals = split.map(([p]) => p);
    const tangents = split.map(([, d]) => d);
    return withTrace(this.#parent, () => {
      if (tangents.every((d) => d === null)) return bind(primitive, primals, params);
      const { out, tangents: dy } = derived(() =>
        primitive.kind === 'higher-order'
          ? primitive.jvp(this.#t, primals, tangents, params)
          : SourceLocation.sharing(() => byOwnRule(this.#t, primitive, primals, tangents, params)),
      );
      return out.map((y, i) => {
        if (!dy[i]) escaped(y, 'user');
        return this.dual(y, dy[i] ?? null);
      });
    });
  }

  /** The user's code runs on values and tangents, which it may keep. */
  override call(custom: CustomCall, operands: readonly NDArray[]): readonly NDArray[] {
    const split = operands.map((x) => this.split(x));
    for (const x of split.flat()) if (x !== null) escaped(x, 'user');
    const primals = split.map(([p]) => p);
    const tangents = split.map(([, d]) => d);
    const outer = this.suspendedBy;
    this.suspendedBy = custom.where;
    try {
      return withTrace(this.#parent, () => {
        if (tangents.every((d) => d === null)) return this.#parent.call(custom, primals);
        const { out, tangents: dy } = custom.jvp(primals, tangents);
        return out.map((y, i) => this.dual(y, dy[i] ?? null));
      });
    } finally {
      this.suspendedBy = outer;
    }
  }
}

interface Dual {
  readonly out: readonly NDArray[];
  readonly tangents: readonly Tangent[];
}

function byOwnRule(
  { lax }: Transforms,
  primitive: AnyFirstOrder | AnyCollective,
  primals: readonly NDArray[],
  given: readonly Tangent[],
  params: Params,
): Dual {
  const out = bind(primitive, primals, params);
  const rule = primitive.differentiate;
  if ('zero' in rule) return { out, tangents: [] };
  for (const [i, because] of Object.entries(rule.undefinedIn ?? {})) {
    if (given[Number(i)]) throw new DifferentiationError(`${primitive.name}: ${because}`);
  }
  const operandAvals = primals.map((x) => x.aval);
  const active = new Set(rule.active(operandAvals, params));
  const tangents = given.map((d, i) => (active.has(i) ? d : null));
  if (tangents.every((d) => d === null)) return { out, tangents: [] };
  if (rule.jvp !== 'linear') return { out, tangents: rule.jvp(lax, primals, tangents, out, params) };
  const operands = primals.map((x, i) => (active.has(i) ? (tangents[i] ?? lax.zerosLike(x)) : x));
  return { out, tangents: bind(primitive, operands, params) };
}

/** Values and tangents of a function of flat arrays at one point. */
export function jvpFlat(
  t: Transforms,
  f: (args: readonly NDArray[]) => readonly NDArray[],
  primals: readonly NDArray[],
  tangents: readonly Tangent[],
): Dual {
  const trace = new JvpTrace(currentTrace(), t);
  const results = withNewTrace(trace, () => f(primals.map((x, i) => trace.dual(x, tangents[i]!))));
  const split = results.map((y) => trace.split(y));
  return { out: split.map(([y]) => y), tangents: split.map(([, d]) => d) };
}

interface JvpJaxpr {
  readonly jaxpr: Jaxpr;
  readonly out: readonly boolean[];
}
const memo = memoised<JvpJaxpr>();

/** See `Transforms.jvp`. */
export function jvpJaxpr(
  t: Transforms,
  jaxpr: Jaxpr,
  nonzero: readonly boolean[],
  force?: readonly boolean[],
): JvpJaxpr {
  return memo(jaxpr, flags(nonzero, force), () => {
    const n = jaxpr.inputs.length;
    let out: boolean[] = [];
    const dual = stageClosed(
      (args) => {
        let at = n;
        const tangents = nonzero.map((is) => (is ? args[at++]! : null));
        const result = jvpFlat(t, (xs) => evaluate(jaxpr, xs), args.slice(0, n), tangents);
        const dy = result.out.map((y, j) => result.tangents[j] ?? (force?.[j] ? t.lax.zerosLike(y) : null));
        out = dy.map((d) => d !== null);
        return [...result.out, ...dy.filter((d) => d !== null)];
      },
      [...jaxpr.inAvals, ...jaxpr.inAvals.filter((_, i) => nonzero[i])],
    );
    return { jaxpr: dual, out };
  });
}
