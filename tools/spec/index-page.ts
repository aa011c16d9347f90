/** What is generated from the code: the index in spec/README.md, the classes of dtypes, and spec/schema/program.schema.json. */
import prettier from 'prettier';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import * as errors from '../../reference/core/errors.ts';
import type { AnyCollective } from '../../reference/core/collective.ts';
import type { AnyFirstOrder, AnyHigherOrder, AnyPrimitive } from '../../reference/core/primitive.ts';
import { programSchema } from '../../reference/core/schema.ts';
import { CLASSES, inWords } from './classes.ts';
import { constraintsIn, type Page, type Section, sectionsOf } from './pages.ts';

export const INDEX_PAGE = 'spec/README.md';
export const DTYPES_PAGE = 'spec/dtypes.md';
export const SCHEMA_FILE = 'spec/schema/program.schema.json';

export type ErrorClass = typeof errors.EtalonError;

/** The error classes of core, by name. */
export const errorClasses = (): ErrorClass[] =>
  Object.values(errors)
    .filter((x): x is ErrorClass => typeof x === 'function' && 'anchor' in x)
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));

export interface IndexParts {
  readonly firstOrder: readonly AnyFirstOrder[];
  readonly higherOrder: readonly AnyHigherOrder[];
  readonly collectives: readonly AnyCollective[];
  readonly pages: readonly Page[];
}

/** The text of spec/README.md with the index between its markers made anew. */
export async function withIndex(readme: string, parts: IndexParts): Promise<string> {
  return between(readme, 'index', indexOf(parts), INDEX_PAGE);
}

/** The text of spec/dtypes.md with the table of classes made anew. */
export async function withClasses(page: string): Promise<string> {
  const short = (list: readonly DType[]): string => list.map((d) => `\`${shortName(d)}\``).join(' ');
  const rows = Object.entries(CLASSES).map(([words, list]) => [words, short(list)]);
  return between(page, 'classes', table(['words', 'dtypes'], rows), DTYPES_PAGE);
}

/** A page with what stands between two markers replaced. */
async function between(page: string, marker: string, made: string, path: string): Promise<string> {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} needs the markers ${begin} and ${end}`);
  const text = `${page.slice(0, from)}${begin}\n\n${made}\n\n${page.slice(to)}`;
  return prettier.format(text, { parser: 'markdown', printWidth: 120, singleQuote: true });
}

export async function schemaText(primitives: readonly AnyPrimitive[]): Promise<string> {
  return prettier.format(JSON.stringify(programSchema(primitives)), { parser: 'json', printWidth: 120 });
}

function indexOf({ firstOrder, higherOrder, collectives, pages }: IndexParts): string {
  const sections = new Map(pages.flatMap(sectionsOf).map((s) => [`${s.page}#${s.anchor}`, s]));
  const linked = (p: AnyPrimitive): string => `[\`${p.name}\`](${p.spec.replace('spec/', '')})`;
  const all = [...firstOrder, ...higherOrder, ...collectives];
  const family = (p: AnyPrimitive): string => p.spec.replace(/^.*\/(.*)\.md#.*$/, '$1');
  const operands = (p: AnyFirstOrder | AnyCollective): string =>
    p.operands.map((o) => `${o.name}: ${inWords(o.dtypes)}`).join('; ') || 'none';
  return [
    `### Primitives`,
    `${firstOrder.length} of first order, which transform arrays:`,
    table(['primitive', 'page', 'operands'], firstOrder.map((p) => [linked(p), family(p), operands(p)])), // prettier-ignore
    `${higherOrder.length} of higher order, which hold programs:`,
    table(['primitive', 'parameters'], higherOrder.map((p) => [linked(p), Object.keys(p.params).join(', ')])), // prettier-ignore
    `${collectives.length} collectives, what the lanes of a named axis do together:`,
    table(['primitive', 'operands'], collectives.map((p) => [linked(p), operands(p)])), // prettier-ignore
    '### Constraints',
    'A broken constraint is an error that begins with its id. Ids are never renumbered and never reused.',
    table(
      ['id', 'what holds'],
      all.flatMap((p) => constraintRows(p, sections.get(p.spec))),
    ),
    '### Laws',
    table(
      ['law', ''],
      lawsOf(pages).map((law) => [`[${law.name}](conformance.md#${law.name})`, law.first]),
    ),
    '### Errors',
    table(
      ['class', 'entry'],
      errorClasses().map((c) => [`\`${c.name}\``, `[${c.anchor}](errors.md#${c.anchor})`]),
    ),
  ].join('\n\n');
}

function constraintRows(p: AnyPrimitive, section: Section | undefined): string[][] {
  const texts = section === undefined ? new Map<string, string>() : constraintsIn(section);
  return Object.keys(p.constraints).map((id) => [`${p.name}-${id}`, texts.get(id) ?? '']);
}

/** The laws of spec/conformance.md: each `###` under `## Laws`, with its first sentence. */
export function lawsOf(pages: readonly Page[]): { readonly name: string; readonly first: string }[] {
  const page = pages.find((p) => p.path === 'spec/conformance.md');
  const section = page === undefined ? undefined : sectionsOf(page).find((s) => s.title === 'Laws');
  const found = (section?.text ?? '').matchAll(/^### (.*)\n\n([^]*?[.:])(?=\s)/gm);
  return [...found].map(([, name, first]) => ({ name: name!, first: first!.replace(/\s+/g, ' ') }));
}

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
