/** What a backend answers to the requests of the protocol (spec/protocol.md), in any process or page. */
import { GapError } from '../../reference/core/errors.ts';
import { avalOf, type HostArray, sameAval, showAval } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { decodeArray, encodeArray } from '../../reference/core/program.ts';
import { readProgram, readProgramJson } from '../../reference/transforms/programs.ts';
import type { Bench } from '../bench.ts';
import type { Answer, Ready, Request } from './messages.ts';

type Run = Extract<Request, { type: 'run' }>;

export const PROTOCOL_VERSION = 1;

export function readyOf({ backend, profile }: Bench): Ready {
  const description = backend.session.devices.map((d) => d.description).join(', ');
  return { type: 'ready', version: PROTOCOL_VERSION, name: backend.name, description, profile };
}

export async function answered(bench: Bench, { id, program, inputs }: Run): Promise<Answer> {
  try {
    const jaxpr = typeof program === 'string' ? readProgram(program) : readProgramJson(program);
    const values = inputsOf(jaxpr, inputs);
    const gap = bench.gap(jaxpr);
    if (gap !== null) return { type: 'gap', id, ...gap };
    return { type: 'result', id, outputs: (await bench.run(jaxpr, values)).map(encodeArray) };
  } catch (error) {
    if (error instanceof GapError) return { type: 'gap', id, primitive: 'program', reason: error.message };
    return { type: 'error', id, message: error instanceof Error ? error.message : String(error) };
  }
}

/** The inputs, which must be those of the program. */
function inputsOf(jaxpr: Jaxpr, encoded: Run['inputs']): HostArray[] {
  const wanted = jaxpr.inAvals.map(showAval).join(', ');
  if (encoded.length !== jaxpr.inputs.length) {
    throw new RangeError(`the program takes ${jaxpr.inputs.length} inputs (${wanted}), got ${encoded.length}`);
  }
  return encoded.map((x, i) => {
    const value = decodeArray(x, (message) => {
      throw new RangeError(`input ${i}: ${message}`);
    });
    if (!sameAval(avalOf(value), jaxpr.inAvals[i]!)) {
      throw new RangeError(`input ${i} must be ${showAval(jaxpr.inAvals[i]!)}, got ${showAval(value)}`);
    }
    return value;
  });
}
