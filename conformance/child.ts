/** A process in which a backend runs, seen from its parent: work, time limits, crashes. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LastWords, START_SECONDS } from './ending.ts';
import { type BackendProcess, type FromWorker, type Setup, SHRINK_MILLISECONDS, type ToWorker } from './messages.ts';
import { packageFile, packageModule } from './package.ts';

/** Why a process ended that should not have. */
export type Ending =
  | { readonly kind: 'timeout' }
  /** `details`: with everything that it said at last. */
  | { readonly kind: 'crash'; readonly message: string; readonly details: string };

export interface ChildEvents {
  message(child: Child, message: FromWorker): void;
  ended(child: Child, ending: Ending): void;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #seconds: number;
  readonly #lastWords = new LastWords();
  #timer: NodeJS.Timeout | undefined;
  #ending: Ending | null = null;
  #closed = false;
  /** Of the process that its backend is, if it is one. */
  #backendProcess: number | null = null;

  /** `seconds` may pass without a word while there is work. */
  constructor(setup: Setup, seconds: number, events: ChildEvents) {
    this.#seconds = seconds;
    this.#process = fork(packageModule('conformance/worker.ts'), {
      cwd: setup.cwd,
      execArgv: execArgv(),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr!.on('data', (text: Buffer) => this.#lastWords.add(text));
    this.#process.on('message', (message: FromWorker | BackendProcess) => {
      if (message.type === 'process') {
        this.#backendProcess = message.pid;
        return;
      }
      if (this.#closed) return;
      this.#wait(message.type === 'shrinking' ? this.#seconds + SHRINK_MILLISECONDS / 1000 : this.#seconds);
      events.message(this, message);
    });
    this.#process.on('error', (error) => (this.#ending ??= crash(error.message)));
    this.#process.on('close', (code, signal) => {
      clearTimeout(this.#timer);
      if (this.#closed) return;
      const message = this.#lastWords.ending(code, signal);
      events.ended(this, this.#ending ?? crash(message, this.#lastWords.after(message)));
    });
    this.#send({ type: 'open', setup }, Math.max(seconds, START_SECONDS));
  }

  work(key: string, from: number): void {
    this.#send({ type: 'unit', key, from }, this.#seconds);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#kill();
  }

  /** Nothing is asked of it: it may be silent. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  #send(message: ToWorker, seconds: number): void {
    this.#wait(seconds);
    this.#process.send(message, () => {}); // a process that is gone reports its end itself
  }

  #wait(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#ending = { kind: 'timeout' };
      this.#kill();
    }, seconds * 1000);
  }

  #kill(): void {
    this.#process.kill('SIGKILL');
    if (this.#backendProcess === null) return;
    try {
      process.kill(this.#backendProcess, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}

const crash = (message: string, details: string = message): Ending => ({ kind: 'crash', message, details });

/** The options of Node that make a process load the same core as this one (conformance/one-core.js). */
function execArgv(): string[] {
  const oneCore = `--import=${packageFile('conformance/one-core.js').href}`;
  const source = '--conditions=etalon-source';
  const isSource = fileURLToPath(import.meta.url).endsWith('.ts');
  const kept = process.execArgv.filter((flag) => flag !== oneCore && flag !== source && !flag.startsWith('--inspect'));
  return [...kept, oneCore, ...(isSource ? [source] : [])];
}
