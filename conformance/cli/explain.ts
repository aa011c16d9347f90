/**
 * `etalon explain`: the specification's words on a primitive, a constraint, a law, a transformation or an error.
 */
import { UsageError } from '../types.ts';
import { hasColour, type Io, paintFor } from './io.ts';
import { renderMarkdown } from './markdown.ts';
import { explainable, find } from './sections.ts';
import { didYouMean } from './suggest.ts';

/** @throws UsageError for a word that the specification has no section for */
export function explain(io: Io, words: readonly string[]): number {
  const word = words.join(' ');
  const found = find(word);
  if (found === null) {
    const instead = didYouMean(word.replace(/^.*#/, ''), explainable()) || '; etalon primitives lists the primitives';
    throw new UsageError(`the specification has no section on '${word}'${instead}`);
  }
  const paint = paintFor(io.stdout);
  const text = renderMarkdown(found.text, paint, hasColour(io.stdout));
  io.stdout.write(`${text}\n\n${paint('dim', `${found.page}#${found.anchor}`)}\n`);
  return 0;
}
