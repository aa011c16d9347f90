import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeakedTracerError } from '../../core/errors.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { checkpoint, debug, grad, jit, linearize, makeJaxpr, np, vmap } from '../../index.ts';
import * as lax from '../../lax.ts';
import { cond, scan } from '../../transforms/control-flow.ts';
import { whileLoop } from '../../transforms/loops.ts';

let kept: NDArray | null = null;
const keeping = (x: NDArray): NDArray => {
  kept = lax.mul(x, 2);
  return x;
};

beforeEach(() => {
  setFlagsFromString('--expose-gc');
  vi.stubGlobal('gc', runInNewContext('gc'));
  debug.leaks();
});
afterEach(() => {
  debug.leaks(false);
  kept = null;
  vi.unstubAllGlobals();
});

const HERE = String.raw`\S*library/debug/leaks\.test\.ts:\d+:\d+`;
const batch = np.array([1, 2]);
const WAYS: readonly (readonly [string, () => unknown, string])[] = [
  ['jit', () => jit(keeping)(1), 'jit(keeping)'],
  ['grad', () => grad(keeping)(1), 'grad(keeping)'],
  ['vmap', () => vmap(keeping)(batch), 'vmap(keeping)'],
  ['linearize', () => linearize(keeping, [1]), 'linearize(keeping)'],
  ['makeJaxpr', () => makeJaxpr(keeping)(1), 'makeJaxpr(keeping)'],
  ['checkpoint', () => checkpoint(keeping)(1), 'checkpoint(keeping)'],
  ['grad of jit', () => grad(jit(keeping))(1), 'jit(keeping)'],
];

describe('a tracer that has leaked', () => {
  test.each(WAYS)('from %s: its error says where it was computed, and where it leaked from', (_, leak, from) => {
    leak();
    const use = (): NDArray => kept!.add(1);
    expect(use).toThrow(LeakedTracerError);
    expect(use).toThrow(`met a tracer of ${from}`);
    expect(use).toThrow(new RegExp(`f32\\[\\] was computed at ${HERE}, in \\S+, called at ${HERE}`));
    debug.leaks(false);
    expect(use).toThrow('debug.leaks(true) tells where it was computed');
  });

  test.each(WAYS)('from %s: is found before anybody uses it', async (_, leak, from) => {
    leak();
    const found = await debug.leakedTracers();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ type: 'f32[]', from });
    expect(found[0]!.computed).toMatch(new RegExp(`^${HERE}$`));
    kept = null;
    expect(await debug.leakedTracers()).toEqual([]);
  });
});

test('nothing else is reachable, whatever the transformations keep', async () => {
  const f = (x: NDArray): NDArray => {
    const y = cond(lax.gt(x, 0), (v: NDArray) => lax.sin(v), (v: NDArray) => lax.neg(v), x); // prettier-ignore
    const z = whileLoop((c: NDArray) => lax.lt(c, 3), (c: NDArray) => c.mul(2).add(1), y); // prettier-ignore
    const [w] = scan((c: NDArray) => [lax.mul(c, z), c], z, null, { length: 2 });
    return w;
  };
  const functions = [jit(f), vmap(f), grad(f), jit(vmap(grad(checkpoint(f))))];
  const results = functions.map((g, i) => (g as (x: NDArray) => unknown)(i === 1 || i === 3 ? batch : np.array(0.5)));
  const [, derivative] = linearize(f, [0.5]);
  expect(await debug.leakedTracers()).toEqual([]);
  expect([results.length, functions.length, typeof derivative]).toEqual([4, 4, 'function']); // and alive until here
});

describe('leakedTracers cannot tell', () => {
  test('while the checker is off', async () => {
    debug.leaks(false);
    await expect(debug.leakedTracers()).rejects.toThrow('call debug.leaks() first');
  });
  test('where garbage cannot be collected', async () => {
    vi.stubGlobal('gc', undefined);
    await expect(debug.leakedTracers()).rejects.toThrow('node --expose-gc');
  });
});
