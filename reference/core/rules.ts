/**
 * What rules may call, as types only: the implementations lie above core and are passed in.
 */
import type * as LaxModule from '../lax.ts';
import type { Aval } from './host.ts';
import type { Jaxpr } from './jaxpr.ts';
import type { NDArray } from './ndarray.ts';
import type { AnyPrimitive, BatchAxis, Params } from './primitive.ts';

/** The functions of `lax`. */
export type Lax = typeof LaxModule;

/** Transformations of jaxprs, for the rules of higher-order primitives. Each memoises on the jaxpr's identity. */
export interface Transforms {
  readonly lax: Lax;
  bind(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[];
  /** Traces a function of flat arrays; closed-over tracers are an error here: rules close over nothing. */
  trace(f: (...args: NDArray[]) => readonly NDArray[], avals: readonly Aval[]): Jaxpr;
  /** The same for a function of a list: JavaScript cannot call a function with a hundred thousand arguments. */
  traceList(f: (args: readonly NDArray[]) => readonly NDArray[], avals: readonly Aval[]): Jaxpr;
  /** Runs a jaxpr under the current trace. */
  evaluate(jaxpr: Jaxpr, operands: readonly NDArray[]): readonly NDArray[];
  /**
   * `(x…, ẋ of those with nonzero[i]…) → (y…, ẏ of those with out[j]…)`. `force[j]`: result j shall have a tangent, zeros if need be.
   */
  jvp(
    jaxpr: Jaxpr,
    nonzero: readonly boolean[],
    force?: readonly boolean[],
  ): { readonly jaxpr: Jaxpr; readonly out: readonly boolean[] };
  /**
   * Splits by which inputs are known. `known`: known inputs → known results, residuals. `unknown`: residuals, unknown
   * inputs → unknown results. `forceUnknown[j]`: result j shall be unknown (a known value then passes as a residual).
   */
  partialEval(
    jaxpr: Jaxpr,
    known: readonly boolean[],
    forceUnknown?: readonly boolean[],
  ): {
    readonly known: Jaxpr;
    readonly unknown: Jaxpr;
    readonly knownResults: readonly boolean[];
    readonly residuals: readonly Aval[];
  };
  /**
   * `(known inputs…, cotangents of results with given[j]…) → cotangents of the linear inputs with out[i]…`.
   * `force`: every linear input shall have a cotangent, zeros if need be.
   */
  transpose(
    jaxpr: Jaxpr,
    linear: readonly boolean[],
    given: readonly boolean[],
    force?: boolean,
  ): { readonly jaxpr: Jaxpr; readonly out: readonly boolean[] };
  /** Batched inputs have the axis at 0, and so have the results with `out[j]`. `force[j]`: result j shall be batched. */
  batch(
    jaxpr: Jaxpr,
    batched: readonly boolean[],
    axis: BatchAxis,
    force?: readonly boolean[],
  ): { readonly jaxpr: Jaxpr; readonly out: readonly boolean[] };
  /** Drops what the used results do not need. The inputs with `inputs[i]` remain. */
  dce(jaxpr: Jaxpr, used: readonly boolean[]): { readonly jaxpr: Jaxpr; readonly inputs: readonly boolean[] };
}
