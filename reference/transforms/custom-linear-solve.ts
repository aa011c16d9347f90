/** Implicit differentiation: customLinearSolve, customRoot (spec/transformations/custom-linear-solve.md). */
import { callback } from '../core/arguments.ts';
import { isInexact } from '../core/dtypes.ts';
import { checkOptions, refuseExtra, ShapeError, TreeError } from '../core/errors.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { flatten, flattenLike, TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { customJvpCall } from '../primitives/higher-order/custom-jvp.ts';
import { customLinearSolve as linearSolve } from '../primitives/higher-order/custom-linear-solve.ts';
import { type AnyFunction, type Arrays, flattenArguments, flattenFunction, type Loose, type Tree } from './call.ts';
import { evaluate } from './evaluate.ts';
import { linearize } from './grad.ts';
import { transforms as t } from './rules.ts';
import { stage, type Staged, unite } from './staging.ts';

/** The structure and the types of the unknown of an equation. */
interface Unknown {
  readonly tree: TreeDef;
  readonly avals: readonly Aval[];
}

interface StagedPart extends Staged {
  readonly tree: TreeDef;
}

/**
 * A function of trees like the unknown, as a program. Its result, or with `hasAux` the first of two, is such a tree.
 * @throws TreeError, ShapeError naming the path
 */
function stageMap(f: AnyFunction, arity: number, like: Unknown, hasAux: boolean, where: string): StagedPart {
  const inTree = new TreeDef({ kind: 'list', children: new Array<TreeDef>(arity).fill(like.tree) });
  const { flat, outTree } = flattenFunction(f, inTree, where);
  const avals = Array.from({ length: arity }, () => like.avals).flat();
  const staged = stage(where, flat, avals);
  const tree = outTree();
  if (hasAux && !(tree.node.kind === 'list' && tree.node.children.length === 2)) {
    throw new TreeError(`${where}: with hasAux the result is [x, aux], got ${tree.toString()}`);
  }
  const own = hasAux && tree.node.kind === 'list' ? tree.node.children[0]! : tree;
  requireLike(like, own, staged.jaxpr.outAvals, where);
  return { ...staged, tree };
}

function requireLike(like: Unknown, tree: TreeDef, avals: readonly Aval[], where: string): void {
  if (!tree.equals(like.tree)) {
    throw new TreeError(`${where}: the result is ${tree.toString()}, the unknown ${like.tree.toString()}`);
  }
  like.avals.forEach((wanted, i) => {
    if (sameAval(wanted, avals[i]!)) return;
    const path = tree.paths()[i];
    throw new ShapeError(`${where}: the result${path} is ${showAval(avals[i]!)}, the unknown ${showAval(wanted)}`);
  });
}

/** A tree of arrays, as an unknown and as its leaves. */
function unknownLike(x: unknown, where: string): Unknown & { readonly arrays: readonly NDArray[] } {
  const { arrays } = flattenArguments([x], where);
  return { arrays, tree: flatten(x)[1], avals: arrays.map((a) => ({ ...a.aval, weak: false })) };
}

/** A program of values that it closes over and of trees like the unknown, as a function of the latter. */
const asFunction =
  ({ jaxpr, lifted }: Staged, { tree }: Unknown, where: string) =>
  (x: unknown): unknown =>
    unflatten(tree, evaluate(jaxpr, [...lifted, ...(flattenLike(x, tree, where) as NDArray[])]));

export type LinearMap<B> = (x: Arrays<B>) => Arrays<B>;

export interface LinearSolveOptions<B> {
  /** As `solve`, for the transpose of A: what reverse mode needs. */
  readonly transposeSolve?: (vecmat: LinearMap<B>, b: Arrays<B>) => unknown;
  /** A is its own transpose: `solve` solves both. */
  readonly symmetric?: boolean;
  /** The solvers give `[x, aux]`, and so does the call; aux is not differentiated. */
  readonly hasAux?: boolean;
}

/**
 * The solution x of `matvec(x) = b`, found by `solve(matvec, b)`. Derivatives do not pass through `solve`: they solve
 * the same equation with another right-hand side, with respect to b and to whatever `matvec` closes over. `b` is a tree
 * of floats or complex numbers; `matvec` is linear and gives a tree like its argument.
 *
 * @example
 * const x = lax.customLinearSolve((v) => np.dot(a, v), b, (_, c) => np.linalg.solve(a, c), {
 *   transposeSolve: (_, c) => np.linalg.solve(a.T, c),
 * });
 * @throws TreeError, ShapeError if a function gives something unlike b; DifferentiationError in reverse mode without
 * `transposeSolve` or `symmetric`
 */
export function customLinearSolve<B>(
  matvec: LinearMap<B>,
  b: B,
  solve: (matvec: LinearMap<B>, b: Arrays<B>) => unknown,
  options: LinearSolveOptions<B> & { readonly hasAux: true },
): [x: Arrays<B>, aux: unknown];
export function customLinearSolve<B>(
  matvec: LinearMap<B>,
  b: B,
  solve: (matvec: LinearMap<B>, b: Arrays<B>) => Loose<Arrays<B>>,
  options?: LinearSolveOptions<B>,
): Arrays<B>;
export function customLinearSolve(
  matvec: (x: Tree) => Tree,
  b: unknown,
  solve: AnyFunction,
  options: LinearSolveOptions<Tree> = {},
  ...more: []
): unknown {
  const where = 'lax.customLinearSolve';
  refuseExtra(more, where);
  checkOptions(options, ['transposeSolve', 'symmetric', 'hasAux'], where);
  const { transposeSolve, symmetric = false, hasAux = false } = options;
  for (const [name, f] of Object.entries({ matvec, solve, transposeSolve: transposeSolve ?? solve })) {
    callback(f, `${where}: ${name}`);
  }
  const like = unknownLike(b, `${where}: b`);
  const product = stageMap(matvec, 1, like, false, `${where}: matvec`);
  const solver = (f: AnyFunction, map: (x: Tree) => unknown, name: string): StagedPart =>
    stageMap((right: Tree) => f(map, right), 1, like, hasAux, `${where}: ${name}`);
  const parts: Staged[] = [product, solver(solve, asFunction(product, like, `${where}: matvec`), 'solve')];
  const { tree } = parts[1] as StagedPart;
  if (symmetric) parts.push(...parts);
  else if (transposeSolve !== undefined) {
    const linear = product.jaxpr.inputs.map((_, i) => i >= product.lifted.length);
    const back = t.transpose(product.jaxpr, linear, like.avals.map(() => true), true); // prettier-ignore
    const vecmat = { jaxpr: back.jaxpr, lifted: product.lifted };
    parts.push(vecmat, solver(transposeSolve, asFunction(vecmat, like, `${where}: vecmat`), 'transposeSolve'));
  }
  const { jaxprs, lifted } = unite(parts);
  const [first, second, ...transposed] = jaxprs;
  const params = { matvec: first, solve: second, transposed, num_consts: lifted.length };
  return unflatten(tree, bind(linearSolve, [...lifted, ...like.arrays], params));
}

export interface RootOptions {
  /** `solve` gives `[x, aux]`, and so does the call; aux is not differentiated. */
  readonly hasAux?: boolean;
}

/**
 * A root x of `f`, found by `solve(f, initialGuess)`. Its derivative with respect to what `f` closes over does not pass
 * through `solve`: f(x) = 0 gives ∂f·ẋ = −ḟ, which `tangentSolve(g, y)` solves for ẋ, g being the linear function ∂f·.
 *
 * @example
 * const sqrt = (a) => lax.customRoot((x) => x.mul(x).sub(a), a, newton, (g, y) => y.div(g(1)));
 * @throws TreeError, ShapeError if a function gives something unlike the guess
 */
export function customRoot<X>(
  f: (x: Arrays<X>) => Loose<Arrays<X>>,
  initialGuess: X,
  solve: (f: LinearMap<X>, guess: Arrays<X>) => unknown,
  tangentSolve: (g: LinearMap<X>, y: Arrays<X>) => unknown,
  options: RootOptions & { readonly hasAux: true },
): [x: Arrays<X>, aux: unknown];
export function customRoot<X>(
  f: (x: Arrays<X>) => Loose<Arrays<X>>,
  initialGuess: X,
  solve: (f: LinearMap<X>, guess: Arrays<X>) => unknown,
  tangentSolve: (g: LinearMap<X>, y: Arrays<X>) => unknown,
  options?: RootOptions,
): Arrays<X>;
export function customRoot(
  f: (x: Tree) => Tree,
  initialGuess: unknown,
  solve: AnyFunction,
  tangentSolve: AnyFunction,
  options: RootOptions = {},
  ...more: []
): unknown {
  const where = 'lax.customRoot';
  refuseExtra(more, where);
  checkOptions(options, ['hasAux'], where);
  for (const [name, part] of Object.entries({ f, solve, tangentSolve })) callback(part, `${where}: ${name}`);
  const { hasAux = false } = options;
  const like = unknownLike(initialGuess, `${where}: initialGuess`);
  const tangent = (x: Tree, y: Tree): unknown => tangentSolve(linearize(f, [x])[1], y);
  const found = stageMap((guess: Tree) => solve(f, guess), 1, like, hasAux, `${where}: solve`);
  const { jaxprs, lifted } = unite([
    stageMap(f, 1, like, false, `${where}: f`),
    found,
    stageMap(tangent, 2, like, false, `${where}: tangentSolve`),
  ]);
  const [residual, solver, correction] = jaxprs as [Jaxpr, Jaxpr, Jaxpr];
  let traced: Jaxpr | undefined;
  const params = {
    name: 'custom_root',
    jaxpr: solver,
    num_consts: 0,
    jvp: { jaxpr: () => (traced ??= t.trace(rule, [...solver.inAvals, ...solver.inAvals])) },
  };
  const rule = (...duals: NDArray[]): readonly NDArray[] =>
    rootRule({ residual, correction, size: like.avals.length }, duals, (x) => bind(customJvpCall, x, params));
  return unflatten(found.tree, bind(customJvpCall, [...lifted, ...like.arrays], params));
}

interface RootPrograms {
  /** `constants, x → f(x)`. */
  readonly residual: Jaxpr;
  /** `constants, x, y → ẋ` with ∂f·ẋ = y. */
  readonly correction: Jaxpr;
  /** The number of leaves of x. */
  readonly size: number;
}

/** `constants, guess, their tangents → x, aux, their tangents`; those of the guess do not matter. */
function rootRule(
  { residual, correction, size }: RootPrograms,
  duals: readonly NDArray[],
  solve: (operands: readonly NDArray[]) => readonly NDArray[],
): NDArray[] {
  const primals = duals.slice(0, duals.length / 2);
  const n = primals.length - size;
  const constants = primals.slice(0, n);
  const moving = constants.map((c) => isInexact(c.dtype));
  const out = solve(primals);
  const x = out.slice(0, size);
  const fixed = new Array<boolean>(size).fill(false);
  const dual = t.jvp(residual, [...moving, ...fixed], fixed.map(() => true)); // prettier-ignore
  const directions = duals.slice(primals.length).filter((_, i) => moving[i]);
  const change = evaluate(dual.jaxpr, [...constants, ...x, ...directions]).slice(size);
  const dx = evaluate(correction, [...constants, ...x, ...change.map((d) => lax.neg(d))]);
  return [...out, ...dx, ...out.slice(size).map((aux) => lax.zerosLike(aux))];
}
