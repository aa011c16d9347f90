/** Compiled kernels, by their text: what has been compiled once is compiled for every program of the process. */

/** Pipelines that are kept; those used longest ago go first. */
export const MOST_PIPELINES = 512;

export interface Pipeline {
  readonly id: number;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** What is wrong with it; null: nothing. */
  readonly check: Promise<string | null>;
}

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #known = new Map<string, Pipeline>();
  #ids = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The pipeline of a text; `isNew` tells who has to look at its check. */
  of(code: string, label: string): { readonly pipeline: Pipeline; readonly isNew: boolean } {
    const known = this.#known.get(code);
    if (known !== undefined) {
      this.#known.delete(code);
      this.#known.set(code, known);
      return { pipeline: known, isNew: false };
    }
    const pipeline = this.#compile(code, label);
    this.#known.set(code, pipeline);
    if (this.#known.size > MOST_PIPELINES) this.#known.delete(this.#known.keys().next().value!);
    return { pipeline, isNew: true };
  }

  #compile(code: string, label: string): Pipeline {
    this.#device.pushErrorScope('internal');
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code, label });
    const pipeline = this.#device.createComputePipeline({
      label,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    const layout = pipeline.getBindGroupLayout(0);
    const checks = [this.#device.popErrorScope(), this.#device.popErrorScope()];
    const check = Promise.all(checks).then((errors) => {
      const message = errors.find((e) => e !== null)?.message;
      return message === undefined ? null : `its kernel does not compile: ${message}`;
    });
    return { id: this.#ids++, pipeline, layout, check };
  }
}
