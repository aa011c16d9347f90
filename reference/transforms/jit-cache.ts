/** The programs that `jit` has traced, and when one of them fits a call (spec/transformations/jit.md#the-cache). */
import type { Backend } from '../core/open-backend.ts';
import { x64Enabled } from '../core/config.ts';
import { ArgumentError, refuseExtra } from '../core/errors.ts';
import type { Aval } from '../core/host.ts';
import { axesKey } from '../core/named-axes.ts';
import { NDArray } from '../core/ndarray.ts';
import { valueText } from '../core/node-types.ts';
import type { TreeDef } from '../core/tree.ts';
import type { JitParams } from '../primitives/higher-order/jit.ts';
import { argumentPaths, type AnyFunction, flattenFunction, type FlatArguments } from './call.ts';
import { explainMiss } from './cache-misses.ts';
import { stage } from './staging.ts';

/** What `jit` was asked to compile. */
export interface JitTarget {
  readonly f: AnyFunction;
  readonly name: string;
  /** As errors name it: `jit(f)`. */
  readonly where: string;
  readonly backend: Backend | null;
}

/** A call: all arguments, the numbers of the static, traced and donated ones, and the leaves of the traced ones. */
export interface SplitCall extends FlatArguments {
  readonly args: readonly unknown[];
  readonly fixed: readonly number[];
  readonly moving: readonly number[];
  readonly donated: readonly number[];
}

/** All that a program depends on. */
export interface Signature {
  readonly x64: boolean;
  /** The named axes around the call. */
  readonly axes: string;
  /** The static arguments by number, as text that tells them apart. */
  readonly fixed: ReadonlyMap<number, string>;
  readonly treedef: TreeDef;
  readonly avals: readonly Aval[];
  readonly paths: () => readonly string[];
}

export interface Program {
  readonly params: JitParams;
  readonly outTree: TreeDef;
  readonly signature: Signature;
}

export interface CacheInfo {
  /** How often the function was traced. */
  readonly traces: number;
  /** How many calls found their program. */
  readonly hits: number;
  /** How many programs are kept. */
  readonly entries: number;
}

class ProgramCache {
  traces: number = 0;
  hits: number = 0;
  readonly programs: Map<string, Program> = new Map();
  info(): CacheInfo {
    return { traces: this.traces, hits: this.hits, entries: this.programs.size };
  }
}

let caches = new WeakMap<JitTarget, ProgramCache>();

export function cacheOf(target: JitTarget): ProgramCache {
  let cache = caches.get(target);
  if (cache === undefined) caches.set(target, (cache = new ProgramCache()));
  return cache;
}

export const clearCacheOf = (target: JitTarget): void => void caches.delete(target);

/** Forgets the programs of every function that `jit` has compiled, and with them the memory that they hold. */
export function clearCaches(...more: []): void {
  refuseExtra(more, 'clearCaches');
  caches = new WeakMap();
}

/** The program of a call: found, or traced now. `lifted`: values of enclosing transformations that it takes first. */
export function traced(
  target: JitTarget,
  call: SplitCall,
): { readonly program: Program; readonly lifted: readonly NDArray[] } {
  const cache = cacheOf(target);
  const key = cacheKey(target, call);
  const found = cache.programs.get(key);
  if (found !== undefined) {
    cache.hits++;
    return { program: found, lifted: [] };
  }
  const signature = signatureOf(target, call);
  explainMiss(target.where, signature, [...cache.programs.values()].map((p) => p.signature)); // prettier-ignore
  cache.traces++;
  const { flat, outTree } = flattenFunction(ofMoving(target, call), call.treedef, target.where);
  const { jaxpr, lifted } = stage(target.where, flat, signature.avals, signature.paths);
  const program = { params: { name: target.name, jaxpr, backend: target.backend }, outTree: outTree(), signature };
  // A jaxpr over values of an enclosing transformation fits this call only.
  if (lifted.length === 0) cache.programs.set(key, program);
  return { program, lifted };
}

/** The function of the traced arguments alone. */
export const ofMoving =
  ({ f }: JitTarget, { args, moving }: SplitCall): AnyFunction =>
  (...values: readonly unknown[]) => {
    const all = [...args];
    moving.forEach((i, k) => (all[i] = values[k]));
    return f(...all);
  };

/** Static arguments are told apart by value where they have one, else by identity. @throws ArgumentError for arrays */
function staticKey(x: unknown, where: string): string {
  return valueText(x, (value) => {
    if (!(value instanceof NDArray || ArrayBuffer.isView(value))) return;
    throw new ArgumentError(
      `${where}: a static argument holds an array, which cannot be compared with those of earlier calls; pass it as an ordinary argument, or close over it`,
    );
  });
}

function cacheKey({ where }: JitTarget, { args, fixed, treedef, arrays }: SplitCall): string {
  let key = (x64Enabled() ? '64' : '32') + axesKey();
  for (const i of fixed) key += `|${i}:${staticKey(args[i], where)}`;
  key += `|${treedef.toString()}`;
  for (const { aval } of arrays) key += `;${aval.dtype}${aval.weak ? '*' : ''}${aval.shape.join(',')}`;
  return key;
}

/** A function of its own: a closure in `signatureOf` would keep the arguments of the first call alive. */
const pathsLater =
  (treedef: TreeDef, argnums: readonly number[]): (() => readonly string[]) =>
  () =>
    argumentPaths(treedef, argnums);

const signatureOf = ({ where }: JitTarget, { args, fixed, moving, treedef, arrays }: SplitCall): Signature => ({
  x64: x64Enabled(),
  axes: axesKey(),
  fixed: new Map(fixed.map((i) => [i, staticKey(args[i], where)])),
  treedef,
  avals: arrays.map((x) => x.aval),
  paths: pathsLater(treedef, moving),
});
