import { describe, expect, test, vi } from 'vitest';
import { customJvp, devicePut, grad, jit, jvp, lax, linearize, liveBuffers, np, reference, tidy, valueAndGrad, vjp, vmap } from '../index.ts'; // prettier-ignore
import type { NDArray } from '../core/ndarray.ts';

const x = devicePut(np.array([1, 2, 3]), reference);
const compile = vi.spyOn(reference.session, 'compile');

/** How many programs a third call of `f` compiles. */
function recompiled(f: () => unknown): number {
  f();
  f();
  const before = compile.mock.calls.length;
  f();
  return compile.mock.calls.length - before;
}

describe('what comes again is not compiled again', () => {
  const sine = jit((v: NDArray) => np.sin(v.mul(v)));
  const loss = jit((v: NDArray) => sine(v).sum());
  const looped = jit((v: NDArray) => lax.scan((c: NDArray, s: NDArray) => [c.mul(np.sin(s)), c], 1, v)[0]);
  const chosen = jit((v: NDArray) => lax.cond(v.sum().greater(0), () => loss(v), () => v.sum())); // prettier-ignore
  const [, derivative] = linearize(loss, [x]);
  const [, pull] = vjp(loss, [x]);
  test.each([
    ['jit(f)', () => loss(x)],
    ['grad(jit(f))', () => grad(loss)(x)],
    ['valueAndGrad(jit(f))', () => valueAndGrad(loss)(x)],
    ['grad of a jitted scan', () => grad(looped)(x)],
    ['grad of a jitted cond', () => grad(chosen)(x)],
    ['vmap(jit(f))', () => vmap(sine)(x)],
    ['vmap(grad(jit(f)))', () => vmap(grad(sine))(x)],
    ['jvp of jit(f)', () => jvp(loss, [x], [x])],
    ['grad(grad(jit(f)))', () => grad((v: NDArray) => grad(loss)(v).sum())(x)],
    ['a derivative', () => derivative(x)],
    ['a pullback', () => pull(1)],
  ])('%s', (_, run) => expect(recompiled(run)).toBe(0));
});

test('programs that do not come again leave no constants behind', () => {
  const constant = devicePut(np.ones([100]), reference);
  const triple = customJvp((v: NDArray) => v.mul(3).add(constant.sum()));
  triple.defjvp(([v], [dv]) => [triple(v), dv.mul(3)]);
  const before = liveBuffers(reference).buffers;
  tidy(() => {
    lax.scan((c: NDArray, s: NDArray) => [c.add(constant.sum()).mul(2), s], 0, x);
    lax.cond(true, (v: NDArray) => v.add(constant.sum()), (v: NDArray) => v.mul(3), x); // prettier-ignore
    triple(x);
    grad((v: NDArray) => triple(v).sum())(x);
  });
  expect(liveBuffers(reference).buffers).toBe(before);
});
