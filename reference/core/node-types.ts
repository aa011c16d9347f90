/**
 * Which objects are nodes of trees: lists, plain objects and instances of registered classes (spec/pytrees.md).
 */
import { TreeError } from './errors.ts';
import { Partial } from './partial.ts';

/** How a registered class takes part in trees. */
export interface ClassRules<T, Aux> {
  /** The children, and what belongs to the structure: data is compared by value, functions and other objects by identity. */
  flatten(node: T): readonly [children: readonly unknown[], aux: Aux];
  unflatten(aux: Aux, children: readonly unknown[]): T;
  /** What paths call the children: `.w` instead of `[0]`. */
  readonly keys?: readonly string[];
}
export interface NodeType extends ClassRules<object, unknown> {
  readonly name: string;
}

const partial: NodeType = {
  name: 'Partial',
  flatten: (x) => [(x as Partial).args, (x as Partial).f],
  unflatten: (f, args) => new Partial(f as (...all: unknown[]) => unknown, ...args),
};
const registered = new Map<unknown, NodeType>([[Partial, partial]]);

/**
 * Makes the instances of a class nodes of trees.
 * @example
 * tree.register(Point, { flatten: (p) => [[p.x, p.y], null], unflatten: (_, [x, y]) => new Point(x, y) });
 * @throws TreeError if the class is registered already
 */
export function register<T extends object, Aux>(
  type: abstract new (...args: never[]) => T,
  rules: ClassRules<T, Aux>,
): void {
  if (registered.has(type)) throw new TreeError(`tree.register: ${type.name} is registered already`);
  const namesakes = [...registered.values()].filter(({ name }) => name.split('#')[0] === type.name).length;
  registered.set(type, { ...rules, name: namesakes === 0 ? type.name : `${type.name}#${namesakes + 1}` });
}

/** One level of a tree; C is what stands for the children. */
export type Branch<C> =
  | { readonly kind: 'list'; readonly children: readonly C[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly C[] }
  | { readonly kind: 'class'; readonly type: NodeType; readonly aux: unknown; readonly children: readonly C[] };

/** The node that a value is; null for a leaf. The keys of objects are sorted. */
export function branchOf(x: unknown): Branch<unknown> | null {
  if (x === null || (typeof x !== 'object' && typeof x !== 'function')) return null;
  if (Array.isArray(x)) return { kind: 'list', children: x };
  const type = registered.get(x.constructor);
  if (type !== undefined) {
    const [children, aux] = type.flatten(x);
    return { kind: 'class', type, aux, children };
  }
  if (!isPlainObject(x)) return null;
  const keys = Object.keys(x).sort();
  return { kind: 'object', keys, children: keys.map((k) => (x as Record<string, unknown>)[k]) };
}

/** The path of a child: `.w`, `["two words"]`, `[0]`. */
export function stepTo(branch: Branch<unknown>, i: number): string {
  const key = branch.kind === 'object' ? branch.keys[i] : branch.kind === 'class' ? branch.type.keys?.[i] : undefined;
  if (key === undefined) return `[${i}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isPlainObject(x: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || prototype === Object.prototype;
}

/** Trees and data that are nested deeper are refused. */
export const MAX_DEPTH = 1000;

const identities = new WeakMap<WeakKey, number>();
let nextIdentity = 0;

/** A number that no other object, function or symbol has. */
export function identityOf(x: WeakKey): number {
  let id = identities.get(x);
  if (id === undefined) identities.set(x, (id = nextIdentity++));
  return id;
}

/**
 * Data as text that tells it apart: lists and plain objects by what is in them, other objects and functions by identity,
 * the rest as Object.is does. `visit` may refuse a value.
 * @throws TreeError for what is nested too deep
 */
export function valueText(x: unknown, visit?: (value: unknown) => void, depth: number = 0): string {
  if (depth > MAX_DEPTH) throw new TreeError(`data is nested more than ${MAX_DEPTH} levels deep, or contains itself`);
  visit?.(x);
  const inner = (value: unknown): string => valueText(value, visit, depth + 1);
  switch (typeof x) {
    case 'string':
      return JSON.stringify(x);
    case 'number':
      return Object.is(x, -0) ? '-0' : String(x);
    case 'bigint':
      return `${x}n`;
    case 'symbol':
      return Symbol.keyFor(x) === undefined ? `#${identityOf(x)}` : `@${JSON.stringify(Symbol.keyFor(x))}`;
    case 'object':
      if (x === null) return 'null';
      if (Array.isArray(x)) return `[${x.map(inner).join(', ')}]`;
      if (!isPlainObject(x)) return `${x.constructor?.name ?? 'object'}#${identityOf(x)}`;
      return `{${Object.keys(x).sort().map((k) => `${JSON.stringify(k)}: ${inner((x as Record<string, unknown>)[k])}`).join(', ')}}`; // prettier-ignore
    case 'function':
      return `${x.name === '' ? 'function' : x.name}#${identityOf(x)}`;
    default:
      return String(x);
  }
}
