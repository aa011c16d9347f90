/**
 * What the commands know of the outside: streams, environment, current folder. Tests hand in their own.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Paint } from '../report/terminal.ts';
import { UsageError } from '../types.ts';

export type Stream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  hasColors?(): boolean;
};

export interface Io {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls `stop` when the user wants the command to end; gives a function that takes the wish back. */
  onInterrupt(stop: () => void): () => void;
}

/** The process's own. */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  return { stdout, stderr, env, cwd: process.cwd(), onInterrupt: onSignal };
}

/** `etalon primitives | head` closes the pipe before all is written, which is nobody's error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** The first signal asks the command to end; the second one ends the process. */
function onSignal(stop: () => void): () => void {
  let asked = false;
  const listener = (): void => {
    if (asked) process.exit(130);
    asked = true;
    stop();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** Colours where a person looks; `NO_COLOR` and `FORCE_COLOR` count on terminals. */
export const hasColour = (stream: Stream): boolean => stream.isTTY === true && stream.hasColors?.() === true;

export const paintFor = (stream: Stream): Paint =>
  hasColour(stream) ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text;

export const widthOf = (stream: Stream): number => stream.columns ?? 120;

/** The full path of a file that the user named, once it is known to be there and not too large. @throws UsageError */
export function userFile(io: Io, path: string, limit: number): string {
  const full = resolve(io.cwd, path);
  return readable(path, () => {
    const file = statSync(full);
    if (file.isDirectory()) throw new UsageError(`cannot read ${path}: it is a folder`);
    if (file.size > limit) throw new UsageError(`${path} has ${file.size} bytes; at most ${limit} are read`);
    return full;
  });
}

/** The bytes of a file that the user named. @throws UsageError */
export function readUserFile(io: Io, path: string, limit: number): Buffer {
  const full = userFile(io, path, limit);
  return readable(path, () => readFileSync(full));
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** What the operating system says of a file that cannot be read or written, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or folder',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left',
  };
  return known[code ?? ''] ?? message;
}
