import { ConcreteArray } from '../core/array.ts';
import { type Backend, requireBackend } from '../core/open-backend.ts';
import { ArgumentError, checkOptions, refuseExtra } from '../core/errors.ts';
import { leaves, unflatten } from '../core/tree.ts';
import { SourceLocation } from '../core/source.ts';
import { bind, isEvaluating } from '../core/trace.ts';
import { jit as jitPrimitive } from '../primitives/higher-order/jit.ts';
import { type AnyFunction, type Arrays, called, flattenArguments, flattenFunction, type LooseArguments, nameOf, presentNumbers } from './call.ts'; // prettier-ignore
import { jitDisabled } from './disable-jit.ts';
import {
  type CacheInfo,
  cacheOf,
  clearCacheOf,
  type JitTarget,
  ofMoving,
  type SplitCall,
  traced,
} from './jit-cache.ts';
import { lower, type Lowered } from './lower.ts';

export interface JitOptions {
  /** Runs here, whatever the default backend is. Arrays that live elsewhere are an error. */
  readonly backend?: Backend;
  /**
   * Arguments that are compiled in: any value but arrays; a new one traces anew. Negative numbers count from the last
   * argument of the call; an argument that a call leaves out has its default.
   */
  readonly staticArgnums?: number | readonly number[];
  /** Arguments whose memory may be reused; using them afterwards is an error. */
  readonly donateArgnums?: number | readonly number[];
}

/** A function that `jit` compiles, and what can be asked of it. */
export interface Jitted<F extends AnyFunction> {
  (...args: LooseArguments<Parameters<F>>): Arrays<ReturnType<F>>;
  /** The program that a call with these arguments would run; it can be looked at, and compiled for a backend. */
  lower(...args: LooseArguments<Parameters<F>>): Lowered<Arrays<ReturnType<F>>>;
  /** How often `f` was traced, how often a call found its program, and how many programs there are. */
  cacheInfo(): CacheInfo;
  /** Forgets every program, and what cacheInfo counted. */
  clearCache(): void;
}

/**
 * `f`, traced to a jaxpr once per types of its arguments and run as one program
 * (spec/transformations/jit.md). JavaScript in `f` runs only while tracing.
 *
 * @example
 * const f = jit((x) => x.mul(x).add(x.mul(2)));
 * f(np.array([1, 2])).js(); // [3, 8]
 * f.cacheInfo(); // { traces: 1, hits: 0, entries: 1 }
 * @throws ConcretizationError if `f` asks for a traced value
 */
export function jit<F extends AnyFunction>(f: F, options: JitOptions = {}, ...more: []): Jitted<F> {
  refuseExtra(more, 'jit');
  checkOptions(options, ['backend', 'staticArgnums', 'donateArgnums'], 'jit');
  const where = called('jit', f);
  const name = nameOf(f);
  const backend = options.backend ?? null;
  if (backend !== null) requireBackend(backend, where);
  const target: JitTarget = { f, name, where, backend };
  const call = (...args: readonly unknown[]): unknown => {
    const given = split(target, args, options);
    if (jitDisabled()) return plainly(target, given);
    const { program, lifted } = traced(target, given);
    const results = bind(jitPrimitive, [...lifted, ...given.arrays], program.params);
    if (isEvaluating()) releaseArguments(target, given);
    return unflatten(program.outTree, results);
  };
  Object.defineProperty(call, 'name', { value: f.name });
  return Object.assign(call, {
    lower: (...args: readonly unknown[]) => lower(target, split(target, args, options)),
    cacheInfo: () => cacheOf(target).info(),
    clearCache: () => clearCacheOf(target),
  }) as Jitted<F>;
}

/** The arguments of a call, those that are compiled in apart from those that are traced. */
function split(target: JitTarget, args: readonly unknown[], options: JitOptions): SplitCall {
  const { where } = target;
  const fixed = presentNumbers(options.staticArgnums ?? [], args.length, `${where} staticArgnums`);
  const donated = presentNumbers(options.donateArgnums ?? [], args.length, `${where} donateArgnums`);
  const both = fixed.find((i) => donated.includes(i));
  if (both !== undefined) throw new ArgumentError(`${where}: argument ${both} cannot be both static and donated`);
  const moving = args.map((_, i) => i).filter((i) => !fixed.includes(i));
  const flat = flattenArguments(moving.map((i) => args[i]), where); // prettier-ignore
  return { ...flat, args, fixed, moving, donated };
}

/** The call without a program: JavaScript runs, on values. */
function plainly(target: JitTarget, given: SplitCall): unknown {
  const { flat, outTree } = flattenFunction(ofMoving(target, given), given.treedef, target.where);
  const results = flat(given.arrays);
  return unflatten(outTree(), results);
}

/** Frees arrays now: those made here from numbers, and those that the user gave away. The results are new arrays. */
function releaseArguments({ where }: JitTarget, { args, arrays, given, donated }: SplitCall): void {
  arrays.forEach((x, i) => {
    if (x !== given[i]) release(x, 'a temporary of jit');
  });
  if (donated.length === 0) return;
  const at = SourceLocation.capture();
  for (const i of donated) {
    for (const x of leaves(args[i]))
      release(x, () => `donated to ${where}${at === null ? '' : ` at ${at.toString()}`}`);
  }
}

function release(x: unknown, how: string | (() => string)): void {
  if (x instanceof ConcreteArray) x.release(how);
}
