import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DifferentiationError } from '../core/errors.ts';
import { customJvp, customVjp, grad, jacfwd, jit, jvp, lax, linearize, np, type NDArray, nn, stopGradient, vmap, vjp } from '../index.ts'; // prettier-ignore
import { disagreement } from '../../conformance/testing/agree.ts';

type F = (...xs: NDArray[]) => NDArray;

describe('under jvp and grad alone, function and rule run on values', () => {
  const seen: unknown[] = [];
  /** |x|, with branches in JavaScript, and a derivative that tells that the rule was used. */
  const size = customJvp((x: NDArray) => ((x.item() as number) < 0 ? x.neg() : x));
  size.defjvp(([x], [dx]) => {
    seen.push(x.item());
    return [size(x), (x.item() as number) < 0 ? dx.mul(-10) : dx.mul(10)];
  });

  test('to any order', () => {
    expect([size(-3), size(3)].map((y) => y.item())).toEqual([3, 3]);
    expect(jvp(size, [-3], [2]).map((y) => y.item())).toEqual([3, -20]);
    expect([grad(size)(-3), grad(size)(3)].map((y) => y.item())).toEqual([-10, 10]);
    const squared = (x: NDArray): NDArray => size(x).mul(size(x));
    expect(grad(grad(squared))(-3).item()).toBe(200);
    expect(grad((x: NDArray) => jvp(squared, [x], [1])[1])(-3).item()).toBe(200);
    expect(linearize(squared, [-3])[1](1).item()).toBe(-60);
    expect(seen.every((x) => x === -3 || x === 3)).toBe(true);
  });

  test('where values are traced they are not there', () => {
    expect(() => jit(size)(1)).toThrow(/traced value has no number/);
    expect(() => vmap(grad(size))(np.ones([2]))).toThrow(/traced value has no number/);
  });

  test('what the rule keeps stays alive', () => {
    const kept: NDArray[] = [];
    const double = customJvp((x: NDArray) => x.mul(2));
    double.defjvp(([x], [dx]) => {
      kept.push(x, x.mul(3));
      return [double(x), dx.mul(2)];
    });
    grad((x: NDArray) => double(np.sin(x)).sum())(np.array([0, 0]));
    expect(kept.map((x) => x.js())).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });
});

test('running on values and as a program is the same function, with every transformation', () => {
  const product = customJvp((x: NDArray, y: NDArray) => np.sin(x).mul(y));
  product.defjvp(([x, y], [dx, dy]) => [product(x, y), np.cos(x).mul(y).mul(dx).add(np.sin(x).mul(dy)).mul(3)]);
  const transformed: readonly ((f: F) => F)[] = [
    (f) => f,
    (f) => (x, y) => jvp(f, [x, y], [y, x])[1],
    (f) => grad((x: NDArray, y: NDArray) => f(x, y).sum(), { argnums: 1 }),
    (f) => grad((x: NDArray, y: NDArray) => grad((v: NDArray) => f(v, y).sum())(x).sum()),
    (f) => vmap(f),
    (f) => vmap(grad(f)),
    (f) => (x, y) => vmap((v: NDArray) => jacfwd(f)(v, y))(x),
  ];
  const point = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(point, point, fc.constantFrom(...transformed), (x, y, through) => {
      const [a, b] = [through(product), jit(through(jit(product) as F))];
      expect(disagreement(a, b, [np.array(x), np.array(y)])).toBeNull();
    }),
    { numRuns: 30 },
  );
});

describe('arguments', () => {
  test('nondiffArgnums go to the rule first, as they are', () => {
    const apply = customJvp((x: NDArray, f: F, n: number) => f(x).mul(n), { nondiffArgnums: [1, 2] });
    apply.defjvp((f: F, n: number, [x]: NDArray[], [dx]: NDArray[]) => [apply(x!, f, n), f(dx!).mul(100 * n)]);
    expect(apply(2, np.square as F, 3).item()).toBe(12);
    const f = (x: NDArray): NDArray => apply(x, np.negative, 3);
    expect([grad(f)(2), jit(grad(f))(2), grad(jit(f))(2)].map((d) => d.item())).toEqual([-300, -300, -300]);
  });

  test('trees, nulls, integers and numbers', () => {
    type P = { w: NDArray; b: NDArray | null };
    const f = customJvp((p: P, i: NDArray) => [np.take(p.w, i, 0), i] as const);
    f.defjvp(([p, i]: [P, NDArray], [dp, di]: [P, NDArray]) => {
      expect([di.dtype, di.shape, dp.b]).toEqual(['int32', [], null]);
      return [f(p, i), [np.take(dp.w, i, 0).mul(7), null]];
    });
    const p = { w: np.array([1, 2]), b: null };
    const [y, dy] = jvp(f, [p, np.array(1n)], [{ w: np.array([3, 4]), b: null }, null] as never);
    expect([...y, ...dy].map((v) => v.js())).toEqual([2, 1, 28, 0]);
    expect(grad((q: P) => jit(f)(q, np.array(0n))[0])(p).w.js()).toEqual([7, 0]);
  });

  test('a number that does not matter has no tangent to report', () => {
    const scaled = customJvp((x: NDArray, y: NDArray) => x.mul(y));
    scaled.defjvps((dx, _, _x, y) => dx.mul(y), null);
    expect(grad(scaled as F, { argnums: [0, 1] })(np.array(2), np.array(3)).map((d) => d.item())).toEqual([3, 0]);
    expect(grad((y: NDArray) => scaled(2, y))(3).item()).toBe(0);
  });
});

describe('closures', () => {
  /** z·y, whose rule says ten times the truth. */
  const times = (y: NDArray): F => {
    const f = customJvp((z: NDArray) => z.mul(y));
    f.defjvp(([z], [dz]) => [f(z), dz.mul(y).mul(10)]);
    return f;
  };
  const both = (x: NDArray, y: NDArray): NDArray => times(y)(x);
  const [xs, ys] = [np.array([1, 2, 3]), np.array([4, 5, 6])];

  test('over values that are not differentiated, however these are traced', () => {
    expect(grad(both)(2, np.array(3)).item()).toBe(30);
    expect(jit(both)(2, 3).item()).toBe(6);
    expect(jit(grad(both))(2, 3).item()).toBe(30);
    expect(vmap(both)(xs, ys).js()).toEqual([4, 10, 18]);
    expect(vmap((y: NDArray) => times(y)(np.array(2)))(ys).js()).toEqual([8, 10, 12]);
    expect(vmap(grad(both))(xs, ys).js()).toEqual([40, 50, 60]);
    expect(grad((x: NDArray, y: NDArray) => vmap(both)(x, y).sum())(xs, ys).js()).toEqual([40, 50, 60]);
    expect(lax.scan((c: NDArray, y: NDArray) => [times(y)(c), null], 1, ys)[0].item()).toBe(120);
  });

  const refused: readonly [string, () => unknown][] = [
    ['grad', () => grad(both, { argnums: [0, 1] })(2, 3)],
    ['grad in the closure alone', () => grad(both, { argnums: 1 })(np.array(2), 3)],
    ['jvp', () => jvp(both, [2, 3], [0, 1])],
    ['grad of jit', () => grad(jit(both), { argnums: 1 })(np.array(2), 3)],
    ['grad of vmap', () => grad((y: NDArray) => vmap(both)(xs, y).sum())(ys)],
    ['grad of vmap of a constant', () => grad((y: NDArray) => vmap((v: NDArray) => times(v)(xs))(y).sum())(ys)],
  ];
  test.each(refused)('%s with respect to a value that is closed over is an error', (_, run) => {
    expect(run).toThrow(/closes over a value that is being differentiated, f32/);
    expect(run).toThrow(DifferentiationError);
  });

  test('a rule that never uses it is no way around that', () => {
    const silent = (y: NDArray): F => {
      const f = customJvp((z: NDArray) => z.mul(y));
      f.defjvp(([z], [dz]) => [z, dz]);
      return f;
    };
    expect(() => grad((y: NDArray) => silent(y)(np.array(2)))(3)).toThrow(/closes over/);
    expect(() => grad((y: NDArray) => silent(y)(y))(3)).toThrow(/closes over/);
  });

  test('stopGradient says that it shall not be differentiated', () => {
    expect(grad((x: NDArray, y: NDArray) => times(stopGradient(y))(x).add(y), { argnums: [0, 1] })(2, 3).map((d) => d.item())).toEqual([30, 1]); // prettier-ignore
  });

  test('a rule that runs after what it closes over has ended says so', () => {
    const looped = (x: NDArray): NDArray => lax.scan((c: NDArray, y: NDArray) => [times(y)(c), null], x, ys)[0];
    for (const run of [() => grad(jit(both))(2, 3), () => grad(looped)(1)])
      expect(run).toThrow(/the rule closes over a traced value of a transformation that is over/);
  });
});

describe('defjvps', () => {
  test('adds what each argument contributes', () => {
    const f = customJvp((x: NDArray, y: NDArray) => ({ p: x.mul(y), s: x.add(y) }));
    f.defjvps(
      (dx, ans, _x, y) => ({ p: dx.mul(y), s: dx.mul(ans.p) }),
      (dy, ans, x) => ({ p: dy.mul(x), s: dy.mul(ans.s) }),
    );
    const [, dy] = jvp(f, [2, 3], [10, 100]);
    expect([dy.p.item(), dy.s.item()]).toEqual([30 + 200, 60 + 500]);
    expect(vjp(f, [2, 3])[1]({ p: 1, s: 0 }).map((d) => d.item())).toEqual([3, 2]);
  });

  const two = (): ReturnType<typeof customJvp<F>> => customJvp((x: NDArray, y: NDArray) => x.mul(y));
  test.each<[string, () => unknown, RegExp]>([
    ['too few rules', () => (f => (f.defjvps(null), grad(f)(1, 2)))(two()), /defjvps got 1 rules for 2 arguments/],
    ['another structure', () => (f => (f.defjvps((d) => [d], null), grad(f)(1, 2)))(two()), /a rule of defjvps gives \[\*\], the function \*/],
    ['an async rule', () => (f => (f.defjvps(async (d) => d, null), grad(f)(1, 2)))(two()), /a rule of defjvps returned a Promise/],
    ['nondiffArgnums', () => customJvp(nn.relu, { nondiffArgnums: 0 }).defjvps(null), /defjvps has no place for nondiffArgnums/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
});

describe('a rule that gives something unlike the function', () => {
  type Rule = (x: NDArray, dx: NDArray) => readonly [unknown, unknown];
  const derivative = (rule: Rule, through: (f: F) => F = grad as never): (() => unknown) => {
    const f = customJvp((x: NDArray) => ({ a: [x.mul(2)] }));
    f.defjvp(([x], [dx]) => rule(x, dx) as never);
    return () => through((x: NDArray) => f(x).a[0]!)(np.array([1, 2]).sum());
  };
  const cases: readonly [string, Rule, RegExp][] = [
    ['a value of another structure', (x, dx) => [x, { a: [dx] }], /rule's value is \*, the function's result \{"a": \[\*\]\}/],
    ['a value of another shape', (x, dx) => [{ a: [np.stack([x, x])] }, { a: [dx] }], /rule's value\.a\[0\] is f32\[2\], the function's result f32\[\]/],
    ['a value of another dtype', (x, dx) => [{ a: [x.astype('float16')] }, { a: [dx] }], /rule's value\.a\[0\] is f16\[\]/],
    ['a tangent of another structure', (x, dx) => [{ a: [x] }, { a: dx }], /rule's tangent: expected the structure.*they differ at \.a/],
    ['a tangent of another shape', (x, dx) => [{ a: [x] }, { a: [np.stack([dx, dx])] }], /rule's tangent\.a\[0\]: expected f32\[\].* got f32\[2\]/],
    ['a tangent of another dtype', (x, dx) => [{ a: [x] }, { a: [dx.astype('float16')] }], /rule's tangent\.a\[0\]: expected f32\[\].* got f16\[\]/],
    ['no array', (x) => [{ a: [x] }, { a: ['dx'] }], /rule's tangent/],
    ['one value', (x) => x as never, /must return \[value, tangent\]/],
  ]; // prettier-ignore
  test.each(cases)('%s', (_, rule, message) => {
    expect(derivative(rule)).toThrow(message);
    expect(derivative(rule, (f: F) => grad(jit(f)))).toThrow(message);
  });

  test('or an option that nobody knows', () => {
    expect(() => customJvp(np.sin as F, { nondiff: 0 } as never)).toThrow(/unknown option 'nondiff'/);
    expect(() => customVjp(np.sin as F, { nondiff: 0 } as never)).toThrow(/unknown option 'nondiff'/);
  });
});
