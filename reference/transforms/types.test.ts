/** What TypeScript knows of transformed functions: tsc checks these, and running them that the values are so. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type ArrayLike, checkpoint, customJvp, customVjp, evalShape, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, NDArray, np, tree, valueAndGrad, vjp, vmap } from '../index.ts'; // prettier-ignore
import type { Aval } from '../core/host.ts';

interface Params {
  w: NDArray;
  layers: [NDArray, NDArray];
}
const params: Params = { w: np.array(2), layers: [np.array(3), np.array(4)] };
const loss = (p: Params, x: NDArray, _scale: number): NDArray => p.w.mul(x).add(p.layers[0]).sum();
const lossAndAux = (p: Params, x: NDArray): [NDArray, { seen: NDArray; count: number }] => [loss(p, x, 1), { seen: x, count: 3 }]; // prettier-ignore
const isArray = (x: unknown): void => expect(x).toBeInstanceOf(NDArray);
const x = np.array([1, 2]);

describe('grad', () => {
  test('gives a tree like the argument', () => {
    const g = grad(loss)(params, x, 1);
    expectTypeOf(g).toEqualTypeOf<Params>();
    isArray(g.layers[1]);
    expectTypeOf(grad(loss, { argnums: 1 })(params, x, 1)).toEqualTypeOf<NDArray>();
    const both = grad(loss, { argnums: [1, 0] })(params, x, 1);
    expectTypeOf(both).toEqualTypeOf<[NDArray, Params]>();
    isArray(both[1].w);
  });

  test('counts from the end as from the front', () => {
    const last = grad((_: { a: NDArray }, y: NDArray) => y.sum(), { argnums: -1 })({ a: x }, 3);
    expectTypeOf(last).toEqualTypeOf<NDArray>();
    expectTypeOf(grad(lossAndAux, { argnums: [-1, -2], hasAux: true })(params, x)[0]).toEqualTypeOf<
      [NDArray, Params]
    >();
    isArray(last);
  });

  test('takes numbers for arrays where it differentiates, and passes on the rest as it is', () => {
    expectTypeOf(grad(loss)).parameter(0).toEqualTypeOf<{
      readonly w: ArrayLike;
      readonly layers: readonly [ArrayLike, ArrayLike];
    }>();
    expectTypeOf(grad(loss)).parameter(1).toEqualTypeOf<NDArray>();
    expectTypeOf(grad(loss)).parameter(2).toEqualTypeOf<number>();
    expectTypeOf(grad(loss, { argnums: 1 }))
      .parameter(0)
      .toEqualTypeOf<Params>();
    // @ts-expect-error -- the second argument would reach the function as a number
    expect(() => grad((w: NDArray, y: NDArray) => y.mul(w))(1, 2)).toThrow(/y\.mul is not a function/);
  });

  test('keeps the auxiliary result', () => {
    const [g, aux] = grad(lossAndAux, { hasAux: true })(params, x);
    expectTypeOf(g).toEqualTypeOf<Params>();
    expectTypeOf(aux).toEqualTypeOf<{ seen: NDArray; count: NDArray }>();
    const [[value, more], again] = valueAndGrad(lossAndAux, { hasAux: true })(params, x);
    expectTypeOf(value).toEqualTypeOf<NDArray>();
    expectTypeOf(more.count).toEqualTypeOf<NDArray>();
    expectTypeOf(again).toEqualTypeOf<Params>();
    const inline = valueAndGrad((w: NDArray) => [w.sum(), { w }], { hasAux: true })(x);
    expectTypeOf(inline[0][1].w).toEqualTypeOf<NDArray>();
    for (const y of [aux.count, value, more.seen, inline[0][1].w]) isArray(y);
    // @ts-expect-error -- a function with hasAux returns two things
    expect(() => grad(loss, { hasAux: true })(params, x, 1)).toThrow(/with hasAux the function returns \[value, aux\]/);
    expectTypeOf(valueAndGrad(loss)(params, x, 1)).toEqualTypeOf<[value: NDArray, gradient: Params]>();
  });
});

describe('jit, vmap and checkpoint', () => {
  const f = (p: Params, y: number): { sum: NDArray; none: null; n: number } => ({ sum: p.w, none: null, n: y });
  test('keep arguments, of which arrays may be numbers, and results, whose numbers are arrays', () => {
    for (const g of [jit(f, { staticArgnums: 1 }), checkpoint(f)]) {
      expectTypeOf(g).parameter(0).toEqualTypeOf<{
        readonly w: ArrayLike;
        readonly layers: readonly [ArrayLike, ArrayLike];
      }>();
      expectTypeOf(g).returns.toEqualTypeOf<{ sum: NDArray; none: null; n: NDArray }>();
      isArray(g(params, 2).n);
    }
    const lowered = jit(f).lower(params, 1);
    expectTypeOf(lowered.compile()).returns.toEqualTypeOf<{ sum: NDArray; none: null; n: NDArray }>();
    expectTypeOf(vmap((a: NDArray, b: { c: NDArray }) => [a, b] as const, [0, null])(x, { c: 1 })).toEqualTypeOf<readonly [NDArray, { c: NDArray }]>(); // prettier-ignore
    // @ts-expect-error -- a string is no array
    expect(() => jit((a: NDArray) => a)('no')).toThrow(/a string is no array/);
  });

  test('compose', () => {
    const composed = jit(vmap(grad(loss), [null, 0, null]));
    const g = composed(params, x, 1);
    expectTypeOf(g.layers).toEqualTypeOf<[NDArray, NDArray]>();
    expect(g.layers[0].shape).toEqual([2]);
  });
});

describe('jvp, linearize and vjp', () => {
  const f = (a: NDArray, p: { w: NDArray }): { y: NDArray; z: [NDArray] } => ({ y: a.mul(p.w), z: [a] });
  type Out = { y: NDArray; z: [NDArray] };
  test('carry the trees of arguments and results', () => {
    const [out, tangent] = jvp(f, [1, { w: 2 }], [1, { w: 0 }]);
    expectTypeOf(out).toEqualTypeOf<Out>();
    expectTypeOf(tangent).toEqualTypeOf<Out>();
    const [value, derivative] = linearize(f, [1, { w: 2 }]);
    expectTypeOf(value).toEqualTypeOf<Out>();
    expectTypeOf(derivative(1, { w: 2 })).toEqualTypeOf<Out>();
    const [, pull] = vjp(f, [1, { w: 2 }]);
    const cotangents = pull({ y: 1, z: [2] });
    expectTypeOf(cotangents).toEqualTypeOf<[a: NDArray, p: { w: NDArray }]>();
    for (const y of [tangent.z[0], derivative(1, { w: 2 }).y, cotangents[1].w]) isArray(y);
    // @ts-expect-error -- the cotangent is like the result
    expect(() => pull({ y: 1 })).toThrow();
    // @ts-expect-error -- the tangents are like the primals
    expect(() => jvp(f, [1, { w: 2 }], [1])).toThrow();
  });
});

describe('jacfwd, jacrev and hessian', () => {
  const f = (p: { w: NDArray }, y: NDArray): { u: NDArray } => ({ u: p.w.mul(y) });
  test('give for each leaf of the result a tree like the argument', () => {
    const j = jacrev(f)({ w: 2 }, x);
    expectTypeOf(j.u.w).toEqualTypeOf<NDArray>();
    const both = jacfwd(f, { argnums: [0, 1] })({ w: 2 }, 3);
    expectTypeOf(both.u[0].w).toEqualTypeOf<NDArray>();
    expectTypeOf(both.u[1]).toEqualTypeOf<NDArray>();
    const h = hessian((p: { w: NDArray; b: NDArray }) => p.w.mul(p.b))({ w: 1, b: 2 });
    expectTypeOf(h.w.b).toEqualTypeOf<NDArray>();
    const [jac, aux] = jacrev((y: NDArray) => [{ u: y }, { y }], { hasAux: true })(1);
    expectTypeOf(jac.u).toEqualTypeOf<NDArray>();
    expectTypeOf(aux.y).toEqualTypeOf<NDArray>();
    for (const y of [j.u.w, both.u[0].w, both.u[1], h.w.b, jac.u, aux.y]) isArray(y);
  });
});

describe('control flow', () => {
  test('scan knows carry and slices by the arguments', () => {
    const [carry, ys] = lax.scan(
      (c, s) => {
        expectTypeOf(c).toEqualTypeOf<{ n: NDArray; pair: [NDArray, NDArray] }>();
        expectTypeOf(s).toEqualTypeOf<{ p: NDArray }>();
        return [
          { n: c.n.add(1), pair: [s.p, 0] },
          { y: s.p, none: null },
        ];
      },
      { n: 0, pair: [1, 2] as [number, number] },
      { p: x },
    );
    expectTypeOf(carry).toEqualTypeOf<{ n: NDArray; pair: [NDArray, NDArray] }>();
    expectTypeOf(ys.y).toEqualTypeOf<NDArray>();
    expectTypeOf(ys.none).toEqualTypeOf<null>();
    isArray(carry.pair[1]);
    isArray(ys.y);
    // @ts-expect-error -- the carry keeps its structure
    expect(() => lax.scan((c) => [{ m: c.n }, null], { n: 0 }, x)).toThrow(/the carry is/);
  });

  test('so do whileLoop, foriLoop and map', () => {
    const last = lax.whileLoop(([n]) => n.less(3), ([n, p]) => [n.add(1), { a: p.a }], [0, { a: x }] as const); // prettier-ignore
    expectTypeOf(last).toEqualTypeOf<readonly [NDArray, { readonly a: NDArray }]>();
    const counted = lax.foriLoop(0, 2, (i, c) => ({ a: c.a.add(i) }), { a: 1 });
    expectTypeOf(counted).toEqualTypeOf<{ a: NDArray }>();
    const mapped = lax.map(({ p }) => [p, 1] as const, { p: x });
    expectTypeOf(mapped).toEqualTypeOf<readonly [NDArray, NDArray]>();
    for (const y of [last[1].a, counted.a, mapped[1]]) isArray(y);
    // @ts-expect-error -- the carry keeps its structure
    expect(() => lax.whileLoop(() => true, () => ({ b: 1 }), { a: 1 })).toThrow(/the carry is/); // prettier-ignore
  });

  test('cond and switch know the operands', () => {
    const chosen = lax.cond(true, (a, p) => ({ y: a.add(p.w) }), (a) => ({ y: a }), 1, { w: x.sum() }); // prettier-ignore
    expectTypeOf(chosen).toEqualTypeOf<{ y: NDArray }>();
    const perBranch = lax.cond(
      x.sum(),
      { a: 1 },
      ({ a }) => a,
      [2],
      ([b]) => b!,
    );
    expectTypeOf(perBranch).toEqualTypeOf<NDArray>();
    const switched = lax.switch(1, [(a) => [a] as const, (a) => [a.neg()] as const], 3);
    expectTypeOf(switched).toEqualTypeOf<readonly [NDArray]>();
    for (const y of [chosen.y, perBranch, switched[0]]) isArray(y);
  });
});

describe('custom rules and trees', () => {
  test('customJvp and customVjp are functions like their own', () => {
    const f = (a: NDArray, p: { w: NDArray }): { y: NDArray } => ({ y: a.mul(p.w) });
    const forward = customJvp(f);
    forward.defjvp(([a, p], [da]) => [f(a, p), { y: da.mul(p.w) }]);
    const backward = customVjp(f);
    backward.defvjp((a, p) => [f(a, p), p.w], (w: NDArray, ct: { y: NDArray }) => [ct.y.mul(w), null]); // prettier-ignore
    for (const g of [forward, backward]) {
      expectTypeOf(g).parameter(1).toEqualTypeOf<{ readonly w: ArrayLike }>();
      expectTypeOf(g).returns.toEqualTypeOf<{ y: NDArray }>();
      isArray(g(1, { w: 2 }).y);
    }
  });

  test('tree.map keeps the structure', () => {
    const shapes = tree.map((leaf: NDArray) => leaf.shape.length, params);
    expectTypeOf(shapes).toEqualTypeOf<{ w: number; layers: [number, number] }>();
    expect(shapes).toEqual({ w: 0, layers: [0, 0] });
    const [flat, unravel] = tree.ravelPytree(params);
    expectTypeOf(unravel(flat)).toEqualTypeOf<Params>();
    const scale = new tree.Partial((w: NDArray, y: NDArray, _label: string) => w.mul(y), np.array(2));
    expectTypeOf(scale).parameters.toEqualTypeOf<[y: NDArray, _label: string]>();
    expectTypeOf(scale).returns.toEqualTypeOf<NDArray>();
    expectTypeOf(evalShape((y: NDArray) => ({ y }), x)).toEqualTypeOf<{ readonly y: Aval }>();
    isArray(scale(x, 'label'));
  });
});
