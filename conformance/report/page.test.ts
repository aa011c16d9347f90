import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { plan } from '../programs/plan.ts';
import { hostileText, reports, sampleReport } from '../testing/reports.ts';
import { escapeHtml, html, jsonMarkup } from './markup.ts';
import { renderPage } from './page.ts';
import type { PageData } from './page-script.ts';
import { casesOf } from './words.ts';

const tags = (page: string): string[] => [...page.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map((m) => m[0].toLowerCase());
const blocks = (page: string, tag: string): string[] =>
  [...page.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))].map((m) => m[1]!);

describe('the HTML report', () => {
  it('loads nothing and runs only its own script and style', () => {
    const page = renderPage(sampleReport());
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
    const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, script] = blocks(page, 'script');
    const [style] = blocks(page, 'style');
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(script!)}`,
      `style-src ${hashOf(style!)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(page).not.toMatch(/https?:|src=|style="| on[a-z]+=/);
  });

  it('shows verdict, cells, gaps, failures and accuracy without its script', () => {
    const text = renderPage(sampleReport()).replace(/<script[\s\S]*?<\/script>/g, '');
    for (const part of [
      'does not conform: 1 of 4,030 cases wrong',
      'title="tan/f32/jvp: 11 ok, 1 wrong"',
      'worst error 812 ulp, budget 16',
      'npx etalon replay .etalon/failures/tan-3f9c.json',
      'no float64 in tfjs',
      'id="gaps"',
      'x = -1.5707964',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/\d %/);
  });

  it('has the same elements whatever the texts of a report say', () => {
    fc.assert(
      fc.property(hostileText, fc.constantFrom('name', 'description'), (text, key) => {
        const report = sampleReport();
        const hostile = { ...report, backend: { ...report.backend, asked: report.backend.asked, [key]: text } };
        expect(tags(renderPage(hostile))).toEqual(tags(renderPage(report)));
      }),
    );
    fc.assert(
      fc.property(hostileText, (text) => {
        const report = sampleReport();
        const hostile = {
          ...report,
          gaps: report.gaps.map((g, i) => ({ ...g, reason: `${text}${i}` })),
          cells: report.cells.map((c) => ({ ...c, reasons: c.reasons.map(() => text) })),
          failures: report.failures.map((f) => ({
            ...f,
            message: text,
            element: { ...f.element!, at: text, got: text },
          })),
        };
        expect(tags(renderPage(hostile))).toEqual(tags(renderPage(report)));
      }),
    );
  });

  it('names the cases of every cell as the suite does', () => {
    const named = { casesPerCell: 2, ofRules: true, only: [], shard: null };
    const units = plan(named).filter(({ subject, law }) => law !== 'rejects' && primitiveNamed(subject) !== undefined);
    expect(units.length).toBeGreaterThan(5000);
    for (const { key, subject: primitive, dtype, transformation, law } of units)
      expect(casesOf({ primitive, dtype, transformation }, law)).toBe(key);
  });

  it('renders any report, its cells as JSON that reads back', () => {
    fc.assert(
      fc.property(reports, (report) => {
        const [data] = blocks(renderPage(report), 'script');
        expect((JSON.parse(data!) as PageData).cells).toHaveLength(report.cells.length);
      }),
    );
  });
});

describe('markup', () => {
  it('escapes what is put into it, unless it is markup', () => {
    expect(html`<p class="${'"x'}">${'<b>'}${html`<i>${1}</i>`}${['&', html`<br />`]}</p>`.markup).toBe(
      '<p class="&#34;x">&#60;b&#62;<i>1</i>&#38;<br /></p>',
    );
    fc.assert(fc.property(hostileText, (text) => !/[<>"'`\0]/.test(escapeHtml(text))));
  });

  it('writes JSON that no text can leave', () => {
    fc.assert(
      fc.property(fc.array(hostileText), (texts) => {
        const { markup } = jsonMarkup(texts);
        expect(markup).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(markup)).toEqual(texts);
      }),
    );
  });
});
