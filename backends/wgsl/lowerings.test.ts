/**
 * Lowerings that have ways of their own for many updates, many operands and, on GPUs, large matrices: these run here, and
 * are judged as the conformance suite judges.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeEquation } from '../../conformance/budgets.ts';
import { avalOf, hostArray, type HostArray, type Shape, sizeOf } from '../../reference/core/host.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { compile } from './compile/compile.ts';
import { openDevice, type Opened } from './device/adapter.ts';
import { WgslSession } from './device/session.ts';
import { wgslTable } from './index.ts';

/** Numbers without a pattern, from −`most` to `most`; `whole` ones for integers. */
function some(shape: Shape, dtype: DType = 'float32', most: number = 2, seed: number = 1): HostArray {
  const at = (i: number): number => {
    const share = ((((i + 1) * 2654435761 * seed) >>> 8) % 65_537) / 65_536;
    const x = (2 * share - 1) * most;
    return dtype === 'float32' || dtype === 'complex64' ? x : Math.round(x);
  };
  const size = sizeOf(shape);
  if (dtype !== 'complex64')
    return hostArray(
      dtype,
      shape,
      Array.from({ length: size }, (_, i) => at(i)),
    );
  return hostArray(
    dtype,
    shape,
    Array.from({ length: size }, (_, i) => ({ re: at(2 * i), im: at(2 * i + 1) })),
  );
}

const scattered = (windows: Shape, inserted: Shape, mode: string): Params => ({
  dimension_numbers: {
    update_window_dims: windows,
    inserted_window_dims: inserted,
    scatter_dims_to_operand_dims: [0],
    operand_batching_dims: [],
    scatter_indices_batching_dims: [],
  },
  mode,
  unique_indices: false,
  indices_are_sorted: false,
});

type Call = readonly [what: string, name: PrimitiveName, args: readonly HostArray[], params: Params];

const scatters: readonly Call[] = [
  ['many sums', 'scatter_add', [some([300]), some([5000, 1], 'int32', 320), some([5000])], scattered([], [0], 'fill')],
  [
    'sums of rows',
    'scatter_add',
    [some([50, 8]), some([4000, 1], 'int32', 60), some([4000, 8])],
    scattered([1], [0], 'clip'),
  ],
  [
    'sums of windows',
    'scatter_add',
    [some([40, 9]), some([3000, 1], 'int32', 45), some([3000, 5, 9])],
    scattered([1, 2], [], 'fill'),
  ],
  [
    'the last of many',
    'scatter',
    [some([600]), some([2000, 1], 'int32', 700), some([2000])],
    scattered([], [0], 'fill'),
  ],
  [
    'the largest of many',
    'scatter_max',
    [some([600]), some([2000, 1], 'int32', 700), some([2000])],
    scattered([], [0], 'fill'),
  ],
  ['products of few', 'scatter_mul', [some([30]), some([50, 1], 'int32', 40), some([50])], scattered([], [0], 'fill')],
];

const moves: readonly Call[] = [
  [
    'more operands than buffers',
    'concatenate',
    Array.from({ length: 20 }, (_, i) => some([3, i % 4, 2], 'float32', 2, i + 1)),
    { dimension: 1 },
  ],
];

/** A diagonal that outweighs the rest. */
function dominant(n: number, dtype: DType): HostArray {
  const x = some([2, n, n], dtype);
  const data = x.data as Float32Array<ArrayBuffer>;
  const parts = dtype === 'complex64' ? 2 : 1;
  for (let b = 0; b < 2; b++) for (let i = 0; i < n; i++) data[parts * ((b * n + i) * n + i)]! += 2 * n + 2;
  return x;
}

const side = { left_side: true, lower: true, transpose_a: false, conjugate_a: false, unit_diagonal: false };
const matrices = (dtype: DType): readonly Call[] => [
  ['large matrices', 'cholesky', [dominant(16, dtype)], {}],
  ['large matrices', 'triangular_solve', [dominant(16, dtype), some([2, 16, 3], dtype)], side],
  ['tall matrices', 'lu', [some([2, 17, 16], dtype)], {}],
  ['wide matrices', 'lu', [some([16, 17], dtype)], {}],
  ['tall matrices', 'geqrf', [some([2, 17, 16], dtype)], {}],
  ['all of Q', 'qr', [some([17, 16], dtype)], { full_matrices: true }],
  ['large matrices', 'eigh', [some([16, 16], dtype)], { lower: false, sort_eigenvalues: true }],
  [
    'large matrices',
    'eig',
    [some([16, 16], dtype)],
    { compute_left_eigenvectors: true, compute_right_eigenvectors: true },
  ],
  ['tall matrices', 'svd', [some([17, 16], dtype)], { full_matrices: true, compute_uv: true }],
  [
    'matrices of rank 1',
    'svd',
    [
      hostArray(
        dtype,
        [16, 17],
        Array.from({ length: 272 }, () => (dtype === 'complex64' ? { re: 1, im: 1 } : 1)),
      ),
    ],
    { full_matrices: false, compute_uv: true },
  ],
];

const calls: readonly Call[] = [...scatters, ...moves, ...matrices('float32'), ...matrices('complex64')];

const opened: Opened | Error = await openDevice().catch((error: unknown) => error as Error);

describe.skipIf(opened instanceof Error)('lowerings (skipped where no GPU can be opened)', () => {
  let session: WgslSession;
  beforeAll(async () => {
    session = new WgslSession({ ...(await openDevice()), cpu: false }, (jaxpr, target) =>
      compile(jaxpr, wgslTable, {}, target),
    );
  });
  afterAll(() => session.close());

  test.each(calls)('%s: %s', async (_what, name, args, params) => {
    const primitive: AnyFirstOrder = primitives[name];
    const executable = session.compile(oneEquation(primitive, args.map(avalOf), params));
    const results = executable.run(args.map((x) => session.put(x)));
    const got = await Promise.all(results.map((result) => session.read(result)));
    const { wrong } = judgeEquation(primitive, args, params, primitive.evaluate(args, params), got, 'gpu');
    expect(wrong).toBeNull();
  });
});
