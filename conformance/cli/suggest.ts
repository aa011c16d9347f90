/** Names that look like a misspelt one. */

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, older[j - 2]! + 1);
      row.push(least);
    }
    older = last;
    last = row;
  }
  return last[b.length]!;
}

/** At most `limit` names within a third of the word's length, or that contain it, nearest first. */
export function closest(word: string, names: Iterable<string>, limit: number = 5): string[] {
  const asked = word.toLowerCase();
  const near = [...new Set(names)].map((name) => {
    const known = name.toLowerCase();
    const contains = asked.length >= 3 && known.includes(asked);
    return { name, distance: Math.min(editDistance(asked, known), contains ? 1 : Infinity) };
  });
  return near
    .filter(({ distance }) => distance <= Math.floor(asked.length / 3))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** `; did you mean exp, expm1?`, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const found = closest(word, names);
  return found.length === 0 ? '' : `; did you mean ${found.join(', ')}?`;
}
