/** Loops over `while` and `scan`: whileLoop, foriLoop, map, associativeScan (spec/transformations/control-flow.md). */
import { callback } from '../core/arguments.ts';
import { asArray } from '../core/convert.ts';
import { isInteger } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { type Aval, showAval } from '../core/host.ts';
import type { ArrayLike, NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { while_ } from '../primitives/higher-order/while.ts';
import {
  type Arrays,
  called,
  flattenArguments,
  flattenFunction,
  flattenResult,
  type Loose,
  type Tree,
} from './call.ts';
import { vmap } from './batching.ts';
import { checkCarry, first, scan, settled } from './control-flow.ts';
import { jitDisabled } from './disable-jit.ts';
import { numberOf, settling, whilePlainly } from './plain-control-flow.ts';
import { stage } from './staging.ts';

/**
 * `carry = body(carry)` for as long as `goesOn(carry)` is true. Under vmap each example stops by itself. In reverse mode
 * the iterations are computed again, by halves: n·log₂ n steps, and log₂ n carries of memory.
 *
 * @example
 * lax.whileLoop((x) => x.less(100), (x) => x.mul(2), 3); // 192
 * @throws TreeError, ShapeError if the body changes the type of the carry; DTypeError if goesOn gives no bool scalar
 */
export function whileLoop<C, const Next extends Loose<Arrays<C>> = Loose<Arrays<C>>>(
  goesOn: (carry: NoInfer<Arrays<C>>) => ArrayLike,
  body: (carry: NoInfer<Arrays<C>>) => Next,
  init: C,
  ...more: []
): Arrays<C> {
  refuseExtra(more, 'lax.whileLoop');
  const where = called('lax.whileLoop', body);
  callback(goesOn, `${where}: the predicate`);
  const { arrays: given, treedef } = flattenArguments([init], `${where} init`);
  const bodyOf = (): ReturnType<typeof flattenFunction> => flattenFunction(body as (carry: Tree) => unknown, treedef, where); // prettier-ignore
  const asks = (): ReturnType<typeof flattenFunction> => flattenFunction(goesOn as (carry: Tree) => unknown, treedef, `${where} predicate`); // prettier-ignore
  const check = (outTree: TreeDef, initial: readonly Aval[], outAvals: readonly Aval[]): void =>
    checkCarry(first(treedef), outTree, initial, outAvals, where);

  let arrays = given;
  if (jitDisabled()) {
    const { step, outTree } = settling(given, bodyOf, check);
    const { carry, done } = whilePlainly((c) => predicateOf(asks(), c, where), step, given);
    if (done && carry !== given) return unflatten(outTree(), carry) as Arrays<C>;
    arrays = carry;
  }
  const { initial, traced } = settled(arrays, (carry) => {
    const { flat, outTree } = bodyOf();
    const staged = stage(
      where,
      flat,
      carry.map((c) => c.aval),
      () => treedef.paths(),
    );
    return { staged, outTree: outTree() };
  });
  const { staged, outTree } = traced;
  check(outTree, initial.map((c) => c.aval), staged.jaxpr.outAvals); // prettier-ignore

  const { flat: asked, outTree: answer } = asks();
  const predicate = stage(
    `${where} predicate`,
    asked,
    initial.map((c) => c.aval),
    () => treedef.paths(),
  );
  checkPredicate(answer(), predicate.jaxpr.outAvals, where);
  const results = bind(while_, [...predicate.lifted, ...staged.lifted, ...initial], {
    cond_jaxpr: predicate.jaxpr,
    body_jaxpr: staged.jaxpr,
    cond_nconsts: predicate.lifted.length,
    body_nconsts: staged.lifted.length,
  });
  return unflatten(outTree, results) as Arrays<C>;
}

function checkPredicate(tree: TreeDef, [type]: readonly Aval[], where: string): void {
  if (tree.node.kind === 'leaf' && type?.dtype === 'bool' && type.shape.length === 0) return;
  const got = type === undefined ? 'nothing' : tree.node.kind === 'leaf' ? showAval(type) : tree.toString();
  throw new DTypeError(`${where}: the predicate must give one bool scalar, got ${got}`);
}

/** What the predicate says of values; null if that is unknown yet. */
function predicateOf(
  { flat, outTree }: ReturnType<typeof flattenFunction>,
  carry: readonly NDArray[],
  where: string,
): boolean | null {
  const results = flat(carry);
  checkPredicate(outTree(), results.map((y) => y.aval), where); // prettier-ignore
  const answer = numberOf(results[0]!);
  return answer === null ? null : answer !== 0;
}

export interface ForiLoopOptions {
  /** As in `scan`; only where both limits are numbers. */
  readonly unroll?: number | boolean;
}

/**
 * `carry = body(i, carry)` for i from `lower` up to, and without, `upper`. With numbers as limits it is a `scan`, which
 * reverse mode runs in linear time; with arrays it is a `while`.
 *
 * @example
 * lax.foriLoop(0, 5, (i, total) => total.add(i), 0); // 10
 * @throws DTypeError if a limit is no integer scalar; what whileLoop throws
 */
export function foriLoop<C, const Next extends Loose<Arrays<C>> = Loose<Arrays<C>>>(
  lower: ArrayLike,
  upper: ArrayLike,
  body: (i: NDArray, carry: NoInfer<Arrays<C>>) => Next,
  init: C,
  options: ForiLoopOptions = {},
  ...more: []
): Arrays<C> {
  refuseExtra(more, 'lax.foriLoop');
  checkOptions(options, ['unroll'], 'lax.foriLoop');
  const where = called('lax.foriLoop', body);
  const [from, to] = [limit(lower, `${where}: lower`), limit(upper, `${where}: upper`)];
  if (typeof from === 'number' && typeof to === 'number') {
    const step = ([i, carry]: readonly [NDArray, Arrays<C>]): unknown => {
      const [leaves, tree] = flattenResult(body(i, carry), where);
      return [[lax.add(i, 1), unflatten(tree, leaves)], null];
    };
    flattenArguments([init], where); // for errors in the caller's words
    const start = [lax.full([], from, 'int32'), init];
    const [[, last]] = scan(step as never, start as never, null, {
      length: Math.max(to - from, 0),
      unroll: options.unroll ?? 1,
    }) as never as [[NDArray, Arrays<C>]];
    return last;
  }
  if ((options.unroll ?? 1) !== 1 && options.unroll !== false) {
    throw new ArgumentError(`${where}: unroll needs numbers as limits; with arrays nobody knows the iterations yet`);
  }
  const first = typeof from === 'number' ? lax.full([], from, (to as NDArray).dtype) : from;
  const last = typeof to === 'number' ? lax.full([], to, first.dtype) : to;
  if (first.dtype !== last.dtype) {
    throw new DTypeError(`${where}: lower and upper must have one dtype, got ${first.dtype} and ${last.dtype}`);
  }
  const counted = whileLoop<readonly [NDArray, NDArray, C]>(
    ([i, end]) => lax.lt(i, end),
    ([i, end, carry]) => [lax.add(i, 1), end, body(i, carry)] as never,
    [first, last, init],
  );
  return counted[2];
}

/** A limit of a loop: a JavaScript integer as it is, an array if it is an integer scalar. */
function limit(x: ArrayLike, where: string): number | NDArray {
  if (typeof x === 'number' || typeof x === 'bigint') {
    const n = Number(x);
    if (!Number.isInteger(n) || Math.abs(n) >= 2 ** 31) {
      throw new ArgumentError(`${where} must be an integer of 32 bits, got ${String(x)}`);
    }
    return n;
  }
  const array = asArray(x, where);
  if (array.ndim !== 0 || !isInteger(array.dtype)) {
    throw new DTypeError(`${where} must be an integer scalar, got ${showAval(array.aval)}`);
  }
  return array;
}

export interface MapOptions {
  /** How many slices are computed at once, as `vmap` does. */
  readonly batchSize?: number;
}

/**
 * `f` of each slice of `xs` along axis 0, one after another; the results are stacked. `vmap` does them at once, and
 * `batchSize` so many at a time.
 *
 * @example
 * lax.map((x) => x.mul(x), np.array([1, 2, 3])); // [1, 4, 9]
 * @throws ShapeError if the leaves differ in size along axis 0
 */
export function map<X, Y>(f: (x: NoInfer<Arrays<X>>) => Y, xs: X, options: MapOptions = {}, ...more: []): Arrays<Y> {
  refuseExtra(more, 'lax.map');
  checkOptions(options, ['batchSize'], 'lax.map');
  const where = called('lax.map', f);
  const each = (x: Tree): unknown => {
    const [leaves, tree] = flattenResult(f(x as Arrays<X>), where);
    return unflatten(tree, leaves);
  };
  checkSlices(flattenArguments([xs], where).arrays, where);
  const { batchSize } = options;
  if (batchSize === undefined) return mapScan(each, xs) as Arrays<Y>;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ArgumentError(`${where}: batchSize must be a positive integer, got ${String(batchSize)}`);
  }
  const { arrays, treedef } = flattenArguments([xs], where);
  const size = arrays[0]?.shape[0] ?? 0;
  const whole = size - (size % batchSize);
  const part = (cut: (x: NDArray) => NDArray): Tree => (unflatten(treedef, arrays.map(cut)) as Tree[])[0];
  const folded = (x: NDArray): NDArray => lax.reshape(lax.sliceInDim(x, 0, whole), [whole / batchSize, batchSize, ...x.shape.slice(1)]); // prettier-ignore
  prefixAxis(arrays, 0, where);
  const [ys, outTree] = flatten(mapScan(vmap(each), part(folded)));
  const many = (ys as NDArray[]).map((y) => lax.reshape(y, [whole, ...y.shape.slice(2)]));
  if (whole === size) return unflatten(outTree, many) as Arrays<Y>;
  const rest = flatten(vmap(each)(part((x) => lax.sliceInDim(x, whole, size))))[0] as NDArray[];
  return unflatten(outTree, many.map((y, j) => lax.concatenate([y, rest[j]!], 0))) as Arrays<Y>; // prettier-ignore
}

const mapScan = (each: (x: Tree) => unknown, xs: unknown): unknown =>
  scan((carry: null, x: Tree) => [carry, each(x)], null, xs)[1];

/** @throws ShapeError if a leaf has no axis to go along */
function checkSlices(arrays: readonly NDArray[], where: string): void {
  const scalar = arrays.find((x) => x.ndim === 0);
  if (scalar !== undefined || arrays.length === 0)
    throw new ShapeError(
      `${where}: xs must have an axis to go along, got ${scalar ? showAval(scalar.aval) : 'no array'}`,
    );
}

export interface AssociativeScanOptions {
  /** From the last slice to the first. */
  readonly reverse?: boolean;
  readonly axis?: number;
}

/**
 * All prefixes of `xs` under an associative function, in ⌈log₂ n⌉ rounds of whole arrays (Blelloch, "Prefix sums and
 * their applications", 1990). `f` combines trees of slices that hold many pairs at once, so it works elementwise along
 * the axis.
 *
 * @example
 * lax.associativeScan(np.add, np.array([1, 2, 3])); // [1, 3, 6]
 * @throws ShapeError if the leaves differ in size along the axis
 */
export function associativeScan<X>(
  f: (a: NoInfer<Arrays<X>>, b: NoInfer<Arrays<X>>) => unknown,
  xs: X,
  options: AssociativeScanOptions = {},
  ...more: []
): Arrays<X> {
  refuseExtra(more, 'lax.associativeScan');
  checkOptions(options, ['reverse', 'axis'], 'lax.associativeScan');
  const where = called('lax.associativeScan', f);
  const { arrays, treedef } = flattenArguments([xs], where);
  const tree = treedef.node.kind === 'list' ? treedef.node.children[0]! : treedef;
  const axis = prefixAxis(arrays, options.axis ?? 0, where);
  const turn = (list: readonly NDArray[]): NDArray[] =>
    options.reverse === true ? list.map((x) => lax.rev(x, [axis])) : [...list];
  const combine = (a: readonly NDArray[], b: readonly NDArray[]): readonly NDArray[] => {
    const result: unknown = f(unflatten(tree, a) as Arrays<X>, unflatten(tree, b) as Arrays<X>);
    const [leaves, structure] = flattenResult(result, where);
    if (!structure.equals(tree)) {
      throw new TreeError(`${where}: f must return ${tree.toString()}, got ${structure.toString()}`);
    }
    return leaves;
  };
  return unflatten(tree, turn(prefixes(turn(arrays), axis, combine))) as Arrays<X>;
}

/** The axis counted from the front, which all leaves have in one size. */
function prefixAxis(arrays: readonly NDArray[], axis: number, where: string): number {
  const places = arrays.map((x) => (axis < 0 ? axis + x.ndim : axis));
  arrays.forEach((x, i) => {
    if (!(places[i]! >= 0 && places[i]! < x.ndim)) throw new ShapeError(`${where}: ${showAval(x.aval)} has no axis ${axis}`); // prettier-ignore
  });
  const sizes = [...new Set(arrays.map((x, i) => x.shape[places[i]!]!))];
  if (sizes.length > 1 || new Set(places).size > 1) {
    throw new ShapeError(`${where}: the leaves must agree about the axis and its size, got ${sizes.join(', ')}`);
  }
  return places[0] ?? 0;
}

/** Neighbours are combined, the prefixes of the pairs taken, and what lies between them filled in. */
function prefixes(
  xs: readonly NDArray[],
  axis: number,
  combine: (a: readonly NDArray[], b: readonly NDArray[]) => readonly NDArray[],
): readonly NDArray[] {
  const n = xs[0]?.shape[axis] ?? 0;
  if (n < 2) return xs;
  const every = (list: readonly NDArray[], from: number, to: number): NDArray[] =>
    list.map((x) => lax.sliceInDim(x, from, to, 2, axis));
  const odd = prefixes(combine(every(xs, 0, n - 1), every(xs, 1, n)), axis, combine);
  const between = n > 2 ? combine(odd.map((x) => lax.sliceInDim(x, 0, Math.ceil(n / 2) - 1, 1, axis)), every(xs, 2, n)) : []; // prettier-ignore
  return odd.map((x, i) => {
    const first = lax.sliceInDim(xs[i]!, 0, 1, 1, axis);
    const even = between[i] === undefined ? first : lax.concatenate([first, between[i]], axis);
    return interleave(even, x, axis);
  });
}

/** even[0], odd[0], even[1], … along an axis; `even` is as long as `odd` or one longer. */
function interleave(even: NDArray, odd: NDArray, axis: number): NDArray {
  const [m, n] = [even.shape[axis]!, odd.shape[axis]!];
  const spaced = (x: NDArray, low: number, high: number): NDArray =>
    lax.pad(x, lax.full([], 0, x.dtype), x.shape.map((_, d) => (d === axis ? [low, high, 1] : [0, 0, 0]))); // prettier-ignore
  const places = lax.broadcastedIota('int32', even.shape.with(axis, m + n), axis);
  const isEven = lax.eq(lax.rem(places, 2), 0);
  return lax.select(isEven, spaced(even, 0, m === n ? 1 : 0), spaced(odd, 1, m === n ? 0 : 1));
}
