import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runCheck } from './run.ts';
import { altogether, depthName, mergedSharpness, Ratios } from './sharpness.ts';
import { sharpness } from './testing/reports.ts';

describe('sharpness', () => {
  it('of a run has rows by the number of equations, and no bound below its error', async () => {
    const report = await runCheck({ backend: 'reference', only: ['random/f32/eval'], jobs: 1, folder: null });
    const rows = report.sharpness!;
    expect(rows.length).toBeGreaterThan(1);
    for (const { equations, elements, bins, likelyMedian, worstMin, worstCase } of rows) {
      expect(bins.reduce((sum, [, n]) => sum + n, 0)).toBe(elements);
      expect(worstMin, worstCase).toBeGreaterThanOrEqual(1);
      expect(likelyMedian, depthName(equations)).toBeGreaterThanOrEqual(1);
      expect(worstCase).toMatch(/^random\//);
    }
  });

  it('adds up the same in any order, and in parts', () => {
    fc.assert(
      fc.property(fc.array(sharpness, { maxLength: 9 }), fc.nat(9), (rows, at) => {
        const all = mergedSharpness(rows);
        expect(mergedSharpness(rows.toReversed())).toEqual(all);
        expect(mergedSharpness([...mergedSharpness(rows.slice(0, at)), ...rows.slice(at)])).toEqual(all);
        expect(altogether(all)).toEqual(altogether(rows));
      }),
    );
  });

  it('is what the ratios say', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e300, noNaN: true }), { minLength: 1 }), (ratios) => {
        const all = new Ratios();
        for (const [i, ratio] of ratios.entries()) all.addWorst(ratio, `case ${i}`).addLikely(ratio);
        const { elements, likelyMedian, beyondLikely, worstMin, worstCase } = all.result();
        expect(elements).toBe(ratios.length);
        expect(ratios.filter((r) => r <= likelyMedian).length).toBeGreaterThanOrEqual(ratios.length / 2);
        expect(beyondLikely).toBe(ratios.filter((r) => r < 1).length);
        expect(worstMin).toBe(Math.min(...ratios));
        expect(worstCase).toMatch(/^case \d+$/);
      }),
    );
  });
});
