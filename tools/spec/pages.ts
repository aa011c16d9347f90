/** What the pages of the specification say: the sections of primitives and the entries of the catalogue of errors. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constraintItems, type Section, sectionsOf as allSections } from '../../conformance/cli/sections.ts';

export type { Section };

export interface Page {
  /** `spec/primitives/reduction.md` */
  readonly path: string;
  readonly text: string;
}

/** Every page under spec/, sorted by path. */
export function readPages(root: string): Page[] {
  return readdirSync(join(root, 'spec'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `spec/${path.replaceAll('\\', '/')}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The `##` sections of a page. */
export const sectionsOf = ({ path, text }: Page): Section[] => allSections(path, text).filter((s) => s.level === 2);

/** `- (C1) every axis …`: ids with their text, on one line each. */
export const constraintsIn = ({ text }: Section): Map<string, string> =>
  new Map(
    [...constraintItems(text)].map(([id, item]) => [
      id,
      item
        .replace(/^- \(C\d+\)/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    ]),
  );

export interface Tables {
  /** The names in backticks under the columns `operand` and `parameter`. */
  readonly operands: readonly string[];
  readonly params: readonly string[];
  /** The types of operands, in words. */
  readonly types: ReadonlyMap<string, string>;
}

/** What the tables of a section say of operands and parameters. */
export function tablesOf(section: Section): Tables {
  const operands: string[] = [];
  const params: string[] = [];
  const types = new Map<string, string>();
  let columns: string[] = [];
  for (const line of section.text.split('\n')) {
    const cells = line.startsWith('|') ? cellsOf(line) : null;
    if (cells === null) columns = [];
    else if (columns.length === 0) columns = cells;
    else {
      const row = new Map(columns.map((column, i) => [column, i]).reverse() as [string, number][]); // the first of two `type`s
      const found = namesIn(cells[row.get('operand') ?? -1]);
      operands.push(...found);
      params.push(...namesIn(cells[row.get('parameter') ?? -1]));
      for (const name of found) types.set(name, cells[row.get('type') ?? -1] ?? '');
    }
  }
  return { operands, params, types };
}

/** The names in backticks. */
export const namesIn = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`[^\w`]*(\w+)[^\w`]*`/g)].map((m) => m[1]!);

/** The cells of a row of a table. */
export const cellsOf = (line: string): string[] => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
