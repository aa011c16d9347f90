import { flatten, flattenUpTo, type Mapped, type TreeDef, unflatten } from './tree.ts';

// The leaves of a tree have whatever type its user gave them: the parameters of a callback say which.
type Leaf = any; // eslint-disable-line @typescript-eslint/no-explicit-any
type IsLeaf = (x: unknown) => boolean;

/** The leaves of the first tree, each with what the others have in its place. */
function rows(
  trees: readonly unknown[],
  where: string,
): { readonly treedef: TreeDef; readonly rows: [leaf: never, ...others: never[]][] } {
  const { others, isLeaf } = splitOptions(trees);
  const [first, treedef] = flatten(others[0], isLeaf);
  const columns = others.slice(1).map((t, i) => flattenUpTo(treedef, t, `${where}: tree ${i + 2}`));
  return { treedef, rows: first.map((leaf, i) => [leaf as never, ...columns.map((c) => c[i] as never)]) };
}

/** A last argument with a function `isLeaf` holds options. */
function splitOptions(trees: readonly unknown[]): { others: readonly unknown[]; isLeaf?: IsLeaf } {
  const last = trees.at(-1);
  if (trees.length === 1 || typeof last !== 'object' || last === null || !('isLeaf' in last)) return { others: trees };
  const { isLeaf } = last;
  return typeof isLeaf === 'function' ? { others: trees.slice(0, -1), isLeaf: isLeaf as IsLeaf } : { others: trees };
}

/**
 * A tree of f's results on the leaves. Where `tree` has a leaf, further trees may have a leaf or a subtree, which `f` is
 * given whole. A last argument `{ isLeaf }` says what else is a leaf of `tree`.
 *
 * @example
 * tree.map((p, g) => p.sub(g.mul(0.1)), params, gradients);
 * @throws TreeError naming the path at which a further tree does not fit
 */
export function map<T, U, L = Leaf>(
  f: (leaf: L, ...others: Leaf[]) => U,
  tree: T,
  ...rest: readonly unknown[]
): Mapped<T, U> {
  const { treedef, rows: each } = rows([tree, ...rest], 'tree.map');
  return unflatten(treedef, each.map((row) => f(...row))) as Mapped<T, U>; // prettier-ignore
}

/**
 * `map`, of a function that is told each leaf's path first.
 *
 * @example
 * tree.mapWithPath((path, x) => `${path} = ${x}`, { w: [1, 2] }); // { w: ['.w[0] = 1', '.w[1] = 2'] }
 */
export function mapWithPath<T, U, L = Leaf>(
  f: (path: string, leaf: L, ...others: Leaf[]) => U,
  tree: T,
  ...rest: readonly unknown[]
): Mapped<T, U> {
  const { treedef, rows: each } = rows([tree, ...rest], 'tree.mapWithPath');
  const paths = treedef.paths();
  return unflatten(treedef, each.map((row, i) => f(paths[i]!, ...row))) as Mapped<T, U>; // prettier-ignore
}
