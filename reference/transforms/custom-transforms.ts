/** Derivatives of your own in the style of JAX 0.1 (spec/transformations/custom-jvp.md#in-the-style-of-jax-01). */
import { callback } from '../core/arguments.ts';
import { ArgumentError, refuseExtra } from '../core/errors.ts';
import { unflatten } from '../core/tree.ts';
import { type AnyFunction, type Arrays, flattenArguments, flattenFunction, type LooseArguments, called, type Tree } from './call.ts'; // prettier-ignore
import { type ArgumentJvpRule, customJvp } from './custom-jvp.ts';
import { customVjp } from './custom-vjp.ts';

/** A function to which a derivative can be given. */
export type CustomTransforms<F extends AnyFunction> = (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>>;

/** `(cotangent, value, ...primals)` → the cotangent of one argument. */
export type ArgumentVjpRule = (cotangent: Tree, value: Tree, ...primals: Tree[]) => unknown;

/** What each function of customTransforms was made of, and how to replace what it does. */
const made = new WeakMap<object, { readonly f: AnyFunction; use(next: AnyFunction): void }>();

/**
 * `f`, ready for `defjvp`, `defjvpAll`, `defvjp` or `defvjpAll`. Until one of them is called it differentiates as `f`
 * does; the last call counts.
 *
 * @example
 * const f = customTransforms((x) => np.sin(x.mul(x)));
 * defvjp(f, (ct, value, x) => ct.mul(x));
 * grad(f)(3); // 3
 */
export function customTransforms<F extends AnyFunction>(f: F, ...more: []): CustomTransforms<F> {
  refuseExtra(more, 'customTransforms');
  const where = called('customTransforms', f);
  let now: AnyFunction = (...args: unknown[]) => {
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const results = flat(arrays);
    return unflatten(outTree(), results);
  };
  const call = (...args: unknown[]): unknown => now(...args);
  made.set(call, { f, use: (next) => (now = next) });
  return call as CustomTransforms<F>;
}

/** @throws ArgumentError unless each is a function or null */
const checkRules = (rules: readonly unknown[], name: string): void =>
  rules.forEach((rule, i) => rule === null || callback(rule, `${name}: rule ${i}`));

function redefine(name: string, fun: AnyFunction, define: (f: AnyFunction) => AnyFunction): void {
  const own = made.get(fun);
  if (own === undefined) throw new ArgumentError(`${name}: the first argument must come from customTransforms`);
  own.use(define(own.f));
}

/** `rule(primals, tangents)` gives `[value, tangent]`, as for `customJvp`. */
export function defjvpAll(
  fun: AnyFunction,
  rule: (primals: Tree, tangents: Tree) => readonly [unknown, unknown],
  ...more: []
): void {
  refuseExtra(more, 'defjvpAll');
  callback(rule, 'defjvpAll: rule');
  redefine('defjvpAll', fun, (f) => {
    const custom = customJvp(f);
    custom.defjvp(rule);
    return custom as AnyFunction;
  });
}

/** One rule per argument, `(tangent, value, ...primals)`, whose results add up; null: the argument contributes none. */
export function defjvp(fun: AnyFunction, ...rules: readonly (ArgumentJvpRule | null)[]): void {
  checkRules(rules, 'defjvp');
  redefine('defjvp', fun, (f) => {
    const custom = customJvp(f);
    custom.defjvps(...rules);
    return custom as AnyFunction;
  });
}

/** `rule(...args)` gives `[value, pull]`, and `pull(cotangent)` the list of the cotangents of the arguments. */
export function defvjpAll(
  fun: AnyFunction,
  rule: (...args: Tree[]) => readonly [value: unknown, pull: (cotangent: Tree) => readonly unknown[]],
  ...more: []
): void {
  refuseExtra(more, 'defvjpAll');
  callback(rule, 'defvjpAll: rule');
  redefine('defvjpAll', fun, (f) => {
    const custom = customVjp(f);
    custom.defvjp((...args: unknown[]) => [rule(...args)[0], args], (args: readonly unknown[], ct: unknown) => rule(...args)[1](ct)); // prettier-ignore
    return custom as AnyFunction;
  });
}

/** One rule per argument, `(cotangent, value, ...primals)`; null: its cotangent is zero. */
export function defvjp(fun: AnyFunction, ...rules: readonly (ArgumentVjpRule | null)[]): void {
  checkRules(rules, 'defvjp');
  redefine('defvjp', fun, (f) => {
    const custom = customVjp(f);
    custom.defvjp(
      (...args: unknown[]) => {
        if (rules.length !== args.length) {
          throw new ArgumentError(`defvjp: got ${rules.length} rules for ${args.length} arguments`);
        }
        const value: unknown = fun(...args);
        return [value, [value, args]];
      },
      ([value, args]: [unknown, unknown[]], ct: unknown) => rules.map((rule) => rule?.(ct, value, ...args) ?? null),
    );
    return custom as AnyFunction;
  });
}
