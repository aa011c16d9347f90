/**
 * A command line whose output is caught: `const { io, out, err } = capture(); await main(['primitives'], io)`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Io, Stream } from '../cli/io.ts';

export interface Captured {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
  /** What Ctrl-C does. */
  readonly interrupt: () => void;
}

class Sink extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;
  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }
  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
  hasColors(): boolean {
    return this.isTTY;
  }
}

/** Without options: no terminal, an empty environment, and a folder of its own that goes with the test. */
export function capture(options: { env?: Io['env']; cwd?: string; terminal?: boolean } = {}): Captured {
  const stdout = new Sink(options.terminal === true);
  const stderr = new Sink(options.terminal === true);
  let interrupt = (): void => undefined;
  const io: Io = {
    stdout: stdout satisfies Stream,
    stderr: stderr satisfies Stream,
    env: options.env ?? {},
    cwd: options.cwd ?? temporaryFolder(),
    onInterrupt: (stop) => {
      interrupt = stop;
      return () => (interrupt = () => undefined);
    },
  };
  return { io, out: () => stdout.text, err: () => stderr.text, interrupt: () => interrupt() };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'etalon-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
