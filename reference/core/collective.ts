/**
 * The third type of primitive: what the lanes of a named axis do together (spec/transformations/collectives.md). No
 * backend sees one: the vmap that has the name replaces it by equations of whole arrays (`resolve`).
 */
import type { Aval } from './host.ts';
import type { NDArray } from './ndarray.ts';
import type { Batched, BatchAxis, BatchRule, ConstraintId, Differentiation, OperandSpec, ParamSchema } from './primitive.ts'; // prettier-ignore
import type { Lax } from './rules.ts';

type List<T> = readonly T[];

/** The axis of a collective. Its size stands beside its name, so that no rule has to ask what is in scope. */
export type NamedAxis = {
  readonly axis_name: string;
  readonly axis_size: number;
};
export const NAMED_AXIS: { readonly [K in keyof NamedAxis]: ParamSchema } = {
  axis_name: { type: 'string' },
  axis_size: { type: 'integer', minimum: 0 },
};

/** A primitive over one named axis. */
export interface Collective<Name extends string, P extends NamedAxis, C extends ConstraintId> {
  readonly name: Name;
  readonly spec: `spec/transformations/${string}.md#${NoInfer<Name>}`;
  readonly operands: List<OperandSpec>;
  /** A JSON-schema fragment per parameter. */
  readonly params: { readonly [K in keyof NoInfer<P>]: ParamSchema };
  readonly constraints: { readonly [K in C]: (operands: List<Aval>, params: P) => true | string };
  infer(operands: List<Aval>, params: P): List<Aval>;
  /** Exact with respect to ⟨y, ȳ⟩ summed over all lanes. */
  readonly differentiate: Differentiation<P>;
  /** Over an axis that is not its own: the lanes of its own axis get one more axis each. */
  readonly batch: BatchRule<P>;
  /** Over its own axis, also if no operand is batched: what the lanes get, in operations on whole arrays. */
  resolve(lax: Lax, operands: List<NDArray>, at: List<number | null>, axis: BatchAxis, params: P): Batched;
  /** Calls that break one constraint each. */
  readonly breaks: { readonly [K in NoInfer<C>]: { readonly operands: List<Aval>; readonly params: P } };
}

/** One with its parameter type forgotten. */
export type AnyCollective = Collective<string, any, any> & { readonly kind: 'collective' }; // eslint-disable-line @typescript-eslint/no-explicit-any

export type CollectivePrimitive<Name extends string, P extends NamedAxis, C extends ConstraintId> = Collective<
  Name,
  P,
  C
> & { readonly kind: 'collective' };

export const defineCollective = <const N extends string, P extends NamedAxis, C extends ConstraintId>(
  definition: Collective<N, P, C>,
): CollectivePrimitive<N, P, C> => Object.freeze({ ...definition, kind: 'collective' });
