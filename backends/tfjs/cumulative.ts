/** Prefix sums. */
import { type Tensor, view } from './engine.ts';
import { type Kernels, LONGEST_RUN } from './kernels.ts';
import type { Part } from './lowering.ts';
import { inBlocks, rowsAlong, sumRows } from './reduction.ts';

function cumsumRows(k: Kernels, rows: Tensor, exclusive: boolean, reverse: boolean): Tensor {
  const [count, n] = rows.shape as [number, number];
  if (n <= LONGEST_RUN) return k.run('Cumsum', { x: rows }, { axis: 1, exclusive, reverse });
  const blocked = inBlocks(k, rows);
  const [, blocks, block] = blocked.shape as [number, number, number];
  const short = view(blocked, [count * blocks, block]);
  const within = cumsumRows(k, short, exclusive, reverse);
  const before = cumsumRows(k, view(sumRows(k, short), [count, blocks]), true, reverse);
  const offsets = k.broadcast(view(before, [count * blocks, 1]), short.shape);
  const size = [count * blocks * block];
  const sums = k.add(view(within, size), view(offsets, size));
  return k.slice(view(sums, [count, blocks * block]), [0, 0], [count, n]);
}

export const cumulative: Part<'cumsum'> = {
  cumsum(k, [x], { axis, reverse }) {
    const rows = rowsAlong(k, x!, [axis]);
    const sums = view(cumsumRows(k, rows, false, reverse), [rows.shape[0]! * rows.shape[1]!]);
    // The kernel starts with the first element: a sum of −0 only shall be +0.
    const result = x!.dtype === 'float32' ? k.add(sums, k.like(sums, 0)) : sums;
    const kept = x!.shape.map((_, d) => d).filter((d) => d !== axis);
    const order = [...kept, axis];
    const back = order.map((_, d) => order.indexOf(d));
    return [
      k.transpose(
        view(
          result,
          order.map((d) => x!.shape[d]!),
        ),
        back,
      ),
    ];
  },
};
