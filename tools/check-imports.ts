/**
 * Imports point one way: core ← primitives ← lax ← transforms ← library, with the entry and backends/registry.ts as the
 * only modules that know everybody. Also: no cycles, nothing of Node in browser code, no package that users would not
 * have, and no module that changes another one while it loads unless `sideEffects` names it (a bundler would drop it).
 * Type-only imports and tests are exempt.
 *
 *     node tools/check-imports.ts [root]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';

const folders = ['reference', 'backends', 'conformance', 'tools', 'spec'];

type Layer =
  | 'core'
  | 'primitives'
  | 'lax'
  | 'transforms'
  | 'library'
  | 'lint'
  | 'entry'
  | 'registry'
  | 'backend'
  | 'conformance'
  | 'testing'
  | 'tools'
  | 'guide'
  | 'test';

const reference: readonly Layer[] = ['core', 'primitives', 'lax', 'transforms', 'library'];

/** What a layer may import at run time. */
const mayImport: Readonly<Record<Layer, readonly Layer[] | 'all'>> = {
  core: reference.slice(0, 1),
  primitives: reference.slice(0, 2),
  lax: reference.slice(0, 3),
  transforms: reference.slice(0, 4),
  library: reference,
  lint: ['lint'], // ESLint loads it, and nothing of the rest
  entry: [...reference, 'entry', 'registry', 'backend'],
  registry: [...reference, 'entry', 'backend'],
  backend: ['core', 'primitives', 'backend'],
  conformance: [...reference, 'entry', 'registry', 'conformance'],
  testing: [...reference, 'entry', 'registry', 'backend', 'conformance', 'testing'],
  tools: [...reference, 'entry', 'registry', 'backend', 'conformance', 'tools'],
  guide: ['guide'], // a user's program: of Etalon it has what the package exports
  test: 'all',
};

function layerOf(path: string): Layer | undefined {
  if (path.endsWith('.test.ts')) return 'test';
  if (path === 'reference/index.ts' || path === 'reference/backends.ts') return 'entry';
  if (path === 'backends/registry.ts') return 'registry';
  if (/^reference\/lax(\.ts$|\/)/.test(path)) return 'lax';
  const inside = /^reference\/(core|primitives|transforms|library|lint)\//.exec(path)?.[1];
  if (inside !== undefined) return inside as Layer;
  // The reference backend, and programs from files: both see core and the table of primitives, as transformations do.
  if (path === 'reference/interpreter.ts' || path.startsWith('reference/programs/')) return 'transforms';
  if (path.startsWith('backends/')) return 'backend';
  if (path.startsWith('conformance/testing/')) return 'testing';
  if (path.startsWith('conformance/')) return 'conformance';
  if (path.startsWith('spec/guide/')) return 'guide';
  if (path.startsWith('tools/') || path.startsWith('spec/')) return 'tools';
  return undefined;
}

/** Backend folders that other backends may use. */
const sharedBackends = ['stablehlo'];

/** Code that has to load in a browser. */
const isBrowserCode = (path: string): boolean => /^(reference|backends\/(wasm|wgsl|tfjs|stablehlo))\//.test(path);

/** Browser code that may name something of Node's, each with its reason. */
const nodeAllowed: Readonly<Record<string, string>> = {};

/** Optional peers that others than backends use, and the folder that does. */
const peerUsers: Readonly<Record<string, string>> = {
  'playwright-core': 'conformance/browser/',
  '@jax-js/jax': 'conformance/benches/webgpu/',
  '@tensorflow/tfjs-core': 'conformance/benches/webgpu/',
  esbuild: 'conformance/benches/webgpu/',
};

const nodeGlobals = ['process', 'Buffer', 'require', '__dirname', '__filename'];
const builtins = new Set(builtinModules);
const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtins.has(specifier);

export interface Report {
  readonly modules: number;
  readonly tests: number;
  readonly edges: number;
  readonly typeOnly: number;
  readonly problems: readonly string[];
}

interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly kind: 'static' | 'dynamic' | 'type';
}

export function checkImports(root: string): Report {
  const { name: self, dependencies, peers, exports, sideEffects } = readPackage(root);
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  let tests = 0;
  let edges = 0;
  let typeOnly = 0;

  const files = folders.flatMap((folder) => sourcesUnder(root, folder));
  const known = new Set(files);
  for (const path of files) {
    const layer = layerOf(path);
    if (layer === undefined) {
      problems.push(`${path}: belongs to no layer (see layerOf in tools/check-imports.ts)`);
      continue;
    }
    if (layer === 'test') {
      tests++;
      continue;
    }
    const source = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
    const targets: string[] = [];
    graph.set(path, targets);
    for (const { specifier, line, kind } of importsOf(source)) {
      const problem = (message: string): number => problems.push(`${path}:${line}: ${message}`);
      if (kind === 'type') {
        typeOnly++;
        continue;
      }
      edges++;
      if (isBuiltin(specifier)) {
        if (kind === 'static' && isBrowserCode(path) && nodeAllowed[path] === undefined)
          problem(`imports ${specifier}, which browsers lack: import it dynamically behind a check`);
        continue;
      }
      if (specifier === self || specifier.startsWith(`${self}/`)) {
        const target = exports[specifier.slice(self.length)];
        if (layer === 'guide' && target !== undefined) continue;
        problem(`imports itself as '${specifier}': write the path${target === undefined ? '' : ` to ${target}`}`);
        continue;
      }
      if (!specifier.startsWith('.')) {
        const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
        if (layer === 'tools' || layer === 'testing' || layer === 'guide') continue;
        if (isBrowserCode(path) && !peers.has(name))
          problem(`imports the package ${name}: browser code brings no packages but a backend's own engine`);
        else if (peers.has(name) && layer !== 'backend' && !path.startsWith(peerUsers[name] ?? '/'))
          problem(`imports ${name}, an optional peer: only its backend may`);
        else if (!peers.has(name) && !dependencies.has(name))
          problem(`imports ${name}, which package.json names neither in dependencies nor in peerDependencies`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (!known.has(target)) {
        if (!existsSync(join(root, target))) problem(`imports ${specifier}: there is no ${target}`);
        continue;
      }
      const targetLayer = layerOf(target);
      if (targetLayer === undefined) continue;
      const allowed = mayImport[layer];
      if (allowed !== 'all' && !allowed.includes(targetLayer))
        problem(
          `${layer} may not import ${targetLayer} (${target})` +
            (targetLayer === 'test' ? '' : '; if only types are needed, write import type { … }'),
        );
      else if (layer === 'backend' && targetLayer === 'backend' && !backendMayUse(path, target))
        problem(`a backend may not import another one (${target})`);
      if (kind === 'static') targets.push(target);
    }
    if (isBrowserCode(path) && !sideEffects.has(`./${path}`))
      for (const line of sideEffectsIn(source))
        problems.push(`${path}:${line}: changes another module while it loads: name ./${path} in sideEffects`);
    if (isBrowserCode(path) && nodeAllowed[path] === undefined)
      for (const { name, line } of nodeGlobalsIn(source))
        problems.push(
          `${path}:${line}: uses ${name}, which browsers lack: write globalThis.${name}?. or ask typeof ${name} first`,
        );
  }
  for (const path of sideEffects) {
    const source = path.replace(/^\.\/(dist\/)?/, '').replace(/\.js$/, '.ts');
    if (!known.has(source)) problems.push(`package.json: sideEffects names ${path}, but there is no ${source}`);
    for (const twin of [`./${source}`, `./dist/${source.replace(/\.ts$/, '.js')}`])
      if (!sideEffects.has(twin)) problems.push(`package.json: sideEffects names ${path} but not ${twin}`);
  }
  for (const cycle of cyclesIn(graph)) problems.push(`cycle: ${cycle.join(' → ')}`);
  if (graph.size === 0) problems.push('no module was found');
  return { modules: graph.size, tests, edges, typeOnly, problems };
}

function backendMayUse(path: string, target: string): boolean {
  const folder = (p: string): string => (p.split('/')[2] === undefined ? '' : (p.split('/')[1] ?? ''));
  return folder(target) === '' || folder(target) === folder(path) || sharedBackends.includes(folder(target));
}

function readPackage(root: string): {
  name: string;
  dependencies: ReadonlySet<string>;
  peers: ReadonlySet<string>;
  exports: Readonly<Record<string, string>>;
  sideEffects: ReadonlySet<string>;
} {
  const json = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    exports?: Record<string, string | Record<string, string>>;
    sideEffects?: string[];
  };
  const exports: Record<string, string> = {};
  for (const [key, value] of Object.entries(json.exports ?? {})) {
    const target = typeof value === 'string' ? value : value['etalon-source'];
    if (target !== undefined) exports[key.slice(1)] = target;
  }
  return {
    name: json.name,
    dependencies: new Set(Object.keys(json.dependencies ?? {})),
    peers: new Set(Object.keys(json.peerDependencies ?? {})),
    exports,
    sideEffects: new Set(json.sideEffects ?? []),
  };
}

function sourcesUnder(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesUnder(root, path);
      return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [path] : [];
    })
    .sort();
}

function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, kind: Import['kind']): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      found.push({ specifier: specifier.text, line: lineOf(source, node), kind });
  };
  const visit = (node: ts.Node): void => {
    // `import { type A } from` stays in the output as a side-effect import, so only `import type` counts as a type.
    if (ts.isImportDeclaration(node))
      add(
        node,
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static',
      );
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static');
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], 'dynamic');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nodeGlobalsIn(source: ts.SourceFile): { name: string; line: number }[] {
  const declared = new Set<string>();
  const used: { name: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node) && nodeGlobals.includes(node.text)) {
      const { parent } = node;
      const isNameOf = (parent as { name?: ts.Node }).name === node;
      const isProperty =
        ts.isPropertyAccessExpression(parent) ||
        ts.isPropertyAssignment(parent) ||
        ts.isPropertyDeclaration(parent) ||
        ts.isPropertySignature(parent) ||
        ts.isMethodDeclaration(parent) ||
        ts.isMethodSignature(parent);
      if (isNameOf && !isProperty) declared.add(node.text);
      else if (!isNameOf && !ts.isTypeOfExpression(parent) && !isGuarded(node, source))
        used.push({ name: node.text, line: lineOf(source, node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return used.filter(({ name }) => !declared.has(name));
}

/** Top-level calls of imported functions, and assignments to what was imported, as statements of their own. */
function sideEffectsIn(source: ts.SourceFile): number[] {
  const imported = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const { name, namedBindings } = statement.importClause ?? {};
    if (name !== undefined) imported.add(name.text);
    if (namedBindings === undefined) continue;
    if (ts.isNamespaceImport(namedBindings)) imported.add(namedBindings.name.text);
    else for (const element of namedBindings.elements) imported.add(element.name.text);
  }
  const isImported = (node: ts.Node | undefined): boolean => {
    while (node !== undefined && (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)))
      node = node.expression;
    return node !== undefined && ts.isIdentifier(node) && imported.has(node.text);
  };
  const changes = ({ expression }: ts.ExpressionStatement): boolean =>
    ts.isCallExpression(expression)
      ? isImported(expression.expression) || isImported(expression.arguments[0])
      : ts.isBinaryExpression(expression) && isImported(expression.left);
  return source.statements.flatMap((node) =>
    ts.isExpressionStatement(node) && changes(node) ? [lineOf(source, node)] : [],
  );
}

/** Within `typeof process === 'undefined' ? … : …`, the same with `if`, or after `typeof process … &&`. */
function isGuarded(identifier: ts.Identifier, source: ts.SourceFile): boolean {
  for (let node: ts.Node = identifier; !ts.isSourceFile(node); node = node.parent) {
    const { parent } = node;
    const condition = ts.isConditionalExpression(parent)
      ? parent.condition
      : ts.isIfStatement(parent)
        ? parent.expression
        : ts.isBinaryExpression(parent)
          ? parent.left
          : undefined;
    if (
      condition !== undefined &&
      condition !== node &&
      condition.getText(source).includes(`typeof ${identifier.text}`)
    )
      return true;
  }
  return false;
}

const lineOf = (source: ts.SourceFile, node: ts.Node): number =>
  source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;

/** One cycle for each back edge of a depth-first walk: none of them means that there is no cycle at all. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const stack: string[] = [];
  const visit = (path: string): void => {
    if (done.has(path)) return;
    const at = stack.indexOf(path);
    if (at >= 0) {
      cycles.push([...stack.slice(at), path]);
      return;
    }
    stack.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    stack.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}

if (import.meta.main) {
  const { modules, tests, edges, typeOnly, problems } = checkImports(process.argv[2] ?? '.');
  for (const problem of problems) console.error(problem);
  console.log(
    `check-imports: ${modules} modules, ${edges} imports (${typeOnly} type-only and ${tests} tests exempt): ` +
      (problems.length === 0 ? 'ok' : `${problems.length} problems`),
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
