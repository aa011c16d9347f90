import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkImports } from './check-imports.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

function problemsOf(files: Record<string, string>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'check-imports-'));
  roots.push(root);
  const all = {
    'package.json': JSON.stringify({
      name: 'etalon',
      dependencies: { ajv: '*' },
      peerDependencies: { '@tensorflow/tfjs-core': '*' },
    }),
    'reference/core/a.ts': 'export const a = 1;',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return checkImports(root).problems;
}

test('a tree whose imports point one way passes', () => {
  expect(
    problemsOf({
      'reference/primitives/add.ts': "import { a } from '../core/a.ts'; export const add = a;",
      'reference/lax.ts': "import { add } from './primitives/add.ts'; export { add };",
      'reference/transforms/jit.ts': "import { add } from '../lax.ts'; export const jit = add;",
      'reference/index.ts': "export * from './transforms/jit.ts'; export * from '../backends/registry.ts';",
      'backends/registry.ts': "export const tfjs = () => import('./tfjs/index.ts');",
      'backends/tfjs/index.ts': "import '@tensorflow/tfjs-core'; import '../../reference/primitives/add.ts';",
      'conformance/index.ts': "import 'ajv'; import 'node:fs'; import '../reference/index.ts';",
      'reference/core/a.test.ts': "import '../index.ts'; import 'node:fs';",
    }),
  ).toEqual([]);
});

test('pages of the guide are users: they have what the package exports, by its name', () => {
  const named = { 'package.json': JSON.stringify({ name: 'etalon', exports: { '.': './reference/core/a.ts' } }) };
  const page = (text: string): readonly string[] => problemsOf({ ...named, 'spec/guide/page/b.ts': text });
  expect(page("import 'etalon'; import 'fflate';")).toEqual([]);
  expect(page("import 'etalon/inside';")).toHaveLength(1);
  expect(page("import '../../../reference/core/a.ts';")[0]).toContain('guide may not import core');
});

test('types may point any way', () => {
  expect(
    problemsOf({
      'reference/primitives/p.ts': 'export type P = number;',
      'reference/core/b.ts':
        "import type { P } from '../primitives/p.ts'; export type { P } from '../primitives/p.ts';",
    }),
  ).toEqual([]);
});

test.each([
  ['core imports primitives', 'reference/core/b.ts', "import '../primitives/p.ts';", 'core may not import primitives'],
  [
    'a lone `type` name still imports',
    'reference/core/b.ts',
    "import { type P } from '../primitives/p.ts';",
    'may not',
  ],
  ['lazily, too', 'reference/core/b.ts', "void import('../primitives/p.ts');", 'core may not import primitives'],
  ['re-exporting', 'reference/core/b.ts', "export * from '../primitives/p.ts';", 'core may not import primitives'],
  ['primitives import lax', 'reference/primitives/b.ts', "import '../lax.ts';", 'primitives may not import lax'],
  ['a backend imports lax', 'backends/wasm/b.ts', "import '../../reference/lax.ts';", 'backend may not import lax'],
  ['a backend imports another', 'backends/wasm/b.ts', "import '../tfjs/index.ts';", 'may not import another one'],
  [
    'conformance imports a backend',
    'conformance/b.ts',
    "import '../backends/tfjs/index.ts';",
    'may not import backend',
  ],
  ['test helpers outside tests', 'conformance/b.ts', "import './testing/h.ts';", 'conformance may not import testing'],
  ['a test imported', 'conformance/b.ts', "import './x.test.ts';", 'conformance may not import test'],
  ['node: in browser code', 'reference/core/b.ts', "import fs from 'node:fs';", 'imports node:fs'],
  ['a builtin without node:', 'backends/tfjs/b.ts', "import fs from 'fs';", 'imports fs'],
  ['bare process', 'reference/core/b.ts', 'export const b = process.env.X;', 'uses process'],
  ['a package in the reference', 'reference/core/b.ts', "import 'ajv';", 'imports the package ajv'],
  ['an undeclared package', 'conformance/b.ts', "import 'left-pad';", 'imports left-pad'],
  ['a peer outside its backend', 'conformance/b.ts', "import '@tensorflow/tfjs-core';", 'an optional peer'],
  ['the package by its own name', 'conformance/b.ts', "import 'etalon';", 'imports itself'],
  ['a missing file', 'conformance/b.ts', "import './nowhere.ts';", 'there is no conformance/nowhere.ts'],
  ['a hidden side effect', 'reference/core/b.ts', "import { a } from './a.ts'; a.push(1);", 'changes another module'],
  ['a hidden assignment', 'reference/core/b.ts', "import { a } from './a.ts'; a.b = 1;", 'changes another module'],
  ['a file of no layer', 'reference/stray.ts', '', 'belongs to no layer'],
])('caught: %s', (_, path, text, message) => {
  const problems = problemsOf({
    'reference/primitives/p.ts': 'export type P = number;',
    'reference/lax.ts': '',
    'backends/tfjs/index.ts': '',
    'conformance/testing/h.ts': '',
    'conformance/x.test.ts': '',
    [path]: text,
  });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('guarded uses of Node are no problem', () => {
  expect(
    problemsOf({
      'reference/core/b.ts':
        "export const e = typeof process; export const v = globalThis.process?.env; void import('node:fs');",
      'reference/core/c.ts':
        'export interface Buffer { process(): void } export const d = (process: Buffer) => process;',
    }),
  ).toEqual([]);
});

test('a cycle is named', () => {
  expect(problemsOf({ 'reference/core/b.ts': "import './c.ts';", 'reference/core/c.ts': "import './b.ts';" })).toEqual([
    'cycle: reference/core/b.ts → reference/core/c.ts → reference/core/b.ts',
  ]);
});

test('sideEffects names a module as source and as built, and nothing that does not exist', () => {
  const effect = { 'reference/core/b.ts': "import { a } from './a.ts'; a(1);" };
  const named = (...sideEffects: string[]) => ({ 'package.json': JSON.stringify({ name: 'etalon', sideEffects }) });
  expect(problemsOf({ ...effect, ...named('./reference/core/b.ts', './dist/reference/core/b.js') })).toEqual([]);
  expect(problemsOf({ ...effect, ...named('./reference/core/b.ts') })[0]).toContain('not ./dist/reference/core/b.js');
  expect(problemsOf(named('./reference/c.ts', './dist/reference/c.js'))[0]).toContain('there is no reference/c.ts');
});

test('an empty tree is a failure, not a success', () => {
  const root = mkdtempSync(join(tmpdir(), 'check-imports-'));
  roots.push(root);
  writeFileSync(join(root, 'package.json'), '{"name":"etalon"}');
  expect(checkImports(root)).toMatchObject({ modules: 0, problems: ['no module was found'] });
});
