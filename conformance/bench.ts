/** A backend under test, and the running of programs on it. */
import type { Backend } from '../reference/core/array.ts';
import type { ProfileName } from '../reference/core/backend.ts';
import type { HostArray } from '../reference/core/host.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';

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
