import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../package.ts';
import { reportProblem } from '../report/validate.ts';
import { capture, temporaryFolder } from '../testing/capture.ts';
import type { Report, SavedCase } from '../types.ts';
import { main } from './main.ts';

/** A backend of a user's: the reference, but its `neg` of int32 forgets the last element. */
const wrongBackend = `
  import { defineBackend, referenceBackend } from 'etalon';
  const spoil = (y) => ({ ...y, data: y.data.map((v, i) => (i === y.data.length - 1 ? 7 : v)) });
  export default defineBackend({
    ...referenceBackend,
    name: 'forgetful',
    open: async (options) => {
      const session = await referenceBackend.open(options);
      const compile = (jaxpr, where) => {
        const executable = session.compile(jaxpr, where);
        const spoilt = jaxpr.equations.some((e) => e.primitive.name === 'neg' && e.outputs[0].aval.dtype === 'int32');
        return spoilt ? { ...executable, run: (inputs) => executable.run(inputs).map(spoil) } : executable;
      };
      return { ...session, compile };
    },
  });
`;

async function etalon(cwd: string, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const bin = fileURLToPath(packageFile('conformance/bin.js'));
  const run = promisify(execFile)(process.execPath, [bin, ...argv], { cwd });
  return run.then(
    (result) => ({ code: 0, ...result }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

const readReport = (folder: string): Report =>
  JSON.parse(readFileSync(join(folder, '.etalon/report.json'), 'utf8')) as Report;

/** Each test starts several processes, which take their time where others run beside them. */
const timeout = 120_000;

describe('etalon, from outside', { timeout }, () => {
  it('finds the reference conforming', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await etalon(folder, 'check', 'reference', '--jobs', '1', '--only', 'neg/i32/*');
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^reference conforms: \d+ cases, none wrong; \d+ of \d+ cells answered/m);
    expect(reportProblem(readReport(folder))).toBeNull();
  });

  it('catches a wrong backend file, saves a small proof, and replays it only where that file is named', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'forgetful.mjs'), wrongBackend);
    const { code, stdout } = await etalon(
      folder,
      'check',
      './forgetful.mjs',
      '--only',
      'neg/i32/*',
      '--junit',
      'junit.xml',
    );
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/^forgetful does not conform: \d+ of \d+ cases wrong/m);
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<failure type=');

    const { failures } = readReport(folder);
    const proof = failures.find((f) => f.file !== null)!.file!;
    expect(readdirSync(join(folder, '.etalon'))).toContain('.gitignore');
    expect((JSON.parse(readFileSync(join(folder, proof), 'utf8')) as SavedCase).equations).toBeLessThanOrEqual(3);

    const wrong = await etalon(folder, 'replay', proof, '--backend', './forgetful.mjs');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/neg a[\s\S]*^WRONG /m);
    const right = capture({ cwd: folder });
    expect(await main(['replay', proof, '--backend', 'reference'], right.io)).toBe(0);
    expect(right.out()).toContain('the case is right here');
    const unnamed = capture({ cwd: folder });
    expect(await main(['replay', proof], unnamed.io)).toBe(2);
    expect(unnamed.err()).toContain('--backend ./forgetful.mjs');
  });

  it('answers with status 3 where the backend cannot start', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'broken.mjs'), `throw new Error('no engine here');`);
    const { code, stderr } = await etalon(folder, 'check', './broken.mjs', '--jobs', '1', '--only', 'neg/i32/*');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error: \.\/broken\.mjs cannot be loaded: Error: no engine here/);
  });
});
