/**
 * Who frees arrays before the garbage collector does: `tidy`, and transformations, which free what their traces make.
 */
import { isEvaluating } from './trace.ts';

/** Something that a scope can free. */
export interface Collectable {
  collectIn(other: Scope | null): void;
  /** `how`: as DisposedError tells it. */
  release(how: string): void;
}
export type Scope = Set<Collectable>;

/** Where arrays that are made now are collected; null: nowhere, they live until nobody can reach them. */
let scope: Scope | null = null;
/** Where the temporaries of the running transformation are collected. */
let temporaries: Scope | null = null;

export const currentScope = (): Scope | null => scope;
/** True while a transformation runs that frees its temporaries. */
export const hasTemporaries = (): boolean => temporaries !== null;

/** True for the scope whose arrays the running transformation frees. */
export const isTemporaries = (x: Scope | null): boolean => x !== null && x === temporaries;

/** Runs `f` with a collector, then disposes of what is in it and not `kept`. */
function collecting<T>(mine: Scope, how: string, f: () => T, kept: (result: T) => readonly unknown[]): T {
  const outer = scope;
  try {
    const result = f();
    for (const x of kept(result)) if (mine.has(x as Collectable)) (x as Collectable).collectIn(outer);
    return result;
  } finally {
    for (const x of mine) x.release(how);
  }
}

/** Runs `f`, then disposes of every array that it made and did not return (`leaves` of its result). */
export function tidyArrays<T>(f: () => T, leaves: (result: T) => readonly unknown[]): T {
  const mine: Scope = new Set();
  return collecting(mine, 'disposed by tidy', () => inScope(mine, f), leaves);
}

function inScope<T>(inner: Scope | null, f: () => T): T {
  const outer = scope;
  scope = inner;
  try {
    return f();
  } finally {
    scope = outer;
  }
}

/**
 * Runs a transformation of concrete arrays. What its traces compute (`temporary`) is freed at its end, but for `kept`;
 * what the user's own function makes is not theirs to free.
 */
export function withTemporaries<T>(f: () => T, kept: (result: T) => readonly unknown[]): T {
  if (temporaries !== null || !isEvaluating()) return f();
  const mine: Scope = new Set();
  temporaries = mine;
  try {
    return collecting(mine, 'a temporary of a transformation that has ended', f, kept);
  } finally {
    temporaries = null;
  }
}

/** Runs the user's own code in the middle of a program: what it makes is theirs. */
export function untracked<T>(f: () => T): T {
  const outer = temporaries;
  temporaries = null;
  try {
    return inScope(null, f);
  } finally {
    temporaries = outer;
  }
}

/** Runs work of a trace, whose arrays nobody else sees. */
export const temporary = <T>(f: () => T): T => (temporaries === null ? f() : inScope(temporaries, f));
