/**
 * `etalon diverge`: which equation is to blame where two backends give different numbers.
 */
import { EtalonError } from '../../reference/core/errors.ts';
import { divergeProgram } from '../diverge.ts';
import { NPZ_LIMITS, readNpz } from '../npz.ts';
import { renderDivergence } from '../report/divergence.ts';
import { UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, paintFor, readUserFile } from './io.ts';
import { inputsFor, programOf } from './run.ts';

export interface DivergeFlags {
  readonly inputs?: string;
  readonly nan?: true;
  readonly json?: true;
}

/** `what`: the backends, then the program. @returns the exit status: 1 where a backend is wrong */
export async function diverge(io: Io, what: readonly string[], { inputs, nan, json }: DivergeFlags): Promise<number> {
  const backends = what.slice(0, -1);
  if (backends.length > 2 || backends.length < (nan === true ? 1 : 2)) {
    throw new UsageError(
      `diverge takes two backends and a program (with --nan one backend will do), got ${what.length === 1 ? what[0]! : `${what.length} arguments`}`,
    );
  }
  const path = what.at(-1)!;
  const program = programOf(io, path);
  const arrays = inputs === undefined ? new Map() : readNpz(readUserFile(io, inputs, NPZ_LIMITS.bytes));
  const options = { backends, folder: io.cwd, ...(nan === true && { nan }) };
  const found = await divergeProgram(program, inputsFor(program, arrays), options).catch((error: unknown) => {
    // The reference does not run the program: it holds what no file can (callbacks), or belongs under a vmap.
    throw error instanceof EtalonError ? new UsageError(`${path}: ${error.message}`) : error;
  });
  io.stdout.write(json === true ? `${JSON.stringify(found, null, 1)}\n` : renderDivergence(found, paintFor(io.stdout)));
  return found.kind === 'diverge' ? EXIT.fails : EXIT.ok;
}
