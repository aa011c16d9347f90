/** Evaluation that carries error bounds with the values, and so can be branched upon: `evaluateBounded(f, args)`. */
import { elements, type Aval, type Complex, type HostArray } from '../../reference/core/host.ts';
import { Jaxpr, Var } from '../../reference/core/jaxpr.ts';
import type { ConcreteArray } from '../../reference/core/array.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { type AnyPrimitive, type Bounded, inferAvals, type Params } from '../../reference/core/primitive.ts';
import { Trace, withNewTrace } from '../../reference/core/trace.ts';
import { carry } from '../../reference/transforms/error-bound.ts';
import { ValuelessTracer } from '../../reference/transforms/valueless.ts';

class BoundedArray extends ValuelessTracer {
  protected readonly advice: string = 'item() gives its value';
  readonly bounded: Bounded;
  readonly aval: Aval;
  constructor(trace: Trace, bounded: Bounded, aval: Aval) {
    super(trace);
    this.bounded = bounded;
    this.aval = aval;
  }
  override item(): number | bigint | boolean | Complex {
    return elements(this.bounded.value)(0);
  }
}

const exact = (value: HostArray): Bounded => ({ value, bound: null });
const boundedOf = (x: NDArray): Bounded =>
  x instanceof BoundedArray ? x.bounded : exact((x as ConcreteArray).toHost());

class BoundedTrace extends Trace {
  readonly name = 'an evaluation with error bounds';
  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    const inputs = operands.map((x) => new Var(x.aval));
    const avals = inferAvals(primitive, inputs.map((v) => v.aval), params); // prettier-ignore
    const outputs = avals.map((a) => new Var(a));
    const equations = [{ primitive, inputs, params, outputs, source: null }];
    const jaxpr = new Jaxpr({ constvars: [], consts: [], inputs, equations, outputs });
    return carry(jaxpr, operands.map(boundedOf), 'strict').map((b, i) => new BoundedArray(this, b, avals[i]!));
  }
}

/** The value of a function of arrays, with the bound of its rounding errors. */
export function evaluateBounded(f: (...args: NDArray[]) => NDArray, args: readonly NDArray[]): Bounded {
  const trace = new BoundedTrace();
  return withNewTrace(trace, () => boundedOf(f(...args.map((x) => new BoundedArray(trace, boundedOf(x), x.aval)))));
}
