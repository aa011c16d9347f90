/** The option `atomics`: what is planned with it, and that results are right in whatever order updates come. */
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { judgeEquation } from '../../conformance/budgets.ts';
import { openWgsl } from '../../conformance/testing/wgsl.ts';
import type { ConcreteArray } from '../../reference/core/array.ts';
import { type DType, isFloat } from '../../reference/core/dtypes.ts';
import { OptionError } from '../../reference/core/errors.ts';
import { avalOf, elements, hostArray, type HostArray, type Shape, sizeOf } from '../../reference/core/host.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import { makeJaxpr, type NDArray, np } from '../../reference/index.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import type { ScatterDimensionNumbers, ScatterParams } from '../../reference/primitives/scatter-windows.ts';
import { compile } from './compile/compile.ts';
import type { Table } from './compile/lowering.ts';
import { atomicTable, wgsl, wgslTable } from './index.ts';

// ---- plans

function labels(table: Table, f: (...args: NDArray[]) => NDArray, args: readonly NDArray[]): readonly string[] {
  const { steps } = compile(makeJaxpr(f)(...args), table, {}, { cpu: true, buffers: 7, workgroup: 64 });
  return steps.map((step) => (step.kind === 'kernel' ? step.label : step.kind));
}

const numbers = (n: number, dtype: DType = 'float32'): NDArray => np.zeros([n], dtype);
const total = (x: NDArray, at: NDArray, u: NDArray): NDArray => x.at(at).add(u).mul(2);

test('many updates are not sorted: the sums begin, the updates are added, the result and what follows is made', () => {
  const args = [numbers(2000), numbers(5000, 'int32'), numbers(5000)];
  expect(labels(atomicTable, total, args)).toHaveLength(3);
  expect(labels(wgslTable, total, args).length).toBeGreaterThan(3);
});

test('complex sums, and floats whose partial sums would take too much memory, are sorted', () => {
  const at = numbers(5000, 'int32');
  const same = [
    [np.zeros([2000], 'complex64'), at, np.zeros([5000], 'complex64')],
    [numbers(2 ** 20), at, numbers(5000)],
  ];
  for (const args of same) expect(labels(atomicTable, total, args)).toEqual(labels(wgslTable, total, args));
  expect(labels(atomicTable, total, [numbers(2 ** 20, 'int32'), at, numbers(5000, 'int32')])).toHaveLength(3);
});

// ---- options

test('what is not an option, or not a value of it, is an error', async () => {
  const wrong = [{ atomic: true }, { atomics: 'yes' }, { powerPreference: 'fast' }];
  for (const options of wrong) await expect(wgsl.open(options)).rejects.toThrow(OptionError);
});

// ---- results

/** How windows lie in an operand of 1200 elements: with 1100 positions these are too many to look through. */
interface Layout {
  readonly operand: Shape;
  readonly vector: number;
  /** The axes of the positions behind the first one, and of the windows. */
  readonly more: Shape;
  readonly window: Shape;
  readonly dims: ScatterDimensionNumbers;
}

const dimensions = (d: Partial<ScatterDimensionNumbers>): ScatterDimensionNumbers => ({
  update_window_dims: [],
  inserted_window_dims: [],
  scatter_dims_to_operand_dims: [0],
  operand_batching_dims: [],
  scatter_indices_batching_dims: [],
  ...d,
});

const layouts: Readonly<Record<string, Layout>> = {
  elements: { operand: [1200], vector: 1, more: [], window: [], dims: dimensions({ inserted_window_dims: [0] }) },
  rows: {
    operand: [100, 12],
    vector: 1,
    more: [],
    window: [12],
    dims: dimensions({ update_window_dims: [1], inserted_window_dims: [0] }),
  },
  windows: {
    operand: [40, 30],
    vector: 2,
    more: [],
    window: [3, 2],
    dims: dimensions({ update_window_dims: [1, 2], scatter_dims_to_operand_dims: [1, 0] }),
  },
  'windows as long as an axis': {
    operand: [120, 10],
    vector: 1,
    more: [],
    window: [3, 10],
    dims: dimensions({ update_window_dims: [1, 2] }),
  },
  batches: {
    operand: [2, 600],
    vector: 1,
    more: [2],
    window: [],
    dims: dimensions({
      inserted_window_dims: [1],
      scatter_dims_to_operand_dims: [1],
      operand_batching_dims: [0],
      scatter_indices_batching_dims: [1],
    }),
  },
};

const SPECIAL = [0, -0, NaN, Infinity, -Infinity];

/** Numbers without a pattern; of floats one in a `rare` is a special one. */
function some(shape: Shape, dtype: DType, seed: number, rare: number): HostArray {
  const bits = (i: number): number => (Math.imul(i + 1, 2654435761) ^ Math.imul(seed + i, 40503)) >>> 5;
  const at = (i: number): number | boolean => {
    const b = bits(i);
    if (dtype === 'bool') return b % 2 === 1;
    if (!isFloat(dtype)) return (b % 200) - (dtype.startsWith('u') ? 0 : 100);
    return b % rare === 0 ? SPECIAL[(b >> 8) % SPECIAL.length]! : ((b % 4001) - 2000) * 2 ** ((b % 12) - 12);
  };
  return hostArray(dtype, shape, Array.from({ length: sizeOf(shape) }, (_, i) => at(i)) as number[]);
}

const places = (shape: Shape, seed: number, distinct: number): HostArray =>
  hostArray(
    'int32',
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => ((Math.imul(i + seed, 2654435761) >>> 8) % distinct) - 3),
  );

interface Drawn {
  readonly layout: string;
  readonly mode: ScatterParams['mode'];
  readonly positions: number;
  /** Index vectors have elements from −3 on. */
  readonly distinct: number;
  readonly seed: number;
  /** One float in so many is a special one. */
  readonly rare: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  layout: fc.constantFrom(...Object.keys(layouts)),
  mode: fc.constantFrom('clip', 'fill', 'promise_in_bounds'),
  positions: fc.integer({ min: 1060, max: 1200 }),
  distinct: fc.constantFrom(5, 60, 1300),
  seed: fc.integer({ min: 0, max: 2 ** 20 }),
  rare: fc.constantFrom(3, 3000),
});

const plain: Drawn = { layout: 'elements', mode: 'fill', positions: 1200, distinct: 60, seed: 1, rare: 2 };

interface Scattered {
  readonly args: readonly HostArray[];
  readonly params: Params;
}

function scattered(d: Drawn, dtype: DType): Scattered {
  const { operand, vector, more, window, dims } = layouts[d.layout]!;
  const positions = [d.positions, ...more];
  return {
    args: [
      some(operand, dtype, d.seed, d.rare),
      places([...positions, vector], d.seed, d.distinct),
      some([...positions, ...window], dtype, d.seed + 1, d.rare),
    ],
    params: { dimension_numbers: dims, mode: d.mode, unique_indices: false, indices_are_sorted: false },
  };
}

/** One NaN stands for any other. */
function valuesOf(x: HostArray): readonly unknown[] {
  const at = elements(x);
  return Array.from({ length: sizeOf(x.shape) }, (_, i) => at(i));
}

const opened = await openWgsl({ atomics: true });

describe.skipIf(typeof opened === 'string')('with atomics (skipped where no GPU can be opened)', () => {
  const session = opened as Exclude<typeof opened, string>;
  afterAll(() => session.close());

  async function got(primitive: AnyFirstOrder, { args, params }: Scattered): Promise<HostArray> {
    const executable = session.compile(oneEquation(primitive, args.map(avalOf), params));
    return session.read(executable.run(args.map((x) => session.put(x)))[0]!);
  }

  const add: AnyFirstOrder = primitives.scatter_add;

  test('the device says so, and has kernels with atomic operations', async () => {
    expect(session.devices[0]!.description).toContain('with atomics');
    const made = vi.spyOn(session.device, 'createShaderModule');
    await got(add, scattered(plain, 'int32'));
    expect(made.mock.calls.map(([{ code }]) => code).join()).toContain('atomicAdd(');
    made.mockRestore();
  });

  const exact: readonly (readonly [name: string, primitive: AnyFirstOrder, dtypes: readonly DType[]])[] = [
    ['scatter_add', add, ['int32', 'uint32', 'int8']],
    ['scatter_min', primitives.scatter_min, ['float32', 'bfloat16', 'int32', 'uint32', 'bool']],
    ['scatter_max', primitives.scatter_max, ['float32', 'float16', 'int32', 'uint32', 'uint8']],
  ];
  test.each(exact)('%s: the same bits as the reference', async (_, primitive, dtypes) => {
    await fc.assert(
      fc.asyncProperty(drawn, fc.constantFrom(...dtypes), async (d, dtype) => {
        const call = scattered(d, dtype);
        const [expected] = primitive.evaluate(call.args, call.params);
        expect(valuesOf(await got(primitive, call))).toEqual(valuesOf(expected!));
      }),
      { numRuns: 5 },
    );
  });

  test('scatter_add of floats: within the bound', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, fc.constantFrom<DType>('float32', 'float16', 'bfloat16'), async (d, dtype) => {
        const call = scattered(d, dtype);
        const expected = add.evaluate(call.args, call.params);
        const result = await got(add, call);
        expect(judgeEquation(add, call.args, call.params, expected, [result], 'gpu').wrong).toBeNull();
      }),
      { numRuns: 5 },
    );
  });

  test('a sum that one chain of additions gets wrong: 65,536 times 0.1', async () => {
    const n = 2 ** 16;
    const args = [numbers(20), np.zeros([n, 1], 'int32'), numbers(n).add(0.1)].map((x) =>
      (x as ConcreteArray).toHost(),
    );
    const { params } = scattered(plain, 'float32');
    const result = await got(add, { args, params });
    expect(judgeEquation(add, args, params, add.evaluate(args, params), [result], 'gpu').wrong).toBeNull();
  });

  test('elements that nothing is added to stay as they are', async () => {
    const { args, params } = scattered({ ...plain, distinct: 3 }, 'float32');
    expect(valuesOf(await got(add, { args, params }))).toEqual(valuesOf(args[0]!));
  });
});
