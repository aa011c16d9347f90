/**
 * Lowering tables (spec/backend.md#lowerings): what a backend that computes one primitive at a time says of each. The
 * table answers for every first-order primitive by type, so that a new one cannot be forgotten, and `supports` is read
 * off it, so that it cannot disagree with what is computed.
 */
import { type BackendDefinition, type Capabilities, gap, type Gap } from '../reference/core/backend.ts';
import type { Aval } from '../reference/core/host.ts';
import type { AnyFirstOrder, AnyHigherOrder, Params, RunnablePrimitive } from '../reference/core/primitive.ts';
import { type ParamsOf, type PrimitiveName, primitives } from '../reference/primitives/index.ts';

/** Computes one primitive. `Context` is what the backend computes with, V and R its handles of operands and results. */
export type Lower<Context, V, R, P> = (
  context: Context,
  operands: readonly V[],
  params: P,
  results: readonly Aval[],
) => readonly R[];

/** A lowering that does not take every call. */
export interface PartialLowering<Context, V, R, P> {
  /** Why the backend does not compute a call; null: it does. Pure. */
  gap(operands: readonly Aval[], params: P): string | null;
  readonly lower: Lower<Context, V, R, P>;
}

export type Lowering<Context, V, R, P> = Lower<Context, V, R, P> | PartialLowering<Context, V, R, P> | Gap;

export type Lowerings<Context, V, R = V> = {
  readonly [N in PrimitiveName]: Lowering<Context, V, R, ParamsOf<N>>;
};

/** Fills the rest of a partial table with gaps, so that new primitives break nobody. */
export function withGaps<Context, V, R>(partial: Partial<Lowerings<Context, V, R>>): Lowerings<Context, V, R> {
  const missing = gap('not written yet');
  const rest = Object.fromEntries(Object.keys(primitives).map((name) => [name, missing]));
  return { ...(rest as Lowerings<Context, V, R>), ...partial };
}

/**
 * `supports`, from a table. `values` says why the backend cannot hold a value of a type (null: it can); it is asked for
 * every operand and result, those of higher-order primitives included. Without `syncRead`, nothing can be shown to
 * JavaScript, nothing checked, and nothing decided, in the middle of a program. `own`: the higher-order primitives that the
 * backend has ways of its own for, which need neither values on the host nor the calls of the primitive's `evaluate`.
 */
export function supportsFrom<Context, V, R>(
  table: Lowerings<Context, V, R>,
  values: (type: Aval) => string | null,
  { syncRead }: Capabilities = { syncRead: true },
  own: ReadonlySet<string> = new Set(),
): BackendDefinition['supports'] {
  const gapIn = (primitive: RunnablePrimitive, operands: readonly Aval[], params: Params): string | null =>
    (syncRead ? null : gapOfReading(primitive, params)) ?? gapOf(table, primitive, operands, params);
  return (primitive, operands, params) => {
    const reason =
      firstReason([...operands, ...primitive.infer(operands, params)], values) ??
      (own.has(primitive.name) ? null : gapIn(primitive, operands, params));
    return reason === null ? true : gap(reason);
  };
}

function firstReason(types: readonly Aval[], values: (type: Aval) => string | null): string | null {
  for (const type of types) {
    const reason = values(type);
    if (reason !== null) return reason;
  }
  return null;
}

function gapOfReading(primitive: RunnablePrimitive, params: Params): string | null {
  if (primitive.kind !== 'higher-order') return null;
  const shows = primitive.subJaxprs(params).length === 0 && primitive.effects(params).size > 0;
  const decides = primitive.name === 'while' || primitive.name === 'cond';
  return shows || decides ? 'values cannot be read while a program runs' : null;
}

function gapOf<Context, V, R>(
  table: Lowerings<Context, V, R>,
  primitive: RunnablePrimitive,
  operands: readonly Aval[],
  params: Params,
): string | null {
  if (primitive.kind === 'higher-order') return gapOfMoves(table, primitive, operands, params);
  const lowering = entry(table, primitive);
  if (typeof lowering === 'function') return null;
  return typeof lowering.gap === 'string' ? lowering.gap : lowering.gap(operands, params);
}

/** The equations within it are asked one by one; what its own evaluation needs beside them is asked here. */
function gapOfMoves<Context, V, R>(
  table: Lowerings<Context, V, R>,
  primitive: AnyHigherOrder,
  operands: readonly Aval[],
  params: Params,
): string | null {
  for (const move of primitive.moves?.(operands, params) ?? []) {
    const reason = gapOf(table, primitives[move.primitive as PrimitiveName], move.operands, move.params);
    if (reason !== null) return `it takes ${move.primitive}: ${reason}`;
  }
  return null;
}

/** The function that computes a primitive. */
export function lowererOf<Context, V, R>(
  table: Lowerings<Context, V, R>,
  primitive: AnyFirstOrder,
): Lower<Context, V, R, Params> {
  const lowering = entry(table, primitive);
  if (typeof lowering === 'function') return lowering;
  if ('lower' in lowering) return lowering.lower;
  throw new Error(`${primitive.name} is a gap: ${lowering.gap}`);
}

/** The entry of a primitive, the type of its parameters forgotten: an equation carries those of its own primitive. */
const entry = <Context, V, R>(
  table: Lowerings<Context, V, R>,
  primitive: AnyFirstOrder,
): Lowering<Context, V, R, Params> => table[primitive.name as PrimitiveName] as Lowering<Context, V, R, Params>;
