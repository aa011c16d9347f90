import { callback } from '../core/arguments.ts';
import { isInexact } from '../core/dtypes.ts';
import { DifferentiationError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { sameAval, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { currentAxes, withAxes } from '../core/named-axes.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type TreeDef, unflatten } from '../core/tree.ts';
import { bind } from '../core/trace.ts';
import * as lax from '../lax.ts';
import { customJvpCall } from '../primitives/higher-order/custom-jvp.ts';
import {
  type AnyFunction,
  type Arrays,
  flattenArguments,
  flattenFunction,
  type LooseArguments,
  called,
  nameOf,
  rejectAsync,
} from './call.ts';
import { stage } from './staging.ts';

/** `(primals, tangents) → [value, tangent]`, both lists holding one tree per argument. */
export type JvpFunction<F extends AnyFunction> = (
  primals: Parameters<F>,
  tangents: Parameters<F>,
) => readonly [value: ReturnType<F>, tangent: unknown];

export interface CustomJvp<F extends AnyFunction> {
  (...args: LooseArguments<Parameters<F>>): Arrays<ReturnType<F>>;
  /** Says how the function differentiates. The tangent must have the value's structure, shapes and dtypes. */
  defjvp(rule: JvpFunction<F>): void;
}

/**
 * A function with a derivative of your own, for where the one that follows from its equations is unstable or unwanted
 * (spec/transformations/custom-jvp.md). Values it closes over are not differentiated.
 *
 * @example
 * const log1pexp = customJvp((x) => np.log1p(np.exp(x)));
 * log1pexp.defjvp(([x], [dx]) => [log1pexp(x), nn.sigmoid(x).mul(dx)]);
 */
export function customJvp<F extends AnyFunction>(f: F, ...more: []): CustomJvp<F> {
  refuseExtra(more, 'customJvp');
  const where = called('customJvp', f);
  const name = nameOf(f);
  let rule: JvpFunction<F> | null = null;
  const call = (...args: readonly unknown[]): unknown => {
    if (rule === null) throw new DifferentiationError(`${where}: no rule yet; call ${name}.defjvp(rule) first`);
    const { arrays, treedef } = flattenArguments(args, where);
    const { flat, outTree } = flattenFunction(f, treedef, where);
    const avals = arrays.map((x) => x.aval);
    const { jaxpr, lifted } = stage(where, flat, avals, () => treedef.paths());
    if (lifted.length > 0) {
      throw new DifferentiationError(
        `${where}: the function closes over a traced value, ${showAval(lifted[0]!.aval)}; pass it as an argument`,
      );
    }
    const given = rule;
    const tree = outTree();
    let traced: Jaxpr | undefined;
    const axes = currentAxes();
    const trace = (): Jaxpr => withAxes(axes, () => traceRule(given, jaxpr, treedef, tree, where));
    const jvp = { axes, jaxpr: () => (traced ??= trace()) };
    return unflatten(tree, bind(customJvpCall, arrays, { name, jaxpr, jvp }));
  };
  return Object.assign(call, {
    defjvp(next: JvpFunction<F>): void {
      rule = callback(next, `${where}.defjvp: the rule`);
    },
  }) as CustomJvp<F>;
}

function traceRule<F extends AnyFunction>(
  rule: JvpFunction<F>,
  f: Jaxpr,
  inTree: TreeDef,
  outTree: TreeDef,
  where: string,
): Jaxpr {
  const n = f.inputs.length;
  const flatRule = (args: readonly NDArray[]): readonly NDArray[] => {
    const primals = unflatten(inTree, args.slice(0, n)) as Parameters<F>;
    const tangents = unflatten(inTree, args.slice(n)) as Parameters<F>;
    const result: unknown = rule(primals, tangents);
    rejectAsync(result, `${where}: the rule`);
    if (!Array.isArray(result) || result.length !== 2)
      throw new TreeError(`${where}: the rule must return [value, tangent]`);
    return (['value', 'tangent'] as const).flatMap((part, i) => checked(result[i], part, f, outTree, where));
  };
  const { jaxpr, lifted } = stage(`${where}'s rule`, flatRule, [...f.inAvals, ...f.inAvals]);
  if (lifted.length > 0)
    throw new DifferentiationError(`${where}: the rule closes over a traced value; pass it as an argument`);
  return jaxpr;
}

/** The leaves of a part of the rule's result, which must be like the function's. */
function checked(part: unknown, name: string, f: Jaxpr, outTree: TreeDef, where: string): NDArray[] {
  const { arrays, treedef } = flattenArguments([part], `${where}: the rule's ${name}`);
  const own = treedef.node.kind === 'list' ? treedef.node.children[0]! : treedef;
  if (!own.equals(outTree))
    throw new TreeError(
      `${where}: the rule's ${name} is ${own.toString()}, the function's result ${outTree.toString()}`,
    );
  const paths = outTree.paths();
  return arrays.map((x, i) => {
    const wanted = f.outAvals[i]!;
    if (name === 'tangent' && !isInexact(wanted.dtype)) return lax.zerosLike(wanted);
    const array = x.weakType ? lax.convertElementType(x, wanted.dtype) : x;
    if (!sameAval(array.aval, wanted)) {
      throw new ShapeError(
        `${where}: the rule's ${name}${paths[i]} is ${showAval(array.aval)}, the function's result ${showAval(wanted)}`,
      );
    }
    return array;
  });
}
