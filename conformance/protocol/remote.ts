/** Backends elsewhere, seen from here: whoever answers programs by the protocol, in a process or in a page. */
import {
  type BackendDefinition,
  type Buffer,
  defineBackend,
  gap,
  type Gap,
  type Session,
} from '../../reference/core/backend.ts';
import { BackendError } from '../../reference/core/errors.ts';
import { type Aval, type HostArray, sizeOf } from '../../reference/core/host.ts';
import { dtypes } from '../../reference/core/dtypes.ts';
import { programToJson } from '../../reference/core/load.ts';
import { inferAvals, type AnyPrimitive, type Params } from '../../reference/core/primitive.ts';
import { decodeArray, type EncodedArray, encodeArray, type ProgramDocument } from '../../reference/core/program.ts';
import type { Ready } from './messages.ts';

/** Somebody who can be asked for the results of programs. */
export interface Answering {
  /** @throws GapError, EndedError, BackendError */
  run(program: ProgramDocument, inputs: readonly EncodedArray[]): Promise<readonly EncodedArray[]>;
}

/** A value on the other side of the protocol is a value on the way here: the other side keeps nothing between runs. */
interface Pending extends Buffer {
  readonly value: Promise<HostArray>;
  readonly bytes: number;
}

/** The backend that has said that it is ready. `connected` gives whoever answers now. */
export function remote(
  ready: Ready,
  connected: () => Promise<Answering>,
  close: () => void,
): { readonly definition: BackendDefinition; readonly session: Session } {
  const session = sessionOn(ready, connected, close);
  const definition = defineBackend({
    name: ready.name,
    profile: ready.profile,
    capabilities: { syncRead: false },
    supports: (primitive, operands, params) => supported(ready, primitive, operands, params),
    open: async () => session,
  });
  return { definition, session };
}

function supported(
  { supports, name }: Ready,
  primitive: AnyPrimitive,
  operands: readonly Aval[],
  params: Params,
): true | Gap {
  if (supports === undefined) return true;
  const known = supports[primitive.name];
  if (known === undefined) return gap(`${name} does not declare ${primitive.name}`);
  const all = [...operands, ...inferAvals(primitive, operands, params)];
  const missing = all.find((a) => !known.includes(a.dtype));
  return missing === undefined || gap(`${name} does not declare ${primitive.name} for ${missing.dtype}`);
}

function sessionOn({ name, description }: Ready, connected: () => Promise<Answering>, close: () => void): Session {
  let buffers = 0;
  let bytes = 0;
  const pending = (value: Promise<HostArray>, { shape, dtype }: Pick<Aval, 'shape' | 'dtype'>): Pending => {
    value.catch(() => {}); // its reader hears of it
    const size = sizeOf(shape) * dtypes[dtype].bytes;
    buffers++;
    bytes += size;
    return { value, bytes: size };
  };
  return {
    devices: [{ id: 0, description }],
    compile(jaxpr) {
      const program = programToJson(jaxpr);
      const run = async (inputs: readonly Promise<HostArray>[]): Promise<readonly HostArray[]> => {
        const values = await Promise.all(inputs);
        const outputs = await (await connected()).run(program, values.map(encodeArray));
        if (outputs.length !== jaxpr.outputs.length) {
          throw new BackendError(`${name} gave ${outputs.length} outputs, the program has ${jaxpr.outputs.length}`);
        }
        return outputs.map((y, i) =>
          decodeArray(y, (message) => {
            throw new BackendError(`${name}, output ${i}: ${message}`);
          }),
        );
      };
      return {
        run(inputs) {
          const all = run(inputs.map((x) => (x as Pending).value));
          return jaxpr.outAvals.map((type, i) => pending(all.then((ys) => ys[i]!), type)); // prettier-ignore
        },
        dispose: () => {},
      };
    },
    put: (value) => pending(Promise.resolve(structuredClone(value)), value),
    read: (buffer) => (buffer as Pending).value.then((value) => structuredClone(value)),
    free(buffer) {
      buffers--;
      bytes -= (buffer as Pending).bytes;
    },
    live: () => ({ buffers, bytes }),
    close,
  };
}
