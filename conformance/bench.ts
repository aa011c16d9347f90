/** A backend under test, and the running of programs on it. */
import { type Backend, oneEquation } from '../reference/core/open-backend.ts';
import type { Buffer, ProfileName } from '../reference/core/backend.ts';
import { BackendError } from '../reference/core/errors.ts';
import { isDType } from '../reference/core/dtypes.ts';
import { allocate, avalOf, type HostArray, hostArray, numbers } from '../reference/core/host.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';
import { primitives } from '../reference/primitives/index.ts';
import type { BackendFacts } from './types.ts';

/** Results of a run, and the inputs as the backend holds them afterwards. */
export interface Ran {
  readonly outputs: readonly HostArray[];
  readonly inputsAfter: readonly HostArray[];
}

/** A run under way. */
interface Started {
  readonly inputs: readonly Buffer[];
  readonly results: readonly Buffer[];
  free(): void;
}

export class Bench {
  readonly backend: Backend;
  constructor(backend: Backend) {
    this.backend = backend;
  }

  get profile(): ProfileName {
    return this.backend.definition.profile;
  }

  /** The first equation that the backend does not compute. */
  gap(jaxpr: Jaxpr): { readonly primitive: string; readonly reason: string } | null {
    const first = this.backend.gaps(jaxpr)[0];
    return first === undefined ? null : { primitive: first.equation.primitive.name, reason: first.gap.gap };
  }

  /** Whether it still computes anything: an engine that has failed once may have lost its memory. */
  async isHealthy(): Promise<boolean> {
    const x = hostArray('float32', [3], [1, -2, 0.5]);
    const one = oneEquation(primitives.neg, [avalOf(x)], {});
    if (this.gap(one) !== null) return true; // nothing to tell it by
    const [y] = await this.run(one, [x]).catch(() => []);
    return y !== undefined && numbers(y).every((v, i) => v === -numbers(x)[i]!);
  }

  async run(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<readonly HostArray[]> {
    const started = this.#start(jaxpr, inputs);
    try {
      return await this.#read(started.results);
    } finally {
      started.free();
    }
  }

  async runAndReadInputs(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Ran> {
    const started = this.#start(jaxpr, inputs);
    try {
      return { outputs: await this.#read(started.results), inputsAfter: await this.#read(started.inputs) };
    } finally {
      started.free();
    }
  }

  /** The results at once; null if the backend cannot read at once, or fails. */
  runNow(jaxpr: Jaxpr, inputs: readonly HostArray[]): readonly HostArray[] | null {
    const { session } = this.backend;
    if (session.readSync === undefined) return null;
    let started: Started | null = null;
    try {
      started = this.#start(jaxpr, inputs);
      return started.results.map((b) => session.readSync!(b));
    } catch {
      return null;
    } finally {
      started?.free();
    }
  }

  #read(buffers: readonly Buffer[]): Promise<HostArray[]> {
    return Promise.all(buffers.map(async (b, i) => checkedArray(await this.backend.session.read(b), i)));
  }

  #start(jaxpr: Jaxpr, hosts: readonly HostArray[]): Started {
    const { session, device } = this.backend;
    const executable = session.compile(jaxpr, { device });
    const inputs = hosts.map((x) => session.put(x, device));
    const release = (buffers: readonly Buffer[]): void => {
      for (const b of buffers) session.free(b);
      executable.dispose();
    };
    try {
      const results = executable.run(inputs);
      const count = Array.isArray(results) ? String(results.length) : 'no array of';
      if (count !== String(jaxpr.outputs.length))
        throw new BackendError(`the backend gave ${count} results, the program has ${jaxpr.outputs.length}`);
      return { inputs, results, free: () => release([...results, ...inputs]) };
    } catch (error) {
      release(inputs);
      throw error;
    }
  }
}

/** What is read must be an array, whatever its type: whether that is the right one is judged later. */
function checkedArray(value: Partial<HostArray> | null, i: number): HostArray {
  const { dtype, shape, data } = value ?? {};
  const isArray = isDType(dtype) && Array.isArray(shape) && data instanceof allocate(dtype, 0).constructor;
  if (isArray) return value as HostArray;
  throw new BackendError(
    `result ${i} reads as no array: it must have dtype, shape and data, stored as spec/values.md says`,
  );
}

/** What reports say of a backend; `asked`: as the user named it. */
export function factsOf({ backend, profile }: Bench, asked: string): BackendFacts {
  const description = backend.session.devices.map((d) => d.description).join(', ');
  return { name: backend.name, description, profile, syncRead: backend.definition.capabilities.syncRead, asked };
}
