/** Compiled kernels, by their text: what has been compiled once is compiled for every program of the process. */
import { type Owner, showOwner } from '../compile/plan.ts';
import { caught, type Check } from './batches.ts';

/** Pipelines that are kept; those used longest ago go first. */
export const MOST_PIPELINES = 512;

export interface Pipeline {
  readonly id: number;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class Pipelines {
  readonly #device: GPUDevice;
  /** Told what is wrong with each. */
  readonly #checked: (check: Check) => void;
  readonly #known = new Map<string, Pipeline>();
  #ids = 0;

  constructor(device: GPUDevice, checked: (check: Check) => void) {
    this.#device = device;
    this.#checked = checked;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The pipeline of a text. */
  of(code: string, owner: Owner): Pipeline {
    const known = this.#known.get(code);
    if (known !== undefined) this.#known.delete(code);
    const pipeline = known ?? this.#compile(code, owner);
    this.#known.set(code, pipeline);
    if (this.#known.size > MOST_PIPELINES) this.#known.delete(this.#known.keys().next().value!);
    return pipeline;
  }

  #compile(code: string, owner: Owner): Pipeline {
    const { label } = owner;
    this.#device.pushErrorScope('internal');
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code, label });
    const pipeline = this.#device.createComputePipeline({
      label,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const layout = pipeline.getBindGroupLayout(0);
    const made: Pipeline = { id: this.#ids++, pipeline, layout };
    const checks = [caught(this.#device), caught(this.#device)];
    this.#checked(
      Promise.all(checks).then((messages) => {
        const message = messages.find((text) => text !== null);
        if (message === undefined) return null;
        // Who asks next is told again.
        if (this.#known.get(code) === made) this.#known.delete(code);
        return `${showOwner(owner)} failed: its kernel does not compile: ${message}`;
      }),
    );
    return made;
  }
}
