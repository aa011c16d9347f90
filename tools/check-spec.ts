/**
 * Proves that the specification and the code say the same: primitives, their operands, parameters and constraints, the
 * catalogue of errors, the tables that mirror code, the generated index and schema; that every constraint has a call that
 * meets it and one that breaks it; and that every executed example holds. Prints how many of each it saw; seeing none of
 * something is a failure.
 *
 *     node --conditions=etalon-source tools/check-spec.ts            --write makes what is generated anew
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fixtureCounts } from '../conformance/programs/fixtures.ts';
import { allEquations } from '../reference/core/jaxpr.ts';
import type { AnyCollective } from '../reference/core/collective.ts';
import type { AnyFirstOrder, AnyHigherOrder, AnyPrimitive } from '../reference/core/primitive.ts';
import { printProgram } from '../reference/core/text.ts';
import {
  collectives as collectiveTable,
  higherOrder as higherOrderTable,
  primitives,
} from '../reference/primitives/index.ts';
import { readProgram } from '../reference/transforms/programs.ts';
import { transforms } from '../reference/transforms/rules.ts';
import { blocksOf, loadPrelude, runBlock } from './run-blocks.ts';
import { checkCollective, checkFirstOrder, checkHigherOrder, nothingSeen } from './spec/calls.ts';
import { DTYPES_PAGE, INDEX_PAGE, lawsOf, SCHEMA_FILE, schemaText, withClasses, withIndex } from './spec/index-page.ts';
import { checkLinks, checkMentions } from './spec/links.ts';
import { type Page, readPages } from './spec/pages.ts';
import { collectivePrograms, higherOrderPrograms, tangentPrograms } from './spec/programs.ts';
import { checkBudgets, checkCollectiveSection, checkErrors, checkFirstOrderSection, checkHigherOrderSection, checkLaws, checkPromotion, strangers } from './spec/sections.ts'; // prettier-ignore

export interface SpecReport {
  /** How many of each were seen. */
  readonly seen: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const firstOrder: readonly AnyFirstOrder[] = Object.values(primitives);
const higherOrder: readonly AnyHigherOrder[] = Object.values(higherOrderTable);
const collectives: readonly AnyCollective[] = Object.values(collectiveTable);
const all: readonly AnyPrimitive[] = [...firstOrder, ...higherOrder, ...collectives];

/** Pages against code, all but what has to be executed. */
export async function checkPages(root: string): Promise<SpecReport> {
  const pages = readPages(root);
  const errors = checkErrors(pages);
  const promotion = checkPromotion(pages);
  const budgets = checkBudgets(pages);
  const links = checkLinks(pages, root);
  const mentions = checkMentions(pages, root);
  const fixtures = fixtureCounts();
  return {
    seen: {
      pages: pages.length,
      'first-order primitives': firstOrder.length,
      'higher-order primitives': higherOrder.length,
      collectives: collectives.length,
      constraints: all.reduce((n, p) => n + Object.keys(p.constraints).length, 0),
      laws: lawsOf(pages).length,
      errors: errors.entries,
      promotions: promotion.cells,
      budgets: budgets.rows,
      links: links.links,
      mentions: mentions.links,
      fixtures: [...fixtures.values()].reduce((a, b) => a + b, 0),
    },
    problems: [
      ...firstOrder.flatMap((p) => checkFirstOrderSection(p, pages)),
      ...higherOrder.flatMap((p) => checkHigherOrderSection(p, pages)),
      ...collectives.flatMap((p) => checkCollectiveSection(p, pages)),
      ...strangers(firstOrder, pages),
      ...errors.problems,
      ...promotion.problems,
      ...budgets.problems,
      ...checkLaws(pages),
      ...firstOrder.filter(({ name }) => !fixtures.has(name)).map(({ name }) => `${name}: there is no fixture`),
      ...links.problems,
      ...mentions.problems,
      ...(await outdated(root, pages)),
    ],
  };
}

/** Calls of every primitive: valid ones, and one for each way to break one. */
export function checkCalls(): SpecReport {
  const seen = nothingSeen();
  for (const primitive of firstOrder) checkFirstOrder(primitive, seen);
  for (const primitive of higherOrder) checkHigherOrder(primitive, transforms, seen);
  for (const primitive of collectives) checkCollective(primitive, seen);
  const programs = [...higherOrderPrograms(), ...tangentPrograms(), ...collectivePrograms()];
  const used = new Set(programs.flatMap((jaxpr) => [...allEquations(jaxpr)].map((e) => e.primitive.name)));
  for (const { name } of [...higherOrder, ...collectives])
    if (!used.has(name)) seen.problems.push(`${name}: no program of tools/spec/programs.ts uses it`);
  for (const jaxpr of programs) {
    const text = printProgram(jaxpr);
    if (printProgram(readProgram(text)) !== text) seen.problems.push(`a program does not read back:\n${text}`);
  }
  const counts = {
    'valid calls': seen.valid,
    'broken calls': seen.broken,
    'conditions broken': seen.constraints.size,
    programs: programs.length,
  };
  return { seen: counts, problems: seen.problems };
}

/** Every executed example. */
export async function checkBlocks(root: string): Promise<SpecReport> {
  const prelude = await loadPrelude();
  const blocks = readPages(root).flatMap(({ path, text }) => blocksOf(path, text));
  const problems: string[] = [];
  for (const block of blocks) {
    for (const { line, message } of await runBlock(block, prelude)) problems.push(`${block.page}:${line}: ${message}`);
  }
  return { seen: { 'executed blocks': blocks.length }, problems };
}

async function outdated(root: string, pages: readonly Page[]): Promise<string[]> {
  const made = await generated(root, pages);
  return Object.entries(made)
    .filter(([path, text]) => !existsSync(`${root}/${path}`) || readFileSync(`${root}/${path}`, 'utf8') !== text)
    .map(([path]) => `${path} is not what the code makes: node --conditions=etalon-source tools/check-spec.ts --write`);
}

/** The generated files: path and text. */
async function generated(root: string, pages: readonly Page[]): Promise<Record<string, string>> {
  const text = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');
  return {
    [INDEX_PAGE]: await withIndex(text(INDEX_PAGE), { firstOrder, higherOrder, collectives, pages }),
    [DTYPES_PAGE]: await withClasses(text(DTYPES_PAGE)),
    [SCHEMA_FILE]: await schemaText(all),
  };
}

if (import.meta.main) {
  const root = '.';
  if (process.argv.includes('--write')) {
    for (const [path, text] of Object.entries(await generated(root, readPages(root))))
      writeFileSync(`${root}/${path}`, text);
  }
  const reports = [await checkPages(root), checkCalls(), await checkBlocks(root)];
  const seen = Object.entries(Object.assign({}, ...reports.map((r) => r.seen)) as Record<string, number>);
  const nothing = seen.filter(([, n]) => n === 0).map(([what]) => `no ${what} were found`);
  const problems = [...reports.flatMap((r) => r.problems), ...nothing];
  for (const problem of problems) console.error(problem);
  const counts = seen.map(([what, n]) => `${n.toLocaleString('en')} ${what}`).join(', ');
  console.log(`check-spec: ${counts}: ${problems.length === 0 ? 'ok' : `${problems.length} problems`}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
