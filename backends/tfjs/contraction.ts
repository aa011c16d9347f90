/** Contraction. */
import { type Aval, sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import { convert } from './conversion.ts';
import { type Shape, storageOf, type Tensor, view } from './engine.ts';
import { flat, type Kernels, LONGEST_RUN } from './kernels.ts';
import type { Part, Value } from './lowering.ts';
import { sumRows } from './reduction.ts';
import { replaced } from './shape.ts';

/** Products of integers that are held at once. */
const LARGEST_EXPANSION = 2 ** 22;

/** An operand as a matrix per batch element: rows and columns run over several axes each. */
function matrices(k: Kernels, x: Tensor, batch: Shape, rows: Shape, columns: Shape): Tensor {
  const size = (axes: Shape): number => sizeOf(axes.map((d) => x.shape[d]!));
  return view(k.transpose(x, [...batch, ...rows, ...columns]), [size(batch), size(rows), size(columns)]);
}

const free = (x: Tensor, contracted: Shape, batch: Shape): number[] =>
  x.shape.map((_, d) => d).filter((d) => !contracted.includes(d) && !batch.includes(d));

/** A part of an axis of a tensor of three. */
function cut(k: Kernels, x: Tensor, axis: number, from: number, size: number): Tensor {
  if (size === x.shape[axis]) return x;
  return k.slice(
    x,
    x.shape.map((_, d) => (d === axis ? from : 0)),
    replaced(x.shape, axis, size),
  );
}

/**
 * wasm keeps the matrix that it packed from the second factor's data, and takes it again for the same data in another
 * shape, of which it then reads and writes past the end: the second factor is always a copy.
 */
const copied = (k: Kernels, x: Tensor): Tensor =>
  k.isWasm ? k.run('Slice', { x }, { begin: [0, 0, 0], size: x.shape }) : x;

/** The sum of the products of the halves of the contracted axes. */
function byHalves(
  k: Kernels,
  a: Tensor,
  b: Tensor,
  axisOfB: number,
  product: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const n = a.shape[2]!;
  const half = Math.ceil(n / 2);
  const part = (from: number, size: number): Tensor =>
    k.tidy(() => product(cut(k, a, 2, from, size), cut(k, b, axisOfB, from, size)));
  return k.add(part(0, half), part(half, n - half));
}

/** Of a as [batch, free, contracted] and b as [batch, contracted, free]. */
export function floatDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  if (a.shape[2]! > LONGEST_RUN) return byHalves(k, a, b, 1, (p, q) => floatDot(k, p, q));
  return k.run('BatchMatMul', { a, b: copied(k, b) }, { transposeA: false, transposeB: false });
}

/** Of both as [batch, free, contracted]: wasm has no product of integer matrices, and the cpu engine's is not exact. */
export function integerDot(k: Kernels, a: Tensor, b: Tensor): Tensor {
  const [batch, rows, n] = a.shape as [number, number, number];
  const columns = b.shape[1]!;
  const shape = [batch, rows, columns, n];
  if (n > 1 && sizeOf(shape) > LARGEST_EXPANSION) return byHalves(k, a, b, 2, (p, q) => integerDot(k, p, q));
  const left = k.broadcast(view(a, [batch, rows, 1, n]), shape);
  const right = k.broadcast(view(b, [batch, 1, columns, n]), shape);
  return sumRows(k, view(k.mulInt(flat(left), flat(right)), [batch * rows * columns, n]));
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
