/** Structured control flow: `lax.cond`, `lax.switch` and `lax.scan` (spec/transformations/control-flow.md). */
import { callback } from '../core/arguments.ts';
import { asArray, scalar } from '../core/convert.ts';
import { isInteger } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import type { ArrayLike, NDArray } from '../core/ndarray.ts';
import { difference, shortly, TreeDef, unflatten } from '../core/tree.ts';
import { bind } from '../core/trace.ts';
import * as lax from '../lax.ts';
import { cond as condPrimitive } from '../primitives/higher-order/cond.ts';
import { scan as scanPrimitive } from '../primitives/higher-order/scan.ts';
import {
  type AnyFunction,
  type Arrays,
  called,
  type FlatArguments,
  flattenArguments,
  flattenFunction,
  type Loose,
  nameOf,
  rejectAsync,
  type Tree,
} from './call.ts';
import { jitDisabled } from './disable-jit.ts';
import { numberOf, type ScanCall, scanPlainly, settledCarry, settling, unrolled } from './plain-control-flow.ts';
import { stage, type Staged, unite } from './staging.ts';

/**
 * One of several functions, chosen by an int32 scalar that is clamped into their range.
 * All must return trees of the same structure, shapes and dtypes.
 *
 * @example
 * lax.switch(2, [(x) => x, (x) => x.mul(2), (x) => x.neg()], x); // -x
 * @throws TreeError, ShapeError if the branches return different structures or types
 */
export function switch_<R, O extends readonly unknown[]>(
  index: ArrayLike,
  branches: readonly ((...operands: Arrays<O>) => R)[],
  ...operands: O
): Arrays<R> {
  if (!Array.isArray(branches) || branches.length === 0)
    throw new ArgumentError('lax.switch: branches must be a list of at least one function');
  const which =
    typeof index === 'number' ? scalar(index, 'int32', 'lax.switch: index') : asArray(index, 'lax.switch: index');
  if (which.ndim !== 0 || !isInteger(which.dtype)) {
    throw new DTypeError(`lax.switch: index must be an integer scalar, got ${showAval(which.aval)}`);
  }
  const named = branches.map((f: AnyFunction, i) => ({ f, label: `branch ${i} (${nameOf(f)})` }));
  return choose(lax.convertElementType(which, 'int32'), named, operands, 'lax.switch') as Arrays<R>;
}

/**
 * `onTrue(...operands)` where the bool scalar `predicate` is true, else `onFalse(...operands)`; both are traced. With an
 * operand for each: `cond(predicate, trueOperand, onTrue, falseOperand, onFalse)`.
 *
 * @example
 * lax.cond(x.greater(0), (v) => v.mul(2), (v) => v.neg(), x);
 * @throws TreeError, ShapeError if the two return different structures or types
 */
export function cond<R, O extends readonly unknown[]>(
  predicate: ArrayLike,
  onTrue: (...operands: Arrays<O>) => R,
  onFalse: (...operands: Arrays<O>) => R,
  ...operands: O
): Arrays<R>;
export function cond<R, X, Y>(
  predicate: ArrayLike,
  trueOperand: X,
  onTrue: (operand: NoInfer<Arrays<X>>) => R,
  falseOperand: Y,
  onFalse: (operand: NoInfer<Arrays<Y>>) => R,
): Arrays<R>;
export function cond(predicate: ArrayLike, ...rest: readonly unknown[]): unknown {
  const p = asArray(predicate, 'lax.cond: predicate');
  if (p.ndim !== 0)
    throw new ShapeError(`lax.cond: predicate must be a scalar, got ${showAval(p.aval)}; np.where chooses per element`);
  const truth = p.dtype === 'bool' ? p : lax.ne(p, lax.zerosLike(p));
  const [onTrue, onFalse, operands] = branchesOf(rest);
  const branches = [
    { f: onFalse, label: `onFalse (${nameOf(onFalse)})` },
    { f: onTrue, label: `onTrue (${nameOf(onTrue)})` },
  ];
  return choose(lax.convertElementType(truth, 'int32'), branches, operands, 'lax.cond');
}

/** The two ways of calling `cond` made one: both functions get all operands. */
function branchesOf(rest: readonly unknown[]): [onTrue: AnyFunction, onFalse: AnyFunction, operands: unknown[]] {
  const [a, b, c, d] = rest as readonly AnyFunction[];
  if (rest.length !== 4 || typeof a === 'function' || typeof b !== 'function' || typeof d !== 'function') {
    return [a!, b!, rest.slice(2)];
  }
  const named = (f: AnyFunction, call: AnyFunction): AnyFunction => Object.defineProperty(call, 'name', { value: f.name }); // prettier-ignore
  return [named(b, (x: Tree) => b(x)), named(d, (_: Tree, y: Tree) => d(y)), [a, c]];
}

interface Branch {
  readonly f: AnyFunction;
  /** As errors name it. */
  readonly label: string;
}

function choose(index: NDArray, branches: readonly Branch[], operands: readonly unknown[], where: string): unknown {
  const { arrays, treedef } = flattenArguments(operands, where);
  const flatten = ({ f, label }: Branch): ReturnType<typeof flattenFunction> => flattenFunction(f, treedef, `${where} ${label}`); // prettier-ignore
  const number = jitDisabled() ? numberOf(index) : null;
  if (number !== null) {
    const { flat, outTree } = flatten(branches[Math.min(Math.max(number, 0), branches.length - 1)]!);
    const results = flat(arrays);
    return unflatten(outTree(), results);
  }
  const avals = arrays.map((x) => x.aval);
  branches.forEach(({ f }, i) => callback(f, `${where}: branch ${i}`));
  const staged = branches.map((branch) => {
    const { flat, outTree } = flatten(branch);
    const { jaxpr, lifted } = stage(`${where} ${branch.label}`, flat, avals, () => treedef.paths());
    return { jaxpr, lifted, tree: outTree(), label: branch.label };
  });
  const [first] = staged;
  const { tree } = first!;
  for (const other of staged) {
    if (!other.tree.equals(tree)) {
      throw new TreeError(
        `${where}: ${first!.label} returns ${shortly(tree)}, ${other.label} ${shortly(other.tree)}${difference(tree, other.tree)}`,
      );
    }
    sameTypes(first!.jaxpr.outAvals, other.jaxpr.outAvals, tree, `${where}: ${first!.label}`, other.label);
  }
  const { jaxprs, lifted } = unite(staged);
  return unflatten(tree, bind(condPrimitive, [index, ...lifted, ...arrays], { branches: jaxprs }));
}

/** @throws ShapeError naming the path of the first type that differs; `what` the trees are: results, or a carry */
export function sameTypes(
  a: readonly Aval[],
  b: readonly Aval[],
  tree: TreeDef,
  first: string,
  second: string,
  what: string = 'result',
): void {
  const paths = tree.paths();
  a.forEach((x, i) => {
    if (!sameAval(x, b[i]!)) {
      throw new ShapeError(
        `${first} gives ${showAval(x)} at ${what}${paths[i]}, ${second} gives ${showAval(b[i]!)}; they must agree`,
      );
    }
  });
}

export interface ScanOptions {
  /** The number of iterations, where there are no xs to tell it. */
  readonly length?: number;
  /** From the last slice to the first; ys keep the order of xs. */
  readonly reverse?: boolean;
  /** How many iterations the body of the program does; true: all, so that no loop is left. */
  readonly unroll?: number | boolean;
}

/**
 * Carries a value through a loop: `f(carry, x) → [carry, y]` for each slice x of `xs` along axis 0; the ys are stacked.
 *
 * @example
 * const [total, partial] = lax.scan((c, x) => [c.add(x), c], 0, np.arange(5));
 * @throws TreeError, ShapeError if f changes the type of the carry
 */
export function scan<C, X, Y, const Next extends Loose<Arrays<C>> = Loose<Arrays<C>>>(
  f: (carry: NoInfer<Arrays<C>>, x: NoInfer<Arrays<X>>) => readonly [carry: Next, y: Y],
  init: C,
  xs: X,
  options: ScanOptions = {},
  ...more: []
): [carry: Arrays<C>, ys: Arrays<Y>] {
  refuseExtra(more, 'lax.scan');
  checkOptions(options, ['length', 'reverse', 'unroll'], 'lax.scan');
  const where = called('lax.scan', f);
  const carry = flattenArguments([init], `${where} init`);
  const slices = flattenArguments([xs], `${where} xs`);
  const { reverse = false } = options;
  const length = scanLength(slices, options.length, where);
  const unroll = unrolling(options.unroll ?? 1, length, where);

  const body = (c: unknown, x: unknown): unknown => {
    const result: unknown = f(c as Arrays<C>, x as Arrays<X>);
    rejectAsync(result, where);
    if (!Array.isArray(result) || result.length !== 2) throw new TreeError(`${where}: f must return [carry, y]`);
    return result;
  };
  const inTree = pairOf(carry.treedef, slices.treedef);

  const check = (outTree: TreeDef, initial: readonly Aval[], outAvals: readonly Aval[]): void =>
    checkCarry(first(carry.treedef), first(outTree), initial, outAvals, where);

  if (jitDisabled() && length > 0) {
    const { step, outTree } = settling(carry.arrays, () => flattenFunction(body, inTree, where), check);
    const results = scanPlainly(step, carry.arrays, slices.arrays, length, reverse);
    return unflatten(outTree(), results) as [Arrays<C>, Arrays<Y>];
  }
  const sliceAvals = slices.arrays.map(({ aval }) => ({ ...aval, shape: aval.shape.slice(1) }));
  const run = (initial: readonly NDArray[]): TracedBody => {
    const { flat, outTree } = flattenFunction(body, inTree, where);
    const staged = stage(where, flat, [...initial.map((c) => c.aval), ...sliceAvals], () => inTree.paths());
    return { staged, outTree: outTree() };
  };
  const { initial, traced } = settled(carry.arrays, run);
  const { staged, outTree } = traced;
  check(outTree, initial.map((c) => c.aval), staged.jaxpr.outAvals); // prettier-ignore
  const call = { jaxpr: staged.jaxpr, consts: staged.lifted, carry: initial, xs: slices.arrays, length, reverse };
  const results = unroll === 1 ? bindScan(call) : unrolled(call, unroll, bindScan);
  return unflatten(outTree, results) as [Arrays<C>, Arrays<Y>];
}

const bindScan = ({ jaxpr, consts, carry, xs, length, reverse }: ScanCall): readonly NDArray[] =>
  bind(scanPrimitive, [...consts, ...carry, ...xs], {
    jaxpr,
    length,
    reverse,
    num_consts: consts.length,
    num_carry: carry.length,
  });

/** How many iterations the body does at once. */
function unrolling(unroll: number | boolean, length: number, where: string): number {
  if (typeof unroll === 'boolean') return unroll ? Math.max(length, 1) : 1;
  if (!Number.isInteger(unroll) || unroll < 1)
    throw new ArgumentError(`${where}: unroll must be a positive integer or a boolean, got ${String(unroll)}`);
  return length === 0 ? 1 : unroll;
}

interface TracedBody {
  readonly staged: Staged;
  readonly outTree: TreeDef;
}

/** A body traced on the carry; again as long as weak values of it have to take the types that the body gives them. */
export function settled(
  given: readonly NDArray[],
  run: (initial: readonly NDArray[]) => TracedBody,
): { readonly initial: readonly NDArray[]; readonly traced: TracedBody } {
  const traced = run(given);
  const initial = settledCarry(given, traced.staged.jaxpr.outAvals);
  return initial === given ? { initial, traced } : settled(initial, run);
}

function scanLength({ arrays, treedef }: FlatArguments, given: number | undefined, where: string): number {
  if (given !== undefined && !(Number.isInteger(given) && given >= 0))
    throw new ArgumentError(`${where}: length must be a natural number, got ${String(given)}`);
  const paths = treedef.paths().map((path) => `xs${path.replace('[0]', '')}`);
  arrays.forEach((x, i) => {
    if (x.ndim === 0) throw new ShapeError(`${where}: ${paths[i]} must have an axis to scan over, got ${showAval(x.aval)}`); // prettier-ignore
    const length = given ?? arrays[0]!.shape[0]!;
    if (x.shape[0] === length) return;
    const wanted = given === undefined ? `${paths[0]} has ${length} slices` : `length is ${length}`;
    throw new ShapeError(`${where}: ${wanted}, but ${paths[i]} has ${x.shape[0]}`);
  });
  const length = given ?? arrays[0]?.shape[0];
  if (length === undefined) throw new ArgumentError(`${where}: without xs, { length } says how often to iterate`);
  return length;
}

/** The tree of the only argument, or of the first of two results. */
export const first = (tree: TreeDef): TreeDef => (tree.node.kind === 'list' ? tree.node.children[0]! : tree);

/** The tree of two arguments, each given as the list of one. */
const pairOf = (a: TreeDef, b: TreeDef): TreeDef => new TreeDef({ kind: 'list', children: [first(a), first(b)] });

/** @throws TreeError, ShapeError naming the first path at which the carry that the body gives differs from the first one */
export function checkCarry(
  wanted: TreeDef,
  got: TreeDef,
  initial: readonly Aval[],
  outAvals: readonly Aval[],
  where: string,
): void {
  if (!wanted.equals(got)) {
    throw new TreeError(
      `${where}: the carry is ${shortly(wanted)} at first, but the body returns ${shortly(got)}${difference(wanted, got)}`,
    );
  }
  sameTypes(initial, outAvals, wanted, `${where}: the initial carry`, 'the body', 'carry');
}
