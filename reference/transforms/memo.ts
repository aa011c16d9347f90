/** Transformed jaxprs, kept for as long as the jaxpr they come from. */
import type { Jaxpr } from '../core/jaxpr.ts';

/** `compute` at most once per jaxpr and key. */
export function memoised<T>(): (jaxpr: Jaxpr, key: string, compute: () => T) => T {
  const cache = new WeakMap<Jaxpr, Map<string, T>>();
  return (jaxpr, key, compute) => {
    let entries = cache.get(jaxpr);
    if (entries === undefined) cache.set(jaxpr, (entries = new Map<string, T>()));
    let result = entries.get(key);
    if (result === undefined) entries.set(key, (result = compute()));
    return result;
  };
}

/** A list of flags as a key. */
export const flags = (...lists: readonly (readonly boolean[] | undefined)[]): string =>
  lists.map((list) => (list ?? []).map((b) => (b ? '1' : '0')).join('')).join('/');
