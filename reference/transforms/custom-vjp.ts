/** Functions with a backward pass of their own (spec/transformations/custom-vjp.md). */
import { callback } from '../core/arguments.ts';
import { ConcreteArray } from '../core/array.ts';
import { isInexact } from '../core/dtypes.ts';
import { checkOptions, DifferentiationError, refuseExtra, TreeError } from '../core/errors.ts';
import type { Aval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { currentAxes, withAxes } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Tangent } from '../core/primitive.ts';
import { untracked } from '../core/scopes.ts';
import { bind } from '../core/trace.ts';
import { type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { customVjpCall, tangentsOf, type VjpRule } from '../primitives/higher-order/custom-vjp.ts';
import { cut, spread } from '../primitives/higher-order/shared.ts';
import { type AnyFunction, type Arrays, called, type FlatArguments, flattenArguments, type FlatFunction, type LooseArguments, nameOf, rejectAsync } from './call.ts'; // prettier-ignore
import { Call, CustomArguments, type CustomOptions, type Dual, leavesLike, type ResultTypes, stageRule } from './custom.ts'; // prettier-ignore
import { matching } from './grad.ts';

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
 * Under `grad` and `vjp` alone function and rules run on values.
 *
 * @example
 * const clipGradient = customVjp((x) => x);
 * clipGradient.defvjp((x) => [x, null], (_, ct) => [np.clip(ct, -1, 1)]);
 * @throws DifferentiationError without rules, in forward mode, or where a value that the function closes over is
 * differentiated; TreeError, ShapeError if a rule gives something unlike the function's result or its arguments
 */
export function customVjp<F extends AnyFunction>(f: F, options: CustomOptions = {}, ...more: []): CustomVjp<F> {
  refuseExtra(more, 'customVjp');
  checkOptions(options, ['nondiffArgnums'], 'customVjp');
  const where = called('customVjp', f);
  let rules: Rules | null = null;
  const call = (...args: readonly unknown[]): unknown => {
    if (rules === null) {
      throw new DifferentiationError(`${where}: no rules yet; call ${nameOf(f)}.defvjp(forward, backward) first`);
    }
    return new VjpCall(f, rules, new CustomArguments(args, options, where)).value();
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

/** One call, with the rules as they are now. */
class VjpCall extends Call {
  readonly #rules: Rules;

  constructor(f: AnyFunction, rules: Rules, args: CustomArguments) {
    super(f, args);
    this.#rules = rules;
  }

  jvp(operands: readonly NDArray[], tangents: readonly Tangent[]): Dual {
    const { out, tree, residuals } = this.#forward(operands, this.args.types(this.f));
    const { arrays, treedef } = residuals;
    const types = { tree, avals: out.map((y) => y.aval) };
    const results = cotangentTypes(types);
    const run = (xs: readonly NDArray[]): readonly NDArray[] => this.#backward(treedef, types, xs);
    const axes = currentAxes();
    const avals = [...arrays.map((x) => x.aval), ...results];
    const staged = (): Jaxpr => withAxes(axes, () => stageRule(`${this.where}: the backward rule`, run, avals, []));
    const n = arrays.length + operands.filter((x) => isInexact(x.dtype)).length;
    let traced: Jaxpr | undefined;
    const params = {
      name: nameOf(this.f),
      num_residuals: arrays.length,
      rule: { operands: n, results, run: (xs: readonly NDArray[]) => onValues(run, xs) },
      get backward(): Jaxpr {
        return (traced ??= staged());
      },
    };
    return { out, tangents: tangentsOf({ lax, bind }, out, operands, tangents, arrays, params) };
  }

  bind(operands: readonly NDArray[]): readonly NDArray[] {
    const types = this.args.staged(this.f);
    const { jaxpr, lifted, tree } = types;
    this.tree = tree;
    const residuals: { treedef?: TreeDef; avals: readonly Aval[] } = { avals: [] };
    const forward = (): Jaxpr => {
      const rule = (xs: readonly NDArray[]): readonly NDArray[] => {
        const made = this.#forward(xs, types);
        residuals.treedef = made.residuals.treedef;
        return [...made.out, ...made.residuals.arrays];
      };
      const program = stageRule(`${this.where}: the forward rule`, rule, this.args.avals, lifted);
      residuals.avals = program.outAvals.slice(jaxpr.outputs.length);
      return program;
    };
    const backward = (): Jaxpr =>
      stageRule(
        `${this.where}: the backward rule`,
        (xs) => this.#backward(residuals.treedef!, types, xs),
        [...residuals.avals, ...cotangentTypes(types)],
        lifted,
      );
    let first: Jaxpr | undefined;
    let second: Jaxpr | undefined;
    const axes = currentAxes();
    const rule: VjpRule = {
      axes,
      forward: () => (first ??= withAxes(axes, forward)),
      backward: () => (rule.forward(), (second ??= withAxes(axes, backward))),
    };
    const params = { name: nameOf(this.f), jaxpr, num_consts: lifted.length, rule };
    return bind(customVjpCall, [...lifted, ...operands], params);
  }

  /** What the forward rule gives. `types`: what its value has to be, where that is known. */
  #forward(
    primals: readonly NDArray[],
    types: ResultTypes | null,
  ): { readonly out: readonly NDArray[]; readonly tree: TreeDef; readonly residuals: FlatArguments } {
    const rule = this.args.complete(this.#rules.forward);
    const result: unknown = rule(...(unflatten(this.args.treedef, primals) as unknown[]));
    rejectAsync(result, `${this.where}: the forward rule`);
    if (!Array.isArray(result) || result.length !== 2) {
      throw new TreeError(`${this.where}: the forward rule must return [value, residuals]`);
    }
    const { out, tree } = leavesLike(result[0], types, `${this.where}: the value of the forward rule`);
    this.tree = tree;
    return { out, tree, residuals: flattenArguments([result[1]], `${this.where}: the residuals`) };
  }

  /** `residuals, cotangents of the inexact results → cotangents of the inexact operands`. */
  #backward(treedef: TreeDef, { tree, avals }: ResultTypes, xs: readonly NDArray[]): NDArray[] {
    const n = treedef.leafCount;
    const [residuals] = unflatten(treedef, xs.slice(0, n)) as unknown[];
    const cts = spread(xs.slice(n), avals.map((a) => isInexact(a.dtype))); // prettier-ignore
    const result: unknown = this.#rules.backward(...this.args.fixed, residuals, unflatten(tree, cts));
    rejectAsync(result, `${this.where}: the backward rule`);
    return this.#cotangents(result);
  }

  /** What the backward rule gives for each inexact leaf of the arguments. */
  #cotangents(result: unknown): NDArray[] {
    const { node } = this.args.treedef;
    const trees = node.kind === 'list' ? node.children : [];
    if (!Array.isArray(result) || result.length !== trees.length) {
      throw new TreeError(`${this.where}: the backward rule must return a list of ${trees.length} cotangents`);
    }
    const own = cut(this.args.arrays, trees.map((tree) => tree.leafCount)); // prettier-ignore
    return trees.flatMap((tree, k) => {
      const what = `${this.where}: the backward rule's cotangent ${k}`;
      if (result[k] !== null) return matching(result[k], own[k]!, tree, what).filter((ct) => ct !== null);
      return own[k]!.filter((x) => isInexact(x.dtype)).map((x) => lax.zerosLike(x.aval));
    });
  }
}

/** Runs the user's backward pass on values that it may keep. */
function onValues(run: FlatFunction, xs: readonly NDArray[]): readonly NDArray[] {
  for (const x of xs) if (x instanceof ConcreteArray && x.isTemporary) x.collectIn(null);
  return untracked(() => run(xs));
}

/** The types of the cotangents of inexact results. */
const cotangentTypes = ({ avals }: ResultTypes): Aval[] =>
  avals.filter((a) => isInexact(a.dtype)).map((a) => ({ ...a, weak: false }));

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
