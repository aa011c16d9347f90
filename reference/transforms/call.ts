/** Between the user's functions of trees and the transformations' functions of flat arrays. */
import { callback } from '../core/arguments.ts';
import { asArray, isArrayLike } from '../core/convert.ts';
import { ArgumentError, AsyncFunctionError } from '../core/errors.ts';
import { type ArrayLike, NDArray } from '../core/ndarray.ts';
import { currentTrace, isEvaluating, requireAlive } from '../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import type { ErrorValue } from './checkify/error.ts';

/** A function that a transformation takes: of trees of arrays, to a tree of arrays. */
export type AnyFunction<Result = unknown> = (...args: Tree[]) => Result;

/** What users' functions take: trees of a shape that only their own parameter types know. */
export type Tree = any; // eslint-disable-line @typescript-eslint/no-explicit-any

/** Trees in which callers may pass numbers for arrays. */
export type Loose<T> = T extends NDArray
  ? T | ArrayLike
  : T extends (...args: never[]) => unknown
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Loose<T[K]> }
      : T;
export type LooseArguments<A extends readonly unknown[]> = { [K in keyof A]: Loose<A[K]> };
/** Arguments of which those with the numbers N may have numbers for arrays; the others reach the function as they are. */
export type LooseChosen<A extends readonly unknown[], N> =
  number extends Position<A, N>
    ? LooseArguments<A>
    : { [K in keyof A]: K extends `${Position<A, N>}` ? Loose<A[K]> : A[K] };
/** The arguments with the numbers N, which may be one number or a list. */
export type Chosen<A extends readonly unknown[], N> = N extends readonly unknown[]
  ? { -readonly [I in keyof N]: A[Position<A, N[I]>] }
  : A[Position<A, N>];
/** Argument numbers counted from the front. */
type Position<A extends readonly unknown[], N> = N extends readonly unknown[]
  ? Position<A, N[number]>
  : `${N & number}` extends `-${infer Back extends number}`
    ? FromEnd<A, Back>
    : N & number;
/** The number of arguments less those at the end. */
type FromEnd<
  A extends readonly unknown[],
  Back extends number,
  Dropped extends readonly unknown[] = [],
> = Dropped['length'] extends Back
  ? Required<A>['length']
  : A extends readonly [...infer Front, unknown?]
    ? FromEnd<Front, Back, [...Dropped, unknown]>
    : never;
/** The two parts of what a function with an auxiliary result returns. */
export type FunctionWithAux = (...args: Tree[]) => readonly [value: unknown, aux: unknown];
/** Results: every leaf is an array. */
export type Arrays<T> = T extends NDArray | ErrorValue | null | ((...args: never[]) => unknown)
  ? T
  : T extends number | bigint | boolean
    ? NDArray
    : T extends object
      ? { [K in keyof T]: Arrays<T[K]> }
      : T;

export type FlatFunction = (args: readonly NDArray[]) => readonly NDArray[];

/** The name of a user's function, as errors and prints show it. */
export const nameOf = (f: AnyFunction): string => (typeof f === 'function' && f.name !== '' ? f.name : 'anonymous');

/** `jit(f)`, as errors name the call. @throws ArgumentError if `f` is no function */
export function called(transformation: string, f: AnyFunction): string {
  callback(f, `${transformation}: f`);
  return `${transformation}(${nameOf(f)})`;
}

export interface FlatArguments {
  readonly arrays: readonly NDArray[];
  readonly treedef: TreeDef;
  /** The leaves as they were passed: arrays and numbers. */
  readonly given: readonly unknown[];
}

/** The leaves of arguments as arrays; numbers become weak scalars. @throws ArgumentError naming the leaf's path */
export function flattenArguments(args: readonly unknown[], where: string): FlatArguments {
  if (!(args instanceof Array)) throw new ArgumentError(`${where}: the arguments go in a list, one element each: [x]`);
  const [leaves, treedef] = flatten(args);
  const arrays = leaves.map((leaf, i) => {
    if (!isArrayLike(leaf)) throw new ArgumentError(`${where}, argument ${treedef.paths()[i]}: ${leafProblem(leaf)}`);
    return asArray(leaf, where);
  });
  return { arrays, treedef, given: leaves };
}

function leafProblem(leaf: unknown): string {
  if (ArrayBuffer.isView(leaf)) return 'a typed array is not an array of Etalon; write np.array(…)';
  if (leaf instanceof Promise) return 'a Promise is no array; await it first';
  if (typeof leaf !== 'object') {
    const what = leaf === undefined ? 'undefined' : `a ${typeof leaf}`;
    return `${what} is no array; mark the argument static (staticArgnums) or close over it`;
  }
  return `an object of class ${leaf!.constructor.name} is no array and no registered tree; see tree.register`;
}

/** `f` on flat arrays. `outTree` is known after a call. */
export function flattenFunction(
  f: AnyFunction,
  inTree: TreeDef,
  where: string,
): { flat: FlatFunction; outTree(): TreeDef } {
  let out: TreeDef | undefined;
  const flat = (arrays: readonly NDArray[]): readonly NDArray[] => {
    if (!isEvaluating()) currentTrace().subject ??= where;
    const [leaves, treedef] = flattenResult(f(...(unflatten(inTree, arrays) as unknown[])), where);
    out = treedef;
    return leaves;
  };
  return { flat, outTree: () => out! };
}

/** The arrays that a user's function returned. @throws ArgumentError naming the path of what is no array */
export function flattenResult(result: unknown, where: string): [leaves: NDArray[], treedef: TreeDef] {
  rejectAsync(result, where);
  const [leaves, treedef] = flatten(result);
  const arrays = leaves.map((leaf, i) => {
    if (leaf instanceof NDArray) return requireAlive(leaf, where);
    return asArray(leaf, isArrayLike(leaf) ? where : `${where}, result${treedef.paths()[i]}`);
  });
  return [arrays, treedef];
}

const has = (x: unknown, method: string): boolean =>
  typeof x === 'object' && x !== null && method in x && typeof (x as Record<string, unknown>)[method] === 'function';

/** @throws AsyncFunctionError for a Promise or a generator */
export function rejectAsync(result: unknown, where: string): void {
  if (result instanceof NDArray) return;
  const kind = has(result, 'then') ? 'a Promise' : has(result, 'next') ? 'a generator' : null;
  if (kind === null) return;
  if (result instanceof Promise) result.catch(() => undefined); // its own failure is a consequence of this one
  throw new AsyncFunctionError(
    `${where} returned ${kind}: the result is needed at once. Await outside, and pass the values in; return a list instead of yielding`,
  );
}

/** The paths of the leaves of the arguments with the given numbers. */
export const argumentPaths = (treedef: TreeDef, argnums: readonly number[]): string[] =>
  treedef.paths().map((path) => path.replace(/^\[(\d+)\]/, (_, k: string) => `[${argnums[Number(k)]}]`));

/** Like `argumentNumbers`, without those of arguments that the call leaves out. @throws ArgumentError */
export function presentNumbers(argnums: number | readonly number[], count: number, where: string): readonly number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums;
  const absent = (n: number): boolean => Number.isInteger(n) && n >= count;
  return list.length === 0 ? list : argumentNumbers(list.filter((n) => !absent(n)), count, where); // prettier-ignore
}

/** Argument numbers, negative ones counted from the end. @throws ArgumentError */
export function argumentNumbers(argnums: number | readonly number[], count: number, where: string): number[] {
  const list = typeof argnums === 'number' ? [argnums] : [...argnums];
  const numbers = list.map((n) => {
    if (!Number.isInteger(n) || n < -count || n >= count) {
      throw new ArgumentError(
        `${where}: argnums ${n} is out of range: the function was called with ${count} arguments`,
      );
    }
    return n < 0 ? n + count : n;
  });
  if (new Set(numbers).size < numbers.length) {
    throw new ArgumentError(`${where}: argnums ${list.join(', ')} name one argument twice`);
  }
  return numbers;
}
