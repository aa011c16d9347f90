import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reports, sampleReport, tanFailure } from '../testing/reports.ts';
import { compareReports } from './baseline.ts';
import { markdownText, renderAnnotations, renderStepSummary, workflowCommand } from './github.ts';
import { type Paint, renderStart, renderVerdict } from './terminal.ts';
import { headline, printable, rounded, shellQuote } from './words.ts';

const plain: Paint = (_, text) => text;
const options = { paint: plain, width: 120, files: ['report.html', 'report.json'] };

describe('the verdict on a terminal', () => {
  it('looks like this', () => {
    const report = sampleReport();
    expect(`${renderStart(report)}\n\n${renderVerdict(report, options)}`).toBe(
      `etalon 0.1.0 · tfjs:wasm (tfjs-core 4.22.0, wasm SIMD, 1 thread) · profile fast · level quick · seed 20261123

  primitives   ████████████████████  2,914 cases   2,914 ok
  rules        ████████████████████    812 cases     811 ok   1 WRONG
  programs     ████████████████████    300 cases     300 ok
  models       ████████████████████      4 cases       4 ok

  WRONG  tan/f32/jvp/odd/3f9c  worst error 812 ulp, budget 16
         x = -1.5707964 → tfjs:wasm 2.2878e+7, reference 2.2877332e+7
         1 equation · saved .etalon/failures/tan-3f9c.json
         npx etalon replay .etalon/failures/tan-3f9c.json

  gaps   1 of 5 cells declared, 1 in part: no float64 in tfjs (1), rank above 6 (1)   full list: report.html#gaps
  worst  tan 1.9 ulp · reduce_sum 0.4 of budget
  random 2 programs (1 drawn in vain) met 2 of 900 primitive × dtype × transformation × shape class
  bound  likely bounds are 20.7 times the error (median), worst-case bounds at least 1.25 times; 1 of 300 elements beyond likely
  bound  2 of 40,000 elements had an infinite bound: their equations were judged one by one

tfjs:wasm does not conform: 1 of 4,030 cases wrong; 4 of 5 cells answered (1 of them in part), 1 declared gap.
report.html · report.json   41.2 s
`,
    );
  });

  it('lets no text move the cursor', () => {
    fc.assert(
      fc.property(reports, (report) => {
        const text = renderVerdict(report, options);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/); // eslint-disable-line no-control-regex
        expect(headline(report)).not.toMatch(/\d ?%/);
      }),
    );
  });

  it('gives a command that runs the case again on the same backend', () => {
    const report = sampleReport({ backend: { ...sampleReport().backend, name: 'mine', asked: './my backend.ts' } });
    expect(renderVerdict(report, options)).toContain(
      "npx etalon replay .etalon/failures/tan-3f9c.json --backend './my backend.ts'",
    );
    const unsaved = { ...report, failures: [{ ...tanFailure, file: null }] };
    expect(renderVerdict(unsaved, options)).toContain(
      "npx etalon replay --case tan/f32/jvp/odd/3f9c --seed 20261123 --cases 5 --backend './my backend.ts'",
    );
  });
});

describe('words', () => {
  it('rounds numbers to three digits', () => {
    expect([0, 0.5, 1.94, 812, 2914.4, 1e-9, 2.2877332e7, Infinity].map(rounded)).toEqual([
      '0',
      '0.5',
      '1.94',
      '812',
      '2,914',
      '1e-9',
      '2.29e7',
      'Infinity',
    ]);
  });

  it('quotes arguments for a shell, and takes control characters out of text', () => {
    expect([shellQuote('tfjs:wasm'), shellQuote("it's"), shellQuote('$(x)')]).toEqual([
      'tfjs:wasm',
      "'it'\\''s'",
      "'$(x)'",
    ]);
    expect(printable('a\u001b[2Jb\r\nc')).toBe('a [2Jb c');
  });
});

describe('in GitHub Actions', () => {
  it('annotates failures, escaped as workflow commands need it', () => {
    expect(renderAnnotations(sampleReport({ failures: [{ ...tanFailure, source: 'src/a.ts:3:7' }] }))).toEqual([
      '::error file=src/a.ts,line=3,col=7,title=wrong%3A tan/f32/jvp/odd/3f9c::worst error 812 ulp, budget 16%0Ax = -1.5707964 → tfjs:wasm 2.2878e+7, reference 2.2877332e+7%0Anpx etalon replay .etalon/failures/tan-3f9c.json',
    ]);
    expect(workflowCommand('error', { title: 'a,b:c\n' }, '100%\r\n::x')).toBe(
      '::error title=a%2Cb%3Ac%0A::100%25%0D%0A::x',
    );
  });

  it('summarises in Markdown that no text can break out of', () => {
    expect(renderStepSummary(sampleReport())).toContain('| rules | 812 | 811 | 1 | 12 |');
    fc.assert(
      fc.property(reports, (report) => {
        const rows = renderStepSummary(report).split('\n');
        for (const row of rows.filter((r) => r.startsWith('|'))) expect(row).toMatch(/^\|( [^|\n]* \|)+$/);
        expect(markdownText(report.backend.name)).not.toMatch(/[<>"`*_[\]|\\]/);
      }),
    );
  });
});

describe('a baseline', () => {
  it('tells new failures from known and fixed ones', () => {
    const other = { ...tanFailure, id: 'exp/f32/eval/odd/1111' };
    const { newFailures, knownFailures, fixed, differs } = compareReports(
      sampleReport({ failures: [tanFailure, { ...tanFailure, id: 'gone/f32/eval/odd/0000' }] }),
      sampleReport({ failures: [tanFailure, other] }),
    );
    expect(newFailures).toEqual([other]);
    expect(knownFailures).toEqual([tanFailure]);
    expect(fixed.map((f) => f.id)).toEqual(['gone/f32/eval/odd/0000']);
    expect(differs).toBeNull();
  });

  it('says when the runs differ in what they ran', () => {
    const { differs, fixed } = compareReports(sampleReport({ seed: 1 }), sampleReport({ failures: [] }));
    expect(differs).toBe('seed 1 then, 20261123 now');
    expect(fixed).toEqual([]);
  });
});
