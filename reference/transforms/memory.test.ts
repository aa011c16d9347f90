import { describe, expect, test } from 'vitest';
import { settled } from '../../conformance/testing/collector.ts';
import {
  customJvp,
  devicePut,
  grad,
  jit,
  jvp,
  linearize,
  liveBuffers,
  np,
  reference,
  tidy,
  valueAndGrad,
  vjp,
  vmap,
} from '../index.ts';
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';

const sum = (x: NDArray): NDArray => lax.reduceSum(x, [0]);
const chain = (x: NDArray): NDArray => sum(lax.sin(lax.mul(lax.exp(lax.mul(x, x)), lax.cos(x))));
const x = devicePut(np.array([0.1, 0.2, 0.3]), reference);
const live = (): number => liveBuffers(reference).buffers;

/** How many buffers more are alive after `f` than before. */
function growth(f: () => unknown): number {
  const before = live();
  const result = f();
  const after = live();
  expect(result).toBeDefined(); // and reachable until here
  return after - before;
}

describe('temporaries of transformations of concrete arrays', () => {
  test.each([
    ['grad keeps the gradient', () => grad(chain)(x), 1],
    ['valueAndGrad keeps value and gradient', () => valueAndGrad(chain)(x), 2],
    ['a second derivative keeps itself', () => grad((y: NDArray) => sum(grad(chain)(y)))(x), 1],
    ['vmap keeps its result', () => vmap((y: NDArray) => lax.mul(lax.sin(y), lax.cos(y)))(x), 1],
    ['per-example gradients keep themselves', () => vmap(grad((y: NDArray) => lax.sin(lax.mul(y, y))))(x), 1],
  ])('%s', (_, run, kept) => expect(growth(run)).toBe(kept));

  test('a pullback keeps its residuals, a call of it only the cotangent', () => {
    const [, pull] = vjp(chain, [x]);
    expect(growth(() => pull(1))).toBe(1);
  });

  test('a value that the user holds stays', () => {
    const constant = lax.reduceSum(x, [0]);
    grad((y: NDArray) => (y.size > 0 ? constant : sum(y)))(x);
    expect(constant.item()).toBeGreaterThan(0);
  });

  test('what the function itself shows to its user stays', () => {
    const seen: NDArray[] = [];
    grad((y: NDArray) => {
      seen.push(lax.stopGradient(lax.mul(y, 2)), lax.add(np.array([1, 2, 3]), 1), lax.gt(y, 0));
      return sum(lax.mul(y, y));
    })(x);
    expect(seen.map((s) => s.js())).toEqual([
      [0.1, 0.2, 0.3].map((v) => 2 * Math.fround(v)),
      [2, 3, 4],
      [true, true, true],
    ]);
  });
});

describe('what a derivative needs stays until it has been used', () => {
  const masked = (y: NDArray): NDArray => {
    using mask = lax.gt(y, 0.15);
    using scale = np.sin(np.array([1, 2, 3]));
    return sum(lax.select(mask, lax.mul(y, scale), lax.neg(y)));
  };
  const gradient = [-1, expect.closeTo(Math.sin(2)), expect.closeTo(Math.sin(3))];
  test.each([
    ['grad', () => grad(masked)(x)],
    ['vjp', () => vjp(masked, [x])[1](1)[0]],
    ['linearize', () => vmap(linearize(masked, [x])[1])(np.eye(3))],
    ['grad of tidy', () => grad((y: NDArray) => tidy(() => masked(y)))(x)],
    ['grad under vmap', () => vmap(grad(masked))(lax.broadcast(x, [1])).reshape(3)],
    ['grad under grad', () => grad((w: NDArray) => sum(lax.mul(grad(masked)(x), w)))(x)],
    ['grad under jit', () => jit(grad(masked))(x)],
  ])('%s', (_, run) => expect(run().js()).toEqual(gradient));

  test('and no longer', () => expect(growth(() => tidy(() => grad(masked)(x)))).toBe(1));
  test('a derivative keeps its residuals, a call of it only the tangent', () => {
    const [, derivative] = linearize(chain, [x]);
    expect(growth(() => derivative(x))).toBe(1);
  });
});

test("an array of the user's that a rule gives back stays the user's", () => {
  const y = np.array([1, 2, 3]);
  const f = (v: NDArray): NDArray => lax.mul(v, lax.reduceSum(lax.allGather(v, 'i'), [0]));
  expect(vmap(grad(f), { axisName: 'i' })(y).js()).toEqual([12, 12, 12]);
  expect(y.js()).toEqual([1, 2, 3]);
});

describe('tidy', () => {
  test('frees everything but the result, at any depth', () => {
    expect(growth(() => tidy(() => ({ a: [sum(lax.exp(x))], b: lax.neg(lax.neg(x)) })))).toBe(2);
    const y = tidy(() => tidy(() => lax.neg(x)));
    expect(y.shape).toEqual([3]);
  });

  test('leaves alone what an outer one frees, though a rule of the user sees it', () => {
    const twice = customJvp((y: NDArray) => y.mul(2));
    twice.defjvp(([y], [dy]) => [y.mul(2), dy.mul(2)]);
    const kept = tidy(() => {
      const y = lax.neg(x);
      tidy(() => jvp(twice, [y], [x]));
      return y.js();
    });
    expect(kept).toEqual(lax.neg(x).js());
  });

  test('leaves the constants of jitted functions alone', () => {
    const f = jit((y: NDArray) => lax.add(y, np.array([1, 2, 3])));
    tidy(() => f(x));
    expect(grad((y: NDArray) => sum(f(y)))(x).js()).toEqual([1, 1, 1]);
  });

  test('frees on failure too', () => {
    const before = live();
    expect(() =>
      tidy(() => {
        lax.exp(x);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(live()).toBe(before);
  });
});

test('10,000 jitted calls hold no more buffers than one', () => {
  const step = jit((y: NDArray, rate: number) => np.multiply(y, rate), { donateArgnums: 0 });
  let y = lax.add(x, 0);
  y = step(y, 0.5);
  const once = live();
  for (let i = 0; i < 10_000; i++) y = step(y, 0.5);
  expect(live()).toBe(once);
});

test('the constants of jitted functions that nobody can call any more are freed', async () => {
  const before = live();
  for (let i = 0; i < 100; i++) {
    const constant = np.array([i, 2, 3]);
    jit((y: NDArray) => lax.add(y, constant))(x).dispose();
  }
  expect(live() - before).toBe(100);
  await settled();
  expect(live()).toBeLessThanOrEqual(before);
});
