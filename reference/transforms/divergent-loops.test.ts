import { describe, expect, test } from 'vitest';
import { boundedResults } from '../../conformance/testing/agree.ts';
import { grad, lax, linearTranspose, type NDArray, np, vmap } from '../index.ts';

const sumOf = (f: (x: NDArray) => NDArray) => (xs: NDArray) => np.sum(vmap(f)(xs));

describe('a batch whose examples go different ways', () => {
  test('has no NaN from the derivative of the way not taken: cond', () => {
    const f = (x: NDArray): NDArray => lax.cond(lax.gt(x, 0), lax.log, (v: NDArray) => lax.mul(v, 2), x);
    expect(grad(sumOf(f))(np.array([0, 2])).js()).toEqual([2, 0.5]);
  });

  test('has no NaN from what all examples share', () => {
    const f = (x: NDArray, scale: NDArray): NDArray =>
      lax.cond(lax.gt(x, 0), (s: NDArray) => lax.div(s, x), (s: NDArray) => s, scale); // prettier-ignore
    const total = (scale: NDArray): NDArray => np.sum(vmap((x: NDArray) => f(x, scale))(np.array([0, 2])));
    expect(grad(total)(np.array(3)).item()).toBe(1.5);
  });

  test('has no NaN from the derivative of iterations not taken: while', () => {
    const f = (x: NDArray, top: NDArray): NDArray =>
      lax.whileLoop(
        (y: NDArray) => lax.gt(y, 0.5),
        (y: NDArray) => lax.div(top, y),
        x,
      );
    expect(grad(sumOf((x) => f(x, np.array(0.25))))(np.array([0, 1])).js()).toEqual([1, -0.25]);
    const total = (top: NDArray): NDArray => np.sum(vmap((x: NDArray) => f(x, top))(np.array([0, 1])));
    expect(grad(total)(np.array(0.25)).item()).toBe(1);
  });

  test('is as linear as each of them', () => {
    const choices = np.array([0n, 1n, 7n]);
    const f = (x: NDArray): NDArray =>
      vmap((i: NDArray, v: NDArray) => lax.switch(i, [lax.neg, (u: NDArray) => lax.mul(u, 3)], v))(choices, x);
    const [back] = linearTranspose(f, np.zeros([3]))(np.array([1, 1, 1]));
    expect(back.js()).toEqual([-1, 3, 3]);
  });

  test('may be empty', () => {
    const f = (x: NDArray): NDArray =>
      lax.whileLoop(
        (y: NDArray) => lax.lt(y, 3),
        (y: NDArray) => lax.add(y, 1),
        x,
      );
    expect(grad(sumOf(f))(np.zeros([0])).js()).toEqual([]);
  });
});

describe('a weak carry', () => {
  const one = np.array(1, { dtype: 'bfloat16' });
  test('takes the dtype that the body gives it', () => {
    expect(lax.scan((c: NDArray, x: NDArray) => [np.add(c, x), c], 0, np.stack([one, one])).toString()).toBe(
      'bf16[] 2,bf16[2] [0, 1]',
    );
    const counted = lax.whileLoop<NDArray | number>(
      (c) => np.less(c, 3),
      (c) => np.add(c, one),
      0,
    );
    expect(counted.toString()).toBe('bf16[] 3');
  });
  test('stays weak if the body leaves it so', () => {
    const [doubled] = lax.scan((c: NDArray) => [np.multiply(c, 2), null], 1, null, { length: 3 });
    expect(np.add(doubled, one).toString()).toBe('bf16[] 9');
  });
});

test('where it is uncertain when a loop ends, its result is still what the reference gives', () => {
  // 0.1 + 0.2 is 0.3, or a little more.
  const f = (x: NDArray): NDArray =>
    lax.whileLoop(
      (y: NDArray) => lax.lt(y, np.array(0.3, { dtype: 'float64' })),
      (y: NDArray) => lax.add(y, x),
      lax.add(x, x),
    );
  const x = np.array(0.1, { dtype: 'float64' });
  const [{ value, bound }] = boundedResults(f, [x]) as [ReturnType<typeof boundedResults>[number]];
  expect(value.data[0]).toBe(f(x).item());
  expect(bound!.worst[0]).toBe(Infinity);
});
