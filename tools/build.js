// Builds dist/ with tsc. With --if-possible (npm's `prepare`), an install without devDependencies is left alone, and a
// tree that does not compile still installs: a checkout runs from its sources.
// Plain JavaScript, because `prepare` also runs where the Node of package.json was not installed.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function compiler() {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc');
  } catch {
    return undefined;
  }
}

function fail(reason) {
  console.error(`build: ${reason}; dist/ was not built`);
  process.exitCode = process.argv.includes('--if-possible') ? 0 : 1;
}

const tsc = compiler();
if (tsc === undefined) {
  fail('typescript is not installed');
} else {
  rmSync(`${root}/dist`, { recursive: true, force: true });
  try {
    execFileSync(process.execPath, [tsc, '-p', `${root}/tsconfig.build.json`], { stdio: 'inherit' });
  } catch {
    fail('tsc reported errors');
  }
}
