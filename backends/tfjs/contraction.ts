/** Contraction. */
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { type Shape, type Tensor, view } from './engine.ts';
import type { Kernels } from './kernels.ts';
import type { Part } from './lowering.ts';
import { rowsAlong, sumRows } from './reduction.ts';

/** The kernels add a row's products one after the other: longer rows are cut into parts. */
const LONGEST_RUN = 1024;
/** Products of integers that are held at once. */
const LARGEST_EXPANSION = 2 ** 22;

/** An operand as [batch, free, contracted]. */
function matrices(k: Kernels, x: Tensor, contracted: Shape, batch: Shape): Tensor {
  const free = x.shape.map((_, d) => d).filter((d) => !contracted.includes(d) && !batch.includes(d));
  const size = (axes: Shape): number => sizeOf(axes.map((d) => x.shape[d]!));
  return view(k.transpose(x, [...batch, ...free, ...contracted]), [size(batch), size(free), size(contracted)]);
}

const sliceLast = (k: Kernels, x: Tensor, from: number, size: number): Tensor =>
  k.slice(x, [0, 0, from], [x.shape[0]!, x.shape[1]!, size]);

/** Runs over the contracted axis in parts of at most `longest`. */
function inParts(k: Kernels, a: Tensor, b: Tensor, longest: number, part: (a: Tensor, b: Tensor) => Tensor): Tensor[] {
  const n = a.shape[2]!;
  const parts: Tensor[] = [];
  for (let from = 0; from < n; from += longest) {
    const size = Math.min(longest, n - from);
    parts.push(part(sliceLast(k, a, from, size), sliceLast(k, b, from, size)));
  }
  return parts;
}

/** wasm's transposing product is many times slower than a transposition. */
const product = (k: Kernels, a: Tensor, b: Tensor): Tensor =>
  k.run('BatchMatMul', { a, b: k.transpose(b, [0, 2, 1]) }, { transposeA: false, transposeB: false });

function floatDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  const sums = inParts(k, a, b, LONGEST_RUN, (p, q) => product(k, p, q));
  if (sums.length === 1) return sums[0]!;
  const size = sizeOf(sums[0]!.shape);
  const stacked = k.concat(sums.map((s) => view(s, [1, size])), 0);
  return sumRows(k, rowsAlong(k, stacked, [0]));
}

/** wasm has no product of integer matrices, and the cpu engine's is not exact. */
function integerDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  const [batch, rows, n] = a.shape as [number, number, number];
  const columns = b.shape[1]!;
  const longest = Math.max(1, Math.floor(LARGEST_EXPANSION / (batch * rows * columns)));
  const sums = inParts(k, a, b, Math.min(longest, n), (p, q) => {
    const size = p.shape[2]!;
    const shape = [batch, rows, columns, size];
    const left = k.broadcast(view(p, [batch, rows, 1, size]), shape);
    const right = k.broadcast(view(q, [batch, 1, columns, size]), shape);
    const flat = [sizeOf(shape)];
    return sumRows(k, view(k.mulInt(view(left, flat), view(right, flat)), [batch * rows * columns, size]));
  });
  return sums.reduce(k.add);
}

function dotGeneral(k: Kernels, [lhs, rhs]: readonly Tensor[], { dimension_numbers }: ParamsOf<'dot_general'>): Tensor {
  const [contracted, batch] = dimension_numbers;
  const a = matrices(k, lhs!, contracted[0], batch[0]);
  const b = matrices(k, rhs!, contracted[1], batch[1]);
  if (a.shape[2] === 0) return k.full([a.shape[0]! * a.shape[1]! * b.shape[1]!], 0, a.dtype);
  if (a.dtype === 'float32') return floatDot(k, a, b);
  if (a.dtype === 'int32') return integerDot(k, a, b);
  // OR of ANDs: how many there are, at least roughly, is never rounded to none.
  return k.toBool(floatDot(k, k.fromBool(a, 'float32'), k.fromBool(b, 'float32')));
}

export const contraction: Part<'dot_general'> = {
  dot_general: (k, operands, params) => [dotGeneral(k, operands, params)],
};
