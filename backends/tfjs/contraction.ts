/** Contraction. */
import { type Aval, sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { convert } from './conversion.ts';
import { type Shape, storageOf, type Tensor, view } from './engine.ts';
import { flat, type Kernels } from './kernels.ts';
import type { Part, Value } from './lowering.ts';
import { rowsAlong, sumRows } from './reduction.ts';

/** The kernels add a row's products one after the other: longer rows are cut into parts. */
const LONGEST_RUN = 1024;
/** Products of integers that are held at once. */
const LARGEST_EXPANSION = 2 ** 22;

/** An operand as a matrix per batch element: rows and columns run over several axes each. */
function matrices(k: Kernels, x: Tensor, batch: Shape, rows: Shape, columns: Shape): Tensor {
  const size = (axes: Shape): number => sizeOf(axes.map((d) => x.shape[d]!));
  return view(k.transpose(x, [...batch, ...rows, ...columns]), [size(batch), size(rows), size(columns)]);
}

const free = (x: Tensor, contracted: Shape, batch: Shape): number[] =>
  x.shape.map((_, d) => d).filter((d) => !contracted.includes(d) && !batch.includes(d));

/** Calls `part` with the beginnings and sizes of parts of n that are not longer than `longest`. */
function inParts(n: number, longest: number, part: (from: number, size: number) => Tensor): Tensor[] {
  const parts: Tensor[] = [];
  for (let from = 0; from < n; from += longest) parts.push(part(from, Math.min(longest, n - from)));
  return parts;
}

/** A part of an axis of a tensor of three. */
const cut = (k: Kernels, x: Tensor, axis: number, from: number, size: number): Tensor =>
  k.slice(
    x,
    x.shape.map((_, d) => (d === axis ? from : 0)),
    x.shape.map((n, d) => (d === axis ? size : n)),
  );

/** Of a as [batch, free, contracted] and b as [batch, contracted, free]. */
function floatDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  const sums = inParts(a.shape[2]!, LONGEST_RUN, (from, size) =>
    k.run(
      'BatchMatMul',
      { a: cut(k, a, 2, from, size), b: cut(k, b, 1, from, size) },
      { transposeA: false, transposeB: false },
    ),
  );
  if (sums.length === 1) return sums[0]!;
  const size = sizeOf(sums[0]!.shape);
  const stacked = k.concat(
    sums.map((s) => view(s, [1, size])),
    0,
  );
  return sumRows(k, rowsAlong(k, stacked, [0]));
}

/** Of both as [batch, free, contracted]: wasm has no product of integer matrices, and the cpu engine's is not exact. */
function integerDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  const [batch, rows, n] = a.shape as [number, number, number];
  const columns = b.shape[1]!;
  const longest = Math.max(1, Math.floor(LARGEST_EXPANSION / (batch * rows * columns)));
  const sums = inParts(n, longest, (from, size) => {
    const shape = [batch, rows, columns, size];
    const left = k.broadcast(view(cut(k, a, 2, from, size), [batch, rows, 1, size]), shape);
    const right = k.broadcast(view(cut(k, b, 2, from, size), [batch, 1, columns, size]), shape);
    return sumRows(k, view(k.mulInt(flat(left), flat(right)), [batch * rows * columns, size]));
  });
  return sums.reduce(k.add);
}

/** Factors are converted to the dtype of the result. A result of bool is an OR of ANDs: whether there are any. */
function dotGeneral(k: Kernels, [lhs, rhs]: readonly Value[], p: ParamsOf<'dot_general'>, result: Aval): Tensor {
  const size = sizeOf(result.shape);
  if (sizeOf(lhs!.shape) === 0) return k.full([size], 0, storageOf(result.dtype));
  const to = result.dtype === 'bool' ? 'float32' : result.dtype;
  const factor = (x: Value): Tensor => view(convert(k, flat(x), x.type, to), x.shape);
  const [[left, right], [leftBatch, rightBatch]] = p.dimension_numbers;
  const leftFree = free(lhs!, left, leftBatch);
  const rightFree = free(rhs!, right, rightBatch);
  const a = matrices(k, factor(lhs!), leftBatch, leftFree, left);
  if (to !== 'float32') return integerDot(k, a, matrices(k, factor(rhs!), rightBatch, rightFree, right));
  const dot = floatDot(k, a, matrices(k, factor(rhs!), rightBatch, right, rightFree));
  return result.dtype === 'bool' ? k.toBool(dot) : dot; // a count, however rounded, is not rounded to none
}

export const contraction: Part<'dot_general'> = {
  dot_general: (k, operands, params, [result]) => [dotGeneral(k, operands, params, result!)],
};
