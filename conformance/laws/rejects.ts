/** A call that breaks a constraint is refused, by an error that names the constraint. */
import { ConstraintError } from '../../reference/core/errors.ts';
import { type Aval, showAval } from '../../reference/core/host.ts';
import { type AnyPrimitive, inferAvals, type Params } from '../../reference/core/primitive.ts';
import type { Judgement } from './law.ts';

/** What is wrong, or null: the call was refused as it must be. */
export function refusal(primitive: AnyPrimitive, operands: readonly Aval[], params: Params, id: string): string | null {
  const call = `${primitive.name} of (${operands.map(showAval).join(', ')})`;
  try {
    inferAvals(primitive, operands, params);
  } catch (error) {
    if (error instanceof ConstraintError && error.primitive === primitive.name && error.id === id) return null;
    return `${call} breaks ${id}, but the error is: ${String(error).split('\n')[0]}`;
  }
  return `${call} breaks ${id}, but was accepted`;
}

/** One required error. */
export function judgeRefusal(
  primitive: AnyPrimitive,
  operands: readonly Aval[],
  params: Params,
  id: string,
): Judgement {
  const message = refusal(primitive, operands, params, id);
  const none = { element: null, jaxpr: null, inputs: [], expected: [], got: null, budgets: [], source: null };
  return { compared: 1, uncompared: 0, measured: null, wrong: message === null ? null : { message, ...none } };
}
