import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { capture, temporaryFolder } from '../testing/capture.ts';
import { sampleReport, tanFailure } from '../testing/reports.ts';
import { type CaseResult, type CheckOptions, type Report, UsageError } from '../types.ts';
import { check, type RunCheck } from './check.ts';

const okCase: CaseResult = {
  id: 'add/f32/eval/odd/0001',
  group: 'primitives',
  law: 'value',
  subject: 'add',
  dtype: 'float32',
  transformation: 'eval',
  variant: 'odd',
  outcome: 'ok',
  milliseconds: 1,
  compared: 9,
  uncompared: 0,
};

/** An engine that gives this report, after a few events. */
const giving = (report: Report, asked: (options: CheckOptions) => void = () => undefined): RunCheck => {
  return async (options, onEvent) => {
    asked(options);
    const planned = { primitives: 2, rules: 0, programs: 0, models: 0 };
    onEvent({ type: 'start', ...report, planned });
    onEvent({ type: 'case', result: okCase, done: 1, planned: 2 });
    for (const failure of report.failures) onEvent({ type: 'failure', failure });
    return report;
  };
};

const conforming = (): Report =>
  sampleReport({ failures: [], verdict: { ...sampleReport().verdict, kind: 'conforms', wrong: 0 } });
const ofKind = (kind: Report['verdict']['kind']): Report =>
  sampleReport({ failures: [], verdict: { ...sampleReport().verdict, kind, message: 'nothing was answered' } });

describe('etalon check', () => {
  it('writes a valid report, a page and an ignored folder, and prints the verdict', async () => {
    const { io, out, err } = capture();
    let options: CheckOptions | null = null;
    const status = await check(
      io,
      'tfjs:wasm',
      { level: 'quick', seed: 7 },
      giving(sampleReport(), (o) => (options = o)),
    );
    expect(status).toBe(1);
    expect(options).toMatchObject({ backend: 'tfjs:wasm', level: 'quick', seed: 7, folder: io.cwd });
    expect(readFileSync(join(io.cwd, '.etalon/.gitignore'), 'utf8')).toBe('*\n');
    expect(JSON.parse(readFileSync(join(io.cwd, '.etalon/report.json'), 'utf8'))).toEqual(sampleReport());
    expect(readFileSync(join(io.cwd, '.etalon/report.html'), 'utf8')).toMatch(/^<!doctype html>/);
    expect(out()).toMatch(/^etalon 0\.1\.0 · tfjs:wasm/);
    expect(out()).toContain('tfjs:wasm does not conform: 1 of 4,030 cases wrong');
    expect(out()).toContain('.etalon/report.html · .etalon/report.json   41.2 s');
    expect(out()).not.toContain('\u001b');
    expect(err()).toBe('WRONG  tan/f32/jvp/odd/3f9c  worst error 812 ulp, budget 16\n');
  });

  it('gives 0 where the backend conforms, 1 without a verdict, 130 when interrupted', async () => {
    for (const [report, status] of [
      [conforming(), 0],
      [ofKind('none'), 1],
      [ofKind('interrupted'), 130],
    ] as const) {
      const { io, out } = capture();
      expect(await check(io, 'x', {}, giving(report))).toBe(status);
      expect(out()).not.toMatch(/\d ?%/);
    }
  });

  it('puts files where it is told to', async () => {
    const { io } = capture();
    await check(io, 'x', { json: 'a/r.json', html: 'b/r.html', junit: 'c/r.xml' }, giving(conforming()));
    for (const path of ['a/r.json', 'b/r.html', 'c/r.xml']) expect(existsSync(join(io.cwd, path)), path).toBe(true);
    expect(existsSync(join(io.cwd, '.etalon'))).toBe(false);
  });

  it('refuses a path that cannot be written before anything runs', async () => {
    const { io } = capture();
    writeFileSync(join(io.cwd, 'file'), '');
    let ran = false;
    const engine = giving(conforming(), () => (ran = true));
    await expect(check(io, 'x', { json: 'file/r.json' }, engine)).rejects.toThrow(/^cannot write file\/r\.json: /);
    expect(ran).toBe(false);
  });

  it('stops the engine when the user interrupts', async () => {
    const { io, err, interrupt } = capture();
    const status = await check(io, 'x', {}, async ({ signal }) => {
      interrupt();
      expect(signal!.aborted).toBe(true);
      return ofKind('interrupted');
    });
    expect(status).toBe(130);
    expect(err()).toContain('interrupted: writing what there is');
    expect(existsSync(join(io.cwd, '.etalon/report.json'))).toBe(true);
  });

  it('calls a report that breaks the schema a bug, and keeps it', async () => {
    const { io } = capture();
    await expect(check(io, 'x', {}, giving({ ...conforming(), restarts: NaN }))).rejects.toThrow(
      /report\.schema\.json: \/restarts must/,
    );
    expect(existsSync(join(io.cwd, '.etalon/report.json'))).toBe(false);
    expect(existsSync(join(io.cwd, '.etalon/invalid-report.json'))).toBe(true);
  });

  it('counts only new failures against a baseline', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'before.json'), JSON.stringify(sampleReport()));
    const known = capture({ cwd });
    expect(await check(known.io, 'x', { baseline: 'before.json' }, giving(sampleReport()))).toBe(0);
    expect(known.out()).toContain('against the baseline: 0 new failures, 1 known, 0 fixed');
    const worse = capture({ cwd });
    const report = sampleReport({ failures: [tanFailure, { ...tanFailure, id: 'new/f32/eval/odd/1' }] });
    expect(await check(worse.io, 'x', { baseline: 'before.json' }, giving(report))).toBe(1);
    expect(worse.out()).toContain('1 new failure, 1 known');
  });

  it('refuses a baseline that is no report', async () => {
    const { io } = capture();
    writeFileSync(join(io.cwd, 'b.json'), '{"format":1}');
    writeFileSync(join(io.cwd, 't.json'), 'text');
    for (const [path, message] of [
      ['none.json', /cannot read none\.json: there is no such file/],
      ['t.json', /t\.json is not JSON/],
      ['b.json', /b\.json is not a report of this version: /],
    ] as const) {
      const run = check(io, 'x', { baseline: path }, giving(conforming()));
      await expect(run).rejects.toThrow(UsageError);
      await expect(run).rejects.toThrow(message);
    }
  });

  it('annotates and summarises in GitHub Actions', async () => {
    const cwd = temporaryFolder();
    const summary = join(cwd, 'summary.md');
    const { io, out } = capture({ cwd, env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary } });
    await check(io, 'x', {}, giving(sampleReport()));
    expect(out()).toMatch(/^::error title=wrong%3A tan\/f32\/jvp/m);
    expect(readFileSync(summary, 'utf8')).toMatch(/^### tfjs&#58;wasm does not conform/);
  });

  it('draws bars on a terminal and takes them away again', async () => {
    const { io, out, err } = capture({ terminal: true });
    const engine: RunCheck = async (options, onEvent) => {
      const report = await giving(sampleReport())(options, onEvent);
      await vi.waitUntil(() => err().includes('rim'));
      return report;
    };
    await check(io, 'x', {}, engine);
    expect(err()).toContain('primitives');
    expect(err()).toContain('█');
    expect(err()).not.toContain('WRONG  tan');
    expect(out()).toContain('\u001b[');
  });
});
