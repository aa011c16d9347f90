import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { grad, jit, jvp, type NDArray, np, vmap } from '../index.ts';
import type { ConcreteArray } from './array.ts';
import { ConcretizationError } from './errors.ts';

describe('an array', () => {
  test('is let go at the end of the block that uses it', () => {
    let kept: NDArray;
    {
      using x = np.array([1, 2]);
      kept = x;
      expect((kept as ConcreteArray).disposed).toBe(false);
    }
    expect((kept as ConcreteArray).disposed).toBe(true);
    expect(String(kept)).toBe('Array(disposed)');
  });

  test('is shown by the console as its text', () => {
    const x = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(inspect(x)).toBe('f32[2,2] [[1, 2], [3, 4]]');
    expect(String(x)).toBe(inspect(x));
  });
});

describe('a tracer', () => {
  const ways = ['item', 'js', 'dataSync', 'data', 'jsAsync', 'blockUntilReady'] as const;

  test.each(ways)('without a value refuses %s, by name', (way) => {
    const ask = (x: NDArray): NDArray => {
      void x[way]();
      return x;
    };
    for (const run of [() => jit(ask)(1), () => vmap(ask)(np.ones([2]))]) {
      expect(run).toThrow(ConcretizationError);
      expect(run).toThrow(
        new RegExp(`x\\.${way}\\(\\) at \\S+array\\.test\\.ts:\\d+:\\d+ asks for the value of x: f32`),
      );
    }
  });

  test('shows its type, or its value where it has one', () => {
    const texts: string[] = [];
    const note = (x: NDArray): NDArray => {
      texts.push(String(x));
      return x;
    };
    jit(note)(np.ones([2]));
    vmap(note)(np.ones([2, 3]));
    grad((x: NDArray) => note(x).sum())(np.ones([2]));
    jvp(note, [np.array([1, 2])], [np.ones([2])]);
    expect(texts).toEqual([
      'Traced<f32[2]> under jit(note)',
      'Traced<f32[3]> under a vmapped function',
      'Dual<f32[2]> of f32[2] [1, 1]',
      'Dual<f32[2]> of f32[2] [1, 2]',
    ]);
  });
});
