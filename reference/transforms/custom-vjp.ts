import { callback } from '../core/arguments.ts';
import { isInexact } from '../core/dtypes.ts';
import { checkOptions, DifferentiationError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { currentAxes, withAxes } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { customVjpCall, type VjpRule } from '../primitives/higher-order/custom-vjp.ts';
import { type AnyFunction, argumentNumbers, type Arrays, flattenArguments, flattenFunction, type LooseArguments, called, nameOf, rejectAsync } from './call.ts'; // prettier-ignore
import { stage } from './staging.ts';

export interface CustomVjpOptions {
  /** Arguments that are no arrays (functions, numbers that choose): passed to the rules as they are. */
  readonly nondiffArgnums?: number | readonly number[];
}

export interface CustomVjp<F extends AnyFunction> {
  (...args: LooseArguments<Parameters<F>>): Arrays<ReturnType<F>>;
  /**
   * `forward(...args)` gives `[value, residuals]`, residuals being any tree of arrays. `backward(...nondiff, residuals,
   * cotangent)` gives the list of the cotangents of the other arguments; null stands for zero.
   */
  defvjp(
    forward: (...args: Parameters<F>) => readonly [value: ReturnType<F>, residuals: unknown],
    backward: (...args: never[]) => readonly unknown[],
  ): void;
}

/**
 * A function with a backward pass of your own (spec/transformations/custom-vjp.md). Forward mode cannot pass through it.
 *
 * @example
 * const clipGradient = customVjp((x) => x);
 * clipGradient.defvjp((x) => [x, null], (_, ct) => [np.clip(ct, -1, 1)]);
 */
export function customVjp<F extends AnyFunction>(f: F, options: CustomVjpOptions = {}, ...more: []): CustomVjp<F> {
  refuseExtra(more, 'customVjp');
  checkOptions(options, ['nondiffArgnums'], 'customVjp');
  const where = called('customVjp', f);
  let rules: Rules | null = null;
  const call = (...args: readonly unknown[]): unknown => {
    if (rules === null) {
      throw new DifferentiationError(`${where}: no rules yet; call ${nameOf(f)}.defvjp(forward, backward) first`);
    }
    return new Call(f, rules, args, argumentNumbers(options.nondiffArgnums ?? [], args.length, where), where).value();
  };
  return Object.assign(call, {
    defvjp(forward: AnyFunction, backward: AnyFunction): void {
      rules = {
        forward: callback(forward, `${where}.defvjp: forward`),
        backward: callback(backward, `${where}.defvjp: backward`),
      };
    },
  }) as unknown as CustomVjp<F>;
}

interface Rules {
  readonly forward: AnyFunction;
  readonly backward: AnyFunction;
}

/** One call: its arguments, and the rules traced for their types. */
class Call {
  readonly #f: AnyFunction;
  readonly #rules: Rules;
  readonly #args: readonly unknown[];
  readonly #nondiff: readonly number[];
  readonly #where: string;
  readonly #arrays: readonly NDArray[];
  readonly #inTree: TreeDef;
  #residualTree: TreeDef | undefined;
  #residualAvals: readonly Aval[] = [];

  constructor(f: AnyFunction, rules: Rules, args: readonly unknown[], nondiff: readonly number[], where: string) {
    this.#f = f;
    this.#rules = rules;
    this.#args = args;
    this.#nondiff = nondiff;
    this.#where = where;
    const { arrays, treedef } = flattenArguments(args.filter((_, i) => !nondiff.includes(i)), where); // prettier-ignore
    this.#arrays = arrays;
    this.#inTree = treedef;
  }

  value(): unknown {
    const { flat, outTree } = flattenFunction(this.#complete(this.#f), this.#inTree, this.#where);
    const jaxpr = this.#stage(nameOf(this.#f), flat, this.#arrays.map((x) => x.aval)); // prettier-ignore
    const tree = outTree();
    let [forward, backward]: [Jaxpr | undefined, Jaxpr | undefined] = [undefined, undefined];
    const axes = currentAxes();
    const rule: VjpRule = {
      axes,
      forward: () => (forward ??= withAxes(axes, () => this.#forward(jaxpr, tree))),
      backward: () => (rule.forward(), (backward ??= withAxes(axes, () => this.#backward(jaxpr, tree)))),
    };
    return unflatten(tree, bind(customVjpCall, this.#arrays, { name: nameOf(this.#f), jaxpr, rule }));
  }

  /** A function of all arguments as one of the differentiable ones. */
  #complete(f: AnyFunction): AnyFunction {
    return ((...given: readonly unknown[]) => {
      let next = 0;
      return f(...(this.#args.map((x, i) => (this.#nondiff.includes(i) ? x : given[next++])) as never[]));
    }) as AnyFunction;
  }

  #stage(name: string, f: (xs: readonly NDArray[]) => readonly NDArray[], avals: readonly Aval[]): Jaxpr {
    const { jaxpr, lifted } = stage(name, f, avals);
    if (lifted.length === 0) return jaxpr;
    throw new DifferentiationError(
      `${this.#where}: ${name} closes over a traced value, ${showAval(lifted[0]!.aval)}; pass it as an argument`,
    );
  }

  /** `operands → results, residuals`. */
  #forward(f: Jaxpr, outTree: TreeDef): Jaxpr {
    const rule = this.#complete(this.#rules.forward);
    const jaxpr = this.#stage(
      'the forward rule',
      (xs) => {
        const result: unknown = rule(...(unflatten(this.#inTree, xs) as never[]));
        rejectAsync(result, `${this.#where}: the forward rule`);
        if (!Array.isArray(result) || result.length !== 2) {
          throw new TreeError(`${this.#where}: the forward rule must return [value, residuals]`);
        }
        const value = this.#leaves(result[0], outTree, f.outAvals, 'the value of the forward rule');
        const { arrays, treedef } = flattenArguments([result[1]], `${this.#where}: residuals`);
        this.#residualTree = treedef;
        return [...value, ...arrays];
      },
      f.inAvals,
    );
    this.#residualAvals = jaxpr.outAvals.slice(f.outputs.length);
    return jaxpr;
  }

  /** `residuals, cotangents of the inexact results → cotangents of the inexact operands`. */
  #backward(f: Jaxpr, outTree: TreeDef): Jaxpr {
    const n = this.#residualAvals.length;
    const active = f.outAvals.map((a) => isInexact(a.dtype));
    const cotangents = f.outAvals.filter((_, j) => active[j]).map((a) => ({ ...a, weak: false }));
    const fixed = this.#nondiff.map((i) => this.#args[i]);
    return this.#stage(
      'the backward rule',
      (xs) => {
        const [residuals] = unflatten(this.#residualTree!, xs.slice(0, n)) as unknown[];
        let next = n;
        const ct = unflatten(outTree, active.map((is) => (is ? xs[next++]! : null))); // prettier-ignore
        const result: unknown = this.#rules.backward(...([...fixed, residuals, ct] as never[]));
        rejectAsync(result, `${this.#where}: the backward rule`);
        return this.#cotangents(result, f.inAvals);
      },
      [...this.#residualAvals, ...cotangents],
    );
  }

  /** What the backward rule gives for each inexact leaf of the arguments. */
  #cotangents(result: unknown, avals: readonly Aval[]): NDArray[] {
    const trees = this.#inTree.node.kind === 'list' ? this.#inTree.node.children : [];
    if (!Array.isArray(result) || result.length !== trees.length) {
      throw new TreeError(`${this.#where}: the backward rule must return a list of ${trees.length} cotangents`);
    }
    let at = 0;
    return trees.flatMap((tree, k) => {
      const own = avals.slice(at, (at += tree.leafCount));
      const what = `the backward rule's cotangent ${k}`;
      const given: unknown = result[k];
      const leaves = given === null ? own.map((a) => lax.zerosLike(a)) : this.#leaves(given, tree, own, what);
      return leaves.filter((_, i) => isInexact(own[i]!.dtype));
    });
  }

  /** The leaves of what a rule gives, which must be like those wanted. null: nothing for a leaf without a derivative. */
  #leaves(part: unknown, tree: TreeDef, avals: readonly Aval[], what: string): NDArray[] {
    const [leaves, own] = flatten(part);
    if (!own.equals(tree)) throw new TreeError(`${this.#where}: ${what} is ${own.toString()}, expected ${tree.toString()}`); // prettier-ignore
    const { arrays } = flattenArguments(leaves, `${this.#where}: ${what}`);
    return arrays.map((x, i) => {
      const wanted = avals[i]!;
      const array = x.weakType ? lax.convertElementType(x, wanted.dtype) : x;
      if (sameAval(array.aval, wanted)) return array;
      throw new ShapeError(`${this.#where}: ${what}${tree.paths()[i]} is ${showAval(array.aval)}, expected ${showAval(wanted)}`); // prettier-ignore
    });
  }
}

/**
 * A function whose gradient you write next to it: `f(...args)` gives `[value, gradient]`, and `gradient(cotangent)` the
 * list of the cotangents of the arguments, closing over whatever it needs.
 *
 * @example
 * const square = customGradient((x) => [x.mul(x), (ct) => [ct.mul(x).mul(2)]]);
 */
export function customGradient<A extends readonly unknown[], R>(
  f: (...args: A) => readonly [value: R, gradient: (cotangent: R) => readonly unknown[]],
  ...more: []
): (...args: LooseArguments<A>) => Arrays<R> {
  refuseExtra(more, 'customGradient');
  const where = called('customGradient', f as AnyFunction);
  const both = (args: unknown): readonly [value: R, gradient: (cotangent: R) => readonly unknown[]] => {
    const result: unknown = f(...(args as A));
    rejectAsync(result, where);
    if (!Array.isArray(result) || typeof result[1] !== 'function')
      throw new TreeError(`${where}: the function must return [value, gradient], gradient being a function`);
    return result as never;
  };
  // The backward pass evaluates f again, whose equations are then differentiated no further.
  const wrapped = customVjp(((...args: never[]) => both(args)[0]) as AnyFunction);
  wrapped.defvjp(((...args: unknown[]) => [both(args)[0], args]) as never, (args: unknown[], ct: R) =>
    both(args)[1](ct),
  );
  return wrapped as never;
}
