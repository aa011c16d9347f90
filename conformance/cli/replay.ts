/**
 * `etalon replay`: one case again, in this process, so that breakpoints in a backend work.
 */
import { LIMITS } from '../../reference/core/program.ts';
import { ProgramError } from '../../reference/core/errors.ts';
import { replay as replayCase, type Replayed } from '../replay.ts';
import { comparison, printable } from '../report/words.ts';
import { UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, paintFor, userFile } from './io.ts';

export interface ReplayFlags {
  readonly case?: string;
  readonly seed?: number;
  readonly cases?: number;
  readonly backend?: string;
}

/** @returns the exit status: 1 if the case is wrong again */
export async function replay(io: Io, file: string | undefined, flags: ReplayFlags): Promise<number> {
  const { case: id, seed, cases } = flags;
  if ((file === undefined) === (id === undefined)) throw new UsageError('replay takes either a file or --case ID');
  const backend = flags.backend ?? (id === undefined ? undefined : io.env['ETALON_BACKEND'] || undefined);
  const what = file === undefined ? { id: id! } : { file: userFile(io, file, LIMITS.characters) };
  const options = {
    folder: io.cwd,
    ...(backend !== undefined && { backend }),
    ...(seed !== undefined && { seed }),
    ...(cases !== undefined && { cases }),
  };
  try {
    return show(io, await replayCase(what, options));
  } catch (error) {
    if (error instanceof ProgramError) throw new UsageError(error.message);
    throw error;
  }
}

function show(io: Io, replayed: Replayed): number {
  const paint = paintFor(io.stdout);
  const { id, law, backend, program, gap, reproduced, message, element } = replayed;
  const lines = [`${paint('bold', printable(id))} on ${printable(backend)} · law ${law}`];
  if (program !== null) lines.push('', ...program.trimEnd().split('\n').map(programLine), '');
  if (gap !== null) lines.push(`${paint('yellow', 'gap')}  ${printable(gap)}`);
  else if (!reproduced) lines.push(`${paint('green', 'ok')}  the case is right here`);
  else {
    lines.push(`${paint(['red', 'bold'], 'WRONG')}  ${printable(message ?? '')}`);
    if (element !== null) lines.push(`       ${printable(comparison(backend, element))}`);
  }
  io.stdout.write(`${lines.join('\n')}\n`);
  return reproduced ? EXIT.fails : EXIT.ok;
}

/** Constants make lines that nobody reads to their end. */
const programLine = (line: string): string => `  ${printable(line.length > 200 ? `${line.slice(0, 199)}…` : line)}`;
