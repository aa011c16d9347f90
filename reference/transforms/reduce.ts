/** `lax.reduce` and `lax.reduceWindow`: reductions by a function of one's own (spec/transformations/reduce.md). */
import { integers } from '../core/arguments.ts';
import { ConcreteArray } from '../core/array.ts';
import { asArray, isScalar, scalar } from '../core/convert.ts';
import { type DType, isComplex, isInteger } from '../core/dtypes.ts';
import { ArgumentError, ShapeError, TreeError, refuseExtra } from '../core/errors.ts';
import { type Element, elements, type Shape, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import { algebraOf, bitsOf, orderOf } from '../primitives/numerics/algebra.ts';
import { reduce as reducePrimitive, reduceWindow as reduceWindowPrimitive } from '../primitives/higher-order/reduce.ts';
import { type Arrays, flattenArguments, flattenFunction, called, type Tree } from './call.ts';
import { stage } from './staging.ts';

/** Makes of what has been combined so far and the next elements what both are together. */
export type Computation = (combined: Tree, next: Tree) => unknown;

/**
 * The elements of `operands` along `dimensions`, combined by a function: f(… f(f(init, x₀), x₁) …). `operands` is an array
 * or a tree of arrays of one shape, `initValues` scalars in a tree of that structure. `computation` must be associative,
 * and leave what it combines with `initValues` as it is: the order is open.
 *
 * @example
 * const larger = ([a, i], [b, j]) => [lax.max(a, b), lax.select(lax.ge(a, b), i, j)];
 * lax.reduce([x, positions], [-Infinity, 0], larger, [0]);
 * @throws TreeError, ShapeError, ArgumentError
 */
export function reduce<T>(
  operands: T,
  initValues: unknown,
  computation: Computation,
  dimensions: Shape,
  ...more: []
): Arrays<T> {
  refuseExtra(more, 'lax.reduce');
  const call = prepared(operands, initValues, computation, 'lax.reduce');
  integers(dimensions, 'lax.reduce: dimensions');
  const known = call.single && MONOIDS.get(computation);
  if (known && holds(call.inits[0]!, known.identity)) {
    return unflattenOne(call.treedef, [known.reduce(call.arrays[0]!, [...dimensions].sort((a, b) => a - b))]) as Arrays<T>; // prettier-ignore
  }
  const params = { jaxpr: call.program(), dimensions: [...dimensions].sort((a, b) => a - b) };
  return unflattenOne(call.treedef, bind(reducePrimitive, [...call.arrays, ...call.inits], params)) as Arrays<T>;
}

/**
 * The same for each window of `operands`; padding, and the holes of a dilation, have no elements.
 *
 * @example
 * lax.reduceWindow(x, 1, lax.mul, [2], { windowStrides: [2] }); // products of pairs
 * @throws TreeError, ShapeError, ArgumentError
 */
export function reduceWindow<T>(
  operands: T,
  initValues: unknown,
  computation: Computation,
  windowDimensions: Shape,
  options: lax.WindowOptions = {},
  ...more: []
): Arrays<T> {
  refuseExtra(more, 'lax.reduceWindow');
  const where = 'lax.reduceWindow';
  const call = prepared(operands, initValues, computation, where);
  const known = call.single && MONOIDS.get(computation);
  if (known && known.window !== null && holds(call.inits[0]!, known.identity)) {
    return unflattenOne(call.treedef, [known.window(call.arrays[0]!, windowDimensions, options)]) as Arrays<T>;
  }
  const windows = lax.windowParams(call.arrays[0]!.shape, windowDimensions, options, where);
  const params = { jaxpr: call.program(), ...windows };
  return unflattenOne(call.treedef, bind(reduceWindowPrimitive, [...call.arrays, ...call.inits], params)) as Arrays<T>;
}

/** The tree is that of a list of one argument. */
const unflattenOne = (treedef: TreeDef, arrays: readonly NDArray[]): unknown =>
  (unflatten(treedef, arrays) as unknown[])[0];

interface Prepared {
  readonly arrays: readonly NDArray[];
  readonly inits: readonly NDArray[];
  readonly treedef: TreeDef;
  /** The operand is one array. */
  readonly single: boolean;
  /** The computation on scalars. */
  program(): Jaxpr;
}

function prepared(operands: unknown, initValues: unknown, computation: Computation, caller: string): Prepared {
  const where = called(caller, computation);
  const { arrays, treedef } = flattenArguments([operands], where);
  const [leaves, initTree] = flatten([initValues]);
  if (arrays.length === 0) throw new ArgumentError(`${where}: there must be an operand`);
  if (!treedef.equals(initTree)) {
    throw new TreeError(`${where}: the operands are ${treedef.toString()}, the initial values ${initTree.toString()}`);
  }
  const inits = leaves.map((leaf, i) => {
    const init = isScalar(leaf) ? scalar(leaf, arrays[i]!.dtype, where) : asArray(leaf, where);
    if (init.ndim === 0) return init;
    throw new ShapeError(`${where}: initial values are scalars, got ${showAval(init.aval)}`);
  });
  const program = (): Jaxpr => {
    const pair = flatten([0, 1].map(() => unflattenOne(treedef, arrays)))[1];
    const { flat, outTree } = flattenFunction(computation, pair, where);
    const scalars = inits.map(({ dtype }) => ({ shape: [], dtype, weak: false }));
    const { jaxpr, lifted } = stage(where, flat, [...scalars, ...scalars]);
    if (lifted.length > 0) {
      throw new ArgumentError(`${where}: the computation closes over a traced value (${showAval(lifted[0]!.aval)})`);
    }
    const [, wanted] = flatten(unflattenOne(treedef, arrays));
    if (!outTree().equals(wanted)) {
      throw new TreeError(
        `${where}: the operands are ${wanted.toString()}, the computation gives ${outTree().toString()}`,
      );
    }
    return jaxpr;
  };
  return { arrays, inits, treedef, single: arrays[0] === operands, program };
}

// ---- what has primitives of its own

interface Monoid {
  /** null: the dtype has none. */
  identity(dtype: DType): Element | null;
  readonly reduce: (x: NDArray, axes: Shape) => NDArray;
  readonly window: lax.ReduceWindow | null;
}
const ordered = (end: 'lowest' | 'highest') => (d: DType): Element | null => (isComplex(d) ? null : orderOf(d)[end]); // prettier-ignore
const ofBits = (which: 'ones' | 'zero') => (d: DType): Element | null => (isInteger(d) || d === 'bool' ? bitsOf(d)[which] : null); // prettier-ignore
const ofNumbers =
  (which: 'zero' | 'one') =>
  (d: DType): Element | null =>
    d === 'bool' ? null : algebraOf(d)[which];

const MONOIDS: ReadonlyMap<unknown, Monoid> = new Map<unknown, Monoid>([
  [lax.add, { identity: ofNumbers('zero'), reduce: lax.reduceSum, window: lax.reduceWindowSum }],
  [lax.mul, { identity: ofNumbers('one'), reduce: lax.reduceProd, window: null }],
  [lax.max, { identity: ordered('lowest'), reduce: lax.reduceMax, window: lax.reduceWindowMax }],
  [lax.min, { identity: ordered('highest'), reduce: lax.reduceMin, window: lax.reduceWindowMin }],
  [lax.bitwiseAnd, { identity: ofBits('ones'), reduce: lax.reduceAnd, window: null }],
  [lax.bitwiseOr, { identity: ofBits('zero'), reduce: lax.reduceOr, window: null }],
  [lax.bitwiseXor, { identity: ofBits('zero'), reduce: lax.reduceXor, window: null }],
]);

/** Whether a value is known to be the identity; zeros are one. */
function holds(init: NDArray, identity: Monoid['identity']): boolean {
  const wanted = identity(init.dtype);
  const value = init instanceof ConcreteArray ? init.hostValue : null;
  if (value === null || wanted === null) return false;
  const got = elements(value)(0);
  return typeof got === 'object' && typeof wanted === 'object'
    ? got.re === wanted.re && got.im === wanted.im
    : got === wanted;
}
