import type { Jaxpr } from '../core/jaxpr.ts';
import { EtalonError, refuseExtra } from '../core/errors.ts';
import { type AnyFunction, flattenArguments, flattenFunction, type LooseArguments, called, nameOf } from './call.ts';
import { stage } from './staging.ts';

/**
 * The jaxpr of `f` at arguments of the given types (their values do not matter).
 *
 * @example
 * String(makeJaxpr((x) => np.sin(x).mul(2))(np.zeros([3])));
 * @throws ConcretizationError if `f` asks for a value
 */
export function makeJaxpr<F extends AnyFunction>(f: F, ...more: []): (...args: LooseArguments<Parameters<F>>) => Jaxpr {
  refuseExtra(more, 'makeJaxpr');
  const where = called('makeJaxpr', f);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat } = flattenFunction(f, treedef, where);
    const { jaxpr, lifted } = stage(
      nameOf(f),
      flat,
      arrays.map((x) => x.aval),
    );
    if (lifted.length > 0)
      throw new EtalonError(`${where}: the function closes over a traced value; pass it as an argument`);
    return jaxpr;
  };
}
