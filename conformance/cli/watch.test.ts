import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { packageFile } from '../package.ts';
import { capture, temporaryFolder } from '../testing/capture.ts';
import { main } from './main.ts';

/** The reference, whose `neg` of int32 is what the file beside it makes of the results. */
const backend = `
  import { defineBackend, referenceBackend } from 'etalon';
  import { change } from './kernels/change.mjs';
  export default defineBackend({
    ...referenceBackend,
    name: 'mine',
    open: async (options) => {
      const session = await referenceBackend.open(options);
      const compile = (jaxpr, where) => {
        const executable = session.compile(jaxpr, where);
        return { ...executable, run: (inputs) => executable.run(inputs).map(change) };
      };
      return { ...session, compile };
    },
  });
`;
const right = 'export const change = (y) => y;';
const wrong = 'export const change = (y) => ({ ...y, data: y.data.map(() => 7) });';

function etalon(
  cwd: string,
  ...argv: string[]
): { process: ChildProcess; said: () => string; status: Promise<number | null> } {
  const bin = fileURLToPath(packageFile('conformance/bin.js'));
  const child = spawn(process.execPath, [bin, ...argv], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { process: child, said: () => text, status: new Promise((done) => child.on('close', done)) };
}

describe('etalon check --watch', () => {
  it('checks again when a file changes, until it is interrupted', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'kernels'));
    const write = (text: string): void => writeFileSync(join(folder, 'kernels/change.mjs'), text);
    writeFileSync(join(folder, 'mine.mjs'), backend);
    write(right);
    const {
      process: child,
      said,
      status,
    } = etalon(
      folder,
      ...['check', './mine.mjs', '--only', 'neg/i32/eval', '--jobs', '1', '--json', 'report.json', '--watch'],
    );
    /** Waits for what is said after all that was said before. */
    let heard = 0;
    const hears = async (what: string): Promise<void> => {
      await vi.waitUntil(() => said().indexOf(what, heard) >= 0, { timeout: 30_000 }).catch(() => expect(said()).toContain(what)); // prettier-ignore
      heard = said().indexOf(what, heard) + what.length;
    };
    await hears('mine conforms');
    await hears('watching . for changes');
    write(wrong);
    await hears('kernels/change.mjs has changed');
    await hears('mine does not conform');
    await hears('watching');
    write('export const change = (y');
    await hears('cannot be loaded: SyntaxError');
    await hears('watching');
    write(right);
    await hears('mine conforms');
    await hears('watching');
    child.kill('SIGINT');
    expect(await status).toBe(130);
    expect(
      said()
        .slice(heard)
        .match(/has changed/g),
    ).toBe(null); // its own report is no change
  });

  it.each([
    ['reference', /--watch is for a backend in a file, such as \.\/backend\.ts: reference does not change/],
    ['command:python3 mine.py', /which files command:python3 mine\.py is made of is not known/],
    ['./nowhere.ts', /there is no backend file \.\/nowhere\.ts/],
  ])('refuses %s, which has no files to watch', async (asked, message) => {
    const { io, err } = capture();
    expect(await main(['check', asked, '--watch'], io)).toBe(2);
    expect(err()).toMatch(message);
  });
});
