import { ArgumentError, checkOptions, refuseExtra } from '../../core/errors.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { temporary, withTemporaries } from '../../core/scopes.ts';
import { unflatten } from '../../core/tree.ts';
import { CATEGORIES, type Category } from '../../primitives/higher-order/check.ts';
import { type AnyFunction, type Arrays, called, flattenArguments, flattenFunction, type LooseArguments, nameOf } from '../call.ts'; // prettier-ignore
import { transforms } from '../rules.ts';
import { stage } from '../staging.ts';
import { ErrorValue } from './error.ts';
import { arraysOf, inOrder } from './outcome.ts';
import { rewriting, runChecked } from './rewrite.ts';

/** Kinds of checks; sets of them are joined with `union`. */
export type Checks = ReadonlySet<Category>;

/** What `check` says. */
export const userChecks: Checks = new Set(['user']);
/** An equation makes a NaN of operands that have none. */
export const nanChecks: Checks = new Set(['nan']);
/** `div` and `rem`, of integers and floats, with a zero among the divisors. */
export const divChecks: Checks = new Set(['div']);
/** An index of `gather`, a scatter or a dynamic slice is outside of the operand. */
export const indexChecks: Checks = new Set(['index']);
export const floatChecks: Checks = nanChecks.union(divChecks);
export const automaticChecks: Checks = floatChecks.union(indexChecks);
export const allChecks: Checks = automaticChecks.union(userChecks);

export interface CheckifyOptions {
  /** Which checks become values. Default: `userChecks`. */
  readonly errors?: Checks;
}

/**
 * `f` with its checks as values: `[error, f(...args)]` (spec/transformations/checkify.md). The results of `f` are those
 * that it has without, to the last bit; `error` says which check failed first.
 *
 * @example
 * const [error, y] = checkify.checkify((x) => np.log(x), { errors: checkify.nanChecks })(-1);
 * error.get(); // 'log made a NaN'
 * @throws ConcretizationError if `f` asks for a value: it is traced
 */
export function checkify<F extends AnyFunction>(
  f: F,
  options: CheckifyOptions = {},
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => [error: ErrorValue, value: Arrays<ReturnType<F>>] {
  refuseExtra(more, 'checkify');
  checkOptions(options, ['errors'], 'checkify');
  const where = called('checkify', f);
  const categories = categoriesOf(options.errors ?? userChecks, where);
  return (...args) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const { jaxpr, lifted } = stage(nameOf(f), flat, arrays.map((x) => x.aval)); // prettier-ignore
    const r = rewriting(transforms, { categories, automatic: true });
    const run = (): { out: readonly NDArray[]; error: ErrorValue } => {
      const { out, found } = runChecked(r, jaxpr, [...lifted, ...arrays]);
      return { out, error: new ErrorValue(inOrder(transforms.lax, found)) };
    };
    const { out, error } = withTemporaries(
      () => temporary(run),
      (made) => [...made.out, ...arraysOf(made.error.report.outcome)],
    );
    return [error, unflatten(outTree(), out) as Arrays<ReturnType<F>>];
  };
}

/** @throws ArgumentError for anything but a set of kinds of checks */
function categoriesOf(errors: unknown, where: string): Checks {
  const known = (x: unknown): boolean => (CATEGORIES as readonly unknown[]).includes(x);
  if (errors instanceof Set && [...(errors as Set<unknown>)].every(known)) return errors as Checks;
  throw new ArgumentError(
    `${where}: errors must be a set of checks, such as checkify.userChecks or checkify.floatChecks.union(checkify.indexChecks)`,
  );
}
