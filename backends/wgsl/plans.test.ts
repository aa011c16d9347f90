/** How many kernels programs become: what leads to a reduction or a product, and what follows from it, is in its kernel. */
import { expect, test } from 'vitest';
import { lax, makeJaxpr, type NDArray, np } from '../../reference/index.ts';
import { compile } from './compile/compile.ts';
import { control } from './control.ts';
import { wgslTable } from './index.ts';

/** The labels of the kernels of f, for a CPU or a GPU. */
function kernels(f: (...args: NDArray[]) => unknown, args: readonly NDArray[], cpu: boolean = true): string[] {
  const { steps } = compile(makeJaxpr(f)(...args), wgslTable, control, { cpu, buffers: 8, workgroup: 64 });
  return steps.map((step) => (step.kind === 'kernel' ? step.label : step.kind));
}

const [matrix, vector] = [np.ones([2000, 64]), np.ones([64])];

test('a sum, what it is of and what is made of it: one kernel', () => {
  expect(kernels((x) => lax.reduceSum(lax.mul(x, x), [1]).mul(2).add(1), [matrix])).toHaveLength(1);
});

test('a product and what is made of it: one kernel', () => {
  const layer = (x: NDArray, w: NDArray, b: NDArray): NDArray => lax.dot(x, w).add(b).neg();
  expect(kernels(layer, [matrix, np.ones([64, 128]), np.ones([128])])).toHaveLength(1);
});

test('a product of few rows is a sum of products', () => {
  expect(kernels((x, y) => lax.dot(x, y), [matrix, vector])).toHaveLength(1);
});

test('a product reads transposed operands as they are', () => {
  const swapped = (x: NDArray): NDArray => lax.transpose(x, [1, 0]);
  expect(kernels((x, y) => lax.dot(swapped(x), y), [np.ones([64, 128]), np.ones([64, 32])])).toHaveLength(1);
  expect(kernels((x, y) => lax.dot(x, swapped(swapped(swapped(y)))), [matrix, matrix])).toHaveLength(1);
});

test('few long sums are split, and so are few long rows', () => {
  const long = np.ones([1_000_000]);
  for (const cpu of [true, false]) {
    expect(kernels((x) => lax.reduceSum(x, [0]), [long], cpu)).toHaveLength(2);
    expect(kernels((x) => lax.cumsum(x), [long], cpu)).toHaveLength(3);
  }
});

test('rows are sorted and what follows is computed in the last kernel', () => {
  const sorted = (shape: readonly number[], cpu: boolean): number =>
    kernels((x) => lax.sort(x).mul(2), [np.ones(shape)], cpu).length;
  for (const cpu of [true, false]) {
    expect(sorted([100_000, 8], cpu)).toBe(1); // in registers
    expect(sorted([20, 64], cpu)).toBe(1); // ranked
    expect(sorted([1000, 1000], cpu)).toBe(8); // blocks of 8, merged seven times
  }
  expect(sorted([2 ** 20], true)).toBe(20); // four digits: counts, their sums, the records
});

test('of many no more are merged than are asked for', () => {
  expect(kernels((x) => lax.topK(x, 10), [np.ones([100, 64])])).toHaveLength(4);
});
