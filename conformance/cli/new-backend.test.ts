import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../package.ts';
import { runCheck } from '../run.ts';
import { capture } from '../testing/capture.ts';
import { main } from './main.ts';

/** A folder below which `etalon` is this package. */
function project(): ReturnType<typeof capture> {
  const captured = capture();
  mkdirSync(join(captured.io.cwd, 'node_modules'));
  symlinkSync(fileURLToPath(packageFile('.')), join(captured.io.cwd, 'node_modules/etalon'), 'dir');
  return captured;
}

test('the new backend conforms for what it answers, and declares the rest', async () => {
  const { io, out } = project();
  expect(await main(['new-backend', 'My Backend'], io)).toBe(0);
  expect(out()).toContain('npx etalon check ./backend.ts');
  const report = await runCheck({ backend: './My Backend/backend.ts', only: ['neg/*', 'add/*', 'mul/f32/*'], folder: io.cwd, jobs: 1 }); // prettier-ignore
  expect(report.backend.name).toBe('my-backend');
  expect(report.verdict.kind).toBe('conforms');
  const answered = new Set(report.cells.filter((c) => c.status === 'answered').map((c) => `${c.primitive}/${c.dtype}`));
  expect(answered).toEqual(new Set(['neg/float32', 'add/float32']));
  expect(report.gaps.map((g) => g.reason)).toContain('not written yet');
}, 60_000);

test('nothing is overwritten', async () => {
  const { io, err } = capture();
  mkdirSync(join(io.cwd, 'there'));
  writeFileSync(join(io.cwd, 'there/notes.txt'), 'mine');
  expect(await main(['new-backend', 'there'], io)).toBe(2);
  expect(err()).toContain('not empty');
});

test('the backend of the guide conforms', async () => {
  const { io } = project();
  const page = readFileSync(packageFile('spec/guide/writing-a-backend.md'), 'utf8');
  const parts = [...page.matchAll(/^```ts file\n(.*?)^```$/gms)].map((m) => m[1]);
  writeFileSync(join(io.cwd, 'backend.ts'), parts.join('\n'));
  const names = ['exp', 'max', 'mul', 'div', 'transpose', 'dot_general', 'jit', 'scan'];
  const only = names.flatMap((name) => [`${name}/f32/*`, `${name}/i32/*`]);
  const report = await runCheck({ backend: './backend.ts', only, folder: io.cwd, jobs: 2 });
  expect(report.failures).toEqual([]);
  const whole = report.cells.filter((c) => c.status === 'answered').map((c) => c.primitive);
  for (const name of names.slice(0, -1)) expect(whole).toContain(name);
  expect(report.gaps.map((g) => g.reason)).toContain('it takes slice: not written yet'); // a scan is more than its body
}, 120_000);
