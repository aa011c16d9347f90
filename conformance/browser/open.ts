/** Built-in backends in a browser: `browser:wgsl` runs in a page of Chromium, driven from here. */
import type { Browser, Page } from 'playwright-core';
import type { BackendDefinition, Session } from '../../reference/core/backend.ts';
import { BackendError } from '../../reference/core/errors.ts';
import type { EncodedArray, ProgramDocument } from '../../reference/core/program.ts';
import { AnsweredGap, EndedError } from '../protocol/connection.ts';
import type { Answer, Ready } from '../protocol/messages.ts';
import { type Answering, remote } from '../protocol/remote.ts';
import { openModule } from './chromium.ts';
import { nameInBrowser } from './names.ts';
import type { Driven } from './page.ts';

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

async function openPage(backend: string, seconds: number): Promise<Paged> {
  const { page, browser, value, closeServer } = await openModule(
    { what: 'a backend in a browser', name: backend },
    'conformance/browser/page.ts',
    (opened) => opened.evaluate((name) => (globalThis as Driver).etalon.start(name), backend),
  );
  const ready = JSON.parse(value) as Ready;
  const named = { ...ready, description: `${ready.description}, Chromium ${browser.version()}` };
  return new Paged(named, page, browser, seconds, closeServer);
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
