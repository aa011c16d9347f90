import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lax, makeJaxpr, type NDArray, numpy as np } from '../../../reference/index.ts';
import { control } from '../control.ts';
import { wgslTable } from '../index.ts';
import { Builder } from './builder.ts';
import { compile } from './compile.ts';
import type { KernelStep, Plan, Step } from './plan.ts';

const target = { cpu: true, buffers: 7, workgroup: 64 };

const planOf = (f: (...xs: NDArray[]) => unknown, ...xs: NDArray[]): Plan =>
  compile(makeJaxpr(f as (...xs: NDArray[]) => NDArray)(...xs), wgslTable, control, target);

const kernelsOf = (steps: readonly Step[]): readonly KernelStep[] =>
  steps.flatMap((step) => (step.kind === 'kernel' ? [step] : 'steps' in step ? kernelsOf(step.steps) : []));
const labels = (plan: Plan): readonly string[] => kernelsOf(plan.steps).map(({ label }) => label);

const x = np.ones([8, 16]);

describe('fusion', () => {
  test('a chain is one kernel, however long', () => {
    const chain = planOf((a) => Array.from({ length: 20 }).reduce((y: NDArray) => y.mul(a).add(1), a), x);
    expect(kernelsOf(chain.steps)).toHaveLength(1);
    expect(chain.buffers).toHaveLength(2);
  });

  test('a very long chain is cut', () => {
    const chain = planOf((a) => Array.from({ length: 1000 }).reduce((y: NDArray) => y.mul(a), a), x);
    expect(kernelsOf(chain.steps).length).toBeGreaterThan(1);
    for (const { code } of kernelsOf(chain.steps)) expect(code.split('\n').length).toBeLessThan(500);
  });

  test('what is found element by element is not written four times in a long kernel', () => {
    const part = (a: NDArray, i: number): NDArray => np.pad(a.slice([i, i + 2]), [[i, 4096 - i]]);
    const sum = planOf(
      (a) => Array.from({ length: 90 }, (_, i) => part(a, 2 * i)).reduce((y, z) => y.add(z)),
      np.ones([4098]),
    );
    for (const { code } of kernelsOf(sum.steps)) expect(code.split('\n').length).toBeLessThan(700);
  });

  test('what leads to a reduction and what follows from it is in its kernel', () => {
    const plan = planOf((a) => a.mul(a).sum(1).add(1).mul(2), x);
    expect(labels(plan)).toHaveLength(1);
    expect(plan.buffers).toHaveLength(2);
  });

  test('a value is looked at once, not along every way that leads to it', () => {
    const step = ([y, z]: readonly [NDArray, NDArray]) => [y.add(z), y.sub(z)] as const;
    const plan = planOf((a) => Array.from({ length: 90 }).reduce(step, [a.sum(1), a.sum(1)] as const)[0], x);
    expect(kernelsOf(plan.steps).length).toBeLessThan(10);
  });

  test('results of one size are written by one kernel', () => {
    const plan = planOf((a, b) => [a.add(b), a.sub(b), a.mul(b)], x, x);
    expect(labels(plan)).toHaveLength(1);
  });

  test('moves need no kernel of their own', () => {
    const plan = planOf((a) => a.transpose().reshape([16, 8]).add(1), x);
    expect(labels(plan)).toHaveLength(1);
  });

  test('a reshape of an input is that input', () => {
    const plan = planOf((a) => a.reshape([128]), x);
    expect(plan.steps).toHaveLength(0);
    expect(plan.results[0]!.buffer).toBe(0);
  });

  test('one dispatch per iteration of a loop of scalars', () => {
    const plan = planOf((v) => lax.scan((c, a) => [c.add(a), c.mul(a)] as const, np.zeros([]), v), np.ones([10]));
    const [repeat] = plan.steps.filter((step) => step.kind === 'repeat');
    expect(repeat).toMatchObject({ times: 5 });
    expect(kernelsOf([repeat!])).toHaveLength(2);
  });
});

describe('limits', () => {
  test('no kernel has more buffers than the device grants', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), (n) => {
        const inputs = Array.from({ length: n }, () => x);
        const plan = planOf((...xs) => xs.reduce((a, b) => a.mul(b)), ...inputs);
        for (const { bindings } of kernelsOf(plan.steps)) expect(bindings.length).toBeLessThanOrEqual(target.buffers);
      }),
    );
  });

  test('no buffer is read and written by one kernel', () => {
    const plan = planOf((a, b) => [a.mul(b).sum(0), a.add(b), a.add(b).mul(a.sum(1, { keepdims: true }))], x, x);
    for (const { bindings } of kernelsOf(plan.steps))
      expect(new Set(bindings.map(({ buffer }) => buffer)).size).toBe(bindings.length);
  });

  test('what is read elsewhere is written by an earlier kernel', () => {
    const plan = planOf(
      (a, b) => {
        const sum = a.add(b);
        return [sum.transpose(), np.sort(sum)]; // that the sum needs a buffer shows after the transpose was looked at
      },
      ...[x, x],
    );
    expect(labels(plan)).toEqual(['add', 'transpose', 'sort']);
  });
});

test('the text of a kernel does not depend on the buffers around it', () => {
  const once = planOf((a) => a.mul(a), x);
  const twice = planOf((a, b) => [a.add(b), b.mul(b)][1], x, x);
  expect(kernelsOf(twice.steps)[0]!.code).toBe(kernelsOf(once.steps)[0]!.code);
});

test('zeros of a padding are not known to compilers, which take 0 · ∞ for 0', () => {
  const images = [np.ones([1, 1, 4, 4]), np.ones([1, 1, 3, 3])] as const;
  const plan = planOf((a, b) => lax.convGeneralDilated(a, b, [1, 1], 'SAME'), ...images);
  for (const { code } of kernelsOf(plan.steps)) expect(code).not.toMatch(/select\((?:0\.0|0f|\w+\(\)),/);
});

test('no name is that of a type', () => {
  const k = new Builder({ bufferOf: () => null, rowOf: () => null, following: [] }, 64);
  for (let i = 0; i < 40; i++) k.loop('0u', '9u', '1u', (at) => k.variable('u32', at));
  expect(k.finish().code).not.toMatch(/\b(?:var|let) [iuf](?:8|16|32|64)\b/);
});
