/**
 * `etalon run`: a program on a backend, with arrays from and to .npz files.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Backend } from '../../reference/core/open-backend.ts';
import { showValue } from '../../reference/core/show.ts';
import { GapError, ProgramError, UnboundAxisError } from '../../reference/core/errors.ts';
import { avalOf, type HostArray, sameAval, showAval, sizeOf } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { LIMITS } from '../../reference/core/program.ts';
import { readProgram } from '../../reference/transforms/programs.ts';
import { Bench } from '../bench.ts';
import { NPZ_LIMITS, readNpz, writeNpz } from '../npz.ts';
import { openBackend } from '../open.ts';
import { count, counted, printable } from '../report/words.ts';
import { UsageError } from '../types.ts';
import { EXIT } from './errors.ts';
import { type Io, paintFor, readUserFile, reasonOf } from './io.ts';

export interface RunFlags {
  readonly backend?: string;
  readonly inputs?: string;
  readonly out?: string;
}

/** Results of more elements are not printed: `--out` takes them. */
const SHOWN_ELEMENTS = 1000;

/** @returns the exit status: 1 where the backend declares a gap for the program, or fails */
export async function run(io: Io, programPath: string, flags: RunFlags): Promise<number> {
  const program = programOf(io, programPath);
  const inputs = inputsFor(
    program,
    flags.inputs === undefined ? new Map() : readNpz(readUserFile(io, flags.inputs, NPZ_LIMITS.bytes)),
  );
  const asked = flags.backend ?? (io.env['ETALON_BACKEND'] || 'reference');
  const backend = await openBackend(asked, io.cwd);
  try {
    const outputs = await outputsOn(backend, program, inputs);
    if (flags.out !== undefined) writeOutputs(io, flags.out, outputs);
    else for (const [i, y] of outputs.entries()) io.stdout.write(`out${i} = ${shown(y)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const told = error instanceof GapError || error instanceof UnboundAxisError; // they name the equations
    const text = told || !(error instanceof Error) ? String(error) : (error.stack ?? error.message);
    io.stderr.write(
      `${paintFor(io.stderr)(['red', 'bold'], 'error')}: ${asked} does not run ${printable(programPath)}: ${text}\n`,
    );
    return EXIT.fails;
  } finally {
    backend.close();
  }
}

async function outputsOn(
  backend: Backend,
  program: Jaxpr,
  inputs: readonly HostArray[],
): Promise<readonly HostArray[]> {
  backend.compile(program); // names every gap at once
  return new Bench(backend).run(program, inputs);
}

/** @throws UsageError if the file is not a program */
export function programOf(io: Io, path: string): Jaxpr {
  const text = readUserFile(io, path, LIMITS.characters).toString('utf8');
  try {
    return readProgram(text);
  } catch (error) {
    if (error instanceof ProgramError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Arrays named in0, in1, … (or arr_0, …, as `np.savez(file, x, y)` names them) for the inputs in their order. */
export function inputsFor(program: Jaxpr, arrays: ReadonlyMap<string, HostArray>): HostArray[] {
  const wanted = program.inAvals.map((a, i) => `in${i}: ${showAval(a)}`).join(', ');
  const inputs = program.inAvals.map((aval, i) => {
    const array = arrays.get(`in${i}`) ?? arrays.get(`arr_${i}`);
    if (array === undefined) {
      const got = arrays.size === 0 ? '' : `, got ${[...arrays.keys()].slice(0, 20).join(', ')}`;
      throw new UsageError(
        `the program takes ${counted(program.inputs.length, 'input')}: give an .npz file with ${wanted} as --inputs${got}`,
      );
    }
    if (!sameAval(avalOf(array), aval))
      throw new UsageError(`in${i} must be ${showAval(aval)}, got ${showAval(array)}`);
    return array;
  });
  if (arrays.size > inputs.length) {
    throw new UsageError(
      `the program takes ${wanted || 'no inputs'}, but the file has ${counted(arrays.size, 'array')}: ${[...arrays.keys()].slice(0, 20).join(', ')}`,
    );
  }
  return inputs;
}

function writeOutputs(io: Io, path: string, outputs: readonly HostArray[]): void {
  const bytes = writeNpz(new Map(outputs.map((y, i) => [`out${i}`, y])));
  try {
    writeFileSync(resolve(io.cwd, path), bytes);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reasonOf(error)}`);
  }
  io.stdout.write(`${path}: ${outputs.map((y, i) => `out${i}: ${showAval(y)}`).join(', ')}\n`);
}

const shown = (y: HostArray): string =>
  sizeOf(y.shape) <= SHOWN_ELEMENTS
    ? showValue(y)
    : `${showAval(y)} (${count(sizeOf(y.shape))} elements; --out writes them to a file)`;
