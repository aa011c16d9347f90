import type { Mutant } from '@stryker-mutator/api/core';
import { expect, test } from 'vitest';
import { keyOf, mutantsOf, shuffled } from './draw.ts';
import { interval, recordOf } from './record.ts';

const file = 'reference/core/repeated.ts';

test('a draw is the same for a seed, and keeps its order when mutants are left out', async () => {
  const all = await mutantsOf([file]);
  const drawn = shuffled(all, 1).map(keyOf);
  expect(new Set(drawn).size).toBe(all.length);
  expect(shuffled(all.toReversed(), 1).map(keyOf)).toEqual(drawn);
  expect(shuffled(all, 2).map(keyOf)).not.toEqual(drawn);
  const half = all.filter((_, i) => i % 2 === 0);
  expect(shuffled(half, 1).map(keyOf)).toEqual(drawn.filter((key) => half.some((mutant) => keyOf(mutant) === key)));
});

test("an end of Wilson's interval is a share from which the draw is 1.96 standard deviations away", () => {
  const score = { killed: 30, survived: 10 };
  const beyond = (q: number): boolean => (0.75 - q) ** 2 > (1.96 ** 2 * q * (1 - q)) / 40;
  const [low, high] = interval(score);
  const step = 1e-9;
  expect([low - step, low + step, high - step, high + step].map(beyond)).toEqual([true, false, false, true]);
});

test('a record counts, and shows what survived in its place', async () => {
  const [first, second, third] = (await mutantsOf([file])).map((mutant: Mutant) => ({
    ...mutant,
    location: {
      start: { line: mutant.location.start.line + 1, column: mutant.location.start.column + 1 },
      end: { line: mutant.location.end.line + 1, column: mutant.location.end.column + 1 },
    },
  }));
  const results = [
    { ...first!, status: 'Killed' as const },
    { ...second!, status: 'Timeout' as const },
    { ...third!, status: 'Survived' as const },
  ];
  const { record, score } = recordOf({ command: 'npm run mutate', population: 9, results });
  expect(score).toBe(2 / 3);
  expect(record).toContain('Of 9 mutants 3 were drawn: 1 killed, 1 timed out, 1 survived');
  expect(record).toContain('| reference/core | 3 | 2 | 1 | 66.7 % |');
  expect(record).toMatch(new RegExp(`^\\| core/repeated\\.ts:${third!.location.start.line} \\|`, 'm'));
});
