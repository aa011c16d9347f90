/**
 * An engine of TensorFlow.js, used through its kernels: they take the backend that they run on as an argument, so that
 * several engines work side by side whatever `tf.setBackend` says. Kernels never see a tensor's shape or dtype but as
 * written in the call: reshaping is a view that costs nothing.
 */
import type * as Tf from '@tensorflow/tfjs-core';
import type { DType } from '../../reference/core/dtypes.ts';
import { BackendError } from '../../reference/core/errors.ts';

export type EngineName = 'wasm' | 'cpu';
export type Storage = 'float32' | 'int32' | 'bool';
export type Shape = readonly number[];

const storages: { readonly [D in DType]?: Storage } = {
  float32: 'float32',
  int32: 'int32',
  uint32: 'int32', // of the same bits
  bool: 'bool',
};

/** Whether the engines compute with a dtype. Values of the others may be passed on by programs. */
export const isComputed = (dtype: DType): boolean => dtype in storages;
/** What values of a dtype are held as; those that nothing computes with as bytes. */
export const storageOf = (dtype: DType): Storage => storages[dtype] ?? 'bool';

/** Data of the engine, seen with a shape and a dtype. */
export interface Tensor {
  readonly dataId: object;
  readonly shape: Shape;
  readonly dtype: Storage;
}

/** The same data with another shape. */
export const view = (x: Tensor, shape: Shape): Tensor => ({ dataId: x.dataId, shape, dtype: x.dtype });

export type Attributes = Readonly<Record<string, number | readonly number[] | boolean | string>>;
type Module = typeof Tf;

/** The line that installs what the engines need. */
export const INSTALL: Readonly<Record<EngineName, string>> = {
  wasm: 'npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm',
  cpu: 'npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu',
};

export class Engine {
  readonly name: EngineName;
  readonly version: string;
  readonly #tf: Module;
  readonly #backend: Tf.KernelBackend;
  readonly #kernels = new Map<string, Tf.KernelFunc>();
  /** References to data that the lowering under way has made and not given away. */
  #made: object[] = [];

  constructor(name: EngineName, tf: Module) {
    this.name = name;
    this.version = tf.version_core;
    this.#tf = tf;
    this.#backend = tf.findBackend(name);
  }

  get isWasm(): boolean {
    return this.name === 'wasm';
  }

  /** Runs a kernel. Its result lives until the scope ends, unless the scope returns it. */
  run(kernel: string, inputs: Readonly<Record<string, Tensor>> | readonly Tensor[], attributes?: Attributes): Tensor {
    return this.runAll(kernel, inputs, attributes)[0]!;
  }

  /** Runs a kernel that may have several results. */
  runAll(
    kernel: string,
    inputs: Readonly<Record<string, Tensor>> | readonly Tensor[],
    attributes: Attributes = {},
  ): readonly Tensor[] {
    let compute = this.#kernels.get(kernel);
    if (compute === undefined) {
      const config = this.#tf.getKernel(kernel, this.name);
      if (config == null) throw new BackendError(`tfjs:${this.name} has no kernel ${kernel}`);
      this.#kernels.set(kernel, (compute = config.kernelFunc));
    }
    const result = compute({
      inputs: inputs as unknown as Tf.NamedTensorInfoMap,
      backend: this.#backend,
      attrs: attributes,
    });
    const results = (Array.isArray(result) ? result : [result]) as readonly Tensor[];
    for (const { dataId } of results) this.#made.push(dataId);
    return results;
  }

  /** Copies values into the engine, for the scope under way. */
  constant(values: Float32Array | Int32Array | Uint8Array, shape: Shape, dtype: Storage): Tensor {
    const tensor = this.write(values, shape, dtype);
    this.#made.push(tensor.dataId);
    return tensor;
  }

  /** Runs `lower`, keeps one reference for each of its results and drops whatever else it made. */
  scope(lower: () => readonly Tensor[]): readonly Tensor[] {
    const outer = this.#made;
    this.#made = [];
    try {
      const results = lower();
      for (const { dataId } of results) {
        const at = this.#made.indexOf(dataId);
        if (at < 0) this.#backend.incRef(dataId);
        else this.#made.splice(at, 1);
      }
      return results;
    } finally {
      for (const dataId of this.#made) this.#backend.disposeData(dataId);
      this.#made = outer;
    }
  }

  /** Drops what `compute` makes but its result, which lives until the scope around it ends. */
  tidy(compute: () => Tensor): Tensor {
    const [result] = this.scope(() => [compute()]);
    this.#made.push(result!.dataId);
    return result!;
  }

  /** Copies values into the engine, for keeps: the cpu engine would go on using the caller's array. */
  write(values: Float32Array | Int32Array | Uint8Array, shape: Shape, dtype: Storage): Tensor {
    return { dataId: this.#backend.write(values.slice(), shape as number[], dtype), shape, dtype };
  }

  /** A copy of the data. */
  read({ dataId }: Tensor): Float32Array | Int32Array | Uint8Array {
    return (this.#backend.readSync(dataId) as Float32Array | Int32Array | Uint8Array).slice();
  }

  /** Another reference to the same data. */
  share(x: Tensor): void {
    this.#backend.incRef(x.dataId);
  }

  /** Drops a reference. */
  drop(x: Tensor): void {
    this.#backend.disposeData(x.dataId);
  }

  /** Data alive in the engine, whoever made it. */
  get dataCount(): number {
    return this.#backend.numDataIds();
  }
}

/** Starting an engine chooses it for a while, so one starts after the other. */
let starting: Promise<unknown> = Promise.resolve();

/** Loads and starts an engine. @throws BackendError naming the line that installs it */
export function startEngine(name: EngineName, wasmPaths: unknown): Promise<Engine> {
  const engine = starting.then(async () => start(name, await load(name, wasmPaths)));
  starting = engine.catch(() => undefined);
  return engine;
}

async function start(name: EngineName, tf: Module): Promise<Engine> {
  const previous = tf.engine().backendName as string | undefined;
  const production = tf.env().getBool('PROD');
  tf.env().set('PROD', true); // no advertisement for another package at the first write
  try {
    if (!(await tf.setBackend(name))) throw new Error('it did not initialise');
    const engine = new Engine(name, tf);
    engine.drop(engine.write(Float32Array.of(0), [1], 'float32'));
    return engine;
  } catch (error) {
    throw new BackendError(`tfjs:${name} cannot start: ${messageOf(error)}`, { cause: error });
  } finally {
    tf.env().set('PROD', production);
    if (previous !== undefined && previous !== name) await tf.setBackend(previous);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function load(name: EngineName, wasmPaths: unknown): Promise<Module> {
  try {
    const tf = await import('@tensorflow/tfjs-core');
    if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
    else {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      // Under node the engine finds its .wasm beside itself; pages say where they serve it.
      if (wasmPaths !== undefined) setWasmPaths(wasmPaths as string);
    }
    return tf;
  } catch (error) {
    throw new BackendError(`tfjs:${name} needs TensorFlow.js, which is not installed here:\n  ${INSTALL[name]}`, {
      cause: error,
    });
  }
}
