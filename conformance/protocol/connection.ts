/** A process that answers programs (spec/protocol.md), seen from the side that asks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { BackendError, GapError } from '../../reference/core/errors.ts';
import type { EncodedArray, ProgramDocument } from '../../reference/core/program.ts';
import { LastWords, START_SECONDS } from '../ending.ts';
import { Lines } from './lines.ts';
import { PROTOCOL_VERSION } from './answer.ts';
import { type Answer, messageProblem, type Ready, type Request } from './messages.ts';

/** The other side is gone: it ended, or it was ended because it had said nothing for too long. */
export class EndedError extends BackendError {
  readonly ended: 'timeout' | 'crash';
  /** The message, with everything that it said at last. */
  readonly details: string;
  constructor(ended: 'timeout' | 'crash', message: string, details: string = message) {
    super(message);
    this.ended = ended;
    this.details = details;
  }
}

/** A gap that was declared only when the program had come. */
export class AnsweredGap extends GapError {
  readonly primitive: string;
  readonly reason: string;
  constructor(primitive: string, reason: string) {
    super(`${primitive}: ${reason}`);
    this.primitive = primitive;
    this.reason = reason;
  }
}

export interface ConnectionOptions {
  readonly cwd: string;
  /** It may be silent so long while it is asked for something. */
  readonly seconds: number;
  /** Told the number of the process. */
  readonly onProcess?: (pid: number) => void;
}

/** How much of a line that is no message is shown. */
const SHOWN_CHARACTERS = 80;

interface Waiting {
  readonly resolve: (outputs: readonly EncodedArray[]) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class Connection {
  readonly #process: ChildProcess;
  readonly #seconds: number;
  readonly #lines = new Lines();
  readonly #waiting = new Map<number, Waiting>();
  readonly #handshake = Promise.withResolvers<Ready>();
  readonly #lastWords = new LastWords();
  #nextId = 0;
  /** Why nothing can be asked any more. */
  #over: Error | null = null;

  private constructor([file = '', ...args]: readonly string[], { cwd, seconds, onProcess }: ConnectionOptions) {
    this.#seconds = seconds;
    this.#process = spawn(file, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr, pid } = this.#process;
    if (pid !== undefined) onProcess?.(pid);
    stdin!.on('error', () => {}); // a process that is gone reports its end itself
    stdout!.on('data', (bytes: Buffer) => this.#receive(bytes));
    stderr!.on('data', (bytes: Buffer) => this.#lastWords.add(bytes));
    this.#process.on('error', (error) => this.#end(new EndedError('crash', error.message)));
    this.#process.on('close', (code, signal) => {
      const message = this.#lastWords.ending(code, signal, this.#lines.rest === '' ? '' : ' in the middle of a line');
      this.#end(new EndedError('crash', message, this.#lastWords.after(message)));
    });
  }

  /** Starts the command and waits until it is ready. @throws EndedError, BackendError */
  static async open(
    argv: readonly string[],
    options: ConnectionOptions,
  ): Promise<Connection & { readonly ready: Ready }> {
    const connection = new Connection(argv, options);
    const seconds = Math.max(options.seconds, START_SECONDS);
    const timer = setTimeout(
      () => connection.#fail(new EndedError('timeout', `not ready after ${seconds} s`)),
      seconds * 1000,
    );
    connection.#send({ type: 'start', version: PROTOCOL_VERSION });
    try {
      return Object.assign(connection, { ready: await connection.#handshake.promise });
    } finally {
      clearTimeout(timer);
    }
  }

  get isOver(): boolean {
    return this.#over !== null;
  }

  /** The results of a program. @throws GapError, EndedError, BackendError */
  run(program: ProgramDocument, inputs: readonly EncodedArray[]): Promise<readonly EncodedArray[]> {
    if (this.#over !== null) return Promise.reject(this.#over);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(new EndedError('timeout', `no answer for ${this.#seconds} s`)),
        this.#seconds * 1000,
      );
      this.#waiting.set(id, { resolve, reject, timer });
      this.#send({ type: 'run', id, program, inputs });
    });
  }

  close(): void {
    if (this.#over !== null) return;
    this.#send({ type: 'stop' });
    this.#fail(new BackendError('the connection was closed'));
  }

  #send(request: Request): void {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
  }

  /** Everything that a chunk says is looked at before anything is settled: a second answer mostly follows at once. */
  #receive(bytes: Buffer): void {
    if (this.#over !== null) return;
    const answers = new Map<number, Answer>();
    try {
      for (const line of this.#lines.push(bytes)) this.#take(line, answers);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new BackendError(String(error)));
      return;
    }
    for (const [id, answer] of answers) this.#settle(id, answer);
  }

  #take(line: string, answers: Map<number, Answer>): void {
    if (line.trim() === '') return;
    const answer = parsed(line);
    if (answer.type === 'ready') return this.#handshake.resolve(answer);
    const { id } = answer;
    if (id === null) throw new BackendError(`it did not understand: ${answer.type === 'error' ? answer.message : ''}`);
    if (answers.has(id) || !this.#waiting.has(id)) {
      throw new BackendError(
        id < this.#nextId ? `it answered run ${id} twice` : `it answered run ${id}, which was never asked`,
      );
    }
    answers.set(id, answer);
  }

  #settle(id: number, answer: Answer): void {
    const { resolve, reject, timer } = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    clearTimeout(timer);
    if (answer.type === 'result') resolve(answer.outputs);
    else if (answer.type === 'gap') reject(new AnsweredGap(answer.primitive, answer.reason));
    else if (answer.type === 'error') reject(new BackendError(answer.message));
  }

  /** Nothing that comes after a fault can be trusted: the process is ended. */
  #fail(error: Error): void {
    this.#end(error);
    this.#process.kill('SIGKILL');
  }

  #end(error: Error): void {
    if (this.#over !== null) return;
    this.#over = error;
    this.#handshake.promise.catch(() => {}); // whoever waits for it hears of it
    this.#handshake.reject(error);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }
}

/** @throws BackendError if the line is no answer */
function parsed(line: string): Answer {
  const shown = line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    throw new BackendError(`it wrote a line that is not JSON: ${JSON.stringify(shown)}`);
  }
  const problem = messageProblem(message, 'answer');
  if (problem !== null)
    throw new BackendError(`it wrote a line that is no answer (${problem}): ${JSON.stringify(shown)}`);
  return message as Answer;
}
