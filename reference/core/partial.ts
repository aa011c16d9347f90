import { ArgumentError } from './errors.ts';

type AnyFunction = (...args: never[]) => unknown;

/** A function whose first arguments are given. */
export interface Partial<Rest extends readonly unknown[] = never[], R = unknown> {
  (...rest: Rest): R;
  readonly f: AnyFunction;
  readonly args: readonly unknown[];
}

/** The constructor returns a function of this class. */
class PartialFunction {
  static {
    Object.setPrototypeOf(PartialFunction.prototype, Function.prototype);
    Object.defineProperty(PartialFunction, 'name', { value: 'Partial' });
  }
  constructor(f: AnyFunction, ...args: readonly unknown[]) {
    if (typeof f !== 'function') throw new ArgumentError(`tree.Partial: expected a function, got ${String(f)}`);
    const inner: AnyFunction = f instanceof PartialFunction ? (f as Partial).f : f;
    const all = f instanceof PartialFunction ? [...(f as Partial).args, ...args] : args;
    const call = (...rest: readonly unknown[]): unknown => inner(...([...all, ...rest] as never[]));
    Object.defineProperty(call, 'name', { value: inner.name });
    Object.setPrototypeOf(call, PartialFunction.prototype);
    return Object.assign(call, { f: inner, args: all });
  }
}

/**
 * A function and its first arguments, as a tree whose leaves are those of the arguments: it passes through
 * transformations, which trace them (after JAX's `tree_util.Partial`). The function belongs to the structure, by identity.
 *
 * @example
 * const scale = new tree.Partial((w, x) => x.mul(w), np.array(3));
 * jit((f, x) => f(x))(scale, 2).item(); // 6
 * @throws ArgumentError if `f` is no function
 */
export const Partial: new <Given extends readonly unknown[], Rest extends readonly unknown[], R>(
  f: (...args: [...Given, ...Rest]) => R,
  ...args: Given
) => Partial<Rest, R> = PartialFunction as never;
