import { ConcreteArray } from '../core/array.ts';
import type { Backend } from '../core/open-backend.ts';
import { x64Enabled } from '../core/config.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../core/errors.ts';
import { axesKey } from '../core/named-axes.ts';
import { NDArray } from '../core/ndarray.ts';
import { identityOf, leaves, type TreeDef, unflatten } from '../core/tree.ts';
import { bind, isEvaluating } from '../core/trace.ts';
import { jit as jitPrimitive, type JitParams } from '../primitives/higher-order/jit.ts';
import {
  type AnyFunction,
  argumentNumbers,
  type Arrays,
  flattenArguments,
  flattenFunction,
  type LooseArguments,
  called,
  nameOf,
} from './call.ts';
import { stage } from './staging.ts';

export interface JitOptions {
  /** Runs here, whatever the default backend is. Arrays that live elsewhere are an error. */
  readonly backend?: Backend;
  /** Arguments that are compiled in: any value; a new one traces anew. */
  readonly staticArgnums?: number | readonly number[];
  /** Arguments whose memory may be reused; using them afterwards is an error. */
  readonly donateArgnums?: number | readonly number[];
}

interface Entry {
  readonly params: JitParams;
  readonly outTree: TreeDef;
}

/**
 * `f`, traced to a jaxpr once per types of its arguments and run as one program
 * (spec/transformations/jit.md). JavaScript in `f` runs only while tracing.
 *
 * @example
 * const f = jit((x) => x.mul(x).add(x.mul(2)));
 * f(np.array([1, 2])).js(); // [3, 8]
 * @throws ConcretizationError if `f` asks for a traced value
 */
export function jit<F extends AnyFunction>(
  f: F,
  options: JitOptions = {},
  ...more: []
): (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>> {
  refuseExtra(more, 'jit');
  checkOptions(options, ['backend', 'staticArgnums', 'donateArgnums'], 'jit');
  const where = called('jit', f);
  const name = nameOf(f);
  const cache = new Map<string, Entry>();
  return (...typed) => {
    const args: readonly unknown[] = typed;
    const fixed = argumentNumbers(options.staticArgnums ?? [], args.length, `${where} staticArgnums`);
    const moving = args.filter((_, i) => !fixed.includes(i));
    const { arrays, treedef, given } = flattenArguments(moving, where);
    const key = cacheKey(
      fixed.map((i) => args[i]),
      treedef,
      arrays,
      where,
    );
    let entry = cache.get(key);
    let lifted: readonly NDArray[] = [];
    if (entry === undefined) {
      const whole = (...rest: unknown[]): unknown => f(...withStatic(args, fixed, rest));
      const { flat, outTree } = flattenFunction(whole, treedef, where);
      const staged = stage(
        name,
        flat,
        arrays.map((x) => x.aval),
      );
      entry = { params: { name, jaxpr: staged.jaxpr, backend: options.backend ?? null }, outTree: outTree() };
      lifted = staged.lifted;
      // A jaxpr over values of an enclosing transformation fits this call only.
      if (lifted.length === 0) cache.set(key, entry);
    }
    const results = bind(jitPrimitive, [...lifted, ...arrays], entry.params);
    if (isEvaluating()) {
      release(
        arrays.filter((x, i) => x !== given[i]),
        'a temporary of jit',
      );
      for (const i of argumentNumbers(options.donateArgnums ?? [], args.length, `${where} donateArgnums`)) {
        release(leaves(args[i]), 'donated to a jitted function');
      }
    }
    return unflatten(entry.outTree, results) as Arrays<ReturnType<F>>;
  };
}

function withStatic(args: readonly unknown[], fixed: readonly number[], moving: readonly unknown[]): unknown[] {
  let next = 0;
  return args.map((x, i) => (fixed.includes(i) ? x : moving[next++]));
}

/** Frees arrays now: those made here from numbers, and those that the user gave away. The results are new arrays. */
function release(arrays: readonly unknown[], how: string): void {
  for (const x of arrays) if (x instanceof ConcreteArray) x.release(how);
}

/** Static arguments are told apart by value where they have one, else by identity. @throws ArgumentError for arrays */
function staticKey(x: unknown, where: string): string {
  if (x instanceof NDArray || ArrayBuffer.isView(x)) {
    throw new ArgumentError(
      `${where}: a static argument holds an array, which cannot be compared with those of earlier calls; pass it as an ordinary argument, or close over it`,
    );
  }
  if (Array.isArray(x)) return `[${x.map((element) => staticKey(element, where)).join(',')}]`;
  if (typeof x === 'string') return JSON.stringify(x);
  if (typeof x === 'symbol' && Symbol.keyFor(x) !== undefined) return `@${JSON.stringify(Symbol.keyFor(x))}`;
  if ((typeof x === 'object' && x !== null) || typeof x === 'function' || typeof x === 'symbol')
    return `#${identityOf(x)}`;
  return `${typeof x}:${Object.is(x, -0) ? '-0' : String(x)}`;
}

function cacheKey(fixed: readonly unknown[], treedef: TreeDef, arrays: readonly NDArray[], where: string): string {
  let key = (x64Enabled() ? '64' : '32') + axesKey();
  for (const x of fixed) key += `|${staticKey(x, where)}`;
  key += `|${treedef.toString()}`;
  for (const { aval } of arrays) key += `;${aval.dtype}${aval.weak ? '*' : ''}${aval.shape.join(',')}`;
  return key;
}
