/** What the pages of the specification say: the sections of primitives and the entries of the catalogue of errors. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Page {
  /** `spec/primitives/reduction.md` */
  readonly path: string;
  readonly text: string;
}

export interface Section {
  readonly page: string;
  readonly line: number;
  readonly heading: string;
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

/** The `##` sections of a page; fenced code is skipped. */
export function sectionsOf({ path, text }: Page): Section[] {
  const lines = text.split('\n');
  const starts: number[] = [];
  let fence: string | null = null;
  lines.forEach((line, i) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (mark !== undefined) fence = fence === null ? mark : mark === fence ? null : fence;
    if (fence === null && line.startsWith('## ')) starts.push(i);
  });
  return starts.map((start, i) => ({
    page: path,
    line: start + 1,
    heading: lines[start]!.slice(3).trim(),
    text: lines.slice(start + 1, starts[i + 1]).join('\n'),
  }));
}

/** The anchor that a heading gets. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/** `- (C1) every axis …`: ids with their text, on one line each. */
export function constraintsIn(section: Section): Map<string, string> {
  const found = section.text.matchAll(/^- \((C\d+)\) ((?:.*\n(?! *- |\n))*.*)/gm);
  return new Map([...found].map(([, id, text]) => [id!, text!.replace(/\s+/g, ' ').trim()]));
}

export interface Tables {
  /** The names in backticks under the columns `operand` and `parameter`. */
  readonly operands: readonly string[];
  readonly params: readonly string[];
  /** The names in backticks of the types of operands, where there are any. */
  readonly types: ReadonlyMap<string, readonly string[]>;
}

/** What the tables of a section say of operands and parameters. */
export function tablesOf(section: Section): Tables {
  const operands: string[] = [];
  const params: string[] = [];
  const types = new Map<string, readonly string[]>();
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
      for (const name of found) types.set(name, namesIn(cells[row.get('type') ?? -1]));
    }
  }
  return { operands, params, types };
}

const namesIn = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`[^\w`]*(\w+)[^\w`]*`/g)].map((m) => m[1]!);

/** The cells of a row of a table. */
export const cellsOf = (line: string): string[] => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
