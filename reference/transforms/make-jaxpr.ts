import type { Jaxpr } from '../core/jaxpr.ts';
import { checkOptions, EtalonError, refuseExtra } from '../core/errors.ts';
import { type AnyFunction, flattenArguments, flattenFunction, type LooseArguments, called } from './call.ts';
import { currentAxes, withAxes } from '../core/named-axes.ts';
import { stage } from './staging.ts';

export interface MakeJaxprOptions {
  /** Named axes that `f` runs in the scope of, the outermost first: `[['i', 8]]`. */
  readonly axisEnv?: readonly (readonly [name: string, size: number])[];
}

/**
 * The jaxpr of `f` at arguments of the given types (their values do not matter).
 *
 * @example
 * String(makeJaxpr((x) => np.sin(x).mul(2))(np.zeros([3])));
 * @throws ConcretizationError if `f` asks for a value
 */
export function makeJaxpr<F extends AnyFunction>(
  f: F,
  options: MakeJaxprOptions = {},
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => Jaxpr {
  refuseExtra(more, 'makeJaxpr');
  checkOptions(options, ['axisEnv'], 'makeJaxpr');
  const where = called('makeJaxpr', f);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat } = flattenFunction(f, treedef, where);
    const avals = arrays.map((x) => x.aval);
    const axes = (options.axisEnv ?? []).reduce((outer, [name, size]) => ({ name, size, outer }), currentAxes());
    const { jaxpr, lifted } = withAxes(axes, () => stage(where, flat, avals, () => treedef.paths()));
    if (lifted.length > 0)
      throw new EtalonError(`${where}: the function closes over a traced value; pass it as an argument`);
    return jaxpr;
  };
}
