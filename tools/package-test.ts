/**
 * Is what npm publishes what a user needs? Packs the package, installs it into an empty project and uses it there: in
 * Node, with tsc, through its command, and in a browser through two bundlers.
 *
 *     npm run test:package            npm run test:package -- chromium tsc     only the steps whose name has one of these
 *     KEEP=1 npm run test:package     leaves the project behind and prints where it is
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { launchChromium } from './browser.ts';
import * as vite from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'etalon-package-'));
const project = join(work, 'project');

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly sideEffects: readonly string[];
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const peers = Object.keys(manifest.peerDependencies);
const subpaths = Object.keys(manifest.exports).map((key) => `etalon${key.slice(1)}`);

// ---------------------------------------------------------------------------------------------------------- helpers

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** npm hands its own settings on to what it runs; a user's shell does not have them. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^ETALON_/i.test(key)),
);

function run(command: string, args: readonly string[], timeout = 300): Result {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: existsSync(project) ? project : root,
    env: { ...env, NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: timeout * 1000,
    maxBuffer: 1 << 28,
  });
  const ending = error === undefined ? (signal === null ? '' : `\nended by ${signal}`) : `\n${error.message}`;
  return { status, stdout, output: `$ ${[command, ...args].join(' ')}\n${stdout}${stderr}${ending}`.trim() };
}

class Failure extends Error {}

function expectStatus(result: Result, status: number): Result {
  if (result.status !== status) throw new Failure(`exit status ${result.status}, expected ${status}\n${result.output}`);
  return result;
}

function expectOutput(result: Result, ...parts: readonly (string | RegExp)[]): Result {
  for (const part of parts)
    if (typeof part === 'string' ? !result.output.includes(part) : !part.test(result.output))
      throw new Failure(`the output lacks ${part}\n${result.output}`);
  return result;
}

const etalon = (...args: readonly string[]): Result => run('npx', ['--no-install', 'etalon', ...args]);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

function onPath(...names: readonly string[]): string[] {
  const found = (env['PATH'] ?? '').split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)));
  return found.filter((path) => existsSync(path));
}

// ------------------------------------------------------------------------------------------------------ the user's files

const userProgram = `
import { grad, jit, lax, nn, numpy as np, random, tree, valueAndGrad, vmap, type NDArray } from 'etalon';
${subpaths
  .filter((path) => !['etalon', 'etalon/eslint'].includes(path) && !path.endsWith('.json')) // the rules' types are eslint's
  .map((path, i) => `import * as m${i} from '${path}';\nvoid m${i};`)
  .join('\n')}

interface Layer { readonly w: NDArray; readonly b: NDArray }

const predict = ({ w, b }: Layer, x: NDArray): NDArray => nn.relu(np.dot(x, w).add(b));
const loss = (params: Layer, x: NDArray): NDArray => np.mean(predict(params, x));

const params: Layer = { w: random.normal(random.key(0), [3, 2]), b: np.zeros([2]) };
const [value, gradient] = jit(valueAndGrad(loss))(params, np.ones([4, 3]));
const w: NDArray = gradient.w;
const perExample: Layer = vmap(grad(loss), { inAxes: [null, 0] })(params, np.ones([4, 3]));
const n: number | bigint | boolean | { re: number; im: number } = value.item();
console.log(n, w.shape, perExample.b.shape, tree.leaves(params).length, lax.exp(value));
`;

const lintConfiguration = `
import etalon from 'etalon/eslint';
import ts from 'typescript-eslint';

export default [
  ts.configs.base,
  etalon.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  },
];
`;

/** One mistake for each rule; tsc sees none of them. */
const sharpProgram = `
import { jit, numpy as np } from 'etalon';

const x = np.array([1, 2]);
if (x) console.log('always');
console.log(x === np.array([1, 2]));
console.log('x = ' + x);
console.log(Reflect.get(x, 0), (x as never as NArray)[0]);
console.log([...(x as never as typeof x & Iterable<number>)]);
console.log(jit(async (v: typeof x) => v));
type NArray = typeof x & { readonly [i: number]: number };
`;

/** A user's first backend: five float32 operations, everything else a gap. */
const ownBackend = (name: string, max: string): string => `
import { defineBackend, type HostArray } from 'etalon';

type Operation = (...x: number[]) => number;
const operations: Record<string, Operation> = {
  neg: (a = 0) => -a,
  add: (a = 0, b = 0) => a + b,
  sub: (a = 0, b = 0) => a - b,
  mul: (a = 0, b = 0) => a * b,
  max: (a = 0, b = 0) => ${max},
};

export default defineBackend({
  name: '${name}',
  profile: 'strict',
  capabilities: { syncRead: true },
  supports(primitive, operands) {
    if (!(primitive.name in operations)) return { gap: 'not written yet' };
    return operands.every(({ dtype }) => dtype === 'float32') ? true : { gap: 'float32 only' };
  },
  async open() {
    const device = { id: 0, description: 'five loops' };
    const alive = new Set<object>();
    const keep = (value: HostArray): HostArray => {
      const copy = { ...value };
      alive.add(copy);
      return copy;
    };
    const bytes = (): number => [...alive].reduce((n, x) => n + (x as HostArray).data.byteLength, 0);
    return {
      devices: [device],
      put: keep,
      read: async (buffer) => buffer as HostArray,
      readSync: (buffer) => buffer as HostArray,
      free: (buffer) => void alive.delete(buffer),
      live: () => ({ buffers: alive.size, bytes: bytes() }),
      close: () => alive.clear(),
      compile: (jaxpr) => ({
        run(inputs) {
          const values = new Map<object, HostArray>();
          jaxpr.inputs.forEach((v, i) => values.set(v, inputs[i] as HostArray));
          jaxpr.constvars.forEach((v, i) => {
            const c = jaxpr.consts[i]!;
            values.set(v, { shape: c.shape, dtype: c.dtype, data: c.dataSync() });
          });
          const valueOf = (atom: (typeof jaxpr.outputs)[number]): HostArray => ('value' in atom ? atom.value : values.get(atom)!);
          for (const { primitive, inputs, outputs } of jaxpr.equations) {
            const x = inputs.map(valueOf);
            const { shape } = x[0]!;
            const data = new Float32Array(x[0]!.data.length);
            for (let i = 0; i < data.length; i++) data[i] = operations[primitive.name]!(...x.map((v) => Number(v.data[i])));
            values.set(outputs[0]!, { shape, dtype: 'float32', data });
          }
          return jaxpr.outputs.map((atom) => keep(valueOf(atom)));
        },
        dispose() {},
      }),
    };
  },
});
`;
const rightMax = 'Math.max(a, b)';
const wrongMax = 'a > b || b !== b ? a : b'; // drops NaN

const page = `
import { grad, numpy as np } from 'etalon';

document.body.textContent = String(grad((x) => np.tanh(x))(1).item());
`;

// ---------------------------------------------------------------------------------------------------------------- steps

const sizes: Record<string, number> = {};

type Step = readonly [name: string, run: () => string | Promise<string>];

const steps: readonly Step[] = [
  [
    'npm pack',
    () => {
      const packed = expectStatus(run('npm', ['pack', '--json', '--pack-destination', work]), 0);
      const [info] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n'))) as {
        filename: string;
        size: number;
        unpackedSize: number;
        files: { path: string }[];
      }[];
      if (info === undefined) throw new Failure(packed.output);
      const files = new Set(info.files.map(({ path }) => path));
      const targets = Object.values(manifest.exports).flatMap((value) =>
        typeof value === 'string'
          ? [value]
          : Object.entries(value).flatMap(([key, path]) => (key === 'etalon-source' ? [] : [path])),
      );
      const built = manifest.sideEffects.filter((path) => path.startsWith('./dist/'));
      for (const path of [...targets, ...Object.values(manifest.bin), ...built, 'LICENSE', 'README.md'])
        if (!files.has(path.replace('./', ''))) throw new Failure(`the package lacks ${path}`);
      for (const path of manifest.sideEffects)
        if (!existsSync(join(root, path))) throw new Failure(`sideEffects names ${path}, which does not exist`);
      for (const path of files) {
        if (/\.test\.|^conformance\/testing|^dist\/conformance\/testing|^tools\//.test(path))
          throw new Failure(`the package holds ${path}`);
        if (/\.ts$/.test(path) && !/\.d\.ts$|^spec\/guide\//.test(path))
          throw new Failure(`the package holds the source ${path}`);
      }
      sizes['tarball'] = info.size;
      return `${files.size} files, ${kB(info.size)} packed, ${kB(info.unpackedSize)} unpacked`;
    },
  ],
  [
    'npm install',
    () => {
      mkdirSync(project);
      write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }));
      expectStatus(run('npm', ['install', '--no-audit', '--no-fund', join(work, `etalon-${manifest.version}.tgz`)]), 0);
      const brought = peers.filter((name) => existsSync(join(project, 'node_modules', name)));
      if (brought.length > 0) throw new Failure(`it brought optional peers along: ${brought.join(', ')}`);
      return `${readdirSync(join(project, 'node_modules')).length} folders in node_modules, no engine`;
    },
  ],
  [
    'every subpath imports in Node',
    () => {
      write(
        'imports.js',
        subpaths
          .map((path) =>
            path.endsWith('.json')
              ? `await import('${path}', { with: { type: 'json' } });`
              : `await import('${path}');`,
          )
          .join('\n'),
      );
      expectStatus(run('node', ['imports.js']), 0);
      return subpaths.join(' ');
    },
  ],
  [
    'one core for all subpaths',
    () => {
      write(
        'one.js',
        `import * as all from 'etalon';
import * as np from 'etalon/numpy';
const x = np.array([1, 2]);
if (np.tanh !== all.numpy.tanh || !(x instanceof all.numpy.array([1]).constructor)) throw new Error('two cores');
console.log(String(all.grad((x) => np.sum(np.tanh(x)))(x)));`,
      );
      return lastLine(expectStatus(run('node', ['one.js']), 0).stdout);
    },
  ],
  ...(['nodenext', 'bundler'] as const).map((resolution): Step => [
    `tsc, moduleResolution ${resolution}, skipLibCheck false`,
    () => {
      write('user.ts', userProgram);
      write('my-backend.ts', ownBackend('mine', rightMax));
      write(
        `tsconfig.${resolution}.json`,
        JSON.stringify({
          compilerOptions: {
            module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
            moduleResolution: resolution,
            strict: true,
            skipLibCheck: false,
            noEmit: true,
            types: [],
          },
          files: ['user.ts', 'my-backend.ts'],
        }),
      );
      const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
      expectStatus(run('node', [tsc, '-p', `tsconfig.${resolution}.json`]), 0);
      return lastLine(run('node', [tsc, '--version']).stdout);
    },
  ]),
  ['the program that tsc accepted runs', () => lastLine(expectStatus(run('node', ['user.ts']), 0).stdout)],
  ['etalon --version', () => lastLine(expectOutput(expectStatus(etalon('--version'), 0), manifest.version).stdout)],
  [
    'etalon check ./my-backend.ts',
    () => lastLine(expectStatus(etalon('check', './my-backend.ts', '--level', 'quick'), 0).stdout),
  ],
  [
    'a wrong backend is caught, and its case replays',
    () => {
      write('wrong.ts', ownBackend('wrong', wrongMax));
      rmSync(join(project, '.etalon'), { recursive: true, force: true });
      expectOutput(expectStatus(etalon('check', './wrong.ts', '--level', 'quick', '--only', 'max/f32/*'), 1), 'WRONG');
      const folder = join(project, '.etalon', 'failures');
      const [saved] = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
      if (saved === undefined) throw new Failure('no failure was saved in .etalon/failures');
      const replay = etalon('replay', join('.etalon', 'failures', saved), '--backend', './wrong.ts');
      return lastLine(expectStatus(replay, 1).stdout);
    },
  ],
  [
    'etalon check tfjs:wasm without its peer',
    () => {
      const result = expectStatus(etalon('check', 'tfjs:wasm'), 3);
      expectOutput(result, 'npm install', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm');
      return /^.*npm install.*$/m.exec(result.output)?.[0].trim() ?? '';
    },
  ],
  [
    'etalon explain reduce_sum',
    () => {
      const { stdout } = expectOutput(expectStatus(etalon('explain', 'reduce_sum'), 0), 'reduce_sum', 'C1', 'C2');
      return `${stdout.trim().split('\n').length} lines`;
    },
  ],
  [
    'an older Node is told what to do',
    () => {
      for (const node of onPath('node')) {
        const { stdout } = run(node, ['--version']);
        if (Number(/^v(\d+)/.exec(stdout)?.[1]) >= 24) continue;
        const result = run(node, [join('node_modules', 'etalon', manifest.bin['etalon'] ?? '')]);
        expectOutput(expectStatus(result, 3), 'Node 24', 'npm install --save-dev node@24');
        return stdout.trim();
      }
      return 'not tried: there is no older Node on PATH';
    },
  ],
  ...(['vite', 'esbuild'] as const).map((bundler): Step => [
    `a page bundled by ${bundler} computes grad(tanh)(1) in Chromium`,
    async () => {
      write('page/main.js', page);
      write(
        'page/index.html',
        '<!doctype html><title>page</title><body><script type="module" src="/main.js"></script></body>',
      );
      const out = join(project, `page-${bundler}`);
      if (bundler === 'vite')
        await vite.build({ root: join(project, 'page'), logLevel: 'error', configFile: false, build: { outDir: out } });
      else {
        await bundle(join(project, 'page', 'main.js'), join(out, 'main.js'));
        writeFileSync(join(out, 'index.html'), readFileSync(join(project, 'page', 'index.html')));
      }
      const bytes = gzipped(out);
      sizes[`page, ${bundler}, gzip`] = bytes;
      const text = await textOfPage(out);
      if (Math.abs(Number(text) - 0.41997434161402614) > 1e-7)
        throw new Failure(`the page says ${JSON.stringify(text)}`);
      return `${text} (${kB(bytes)} gzip)`;
    },
  ]),
  [
    'the page of spec/guide/training-in-the-browser.md, copied as it says, builds and opens',
    async () => {
      const [copy, out] = [join(project, 'digits'), join(project, 'digits-built')];
      cpSync(join(project, 'node_modules/etalon/spec/guide/training-in-the-browser'), copy, { recursive: true });
      cpSync(join(project, 'node_modules/etalon/fixtures/digits.npz'), join(copy, 'digits.npz'));
      const data = readFileSync(join(copy, 'data.ts'), 'utf8');
      write('digits/data.ts', data.replace('../../../fixtures/digits.npz', './digits.npz'));
      rmSync(join(copy, 'vite.config.ts'));
      await vite.build({ root: copy, logLevel: 'error', configFile: false, build: { outDir: out } });
      const text = await textOfPage(out, 'Ready');
      if (!text.includes('reference interpreter')) throw new Failure(text);
      return `${kB(gzipped(out))} gzip`;
    },
  ],
  [
    'size of import { grad, numpy }',
    async () => {
      write('size/main.js', "export { grad, numpy } from 'etalon';\n");
      const out = join(project, 'size', 'out');
      await bundle(join(project, 'size', 'main.js'), join(out, 'main.js'));
      sizes['import { grad, numpy }, gzip'] = gzipped(out);
      return `${kB(gzipped(out))} gzip, minified by esbuild ${esbuild.version}`;
    },
  ],
  [
    'with its peers installed, tfjs:wasm answers',
    () => {
      const versions = Object.entries(manifest.peerDependencies).map(([name, range]) => `${name}@${range}`);
      expectStatus(run('npm', ['install', '--no-audit', '--no-fund', ...versions]), 0);
      expectStatus(run('node', ['imports.js']), 0);
      return lastLine(expectStatus(etalon('check', 'tfjs:wasm', '--level', 'quick', '--only', 'add/*'), 0).stdout);
    },
  ],
  [
    'the lint rules report what only types can see',
    () => {
      write('eslint.config.js', lintConfiguration);
      write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'nodenext', strict: true, types: [] } }));
      write('sharp.ts', sharpProgram);
      write('user.ts', userProgram);
      expectStatus(run('npx', ['eslint', 'user.ts']), 0);
      const result = expectStatus(run('npx', ['eslint', 'sharp.ts']), 1);
      const rules = ['condition', 'equality', 'operator', 'index', 'iteration'].map(
        (name) => `etalon/no-array-${name}`,
      );
      expectOutput(result, ...rules, 'etalon/no-async-transform', '6 problems');
      return `${rules.length + 1} rules, one problem each`;
    },
  ],
];

async function bundle(entry: string, outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
}

function gzipped(folder: string): number {
  let total = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.js') && statSync(join(folder, name)).isFile())
      total += gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
  return total;
}

/**
 * What a headless Chromium shows of the page in a folder, once it shows `awaited`; errors and failed requests of the page
 * are ours.
 */
async function textOfPage(folder: string, awaited?: string): Promise<string> {
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer((request, response) => {
    const path = join(folder, request.url === '/' ? 'index.html' : (request.url ?? ''));
    if (!existsSync(path)) return response.writeHead(404).end();
    return response
      .writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' })
      .end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    const errors: string[] = [];
    tab.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
    tab.on('response', (response) => {
      if (response.status() >= 400 && !response.url().endsWith('/favicon.ico'))
        errors.push(`${response.status()} ${response.url()}`);
    });
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: 'load' });
    if (awaited !== undefined) await tab.getByText(awaited).first().waitFor();
    const text = (await tab.locator('body').innerText()).trim();
    if (errors.length > 0) throw new Failure(errors.join('\n'));
    return text;
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}

// ------------------------------------------------------------------------------------------------------------------ run

const wanted = process.argv.slice(2);
const always = ['npm pack', 'npm install'];
let passed = 0;
let failed = 0;
for (const [name, step] of steps) {
  if (wanted.length > 0 && !always.includes(name) && !wanted.some((part) => name.includes(part))) continue;
  const start = performance.now();
  const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    const said = await step();
    passed++;
    console.log(`ok    ${name} (${seconds()})\n      ${said}`);
  } catch (error) {
    failed++;
    const text =
      error instanceof Failure
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    console.log(`FAIL  ${name} (${seconds()})\n      ${text.replaceAll('\n', '\n      ')}`);
    if (always.includes(name)) break;
  }
}
mkdirSync(join(root, '.etalon'), { recursive: true });
writeFileSync(join(root, '.etalon', 'package-sizes.json'), `${JSON.stringify(sizes, null, 2)}\n`);
if (process.env['KEEP'] !== undefined) console.log(`left behind: ${work}`);
else rmSync(work, { recursive: true, force: true });
console.log(`package test: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
