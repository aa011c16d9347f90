/** Whether the pages of primitives say what the code says, and whether every error has its entry. */
import { laws } from '../../conformance/laws/index.ts';
import { CASES_PER_CELL } from '../../conformance/programs/plan.ts';
import { type DType, dtypeOfShort, promote, shortName } from '../../reference/core/dtypes.ts';
import type { AnyCollective } from '../../reference/core/collective.ts';
import type { AnyFirstOrder, AnyHigherOrder, AnyPrimitive } from '../../reference/core/primitive.ts';
import { ULP_BUDGETS } from '../../reference/primitives/accuracy.ts';
import { errorClasses, lawsOf } from './index-page.ts';
import { dtypesIn } from './classes.ts';
import { cellsOf, constraintsIn, namesIn, tablesOf, type Page, type Section, sectionsOf } from './pages.ts';

/** The section that a primitive names as its own. */
export function sectionOf(primitive: AnyPrimitive, pages: readonly Page[]): Section | undefined {
  const [path, anchor] = primitive.spec.split('#');
  const page = pages.find((p) => p.path === path);
  return page === undefined ? undefined : sectionsOf(page).find((s) => s.anchor === anchor);
}

/** @returns what is wrong with the section of a first-order primitive */
export const checkFirstOrderSection = (primitive: AnyFirstOrder, pages: readonly Page[]): string[] =>
  checkTypedSection(primitive, pages, ['Result', 'Value', 'Accuracy', 'Rules', 'Examples'], 'error bound');

/** @returns what is wrong with the section of a collective */
export const checkCollectiveSection = (primitive: AnyCollective, pages: readonly Page[]): string[] =>
  checkTypedSection(primitive, pages, ['Result', 'Value', 'Rules', 'Examples'], 'own axis');

/** Sections with a table of operands. `lastRule`: beside those on derivatives and batches. */
function checkTypedSection(
  primitive: AnyFirstOrder | AnyCollective,
  pages: readonly Page[],
  parts: readonly string[],
  lastRule: string,
): string[] {
  const section = sectionOf(primitive, pages);
  if (section === undefined) return [`${primitive.spec}: there is no such section`];
  const problems: string[] = [];
  const need = (what: string, is: boolean): void => {
    if (!is) problems.push(what);
  };
  const { operands, params, types } = tablesOf(section);
  const wanted = primitive.operands.map((o) => o.name);
  need(
    `the table of operands names ${operands.join(', ') || 'none'}, the code ${wanted.join(', ') || 'none'}`,
    same(operands, wanted),
  );
  for (const { name, dtypes: list } of primitive.operands) {
    const type = types.get(name) ?? '';
    const told = namesIn(type).some((t) => wanted.includes(t)) || type.startsWith('dtype `D`'); // by another operand's
    const [listed, shorts] = [dtypesIn(type), list].map((all) => all.map(shortName));
    need(
      `${name} is one of ${listed!.join(', ')} on the page, of ${shorts!.join(', ')} in the code`,
      told || same(listed!, shorts!),
    );
  }
  const keys = Object.keys(primitive.params);
  need(
    `the table of parameters names ${params.join(', ') || 'none'}, the code ${keys.join(', ') || 'none'}`,
    same(params, keys),
  );
  for (const part of parts) {
    need(`there is no **${part}**`, section.text.includes(`**${part}**`));
  }
  const rules = section.text.slice(section.text.indexOf('**Rules**'));
  const { differentiate } = primitive;
  const transposes = !('zero' in differentiate) && 'transpose' in differentiate;
  for (const rule of ['jvp', ...(transposes ? ['transpose'] : []), 'vmap', lastRule]) {
    need(`**Rules** has no "- ${rule}"`, new RegExp(`^- ${rule}\\b`, 'm').test(rules));
  }
  need('there is no executed example', section.text.includes('```ts run'));
  need('there is no "Source:"', /^Source: /m.test(section.text));
  return [...problems, ...checkConstraints(primitive, section)].map((p) => `${primitive.spec}: ${p}`);
}

export function checkHigherOrderSection(primitive: AnyHigherOrder, pages: readonly Page[]): string[] {
  const section = sectionOf(primitive, pages);
  if (section === undefined) return [`${primitive.spec}: there is no such section`];
  const problems = checkConstraints(primitive, section);
  for (const rule of ['jvp', 'partial evaluation', 'transpose', 'vmap', 'dead code', 'error bound', 'effects']) {
    if (!new RegExp(`^- ${rule}\\b`, 'm').test(section.text)) problems.push(`there is no "- ${rule}"`);
  }
  const keys = Object.keys(primitive.params);
  const { params } = tablesOf(section);
  if (!same(params, keys))
    problems.push(`the table of parameters names ${params.join(', ')}, the code ${keys.join(', ')}`);
  return problems.map((p) => `${primitive.spec}: ${p}`);
}

function checkConstraints({ constraints }: AnyPrimitive, section: Section): string[] {
  const inPage = [...constraintsIn(section).keys()];
  const inCode = Object.keys(constraints);
  return same(inPage, inCode)
    ? []
    : [`the page has the constraints ${inPage.join(', ') || 'none'}, the code ${inCode.join(', ') || 'none'}`];
}

const same = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

/** Sections of spec/primitives/ that no primitive names. */
export function strangers(primitives: readonly AnyPrimitive[], pages: readonly Page[]): string[] {
  const known = new Set(primitives.map((p) => p.spec));
  return pages
    .filter((p) => p.path.startsWith('spec/primitives/'))
    .flatMap(sectionsOf)
    .filter((s) => !known.has(`${s.page}#${s.anchor}` as AnyFirstOrder['spec']))
    .map((s) => `${s.page}#${s.anchor}: the section belongs to no primitive`);
}

/** One entry of spec/errors.md for each class, and the other way round. */
export function checkErrors(pages: readonly Page[]): { readonly entries: number; readonly problems: string[] } {
  const page = pages.find((p) => p.path === 'spec/errors.md');
  const entries = page === undefined ? [] : sectionsOf(page);
  const classes = errorClasses();
  const problems = classes.flatMap((c) => {
    const entry = entries.find((s) => s.title === c.anchor);
    if (entry === undefined) return [`spec/errors.md: no entry ${c.anchor} for ${c.name}`];
    return bodyOf(entry).startsWith(`\`${c.name}\`:`)
      ? []
      : [`spec/errors.md#${c.anchor} must begin with \`${c.name}\`:`];
  });
  const anchors = new Set(classes.map((c) => c.anchor));
  const orphans = entries
    .filter((s) => !anchors.has(s.title))
    .map((s) => `spec/errors.md: no class has the anchor ${s.title}`);
  return { entries: entries.length, problems: [...problems, ...orphans] };
}

const bodyOf = ({ text }: Section): string => text.slice(text.indexOf('\n')).trim();

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => cellsOf(line).map((cell) => cell.replaceAll('`', '')));

const sectionNamed = (pages: readonly Page[], path: string, heading: string): string =>
  pages
    .filter((p) => p.path === path)
    .flatMap(sectionsOf)
    .find((s) => s.title === heading)?.text ?? '';

/** The table of promotion in spec/dtypes.md against `promote`. */
export function checkPromotion(pages: readonly Page[]): { readonly cells: number; readonly problems: string[] } {
  const [header, , ...rows] = rowsOf(sectionNamed(pages, 'spec/dtypes.md', 'Promotion'));
  const names = header?.slice(1) ?? [];
  const read = (name: string): { dtype: DType; weak: boolean } => ({
    dtype: dtypeOfShort(name.replace('*', ''))!,
    weak: name.endsWith('*'),
  });
  const problems: string[] = [];
  for (const [name, ...cells] of rows) {
    cells.forEach((cell, i) => {
      let got: string;
      try {
        const { dtype, weak } = promote([read(name!), read(names[i]!)]);
        got = shortName(dtype) + (weak ? '*' : '');
      } catch {
        got = '–';
      }
      if (got !== cell)
        problems.push(`spec/dtypes.md: ${name} with ${names[i]} is ${cell} on the page, ${got} in the code`);
    });
  }
  return { cells: rows.length * names.length, problems };
}

/** The table of transcendentals in spec/numerics.md against the budgets of the code: its column of strict and fast. */
export function checkBudgets(pages: readonly Page[]): { readonly rows: number; readonly problems: string[] } {
  const [, , ...rows] = rowsOf(sectionNamed(pages, 'spec/numerics.md', 'Transcendentals'));
  const inPage = rows.map(([name, ulp]) => `${name} ${ulp}`);
  const inCode = Object.entries(ULP_BUDGETS).map(([name, { ulp }]) => `${name} ${ulp}`);
  const differ = [...new Set(inPage).symmetricDifference(new Set(inCode))];
  return { rows: rows.length, problems: differ.map((row) => `spec/numerics.md: page and code differ in: ${row}`) };
}

/** The laws of spec/conformance.md against those of the suite, levels too. */
export function checkLaws(pages: readonly Page[]): string[] {
  const inPage = lawsOf(pages).map((law) => law.name);
  const inCode = [...Object.keys(laws), 'rejects', 'fixture', 'training'];
  const differ = [...new Set(inPage).symmetricDifference(new Set(inCode))];
  const [, , ...rows] = rowsOf(sectionNamed(pages, 'spec/conformance.md', 'Levels'));
  const levels = same(rows.map((row) => row.join(' ')), Object.entries(CASES_PER_CELL).map((row) => row.join(' '))); // prettier-ignore
  return [
    ...differ.map((law) => `spec/conformance.md: only page or only code has the law ${law}`),
    ...(levels ? [] : ['spec/conformance.md: the table of levels is not that of conformance/programs/plan.ts']),
  ];
}
