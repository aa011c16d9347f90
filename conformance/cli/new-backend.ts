/**
 * `etalon new-backend`: a folder to begin a backend in, which answers `neg` and `add` and declares the rest as gaps.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { packageManifest } from '../package.ts';
import { UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, reasonOf } from './io.ts';

/** @returns the exit status */
export function newBackend(io: Io, folder: string): number {
  const path = resolve(io.cwd, folder);
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new UsageError(`${folder} is there already and not empty; name a folder that is not`);
  }
  const name = basename(path).toLowerCase().replace(/[^a-z0-9._-]+/g, '-'); // prettier-ignore
  try {
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(filesOf(name))) writeFileSync(join(path, file), text);
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${reasonOf(error)}`);
  }
  io.stdout.write(`${folder}: a backend that answers neg and add of float32.

  cd ${folder}
  npm install
  npx etalon check ./backend.ts     which cells are answered, and whether they are right
  npm test                          the same as tests, one per primitive and law

README.md says what comes next.
`);
  return EXIT.ok;
}

const filesOf = (name: string): Readonly<Record<string, string>> => ({
  'backend.ts': backendText(name),
  'backend.test.ts': TEST,
  'package.json': `${JSON.stringify(manifestOf(name), null, 2)}\n`,
  'tsconfig.json': `${JSON.stringify(TSCONFIG, null, 2)}\n`,
  'README.md': readmeText(name),
});

const manifestOf = (name: string): object => ({
  name,
  private: true,
  type: 'module',
  scripts: { check: 'etalon check ./backend.ts', test: 'vitest run' },
  devDependencies: { etalon: `^${packageManifest().version}`, typescript: '~6.0.3', vitest: '^5.1.1' },
});

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
  },
};

const backendText = (name: string): string => `import { type Aval, hostArray, opByOp } from 'etalon';

/** How this backend holds an array. */
interface Value {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Why it cannot hold values of a type; null: it can. */
const values = ({ dtype }: Aval): string | null => (dtype === 'float32' ? null : \`no \${dtype} yet\`);

export default opByOp<Value>({
  name: '${name}',
  lowerings: {
    neg: (_, [x]) => [{ shape: x!.shape, data: x!.data.map((v) => -v) }],
    add: (_, [x, y]) => [{ shape: x!.shape, data: x!.data.map((v, i) => v + y!.data[i]!) }],
  },
  values,
  host: {
    put: ({ data, shape }) => ({ data: Float32Array.from(data as Float32Array), shape }),
    read: ({ data, shape }) => hostArray('float32', shape, [...data]),
    free: () => {},
  },
});
`;

const TEST = `import { conformance } from 'etalon/conformance';
import { describe, test } from 'vitest';
import backend from './backend.ts';

// One test per primitive and law. What the backend declares as a gap is not run.
conformance(backend, { describe, test, only: ['neg', 'add'] });
`;

const readmeText = (name: string): string => `# ${name}

A backend for Etalon. \`backend.ts\` computes \`neg\` and \`add\` of float32; everything else is a declared gap.

    npx etalon check ./backend.ts                        all that it answers
    npx etalon check ./backend.ts --only 'mul/f32/*'     one primitive
    npx etalon explain mul                               what it has to compute
    npm test

Add lowerings to the table one by one. spec/guide/writing-a-backend.md, in the package, goes from here to a backend with
elementwise functions and matrix products.
`;
