/** Built-in backends in a browser: `browser:wgsl` runs in a page of Chromium, driven from here. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { BackendDefinition, Session } from '../../reference/core/backend.ts';
import { BackendError } from '../../reference/core/errors.ts';
import type { EncodedArray, ProgramDocument } from '../../reference/core/program.ts';
import { AnsweredGap, EndedError } from '../protocol/connection.ts';
import type { Answer, Ready } from '../protocol/messages.ts';
import { type Answering, remote } from '../protocol/remote.ts';
import { CannotStartError } from '../types.ts';
import { nameInBrowser } from './names.ts';
import type { Driven } from './page.ts';
import { serveModule } from './serve-modules.ts';

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

type Driver = typeof globalThis & { readonly etalon: Driven };

/** A page with a backend that is ready. */
class Paged implements Answering {
  readonly ready: Ready;
  readonly #page: Page;
  readonly #browser: Browser;
  readonly #seconds: number;
  readonly #closeServer: () => void;
  #nextId = 0;
  #over: Error | null = null;

  constructor(ready: Ready, page: Page, browser: Browser, seconds: number, closeServer: () => void) {
    this.ready = ready;
    this.#page = page;
    this.#browser = browser;
    this.#seconds = seconds;
    this.#closeServer = closeServer;
    page.on('crash', () => this.#end(new EndedError('crash', 'the page crashed')));
    browser.on('disconnected', () => this.#end(new EndedError('crash', 'the browser ended')));
  }

  get isOver(): boolean {
    return this.#over !== null;
  }

  async run(program: ProgramDocument, inputs: readonly EncodedArray[]): Promise<readonly EncodedArray[]> {
    if (this.#over !== null) throw this.#over;
    const request = JSON.stringify({ type: 'run', id: this.#nextId++, program, inputs });
    const answering = this.#page.evaluate((text) => (globalThis as Driver).etalon.run(text), request);
    const answer = JSON.parse(await this.#inTime(answering)) as Answer;
    if (answer.type === 'result') return answer.outputs;
    if (answer.type === 'gap') throw new AnsweredGap(answer.primitive, answer.reason);
    throw new BackendError(answer.type === 'error' ? answer.message : `it answered with ${answer.type}`);
  }

  async #inTime(answer: Promise<string>): Promise<string> {
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(() => {
      const error = new EndedError('timeout', `no answer for ${this.#seconds} s`);
      this.#end(error);
      late.reject(error);
      void this.#browser.close();
    }, this.#seconds * 1000);
    try {
      return await Promise.race([answer, late.promise]);
    } catch (error) {
      throw this.#over ?? new BackendError(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #end(error: Error): void {
    this.#over ??= error;
    this.#closeServer();
  }

  close(): void {
    this.#end(new BackendError('the page was closed'));
    void this.#browser.close();
  }
}

/** What Chromium is asked for: the machine's own GPU first, and then software. */
const GPU_FLAGS: readonly (readonly string[])[] = [
  ['--enable-unsafe-webgpu', '--enable-features=Vulkan'],
  ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
];

/** A page of Chromium, and what it has begun with. */
export interface Started<T> {
  readonly page: Page;
  readonly browser: Browser;
  readonly server: { close(): void };
  readonly with: T;
}

/** Loads a module of this package into a page, with the flags under which `begin` succeeds. @throws CannotStartError */
export async function startPage<T>(module: string, begin: (page: Page) => Promise<T>): Promise<Started<T>> {
  const { chromium } = await import('playwright-core').catch(() => {
    throw new CannotStartError('a backend in a browser needs playwright-core:\n  npm install playwright-core');
  });
  const executablePath = executable();
  if (executablePath === undefined)
    throw new CannotStartError(`a backend in a browser needs Chromium on PATH (${NAMES.join(', ')})`);
  let reason = '';
  for (const flags of GPU_FLAGS) {
    const args = [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
    const browser = await chromium.launch({ executablePath, args });
    const server = await serveModule(module);
    try {
      const page = await browser.newPage();
      page.on('pageerror', (error) => (reason = error.message));
      await page.goto(server.url);
      return { page, browser, server, with: await begin(page) };
    } catch (error) {
      reason ||= error instanceof Error ? error.message : String(error);
      await browser.close();
      server.close();
    }
  }
  throw new CannotStartError(`${module} does not start in ${executablePath}: ${reason}`);
}

async function openPage(backend: string, seconds: number): Promise<Paged> {
  const started = await startPage('conformance/browser/page.ts', async (page) => {
    await page.waitForFunction(() => 'etalon' in globalThis, undefined, { timeout: 30_000 });
    return page.evaluate((name) => (globalThis as Driver).etalon.start(name), backend);
  });
  const { page, browser, server } = started;
  const ready = JSON.parse(started.with) as Ready;
  const named = { ...ready, description: `${ready.description}, Chromium ${browser.version()}` };
  return new Paged(named, page, browser, seconds, () => server.close());
}

/** @throws CannotStartError, with what to install */
export async function openInBrowser(
  asked: string,
  seconds: number,
): Promise<{ readonly definition: BackendDefinition; readonly session: Session }> {
  const backend = nameInBrowser(asked);
  const first = await openPage(backend, seconds);
  let current: Promise<Paged> = Promise.resolve(first);
  const connected = async (): Promise<Paged> => {
    if ((await current.catch(() => null))?.isOver !== false) current = openPage(backend, seconds);
    return current;
  };
  const close = (): void => void current.then((page) => page.close()).catch(() => {});
  return remote(first.ready, connected, close);
}
