import { expect, test } from 'vitest';
import { runCheck } from '../run.ts';
import { sampleReport } from '../testing/reports.ts';
import { type Report, UsageError } from '../types.ts';
import { diffReports } from './diff.ts';
import { mergeReports } from './merge.ts';
import { reportProblem } from './validate.ts';

const options = {
  backend: 'reference',
  only: ['add/f*', 'reduce_sum/f32/*', 'custom_jvp_call/f32/*'],
  folder: null,
  jobs: 1,
};

test('the shards of a run, merged, say what the whole run says', async () => {
  const whole = await runCheck(options);
  const parts: Report[] = [];
  for (const index of [1, 2, 3]) parts.push(await runCheck({ ...options, shard: { index, of: 3 } }));
  const merged = mergeReports(parts);
  expect(parts.map((p) => p.verdict.cases).reduce((a, b) => a + b)).toBe(whole.verdict.cases);
  const told = ({ verdict, groups, cells, gaps, sharpness, uncompared }: Report): unknown => ({ verdict, groups, cells, gaps, sharpness, uncompared }); // prettier-ignore
  expect(whole.sharpness).not.toHaveLength(0);
  expect(told(merged)).toEqual(told(whole));
  // Of elements that are equally wrong either may be the worst.
  const figures = (r: Report): unknown => r.accuracy.map(({ primitive, dtype, unit, bins, p50, p99, max }) => ({ primitive, dtype, unit, bins, p50, p99, max })); // prettier-ignore
  expect(figures(merged)).toEqual(figures(whole));
  expect(reportProblem(JSON.parse(JSON.stringify(merged)))).toBe(null);
  expect(diffReports(whole, merged)).toEqual({ onlyWrongBefore: [], onlyWrongAfter: [], cells: [], accuracy: [], differs: null }); // prettier-ignore
}, 60_000);

const exampleReport = sampleReport();
const part = (index: number, of: number): Report => ({ ...exampleReport, shard: { index, of } });

test.each([
  ['nothing', [], /nothing to merge/],
  ['a missing shard', [part(1, 3), part(3, 3)], /shard 2 of 3 is missing/],
  ['one shard twice', [part(1, 2), part(2, 2), part(2, 2)], /shard 2 of 2 is there twice/],
  ['another division', [part(1, 2), part(2, 3)], /differently many/],
  ['another seed', [part(1, 2), { ...part(2, 2), seed: 5 }], /differ in seed/],
])('%s is not merged', (_, reports, message) => {
  expect(() => mergeReports(reports)).toThrow(UsageError);
  expect(() => mergeReports(reports)).toThrow(message);
});

test('what two reports say differently', () => {
  const [cell] = exampleReport.cells;
  const better: Report = {
    ...exampleReport,
    cells: [{ ...cell!, status: 'gap' }],
    failures: [],
    accuracy: exampleReport.accuracy.map((a) => ({ ...a, max: a.max * 2 })),
  };
  const { onlyWrongBefore, onlyWrongAfter, cells, accuracy } = diffReports(exampleReport, better);
  expect(onlyWrongBefore).toEqual(exampleReport.failures.map((f) => f.id));
  expect(onlyWrongAfter).toEqual([]);
  expect(cells).toHaveLength(exampleReport.cells.length);
  expect(cells.filter((c) => c.after === null)).toHaveLength(exampleReport.cells.length - 1);
  expect(accuracy).toHaveLength(exampleReport.accuracy.length);
});
