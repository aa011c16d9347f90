/** Pages of Chromium that load a module of this package, with whatever GPU there is. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { CannotStartError } from '../types.ts';
import { type Package, serveModule } from './serve-modules.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Chromium, of those on PATH; undefined: there is none. */
function executable(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What Chromium is asked for: the machine's own GPU first, and then software. */
const GPU_FLAGS: readonly (readonly string[])[] = [
  ['--enable-unsafe-webgpu', '--enable-features=Vulkan'],
  ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
];

/** What a page is for, as messages call it. */
export interface Purpose {
  /** `a backend in a browser`, which needs something. */
  readonly what: string;
  /** `wgsl`, which starts or does not. */
  readonly name: string;
}

/** A page whose module has started. */
export interface Started<T> {
  readonly page: Page;
  readonly browser: Browser;
  readonly value: T;
  readonly closeServer: () => void;
}

/**
 * Opens a page that loads a module, by the path of its source, once that has given `etalon` to the page and `start` has
 * succeeded. @throws CannotStartError, with what to install
 */
export async function openModule<T>(
  { what, name }: Purpose,
  source: string,
  start: (page: Page) => Promise<T>,
  packages: readonly Package[] = [],
): Promise<Started<T>> {
  const { chromium } = await import('playwright-core').catch(() => {
    throw new CannotStartError(`${what} needs playwright-core:\n  npm install playwright-core`);
  });
  const executablePath = executable();
  if (executablePath === undefined) throw new CannotStartError(`${what} needs Chromium on PATH (${NAMES.join(', ')})`);
  let reason = '';
  for (const flags of GPU_FLAGS) {
    const args = [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
    const browser = await chromium.launch({ executablePath, args });
    const server = await serveModule(source, packages);
    try {
      const page = await browser.newPage();
      page.on('pageerror', (error) => (reason = error.message));
      await page.goto(server.url);
      await page.waitForFunction(() => 'etalon' in globalThis, undefined, { timeout: 30_000 });
      return { page, browser, value: await start(page), closeServer: () => server.close() };
    } catch (error) {
      reason ||= error instanceof Error ? error.message : String(error);
      await browser.close();
      server.close();
    }
  }
  throw new CannotStartError(`${name} does not start in ${executablePath}: ${reason}`);
}
