/**
 * A picture of the page that trains in the browser, after 300 steps. Without a file, it is the one that the guide shows.
 *
 *     node tools/guide-screenshot.ts                 node tools/guide-screenshot.ts --dark --width 390 page.png
 */
import { parseArgs } from 'node:util';
import { launchChromium, SOFTWARE_WEBGPU } from './browser.ts';
import { serveGuidePage, told, train } from './guide-page.ts';

const { values, positionals } = parseArgs({
  options: { dark: { type: 'boolean', default: false }, width: { type: 'string', default: '1000' } },
  allowPositionals: true,
});
const [path = 'spec/guide/training-in-the-browser/screenshot.png'] = positionals;

const server = await serveGuidePage();
const browser = await launchChromium(SOFTWARE_WEBGPU);
const page = await browser.newPage({
  viewport: { width: Number(values.width), height: 800 },
  colorScheme: values.dark ? 'dark' : 'light',
});
await page.goto(server.url);
await told(page, 'Ready');
await train(page, 300);
await page.screenshot({ path, fullPage: true });
await browser.close();
await server.close();
