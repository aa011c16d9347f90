/** The namespace `tree`: functions of pytrees (spec/pytrees.md), after `jax.tree` and `jax.flatten_util`. */
import { checkOptions, TreeError } from '../core/errors.ts';
import { NDArray } from '../core/ndarray.ts';
import { branchOf, register } from '../core/node-types.ts';
import { broadcastPrefix, flatten, flattenLike, flattenUpTo, leaves, type Mapped, type TreeDef, unflatten } from '../core/tree.ts'; // prettier-ignore

export { type ClassRules, register } from '../core/node-types.ts';
export { Partial } from '../core/partial.ts';
export { map, mapWithPath } from '../core/tree-map.ts';
export { flatten, leaves, type Mapped, structure, TreeDef, unflatten } from '../core/tree.ts';
export { ravelPytree } from './ravel.ts';

type IsLeaf = (x: unknown) => boolean;

/** Each leaf with its path, `['.w[0]', leaf]`, and the structure. */
export function flattenWithPath(
  tree: unknown,
  isLeaf?: IsLeaf,
): [leaves: [path: string, leaf: unknown][], treedef: TreeDef] {
  const [values, treedef] = flatten(tree, isLeaf);
  return [treedef.paths().map((path, i) => [path, values[i]]), treedef];
}

/** Each leaf with its path: `['.w[0]', leaf]`. */
export const leavesWithPath = (tree: unknown, isLeaf?: IsLeaf): [path: string, leaf: unknown][] =>
  flattenWithPath(tree, isLeaf)[0];

/**
 * Folds the leaves from the left, beginning with `initial`, or with the first leaf if there is none.
 *
 * @example
 * tree.reduce((n, x) => n + x.size, params, 0); // the number of parameters
 * @throws TreeError for a tree without leaves, if there is no `initial`
 */
export function reduce<A, L = never>(
  f: (accumulator: A, leaf: L) => A,
  tree: unknown,
  initial?: A,
  isLeaf?: IsLeaf,
): A {
  const values = leaves(tree, isLeaf) as L[];
  if (initial !== undefined) return values.reduce<A>((a, leaf) => f(a, leaf), initial);
  if (values.length === 0) throw new TreeError('tree.reduce: a tree without leaves needs an initial value');
  return values.slice(1).reduce<A>((a, leaf) => f(a, leaf), values[0] as unknown as A);
}

/** True if every leaf is: a scalar array by its value, everything else as JavaScript has it. */
export const all = (tree: unknown, isLeaf?: IsLeaf): boolean =>
  leaves(tree, isLeaf).every((x) => Boolean(x instanceof NDArray ? x.astype('bool').item() : x));

/**
 * A tree of trees turned inside out: an `outer` of `inner`s becomes an `inner` of `outer`s. With `inner` null, the first
 * of the inner trees says what that is.
 *
 * @example
 * tree.transpose(tree.structure([0, 0]), null, [{ a: 1, b: 2 }, { a: 3, b: 4 }]); // { a: [1, 3], b: [2, 4] }
 * @throws TreeError naming the path that does not fit
 */
export function transpose(outer: TreeDef, inner: TreeDef | null, tree: unknown): unknown {
  const parts = flattenUpTo(outer, tree, 'tree.transpose: outer');
  const shape = inner ?? flatten(parts[0])[1];
  const rows = parts.map((part, i) => flattenLike(part, shape, `tree.transpose: inner ${i}`));
  const columns = Array.from({ length: shape.leafCount }, (_, j) => unflatten(outer, rows.map((row) => row[j]))); // prettier-ignore
  return unflatten(shape, columns);
}

/**
 * A tree like `full`, in which each leaf of `prefix` stands for all that is below it.
 *
 * @example
 * tree.broadcast({ w: 1, b: 2 }, { w: [0, 0], b: 0 }); // { w: [1, 1], b: 2 }
 * @throws TreeError naming the path at which `prefix` does not fit
 */
export function broadcast<T>(prefix: unknown, full: T, isLeaf?: IsLeaf): Mapped<T, unknown> {
  const [, treedef] = flatten(full, isLeaf);
  const stops = (x: unknown): boolean => isLeaf?.(x) === true || (x !== null && branchOf(x) === null);
  return unflatten(treedef, broadcastPrefix(prefix, treedef, 'tree.broadcast', stops)) as Mapped<T, unknown>;
}

/**
 * Makes the instances of a class nodes of trees: the fields in `data` are children, those in `meta` belong to the
 * structure. Instances are made again without calling the constructor.
 *
 * @example
 * class Linear { constructor(w, name) { this.w = w; this.name = name; } }
 * tree.registerDataclass(Linear, { data: ['w'], meta: ['name'] });
 * @throws TreeError if the class is registered already; where an instance has a field that neither list names
 */
export function registerDataclass<T extends object>(
  type: abstract new (...args: never[]) => T,
  fields: { readonly data: readonly (keyof T & string)[]; readonly meta?: readonly (keyof T & string)[] },
): void {
  checkOptions(fields, ['data', 'meta'], 'tree.registerDataclass');
  const { data, meta = [] } = fields;
  const known = new Set<string>([...data, ...meta]);
  register<T, readonly unknown[]>(type, {
    keys: data,
    flatten(x) {
      const other = Object.keys(x).find((key) => !known.has(key));
      if (other !== undefined) throw new TreeError(`${type.name} has a field '${other}', which tree.registerDataclass names neither in data nor in meta`); // prettier-ignore
      return [data.map((key) => x[key]), meta.map((key) => x[key])];
    },
    unflatten(aux, children) {
      const x = Object.create(type.prototype as object) as T;
      data.forEach((key, i) => (x[key] = children[i] as never));
      meta.forEach((key, i) => (x[key] = aux[i] as never));
      return x;
    },
  });
}

/**
 * Makes the instances of a class nodes without leaves: they pass through transformations as they are, and two of them
 * are equal if they are the same object.
 */
export function registerStatic<T extends object>(type: abstract new (...args: never[]) => T): void {
  register<T, T>(type, { flatten: (x) => [[], x], unflatten: (x) => x });
}
