/** What fails on a device: told where it is read, with the primitive and the user's line, and no harm to the rest. */
import { afterEach, describe, expect, test } from 'vitest';
import { openWgsl } from '../../conformance/testing/wgsl.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { backend, devicePut, errors, jit, lax, type NDArray, np } from '../../reference/index.ts';
import { compile } from './compile/compile.ts';
import type { Plan } from './compile/plan.ts';
import { control } from './control.ts';
import { openDevice } from './device/adapter.ts';
import { WgslSession } from './device/session.ts';
import { wgsl, wgslTable } from './index.ts';

/** Whether a buffer of the largest size is too large: SwiftShader has no memory for one, other adapters may. */
async function runsOut({ device }: WgslSession): Promise<boolean> {
  device.pushErrorScope('out-of-memory');
  device.createBuffer({ size: device.limits.maxBufferSize, usage: 0x80 }).destroy();
  return (await device.popErrorScope()) !== null;
}

const first = await openWgsl();
const hasEnough = typeof first === 'string' || !(await runsOut(first));
if (typeof first !== 'string') first.close();

const double = (x: NDArray): NDArray => x.mul(2);

describe.skipIf(typeof first === 'string')('failures (skipped where no GPU can be opened)', () => {
  const devices: Backend[] = [];
  afterEach(() => devices.splice(0).forEach((device) => device.close()));

  /** A backend on a device of its own, whose plans `change` may spoil. */
  async function open(change: (plan: Plan) => Plan = (plan) => plan): Promise<{ on: Backend; session: WgslSession }> {
    const session = new WgslSession(await openDevice(), (jaxpr, target) =>
      change(compile(jaxpr, wgslTable, control, target)),
    );
    const on = new Backend(wgsl, session);
    devices.push(on);
    return { on, session };
  }

  describe('a device that is lost', () => {
    test('says so of every array, and of what is to run there', async () => {
      const { on, session } = await open();
      const f = jit(double, { backend: on });
      const x = devicePut(np.array([1, 2]), on);
      const y = f(x);
      expect(await y.jsAsync()).toEqual([2, 4]);
      session.device.destroy();
      await session.device.lost;
      const gone = /the device is lost \(destroyed.*\), and its arrays with it; open it again: await backend\('wgsl'\)/;
      await expect(y.data()).rejects.toThrow(errors.BackendError);
      await expect(y.data()).rejects.toThrow(gone);
      await expect(y.data()).rejects.toThrow(/f32\[2\], the result of mul at .*failures\.test\.ts:24:\d+, is gone/);
      await expect(x.data()).rejects.toThrow('wgsl: f32[2] is gone: ');
      expect(() => f(x)).toThrow(/^wgsl: mul at .*failures\.test\.ts:24:\d+ cannot run: the device is lost/);
      expect(() => lax.exp(x)).toThrow(
        /^wgsl: exp at .*failures\.test\.ts:\d+:\d+ cannot be compiled: the device is lost/,
      );
      expect(() => devicePut(np.array([1]), on)).toThrow(/^wgsl: f32\[1\] cannot be put there: the device is lost/);
      y.dispose();
    });

    test('while something is read from it, and while a loop is under way', async () => {
      const { on, session } = await open();
      const x = devicePut(np.array([1, 2]), on);
      const reading = double(x).data();
      const loop = lax.whileLoop((c: NDArray) => c.sum().less(1e9), (c: NDArray) => c.add(1), x); // prettier-ignore
      const after = loop.add(1);
      session.device.destroy();
      await expect(reading).rejects.toThrow(/the result of mul at .* is gone: the device is lost \(destroyed/);
      await expect(loop.data()).rejects.toThrow(/the result of while at .* is gone: the device is lost/);
      await expect(after.data()).rejects.toThrow(/the result of add at .* is gone: the device is lost/);
    });

    test('is opened again by its name, once', async () => {
      const old = await backend('wgsl');
      expect(await backend('wgsl')).toBe(old);
      const x = devicePut(np.array([1, 2]), old);
      const { device } = old.session as WgslSession;
      device.destroy();
      await device.lost;
      const [fresh, same] = await Promise.all([backend('wgsl'), backend('wgsl')]);
      expect(fresh).not.toBe(old);
      expect(same).toBe(fresh);
      expect(await jit(double, { backend: fresh })(np.array([1, 2])).jsAsync()).toEqual([2, 4]);
      await expect(x.data()).rejects.toThrow('wgsl: f32[2] is gone: the device is lost');
      expect(() => devicePut(np.array([1]), fresh).add(x)).toThrow(errors.MixedBackendsError);
      fresh.close();
      const third = await backend('wgsl');
      expect(third).not.toBe(fresh);
      expect(await jit(double, { backend: third })(np.array([3])).jsAsync()).toEqual([6]);
      third.close();
    });
  });

  test('closing while something is read', async () => {
    const { on } = await open();
    const reading = double(devicePut(np.array([1, 2]), on)).data();
    on.close();
    await expect(reading).rejects.toThrow(/the result of mul at .* is gone: the backend was closed/);
  });

  describe.skipIf(hasEnough)('memory that runs out (skipped where the largest buffer can be had)', () => {
    const huge = (x: NDArray, { device }: WgslSession): NDArray =>
      np.broadcastTo(x, [device.limits.maxBufferSize / 2 ** 14, 2 ** 12]).add(1);

    test('for a value', async () => {
      const { on, session } = await open();
      const x = devicePut(np.array([1]), on);
      const before = double(x);
      await before.blockUntilReady();
      const allocated = session.memory.allocated;
      const y = jit((v: NDArray) => huge(v, session))(x);
      const z = y.sum();
      await expect(y.data()).rejects.toThrow(
        /^wgsl: add broadcast_in_dim at .*failures\.test\.ts:\d+:\d+ failed: out of memory: it needs \d+ bytes beside the \d+ that are allocated; dispose of arrays.*\n {2}so that f32\[\d+,4096\], the result of add at .*failures\.test\.ts:\d+:\d+, was not computed\n/,
      );
      await expect(z.data()).rejects.toThrow(
        /^wgsl: add .* failed: out of memory.*\n.*the result of reduce_sum at .* was not/,
      );
      await expect(z.add(1).data()).rejects.toThrow(
        /^wgsl: add .* failed: out of memory.*\n.*the result of add at .* was not/,
      );
      // All else goes on: what was there, what comes after, and no byte is counted that nobody got.
      expect(await before.jsAsync()).toEqual([2]);
      expect(await before.add(double(x)).jsAsync()).toEqual([4]);
      y.dispose();
      z.dispose();
      expect(session.memory.allocated).toBeLessThanOrEqual(allocated + 1024);
      // Its buffer is not used again.
      await expect(jit((v: NDArray) => huge(v, session).sub(1))(x).data()).rejects.toThrow('out of memory');
    });

    test('for an array that is put there', async () => {
      const { on, session } = await open();
      const large = new Float32Array(session.device.limits.maxBufferSize / 4);
      const x = on.session.put({ dtype: 'float32', shape: [large.length], data: large }, on.device);
      await expect(on.session.read(x)).rejects.toThrow(/^wgsl: an array that is put there failed: out of memory/);
    });

    test('for a loop that the host waits for', async () => {
      const { on, session } = await open();
      const x = devicePut(np.array([1]), on);
      const loop = jit((v: NDArray) =>
        lax.whileLoop((c: NDArray) => c.slice(0, 0).less(5), (c: NDArray) => c.add(1), huge(v, session))); // prettier-ignore
      const y = loop(x);
      const meanwhile = double(x);
      await expect(y.data()).rejects.toThrow(/failed: out of memory: .*\n.*the result of while at .* was not computed/);
      y.dispose();
      expect(await meanwhile.jsAsync()).toEqual([2]);
    });
  });

  test('a kernel that does not compile, each time that it is asked for', async () => {
    const { on, session } = await open((plan) => ({
      ...plan,
      steps: plan.steps.map((step) =>
        step.kind === 'kernel' && step.label === 'mul' ? { ...step, code: `${step.code}\nnonsense` } : step,
      ),
    }));
    const x = devicePut(np.array([1, 2]), on);
    const before = await x.add(1).blockUntilReady();
    const meant =
      /^wgsl: mul at .*failures\.test\.ts:24:\d+ failed: its kernel does not compile: .*nonsense.* so that f32\[2\], the result of mul at .*failures\.test\.ts:24:\d+, was not computed/s;
    for (let time = 0; time < 2; time++) await expect(double(x).data()).rejects.toThrow(meant);
    const [y, beside] = [double(x), x.add(3)];
    await expect(y.add(1).data()).rejects.toThrow(/^wgsl: mul at .* failed: its kernel.*the result of add at/s);
    expect(await beside.jsAsync()).toEqual([4, 5]);
    expect(await before.add(1).jsAsync()).toEqual([3, 4]);
    expect(session.pipelines.size).toBe(1);
  });

  test('commands that the device refuses', async () => {
    const { on } = await open((plan) => ({
      ...plan,
      steps: plan.steps.map((step) =>
        step.kind === 'kernel' && step.label === 'mul' ? { ...step, bindings: step.bindings.slice(1) } : step,
      ),
    }));
    const x = devicePut(np.array([1, 2]), on);
    const beside = x.add(1);
    await expect(double(x).data()).rejects.toThrow(
      /^wgsl: the device refused its commands: .*mul at .*failures\.test\.ts:24:\d+.*so that f32\[2\], the result of mul at .*failures\.test\.ts:24:\d+, was not/s,
    );
    expect(await beside.jsAsync()).toEqual([2, 3]);
  });

  test('kernels that are beyond the limits', async () => {
    const { on } = await open((plan) => ({
      ...plan,
      steps: plan.steps.map((step) => {
        if (step.kind !== 'kernel') return step;
        if (step.label === 'mul') return { ...step, workgroups: [2 ** 17, 1, 1] };
        return step.label === 'sub' ? { ...step, bindings: Array.from({ length: 9 }, () => step.bindings[0]!) } : step;
      }),
    }));
    const x = devicePut(np.array([1, 2]), on);
    expect(() => double(x)).toThrow(
      /^wgsl: mul at .*:\d+ needs 131072 workgroups along one axis, and WebGPU has 65535/,
    );
    expect(() => x.sub(1)).toThrow(/^wgsl: sub at .*:\d+ needs 9 storage buffers, and WebGPU has 8; compute it in/);
    expect(await x.add(1).jsAsync()).toEqual([2, 3]);
  });
});
