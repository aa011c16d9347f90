/** What the engines hold, how they live side by side, and long sums. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ALL_DTYPES } from '../../reference/core/dtypes.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { BackendDefinition, Executable, Session } from '../../reference/core/backend.ts';
import { allocate, avalOf, type HostArray, hostArray } from '../../reference/core/host.ts';
import type { AnyPrimitive, Params } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { startEngine } from './engine.ts';
import { tfjsCpu, tfjsWasm } from './index.ts';

function run(session: Session, primitive: AnyPrimitive, args: readonly HostArray[], params: Params = {}): HostArray[] {
  const device = session.devices[0]!;
  const executable = session.compile(oneEquation(primitive, args.map(avalOf), params), { device });
  const inputs = args.map((x) => session.put(x, device));
  const outputs = executable.run(inputs);
  const results = outputs.map((y) => session.readSync!(y));
  for (const buffer of [...inputs, ...outputs]) session.free(buffer);
  executable.dispose();
  return results;
}

const full = (n: number, value: number): HostArray => hostArray('float32', [n], new Float32Array(n).fill(value));

/** A product of matrices. */
const product = {
  dimension_numbers: [
    [[1], [0]],
    [[], []],
  ],
  precision: null,
  preferred_element_type: null,
};

describe.each<BackendDefinition>([tfjsWasm, tfjsCpu])('$name', (definition) => {
  let session: Session;
  beforeAll(async () => {
    session = await definition.open({});
  });
  afterAll(() => session.close());

  // k = 1024 + 2⌈√n⌉ roundings of a sum of equal signs: a running sum of a million is off by far more.
  const allowed = (n: number): number => (1024 + 2 * Math.ceil(Math.sqrt(n))) * 2 ** -24 * 1.001;
  const n = 1_000_000;
  const exact = n * Math.fround(0.1);

  test('a sum of a million', () => {
    const [sum] = run(session, primitives.reduce_sum, [full(n, 0.1)], { axes: [0] });
    expect(Math.abs((sum!.data[0] as number) / exact - 1)).toBeLessThan(allowed(n));
  });

  test('a product of long vectors', () => {
    const params = {
      dimension_numbers: [
        [[0], [0]],
        [[], []],
      ],
      precision: null,
      preferred_element_type: null,
    };
    const [dot] = run(session, primitives.dot_general, [full(n, 0.1), full(n, 1)], params);
    expect(Math.abs((dot!.data[0] as number) / exact - 1)).toBeLessThan(allowed(n));
  });

  test.each([false, true])('long prefix sums, reverse: %s', (reverse) => {
    const [sums] = run(session, primitives.cumsum, [full(100_000, 0.1)], { axis: 0, reverse });
    const data = sums!.data as Float32Array;
    const errors = data.map((y, i) => Math.abs(y / ((reverse ? 100_000 - i : i + 1) * Math.fround(0.1)) - 1));
    expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(allowed(100_000));
  });

  test('many updates of one element', () => {
    const count = 20_000;
    const indices = hostArray('int32', [count, 1], new Int32Array(count));
    const params = {
      dimension_numbers: {
        update_window_dims: [],
        inserted_window_dims: [0],
        scatter_dims_to_operand_dims: [0],
        operand_batching_dims: [],
        scatter_indices_batching_dims: [],
      },
      mode: 'fill',
      unique_indices: false,
      indices_are_sorted: false,
    };
    const [y] = run(session, primitives.scatter_add, [full(2, 0), indices, full(count, 0.1)], params);
    expect(Math.abs((y!.data[0] as number) / (count * Math.fround(0.1)) - 1)).toBeLessThan(allowed(count));
    expect(y!.data[1]).toBe(0);
  });

  test('one array as the second factor of products in two shapes', () => {
    const device = session.devices[0]!;
    const matrix = (rows: number, columns: number): HostArray => ({
      ...full(rows * columns, 1),
      shape: [rows, columns],
    });
    const dot = (a: HostArray, b: HostArray): Executable =>
      session.compile(oneEquation(primitives.dot_general, [avalOf(a), avalOf(b)], product), { device });
    const reshape = oneEquation(primitives.reshape, [avalOf(matrix(2, 60))], { new_sizes: [60, 2] });
    const wide = session.put(matrix(2, 60), device);
    const [tall] = session.compile(reshape, { device }).run([wide]);
    const results = [
      dot(matrix(3, 2), matrix(2, 60)).run([session.put(matrix(3, 2), device), wide])[0]!,
      dot(matrix(3, 60), matrix(60, 2)).run([session.put(matrix(3, 60), device), tall!])[0]!,
    ];
    expect(results.map((y) => session.readSync!(y).data)).toEqual([
      new Float32Array(180).fill(2),
      new Float32Array(6).fill(60),
    ]);
    session.close();
  });

  test.each(ALL_DTYPES)('values of %s come back as they were put, and are copies', (dtype) => {
    const device = session.devices[0]!;
    fc.assert(
      fc.property(fc.nat(9), fc.uint8Array({ minLength: 9 * 16, maxLength: 9 * 16 }), (n, bytes) => {
        const data = allocate(dtype, n);
        new Uint8Array(data.buffer).set(bytes.subarray(0, data.byteLength));
        const original = data.slice();
        const buffer = session.put({ shape: [n], dtype, data }, device);
        new Uint8Array(data.buffer).fill(7);
        expect(session.readSync!(buffer).data).toEqual(original);
        session.free(buffer);
      }),
      { numRuns: 20 },
    );
  });

  test('live counts handles, and the engine holds nothing else', async () => {
    const engine = await startEngine(definition === tfjsWasm ? 'wasm' : 'cpu', undefined);
    const before = engine.dataCount;
    const device = session.devices[0]!;
    const jaxpr = oneEquation(primitives.stop_gradient, [avalOf(full(3, 1))], {});
    const executable = session.compile(jaxpr, { device });
    const x = session.put(full(3, 1), device);
    const [y] = executable.run([x]);
    expect(y).not.toBe(x);
    expect(session.live()).toEqual({ buffers: 2, bytes: 24 });
    session.free(x);
    expect(session.readSync!(y!).data).toEqual(Float32Array.of(1, 1, 1));
    session.free(y!);
    expect(session.live()).toEqual({ buffers: 0, bytes: 0 });
    for (const primitive of [primitives.exp, primitives.log1p, primitives.max]) {
      run(
        session,
        primitive,
        Array.from({ length: primitive.operands.length }, () => full(5, 0.5)),
      );
    }
    expect(engine.dataCount).toBe(before);
  });
});

test('both engines at once, whatever engine TensorFlow.js itself has chosen', async () => {
  const [wasm, cpu] = await Promise.all([tfjsWasm.open({}), tfjsCpu.open({})]);
  const tf = await import('@tensorflow/tfjs-core');
  await tf.setBackend('cpu');
  const results = [wasm, cpu, wasm].map((session) => run(session, primitives.add, [full(2, 1), full(2, 2)])[0]!.data);
  expect(results).toEqual([1, 2, 3].map(() => Float32Array.of(3, 3)));
  expect(tf.getBackend()).toBe('cpu');
  wasm.close();
  cpu.close();
});

test('without its package, an engine says what to install', async () => {
  vi.doMock('@tensorflow/tfjs-core', () => {
    throw new Error('Cannot find package');
  });
  await expect(tfjsWasm.open({})).rejects.toThrow('npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm');
  vi.doUnmock('@tensorflow/tfjs-core');
});
