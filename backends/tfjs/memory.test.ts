/** What the engines hold: no more after thousands of calls than after one, and nothing after failures and after the end. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { collect, settled } from '../../conformance/testing/collector.ts';
import { dataOn, error, type Params, startOn, step } from '../../conformance/testing/linear-model.ts';
import type { Backend } from '../../reference/core/open-backend.ts';
import type { BackendDefinition } from '../../reference/core/backend.ts';
import {
  backend,
  devicePut,
  errors,
  grad,
  jit,
  lax,
  liveBuffers,
  type NDArray,
  np,
  reference,
  setDefaultBackend,
  tidy,
  tree,
  valueAndGrad,
  vmap,
} from '../../reference/index.ts';
import { Engine, startEngine } from './engine.ts';
import { tfjsCpu, tfjsWasm } from './index.ts';

const CALLS = process.env['TEST_LEVEL'] === 'full' ? 10_000 : 1_000;

describe.each<BackendDefinition>([tfjsWasm, tfjsCpu])('$name', (definition) => {
  let device: Backend;
  let engine: Engine;
  beforeAll(async () => {
    device = await backend(definition);
    engine = await startEngine(definition === tfjsWasm ? 'wasm' : 'cpu', undefined);
  });
  afterEach(() => setDefaultBackend(reference));
  afterAll(() => device.close());

  /** Handles, data of the engine, and what TensorFlow.js itself counts. */
  const held = (): readonly number[] => [liveBuffers(device).buffers, engine.dataCount, tf.memory().numTensors];
  const start = (): Params => startOn(device);
  const data = (): readonly [NDArray, NDArray] => dataOn(device);

  describe(`${CALLS} jitted steps of training hold no more than one`, () => {
    test('in a loop, under tidy', () => {
      const [x, y] = data();
      const train = jit(step);
      let params = start();
      const next = (): void => {
        const before = params;
        params = tidy(() => train(before, x, y, 0.01).params);
        tree.map((p: NDArray) => p.dispose(), before);
      };
      next();
      const once = held();
      for (let i = 1; i < CALLS; i++) next();
      expect(held()).toEqual(once);
      expect(error(params, x, y).item()).toBeLessThan(error(start(), x, y).item() as number);
    });

    test('in a loop, with donation', () => {
      const [x, y] = data();
      const train = jit(step, { donateArgnums: 0 });
      let params = start();
      const next = (): void => {
        const result = train(params, x, y, 0.01);
        params = result.params;
        result.loss.dispose();
      };
      next();
      const once = held();
      for (let i = 1; i < CALLS; i++) next();
      expect(held()).toEqual(once);
    });

    test('in an awaited loop', async () => {
      const [x, y] = data();
      const train = jit(step);
      let result = train(start(), x, y, 0.01);
      const next = async (): Promise<void> => {
        result = train(result.params, x, y, 0.01);
        await result.loss.data();
      };
      await next();
      await settled();
      const once = held();
      for (let i = 1; i < CALLS; i++) await next();
      await settled();
      const after = held(); // fewer, if there was still something that earlier tests had left
      after.forEach((count, i) => expect(count).toBeLessThanOrEqual(once[i]!));
    });
  });

  describe('temporaries of eager transformations', () => {
    const chain = (x: NDArray): NDArray => lax.sin(lax.mul(lax.exp(lax.mul(x, x)), lax.cos(x))).sum();
    test.each<[string, number, (x: NDArray) => unknown]>([
      ['grad', 1, grad(chain)],
      ['valueAndGrad', 2, valueAndGrad(chain)],
      ['grad of grad', 1, grad((x: NDArray) => grad(chain)(x).sum())],
      ['vmap', 1, vmap((x: NDArray) => lax.mul(lax.sin(x), lax.cos(x)))],
      ['vmap of grad', 1, vmap(grad((x: NDArray) => lax.sin(lax.mul(x, x))))],
    ])('%s keeps its result', (_, kept, run) => {
      setDefaultBackend(device);
      const x = devicePut(np.array([0.1, 0.2, 0.3]), device);
      const [buffers, engineData] = held();
      const result = run(x);
      expect(held().slice(0, 2)).toEqual([buffers! + kept, engineData! + kept]);
      tree.map((y: NDArray) => y.dispose(), result as NDArray);
      expect(held().slice(0, 2)).toEqual([buffers, engineData]);
    });
  });

  test('a kernel that fails leaves nothing behind, whichever it is', () => {
    const f = jit((x: NDArray) => {
      const [, ys] = lax.scan((c: NDArray, y: NDArray) => [c.add(y), np.max(c.mul(y))], np.zeros([2]), x);
      return lax.cond(np.sum(ys).greater(0), (y: NDArray) => np.log1p(y), (y: NDArray) => np.cumsum(y), ys); // prettier-ignore
    });
    const x = devicePut(np.array([[1, 2], [3, 4]]), device); // prettier-ignore
    f(x).dispose();
    const before = held();
    const original = Engine.prototype.run;
    const kernels = vi.spyOn(Engine.prototype, 'run');
    try {
      f(x).dispose();
      const calls = kernels.mock.calls.length;
      expect(calls).toBeGreaterThan(10);
      for (let failing = 0; failing < calls; failing++) {
        let call = 0;
        kernels.mockImplementation(function (this: Engine, ...args) {
          if (call++ === failing) throw new Error('out of luck');
          return original.apply(this, args);
        });
        expect(() => f(x)).toThrow(errors.BackendError);
        expect(held(), `kernel ${failing}`).toEqual(before);
      }
    } finally {
      kernels.mockRestore();
    }
  });

  test('closing frees constants too, and arrays say that they are gone', async () => {
    const before = engine.dataCount;
    const short = await backend(definition);
    const x = devicePut(np.array([1, 2, 3]), short);
    const constant = np.array([4, 5, 6]);
    const f = jit((y: NDArray) => y.mul(constant), { backend: short });
    expect(f(x).js()).toEqual([4, 10, 18]);
    expect(engine.dataCount).toBeGreaterThan(before);
    short.close();
    expect(engine.dataCount).toBe(before);
    for (const use of [() => x.js(), () => x.add(1), () => f(x), () => f(constant)])
      expect(use).toThrow(errors.DisposedError);
    await expect(x.data()).rejects.toThrow(errors.DisposedError);
    expect(constant.js()).toEqual([4, 5, 6]);
  });

  test('arrays weigh on the garbage collector as much as they take', () => {
    const f = jit((x: NDArray) => x.add(1), { backend: device });
    const size = 1_000_000;
    const x = devicePut(np.ones([size]), device);
    f(x).dispose();
    const visible = (): number => {
      for (let i = 0; i < 3; i++) collect(); // buffers are swept while JavaScript goes on, until the next collection
      return process.memoryUsage().arrayBuffers;
    };
    const y = f(x);
    const before = visible();
    y.dispose();
    expect(before - visible()).toBeGreaterThan(0.99 * 4 * size);
  });
});
