/** Structured control flow: `lax.cond`, `lax.switch` and `lax.scan` (spec/transformations/control-flow.md). */
import { callback } from '../core/arguments.ts';
import { asArray, scalar } from '../core/convert.ts';
import { isInteger } from '../core/dtypes.ts';
import {
  ArgumentError,
  checkOptions,
  DTypeError,
  ShapeError,
  TreeError,
  refuseExtra,
  describe,
} from '../core/errors.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import { Jaxpr, Var } from '../core/jaxpr.ts';
import type { ArrayLike, NDArray } from '../core/ndarray.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import { bind, type Tracer } from '../core/trace.ts';
import * as lax from '../lax.ts';
import { cond as condPrimitive } from '../primitives/higher-order/cond.ts';
import { scan as scanPrimitive } from '../primitives/higher-order/scan.ts';
import {
  type AnyFunction,
  type Arrays,
  flattenArguments,
  flattenFunction,
  type Loose,
  called,
  nameOf,
  rejectAsync,
  type Tree,
} from './call.ts';
import { stage, type Staged } from './staging.ts';

/** Jaxprs over the same inputs: every tracer that one of them closes over, then the arguments. */
function unite(parts: readonly Staged[]): { jaxprs: Jaxpr[]; lifted: Tracer[] } {
  const lifted = [...new Set(parts.flatMap((p) => p.lifted))];
  const jaxprs = parts.map(({ jaxpr, lifted: own }) => {
    const inputs = lifted.map((x) => jaxpr.inputs[own.indexOf(x)] ?? new Var(x.aval));
    return new Jaxpr({ ...jaxpr, inputs: [...inputs, ...jaxpr.inputs.slice(own.length)] });
  });
  return { jaxprs, lifted };
}

/**
 * One of several functions, chosen by an int32 scalar that is clamped into their range.
 * All must return trees of the same structure, shapes and dtypes.
 */
export function switch_<R>(index: ArrayLike, branches: readonly AnyFunction<R>[], ...operands: unknown[]): Arrays<R> {
  if (!Array.isArray(branches))
    throw new ArgumentError(`lax.switch: branches must be a list of functions, got ${describe(branches)}`);
  if (branches.length === 0) throw new ArgumentError('lax.switch: branches must not be empty');
  const which =
    typeof index === 'number' ? scalar(index, 'int32', 'lax.switch: index') : asArray(index, 'lax.switch: index');
  if (which.ndim !== 0 || !isInteger(which.dtype)) {
    throw new DTypeError(`lax.switch: index must be an integer scalar, got ${showAval(which.aval)}`);
  }
  return choose(lax.convertElementType(which, 'int32'), branches, operands, 'lax.switch') as Arrays<R>;
}

/**
 * `onTrue(...operands)` where the bool scalar `predicate` is true, else `onFalse(...operands)`; both are traced.
 *
 * @example
 * lax.cond(x.greater(0), (v) => v.mul(2), (v) => v.neg(), x);
 * @throws TreeError, ShapeError if the two return different structures or types
 */
export function cond<R>(
  predicate: ArrayLike,
  onTrue: AnyFunction<R>,
  onFalse: AnyFunction<R>,
  ...operands: unknown[]
): Arrays<R> {
  const p = asArray(predicate, 'lax.cond: predicate');
  if (p.ndim !== 0)
    throw new ShapeError(`lax.cond: predicate must be a scalar, got ${showAval(p.aval)}; np.where chooses per element`);
  const truth = p.dtype === 'bool' ? p : lax.ne(p, lax.zerosLike(p));
  return choose(lax.convertElementType(truth, 'int32'), [onFalse, onTrue], operands, 'lax.cond') as Arrays<R>;
}

function choose(
  index: NDArray,
  branches: readonly AnyFunction[],
  operands: readonly unknown[],
  where: string,
): unknown {
  const { arrays, treedef } = flattenArguments(operands, where);
  const avals = arrays.map((x) => x.aval);
  const trees: TreeDef[] = [];
  const staged = branches.map((f, i) => {
    callback(f, `${where}: branch ${i}`);
    const { flat, outTree } = flattenFunction(f, treedef, `${where} branch ${nameOf(f)}`);
    const s = stage(`${where} branch ${nameOf(f)}`, flat, avals);
    trees.push(outTree());
    return s;
  });
  const [tree] = trees;
  trees.forEach((other, i) => {
    if (!other.equals(tree!))
      throw new TreeError(`${where}: branch 0 returns ${tree!.toString()}, branch ${i} ${other.toString()}`);
  });
  staged.forEach(({ jaxpr }, i) =>
    sameTypes(staged[0]!.jaxpr.outAvals, jaxpr.outAvals, tree!, `${where}: branch 0`, `branch ${i}`),
  );
  const { jaxprs, lifted } = unite(staged);
  return unflatten(tree!, bind(condPrimitive, [index, ...lifted, ...arrays], { branches: jaxprs }));
}

export function sameTypes(a: readonly Aval[], b: readonly Aval[], tree: TreeDef, first: string, second: string): void {
  const paths = tree.paths();
  a.forEach((x, i) => {
    if (!sameAval(x, b[i]!)) {
      throw new ShapeError(
        `${first} gives ${showAval(x)} at result${paths[i]}, ${second} gives ${showAval(b[i]!)}; they must agree`,
      );
    }
  });
}

export interface ScanOptions {
  /** The number of iterations, where there are no xs to tell it. */
  readonly length?: number;
  /** From the last slice to the first; ys keep the order of xs. */
  readonly reverse?: boolean;
}

/**
 * Carries a value through a loop: `f(carry, x) → [carry, y]` for each slice x of `xs` along axis 0; the ys are stacked.
 *
 * @example
 * const [total, partial] = lax.scan((c, x) => [c.add(x), c], 0, np.arange(5));
 * @throws TreeError, ShapeError if f changes the type of the carry
 */
export function scan<C, X, Y>(
  f: (carry: Tree, x: Tree) => readonly [C, Y],
  init: Loose<C>,
  xs: X,
  options: ScanOptions = {},
  ...more: []
): [carry: Arrays<C>, ys: Arrays<Y>] {
  refuseExtra(more, 'lax.scan');
  checkOptions(options, ['length', 'reverse'], 'lax.scan');
  const where = called('lax.scan', f);
  const carry = flattenArguments([init], where);
  const slices = flattenArguments([xs], where);
  const length = scanLength(slices.arrays, options.length, where);
  const sliceAvals = slices.arrays.map(({ aval }) => ({ ...aval, shape: aval.shape.slice(1) }));

  const body = (c: unknown, x: unknown): unknown => {
    const result: unknown = f(c, x);
    rejectAsync(result, where);
    if (!Array.isArray(result) || result.length !== 2) throw new TreeError(`${where}: f must return [carry, y]`);
    return result;
  };
  const [, inTree] = flatten(
    [unflatten(carry.treedef, carry.arrays), unflatten(slices.treedef, slices.arrays)].map((x) => (x as unknown[])[0]),
  );
  const run = (initial: readonly NDArray[]): TracedBody => {
    const { flat, outTree } = flattenFunction(body, inTree, where);
    const staged = stage(where, flat, [...initial.map((c) => ({ ...c.aval, weak: false })), ...sliceAvals]);
    return { staged, outTree: outTree() };
  };
  const { initial, traced } = settled(carry.arrays, run);
  const { staged, outTree } = traced;
  const n = initial.length;
  checkCarry(carry.treedef, outTree, initial, staged.jaxpr.outAvals, where);
  const { lifted, jaxpr } = staged;
  const results = bind(scanPrimitive, [...lifted, ...initial, ...slices.arrays], {
    jaxpr,
    length,
    reverse: options.reverse ?? false,
    num_consts: lifted.length,
    num_carry: n,
  });
  return unflatten(outTree, results) as [Arrays<C>, Arrays<Y>];
}

interface TracedBody {
  readonly staged: Staged;
  readonly outTree: TreeDef;
}

/** A body traced on the carry; once more if weak values of it have to take the dtypes that the body gives them. */
export function settled(
  given: readonly NDArray[],
  run: (initial: readonly NDArray[]) => TracedBody,
): { readonly initial: readonly NDArray[]; readonly traced: TracedBody } {
  const traced = run(given);
  const initial = given.map((c, i) => {
    const out = traced.staged.jaxpr.outAvals[i];
    return c.weakType && out !== undefined && out.dtype !== c.dtype ? lax.convertElementType(c, out.dtype) : c;
  });
  return initial.some((c, i) => c !== given[i]) ? { initial, traced: run(initial) } : { initial: given, traced };
}

function scanLength(slices: readonly NDArray[], given: number | undefined, where: string): number {
  if (given !== undefined && !(Number.isInteger(given) && given >= 0))
    throw new ArgumentError(`${where}: length must be a natural number, got ${String(given)}`);
  for (const x of slices)
    if (x.ndim === 0) throw new ShapeError(`${where}: xs must have an axis to scan over, got ${showAval(x.aval)}`);
  const sizes = [...new Set([...slices.map((x) => x.shape[0]!), ...(given === undefined ? [] : [given])])];
  if (sizes.length === 0) throw new ArgumentError(`${where}: without xs, { length } says how often to iterate`);
  if (sizes.length > 1)
    throw new ShapeError(`${where}: xs and length disagree about the number of slices: ${sizes.join(', ')}`);
  return sizes[0]!;
}

/** The tree of the only argument, or of the first of two results. */
const first = (tree: TreeDef): TreeDef => (tree.node.kind === 'list' ? tree.node.children[0]! : tree);

function checkCarry(
  init: TreeDef,
  out: TreeDef,
  initial: readonly NDArray[],
  outAvals: readonly Aval[],
  where: string,
): void {
  const wanted = first(init);
  const got = first(out);
  if (!wanted.equals(got))
    throw new TreeError(`${where}: the carry is ${wanted.toString()} at first, but f returns ${got.toString()}`);
  sameTypes(
    initial.map((c) => c.aval),
    outAvals,
    wanted,
    `${where}: the initial carry`,
    'f',
  );
}
