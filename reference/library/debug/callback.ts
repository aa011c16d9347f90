/** `debug.callback` and `debug.print`: values of a running program, shown to JavaScript. */
import { asArray, isArrayLike } from '../../core/convert.ts';
import { ArgumentError } from '../../core/errors.ts';
import { argumentOf, fieldsOf, parseFormat } from '../../core/format.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { showElements } from '../../core/show.ts';
import { ConcreteArray } from '../../core/array.ts';
import { bind } from '../../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../../core/tree.ts';
import { debugCallback } from '../../primitives/higher-order/debug-callback.ts';
import { type AnyFunction, nameOf } from '../../transforms/call.ts';

/**
 * Calls `f` with the values of `args` whenever the program gets there, under every transformation
 * (spec/transformations/debugging.md). `args` are trees of arrays of any shapes and dtypes; what is no array or number
 * in them is passed as it is. What `f` returns is dropped.
 *
 * @example
 * const seen = [];
 * jit((x) => {
 *   debug.callback((v) => seen.push(v.item()), x);
 *   return x.mul(2);
 * })(3);
 * seen; // [3]
 * @throws ArgumentError if `f` is not a function
 */
export function callback(f: AnyFunction, ...args: unknown[]): void {
  if (typeof f !== 'function') throw new ArgumentError(`debug.callback takes a function first, got ${String(f)}`);
  observe(nameOf(f), args, (values) => f(...values));
}

/** Binds a callback; it gets `args` with concrete arrays in them. */
function observe(name: string, args: readonly unknown[], call: (args: readonly unknown[]) => void): void {
  const [leaves, treedef] = flatten(args);
  const arrays = leaves.filter(isArrayLike).map((leaf) => asArray(leaf, `debug.${name}`));
  bind(debugCallback, arrays, {
    name,
    callback(values: readonly NDArray[]): void {
      let next = 0;
      call(unflatten(treedef, leaves.map((leaf) => (isArrayLike(leaf) ? values[next++] : leaf))) as unknown[]); // prettier-ignore
    },
  });
}

/**
 * Prints a line whenever the program gets there, under every transformation. In `format`, `{}` stands for the next
 * argument, `{0}` for the one of that number, `{name}` for an entry of the object that then is the last argument; `{{`
 * and `}}` are braces. Arguments are trees of arrays of any shapes and dtypes.
 *
 * @example
 * jit((x) => {
 *   debug.print('x = {}, its square {square}', x, { square: x.mul(x) });
 *   return x;
 * })(3); // prints: x = 3, its square 9
 * @throws ArgumentError if fields and arguments do not fit
 */
export function print(format: string, ...args: unknown[]): void {
  const where = 'debug.print';
  const pieces = parseFormat(format, where);
  const { positional, named } = fieldsOf(pieces, args, where);
  observe('print', [positional, named], (values) => {
    const fields = { positional: values[0] as unknown[], named: values[1] as Record<string, unknown> };
    console.log(pieces.map((p) => (typeof p === 'string' ? p : show(argumentOf(fields, p.field)))).join(''));
  });
}

/** A tree of concrete arrays as people read it, numbers without their dtypes. */
function show(tree: unknown): string {
  const [leaves, treedef] = flatten(tree);
  let next = 0;
  const node = ({ node: n }: TreeDef): string => {
    switch (n.kind) {
      case 'leaf':
        return showLeaf(leaves[next++]);
      case 'null':
        return 'null';
      case 'list':
        return `[${n.children.map(node).join(', ')}]`;
      case 'object':
        return `{ ${n.children.map((c, i) => `${n.keys[i]}: ${node(c)}`).join(', ')} }`;
      case 'class':
        return `${n.type.name}(${n.children.map(node).join(', ')})`;
    }
  };
  return node(treedef);
}

const showLeaf = (x: unknown): string => (x instanceof ConcreteArray ? showElements(x.toHost()) : String(x));
