/** linearTranspose and evalShape (spec/transformations/linear-transpose.md, make-jaxpr.md). */
import { isInexact } from '../core/dtypes.ts';
import { DifferentiationError } from '../core/errors.ts';
import type { Aval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { temporary, withTemporaries } from '../core/scopes.ts';
import { unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { type AnyFunction, type Arrays, flattenArguments, flattenFunction, type Loose, type LooseArguments, called } from './call.ts'; // prettier-ignore
import { requireInexact } from './differentiable.ts';
import { matching } from './grad.ts';
import { transforms } from './rules.ts';
import { stage } from './staging.ts';
import { backward } from './transpose.ts';

/**
 * The transpose of a function that is linear in all its arguments: from a cotangent of the result to those of the
 * arguments, of which only shapes and dtypes matter.
 *
 * @example
 * const f = (x) => np.dot(matrix, x);
 * const [back] = linearTranspose(f, np.zeros([3]))(np.ones([2])); // matrixᵀ · ones
 * @throws DifferentiationError if f is not linear
 */
export function linearTranspose<F extends AnyFunction>(
  f: F,
  ...like: LooseArguments<Parameters<F>>
): (cotangent: Loose<Arrays<ReturnType<F>>>) => Arrays<Parameters<F>> {
  const where = called('linearTranspose', f);
  const { arrays, treedef } = flattenArguments(like, where);
  requireInexact(arrays, like.map((_, i) => i), treedef, where); // prettier-ignore
  const { flat, outTree } = flattenFunction(f, treedef, where);
  const { jaxpr, lifted } = stage(where, flat, arrays.map((x) => ({ ...x.aval, weak: false })), () => treedef.paths()); // prettier-ignore
  const linear = jaxpr.inputs.map((_, i) => i >= lifted.length);
  jaxpr.outAvals.forEach((y) => {
    if (!isInexact(y.dtype)) throw new DifferentiationError(`${where}: the result is ${y.dtype}, so it is not linear`);
  });
  return (cotangent) => {
    const results = jaxpr.outputs;
    const cts = withTemporaries(
      () =>
        temporary(() => {
          const given = matching(cotangent, results, outTree(), `${where} cotangent`);
          const back = backward(transforms, jaxpr, linear, lifted, given);
          return back.map((ct, i) => ct ?? lax.zerosLike(arrays[i]!));
        }),
      (list) => list,
    );
    return unflatten(treedef, cts) as Arrays<Parameters<F>>;
  };
}

/** Shape and dtype of an array. */
export type ShapeOf<T> = T extends NDArray | number ? Aval : { readonly [K in keyof T]: ShapeOf<T[K]> };

/**
 * The shapes and dtypes that `f` gives for arguments like these; nothing is computed.
 *
 * @example
 * evalShape(np.dot, np.zeros([2, 3]), np.zeros([3])).shape; // [2]
 */
export function evalShape<F extends AnyFunction>(f: F, ...like: LooseArguments<Parameters<F>>): ShapeOf<ReturnType<F>> {
  const where = called('evalShape', f);
  const { arrays, treedef } = flattenArguments(like, where);
  const { flat, outTree } = flattenFunction(f, treedef, where);
  const { jaxpr } = stage(where, flat, arrays.map((x) => x.aval), () => treedef.paths()); // prettier-ignore
  return unflatten(outTree(), jaxpr.outAvals) as ShapeOf<ReturnType<F>>;
}
