/**
 * `etalon serve`: answers programs on stdin with results on stdout, so that any language can ask.
 */
import { Bench } from '../bench.ts';
import { openBackend } from '../open.ts';
import { serve as answer } from '../protocol/serve.ts';
import { EXIT } from './errors.ts';
import type { Io } from './io.ts';

export interface ServeFlags {
  readonly backend?: string;
}

/** @returns the exit status, once stdin has ended or somebody has said stop */
export async function serve(
  io: Io,
  flags: ServeFlags,
  requests: AsyncIterable<Buffer> = process.stdin,
): Promise<number> {
  const backend = await openBackend(flags.backend ?? (io.env['ETALON_BACKEND'] || 'reference'), io.cwd);
  try {
    await answer(new Bench(backend), requests, (line) => io.stdout.write(line));
    return EXIT.ok;
  } finally {
    backend.close();
  }
}
