import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../tools/browser.ts';
import { reportFiles, writeReport } from '../cli/files.ts';
import { temporaryFolder } from '../testing/capture.ts';
import { sampleReport, tanFailure } from '../testing/reports.ts';
import type { Report } from '../types.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launchChromium()));
afterAll(() => browser.close());

/** A report's page, as the user opens the file; whatever it complains of, and whatever it loads, is collected. */
async function opened(
  report: Report = sampleReport(),
  { width = 1200, hash = '' }: { width?: number; hash?: string } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const folder = temporaryFolder();
  writeReport(folder, report, reportFiles({ html: 'report.html', json: 'report.json' }));
  const url = pathToFileURL(join(folder, 'report.html')).href;
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => request.url().startsWith(url) || complaints.push(request.url()));
  await page.goto(url + hash);
  return { page, complaints };
}

const cell = (page: Page, name: string): Locator => page.locator(`.matrix [title^="${name}:"]`);
const panelText = (page: Page): Promise<string> => page.locator('#panel').innerText();

describe('the HTML report in a browser', () => {
  it('leads from a wrong cell to its reproducer, its cases and the words of the specification', async () => {
    const { page, complaints } = await opened();
    expect(await page.locator('#panel').isVisible()).toBe(false);
    await cell(page, 'tan/f32/jvp').click();
    const text = await panelText(page);
    for (const part of [
      'tan/f32/jvp',
      '11 ok, 1 wrong',
      'worst error 812 ulp, budget 16',
      'npx etalon replay .etalon/failures/tan-3f9c.json',
      'derivative: odd 5, scalar 4',
      'npx etalon check tfjs:wasm --only tan/f32/derivative --only tan/f32/linearity --seed 20261123 --cases 5',
      'npx etalon explain tan',
      '## tan',
    ]) {
      expect(text).toContain(part);
    }
    const [primitive, law] = await page.locator('#panel .clause').all();
    expect(await primitive!.getAttribute('open')).not.toBeNull();
    expect(await law!.innerText()).toMatch(/^law derivative\s[^]*difference quotients/); // the broken law is open
    const href = (await primitive!.locator('a').getAttribute('href'))!;
    const [file, anchor] = new URL(href, page.url()).href.split('#');
    expect(anchor).toBe('tan');
    expect(readFileSync(fileURLToPath(file!), 'utf8')).toContain('\n## tan\n');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('opens the cell that the address, or the link of a failure, names', async () => {
    const { page, complaints } = await opened(sampleReport(), { hash: '#cell=reduce_sum%2Fi32%2Feval' });
    expect(await panelText(page)).toMatch(/reduce_sum\/i32\/eval[^]*rank above 6/);
    await page.keyboard.press('Escape');
    expect(await page.locator('#panel').isVisible()).toBe(false);
    await page.locator('#failures a').click();
    expect(await panelText(page)).toContain('tan/f32/jvp');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('filters cells by words, and moves among them by keys', async () => {
    const { page } = await opened();
    const rows = page.locator('.matrix tbody tr:visible');
    await page.locator('#filter').fill('tan wrong');
    expect(await page.locator('#matching').innerText()).toBe('1 of 5 cells');
    expect(await rows.count()).toBe(1);
    await page.locator('#filter').fill('');
    expect(await rows.count()).toBe(2);
    await cell(page, 'tan/f32/eval').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    expect(await panelText(page)).toContain('tan/f32/jvp');
    await page.close();
  });

  it('shows what a backend says as text', async () => {
    const message = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    const { page, complaints } = await opened(sampleReport({ failures: [{ ...tanFailure, message }] }));
    await cell(page, 'tan/f32/jvp').click();
    expect(await panelText(page)).toContain(message);
    expect(await page.title()).toContain('tfjs:wasm does not conform');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('fits a narrow window: only tables scroll sideways', async () => {
    const { page } = await opened(sampleReport(), { width: 380 });
    await cell(page, 'tan/f32/jvp').click();
    for (const part of ['html', '#panel'])
      expect(await page.locator(part).evaluate((element) => element.scrollWidth), part).toBeLessThanOrEqual(380);
    await page.close();
  });
});
