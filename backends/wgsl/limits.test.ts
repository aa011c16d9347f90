/** What every WebGPU device grants is enough: kernels of all primitives, of programs with many values, and of large arrays. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleCalls } from '../../conformance/testing/gaps.ts';
import { openWgsl } from '../../conformance/testing/wgsl.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { Backend, oneEquation } from '../../reference/core/open-backend.ts';
import type { AnyFirstOrder } from '../../reference/core/primitive.ts';
import { devicePut, errors, jit, lax, makeJaxpr, type NDArray, np } from '../../reference/index.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { compile } from './compile/compile.ts';
import type { KernelStep, Step } from './compile/plan.ts';
import { control } from './control.ts';
import type { WgslSession } from './device/session.ts';
import { wgsl, wgslTable } from './index.ts';

const isFull = process.env['TEST_LEVEL'] === 'full';

/** What a device has that was asked for nothing (WebGPU, §3.6.2, Limits). */
const DEFAULTS = {
  storageBuffers: 8,
  uniformBytes: 65_536,
  workgroupBytes: 16_384,
  invocations: 256,
  workgroups: 65_535,
};

const kernelsOf = (steps: readonly Step[]): readonly KernelStep[] =>
  steps.flatMap((step) => (step.kind === 'kernel' ? [step] : 'steps' in step ? kernelsOf(step.steps) : []));

const kernels = (jaxpr: Jaxpr, cpu: boolean): readonly KernelStep[] =>
  kernelsOf(compile(jaxpr, wgslTable, control, { cpu, buffers: 7, workgroup: 64 }).steps);

const BYTES: Readonly<Record<string, number>> = { f32: 4, i32: 4, u32: 4, bool: 4, vec2f: 8, vec2u: 8, vec4f: 16, vec4i: 16, vec4u: 16 }; // prettier-ignore

/** Bytes of workgroup memory that a kernel declares. */
function workgroupBytes(code: string): number {
  let bytes = 0;
  for (const [, type] of code.matchAll(/var<workgroup> \w+: (.*);/g)) {
    const [, element, length] = /^array<(\w+), (\d+)>$/.exec(type!) ?? [type, type!, 1];
    expect(Object.keys(BYTES)).toContain(element);
    bytes += BYTES[element]! * Number(length);
  }
  return bytes;
}

function expectWithin({ label, bindings, literals, workgroups, code }: KernelStep): void {
  expect(bindings.length, label).toBeLessThanOrEqual(DEFAULTS.storageBuffers);
  expect(literals.byteLength, label).toBeLessThanOrEqual(DEFAULTS.uniformBytes);
  for (const count of workgroups) expect(count, label).toBeLessThanOrEqual(DEFAULTS.workgroups);
  expect(Number(/@workgroup_size\((\d+)\)/.exec(code)![1]), label).toBeLessThanOrEqual(DEFAULTS.invocations);
  expect(workgroupBytes(code), label).toBeLessThanOrEqual(DEFAULTS.workgroupBytes);
}

describe('the limits of every device', () => {
  test.each([true, false])('hold for calls of every primitive, for a CPU: %s', (cpu) => {
    for (const primitive of Object.values(primitives) as AnyFirstOrder[]) {
      for (const dtype of ['float32', 'complex64'] as const) {
        if (!primitive.dtypes.includes(dtype)) continue;
        for (const { args, params } of sampleCalls(primitive, dtype).filter((_, i) => isFull || i % 3 === 0)) {
          if (wgsl.supports(primitive, args.map(avalOf), params) !== true) continue;
          for (const kernel of kernels(oneEquation(primitive, args.map(avalOf), params), cpu)) expectWithin(kernel);
        }
      }
    }
  });
});
/** A state of arrays, or what a loop makes of one. */
type Arrays = readonly NDArray[];

describe('no kernel of many values has more than 8 buffers', () => {
  const sum = (xs: Arrays): NDArray => xs.reduce((x, y) => x.add(y));
  const product = (xs: Arrays): NDArray => xs.reduce((x, y) => x.mul(y));
  const zeros = np.zeros([5]);
  test.each<[string, (xs: Arrays) => unknown]>([
    ['a product of all', product],
    ['sums of each', (xs) => xs.map((x) => x.sum(1))],
    ['a sum of what all give', (xs) => product(xs).sum()],
    ['a running sum of what all give', (xs) => np.cumsum(product(xs))],
    ['one after the other', (xs) => np.concatenate(xs.map((x) => np.sin(x)))],
    ['all sorted by one', (xs) => lax.sort(xs, 0, { numKeys: 1 })],
    ['gathers from each', (xs) => xs.map((x) => np.take(x, xs[0]!.astype('int32').ravel()))],
    ['a matrix product of what all give', (xs) => np.matmul(product(xs), sum(xs).transpose())],
    ['what follows from a matrix product', (xs) => np.matmul(xs[0]!, xs[1]!.transpose()).add(sum(xs).sum()).mul(xs.length)], // prettier-ignore
    ['the state of a scan', (xs) => lax.scan((c: Arrays) => [c.map((x, i) => x.add(c.at(i - 1)!)), null] as const, xs, zeros)], // prettier-ignore
    ['the rows of a scan', (xs) => lax.scan((c: NDArray, rows: Arrays) => [c, rows.map((x) => x.mul(c))] as const, np.ones([]), xs)], // prettier-ignore
    ['the constants of a scan', (xs) => lax.scan((c: NDArray) => [product(xs).sum().add(c), c] as const, np.zeros([]), zeros)], // prettier-ignore
    ['the state of a while', (xs) => lax.whileLoop((c: Arrays) => sum(c).sum().less(9), (c: Arrays) => c.map((x) => x.add(1)), xs)], // prettier-ignore
    ['branches', (xs) => lax.cond(xs[0]!.sum().greater(0), (ys: Arrays) => ys.map((x) => x.add(1)), (ys: Arrays) => ys.toReversed(), xs)], // prettier-ignore
  ])('%s', (_, f) => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.boolean(), (n, cpu) => {
        const xs = Array.from({ length: n }, () => np.ones([24, 6]));
        for (const kernel of kernels(makeJaxpr((...ys: NDArray[]) => f(ys) as NDArray)(...xs), cpu))
          expectWithin(kernel);
      }),
      { numRuns: 3, examples: [[30, true]] },
    );
  });
});

describe('large arrays', () => {
  test('of any size have workgroups for all elements, along two axes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom('float32', 'bool'), (n, dtype) => {
        const [kernel] = kernels(makeJaxpr(() => np.ones([n]).add(1).astype(dtype))(), true);
        expectWithin(kernel!);
        const [x, y, z] = kernel!.workgroups;
        expect(x * y * z * 64 * (kernel!.code.includes('vec4') ? 4 : 1)).toBeGreaterThanOrEqual(n);
      }),
      { numRuns: 30 },
    );
  });

  test('that have more elements than kernels can count are refused, with the line', () => {
    const wide = makeJaxpr(() => np.broadcastTo(np.ones([]), [2 ** 16, 2 ** 16 - 1]).sum())();
    expect(() => kernels(wide, true)).toThrow(
      /^wgsl: the result of broadcast_in_dim at .*limits\.test\.ts:\d+:\d+, f32\[65536,65535\], has 4294901760 elements, and kernels count to 2147483648; compute it in smaller parts/,
    );
  });
});

const opened = await openWgsl();

describe.skipIf(typeof opened === 'string')('on a device (skipped where no GPU can be opened)', () => {
  let session: WgslSession;
  let on: Backend;
  beforeAll(() => {
    session = opened as WgslSession;
    on = new Backend(wgsl, session);
  });
  afterAll(() => on.close());

  test('every element is computed where one row of workgroups is not enough', async () => {
    const n = 65_535 * 64 * 4 + 5;
    const numbers = (): NDArray => lax.iota('uint32', n).mul(3).add(1);
    const made = jit(numbers, { backend: on })();
    const wrong = jit((x: NDArray) => x.notEqual(numbers()).astype('int32').sum(), { backend: on })(made);
    expect(await wrong.jsAsync()).toBe(0);
    made.dispose();
  });

  test('what is larger than the largest buffer is refused, with the limit and the line', () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = session.device.limits;
    const n = Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4 + 4;
    const limit = `takes ${4 * n} bytes, and this device has buffers of at most ${4 * n - 16} (maxBufferSize, maxStorageBufferBindingSize); compute it in smaller parts`; // prettier-ignore
    const message = (f: () => unknown): string => {
      try {
        f();
      } catch (error) {
        if (error instanceof errors.BackendError) return error.message;
        throw error;
      }
      return 'none';
    };
    const result = message(jit(() => np.ones([n]).add(1), { backend: on }));
    expect(result).toMatch(/^wgsl: f32\[\d+\], the result of add at .*limits\.test\.ts:\d+:\d+, takes/);
    expect(result).toContain(limit);
    const between = message(jit(() => np.cumsum(lax.iota('float32', n)).sum(), { backend: on }));
    expect(between).toMatch(/^wgsl: a value of cumsum at .*limits\.test\.ts:\d+:\d+ takes/);
    expect(between).toContain(limit);
    const value = { dtype: 'float32', shape: [n], data: { length: n } } as unknown as HostArray;
    expect(message(() => session.put(value))).toContain(`wgsl: f32[${n}] ${limit}`);
  });

  test('what needs no buffer may be larger', async () => {
    const { maxBufferSize } = session.device.limits;
    const x = devicePut(np.ones([1]), on);
    const total = jit((y: NDArray) =>
      np
        .broadcastTo(y, [maxBufferSize / 2 ** 10, 2 ** 8, 2])
        .slice([0, 8])
        .sum(),
    )(x);
    expect(await total.jsAsync()).toBe(4096);
  });
});
