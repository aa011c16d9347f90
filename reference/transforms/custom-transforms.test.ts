import { describe, expect, test } from 'vitest';
import { closureConvert, customTransforms, customVjp, defjvp, defjvpAll, defvjp, defvjpAll, grad, jit, jvp, np, type NDArray, vmap } from '../index.ts'; // prettier-ignore

type F = (...xs: NDArray[]) => NDArray;

describe('customTransforms', () => {
  const make = (): F => customTransforms((x: NDArray) => np.sin(x.mul(x)));
  const value = np.sin(9).item() as number;

  test('differentiates like the function until it has a rule, then like the last', () => {
    const f = make();
    expect(f(3 as never).item()).toBe(value);
    expect(grad(f)(np.array(3)).item()).toBe(grad((x: NDArray) => np.sin(x.mul(x)))(3).item());
    defvjpAll(f, (x: NDArray) => [np.sin(x.mul(x)), (ct: NDArray) => [ct.mul(x)]]);
    expect([f(np.array(3)), grad(f)(np.array(3)), jit(grad(f))(np.array(3))].map((y) => y.item())).toEqual([value, 3, 3]); // prettier-ignore
    expect(vmap(grad(f))(np.array([2, 3])).js()).toEqual([2, 3]);
    defjvpAll(f, ([x], [dx]) => [f(x), dx.mul(8)]);
    expect(jvp(f, [3], [2]).map((y) => y.item())).toEqual([value, 16]);
    defjvp(f, (dx, ans) => dx.mul(8).add(ans));
    expect(jvp(f, [3], [2])[1].item()).toBe(np.array(16).add(value).item());
    defvjp(f, (ct, ans, x) => ct.mul(ans).mul(x));
    expect(grad(f)(np.array(3)).item()).toBe(np.array(value).mul(3).item());
  });

  test('one rule per argument; null is none', () => {
    const f = customTransforms((x: NDArray, y: NDArray) => x.mul(y));
    defvjp(f, (ct, _ans, _x, y) => ct.mul(y), null);
    expect(grad(f as F, { argnums: [0, 1] })(np.array(3), np.array(4)).map((d) => d.item())).toEqual([4, 0]);
    defvjpAll(f, (x: NDArray, y: NDArray) => [x.mul(y), () => [y, x]]);
    expect(grad(f as F, { argnums: [0, 1] })(np.array(3), np.array(4)).map((d) => d.item())).toEqual([4, 3]);
  });

  const two = (): F => customTransforms((x: NDArray, y: NDArray) => x.mul(y));
  test.each<[string, () => unknown, RegExp]>([
    ['another function', () => defjvp(np.sin as F, null), /defjvp: the first argument must come from customTransforms/],
    ['no function', () => customTransforms(3 as never), /f must be a function, got 3/],
    ['too many rules for tangents', () => (f => (defjvp(f, null, null, null), grad(f)(np.array(1), np.array(2))))(two()), /got 3 rules for 2 arguments/],
    ['too few rules for cotangents', () => (f => (defvjp(f, null), grad(f)(np.array(1), np.array(2))))(two()), /defvjp: got 1 rules for 2 arguments/],
    ['a rule of another shape', () => (f => (defvjp(f, () => np.ones([3]), null), grad(f)(np.array(1), np.array(2))))(two()), /cotangent 0: expected f32\[\], .* got f32\[3\]/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
});

describe('closureConvert', () => {
  /** f(x), whose gradient is ten times the truth, with respect to what f closes over too. */
  const tenfold = (f: F, x: NDArray): NDArray => {
    const [converted, closed] = closureConvert(f, x);
    return apply(converted as F, x, ...closed);
  };
  const apply = customVjp((f: F, ...xs: NDArray[]) => f(...xs), { nondiffArgnums: 0 });
  apply.defvjp(
    (f, ...xs) => [f(...xs), xs],
    (f: F, xs: NDArray[], ct: NDArray) => xs.map((_, i) => ct.mul(grad(f, { argnums: i })(...xs)).mul(10)),
  );

  test('makes arguments of what a function closes over', () => {
    const f = (x: NDArray, y: NDArray): NDArray => tenfold((v: NDArray) => v.mul(np.sin(y)).mul(y), x);
    const exact = grad((x: NDArray, y: NDArray) => x.mul(np.sin(y)).mul(y), { argnums: [0, 1] });
    const tens = exact(2, 3).map((d) => d.mul(10).item());
    expect(grad(f, { argnums: [0, 1] })(2, 3).map((d) => d.item())).toEqual(tens);
    expect(jit(grad(f, { argnums: [0, 1] }))(2, 3).map((d) => d.item())).toEqual(tens);
    expect(grad(jit(f), { argnums: [0, 1] })(2, 3).map((d) => d.item())).toEqual(tens);
    expect(vmap(grad(f))(np.array([2, 2]), np.array([3, 3])).js()).toEqual([tens[0], tens[0]]);
    expect(f(np.array(2), np.array(3)).item()).toBe(np.array(2).mul(np.sin(3)).mul(3).item());
  });

  test('of trees; what is not traced stays inside', () => {
    const [converted, closed] = closureConvert(({ a }: { a: NDArray }) => [a.mul(np.array([2, 3]))], {
      a: np.ones([2]),
    });
    expect(closed).toEqual([]);
    expect((converted({ a: np.array([1, 2]) }) as [NDArray])[0].js()).toEqual([2, 6]);
  });

  test.each<[string, (f: (...args: unknown[]) => unknown, y: NDArray) => unknown, RegExp]>([
    ['another structure', (f, y) => f([np.ones([2])], y), /expected the structure \[\*\]/],
    ['another shape', (f, y) => f(np.ones([3]), y), /argument\[0\] is f32\[3\], expected f32\[2\]/],
    ['another value', (f) => f(np.ones([2]), np.ones([2])), /closed-over value 0 is f32\[2\], expected f32\[\]/],
    ['a missing value', (f) => f(np.ones([2])), /takes 1 arguments and 1 closed-over values, got 1 in all/],
  ])('refuses %s', (_, use, message) => {
    const run = (y: NDArray): NDArray => {
      const [converted] = closureConvert((x: NDArray) => x.mul(y).sum(), np.ones([2]));
      return use(converted, y) as NDArray;
    };
    expect(() => grad(run)(1)).toThrow(message);
  });
});
