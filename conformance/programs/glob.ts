/** Globs over case ids: `*` stands for any characters (slashes too), `?` for one. */

export interface GlobMatcher {
  /** Whether any of the globs matches the whole id, or its first parts: `reduce_sum/f32` matches all cases below. */
  matches(id: string): boolean;
  /** Whether an id that begins so can match. */
  mayMatchBelow(prefix: string): boolean;
}

/** No globs match everything. */
export function globMatcher(globs: readonly string[]): GlobMatcher {
  if (globs.length === 0) return { matches: () => true, mayMatchBelow: () => true };
  return {
    matches: (id) => globs.some((glob) => parts(id).some((part) => reached(glob, part).has(glob.length))),
    mayMatchBelow: (prefix) =>
      globs.some(
        (glob) => reached(glob, prefix).size > 0 || parts(prefix).some((p) => reached(glob, p).has(glob.length)),
      ),
  };
}

/** `a/b/c`: a, a/b, a/b/c. */
const parts = (id: string): string[] => [...id.matchAll(/\/|$/g)].map((m) => id.slice(0, m.index));

/** The positions in the glob at which one can stand after reading the text. */
function reached(glob: string, text: string): ReadonlySet<number> {
  let states = closure(glob, new Set([0]));
  for (const c of text) {
    const next = new Set<number>();
    for (const s of states) {
      if (glob[s] === '*') next.add(s);
      else if (glob[s] === c || glob[s] === '?') next.add(s + 1);
    }
    states = closure(glob, next);
  }
  return states;
}

/** A star may stand for nothing. */
function closure(glob: string, states: Set<number>): Set<number> {
  for (const s of states) if (glob[s] === '*') states.add(s + 1);
  return states;
}
