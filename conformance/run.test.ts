import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replay } from './replay.ts';
import { runCheck } from './run.ts';
import { readSavedCase } from './save.ts';
import type { FAULTS } from './testing/faulty.ts';
import { faultyBackend } from './testing/faulty.ts';
import { type CheckEvent, type CheckOptions, type Report, UsageError } from './types.ts';

/** Checks a faulty backend in a folder of its own, gives both to `look`, and removes the folder. */
async function checked(
  name: keyof typeof FAULTS,
  options: Omit<CheckOptions, 'backend' | 'folder'>,
  look: (report: Report, folder: string) => void | Promise<void>,
): Promise<void> {
  const { folder, file } = faultyBackend(name);
  try {
    await look(await runCheck({ jobs: 1, ...options, backend: file, folder }), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['max-drops-nan', ['max/f32', 'clamp/f32'], 'max'],
  ['reduce_sum-forgets-the-last', ['reduce_sum/f32', 'reduce_sum/i32'], 'reduce_sum'],
  ['dot_general-swaps-batch-dimensions', ['dot_general/f32', 'dot_general/i32'], 'dot_general'],
  ['integer-mul-through-doubles', ['mul/i32', 'mul/u32'], 'mul'],
] as const)('%s is caught, with a small program that replays', async (name, only, primitive) => {
  await checked(name, { only }, async (report, folder) => {
    expect(report.verdict.kind).toBe('does not conform');
    const saved = report.failures.filter((f) => f.file !== null);
    expect(saved.length).toBeGreaterThan(0);
    expect(Math.max(...saved.map((f) => f.equations!))).toBeLessThanOrEqual(3);
    const file = join(folder, saved[0]!.file!);
    expect(readSavedCase(file).program).toContain(` ${primitive}`);
    await expect(replay({ file }, { folder })).rejects.toThrow(UsageError); // a file runs only if the user names it
    expect(await replay({ file }, { folder, backend: './backend.mjs' })).toMatchObject({ reproduced: true });
    expect(await replay({ file }, { backend: 'reference' })).toMatchObject({ reproduced: false, message: null });
  });
});

test('of a unit in which a backend crashes again and again the rest is left out, of others nothing', async () => {
  await checked('crashes-in-sin', { only: ['sin/f32/eval', 'cos/f32/eval'] }, (report) => {
    expect(report.failures.map((f) => f.outcome)).toEqual(['crash', 'crash', 'crash']);
    expect(report.failures[0]!.message).toContain('SIGKILL');
    expect(report.groups[0]!.ok).toBeGreaterThan(5);
  });
});

test('the reference conforms, the same way every time', async () => {
  const run = async (jobs: number): Promise<readonly [Report, readonly CheckEvent[]]> => {
    const events: CheckEvent[] = [];
    const only = ['add/i32', 'rem/f32', 'reduce_max/f32', 'cond/f32'];
    return [await runCheck({ backend: 'reference', only, jobs, folder: null }, (e) => events.push(e)), events];
  };
  const [[one, events], [two]] = await Promise.all([run(1), run(2)]);
  expect(one.verdict.kind).toBe('conforms');
  expect({ ...two, started: '', timings: null }).toEqual({ ...one, started: '', timings: null });
  const ids = events.flatMap((e) => (e.type === 'case' && e.result.outcome !== 'repeated' ? [e.result.id] : []));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[\x21-\x7e]+$/.test(id))).toBe(true);
  expect(events[0]!.type).toBe('start');
  expect(events.at(-1)!.type).toBe('end');
});

test.each([
  [{ backend: 'reference', only: ['no_such_primitive'] }, /no case matches 'no_such_primitive'/],
  [{ backend: 'no-such-backend' }, /no-such-backend/],
  [{ backend: './no-such-file.ts' }, /no-such-file/],
  [{ backend: 'command:' }, /the command is empty/],
])('%o is bad usage', async (options, message) => {
  const error: unknown = await runCheck({ jobs: 1, folder: null, ...options }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toHaveProperty('message', expect.stringMatching(message));
});

test('cases that are asked for first run first', async () => {
  const ids: string[] = [];
  const first = ['neg/i32/vmap/odd/0000'];
  await runCheck({ backend: 'reference', only: ['abs/i32', 'neg/i32'], first, jobs: 1, folder: null }, (e) => {
    if (e.type === 'case') ids.push(e.result.id.split('/', 3).join('/'));
  });
  expect(ids[0]).toBe('neg/i32/vmap');
  expect(ids.at(-1)).not.toBe('neg/i32/vmap');
});

test('an interrupted run reports what there is', async () => {
  const interruption = new AbortController();
  const stop = (e: CheckEvent): void => {
    if (e.type === 'case') interruption.abort();
  };
  const report = await runCheck({ backend: 'reference', jobs: 1, folder: null, signal: interruption.signal }, stop);
  expect(report.verdict.kind).toBe('interrupted');
  expect(report.verdict.cases).toBeGreaterThan(0);
});
