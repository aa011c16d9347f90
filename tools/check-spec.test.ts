/** The check of the specification sees what it has to see: each kind of fault, made on purpose. */
import { describe, expect, test } from 'vitest';
import type { AnyFirstOrder } from '../reference/core/primitive.ts';
import { collectives, higherOrder, primitives } from '../reference/primitives/index.ts';
import { transforms } from '../reference/transforms/rules.ts';
import { checkFirstOrder, checkHigherOrder, nothingSeen } from './spec/calls.ts';
import { checkLinks } from './spec/links.ts';
import { type Page, readPages } from './spec/pages.ts';
import {
  checkBudgets,
  checkCollectiveSection,
  checkErrors,
  checkFirstOrderSection,
  checkHigherOrderSection,
  checkLaws,
  checkPromotion,
  strangers,
} from './spec/sections.ts';

const pages = readPages('.');
const changed = (path: string, from: string | RegExp, to: string): Page[] =>
  pages.map((page) => {
    if (page.path !== path) return page;
    const text = page.text.replace(from, to);
    expect(text, `${path} has no ${from}`).not.toBe(page.text);
    return { path, text };
  });

describe('pages', () => {
  const { reduce_sum: sum } = primitives;
  const path = 'spec/primitives/reduction.md';
  const problems = (from: string | RegExp, to: string): string =>
    checkFirstOrderSection(sum, changed(path, from, to)).join();

  test('are right as they are', () => {
    expect(Object.values<AnyFirstOrder>(primitives).flatMap((p) => checkFirstOrderSection(p, pages))).toEqual([]);
  });

  test.each<[string, string | RegExp, string, string]>([
    ['no section', '## reduce_sum', '## reduce_some', 'there is no such section'],
    [
      'an operand by another name',
      /(?<=\| )`operand`(?=.*`axes`)/,
      '`x`',
      'the table of operands names x, the code operand',
    ],
    ['a parameter by another name', /(?<=\| )`axes`/, '`axis`', 'the table of parameters names axis, the code axes'],
    ['a dtype missing', 'any number', 'any real number', 'i64, u64 on the page, of f32, f64, f16, bf16, c64, c128'],
    ['a constraint missing', /- \(C2\).*\n/, '', 'the page has the constraints C1, the code C1, C2'],
    ['a constraint too many', '- (C2)', '- (C3) x\n- (C2)', 'the page has the constraints C1, C3, C2'],
    ['a rule missing', '- transpose:', '- otherwise:', '**Rules** has no "- transpose"'],
    ['a part missing', '**Accuracy**', 'Accuracy', 'there is no **Accuracy**'],
  ])('%s', (_, from, to, problem) => {
    expect(problems(from, to)).toContain(problem);
  });

  test('a section that belongs to nothing', () => {
    const table = Object.values<AnyFirstOrder>(primitives);
    expect(strangers(table, pages)).toEqual([]);
    expect(strangers(table, changed(path, /$/, '\n## reduce_nothing\n'))).toHaveLength(1);
  });

  test('higher-order sections', () => {
    const without = (from: string): string[] =>
      checkHigherOrderSection(higherOrder.cond, changed('spec/transformations/control-flow.md', from, ''));
    expect(without('- (C4)')).toHaveLength(1);
    expect(without('- dead code')).toHaveLength(1);
    expect(without('`branches`')).toHaveLength(1);
  });

  test('sections of collectives', () => {
    const without = (from: string): string[] =>
      checkCollectiveSection(collectives.ppermute, changed('spec/transformations/collectives.md', from, ''));
    expect(without('- (C3) the destinations are distinct.')).toHaveLength(1);
    expect(checkCollectiveSection({ ...collectives.psum, operands: [] }, pages)).toHaveLength(1);
    expect(
      checkCollectiveSection({ ...collectives.psum, spec: 'spec/transformations/pmap.md#psum' }, pages),
    ).toHaveLength(1);
  });

  test('tables that mirror code', () => {
    expect(checkPromotion(changed('spec/dtypes.md', '| `u32`  | u32  |', '| `u32`  | i32  |')).problems).toHaveLength(
      1,
    );
    expect(checkBudgets(changed('spec/numerics.md', '| `exp` | 3 |', '| `exp` | 4 |')).problems).toHaveLength(2);
    expect(checkLaws(changed('spec/conformance.md', '### adjoint', '### adjacent'))).toHaveLength(2);
    expect(checkLaws(changed('spec/conformance.md', '| `quick`    | 2 ', '| `quick`    | 3 '))).toHaveLength(1);
  });

  test('errors without an entry, entries without an error', () => {
    expect(checkErrors(changed('spec/errors.md', '## shape', '## form')).problems).toHaveLength(2);
    expect(checkErrors(changed('spec/errors.md', '`ShapeError`:', 'A `ShapeError`:')).problems).toHaveLength(1);
  });

  test('links that lead nowhere', () => {
    expect(checkLinks(changed('spec/README.md', '(values.md)', '(worths.md)'), '.').problems).toHaveLength(1);
    expect(
      checkLinks(changed('spec/README.md', '(errors.md#constraint)', '(errors.md#constrain)'), '.').problems,
    ).toHaveLength(1);
  });
});

describe('calls', () => {
  const problemsOf = (changes: Partial<AnyFirstOrder>): string[] => {
    const seen = nothingSeen();
    checkFirstOrder({ ...primitives.reduce_sum, ...changes } as AnyFirstOrder, seen);
    return seen.problems;
  };

  test('a constraint that refuses a case, and one that refuses nothing', () => {
    expect(problemsOf({})).toEqual([]);
    const { constraints, breaks } = primitives.reduce_sum;
    const { C1, C2 } = constraints;
    expect(problemsOf({ constraints: { C1, C2, C3: () => 'no' }, breaks: { ...breaks, C3: breaks.C1 } })[0]).toContain(
      'breaks C3',
    );
    expect(problemsOf({ constraints: { C1, C2: () => true } })[0]).toContain('breaks nothing instead of C2');
  });

  test('parameters that their schema refuses', () => {
    expect(problemsOf({ params: { axes: { type: 'integer' } } })[0]).toContain('breaks P');
  });

  test('higher-order constraints', () => {
    const seen = nothingSeen();
    const { cond } = higherOrder;
    checkHigherOrder({ ...cond, constraints: { ...cond.constraints, C2: () => true } }, transforms, seen);
    expect(seen.problems).toHaveLength(1);
  });
});
