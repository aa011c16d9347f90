/** What stands for everything up to a place. */
import { type DType, isInteger } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Lower } from '../table.ts';
import { extreme } from './arithmetic.ts';
import { type Tensor, view } from './engine.ts';
import { flat, type Kernels, LONGEST_RUN } from './kernels.ts';
import type { Part, Value } from './lowering.ts';
import { log1p } from './math.ts';
import { fromRows, inBlocks, rowsAlong, sumRows } from './reduction.ts';

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

type Combine = (k: Kernels, a: Tensor, b: Tensor, type: DType) => Tensor;

/**
 * Prefixes by doubling: windows of 1, 2, 4 … elements are combined with those before them. The rows stand upright, so
 * that what is combined is contiguous.
 */
const prefixes =
  (combine: Combine): Lower<Kernels, Value, Tensor, ParamsOf<'cumprod'>> =>
  (k, [x], { axis, reverse }) => {
    const rows = rowsAlong(k, x!, [axis]);
    const [count, n] = rows.shape as [number, number];
    const part = (a: Tensor, from: number, size: number): Tensor => k.slice(a, [from, 0], [size, count]);
    let windows = k.transpose(rows, [1, 0]);
    for (let step = 1; step < n; step *= 2) {
      const rest = n - step;
      const both = combine(k, flat(part(windows, 0, rest)), flat(part(windows, step, rest)), x!.type);
      const joined = view(both, [rest, count]);
      windows = k.concat(reverse ? [joined, part(windows, rest, step)] : [part(windows, 0, step), joined], 0);
    }
    return [fromRows(k, k.transpose(windows, [1, 0]), x!.shape, axis)];
  };

/** log(eᵃ + eᵇ) from the larger one and the distance, which is 0 between equal infinities. */
function logSum(k: Kernels, a: Tensor, b: Tensor, type: DType): Tensor {
  const distance = k.where(k.eq(a, b), k.like(a, 0), k.absFloat(k.sub(a, b)));
  return k.add(extreme(k, a, b, type, true), log1p(k, k.run('Exp', { x: k.negFloat(distance) })));
}

export const cumulative: Part<'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp'> = {
  cumsum(k, [x], { axis, reverse }) {
    const rows = rowsAlong(k, x!, [axis]);
    const sums = view(cumsumRows(k, rows, false, reverse), [rows.shape[0]! * rows.shape[1]!]);
    // The kernel starts with the first element: a sum of −0 only shall be +0.
    const result = x!.dtype === 'float32' ? k.add(sums, k.like(sums, 0)) : sums;
    return [fromRows(k, result, x!.shape, axis)];
  },
  cumprod: prefixes((k, a, b, type) => (isInteger(type) ? k.mulInt(a, b) : k.mul(a, b))),
  cummax: prefixes((k, a, b, type) => extreme(k, a, b, type, true)),
  cummin: prefixes((k, a, b, type) => extreme(k, a, b, type, false)),
  cumlogsumexp: prefixes(logSum),
};
