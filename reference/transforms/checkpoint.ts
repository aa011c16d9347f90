import { checkOptions, refuseExtra } from '../core/errors.ts';
import { bind } from '../core/trace.ts';
import { unflatten } from '../core/tree.ts';
import { checkpoint as checkpointPrimitive, type CheckpointPolicy } from '../primitives/higher-order/checkpoint.ts';
import { type AnyFunction, type Arrays, flattenArguments, flattenFunction, type LooseArguments, called } from './call.ts'; // prettier-ignore
import { stage } from './staging.ts';

export type { CheckpointPolicy } from '../primitives/higher-order/checkpoint.ts';

export interface CheckpointOptions {
  /** Which intermediate values are kept. Left out: none, `checkpointPolicies.nothingSaveable`. */
  readonly policy?: CheckpointPolicy;
}

/** What to keep between the forward and the backward pass of a checkpointed function. */
export const checkpointPolicies: {
  readonly everythingSaveable: CheckpointPolicy;
  readonly nothingSaveable: CheckpointPolicy;
  /** Products of matrices, which cost most to compute again. */
  readonly dotsSaveable: CheckpointPolicy;
  /** Products of matrices without batch axes, such as those with weights. */
  readonly dotsWithNoBatchDimsSaveable: CheckpointPolicy;
} = {
  everythingSaveable: () => true,
  nothingSaveable: () => false,
  dotsSaveable: ({ name }) => isProduct(name),
  dotsWithNoBatchDimsSaveable: ({ name }, params) =>
    name === 'dot_general' && (params['dimension_numbers'] as readonly (readonly number[])[][])[1]![0]!.length === 0,
};
const isProduct = (name: string): boolean => name === 'dot_general' || name === 'conv_general_dilated';

/**
 * `f`, of which reverse mode keeps the arguments only: what it needs of the values in between is computed again
 * (Chen et al., "Training deep nets with sublinear memory cost", 2016). No bit of the result or the gradient changes.
 *
 * @example
 * grad((x) => checkpoint((y) => np.sin(np.sin(y)))(x).sum())(np.ones([3]));
 */
export function checkpoint<F extends AnyFunction>(
  f: F,
  options: CheckpointOptions = {},
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>> {
  refuseExtra(more, 'checkpoint');
  // prettier-ignore
  checkOptions(options, ['policy'], 'checkpoint');
  const where = called('checkpoint', f);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const { jaxpr, lifted } = stage(where, flat, arrays.map((x) => x.aval), () => treedef.paths()); // prettier-ignore
    const results = bind(checkpointPrimitive, [...lifted, ...arrays], { jaxpr, policy: options.policy ?? null });
    return unflatten(outTree(), results) as Arrays<ReturnType<F>>;
  };
}
