/** Functions with a derivative of their own (spec/transformations/custom-jvp.md). */
import { callback } from '../core/arguments.ts';
import { ArgumentError, checkOptions, DifferentiationError, refuseExtra, TreeError } from '../core/errors.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { currentAxes, withAxes } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Tangent } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { structure, unflatten } from '../core/tree.ts';
import { map } from '../core/tree-map.ts';
import * as lax from '../lax.ts';
import { customJvpCall } from '../primitives/higher-order/custom-jvp.ts';
import { type AnyFunction, type Arrays, called, type LooseArguments, nameOf, rejectAsync, type Tree } from './call.ts';
import {
  Call,
  CustomArguments,
  type CustomOptions,
  type Dual,
  leavesLike,
  type ResultTypes,
  stageRule,
} from './custom.ts';
import { matching } from './grad.ts';

/** `(tangent, value, ...primals)` → the tangent of the value for that of one argument. */
export type ArgumentJvpRule = (tangent: Tree, value: Tree, ...primals: Tree[]) => unknown;

export interface CustomJvp<F extends AnyFunction> {
  (...args: LooseArguments<Parameters<F>>): Arrays<ReturnType<F>>;
  /**
   * Says how the function differentiates: from the lists of primals and tangents to value and tangent, which must have
   * the value's structure, shapes and dtypes. The arguments of `nondiffArgnums` come first, and are not in the lists.
   */
  defjvp<A extends Tree[] = [primals: Parameters<F>, tangents: Parameters<F>]>(
    rule: (...args: A) => readonly [value: ReturnType<F>, tangent: unknown],
  ): void;
  /** One rule per argument, whose tangents add up; null: the argument contributes none. */
  defjvps(...rules: readonly (ArgumentJvpRule | null)[]): void;
}

/**
 * A function with a derivative of your own, for where the one that follows from its equations is unstable or unwanted
 * (spec/transformations/custom-jvp.md). Under `jvp` and `grad` alone function and rule run on values.
 *
 * @example
 * const log1pexp = customJvp((x) => np.log1p(np.exp(x)));
 * log1pexp.defjvp(([x], [dx]) => [log1pexp(x), nn.sigmoid(x).mul(dx)]);
 * @throws DifferentiationError without a rule, or where a value that the function closes over is differentiated;
 * TreeError, ShapeError if the rule gives something unlike the function's result
 */
export function customJvp<F extends AnyFunction>(f: F, options: CustomOptions = {}, ...more: []): CustomJvp<F> {
  refuseExtra(more, 'customJvp');
  checkOptions(options, ['nondiffArgnums'], 'customJvp');
  const where = called('customJvp', f);
  const name = nameOf(f);
  let rule: AnyFunction | null = null;
  const call = (...args: readonly unknown[]): unknown => {
    if (rule === null) throw new DifferentiationError(`${where}: no rule yet; call ${name}.defjvp(rule) first`);
    return new JvpCall(f, rule, new CustomArguments(args, options, where)).value();
  };
  return Object.assign(call, {
    defjvp(next: AnyFunction): void {
      rule = callback(next, `${where}.defjvp: the rule`);
    },
    defjvps(...rules: readonly (ArgumentJvpRule | null)[]): void {
      if (options.nondiffArgnums !== undefined) {
        throw new ArgumentError(`${where}: defjvps has no place for nondiffArgnums; use defjvp`);
      }
      rule = (primals: readonly unknown[], tangents: readonly unknown[]) => {
        if (rules.length !== primals.length) {
          throw new ArgumentError(`${where}: defjvps got ${rules.length} rules for ${primals.length} arguments`);
        }
        const value: unknown = call(...primals);
        const parts = rules.flatMap((own, i) => (own === null ? [] : [own(tangents[i], value, ...primals)]));
        return [value, sumOf(parts, value, where)];
      };
    },
  }) as CustomJvp<F>;
}

/** The sum of trees like `value`. */
function sumOf(parts: readonly unknown[], value: unknown, where: string): unknown {
  const wanted = structure(value);
  for (const part of parts) {
    rejectAsync(part, `${where}: a rule of defjvps`);
    const own = structure(part);
    if (!own.equals(wanted)) {
      throw new TreeError(`${where}: a rule of defjvps gives ${own.toString()}, the function ${wanted.toString()}`);
    }
  }
  const zeros = map((y: NDArray) => lax.zerosLike(y), value);
  return parts.length === 0 ? zeros : parts.reduce((a, b) => map((x: NDArray, y: NDArray) => lax.add(x, y), a, b));
}

/** One call, with the rule as it is now. */
class JvpCall extends Call {
  readonly #rule: AnyFunction;

  constructor(f: AnyFunction, rule: AnyFunction, args: CustomArguments) {
    super(f, args);
    this.#rule = rule;
  }

  jvp(operands: readonly NDArray[], tangents: readonly Tangent[]): Dual {
    const dx = tangents.map((d, i) => d ?? lax.zerosLike(operands[i]!));
    return this.#differentiate(operands, dx, this.args.types(this.f));
  }

  bind(operands: readonly NDArray[]): readonly NDArray[] {
    const { jaxpr, lifted, tree, avals } = this.args.staged(this.f);
    this.tree = tree;
    const n = operands.length;
    const flatRule = (xs: readonly NDArray[]): readonly NDArray[] => {
      const { out, tangents } = this.#differentiate(xs.slice(0, n), xs.slice(n), { tree, avals });
      return [...out, ...tangents.map((d, j) => d ?? lax.zerosLike(out[j]!))];
    };
    const types = [...this.args.avals, ...this.args.avals];
    const axes = currentAxes();
    const trace = (): Jaxpr => withAxes(axes, () => stageRule(`${this.where}: the rule`, flatRule, types, lifted));
    let traced: Jaxpr | undefined;
    const jvp = { axes, jaxpr: () => (traced ??= trace()) };
    const params = { name: nameOf(this.f), jaxpr, num_consts: lifted.length, jvp };
    return bind(customJvpCall, [...lifted, ...operands], params);
  }

  /** What the rule gives. `types`: what it has to give, where that is known. */
  #differentiate(primals: readonly NDArray[], tangents: readonly NDArray[], types: ResultTypes | null): Dual {
    const [x, dx] = [primals, tangents].map((list) => unflatten(this.args.treedef, list));
    const result: unknown = this.#rule(...this.args.fixed, x, dx);
    rejectAsync(result, `${this.where}: the rule`);
    if (!Array.isArray(result) || result.length !== 2) {
      throw new TreeError(`${this.where}: the rule must return [value, tangent]`);
    }
    const [value, tangent] = result as [unknown, unknown];
    const what = `${this.where}: the rule's`;
    const { tree, out } = leavesLike(value, types, `${what} value`);
    this.tree = tree;
    return { out, tangents: matching(tangent, out, tree, `${what} tangent`) };
  }
}
