import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { capture } from '../testing/capture.ts';
import { sampleReport } from '../testing/reports.ts';
import type { Report } from '../types.ts';
import { main } from './main.ts';

function written(folder: string, name: string, report: Report): string {
  writeFileSync(join(folder, name), JSON.stringify(report));
  return name;
}

test('etalon report merge makes one report, whose verdict is the exit status', async () => {
  const { io, out } = capture();
  const parts = [1, 2].map((index) =>
    written(io.cwd, `${index}.json`, sampleReport({ shard: { index, of: 2 }, ...(index === 2 && { failures: [] }) })),
  );
  expect(await main(['report', 'merge', ...parts, '--json', 'whole.json'], io)).toBe(1);
  expect(out()).toContain('does not conform: 1 of 8,060 cases wrong');
  expect(await main(['report', 'diff', 'whole.json', 'whole.json'], io)).toBe(0);
  expect(out()).toContain('the reports say the same');
});

test('etalon report diff says what changed, and fails for what is worse', async () => {
  const { io, out } = capture();
  const before = written(io.cwd, 'before.json', sampleReport({ failures: [] }));
  const after = written(io.cwd, 'after.json', sampleReport());
  expect(await main(['report', 'diff', before, after], io)).toBe(1);
  expect(out()).toMatch(/1 case wrong in the second report only:\n {2}tan\//);
  expect(await main(['report', 'diff', after, before, '--json'], io)).toBe(0);
});

test('a shard that is missing, or no report, is bad usage', async () => {
  const { io, err } = capture();
  const part = written(io.cwd, 'part.json', sampleReport({ shard: { index: 1, of: 2 } }));
  expect(await main(['report', 'merge', part], io)).toBe(2);
  expect(err()).toContain('shard 2 of 2 is missing');
  expect(await main(['report', 'diff', part, 'nowhere.json'], io)).toBe(2);
  expect(await main(['check', 'reference', '--shard', '3/2'], io)).toBe(2);
});
