/** A backend under test, and the running of programs on it. */
import { type Backend, oneEquation } from '../reference/core/array.ts';
import type { ProfileName } from '../reference/core/backend.ts';
import { avalOf, type HostArray, hostArray, numbers } from '../reference/core/host.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';
import { primitives } from '../reference/primitives/index.ts';

/** Results of a run, and the inputs as the backend holds them afterwards. */
export interface Ran {
  readonly outputs: readonly HostArray[];
  readonly inputsAfter: readonly HostArray[];
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
    return (await this.#execute(jaxpr, inputs, false)).outputs;
  }

  runAndReadInputs(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Ran> {
    return this.#execute(jaxpr, inputs, true);
  }

  async #execute(jaxpr: Jaxpr, inputs: readonly HostArray[], alsoInputs: boolean): Promise<Ran> {
    const { session, device } = this.backend;
    const executable = session.compile(jaxpr, { device });
    const buffers = inputs.map((x) => session.put(x, device));
    try {
      const results = executable.run(buffers);
      try {
        const outputs = await Promise.all(results.map((b) => session.read(b)));
        const inputsAfter = alsoInputs ? await Promise.all(buffers.map((b) => session.read(b))) : [];
        return { outputs, inputsAfter };
      } finally {
        for (const b of results) session.free(b);
      }
    } finally {
      for (const b of buffers) session.free(b);
      executable.dispose();
    }
  }
}
