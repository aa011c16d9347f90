/**
 * What a run writes: `.etalon/`, which git ignores by itself, and the files that the user asked for.
 */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { packageFile } from '../package.ts';
import { renderJUnit } from '../report/junit.ts';
import { renderPage, type Specification } from '../report/page.ts';
import type { Clause } from '../report/page-script.ts';
import { reportProblem } from '../report/validate.ts';
import { type Report, UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, readUserFile, reasonOf } from './io.ts';
import { withoutMarkup } from './markdown.ts';
import { find } from './sections.ts';

export interface ReportFiles {
  readonly json: string;
  readonly html: string;
  readonly junit: string | null;
}

const FOLDER = '.etalon';

export const reportFiles = (options: { json?: string; html?: string; junit?: string }): ReportFiles => ({
  json: options.json ?? join(FOLDER, 'report.json'),
  html: options.html ?? join(FOLDER, 'report.html'),
  junit: options.junit ?? null,
});

/** Makes the folders of the files, so that a path that cannot be written is known before the run. @throws UsageError */
export function prepareFiles(cwd: string, files: ReportFiles): void {
  for (const path of written(files)) {
    try {
      mkdirSync(dirname(resolve(cwd, path)), { recursive: true });
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
    }
  }
  const folder = resolve(cwd, FOLDER);
  const ignore = join(folder, '.gitignore');
  if (existsSync(folder) && !existsSync(ignore)) writeFileSync(ignore, '*\n');
}

const written = ({ json, html, junit }: ReportFiles): string[] => [html, json, ...(junit === null ? [] : [junit])];

/** Writes all forms of a report and gives their paths. @throws Error if the report does not meet its schema */
export function writeReport(cwd: string, report: Report, files: ReportFiles): string[] {
  const json = `${JSON.stringify(report, null, 1)}\n`;
  const problem = reportProblem(JSON.parse(json));
  if (problem !== null) {
    const evidence = join(FOLDER, 'invalid-report.json');
    mkdirSync(resolve(cwd, FOLDER), { recursive: true });
    write(cwd, evidence, json);
    throw new Error(`the report does not meet spec/schema/report.schema.json: ${problem}; it is kept as ${evidence}`);
  }
  write(cwd, files.json, json);
  write(cwd, files.html, renderPage(report, specificationFrom(dirname(resolve(cwd, files.html)))));
  if (files.junit !== null) write(cwd, files.junit, renderJUnit(report));
  return written(files);
}

function write(cwd: string, path: string, text: string): void {
  try {
    writeFileSync(resolve(cwd, path), text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** Adds to a file that something else (a CI service) made. */
export function appendText(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
}

/** Links are relative to a folder: the page then says nothing of the machine it was made on. */
function specificationFrom(folder: string): Specification {
  const clause = (place: string | undefined): Clause | null => {
    const found = place === undefined ? null : find(place);
    if (found === null) return null;
    const { page, anchor, text } = found;
    const path = relative(folder, fileURLToPath(packageFile(page))).split(/[\\/]/);
    return {
      place: `${page}#${anchor}`,
      href: `${path.map(encodeURIComponent).join('/')}#${anchor}`,
      words: withoutMarkup(text),
    };
  };
  return {
    primitive: (name) => clause(primitiveNamed(name)?.spec),
    law: (name) => clause(`spec/conformance.md#${name}`),
  };
}

/** What a report says to whoever asked for it. */
export const exitStatus = ({ verdict }: Report): number =>
  verdict.kind === 'conforms' ? EXIT.ok : verdict.kind === 'interrupted' ? EXIT.interrupted : EXIT.fails;

/** Larger reports are not read. */
const REPORT_BYTES = 2 ** 28;

/** A report that the user named. @throws UsageError */
export function readReport(io: Io, path: string): Report {
  let report: unknown;
  try {
    report = JSON.parse(readUserFile(io, path, REPORT_BYTES).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON: ${error.message}`);
    throw error;
  }
  const problem = reportProblem(report);
  if (problem !== null) throw new UsageError(`${path} is not a report of this version: ${problem}`);
  return report as Report;
}
