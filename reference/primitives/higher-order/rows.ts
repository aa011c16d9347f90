/** Slices along axis 0, one by one and stacked: what loops over them need of a machine and of error bounds. */
import { allocate, type Aval, mover, sizeOf, take } from '../../core/host.ts';
import type { Bound, Bounded, Machine, Move, Params } from '../../core/primitive.ts';

/** `x[k]`, by the primitives that every machine has. */
export function rowAt<V>(machine: Machine<V>, x: V, k: number): V {
  const { shape } = machine.aval(x);
  const limits = [k + 1, ...shape.slice(1)];
  const row = one(machine, 'slice', [x], {
    start_indices: [k, ...shape.slice(1).map(() => 0)],
    limit_indices: limits,
    strides: shape.map(() => 1),
  });
  const flat = one(machine, 'squeeze', [row], { dimensions: [0] });
  machine.release(row);
  return flat;
}

/** The calls of `rowAt`. */
export function rowMoves(x: Aval): Move[] {
  const rest = x.shape.slice(1);
  const row = { ...x, shape: [1, ...rest] };
  const zeros = x.shape.map(() => 0);
  const params = { start_indices: zeros, limit_indices: row.shape, strides: x.shape.map(() => 1) };
  return [
    { primitive: 'slice', operands: [x], params },
    { primitive: 'squeeze', operands: [row], params: { dimensions: [0] } },
  ];
}

/** Rows joined along a new axis 0; they are released. */
export function stackRows<V>(machine: Machine<V>, rows: readonly V[], result: Aval): V {
  const { shape, dtype } = result;
  if (rows.length === 0) {
    return machine.constant({ shape, dtype, data: allocate(dtype, sizeOf(shape)) });
  }
  const lifted = rows.map((row) => one(machine, 'reshape', [row], { new_sizes: [1, ...shape.slice(1)] }));
  for (const row of rows) machine.release(row);
  const whole = one(machine, 'concatenate', lifted, { dimension: 0 });
  for (const row of lifted) machine.release(row);
  return whole;
}

/** The calls of `stackRows`. */
export function stackMoves(result: Aval): Move[] {
  const rest = result.shape.slice(1);
  const row = { ...result, shape: [1, ...rest] };
  return [
    { primitive: 'reshape', operands: [{ ...result, shape: rest }], params: { new_sizes: row.shape } },
    { primitive: 'concatenate', operands: [row, row], params: { dimension: 0 } },
  ];
}

/** The only result of a primitive. */
export const one = <V>(machine: Machine<V>, name: string, x: readonly V[], params: Params): V =>
  machine.apply(name, x, params)[0]!;

/** The same of a value with its bound. */
export function boundedRow({ value, bound }: Bounded, k: number): Bounded {
  const shape = value.shape.slice(1);
  const n = sizeOf(shape);
  const part = (a: Float64Array): Float64Array => a.slice(k * n, (k + 1) * n);
  return {
    value: take(value, shape, (i) => k * n + i),
    bound: bound === null ? null : { worst: part(bound.worst), variance: part(bound.variance) },
  };
}

/** The same of values with their bounds. */
export function stackBounded(rows: readonly Bounded[], { shape, dtype }: Aval): Bounded {
  const data = allocate(dtype, sizeOf(shape));
  const n = sizeOf(shape.slice(1));
  const bound: Bound | null = rows.some((r) => r.bound !== null)
    ? { worst: new Float64Array(sizeOf(shape)), variance: new Float64Array(sizeOf(shape)) }
    : null;
  rows.forEach((row, k) => {
    const move = mover(data, row.value);
    for (let i = 0; i < n; i++) move(k * n + i, i);
    if (row.bound !== null) {
      bound!.worst.set(row.bound.worst, k * n);
      bound!.variance.set(row.bound.variance, k * n);
    }
  });
  return { value: { shape, dtype, data }, bound };
}
