/** The libraries that are timed, as a page runs them: `wgsl` itself, jax-js, TensorFlow.js. */
import type { WgslSession } from '../../../backends/wgsl/device/session.ts';
import { ConcreteArray } from '../../../reference/core/array.ts';
import type { HostArray } from '../../../reference/core/host.ts';
import { backend, devicePut, jit, type NDArray } from '../../../reference/index.ts';
import { reordered } from './agreement.ts';
import type { Fn, Jax, Orders, Row, Tf } from './rows.ts';
import type { Contestant } from './turns.ts';

/** A library with the inputs of a row on its device. */
export interface Prepared extends Contestant {
  /** Of one more call. */
  results(): Promise<readonly HostArray[]>;
  free(): void;
}

export interface Contender {
  readonly adapter: GPUAdapterInfo;
  /** Whether that is software on the CPU. */
  readonly cpu: boolean;
  prepare(row: Row, inputs: readonly HostArray[]): Prepared;
}

const listed = <T>(result: T | readonly T[]): readonly T[] => (Array.isArray(result) ? result : [result as T]);
const inOrder = (xs: readonly HostArray[], orders: Orders = []): readonly HostArray[] =>
  xs.map((x, i) => (orders[i] ? reordered(x, orders[i]) : x));
const float32 = (shape: readonly number[], data: unknown): HostArray => ({
  dtype: 'float32',
  shape,
  data: data as Float32Array,
});
const numbersOf = (x: HostArray): Float32Array<ArrayBuffer> => x.data as Float32Array<ArrayBuffer>;

export async function openEtalon(): Promise<Contender> {
  const opened = await backend('wgsl');
  const session = opened.session as WgslSession;
  return {
    adapter: session.adapter,
    cpu: session.cpu,
    prepare({ etalon }, inputs) {
      const xs = inputs.map((x) => devicePut(ConcreteArray.fromHost(x), opened));
      const f = jit(etalon, { backend: opened }) as Fn<NDArray>;
      return {
        call: () => listed(f(...xs)).forEach((y) => y.dispose()),
        finish: () => session.finish(),
        async results() {
          const ys = listed(f(...xs));
          const read = await Promise.all(ys.map(async (y) => float32(y.shape, await y.data())));
          for (const y of ys) y.dispose();
          return read;
        },
        free: () => xs.forEach((x) => x.dispose()),
      };
    },
  };
}

/** Every use of an array of jax-js takes it, unless `.ref` says that it is used again. */
export async function openJaxJs(): Promise<Contender> {
  const jax: Jax = await import('@jax-js/jax');
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('it finds no WebGPU');
  jax.defaultDevice('webgpu');
  const device = jax.getWebGPUDevice();
  return {
    adapter: device.adapterInfo,
    cpu: device.adapterInfo.isFallbackAdapter,
    prepare({ jaxjs, jaxjsOrders }, inputs) {
      const xs = inOrder(inputs, jaxjsOrders?.inputs).map((x) =>
        jax.numpy.array(numbersOf(x), { shape: [...x.shape] }),
      );
      const f = jax.jit(jaxjs(jax) as (...ys: typeof xs) => typeof xs);
      const run = (): typeof xs => [...listed(f(...xs.map((x) => x.ref)))].flat();
      return {
        // Nothing runs before somebody asks for it; this hands it over without waiting.
        call: () => run().forEach((y) => y.gpuBufferSync()),
        finish: async () => void (await device.queue.onSubmittedWorkDone()),
        async results() {
          const read = run().map(async (y) => {
            const { shape } = y;
            return float32(shape, await y.data());
          });
          const back = jaxjsOrders?.results.map((order) => order && order.map((_, d) => order.indexOf(d)));
          return inOrder(await Promise.all(read), back);
        },
        free() {
          for (const x of xs) x.dispose();
          f.dispose();
        },
      };
    },
  };
}

/** From so many numbers on TensorFlow.js computes on the GPU for certain. */
const ON_GPU = 4096;

export async function openTfjs(): Promise<Contender> {
  const tf: Tf = await import('@tensorflow/tfjs-core');
  if (!(await tf.setBackend('webgpu'))) throw new Error('it finds no WebGPU');
  await tf.ready();
  const { device } = tf.backend() as unknown as { readonly device: GPUDevice };
  const marker = tf.neg(tf.ones([ON_GPU]));
  return {
    adapter: device.adapterInfo,
    cpu: device.adapterInfo.isFallbackAdapter,
    prepare({ tfjs }, inputs) {
      const xs = inputs.map((x) => tf.tensor(numbersOf(x), [...x.shape]));
      const f = tfjs(tf);
      return {
        call: () => tf.tidy(() => void f(...xs)),
        async finish() {
          marker.dataToGPU().tensorRef.dispose(); // hands over all that waits
          await device.queue.onSubmittedWorkDone();
        },
        async results() {
          const ys = tf.tidy(() => [...listed(f(...xs))]);
          const read = await Promise.all(ys.map(async (y) => float32(y.shape, await y.data())));
          tf.dispose(ys);
          return read;
        },
        free: () => tf.dispose(xs),
      };
    },
  };
}
