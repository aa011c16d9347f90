/**
 * The sections of the specification's pages, and which of them a word asks for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import * as errors from '../../reference/core/errors.ts';
import { packageFile } from '../package.ts';

export interface Section {
  /** `spec/primitives/reduction.md`. */
  readonly page: string;
  /** What the part after `#` of a link to it is. */
  readonly anchor: string;
  readonly title: string;
  readonly level: number;
  /** Markdown, the heading and all subsections included. */
  readonly text: string;
}

let known: readonly Section[] | null = null;

/** Every section of every page, in the order in which a word is looked up. */
export function allSections(): readonly Section[] {
  return (known ??= pages()
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .flatMap((page) => sectionsOf(page, readFileSync(packageFile(page), 'utf8'))));
}

function pages(): string[] {
  return readdirSync(packageFile('spec/'), { recursive: true, encoding: 'utf8' })
    .map((path) => `spec/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md'));
}

/** A primitive, a transformation, an error and a law are what people ask for; other pages come after them. */
const order = [
  /^spec\/primitives\//,
  /^spec\/transformations\//,
  /^spec\/errors\.md$/,
  /^spec\/conformance\.md$/,
  /^spec\/[^/]*$/,
];
function rank(page: string): number {
  const at = order.findIndex((pattern) => pattern.test(page));
  return at < 0 ? order.length : at;
}

export function sectionsOf(page: string, markdown: string): Section[] {
  const lines = markdown.split('\n');
  const headings = headingLines(lines);
  return headings.map(({ at, level, title }, i) => {
    const next = headings.slice(i + 1).find((h) => h.level <= level);
    return { page, level, title, anchor: slug(title), text: lines.slice(at, next?.at).join('\n').trimEnd() };
  });
}

function headingLines(lines: readonly string[]): { at: number; level: number; title: string }[] {
  const found: { at: number; level: number; title: string }[] = [];
  let fence: string | null = null;
  for (const [at, line] of lines.entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) fence = fence === null ? mark : line.trim().startsWith(fence) ? null : fence;
    const heading = fence === null ? /^(#{1,6})\s+(.*?)\s*#*$/.exec(line) : null;
    if (heading !== null)
      found.push({ at, level: heading[1]!.length, title: heading[2]!.replace(/<[^>]*>/g, '').trim() });
  }
  return found;
}

/** The anchor that GitHub gives a heading. */
export const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** What `explain` prints for a word. */
export type Explanation = { readonly page: string; readonly anchor: string; readonly text: string };

/** The section that a name, an anchor, a constraint (`reduce_sum-C1`), an error class or a law asks for; null: none. */
export function find(word: string): Explanation | null {
  const asked = word.replace(/^.*#/, '').trim();
  const error = anchorOfError(asked);
  if (error !== undefined) return section(error, 'spec/errors.md');
  return constraint(asked) ?? section(asked, /^(spec\/.*)#/.exec(word)?.[1]);
}

function section(word: string, page?: string): Section | null {
  const wanted = slug(word.replaceAll(/[\s.]+/g, ' '));
  const candidates = allSections().filter((s) => page === undefined || s.page === page);
  const bare = (text: string): string => text.replaceAll(/[-_]/g, '');
  return (
    candidates.find((s) => s.anchor === wanted) ??
    candidates.find((s) => pageName(s) === wanted) ??
    candidates.find((s) => bare(s.anchor) === bare(wanted)) ??
    null
  );
}

/** `vmap` for spec/transformations/vmap.md: the page's first section is the page. */
const pageName = ({ page }: Section): string => page.replace(/^.*\/|\.md$/g, '').toLowerCase();

function anchorOfError(word: string): string | undefined {
  const found = Object.values(errors).find((e) => typeof e === 'function' && e.name === word && 'anchor' in e);
  return (found as typeof errors.EtalonError | undefined)?.anchor;
}

/**
 * `reduce_sum-C1`, `reduce_sum (C1)`, `reduce_sum C1`: that constraint, under the heading of its primitive. `I1` and its
 * like, the dtypes of the operands, stand in the table of the primitive's section.
 */
function constraint(word: string): Explanation | null {
  const [, primitive, id] = /^([\w.]+?)[\s:-]*\(?([CI]\d+)\)?$/i.exec(word) ?? [];
  const owner = primitive === undefined ? null : section(primitive);
  if (owner === null || id === undefined) return null;
  if (/^I/i.test(id)) return owner;
  const item = constraintItems(owner.text).get(id.toUpperCase());
  if (item === undefined) return null;
  const text = `${owner.text.split('\n')[0]}\n\n${item}`;
  return { page: owner.page, anchor: `${owner.anchor}-${id.toUpperCase()}`, text };
}

/** The list items `- (C1) …` of a section, by id; an item ends where the next one, or a blank line, begins. */
export function constraintItems(text: string): Map<string, string> {
  const items = new Map<string, string>();
  let id: string | null = null;
  for (const line of text.split('\n')) {
    const start = /^\s*[-*]\s+(?:<a [^>]*>(?:<\/a>)?\s*)?\(?\**(C\d+)\**\)?/.exec(line)?.[1];
    if (start !== undefined) items.set((id = start), line);
    else if (id !== null && /^\s+\S/.test(line) && !/^\s*[-*]\s/.test(line)) items.set(id, `${items.get(id)}\n${line}`);
    else id = null;
  }
  return items;
}

/** Everything that `find` answers to, for suggestions. */
export function explainable(): string[] {
  const sections = allSections().flatMap((s) => [s.anchor, pageName(s)]);
  const primitives = allSections().filter((s) => s.level === 2);
  const constraints = primitives.flatMap((s) => [...constraintItems(s.text).keys()].map((id) => `${s.anchor}-${id}`));
  const classes = Object.values(errors).flatMap((e) => (typeof e === 'function' && 'anchor' in e ? [e.name] : []));
  return [...sections, ...classes, ...constraints];
}
