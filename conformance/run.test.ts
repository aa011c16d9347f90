import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCheck } from './run.ts';
import { readSavedCase } from './save.ts';
import { type FAULTS, faultyBackend } from './testing/faulty.ts';
import type { Report } from './types.ts';

/** Checks a faulty backend in a folder of its own, gives the folder to `look`, and removes it. */
async function checked(
  name: keyof typeof FAULTS,
  only: readonly string[],
  look: (report: Report, folder: string) => void | Promise<void>,
  timeout: number = 60,
): Promise<void> {
  const { folder, file } = faultyBackend(name);
  try {
    await look(await runCheck({ backend: file, folder, only, timeout, jobs: 1 }), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['max-drops-nan', ['max/f32', 'relu*'], 'max'],
  ['reduce_sum-forgets-the-last', ['reduce_sum/f32', 'reduce_sum/i32'], 'reduce_sum'],
  ['dot_general-swaps-batch-dimensions', ['dot_general/f32'], 'dot_general'],
  ['integer-mul-through-doubles', ['mul/i32', 'mul/u32'], 'mul'],
] as const)('%s is caught, with a small program that replays', async (name, only, primitive) => {
  await checked(name, only, async (report, folder) => {
    expect(report.verdict.kind).toBe('does not conform');
    const saved = report.failures.filter((f) => f.file !== null);
    expect(saved.length).toBeGreaterThan(0);
    for (const { file, equations } of saved) {
      expect(equations).toBeLessThanOrEqual(3);
      expect(readSavedCase(join(folder, file!)).program).toContain(` ${primitive}`);
    }
    const smallest = saved[0]!;
    const again = await runCheckReplay(join(folder, smallest.file!), folder);
    expect(again).toBe(true);
  });
});
