/**
 * Partial evaluation: what depends on known values only is computed now, the rest is recorded as a jaxpr over the
 * unknown ones; values that the rest needs are its residuals (spec/transformations/vjp.md). With `jvp` it makes
 * linearisation: the tangents are the unknowns.
 */
import { ConcreteArray, retained } from '../core/array.ts';
import type { Aval } from '../core/host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type AnyPrimitive, inferAvals, type Params, type Tangent } from '../core/primitive.ts';
import type { Transforms } from '../core/rules.ts';
import { SourceLocation } from '../core/source.ts';
import { bind, type CustomCall, currentTrace, Trace, withNewTrace, withTrace } from '../core/trace.ts';
import { dceJaxpr } from './dce.ts';
import { evaluate } from './evaluate.ts';
import { JvpTrace } from './jvp.ts';
import { flags, memoised } from './memo.ts';
import { stageClosed } from './staging.ts';
import { ValuelessTracer } from './valueless.ts';

/** A value that waits. */
class UnknownTracer extends ValuelessTracer {
  protected readonly advice: string = 'A tangent has no value while a function is being linearised';
  readonly variable: Var;
  constructor(trace: PartialTrace, variable: Var) {
    super(trace);
    this.variable = variable;
  }
  get aval(): Aval {
    return this.variable.aval;
  }
}

class PartialTrace extends Trace {
  readonly name: string = 'a linearised function';
  readonly parent: Trace;
  readonly #t: Transforms;
  readonly #equations: Equation[] = [];
  /** How a value that is needed later is kept. */
  readonly #keep: (x: NDArray) => NDArray;
  /** Known values that recorded equations use. */
  readonly #residuals = new Map<NDArray, { readonly variable: Var; readonly value: NDArray }>();

  constructor(parent: Trace, t: Transforms, keep: (x: NDArray) => NDArray = (x) => x) {
    super();
    this.parent = parent;
    this.#t = t;
    this.#keep = keep;
  }

  unknown(variable: Var): NDArray {
    return new UnknownTracer(this, variable);
  }

  isUnknown(x: NDArray): x is UnknownTracer {
    return x instanceof UnknownTracer && x.trace === this;
  }

  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const known = operands.map((x) => !this.isUnknown(x));
    if (known.every(Boolean)) return withTrace(this.parent, () => this.#known(primitive, operands, params));
    if (primitive.kind === 'higher-order' && known.some(Boolean)) {
      const split = primitive.partialEval(this.#t, known, params);
      if (split !== null) {
        const now = withTrace(this.parent, () =>
          bind(
            primitive,
            split.knownInputs.map((i) => operands[i]!),
            split.known as Params,
          ),
        );
        const residuals = now.slice(split.knownResults.filter(Boolean).length);
        const waiting = this.#record(
          primitive,
          split.unknownInputs.map((from) => ('operand' in from ? operands[from.operand]! : residuals[from.residual]!)),
          split.unknown as Params,
        );
        const later = waiting.filter((_, i) => split.unknownResults?.[i] ?? true);
        let [k, u] = [0, 0];
        return split.knownResults.map((is) => (is ? now[k++]! : later[u++]!));
      }
    }
    return this.#record(primitive, operands, params);
  }

  override call(custom: CustomCall, operands: readonly NDArray[]): readonly NDArray[] {
    if (operands.some((x) => this.isUnknown(x))) return custom.bind(operands);
    return withTrace(this.parent, () => this.parent.call(custom, operands));
  }

  #known(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const zeros = primitive.kind === 'higher-order' ? primitive.known?.(this.#t, params) : undefined;
    return zeros ?? bind(primitive, operands, params);
  }

  #record(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const inputs = operands.map((x) => this.atom(x));
    const avals = inferAvals(
      primitive,
      inputs.map((x) => x.aval),
      params,
    );
    const outputs = avals.map((a) => new Var(a));
    this.#equations.push({ primitive, inputs, params, outputs, source: SourceLocation.capture() });
    return outputs.map((v) => this.unknown(v));
  }

  atom(x: NDArray): Atom {
    if (this.isUnknown(x)) return x.variable;
    const value = x instanceof ConcreteArray ? x.hostValue : null;
    if (x.ndim === 0 && value !== null) return new Literal(x.aval, value);
    let residual = this.#residuals.get(x);
    if (residual === undefined) {
      residual = { variable: new Var(x.aval), value: this.#keep(x) };
      this.#residuals.set(x, residual);
    }
    return residual.variable;
  }

  /** The recorded rest: `residuals, inputs → outputs`, without what the outputs do not need. */
  rest(inputs: readonly Var[], outputs: readonly Atom[]): { jaxpr: Jaxpr; residuals: readonly NDArray[] } {
    const residuals = [...this.#residuals.values()];
    const whole = new Jaxpr({
      constvars: [],
      consts: [],
      inputs: [...residuals.map((r) => r.variable), ...inputs],
      equations: this.#equations,
      outputs,
    });
    const { jaxpr, inputs: needed } = dceJaxpr(
      this.#t,
      whole,
      outputs.map(() => true),
    );
    const kept = residuals.filter((_, i) => needed[i]);
    const parts = { ...jaxpr, inputs: [...kept.map((r) => r.variable), ...inputs] };
    return { jaxpr: new Jaxpr(parts), residuals: kept.map((r) => r.value) };
  }
}

export interface Linearised {
  readonly out: readonly NDArray[];
  /** `residuals, tangents of the active arguments → tangents of the results with a derivative`. */
  readonly jaxpr: Jaxpr;
  readonly residuals: readonly NDArray[];
  /** Which results have a tangent; the others' are zero. */
  readonly nonzero: readonly boolean[];
}

/** The value of a function of flat arrays, and its derivative there as a linear jaxpr. */
export function linearizeFlat(
  t: Transforms,
  f: (args: readonly NDArray[]) => readonly NDArray[],
  primals: readonly NDArray[],
  active: readonly boolean[],
): Linearised {
  const partial = new PartialTrace(currentTrace(), t, retained);
  const inputs = primals.map((x) => new Var({ ...x.aval, weak: false }));
  const jvp = new JvpTrace(partial, t);
  const split = withNewTrace(partial, () => {
    const args = primals.map((x, i) => jvp.dual(x, active[i] ? partial.unknown(inputs[i]!) : null));
    return withNewTrace(jvp, () => f(args)).map((y) => jvp.split(y));
  });
  const tangents: Tangent[] = split.map(([, d]) => d);
  const { jaxpr, residuals } = partial.rest(
    inputs.filter((_, i) => active[i]),
    tangents.filter((d) => d !== null).map((d) => partial.atom(d)),
  );
  return { out: split.map(([y]) => y), jaxpr, residuals, nonzero: tangents.map((d) => d !== null) };
}

interface Split {
  readonly known: Jaxpr;
  readonly unknown: Jaxpr;
  readonly knownResults: readonly boolean[];
  readonly residuals: readonly Aval[];
}
const memo = memoised<Split>();

/** See `Transforms.partialEval`. */
export function partialEvalJaxpr(
  t: Transforms,
  jaxpr: Jaxpr,
  known: readonly boolean[],
  forceUnknown?: readonly boolean[],
): Split {
  return memo(jaxpr, flags(known, forceUnknown), () => {
    let later!: Omit<Split, 'known'>;
    const first = stageClosed(
      (args) => {
        const trace = new PartialTrace(currentTrace(), t);
        const waiting = jaxpr.inAvals.map((a) => new Var(a));
        let at = 0;
        const operands = waiting.map((v, i) => (known[i] ? args[at++]! : trace.unknown(v)));
        const results = withNewTrace(trace, () => evaluate(jaxpr, operands));
        const knownResults = results.map((y, j) => !trace.isUnknown(y) && forceUnknown?.[j] !== true);
        const made = trace.rest(
          waiting.filter((_, i) => !known[i]),
          results.filter((_, j) => !knownResults[j]).map((y) => trace.atom(y)),
        );
        later = { unknown: made.jaxpr, knownResults, residuals: made.residuals.map((x) => x.aval) };
        return [...results.filter((_, j) => knownResults[j]), ...made.residuals];
      },
      jaxpr.inAvals.filter((_, i) => known[i]),
    );
    return { known: first, ...later };
  });
}
