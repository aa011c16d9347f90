/** Arguments in place of closures (spec/transformations/custom-vjp.md). */
import { ArgumentError, ShapeError } from '../core/errors.ts';
import { sameAval, showAval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { flattenLike, unflatten } from '../core/tree.ts';
import { type AnyFunction, flattenArguments, flattenFunction, called } from './call.ts';
import { evaluate } from './evaluate.ts';
import { stage } from './staging.ts';

/**
 * `f`, for arguments like these, as a function that closes over no traced value, and the values that it closes over:
 * `converted(...args, ...closed)` is `f(...args)`. A function with a derivative of its own can so take another one as a
 * `nondiffArgnums` argument, and give cotangents of what that one closes over.
 *
 * @example
 * const [converted, closed] = closureConvert((x) => x.mul(scale), x); // where scale is traced
 * converted(x, ...closed);
 * @throws TreeError, ShapeError, ArgumentError if the result is called with arguments unlike these
 */
export function closureConvert(
  f: AnyFunction,
  ...like: readonly unknown[]
): [converted: (...args: unknown[]) => unknown, closed: readonly NDArray[]] {
  const where = called('closureConvert', f);
  const { arrays, treedef } = flattenArguments(like, where);
  const { flat, outTree } = flattenFunction(f, treedef, where);
  const { jaxpr, lifted } = stage(where, flat, arrays.map((x) => x.aval)); // prettier-ignore
  const tree = outTree();
  const converted = (...args: unknown[]): unknown => {
    const [own, closed] = [args.slice(0, like.length), args.slice(like.length)];
    if (closed.length !== lifted.length) {
      throw new ArgumentError(
        `${where}: it takes ${like.length} arguments and ${lifted.length} closed-over values, got ${args.length} in all`,
      );
    }
    const given = flattenArguments([...closed, ...flattenLike(own, treedef, where)], where).arrays;
    jaxpr.inAvals.forEach((wanted, i) => {
      const got = given[i]!.aval;
      if (sameAval(got, wanted)) return;
      const what = i < lifted.length ? `closed-over value ${i}` : `argument${treedef.paths()[i - lifted.length]}`;
      throw new ShapeError(`${where}: ${what} is ${showAval(got)}, expected ${showAval(wanted)}`);
    });
    return unflatten(tree, evaluate(jaxpr, given));
  };
  return [converted, lifted];
}
