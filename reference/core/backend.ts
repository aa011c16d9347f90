/**
 * What a backend is (spec/backend.md): a file that default-exports `defineBackend({ … })`.
 */
import { BackendError } from './errors.ts';
import type { Aval, HostArray } from './host.ts';
import type { Jaxpr } from './jaxpr.ts';
import type { Params, RunnablePrimitive } from './primitive.ts';

/** Why a backend does not compute a call. */
export interface Gap {
  readonly gap: string;
}
export const gap = (reason: string): Gap => ({ gap: reason });

/** The switches of spec/numerics.md#profiles. */
export type ProfileName = 'strict' | 'fast' | 'gpu';

export interface Capabilities {
  /** `Open.readSync` exists. */
  readonly syncRead: boolean;
  /**
   * True if the garbage collector does not see the memory of buffers: a WebAssembly heap, a GPU. Arrays then weigh
   * as much as their buffers, so that what nobody can reach is freed in time.
   */
  readonly hiddenMemory?: boolean;
}

/** A backend's own handle of a value on one of its devices. */
export type Buffer = object;

export interface Device {
  readonly id: number;
  /** In words, as reports print it: versions, adapter, threads. */
  readonly description: string;
}

export interface Executable {
  /**
   * Runs with one buffer per input of the jaxpr, and returns at once with one new buffer per result; a result may be
   * pending or failed, which shows at the next read. Inputs stay the caller's, also when a result is the same value.
   */
  run(inputs: readonly Buffer[]): readonly Buffer[];
  /**
   * Frees what belongs to the executable (constants, pipelines); called again, it does nothing. It is called without
   * `this`, also when the program is unreachable: a function that refers to the jaxpr keeps it from becoming so.
   */
  readonly dispose: () => void;
}

/** An open backend's functions on its devices. */
export interface Session {
  readonly devices: readonly Device[];
  compile(jaxpr: Jaxpr, options: { readonly device: Device }): Executable;
  put(value: HostArray, device: Device): Buffer;
  read(buffer: Buffer): Promise<HostArray>;
  readSync?(buffer: Buffer): HostArray;
  /** Frees a buffer. Never called twice for one. */
  free(buffer: Buffer): void;
  /** Buffers alive, for memory checks and out-of-memory messages. */
  live(): { readonly buffers: number; readonly bytes: number };
  close(): void;
  /** Why the devices are gone, and every buffer with them; null, or not there: they are not. */
  readonly lost?: string | null;
}

/** Options of `open` beyond a backend's own. */
export type OpenOptions = Readonly<Record<string, unknown>>;

export interface BackendDefinition {
  /** `tfjs:wasm`: ASCII, without spaces. */
  readonly name: string;
  readonly profile: ProfileName;
  readonly capabilities: Capabilities;
  /** Pure, and asked for every equation before compile; defines a cell of the report. */
  supports(primitive: RunnablePrimitive, operands: readonly Aval[], params: Params): true | Gap;
  open(options: OpenOptions): Promise<Session>;
}

/** Checks the shape of a backend definition: the default export of a backend file. */
export function defineBackend(definition: BackendDefinition): BackendDefinition {
  const wrong = (what: string): never => {
    throw new BackendError(`defineBackend: ${what}`);
  };
  if (typeof definition.name !== 'string' || !/^[\w:.-]+$/.test(definition.name)) {
    wrong(`name must be ASCII letters, digits and : . - _, got ${JSON.stringify(definition.name)}`);
  }
  if (!['strict', 'fast', 'gpu'].includes(definition.profile)) wrong(`profile must be strict, fast or gpu`);
  if (typeof definition.capabilities?.syncRead !== 'boolean') wrong('capabilities.syncRead must be true or false');
  for (const key of ['supports', 'open'] as const)
    if (typeof definition[key] !== 'function') wrong(`${key} must be a function`);
  return Object.freeze(definition);
}
