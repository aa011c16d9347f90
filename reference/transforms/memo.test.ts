import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { customJvp, devicePut, grad, jit, jvp, lax, linearize, linearTranspose, liveBuffers, np, reference, tidy, tree, valueAndGrad, vjp, vmap } from '../index.ts'; // prettier-ignore
import { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { readProgram } from './programs.ts';
import { transforms } from './rules.ts';

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

describe('what was made of a program for one use is not taken for another', () => {
  type Pair = (a: NDArray, b: NDArray) => [NDArray, NDArray];
  type Uses = Readonly<Record<string, (f: Pair) => unknown>>;
  const [one, two] = [np.array(1), np.array(2)];
  const batches: Uses = {
    'of two': (f) => vmap(f)(np.ones([2]), np.ones([2])),
    'of three': (f) => vmap(f)(x, x),
    'of three, of the first argument only': (f) => vmap(f, [0, null])(x, one),
    'of three, of the second argument only': (f) => vmap(f, [null, 0])(one, x),
  };
  const derivatives: Uses = {
    'tangents along the first argument': (f) => jvp((a: NDArray) => f(a, two), [one], [one]),
    'tangents along the second argument': (f) => jvp((b: NDArray) => f(one, b), [two], [one]),
    'tangents along both': (f) => jvp(f, [one, two], [one, two]),
    'the gradient of the first result': (f) => grad((a: NDArray) => f(a, a)[0])(two),
    'the gradient of the second result': (f) => grad((a: NDArray) => f(a, a)[1])(two),
    'the gradient with respect to the first argument': (f) => grad((a: NDArray) => f(a, two)[0])(one),
    'the gradient with respect to the second argument': (f) => grad((b: NDArray) => f(one, b)[0])(two),
  };
  const transposed =
    (of: (ys: [NDArray, NDArray]) => unknown, ct: unknown) =>
    (f: Pair): unknown =>
      linearTranspose((a: NDArray, b: NDArray) => of(f(a, b)) as NDArray, one, one)(ct as NDArray);
  const transposes: Uses = {
    'for both results': transposed((ys) => ys, [two, one]),
    'for the first result': transposed(([y]) => y, two),
    'for the second result': transposed(([, y]) => y, one),
  };
  const product: Pair = (a, b) => [np.sin(a).mul(b), np.stack([a, b, a]).sum()];
  const linear: Pair = (a, b) => [a.mul(2).add(b), b.mul(3)];
  test.each<[string, () => Pair, Uses]>([
    ['batches', () => jit(product), batches],
    ['derivatives', () => jit(product), derivatives],
    ['transposes', () => jit(linear), transposes],
  ])('%s', (_, make, uses) => {
    const results = (f: () => Pair, some: readonly string[]): unknown =>
      some.map((name) => [name, ...tree.leaves(uses[name]!(f())).map((y) => (y as NDArray).js())]);
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(uses), { minLength: 2 }), (some) => {
        const shared = make();
        expect(results(() => shared, some)).toEqual(results(make, some));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a transformation of a program is known by all that it was asked for', () => {
  /** Asks one program for everything, then a fresh copy of it for each. */
  function toldApart(lines: string, uses: readonly ((program: Jaxpr) => object)[]): void {
    const text = `etalon.program/1\n{ lambda ; a:f32[3] b:f32[3]. let\n${lines} }\n`;
    const results = (program: () => Jaxpr): string[] =>
      uses.map((use) => JSON.stringify(use(program()), (_, v: unknown) => (v instanceof Jaxpr ? String(v) : v)));
    const shared = readProgram(text);
    const fresh = results(() => readProgram(text));
    expect(results(() => shared)).toEqual(fresh);
    expect(new Set(fresh).size).toBeGreaterThan(uses.length / 2); // or the wrong one would not be noticed
  }
  const two = [false, true].flatMap((x) => [false, true].map((y) => [x, y] as const));
  const apart = '  c:f32[3] = neg a\n  d:f32[3] = neg b\n  in (c, d)';

  test('jvp', () =>
    toldApart(apart, two.flatMap((nonzero) => two.map((force) => (p) => transforms.jvp(p, nonzero, force))))); // prettier-ignore
  test('partialEval', () =>
    toldApart(apart, two.flatMap((known) => two.map((force) => (p) => transforms.partialEval(p, known, force))))); // prettier-ignore
  test('transpose', () =>
    toldApart(apart, two.flatMap((linear) => two.flatMap((given) => [false, true].map((force) => (p) => transforms.transpose(p, linear, given, force)))))); // prettier-ignore
  test('dce', () => toldApart(apart, two.map((used) => (p) => transforms.dce(p, used)))); // prettier-ignore
  test('batch', () => {
    const summed = '  c:f32[3] = psum[axis_name="i" axis_size=2] a\n  d:f32[3] = neg b\n  in (c, d)';
    const axes = [{ name: 'i', size: 2 }, { name: 'j', size: 2 }, { name: 'j', size: 3 }]; // prettier-ignore
    toldApart(summed, axes.flatMap((axis) => two.flatMap((batched) => two.map((force) => (p) => transforms.batch(p, batched, axis, force))))); // prettier-ignore
  });
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
