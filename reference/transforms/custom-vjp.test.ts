import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disagreement } from '../../conformance/testing/agree.ts';
import { checkpoint, checkpointPolicies, customGradient, customJvp, customVjp, evalShape, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, linearTranspose, makeJaxpr, type NDArray, np, tree, vmap, vjp } from '../index.ts'; // prettier-ignore

type F = (...xs: NDArray[]) => NDArray;

describe('customVjp', () => {
  /** x·w with a gradient that tells by its size that the rule was used. */
  const product = customVjp((x: NDArray, w: NDArray) => x.mul(w));
  product.defvjp(
    (x, w) => [x.mul(w), { x, w }],
    ({ x, w }: { x: NDArray; w: NDArray }, ct: NDArray) => [ct.mul(w).mul(10), ct.mul(x).mul(10)],
  );
  const both = { argnums: [0, 1] } as const;

  test('is the function in value, and the rule in reverse mode', () => {
    expect(product(3, 4).item()).toBe(12);
    expect(grad(product, both)(3, 4).map((d) => d.item())).toEqual([40, 30]);
    expect(jit(grad(product))(3, 4).item()).toBe(40);
    expect(vjp(product, [3, 4])[1](2).map((d) => d.item())).toEqual([80, 60]);
    expect(jacrev(product as F)(np.array(3), np.array(4)).item()).toBe(40);
  });

  test('the rule is differentiated like any other program', () => {
    expect(grad(grad(product), both)(3, 4).map((d) => d.item())).toEqual([0, 10]);
  });

  test('under vmap each example has its own; an operand that is shared gets the sum', () => {
    const xs = np.array([1, 2, 3]);
    expect(vmap(grad(product), [0, null])(xs, np.array(5)).js()).toEqual([50, 50, 50]);
    const total = (w: NDArray): NDArray => vmap((x: NDArray) => product(x, w))(xs).sum();
    expect(grad(total)(np.array(5)).item()).toBe(60);
    expect(grad((w: NDArray) => vmap(product, [0, null])(xs, w).sum())(np.array(5)).item()).toBe(60);
  });

  test('arguments that are no arrays go to the rules as they are', () => {
    const apply = customVjp((f: F, x: NDArray) => f(x), { nondiffArgnums: 0 });
    apply.defvjp(
      (f, x) => [f(x), x],
      (f: F, x: NDArray, ct: NDArray) => [ct.mul(f(x))],
    );
    expect(grad((x: NDArray) => apply(np.square as F, x))(np.array(3)).item()).toBe(9);
  });

  test('null is a zero cotangent; integers have none', () => {
    const take = customVjp((x: NDArray, i: NDArray) => np.take(x, i, 0));
    take.defvjp(
      (x, i) => [np.take(x, i, 0), x],
      (x: NDArray, ct: NDArray) => [np.zerosLike(x).add(ct), null],
    );
    expect(grad((x: NDArray) => take(x, np.array(1n)))(np.array([1, 2])).js()).toEqual([1, 1]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['forward mode', () => jvp(product, [1, 2], [1, 0]), /custom backward pass.*none for forward mode/],
    ['jacfwd', () => jacfwd(product as F)(np.array(1), np.array(2)), /none for forward mode/],
    ['the function of linearize', () => linearize(product, [1, 2])[1](1, 1), /none for forward mode/],
    ['no rules', () => customVjp((x: NDArray) => x)(1), /no rules yet/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));

  test.each<[string, unknown, unknown, RegExp]>([
    ['a forward rule without residuals', (x: NDArray) => x, () => [1], /must return \[value, residuals\]/],
    [
      'another value',
      (x: NDArray) => [[x], null],
      () => [1],
      /value of the forward rule is \[\*\], the function's result \*/,
    ],
    [
      'a value of another shape',
      (x: NDArray) => [np.stack([x, x]), null],
      () => [1],
      /value of the forward rule is f32\[2\], the function's result f32\[\]/,
    ],
    ['too many cotangents', (x: NDArray) => [x, null], (_: null, ct: NDArray) => [ct, ct], /list of 1 cotangents/],
    [
      'a cotangent of another shape',
      (x: NDArray) => [x, null],
      () => [np.ones([2])],
      /cotangent 0: expected f32\[\], .* got f32\[2\]/,
    ],
    ['an async rule', (x: NDArray) => [x, null], async () => [1], /returned a Promise/],
  ])('refuses %s', (_, forward, backward, message) => {
    const f = customVjp((x: NDArray) => x);
    f.defvjp(forward as never, backward as never);
    expect(() => grad(f)(1)).toThrow(message);
  });

  test('under grad alone both rules run on values, and what they keep stays alive', () => {
    const seen: NDArray[] = [];
    const size = customVjp((x: NDArray) => ((x.item() as number) < 0 ? x.neg() : x));
    size.defvjp(
      (x) => [size(x), x],
      (x: NDArray, ct: NDArray) => {
        seen.push(x, ct, ct.mul(2), grad((v: NDArray) => v.mul(v))(ct));
        return [(x.item() as number) < 0 ? ct.mul(-10) : ct.mul(10)];
      },
    );
    expect(size(-3).item()).toBe(3);
    expect(grad((x: NDArray) => size(np.sin(x)).mul(3))(-1).item()).toBe(-30 * (np.cos(-1).item() as number));
    expect(seen.map((x) => x.item())).toEqual([np.sin(-1).item(), 3, 6, 6]);
    expect(grad(grad((x: NDArray) => size(x).mul(size(x))))(-3).item()).toBe(200);
    expect(() => jit(grad(size))(1)).toThrow(/traced value has no number/);
  });

  class Pair {
    readonly x: NDArray;
    readonly n: number;
    constructor(x: NDArray, n: number) {
      this.x = x;
      this.n = n;
    }
  }
  tree.register(Pair, { flatten: ({ x, n }) => [[x], n], unflatten: (n, [x]) => new Pair(x as NDArray, n) });

  test('residuals are any tree', () => {
    const f = customVjp((x: NDArray, i: NDArray) => np.take(x, i, 0).mul(2));
    f.defvjp(
      (x, i) => [f(x, i), { pair: new Pair(x, 7), none: null, i, two: [2] }],
      ({ pair, none, i, two }: { pair: Pair; none: null; i: NDArray; two: [NDArray] }, ct: NDArray) => {
        expect([pair.n, none, i.dtype]).toEqual([7, null, 'int32']);
        return [lax.zerosLike(pair.x).add(ct.mul(two[0])), null];
      },
    );
    const total = (x: NDArray): NDArray => f(x, np.array(1n));
    for (const run of [grad(total), jit(grad(total)), grad(jit(total)), (x: NDArray) => vmap(grad(total))(np.stack([x, x])).take(0, 0)])
      expect(run(np.array([1, 2])).js()).toEqual([2, 2]); // prettier-ignore
  });

  test('integer results have no cotangent', () => {
    const f = customVjp((x: NDArray) => [x.mul(2), np.argmax(x)] as const);
    f.defvjp(
      (x) => [f(x), null],
      (_: null, [ct, none]: [NDArray, null]) => (expect(none).toBeNull(), [ct.mul(3)]),
    );
    for (const run of [f, jit(f)] as const)
      expect(grad((x: NDArray) => run(x)[0].sum())(np.array([1, 2])).js()).toEqual([3, 3]);
  });

  test('running on values and as a program is the same function', () => {
    const point = fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 2 });
    const second = (f: F): F => grad((x: NDArray, y: NDArray) => grad((v: NDArray) => f(v, y).sum())(x).sum());
    const both = (f: F): F => grad((x: NDArray, y: NDArray) => f(x, y).sum());
    fc.assert(
      fc.property(
        point,
        point,
        fc.constantFrom(both, second, (f: F) => vmap(second(f)) as F),
        (x, y, through) => {
          const [a, b] = [through(product), jit(through(jit(product) as F))];
          expect(disagreement(a, b, [np.array(x), np.array(y)])).toBeNull();
        },
      ),
      { numRuns: 20 },
    );
  });

  describe('closures', () => {
    const times = (y: NDArray): F => {
      const f = customVjp((z: NDArray) => z.mul(y));
      f.defvjp((z) => [z.mul(y), null], (_: null, ct: NDArray) => [ct.mul(y).mul(10)]); // prettier-ignore
      return f;
    };
    const both = (x: NDArray, y: NDArray): NDArray => times(y)(x);
    const [xs, ys] = [np.array([1, 2, 3]), np.array([4, 5, 6])];

    test('over values that are not differentiated, however these are traced', () => {
      expect(grad(both)(2, np.array(3)).item()).toBe(30);
      expect(jit(grad(both))(2, 3).item()).toBe(30);
      expect(vmap(both)(xs, ys).js()).toEqual([4, 10, 18]);
      expect(vmap(grad(both))(xs, ys).js()).toEqual([40, 50, 60]);
      expect(grad((x: NDArray, y: NDArray) => vmap(both)(x, y).sum())(xs, ys).js()).toEqual([40, 50, 60]);
      expect(lax.scan((c: NDArray, y: NDArray) => [times(y)(c), null], 1, ys)[0].item()).toBe(120);
    });

    test.each<[string, () => unknown]>([
      ['grad', () => grad(both, { argnums: [0, 1] })(2, 3)],
      ['grad in the closure alone', () => grad(both, { argnums: 1 })(np.array(2), 3)],
      ['grad of jit', () => grad(jit(both), { argnums: 1 })(np.array(2), 3)],
      ['grad of vmap', () => grad((y: NDArray) => vmap(both)(xs, y).sum())(ys)],
    ])('%s with respect to a value that is closed over is an error', (_, run) => {
      expect(run).toThrow(/closes over a value that is being differentiated, f32/);
    });

    test('of a value that nobody differentiates any more', () => {
      expect(() => grad(jit(both))(2, 3)).toThrow(
        /forward rule closes over a traced value of a transformation that is over/,
      );
      const late = (x: NDArray, y: NDArray): NDArray => {
        const f = customVjp((z: NDArray) => z.mul(2));
        f.defvjp((z) => [f(z), null], (_: null, ct: NDArray) => [ct.mul(y)]); // prettier-ignore
        return vmap(f)(np.stack([x, x])).sum();
      };
      expect(() => vmap(grad(late))(xs, ys)).toThrow(/closes over a traced value, f32\[\], and its function does not/);
    });
  });

  test('customGradient takes the rule from the function itself', () => {
    expect(() => customGradient((x: NDArray) => x as never)(1)).toThrow(
      'the function must return [value, gradient], gradient being a function',
    );
    const square = customGradient((x: NDArray) => [x.mul(x), (ct: NDArray) => [ct.mul(x).mul(7)]]);
    expect([square(3), grad(square as F)(np.array(3)), vmap(grad(square as F))(np.array([1, 2]))].map((x) => x.js())).toEqual([9, 21, [7, 14]]); // prettier-ignore
  });
});

describe('checkpoint', () => {
  const layer = (x: NDArray, w: NDArray): NDArray => np.sin(np.dot(np.sin(np.dot(x, w)), w));
  /** The residuals that the backward pass takes besides the arguments. */
  const kept = (f: F): string[] => {
    const args = [np.ones([2]), np.ones([2, 2])];
    const program = makeJaxpr((...xs: NDArray[]) => linearize(f, xs as never)[1](...(xs as never[])) as never)(...args);
    const [call] = program.equations.filter((e) => e.primitive.name === 'checkpoint').slice(-1);
    return call!.inputs.map((x) => x.aval.shape.join());
  };

  test('a policy says what is kept', () => {
    const nothing = kept(checkpoint(layer));
    const dots = kept(checkpoint(layer, { policy: checkpointPolicies.dotsSaveable }));
    expect(dots.length - nothing.length).toBe(2); // both products
    expect(kept(checkpoint(layer, { policy: checkpointPolicies.dotsWithNoBatchDimsSaveable }) as F)).toEqual(dots);
    expect(kept(checkpoint(layer, { policy: checkpointPolicies.nothingSaveable }) as F)).toEqual(nothing);
  });

  test('changes no bit of the gradient under any policy', () => {
    const args = [np.array([0.3, -1.2]), np.array([[1, 2], [-0.5, 0.25]])] as const; // prettier-ignore
    const plain = grad((x: NDArray, w: NDArray) => layer(x, w).sum(), { argnums: [0, 1] })(...args);
    for (const policy of Object.values(checkpointPolicies)) {
      const f = checkpoint(layer, { policy });
      const again = grad((x: NDArray, w: NDArray) => f(x, w).sum(), { argnums: [0, 1] })(...args);
      expect(again.map((d) => d.js())).toEqual(plain.map((d) => d.js()));
    }
  });

  test('closes over traced values', () => {
    const f = (x: NDArray): NDArray => checkpoint((y: NDArray) => y.mul(np.sin(x)))(x.mul(2)).sum();
    expect(grad(f)(np.array(1)).item()).toBe(grad((x: NDArray) => x.mul(2).mul(np.sin(x)).sum())(np.array(1)).item());
  });
});

describe('Jacobians, transposes, shapes', () => {
  test('of trees, with several arguments and with aux', () => {
    const f = (p: { a: NDArray; b: NDArray }, s: NDArray): Record<string, NDArray> => ({ y: p.a.mul(p.b), z: s });
    for (const of of [jacfwd, jacrev]) {
      const jacobian = of(f, { argnums: [0, 1] })({ a: np.array([1, 2]), b: np.array(3) }, np.array(4));
      const [[dp, ds], [zp, zs]] = [jacobian['y']!, jacobian['z']!];
      expect([dp.a, dp.b, ds].map((d) => d.js())).toEqual([[[3, 0], [0, 3]], [1, 2], [0, 0]]); // prettier-ignore
      expect([zp.a, zp.b, zs].map((d) => d.js())).toEqual([[0, 0], 0, 1]);
    }
    const aux = (x: NDArray): [NDArray, string] => [x.mul(x), 'aux'];
    expect(jacfwd(aux as never, { hasAux: true })(...([np.array(3)] as never))[1]).toBe('aux');
    expect(() => jacrev(((x: NDArray) => x) as never, { hasAux: true })(...([np.array(3)] as never))).toThrow(
      /\[value, aux\]/,
    );
  });

  test('the Hessian of a quadratic form is its matrix, symmetrised', () => {
    const m = np.array([[1, 2], [3, 4]]); // prettier-ignore
    expect(hessian((x: NDArray) => np.dot(x, np.dot(m, x)))(np.array([5, 6])).js()).toEqual([[2, 5], [5, 8]]); // prettier-ignore
  });

  test('linearTranspose of what is linear, and an error for the rest', () => {
    const f = (x: NDArray, y: NDArray): NDArray => lax.add(lax.mul(x, 2), lax.rev(y, [0]));
    const back = linearTranspose(f, np.zeros([2]), np.zeros([2]))(np.array([1, 10]));
    expect(back.map((d) => d.js())).toEqual([[2, 20], [10, 1]]); // prettier-ignore
    expect(() => linearTranspose((x: NDArray) => x.mul(x), np.zeros([2]))(np.ones([2]))).toThrow(
      /mul is not linear in operand 0, 1, so/,
    );
    expect(() => linearTranspose((x: NDArray) => x, np.array([1n]))).toThrow(/has no derivative/);
  });

  test('evalShape computes nothing', () => {
    expect(evalShape((x: NDArray) => ({ y: x.sum(), i: np.argmax(x) }), np.ones([3]))).toEqual({
      y: { shape: [], dtype: 'float32', weak: false },
      i: { shape: [], dtype: 'int32', weak: false },
    });
  });
});

test('a tangent that a rule makes of nothing is zero, also on the way through a backward pass', () => {
  const square = customVjp((x: NDArray) => x.mul(x));
  square.defvjp(
    (x) => [x.mul(x), x],
    (x: NDArray, ct: NDArray) => [ct.mul(x).mul(2)],
  );
  const constant = customJvp((_: NDArray) => np.ones([]));
  constant.defjvp(() => [np.ones([]), np.zeros([])]);
  const f = (x: NDArray): NDArray => square(constant(x)).add(x);
  expect([grad(f)(3), jit(grad(f))(3), vjp(f, [3])[1](1)[0]].map((y) => y.item())).toEqual([1, 1, 1]);
});
