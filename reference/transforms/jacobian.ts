/** Whole matrices of derivatives: jacfwd, jacrev, jacobian, hessian (spec/transformations/jacobian.md). */
import { checkOptions, TreeError, refuseExtra } from '../core/errors.ts';
import { sizeOf } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { vmap } from './batching.ts';
import { type AnyFunction, argumentNumbers, type Arrays, called, type Chosen, flattenArguments, flattenResult, rejectAsync, type FunctionWithAux, type LooseChosen } from './call.ts'; // prettier-ignore
import { requireInexact, requireRealArguments, requireRealOrHolomorphic } from './differentiable.ts';
import { linearize, vjp } from './grad.ts';

export interface JacobianOptions<N extends number | readonly number[] = 0> {
  /** Which arguments to differentiate; for a list every leaf of the result has a list of Jacobians. */
  readonly argnums?: N;
  /** `f` returns `[value, aux]`; aux is passed through. */
  readonly hasAux?: boolean;
  /** `f` is holomorphic, its arguments and results complex: the entries are complex derivatives. */
  readonly holomorphic?: boolean;
}

/** For every leaf of the result a tree like the argument, its leaves of shape `[...result.shape, ...argument.shape]`. */
export type Jacobian<Y, X> = Y extends NDArray | number
  ? X extends NDArray | number
    ? NDArray
    : { readonly [K in keyof X]: Jacobian<Y, X[K]> }
  : { readonly [K in keyof Y]: Jacobian<Y[K], X> };
type OfArguments<Y, F extends AnyFunction, N> = Jacobian<Y, Chosen<Parameters<F>, N>>;

type Mode = (problem: Problem) => { readonly columns: readonly (readonly NDArray[])[]; readonly aux: unknown };

/** A function of the chosen arguments' leaves alone. */
interface Problem {
  readonly f: (...leaves: readonly NDArray[]) => readonly [leaves: readonly NDArray[], aux: unknown];
  readonly arrays: readonly NDArray[];
  readonly holomorphic: boolean;
  readonly where: string;
}

/**
 * The Jacobian by forward mode: one pass per element of the argument, all passes at once. Best where the argument is
 * smaller than the result.
 *
 * @example
 * jacfwd((x) => x.mul(x))(np.array([1, 2])); // [[2, 0], [0, 4]]
 * @throws DifferentiationError for arguments or results without derivatives
 */
export const jacfwd: typeof jacrev = (
  f: AnyFunction,
  options?: JacobianOptions<number | readonly number[]>,
  ...more: []
) => forward(f, options, ...more) as never;

const forward = jacobianBy('jacfwd', ({ f, arrays, holomorphic, where }) => {
  if (!holomorphic) requireRealArguments(arrays, where);
  let aux: unknown;
  const [out, push] = linearize(
    ((...leaves: readonly NDArray[]) => {
      const [out, rest] = f(...leaves);
      aux = rest;
      return out;
    }) as AnyFunction,
    arrays as never,
  ) as unknown as [readonly NDArray[], AnyFunction];
  if (holomorphic) for (const y of out) requireRealOrHolomorphic(y.aval, true, where);
  const columns = arrays.map((x, i) => {
    const rows = vmap((dx: NDArray) => push(...(arrays.map((y, k) => (k === i ? dx : lax.zerosLike(y))) as never[])))(
      basis(x),
    ) as readonly NDArray[];
    return rows.map((dy) => lax.reshape(lax.moveAxis(dy, 0, dy.ndim - 1), [...dy.shape.slice(1), ...x.shape]));
  });
  return { columns, aux };
});

/**
 * The Jacobian by reverse mode: one pass per element of the result, all passes at once. Best where the result is smaller
 * than the argument.
 *
 * @example
 * jacrev((x) => np.stack([x.sum(), np.prod(x)]))(np.array([2, 3])); // [[1, 1], [3, 2]]
 * @throws DifferentiationError for arguments or results without derivatives
 */
export function jacrev<F extends FunctionWithAux, const N extends number | readonly number[] = 0>(
  f: F,
  options: JacobianOptions<N> & { readonly hasAux: true },
): (
  ...args: LooseChosen<Parameters<F>, N>
) => [jacobian: OfArguments<ReturnType<F>[0], F, N>, aux: Arrays<ReturnType<F>[1]>];
export function jacrev<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  f: F,
  options?: JacobianOptions<N> & { readonly hasAux?: false },
): (...args: LooseChosen<Parameters<F>, N>) => OfArguments<ReturnType<F>, F, N>;
export function jacrev(
  f: AnyFunction,
  options: JacobianOptions<number | readonly number[]> = {},
  ...more: []
): AnyFunction {
  refuseExtra(more, 'jacrev');
  return reverse(f, options);
}

const reverse = jacobianBy('jacrev', ({ f, arrays, holomorphic, where }) => {
  let aux: unknown;
  const [out, pull] = vjp(
    ((...leaves: readonly NDArray[]) => {
      const [ys, rest] = f(...leaves);
      aux = rest;
      return ys;
    }) as AnyFunction,
    arrays as never,
  ) as unknown as [readonly NDArray[], (cts: readonly NDArray[]) => readonly NDArray[]];
  for (const y of out) requireRealOrHolomorphic(y.aval, holomorphic, where);
  const rows = out.map((y, j) =>
    vmap((ct: NDArray) => pull(out.map((z, k) => (k === j ? ct : lax.zerosLike(z)))))(basis(y)),
  );
  const columns = arrays.map((x, i) => out.map((y, j) => lax.reshape(rows[j]![i]!, [...y.shape, ...x.shape])));
  return { columns, aux };
});

/** The Jacobian; the same as `jacrev`. */
export const jacobian: typeof jacrev = jacrev;

/**
 * Second derivatives of a function, for a scalar one the symmetric matrix: forward mode over reverse mode.
 *
 * @example
 * hessian((x) => np.prod(x))(np.array([2, 3])); // [[0, 1], [1, 0]]
 */
export function hessian<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  f: F,
  options: Omit<JacobianOptions<N>, 'hasAux'> = {},
  ...more: []
): (...args: LooseChosen<Parameters<F>, N>) => OfArguments<OfArguments<ReturnType<F>, F, N>, F, N> {
  refuseExtra(more, 'hessian');
  checkOptions(options, ['argnums', 'holomorphic'], 'hessian');
  called('hessian', f);
  return forward(reverse(f, options), options) as never;
}

function jacobianBy(
  name: string,
  mode: Mode,
): (f: AnyFunction, options?: JacobianOptions<number | readonly number[]>, ...more: []) => AnyFunction {
  return (f, options = {}, ...more: []) => {
    refuseExtra(more, name);
    checkOptions(options, ['argnums', 'hasAux', 'holomorphic'], name);
    const where = called(name, f);
    const { argnums = 0, hasAux = false, holomorphic = false } = options;
    return (...args: readonly unknown[]): unknown => {
      const chosen = argumentNumbers(argnums, args.length, where);
      const { arrays, treedef } = flattenArguments(chosen.map((i) => args[i]), where); // prettier-ignore
      requireInexact(arrays, chosen, treedef, where, holomorphic);
      let outTree: TreeDef | undefined;
      const onLeaves = (...leaves: readonly NDArray[]): readonly [readonly NDArray[], unknown] => {
        const trees = unflatten(treedef, leaves) as readonly unknown[];
        const all = [...args];
        chosen.forEach((i, k) => (all[i] = trees[k]));
        const result: unknown = f(...all);
        rejectAsync(result, where);
        const [value, aux] = valueAndAux(result, hasAux, where);
        const [out, tree] = flattenResult(value, where);
        outTree = tree;
        return [out, aux];
      };
      const { columns, aux } = mode({ f: onLeaves, arrays, holomorphic, where });
      const perResult = columns[0]!.map((_, j) => unflatten(treedef, columns.map((c) => c[j]!)) as readonly unknown[]); // prettier-ignore
      const nested = unflatten(outTree!, perResult.map((trees) => (typeof argnums === 'number' ? trees[0] : trees))); // prettier-ignore
      return hasAux ? [nested, aux] : nested;
    };
  };
}

function valueAndAux(result: unknown, hasAux: boolean, where: string): readonly [unknown, unknown] {
  if (!hasAux) return [result, undefined];
  if (!Array.isArray(result) || result.length !== 2) throw new TreeError(`${where}: with hasAux the function returns [value, aux]`); // prettier-ignore
  return [result[0], result[1]];
}

/** Row i is the i-th unit vector in the shape of x. */
function basis(x: NDArray): NDArray {
  const n = sizeOf(x.shape);
  const [row, column] = [0, 1].map((d) => lax.broadcastedIota('int32', [n, n], d));
  return lax.reshape(lax.convertElementType(lax.eq(row!, column!), x.dtype), [n, ...x.shape]);
}
