import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileText, reports, sampleReport } from '../testing/reports.ts';
import { escapeXml, NOT_XML, renderJUnit } from './junit.ts';

describe('JUnit', () => {
  it('has a test case per cell, and says which failed and which are gaps', () => {
    const xml = renderJUnit(sampleReport());
    expect(xml).toContain('<testsuites name="etalon check tfjs:wasm" tests="7" failures="1" skipped="1"');
    expect(xml).toContain(
      '<testcase classname="tan" name="tan/f32/jvp"><failure type="derivative" message="worst error 812 ulp, budget 16">',
    );
    expect(xml).toContain('npx etalon replay .etalon/failures/tan-3f9c.json</failure>');
    expect(xml).toContain('<skipped message="no float64 in tfjs"/>');
    expect(xml).toContain('<testcase classname="programs" name="300 cases ok"/>');
  });

  it('is well formed whatever a backend says, and counts what it holds', () => {
    fc.assert(
      fc.property(reports, (report) => {
        const xml = renderJUnit(report);
        const counts = elementCounts(xml);
        const [, tests, skipped] = /^<testsuites [^>]*tests="(\d+)" failures="\d+" skipped="(\d+)"/m.exec(xml) ?? [];
        expect(counts.get('testcase') ?? 0).toBe(Number(tests));
        expect(counts.get('skipped') ?? 0).toBe(Number(skipped));
      }),
    );
  });

  it('escapes text so that it comes back', () => {
    expect(escapeXml('a]]>b<c>"\'&\n')).toBe('a]]&#62;b&#60;c&#62;&#34;&#39;&#38;&#10;');
    fc.assert(
      fc.property(hostileText, (text) => {
        const back = escapeXml(text).replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
        expect(back).toBe(text.toWellFormed().replace(NOT_XML, '\ufffd'));
      }),
    );
  });
});

/** A strict reader of the XML that we write: throws unless tags nest and no stray markup is left. */
function elementCounts(xml: string): Map<string, number> {
  const open: string[] = [];
  const counts = new Map<string, number>();
  const body = xml.replace('<?xml version="1.0" encoding="UTF-8"?>\n', '');
  const tag = /<(\/?)([\w-]+)((?: [\w-]+="[^"<>&]*(?:&#\d+;[^"<>&]*)*")*)(\/?)>/gy;
  for (let at = 0; at < body.length; at = tag.lastIndex) {
    const text = /^(?:[^<&>]|&#\d+;)*/.exec(body.slice(at))![0];
    expect(text.isWellFormed()).toBe(true);
    expect(text).not.toMatch(NOT_XML);
    tag.lastIndex = at + text.length;
    if (tag.lastIndex === body.length) break;
    const found = tag.exec(body);
    if (found === null) throw new Error(`not a tag: ${body.slice(at + text.length, at + text.length + 60)}`);
    const [, closing, name, , empty] = found;
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      counts.set(name!, (counts.get(name!) ?? 0) + 1);
      if (empty !== '/') open.push(name!);
    }
  }
  expect(open).toEqual([]);
  return counts;
}
