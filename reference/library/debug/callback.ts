/** `debug.callback` and `debug.print`: values of a running program, shown to JavaScript. */
import { asArray, isArrayLike } from '../../core/convert.ts';
import { ArgumentError } from '../../core/errors.ts';
import { NDArray } from '../../core/ndarray.ts';
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

/** A piece of a format: text as it is, or a field, by position or by name. */
type Piece = string | { readonly field: number | string };

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
  const pieces = parse(format);
  const named = pieces.some((p) => typeof p !== 'string' && typeof p.field === 'string');
  const names = named ? args.at(-1) : {};
  const given = named ? args.slice(0, -1) : args;
  checkFields(pieces, given.length, names);
  observe('print', [given, names], ([positional, byName]) => {
    const values = [...(positional as unknown[])];
    const line = pieces.map((p) =>
      typeof p === 'string'
        ? p
        : show(typeof p.field === 'number' ? values[p.field] : (byName as Record<string, unknown>)[p.field]),
    );
    console.log(line.join(''));
  });
}

function parse(format: string): Piece[] {
  if (typeof format !== 'string')
    throw new ArgumentError(`debug.print: the format must be a string, got ${typeof format}`);
  let next = 0;
  let numbered = false;
  const pieces = [...format.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)].map(([text, field]): Piece => {
    if (text === '{{' || text === '}}') return text[0]!;
    if (text === '{' || text === '}') {
      throw new ArgumentError(
        `debug.print: a single ${text} in ${JSON.stringify(format)}; write ${text}${text} for a brace`,
      );
    }
    if (field === undefined) return text;
    if (field === '') return { field: next++ };
    if (/^\d+$/.test(field)) {
      numbered = true;
      return { field: Number(field) };
    }
    if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(field)) return { field };
    throw new ArgumentError(`debug.print: ${text} is no field; the fields are {}, {0} and {name}`);
  });
  if (numbered && next > 0) throw new ArgumentError('debug.print: the format mixes {} and {0}; use one of them');
  return pieces;
}

function checkFields(pieces: readonly Piece[], count: number, names: unknown): void {
  const fields = pieces.flatMap((p) => (typeof p === 'string' ? [] : [p.field]));
  if (typeof names !== 'object' || names === null || names instanceof NDArray || Array.isArray(names)) {
    const name = fields.find((f) => typeof f === 'string')!;
    throw new ArgumentError(`debug.print: the field {${name}} needs an object as last argument: { ${name}: … }`);
  }
  for (const field of fields) {
    if (typeof field === 'number' ? field >= count : !Object.hasOwn(names, field)) {
      throw new ArgumentError(
        `debug.print: there is no argument for the field ${typeof field === 'number' ? field : `{${field}}`}`,
      );
    }
  }
  const unused = [...Array(count).keys(), ...Object.keys(names)].find((key) => !fields.includes(key));
  if (unused !== undefined) {
    throw new ArgumentError(`debug.print: the format has no field for argument ${unused}`);
  }
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
