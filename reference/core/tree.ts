/**
 * Pytrees: nested lists and plain objects whose leaves are arrays, numbers or anything else (spec/pytrees.md).
 * `null` is a tree without leaves. Object keys are taken in sorted order, so that equal structures flatten alike.
 */
import { TreeError } from './errors.ts';

/** How a registered class takes part in trees. */
interface Registration<T, Aux> {
  readonly name: string;
  flatten(node: T): readonly [children: readonly unknown[], aux: Aux];
  unflatten(aux: Aux, children: readonly unknown[]): T;
}

type AnyRegistration = Registration<object, unknown>;
const registered = new Map<unknown, AnyRegistration>();

const identities = new WeakMap<WeakKey, number>();
let nextIdentity = 0;

/** A number that no other object, function or symbol has. */
export function identityOf(x: WeakKey): number {
  let id = identities.get(x);
  if (id === undefined) identities.set(x, (id = nextIdentity++));
  return id;
}

/** Auxiliary data of a registered class as text that tells it apart: data by value, functions by identity. */
function auxText(aux: unknown): string {
  const text = JSON.stringify(aux, (_, v: unknown) => {
    if (typeof v === 'function') return { function: identityOf(v) };
    const plain = typeof v === 'number' ? Number.isFinite(v) && !Object.is(v, -0) : typeof v !== 'bigint';
    return plain ? v : { [typeof v]: Object.is(v, -0) ? '-0' : String(v) };
  });
  return text ?? String(aux);
}

/**
 * Makes the instances of a class nodes of trees.
 * @example
 * tree.register(Point, { flatten: (p) => [[p.x, p.y], null], unflatten: (_, [x, y]) => new Point(x, y) });
 */
export function register<T extends object, Aux>(
  type: abstract new (...args: never[]) => T,
  rules: Omit<Registration<T, Aux>, 'name'>,
): void {
  if (registered.has(type)) throw new TreeError(`tree.register: ${type.name} is registered already`);
  const namesakes = [...registered.values()].filter(({ name }) => name.split('#')[0] === type.name).length;
  registered.set(type, { ...rules, name: namesakes === 0 ? type.name : `${type.name}#${namesakes + 1}` });
}

type Node =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'null' }
  | { readonly kind: 'list'; readonly children: readonly TreeDef[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly TreeDef[] }
  | {
      readonly kind: 'class';
      readonly type: AnyRegistration;
      readonly aux: unknown;
      readonly children: readonly TreeDef[];
    };

/** The structure of a tree without its leaves. */
export class TreeDef {
  readonly node: Node;
  readonly leafCount: number;
  constructor(node: Node) {
    this.node = node;
    this.leafCount =
      node.kind === 'leaf' ? 1 : node.kind === 'null' ? 0 : node.children.reduce((n, c) => n + c.leafCount, 0);
  }

  /** `{w: [*, *], b: *}`; equal structures have equal texts. */
  toString(): string {
    const { node } = this;
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
        return `${node.type.name}(${auxText(node.aux)}; ${node.children.join(', ')})`;
    }
  }

  equals(other: TreeDef): boolean {
    return this === other || this.toString() === other.toString();
  }

  /** One path per leaf: `.w[0]`; the root leaf's is empty. */
  paths(): string[] {
    const { node } = this;
    if (node.kind === 'leaf') return [''];
    if (node.kind === 'null') return [];
    const step = (i: number): string => {
      if (node.kind !== 'object') return `[${i}]`;
      const key = node.keys[i]!;
      return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    };
    return node.children.flatMap((c, i) => c.paths().map((p) => step(i) + p));
  }
}

const LEAF = new TreeDef({ kind: 'leaf' });
const NULL = new TreeDef({ kind: 'null' });

const isPlainObject = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || prototype === Object.prototype;
};

/** The leaves in order, and the structure. `isLeaf` stops the descent early. */
export function flatten(tree: unknown, isLeaf?: (x: unknown) => boolean): [leaves: unknown[], treedef: TreeDef] {
  const leaves: unknown[] = [];
  const walk = (x: unknown): TreeDef => {
    if (isLeaf?.(x) !== true) {
      if (x === null) return NULL;
      if (Array.isArray(x)) return new TreeDef({ kind: 'list', children: x.map(walk) });
      if (typeof x === 'object') {
        const type = registered.get(x.constructor);
        if (type !== undefined) {
          const [children, aux] = type.flatten(x);
          return new TreeDef({ kind: 'class', type, aux, children: children.map(walk) });
        }
        if (isPlainObject(x)) {
          const keys = Object.keys(x).sort();
          const children = keys.map((k) => walk((x as Record<string, unknown>)[k]));
          return new TreeDef({ kind: 'object', keys, children });
        }
      }
    }
    leaves.push(x);
    return LEAF;
  };
  return [leaves, walk(tree)];
}

/** The tree of the given structure with the given leaves. @throws TreeError if their number differs */
export function unflatten(treedef: TreeDef, leaves: readonly unknown[]): unknown {
  if (leaves.length !== treedef.leafCount) {
    throw new TreeError(`tree.unflatten: ${treedef.toString()} has ${treedef.leafCount} leaves, got ${leaves.length}`);
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

export const leaves = (tree: unknown): unknown[] => flatten(tree)[0];
export const structure = (tree: unknown): TreeDef => flatten(tree)[1];
/** Each leaf with its path: `['.w[0]', leaf]`. */
export function leavesWithPath(tree: unknown): [path: string, leaf: unknown][] {
  const [values, treedef] = flatten(tree);
  return treedef.paths().map((path, i) => [path, values[i]]);
}

/** Values of trees of the structure of T whose leaves are U. */
export type Mapped<T, U> = T extends readonly (infer E)[]
  ? { [K in keyof T]: Mapped<T[K] & E, U> }
  : T extends null
    ? null
    : T extends object
      ? T extends { readonly aval: unknown }
        ? U
        : { [K in keyof T]: Mapped<T[K], U> }
      : U;

// The leaves of a tree have whatever type its user gave them: the parameters of a callback say which.
type Leaf = any; // eslint-disable-line @typescript-eslint/no-explicit-any

/**
 * A tree of f's results on the leaves. Further trees must have the same structure.
 * @example
 * tree.map((p, g) => p.sub(g.mul(0.1)), params, gradients);
 */
export function map<T, U, L = Leaf>(
  f: (leaf: L, ...others: readonly Leaf[]) => U,
  tree: T,
  ...rest: readonly unknown[]
): Mapped<T, U> {
  const [first, treedef] = flatten(tree);
  const others = rest.map((t, i) => flattenLike(t, treedef, `tree.map: tree ${i + 2}`));
  return unflatten(
    treedef,
    first.map((leaf, i) => f(leaf as L, ...others.map((o) => o[i]))),
  ) as Mapped<T, U>;
}

/** The leaves of a tree that must have the given structure. @throws TreeError naming the first path that differs */
export function flattenLike(tree: unknown, treedef: TreeDef, where: string): unknown[] {
  const [values, own] = flatten(tree);
  if (!own.equals(treedef))
    throw new TreeError(
      `${where}: expected the structure ${treedef.toString()}, got ${own.toString()}${firstDifference(treedef, own)}`,
    );
  return values;
}

function firstDifference(a: TreeDef, b: TreeDef): string {
  const [p, q] = [a.paths(), b.paths()];
  const i = p.findIndex((path, k) => path !== q[k]);
  const path = i < 0 ? q[p.length] : p[i];
  return path === undefined || path === '' ? '' : ` (they differ at ${path})`;
}

/** Folds the leaves from the left. */
export function reduce<A>(f: (accumulator: A, leaf: never) => A, tree: unknown, initial: A): A {
  return leaves(tree).reduce((a: A, leaf) => f(a, leaf as never), initial);
}

/** True if every leaf is truthy. */
export const all = (tree: unknown): boolean => leaves(tree).every(Boolean);

/** A tree of trees turned inside out: outer structure around inner becomes inner around outer. */
export function transpose(outer: TreeDef, inner: TreeDef, tree: unknown): unknown {
  const values = leaves(tree);
  const [n, m] = [outer.leafCount, inner.leafCount];
  if (values.length !== n * m) throw new TreeError(`tree.transpose: expected ${n}·${m} leaves, got ${values.length}`);
  const columns = Array.from({ length: m }, (_, j) => Array.from({ length: n }, (_, i) => values[i * m + j]));
  return unflatten(
    inner,
    columns.map((c) => unflatten(outer, c)),
  );
}

/**
 * Leaves of a prefix tree spread over a tree: a leaf of the prefix stands for every leaf below it (`inAxes` and
 * `outAxes` of vmap). `isLeaf` tells the prefix's leaves, `null` being one there.
 */
export function broadcastPrefix(
  prefix: unknown,
  tree: TreeDef,
  where: string,
  isLeaf: (x: unknown) => boolean,
): unknown[] {
  if (isLeaf(prefix)) return new Array<unknown>(tree.leafCount).fill(prefix);
  const { node } = tree;
  const mismatch = (): never => {
    throw new TreeError(`${where}: the prefix ${JSON.stringify(prefix)} does not fit the structure ${tree.toString()}`);
  };
  if (node.kind === 'leaf' || node.kind === 'null') return mismatch();
  if (node.kind === 'object') {
    const p = prefix as Record<string, unknown>;
    if (typeof prefix !== 'object' || Object.keys(p).sort().join() !== node.keys.join()) return mismatch();
    return node.children.flatMap((c, i) => broadcastPrefix(p[node.keys[i]!], c, where, isLeaf));
  }
  if (!Array.isArray(prefix) || prefix.length !== node.children.length) return mismatch();
  return node.children.flatMap((c, i) => broadcastPrefix(prefix[i], c, where, isLeaf));
}
