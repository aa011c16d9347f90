/** Backends behind a command: `command:python3 tools/numpy-backend.py` (spec/protocol.md). */
import { parseArgsStringToArgv } from 'string-argv';
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
import { decodeArray, encodeArray } from '../../reference/core/program.ts';
import { CannotStartError, UsageError } from '../types.ts';
import { Connection, type ConnectionOptions, EndedError } from './connection.ts';
import type { Ready } from './messages.ts';

const PREFIX = 'command:';
export const isCommand = (asked: string): boolean => asked.startsWith(PREFIX);

/** A value on the other side of the protocol is a value on the way here: the process keeps nothing between runs. */
interface Pending extends Buffer {
  readonly value: Promise<HostArray>;
  readonly bytes: number;
}

/**
 * Starts the command, without a shell, and asks what it is. Where it ends, or breaks the protocol, the run that it was at
 * fails, and the next one starts it again.
 * @throws UsageError for an empty command; CannotStartError if it does not get ready
 */
export async function openCommand(
  asked: string,
  options: ConnectionOptions,
): Promise<{ definition: BackendDefinition; session: Session }> {
  const command = asked.slice(PREFIX.length);
  const argv = parseArgsStringToArgv(command);
  if (argv.length === 0) throw new UsageError(`${asked}: the command is empty; for example command:python3 backend.py`);
  const first = await Connection.open(argv, options).catch((error: unknown) => {
    const why = error instanceof EndedError ? error.details : (error as Error).message;
    throw new CannotStartError(`${command} does not start: ${why}`);
  });
  const { ready } = first;
  let connection: Promise<Connection> = Promise.resolve(first);
  const connected = async (): Promise<Connection> => {
    if ((await connection.catch(() => null))?.isOver !== false) connection = Connection.open(argv, options);
    return connection;
  };
  const definition = defineBackend({
    name: ready.name,
    profile: ready.profile,
    capabilities: { syncRead: false },
    supports: (primitive, operands, params) => supported(ready, primitive, operands, params),
    open: async () => session,
  });
  const session = sessionOn(
    ready,
    connected,
    () =>
      void connection.then(
        (c) => c.close(),
        () => {},
      ),
  );
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

function sessionOn({ name, description }: Ready, connected: () => Promise<Connection>, close: () => void): Session {
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
