import { describe, expect, test } from 'vitest';
import {
  grad,
  jit,
  jvp,
  lax,
  linearize,
  linearTranspose,
  makeJaxpr,
  np,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from '../index.ts';
import type { NDArray } from '../core/ndarray.ts';
import { customJvp } from './custom-jvp.ts';

const float = (x: NDArray): NDArray => x.astype('float32');
const three = np.array(3, { dtype: 'int32' });

describe('the cache of jit', () => {
  const size = jit((...args: { readonly length: number }[]) => np.array(args[0]!.length), { staticArgnums: [0, 1] });
  test('tells strings apart whatever they contain', () => {
    expect(size('a|"b"', 'c').item()).toBe(5);
    expect(size('a', '"b"|c').item()).toBe(1);
    expect(size(['a', 'b'], '').item()).toBe(2);
    expect(size(['a,b'], '').item()).toBe(1);
  });

  test('tells symbols, zeros and NaN apart', () => {
    const keys: unknown[] = [];
    const f = jit((key: unknown) => np.array(keys.push(key)), { staticArgnums: 0 });
    const [one, other] = [Symbol('k'), Symbol('k')];
    const given = [one, other, Symbol.for('k'), 0, -0, NaN, null, undefined, 'null', 1n, '1'];
    expect([...given, ...given].map((key) => f(key).item())).toEqual([...given, ...given].map((_, i) => (i % given.length) + 1)); // prettier-ignore
  });

  test('tells registered classes apart, and their auxiliary data', () => {
    const register = (): new (x: unknown, aux: unknown) => { x: NDArray; aux: unknown } => {
      class Point {
        x: NDArray;
        aux: unknown;
        constructor(x: unknown, aux: unknown) {
          this.x = x as NDArray;
          this.aux = aux;
        }
      }
      tree.register(Point, { flatten: (p) => [[p.x], p.aux], unflatten: (aux, [x]) => new Point(x, aux) });
      return Point;
    };
    const [A, B] = [register(), register()];
    const same = jit((p: { x: NDArray; aux: unknown }) => p);
    const [double, triple] = [(): number => 2, (): number => 3];
    for (const aux of [
      NaN,
      Infinity,
      -Infinity,
      0,
      -0,
      '0',
      null,
      undefined,
      double,
      triple,
      1n,
      { k: double },
      { k: triple },
    ]) {
      // prettier-ignore
      expect(same(new A(1, aux)).aux).toBe(aux);
      expect(same(new A(1, aux))).toBeInstanceOf(A);
      expect(same(new B(1, aux))).toBeInstanceOf(B);
    }
  });

  test.each([
    ['an array', np.array(2)],
    ['an array in a list', [np.array(2)]],
    ['a typed array', new Float32Array(1)],
  ])('refuses %s as a static argument', (_, given) => {
    expect(() => jit((s: unknown) => np.zeros([s === null ? 0 : 1]), { staticArgnums: 0 })(given as never)).toThrow(
      /holds an array/,
    );
  });
});

describe('integers have no tangent', () => {
  const f = (x: NDArray, n: NDArray): [NDArray, NDArray] => [x.mul(float(n)), n];
  test.each([[null], [0]])('and may be given %s for it', (none) => {
    const given = none as unknown as NDArray;
    expect(jvp(f, [2, three], [1, given])[1][0].item()).toBe(3);
    expect(linearize(f, [2, three])[1](1, given)[0].item()).toBe(3);
    expect(vjp(f, [2, three])[1]([1, given]).map((ct) => ct?.item())).toEqual([3, undefined]);
  });
});

describe('errors name what is wrong', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['an integer argument by its number', () => grad((_: NDArray, n: NDArray) => n, { argnums: 1 })(three, three), /argument\[1\] is i32/],
    ['an integer leaf by its path', () => valueAndGrad((_: NDArray, p: { w: NDArray[] }) => p.w[0]!, { argnums: -1 })(three, { w: [three] }), /argument\[1\]\.w\[0\] is i32/],
    ['an argument chosen twice', () => grad((x: NDArray) => x, { argnums: [0, -1] })(1), /argnums 0, -1 name one argument twice/],
    ['a bigint out of range', () => jit((x: NDArray) => x)(2n ** 40n), /outside \[-2147483648, 2147483647\]/],
    ['a Promise', () => jit((x: NDArray) => x)(Promise.resolve(1) as never), /argument \[0\]: a Promise is no array; await it first/],
    ['an undefined leaf', () => jit((x: { a: NDArray }) => x)({ a: undefined } as never), /argument \[0\]\.a: undefined is no array/],
    ['something that is no function', () => jit(3 as never), /jit: f must be a function, got 3/],
    ['arguments outside a list', () => linearize((x: NDArray) => x, np.array(1) as never), /the arguments go in a list/],
    ['a negative length', () => lax.scan((c: NDArray) => [c, c], 1, null, { length: -1 }), /length must be a natural number, got -1/],
    ['a fractional index', () => lax.switch(1.5, [() => 1, () => 2]), /1\.5 is not an integer/],
    ['an async body', () => lax.scan((async (c: NDArray) => [c, c]) as never, 1, null, { length: 1 }), /returned a Promise/],
  ])('%s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore

  test('but not a tree with names like those of Promises and generators', () => {
    const f = jit((x: NDArray) => ({ then: x.add(1), next: x.mul(2) }));
    expect([f(3).then.item(), f(3).next.item()]).toEqual([4, 6]);
  });

  test('an async rule', () => {
    const f = customJvp((x: NDArray) => x.mul(2));
    f.defjvp((async () => []) as never);
    expect(() => grad(f)(1)).toThrow(/the rule returned a Promise/);
  });
});

describe('a tracer that outlives its transformation', () => {
  let kept: NDArray;
  const leak = (x: NDArray): NDArray => (kept = x.mul(2));
  test.each<[string, (f: (x: NDArray) => NDArray) => unknown]>([
    ['grad', (f) => grad(f)(1)],
    ['vmap', (f) => vmap(f)(np.ones([2]))],
    ['jit', (f) => jit(f)(1)],
    ['scan', (f) => lax.scan((c: NDArray, s: NDArray) => [c, f(s)], 0, np.ones([2]))],
  ])('of %s cannot be used, returned or passed', (_, run) => {
    run(leak);
    for (const use of [
      () => kept.add(1),
      () => jit(() => kept)(),
      () => valueAndGrad((_: NDArray) => kept)(1),
      () => jit((x: NDArray) => x)(kept),
    ]) {
      // prettier-ignore
      expect(use).toThrow(/has already returned\..*debug\.leaks\(true\) tells where it was computed/);
    }
  });

  test('of grad has no value any more', () => {
    grad(leak)(1);
    expect(() => kept.item()).toThrow(/item\(\): met a tracer of grad\(leak\)/);
  });
});

test('brackets meet an error on arrays and tracers, to read and to write', () => {
  const read = (x: NDArray): NDArray => (x as unknown as NDArray[])[0]!;
  const write = (x: NDArray): NDArray => Object.assign(x, { 0: 1 });
  for (const use of [read, write]) {
    for (const run of [use, jit(use), grad(use), vmap(use)])
      expect(() => run(np.ones([2]))).toThrow(/indexed with \[0\]/);
  }
  const x = np.ones([2]);
  expect(x).toBeInstanceOf(Object);
  expect([x.take(0, 0).item(), 'then' in x, (x as { nothing?: unknown }).nothing]).toEqual([1, false, undefined]);
});

test.each<[string, () => unknown, RegExp]>([
  ['a typed array', () => jit((x: unknown) => x)(new Float32Array(2)), /argument \[0\]: a typed array is not an array of Etalon; write np\.array/],
  ['an object of a class', () => jit((x: unknown) => x)(new Date()), /argument \[0\]: an object of class Date is no array and no registered tree/],
  ['a closure over a traced value', () => jit((x: NDArray) => (makeJaxpr((y: NDArray) => y.add(x))(1), x))(1), /makeJaxpr\(anonymous\): the function closes over a traced value; pass it as an argument/],
  ['a gradient of integers', () => grad((x: NDArray) => x.astype('int32'))(1), /grad\(anonymous\): a float result is needed, got i32\[\], which has no derivative/],
  ['a transpose of what rounds', () => linearTranspose((x: NDArray) => x.astype('int32'), np.ones([]))(1), /linearTranspose\(anonymous\): the result is int32, so it is not linear/],
  ['a function that calls itself', () => forever(1), /jit\(forever\): programs are nested more than 128 deep; does a function call itself\?/],
])('%s is refused in words', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
const forever = jit(function forever(x: NDArray): NDArray {
  return again(x);
});
const again = (x: NDArray): NDArray => forever(x);

test('ten thousand leaves are no burden', () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`leaf${i}`, np.array(i)]));
  const double = (p: typeof wide): typeof wide => tree.map((x: NDArray) => x.mul(2), p);
  expect(jit(double)(wide)['leaf9999']!.item()).toBe(19998);
});
