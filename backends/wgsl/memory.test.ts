/** What a device holds: no more after many steps than after one, nothing of programs that are gone, and bounded caches. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settled } from '../../conformance/testing/collector.ts';
import { dataOn, error, type Params, startOn, step } from '../../conformance/testing/linear-model.ts';
import { openWgsl } from '../../conformance/testing/wgsl.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { devicePut, jit, lax, type NDArray, np, tidy, tree } from '../../reference/index.ts';
import { MOST_BIND_GROUPS, MOST_UNIFORMS } from './device/commands.ts';
import { MOST_PIPELINES } from './device/pipelines.ts';
import type { WgslSession } from './device/session.ts';
import { wgsl } from './index.ts';

const isFull = process.env['TEST_LEVEL'] === 'full';
const STEPS = isFull ? 10_000 : 100;
/** Until buffers have taken turns. */
const FEW = 8;
const PROGRAMS = isFull ? 1000 : 20;
const NUMBERS = isFull ? 2500 : 20;

const opened = await openWgsl();

describe.skipIf(typeof opened === 'string')(
  'memory (skipped where no GPU can be opened)',
  { timeout: isFull ? 600_000 : 30_000 },
  () => {
    let session: WgslSession;
    let device: Backend;
    beforeAll(() => {
      session = opened as WgslSession;
      device = new Backend(wgsl, session);
    });
    afterAll(() => device.close());

    /** Values, buffers of the device, their bytes, and what is compiled and remembered. */
    const held = (): readonly number[] => {
      const { memory, staging, pipelines, commands } = session;
      const { groups, uniforms } = commands.size;
      return [
        session.live().buffers,
        memory.buffers,
        memory.allocated,
        staging.allocated,
        pipelines.size,
        groups,
        uniforms,
      ];
    };
    /** Bytes that something uses. */
    const used = (): number => session.memory.allocated - session.memory.kept;

    const start = (): Params => startOn(device);
    const data = (): readonly [NDArray, NDArray] => dataOn(device);
    const lossOf = async (params: Params, [x, y]: readonly [NDArray, NDArray]): Promise<number> =>
      (await error(params, x, y).data())[0] as number;

    describe(`${STEPS} jitted steps of training hold no more than ${FEW}`, () => {
      test('in a loop, under tidy', async () => {
        const [x, y] = data();
        const train = jit(step);
        let params = start();
        const next = (): void => {
          const before = params;
          params = tidy(() => train(before, x, y, 0.01).params);
          tree.map((p: NDArray) => p.dispose(), before);
        };
        for (let i = 0; i < FEW; i++) next();
        const few = held();
        for (let i = FEW; i < STEPS; i++) next();
        expect(held()).toEqual(few);
        expect(await lossOf(params, [x, y])).toBeLessThan(await lossOf(start(), [x, y]));
      });

      test('in a loop, with donation', async () => {
        const [x, y] = data();
        const train = jit(step, { donateArgnums: 0 });
        let params = start();
        const next = (): void => {
          const result = train(params, x, y, 0.01);
          params = result.params;
          result.loss.dispose();
        };
        for (let i = 0; i < FEW; i++) next();
        const few = held();
        for (let i = FEW; i < STEPS; i++) next();
        expect(held()).toEqual(few);
        expect(await lossOf(params, [x, y])).toBeLessThan(await lossOf(start(), [x, y]));
      });

      test('in an awaited loop', async () => {
        const [x, y] = data();
        const train = jit(step);
        let result = train(start(), x, y, 0.01);
        const next = async (): Promise<void> => {
          result = train(result.params, x, y, 0.01);
          await result.loss.data();
        };
        for (let i = 0; i < FEW; i++) await next();
        await settled();
        const [values, , , staging] = held();
        const bytes = used();
        for (let i = FEW; i < STEPS; i++) await next();
        await settled();
        const after = held();
        expect(after[0]).toBeLessThanOrEqual(values!);
        expect(after[3]).toBe(staging);
        expect(used()).toBeLessThanOrEqual(bytes);
      });
    });

    test(`${PROGRAMS} different programs leave nothing but bounded caches`, async () => {
      const x = devicePut(np.array([1, 2, 3]), device);
      const kernels = session.pipelines.size;
      await settled();
      const bytes = used();
      for (let i = 0; i < PROGRAMS; i++) {
        const constant = np.array([i, 1, 2]);
        const y = jit((z: NDArray) => z.mul(i + 0.5).add(constant))(x);
        if (i % 16 === 0) expect(await y.jsAsync()).toEqual([i + 0.5 + i, 2 * i + 2, 3 * i + 3.5]);
        y.dispose();
      }
      await settled();
      await settled();
      const { groups, uniforms } = session.commands.size;
      expect(session.pipelines.size).toBe(Math.min(MOST_PIPELINES, kernels + PROGRAMS));
      expect(groups).toBeLessThanOrEqual(MOST_BIND_GROUPS);
      expect(uniforms).toBeLessThanOrEqual(MOST_UNIFORMS);
      // A constant of each, in a buffer of its own.
      expect(used() - bytes).toBeLessThan((PROGRAMS / 4) * 64);
    });

    test('numbers beside the text of a kernel are in buffers, whose number is bounded', async () => {
      const x = devicePut(np.array([1, 2, 3]), device);
      const kernels = session.pipelines.size;
      // From 4 on: that there are 3 elements stands there as well, and what is equal stands there once.
      for (let n = 4; n <= NUMBERS + 3; n++) {
        const y = jit((z: NDArray) => z.add(n * 2 ** -149))(x);
        if (n % 500 === 1) expect(await y.jsAsync()).toEqual([1, 2, 3]);
        y.dispose();
      }
      expect(session.pipelines.size).toBe(Math.min(MOST_PIPELINES, kernels + 1));
      expect(session.commands.size.uniforms).toBeLessThanOrEqual(MOST_UNIFORMS);
    });

    test('the constants of a loop that the host waits for stay as long as it runs', async () => {
      const table = np.array([3, 1, 2, 5]);
      const [zero] = devicePut([np.array(0)], device);
      const before = session.live().buffers;
      const looped = lax.whileLoop((c: NDArray) => c.less(1000), (c: NDArray) => c.add(table.sum()).add(1), zero!); // prettier-ignore
      // Put while the loop waits: not where its constants are.
      const meanwhile = Array.from({ length: 8 }, (_, i) => devicePut(np.array([9, 9, 9, i]), device));
      expect(await looped.jsAsync()).toBe(84 * 12);
      for (const x of [looped, ...meanwhile]) x.dispose();
      expect(session.live().buffers).toBe(before);
    });

    test('buffers cease to exist after the commands that use them', async () => {
      const f = jit((x: NDArray) => {
        const y = np.cumsum(np.broadcastTo(x, [1000]));
        return lax.cummax(y.mul(-1), 0).slice([0, 3]);
      });
      const y = f(devicePut(np.array([1]), device));
      session.memory.trim();
      expect(session.memory.kept).toBe(0);
      expect(await y.jsAsync()).toEqual([-1, -1, -1]);
    });
  },
);
