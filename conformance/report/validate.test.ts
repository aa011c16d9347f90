import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reports, sampleReport } from '../testing/reports.ts';
import { reportProblem } from './validate.ts';

/** Parts that earlier versions lack. */
const OPTIONAL: ReadonlySet<string> = new Set(['sharpness', 'cases']);

describe('the schema of reports', () => {
  it('accepts every report of the type, as it comes back from JSON', () => {
    fc.assert(
      fc.property(reports, (report) => {
        expect(reportProblem(JSON.parse(JSON.stringify(report)))).toBeNull();
      }),
    );
  });

  it('accepts a report of an earlier version, which said nothing of bounds, nor of the cases of a cell', () => {
    const { sharpness: _, ...earlier } = sampleReport();
    expect(reportProblem({ ...earlier, cells: earlier.cells.map(({ cases: _, ...cell }) => cell) })).toBeNull();
  });

  it('refuses a report that lacks a part, or has one too many, at any depth', () => {
    const places = [...objectsIn(structuredClone(sampleReport()))];
    expect(places.length).toBeGreaterThan(20);
    for (const [index, [path, object]] of places.entries()) {
      for (const key of Object.keys(object)) {
        if (OPTIONAL.has(key)) continue;
        const copy = structuredClone(sampleReport());
        delete objectAt(copy, index)[key];
        expect(reportProblem(copy), `${path} without ${key}`).not.toBeNull();
      }
      const copy = structuredClone(sampleReport());
      objectAt(copy, index)['surplus'] = 1;
      expect(reportProblem(copy), `${path} with surplus`).not.toBeNull();
    }
  });

  it('refuses numbers that JSON would lose, and says where', () => {
    const report = sampleReport({ restarts: NaN });
    expect(reportProblem(report)).toMatch(/^\/restarts must/);
    expect(reportProblem(JSON.parse(JSON.stringify(report)))).toMatch(/^\/restarts must/);
    expect(reportProblem([])).toMatch(/^\/ must be object/);
  });
});

function* objectsIn(value: unknown, path: string = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  // The counts of a cell's cases may have any name.
  for (const [key, inner] of Object.entries(value)) if (key !== 'cases') yield* objectsIn(inner, `${path}/${key}`);
}

const objectAt = (report: unknown, index: number): Record<string, unknown> => [...objectsIn(report)][index]![1];
