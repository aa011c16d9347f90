/** The page that trains in the browser (spec/guide/training-in-the-browser.md), served as `npx vite` does. */
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('../spec/guide/training-in-the-browser', import.meta.url));

export async function serveGuidePage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = await createServer({ root, logLevel: 'error', server: { port: 0, watch: null } });
  await server.listen();
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}

/** Waits until the page says something that begins so. */
export const told = (page: Page, beginning: string): Promise<void> =>
  page.locator('#status', { hasText: new RegExp(`^${beginning}`) }).waitFor();

/** Trains for so many steps, and pauses. */
export async function train(page: Page, steps: number): Promise<void> {
  await page.evaluate((wanted) => {
    const [button, shown] = ['start', 'steps'].map((id) => document.getElementById(id)!) as [HTMLElement, HTMLElement];
    const stepsSoFar = (): number => Number(shown.textContent.replaceAll(',', ''));
    const last = stepsSoFar() + wanted;
    const observer = new MutationObserver(() => {
      if (stepsSoFar() < last) return;
      observer.disconnect();
      button.click();
    });
    observer.observe(shown, { childList: true });
    button.click();
  }, steps);
  await told(page, 'Paused after');
}
