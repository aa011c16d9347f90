/** Derivatives of functions of trees: jvp, linearize, vjp, grad (spec/transformations/{jvp,vjp,grad}.md). */
import { temporary, withTemporaries } from '../core/scopes.ts';
import { isInexact } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DifferentiationError, refuseExtra, ShapeError } from '../core/errors.ts';
import { type Aval, sameShape, showAval } from '../core/host.ts';
import { NDArray } from '../core/ndarray.ts';
import { asArray } from '../core/convert.ts';
import { flattenLike, structure, type TreeDef, unflatten } from '../core/tree.ts';
import { spread } from '../primitives/higher-order/shared.ts';
import {
  type AnyFunction,
  argumentNumbers,
  type Arrays,
  called,
  type Chosen,
  type FlatFunction,
  flattenArguments,
  flattenFunction,
  type FunctionWithAux,
  type Loose,
  type LooseArguments,
  type LooseChosen,
} from './call.ts';
import { requireInexact, requireRealOrHolomorphic } from './differentiable.ts';
import { evaluate } from './evaluate.ts';
import { jvpFlat } from './jvp.ts';
import { linearizeFlat, type Linearised } from './partial-eval.ts';
import { transforms } from './rules.ts';
import { backward } from './transpose.ts';

const { lax } = transforms;

/**
 * Tangents (or cotangents) as arrays that fit `values`; null where a value has none, whatever was given there.
 * @throws TreeError, ShapeError naming the path
 */
export function matching(
  given: unknown,
  values: readonly { readonly aval: Aval }[],
  treedef: TreeDef,
  where: string,
): (NDArray | null)[] {
  const paths = treedef.paths();
  const continuous = values.map((x) => isInexact(x.aval.dtype));
  const withNulls = structure(
    unflatten(
      treedef,
      continuous.map((is) => (is ? 0 : null)),
    ),
  );
  const leaves = structure(given).equals(withNulls)
    ? spread(flattenLike(given, withNulls, where), continuous)
    : flattenLike(given, treedef, where);
  return leaves.map((leaf, i) => {
    const { aval } = values[i]!;
    if (!continuous[i]) return null;
    const array = asArray(leaf, where);
    const cast = array.weakType || !(leaf instanceof NDArray) ? lax.convertElementType(array, aval.dtype) : array;
    if (!sameShape(cast.shape, aval.shape) || cast.dtype !== aval.dtype) {
      throw new ShapeError(
        `${where}${paths[i]}: expected ${showAval(aval)}, as the value it belongs to, got ${showAval(cast.aval)}`,
      );
    }
    return cast;
  });
}

/**
 * The value of `f` at `primals`, and its derivative there in the direction `tangents`.
 *
 * @example
 * const [y, dy] = jvp(np.sin, [0.5], [1]); // dy = cos(0.5)
 * @throws TreeError, ShapeError if the tangents do not fit the primals
 */
export function jvp<F extends AnyFunction>(
  f: F,
  primals: LooseArguments<Parameters<F>>,
  tangents: LooseArguments<Parameters<F>>,
  ...more: []
): [out: Arrays<ReturnType<F>>, tangent: Arrays<ReturnType<F>>] {
  refuseExtra(more, 'jvp');
  const where = called('jvp', f);
  const { arrays, treedef } = flattenArguments(primals, where);
  const { flat, outTree } = flattenFunction(f, treedef, where);
  if (!Array.isArray(tangents))
    throw new ArgumentError(`${where}: the tangents go in a list, one element for each argument: [dx]`);
  const dx = matching([...tangents], arrays, treedef, `${where} tangents`);
  const both = withTemporaries(
    () => {
      const { out, tangents: dy } = jvpFlat(transforms, flat, arrays, dx);
      return { out, tangents: temporary(() => out.map((y, i) => dy[i] ?? lax.zerosLike(y))) };
    },
    ({ out, tangents }) => [...out, ...tangents],
  );
  type Out = Arrays<ReturnType<F>>;
  return [unflatten(outTree(), both.out) as Out, unflatten(outTree(), both.tangents) as Out];
}

/**
 * The value of `f` at `primals`, and its derivative there as a linear function of the tangents, which can be called
 * many times without evaluating `f` again.
 */
export function linearize<F extends AnyFunction>(
  f: F,
  primals: LooseArguments<Parameters<F>>,
  ...more: []
): [out: Arrays<ReturnType<F>>, derivative: (...tangents: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>>] {
  refuseExtra(more, 'linearize');
  const where = called('linearize', f);
  const { arrays, treedef } = flattenArguments(primals, where);
  const { flat, outTree } = flattenFunction(f, treedef, where);
  const active = arrays.map((x) => isInexact(x.dtype));
  const { out, jaxpr, residuals, nonzero } = linearized(flat, arrays, active);
  const derivative = (...tangents: readonly unknown[]): unknown => {
    const all = withTemporaries(
      () =>
        temporary(() => {
          const dx = matching(tangents, arrays, treedef, `${where} tangents`).filter((d) => d !== null);
          const dy = evaluate(jaxpr, [...residuals, ...dx]);
          let next = 0;
          return out.map((y, i) => (nonzero[i] ? dy[next++]! : lax.zerosLike(y)));
        }),
      (results) => results,
    );
    return unflatten(outTree(), all);
  };
  return [unflatten(outTree(), out) as Arrays<ReturnType<F>>, derivative as never];
}

/** The linearisation of a function; its residuals live as long as it. */
const linearized = (flat: FlatFunction, arrays: readonly NDArray[], active: readonly boolean[]): Linearised =>
  withTemporaries(
    () => linearizeFlat(transforms, flat, arrays, active),
    ({ out, residuals }) => [...out, ...residuals],
  );

interface Pullback {
  readonly out: readonly NDArray[];
  /** Cotangents of the active arguments, null for structural zeros. */
  readonly pull: (cotangents: readonly (NDArray | null)[]) => (NDArray | null)[];
}

function pullback(flat: FlatFunction, arrays: readonly NDArray[], active: readonly boolean[]): Pullback {
  const { out, jaxpr, residuals, nonzero } = linearized(flat, arrays, active);
  const linear = jaxpr.inputs.map((_, i) => i >= residuals.length);
  return {
    out,
    pull: (cts) =>
      temporary(() =>
        backward(
          transforms,
          jaxpr,
          linear,
          residuals,
          cts.filter((_, j) => nonzero[j]),
        ),
      ),
  };
}

/**
 * The value of `f` at `primals`, and the function from a cotangent of the value to the cotangents of the primals
 * (`null` for integer and bool arrays, which have none).
 *
 * @example
 * const [y, pull] = vjp(np.sin, [0.5]);
 * const [dx] = pull(1); // cos(0.5)
 */
export function vjp<F extends AnyFunction>(
  f: F,
  primals: LooseArguments<Parameters<F>>,
  ...more: []
): [out: Arrays<ReturnType<F>>, pull: (cotangent: Loose<Arrays<ReturnType<F>>>) => Arrays<Parameters<F>>] {
  refuseExtra(more, 'vjp');
  const where = called('vjp', f);
  const { arrays, treedef } = flattenArguments(primals, where);
  const { flat, outTree } = flattenFunction(f, treedef, where);
  const active = arrays.map((x) => isInexact(x.dtype));
  const { out, pull } = pullback(flat, arrays, active);
  const pullTree = (cotangent: unknown): unknown => {
    const cts = withTemporaries(
      () => pull(temporary(() => matching(cotangent, out, outTree(), `${where} cotangent`))),
      (list) => list.filter((ct) => ct !== null),
    );
    let next = 0;
    return unflatten(
      treedef,
      arrays.map((x, i) => (active[i] ? (cts[next++] ?? lax.zerosLike(x)) : null)),
    );
  };
  return [unflatten(outTree(), out) as Arrays<ReturnType<F>>, pullTree as never];
}

export interface GradOptions<N extends number | readonly number[] = 0> {
  /** Which arguments to differentiate; a list gives a list of gradients. */
  readonly argnums?: N;
  /** `f` returns `[value, aux]`; aux is passed through. */
  readonly hasAux?: boolean;
  /** `f` is holomorphic, its arguments and result complex: the gradient is its complex derivative. */
  readonly holomorphic?: boolean;
}

const OPTIONS = ['argnums', 'hasAux', 'holomorphic'];

type GradientOf<F extends AnyFunction, N> = Arrays<Chosen<Parameters<F>, N>>;

/**
 * Value and gradient of a scalar function in one pass.
 *
 * @example
 * const [loss, gradient] = valueAndGrad((w) => w.mul(w).sum())(np.array([1, 2])); // 5, [2, 4]
 * @throws DifferentiationError for a non-scalar or (unless `holomorphic`) complex result, or integer arguments
 */
export function valueAndGrad<F extends FunctionWithAux, const N extends number | readonly number[] = 0>(
  f: F,
  options: GradOptions<N> & { readonly hasAux: true },
): (...args: LooseChosen<Parameters<F>, N>) => [value: Arrays<ReturnType<F>>, gradient: GradientOf<F, N>];
export function valueAndGrad<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  f: F,
  options?: GradOptions<N> & { readonly hasAux?: false },
): (...args: LooseChosen<Parameters<F>, N>) => [value: Arrays<ReturnType<F>>, gradient: GradientOf<F, N>];
export function valueAndGrad(
  f: AnyFunction,
  options: GradOptions<number | readonly number[]> = {},
  ...more: []
): AnyFunction {
  refuseExtra(more, 'valueAndGrad');
  checkOptions(options, OPTIONS, 'valueAndGrad');
  return differentiate(f, options, true);
}

/** `[value, gradient]`; the value is freed with the other temporaries unless it is kept. */
function differentiate(
  f: AnyFunction,
  options: GradOptions<number | readonly number[]>,
  keepValue: boolean,
): (...args: unknown[]) => [unknown, unknown] {
  const { argnums = 0, hasAux = false, holomorphic = false } = options;
  const where = called(keepValue ? 'valueAndGrad' : 'grad', f);
  return (...args) => {
    const chosen = argumentNumbers(argnums, args.length, where);
    const { arrays, treedef } = flattenArguments(
      chosen.map((i) => args[i]),
      where,
    );
    requireInexact(arrays, chosen, treedef, where, holomorphic);
    const partial = (...given: unknown[]): unknown => {
      const all: unknown[] = [...args];
      chosen.forEach((i, k) => (all[i] = given[k]));
      return f(...all);
    };
    const { flat, outTree } = flattenFunction(partial, treedef, where);
    const { out, gradients } = withTemporaries(
      () => {
        const { out: values, pull } = pullback(
          flat,
          arrays,
          arrays.map(() => true),
        );
        const value = scalarResult(values, outTree(), hasAux, where);
        requireRealOrHolomorphic(value.aval, holomorphic, where);
        const cts = temporary(() => pull(values.map((_, i) => (i === 0 ? lax.full([], 1, value.dtype) : null))));
        return { out: values, gradients: cts.map((ct, i) => ct ?? lax.zerosLike(arrays[i]!)) };
      },
      (result) => [...(keepValue ? result.out : result.out.slice(1)), ...result.gradients],
    );
    const trees = unflatten(treedef, gradients) as unknown[];
    return [unflatten(outTree(), out), typeof argnums === 'number' ? trees[0] : trees];
  };
}

/** The value that is differentiated: the only result, or the first of `[value, aux]`. */
function scalarResult(out: readonly NDArray[], tree: TreeDef, hasAux: boolean, where: string): NDArray {
  const [value] = out;
  if (
    hasAux &&
    !(tree.node.kind === 'list' && tree.node.children.length === 2 && tree.node.children[0]!.node.kind === 'leaf')
  ) {
    throw new DifferentiationError(`${where}: with hasAux the function returns [value, aux], got ${tree.toString()}`);
  }
  if (value === undefined || (!hasAux && tree.node.kind !== 'leaf')) {
    throw new DifferentiationError(
      `${where}: the function returns ${tree.toString()}, but grad needs one scalar; pass { hasAux: true } for [value, aux]`,
    );
  }
  if (value.ndim !== 0) {
    throw new DifferentiationError(
      `${where}: grad needs a scalar result, got ${showAval(value.aval)}; sum it, or use vjp`,
    );
  }
  return value;
}

/**
 * The gradient of a scalar function with respect to `argnums` (the first argument), as a tree like that argument.
 *
 * @example
 * grad(np.tanh)(1).item(); // 0.4199743
 * @throws DifferentiationError for a non-scalar or (unless `holomorphic`) complex result, or integer arguments
 */
export function grad<F extends FunctionWithAux, const N extends number | readonly number[] = 0>(
  f: F,
  options: GradOptions<N> & { readonly hasAux: true },
): (...args: LooseChosen<Parameters<F>, N>) => [gradient: GradientOf<F, N>, aux: Arrays<ReturnType<F>[1]>];
export function grad<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  f: F,
  options?: GradOptions<N> & { readonly hasAux?: false },
): (...args: LooseChosen<Parameters<F>, N>) => GradientOf<F, N>;
export function grad(f: AnyFunction, options: GradOptions<number | readonly number[]> = {}, ...more: []): AnyFunction {
  refuseExtra(more, 'grad');
  checkOptions(options, OPTIONS, 'grad');
  const both = differentiate(f, options, false);
  return (...args: unknown[]) => {
    const [value, gradient] = both(...args);
    return options.hasAux === true ? [gradient, (value as unknown[])[1]] : gradient;
  };
}
