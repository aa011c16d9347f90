/** Loops over `while` and `scan`: whileLoop, foriLoop, map, associativeScan (spec/transformations/control-flow.md). */
import { callback } from '../core/arguments.ts';
import { asArray } from '../core/convert.ts';
import { isInteger } from '../core/dtypes.ts';
import { ArgumentError, checkOptions, DTypeError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { showAval } from '../core/host.ts';
import type { ArrayLike, NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { type TreeDef, unflatten } from '../core/tree.ts';
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
import { scan, settled, sameTypes } from './control-flow.ts';
import { stage } from './staging.ts';

/**
 * `carry = body(carry)` for as long as `goesOn(carry)` is true. Under vmap each example stops by itself. In reverse mode
 * the iterations are computed again, by halves: n·log₂ n steps, and log₂ n carries of memory.
 *
 * @example
 * lax.whileLoop((x) => x.less(100), (x) => x.mul(2), 3); // 192
 * @throws TreeError, ShapeError if the body changes the type of the carry; DTypeError if goesOn gives no bool scalar
 */
export function whileLoop<C>(
  goesOn: (carry: Arrays<C>) => ArrayLike,
  body: (carry: Arrays<C>) => Loose<Arrays<C>>,
  init: C,
  ...more: []
): Arrays<C> {
  refuseExtra(more, 'lax.whileLoop');
  const where = called('lax.whileLoop', body);
  callback(goesOn, `${where}: the predicate`);
  const { arrays, treedef } = flattenArguments([init], where);
  const { initial, traced } = settled(arrays, (carry) => {
    const { flat, outTree } = flattenFunction(body as (carry: Tree) => unknown, treedef, where);
    const staged = stage(where, flat, carry.map(strong));
    return { staged, outTree: outTree() };
  });
  const { staged, outTree } = traced;
  checkCarry(treedef, outTree, where);
  sameTypes(initial.map((c) => c.aval), staged.jaxpr.outAvals, outTree, `${where}: the initial carry`, 'the body'); // prettier-ignore

  const asked = flattenFunction(goesOn as (carry: Tree) => unknown, treedef, `${where} predicate`);
  const predicate = stage(`${where} predicate`, asked.flat, initial.map(strong));
  const [type] = predicate.jaxpr.outAvals;
  if (asked.outTree().node.kind !== 'leaf' || type?.dtype !== 'bool' || type.shape.length !== 0) {
    throw new DTypeError(
      `${where}: the predicate must give one bool scalar, got ${type === undefined ? 'nothing' : showAval(type)}`,
    );
  }
  const results = bind(while_, [...predicate.lifted, ...staged.lifted, ...initial], {
    cond_jaxpr: predicate.jaxpr,
    body_jaxpr: staged.jaxpr,
    cond_nconsts: predicate.lifted.length,
    body_nconsts: staged.lifted.length,
  });
  return unflatten(outTree, results) as Arrays<C>;
}

const strong = ({ aval }: NDArray): NDArray['aval'] => ({ ...aval, weak: false });

function checkCarry(init: TreeDef, out: TreeDef, where: string): void {
  const wanted = init.node.kind === 'list' ? init.node.children[0]! : init;
  if (!wanted.equals(out)) {
    throw new TreeError(`${where}: the carry is ${wanted.toString()} at first, but the body returns ${out.toString()}`);
  }
}

/**
 * `carry = body(i, carry)` for i from `lower` up to, and without, `upper`. With numbers as limits it is a `scan`, which
 * reverse mode runs in linear time; with arrays it is a `while`.
 *
 * @example
 * lax.foriLoop(0, 5, (i, total) => total.add(i), 0); // 10
 * @throws DTypeError if a limit is no integer scalar; what whileLoop throws
 */
export function foriLoop<C>(
  lower: ArrayLike,
  upper: ArrayLike,
  body: (i: NDArray, carry: Arrays<C>) => Loose<Arrays<C>>,
  init: C,
  ...more: []
): Arrays<C> {
  refuseExtra(more, 'lax.foriLoop');
  const where = called('lax.foriLoop', body);
  const [from, to] = [limit(lower, `${where}: lower`), limit(upper, `${where}: upper`)];
  if (typeof from === 'number' && typeof to === 'number') {
    const step = ([i, carry]: readonly [NDArray, Arrays<C>]): unknown => {
      const [leaves, tree] = flattenResult(body(i, carry), where);
      return [[lax.add(i, 1), unflatten(tree, leaves)], null];
    };
    flattenArguments([init], where); // for errors in the caller's words
    const start = [lax.full([], from, 'int32'), init];
    const [[, last]] = scan(step as never, start as never, null, { length: Math.max(to - from, 0) }) as never as [
      [NDArray, Arrays<C>],
    ];
    return last;
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

/**
 * `f` of each slice of `xs` along axis 0, one after another; the results are stacked. `vmap` does them at once.
 *
 * @example
 * lax.map((x) => x.mul(x), np.array([1, 2, 3])); // [1, 4, 9]
 */
export function map<X, Y>(f: (x: Arrays<X>) => Y, xs: X, ...more: []): Arrays<Y> {
  refuseExtra(more, 'lax.map');
  const where = called('lax.map', f);
  checkSlices(flattenArguments([xs], where).arrays, where);
  const body = (carry: Tree, x: Tree): readonly [Tree, unknown] => {
    const [leaves, tree] = flattenResult(f(x as Arrays<X>), where);
    return [carry, unflatten(tree, leaves)];
  };
  return scan(body as never, null as never, xs as never)[1] as Arrays<Y>;
}

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
  f: (a: Arrays<X>, b: Arrays<X>) => unknown,
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
