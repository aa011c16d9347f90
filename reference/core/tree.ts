/**
 * Pytrees: nested lists, plain objects and registered classes whose leaves are arrays, numbers or anything else
 * (spec/pytrees.md). `null` is a tree without leaves. Object keys are taken in sorted order, so that equal structures
 * flatten alike.
 */
import { TreeError } from './errors.ts';
import { type Branch, branchOf, MAX_DEPTH, stepTo, valueText } from './node-types.ts';

type Node = { readonly kind: 'leaf' } | { readonly kind: 'null' } | Branch<TreeDef>;

/** The structure of a tree without its leaves. */
export class TreeDef {
  readonly node: Node;
  readonly leafCount: number;
  #text: string | undefined;
  constructor(node: Node) {
    this.node = node;
    this.leafCount =
      node.kind === 'leaf' ? 1 : node.kind === 'null' ? 0 : node.children.reduce((n, c) => n + c.leafCount, 0);
  }

  /** `{"w": [*, *], "b": *}`; equal structures have equal texts. */
  toString(): string {
    return (this.#text ??= textOf(this.node));
  }

  equals(other: TreeDef): boolean {
    return this === other || this.toString() === other.toString();
  }

  /** One path per leaf: `.w[0]`; the root leaf's is empty. */
  paths(): string[] {
    const { node } = this;
    if (node.kind === 'leaf') return [''];
    if (node.kind === 'null') return [];
    return node.children.flatMap((c, i) => c.paths().map((p) => stepTo(node, i) + p));
  }
}

function textOf(node: Node): string {
  switch (node.kind) {
    case 'leaf':
      return '*';
    case 'null':
      return 'null';
    case 'list':
      return `[${node.children.join(', ')}]`;
    case 'object':
      return `{${node.children.map((c, i) => `${JSON.stringify(node.keys[i])}: ${c.toString()}`).join(', ')}}`;
    case 'class':
      return `${node.type.name}(${valueText(node.aux)}; ${node.children.join(', ')})`;
  }
}

const LEAF = new TreeDef({ kind: 'leaf' });
const NULL = new TreeDef({ kind: 'null' });

/**
 * The leaves in order, and the structure. `isLeaf` stops the descent early.
 * @throws TreeError for a tree that contains itself, or is nested more than 1000 levels deep
 */
export function flatten(tree: unknown, isLeaf?: (x: unknown) => boolean): [leaves: unknown[], treedef: TreeDef] {
  const leaves: unknown[] = [];
  const above: unknown[] = [];
  const walk = (x: unknown): TreeDef => {
    if (isLeaf?.(x) !== true) {
      if (x === null) return NULL;
      const branch = branchOf(x);
      if (branch !== null) {
        if (above.push(x) > MAX_DEPTH) throw tooDeep(above);
        const children = branch.children.map(walk);
        above.pop();
        return new TreeDef({ ...branch, children });
      }
    }
    leaves.push(x);
    return LEAF;
  };
  return [leaves, walk(tree)];
}

/** `nodes`: from the root down. */
function tooDeep(nodes: readonly unknown[]): TreeError {
  const again = nodes.findIndex((x, i) => nodes.indexOf(x) < i);
  if (again < 0) return new TreeError(`a tree is nested more than ${MAX_DEPTH} levels deep`);
  const steps = nodes.slice(0, again).map((x, i) => {
    const branch = branchOf(x)!;
    return stepTo(branch, branch.children.indexOf(nodes[i + 1]));
  });
  return new TreeError(`a tree contains itself: what is at ${steps.join('')} is one of the nodes above it`);
}

/** The tree of the given structure with the given leaves. @throws TreeError if their number differs */
export function unflatten(treedef: TreeDef, leaves: readonly unknown[]): unknown {
  if (leaves.length !== treedef.leafCount) {
    throw new TreeError(`tree.unflatten: ${shortly(treedef)} has ${treedef.leafCount} leaves, got ${leaves.length}`);
  }
  let at = 0;
  const build = ({ node }: TreeDef): unknown => {
    switch (node.kind) {
      case 'leaf':
        return leaves[at++];
      case 'null':
        return null;
      case 'list':
        return node.children.map(build);
      case 'object':
        return Object.fromEntries(node.children.map((c, i) => [node.keys[i]!, build(c)]));
      case 'class':
        return node.type.unflatten(node.aux, node.children.map(build));
    }
  };
  return build(treedef);
}

export const leaves = (tree: unknown, isLeaf?: (x: unknown) => boolean): unknown[] => flatten(tree, isLeaf)[0];
export const structure = (tree: unknown, isLeaf?: (x: unknown) => boolean): TreeDef => flatten(tree, isLeaf)[1];

/** The leaves of a tree that must have the given structure. @throws TreeError naming the first path that differs */
export function flattenLike(tree: unknown, treedef: TreeDef, where: string): unknown[] {
  const [values, own] = flatten(tree);
  if (!own.equals(treedef)) {
    throw new TreeError(
      `${where}: expected the structure ${shortly(treedef)}, got ${shortly(own)}${difference(treedef, own)}`,
    );
  }
  return values;
}

/** The subtrees that stand where a structure has its leaves. @throws TreeError naming the path that does not fit */
export function flattenUpTo(treedef: TreeDef, tree: unknown, where: string): unknown[] {
  const found: unknown[] = [];
  const walk = ({ node }: TreeDef, x: unknown, path: string): void => {
    if (node.kind === 'leaf') {
      found.push(x);
      return;
    }
    const own: Branch<unknown> | Node = x === null ? { kind: 'null' } : (branchOf(x) ?? { kind: 'leaf' });
    if (!alike(node, own)) throw new TreeError(`${where}: expected ${inWords(node)} at ${path || 'the root'}, got ${inWords(own)}`); // prettier-ignore
    if (node.kind === 'null') return;
    const { children } = own as Branch<unknown>;
    node.children.forEach((c, i) => walk(c, children[i], path + stepTo(node, i)));
  };
  walk(treedef, tree, '');
  return found;
}

/** Two nodes of one kind, with as many children under the same names. */
function alike(a: Node | Branch<unknown>, b: Node | Branch<unknown>): boolean {
  if (a.kind === 'object') return b.kind === 'object' && valueText(a.keys) === valueText(b.keys);
  if (a.kind === 'list') return b.kind === 'list' && a.children.length === b.children.length;
  if (a.kind !== 'class') return a.kind === b.kind;
  const sameClass = b.kind === 'class' && a.type === b.type && a.children.length === b.children.length;
  return sameClass && valueText(a.aux) === valueText(b.aux);
}

function inWords(node: Node | Branch<unknown>): string {
  switch (node.kind) {
    case 'leaf':
      return 'a leaf';
    case 'null':
      return 'null';
    case 'list':
      return `a list of ${node.children.length}`;
    case 'object':
      return node.keys.length === 0 ? 'an empty object' : `an object of ${cut(node.keys.join(', '))}`;
    case 'class':
      return `a ${node.type.name}(${cut(valueText(node.aux))}) of ${node.children.length}`;
  }
}

/** Where two structures that are not equal differ first: ` (they differ at .w: …)`. */
export function difference(wanted: TreeDef, got: TreeDef): string {
  const at = (a: TreeDef, b: TreeDef, path: string): string => {
    const [p, q] = [a.node, b.node];
    if (!alike(p, q) || p.kind === 'leaf' || p.kind === 'null') {
      return path === '' ? '' : ` (they differ at ${path}: ${inWords(p)}, and ${inWords(q)})`;
    }
    const others = (q as Branch<TreeDef>).children;
    const i = p.children.findIndex((c, k) => !c.equals(others[k]!));
    return at(p.children[i]!, others[i]!, path + stepTo(p, i));
  };
  return at(wanted, got, '');
}

/** A structure as messages show it. */
export const shortly = (treedef: TreeDef): string => cut(treedef.toString());
const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/**
 * Leaves of a prefix tree spread over a tree: a leaf of the prefix stands for every leaf below it (`inAxes` and
 * `outAxes` of vmap). `isLeaf` tells the prefix's leaves, `null` being one there. A list stands for the children of a
 * registered class too.
 * @throws TreeError naming the path that does not fit
 */
export function broadcastPrefix(
  prefix: unknown,
  tree: TreeDef,
  where: string,
  isLeaf: (x: unknown) => boolean,
): unknown[] {
  if (isLeaf(prefix)) return new Array<unknown>(tree.leafCount).fill(prefix);
  const { node } = tree;
  if (node.kind === 'null' && prefix === null) return [];
  const own = branchOf(prefix);
  const fits =
    own !== null &&
    (alike(node, own) ||
      (node.kind === 'class' && own.kind === 'list' && own.children.length === node.children.length));
  if (!fits || node.kind === 'leaf' || node.kind === 'null') {
    const got = own === null ? valueText(prefix) : inWords(own);
    throw new TreeError(`${where}: the prefix does not fit the structure: expected ${inWords(node)}, got ${got}`);
  }
  return node.children.flatMap((c, i) => broadcastPrefix(own.children[i], c, where + stepTo(node, i), isLeaf));
}

/** Values of trees of the structure of T whose leaves are U. */
export type Mapped<T, U> = T extends readonly unknown[]
  ? { [K in keyof T]: Mapped<T[K], U> }
  : T extends null
    ? null
    : T extends object
      ? T extends { readonly aval: unknown } | ((...args: never[]) => unknown)
        ? U
        : { [K in keyof T]: Mapped<T[K], U> }
      : U;
