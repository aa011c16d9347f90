/**
 * Exit statuses, and which of them an error means.
 */
import { packageManifest } from '../package.ts';
import { CannotStartError, UsageError } from '../types.ts';
import { type Io, paintFor } from './io.ts';

export const EXIT = {
  ok: 0,
  fails: 1,
  usage: 2,
  cannotStart: 3,
  bug: 4,
  interrupted: 130,
} as const;

export const EXIT_TABLE: string = `Exit status:
  0    the backend conforms (or the command did what was asked)
  1    it does not, or diverges from another; with --baseline: it fails where it did not before
  2    bad usage or input
  3    the backend cannot start here
  4    a bug in Etalon itself
  130  interrupted; the report covers what had been run`;

/** Prints an error the way its kind deserves. @returns the exit status */
export function reportError(io: Io, error: unknown): number {
  const paint = paintFor(io.stderr);
  const say = (text: string): void => void io.stderr.write(`${paint(['red', 'bold'], 'error')}: ${text}\n`);
  if (error instanceof UsageError) {
    say(error.message);
    return EXIT.usage;
  }
  if (error instanceof CannotStartError) {
    say(error.message);
    return EXIT.cannotStart;
  }
  const { version } = packageManifest();
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say('this is a bug in Etalon, not in your input.');
  io.stderr.write(
    `\n${stack}\n\nPlease report it with the command and the lines above: etalon ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}.\n`,
  );
  return EXIT.bug;
}
