import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disagreement } from '../../conformance/testing/agree.ts';
import { type ArrayLike, grad, jit, jvp, lax, makeJaxpr, type NDArray, np, vmap } from '../index.ts';
import { reduce as reducePrimitive } from '../primitives/higher-order/reduce.ts';
import { transforms } from './rules.ts';

/** x ↦ a·x + b after x ↦ c·x + d: associative, not commutative. */
const after = ([a, b]: [NDArray, NDArray], [c, d]: [NDArray, NDArray]): [NDArray, NDArray] => [
  lax.mul(c, a),
  lax.add(lax.mul(c, b), d),
];
const composed = (a: NDArray, b: NDArray, dimensions: readonly number[] = [0]): [NDArray, NDArray] =>
  lax.reduce<[NDArray, NDArray]>([a, b], [1, 0], after, dimensions);
/** The same, written out. */
const chained = (a: NDArray, b: NDArray): [NDArray, NDArray] => {
  const at = (x: NDArray, i: number): NDArray => lax.squeeze(lax.slice(x, [i], [i + 1]), [0]);
  return Array.from({ length: a.shape[0]! }).reduce<[NDArray, NDArray]>(
    (carry, _, i) => after(carry, [at(a, i), at(b, i)]),
    [np.array(1, { dtype: a.dtype }), np.array(0, { dtype: a.dtype })],
  );
};
const vectors = fc.integer({ min: 0, max: 7 }).chain((n) => {
  const one = fc.array(fc.integer({ min: -8, max: 8 }).map((k) => k / 4), { minLength: n, maxLength: n }); // prettier-ignore
  return fc.tuple(one, one);
});
const f64 = (values: readonly number[]): NDArray => np.array([...values], { dtype: 'float64', shape: [values.length] });

describe('reduce', () => {
  it('goes from the first element to the last, under jit and vmap as well', () => {
    fc.assert(
      fc.property(vectors, ([a, b]) => {
        const args = [f64(a), f64(b)];
        expect(disagreement(composed, chained, args)).toBeNull();
        expect(disagreement(jit(composed), chained, args)).toBeNull();
        const [x, y] = [np.stack([f64(a), f64(b)], 1), f64(b)];
        const lanes = (f: typeof composed) => (p: NDArray, q: NDArray) => vmap(f, [1, null])(p, q);
        expect(disagreement(lanes(composed), lanes(chained), [x, y])).toBeNull();
        expect(disagreement((p: NDArray, q: NDArray) => composed(lax.transpose(p, [1, 0]), lax.broadcast(q, [2]), [1]), lanes(chained), [x, y])).toBeNull(); // prettier-ignore
      }),
      { numRuns: 20 },
    );
  });

  it('differentiates like what it stands for, also twice and backwards', () => {
    const loss = (f: typeof chained) => (a: NDArray, b: NDArray) => {
      const [p, q] = f(a, b);
      return lax.mul(p, lax.sin(q));
    };
    fc.assert(
      fc.property(vectors, ([a, b]) => {
        const args = [f64(a), f64(b)];
        const forward = (f: typeof chained) => (x: NDArray, y: NDArray) => jvp(loss(f), [x, y], [y, x]);
        const backward = (f: typeof chained) => grad(loss(f), { argnums: [0, 1] });
        const twice = (f: typeof chained) => (x: NDArray, y: NDArray) => jvp(backward(f), [x, y], [y, x]);
        for (const derivative of [forward, backward, twice]) {
          expect(disagreement(derivative(composed), derivative(chained), args)).toBeNull();
        }
      }),
      { numRuns: 10 },
    );
  });

  it('takes initial values that differ between examples', () => {
    const from = (init: NDArray): NDArray => lax.reduce(np.array([1, 2, 3]), init, (a: NDArray, b: NDArray) => a.add(b), [0]); // prettier-ignore
    expect(vmap(from)(np.array([0, 10])).js()).toEqual([6, 16]);
    const sum = jit((init: NDArray) => lax.reduce(np.array([1, 2, 3]), init, lax.add, [0]));
    expect(sum(np.array(10)).js()).toBe(16);
    expect(grad(from)(np.array(5)).js()).toBe(1);
  });

  it('becomes the primitive of a known function with its identity, and of no other', () => {
    const named = (f: (x: NDArray) => NDArray, x: NDArray): string => makeJaxpr(f)(x).equations.at(-1)!.primitive.name;
    const [x, n] = [np.ones([3]), np.ones([3], { dtype: 'int32' })];
    expect(named((v) => lax.reduce(v, 0, lax.add, [0]), x)).toBe('reduce_sum');
    expect(named((v) => lax.reduce(v, 1, lax.mul, [0]), x)).toBe('reduce_prod');
    expect(named((v) => lax.reduce(v, -Infinity, lax.max, [0]), x)).toBe('reduce_max');
    expect(named((v) => lax.reduce(v, 2 ** 31 - 1, lax.min, [0]), n)).toBe('reduce_min');
    expect(named((v) => lax.reduce(v, -1, lax.bitwiseAnd, [0]), n)).toBe('reduce_and');
    expect(named((v) => lax.reduce(v, 0, lax.bitwiseOr, [0]), n)).toBe('reduce_or');
    expect(named((v) => lax.reduce(v, 0, lax.bitwiseXor, [0]), n)).toBe('reduce_xor');
    expect(named((v) => lax.reduce(v, 1, lax.add, [0]), x)).toBe('reduce');
    expect(named((v) => lax.reduceWindow(v, 0, lax.add, [2]), x)).toBe('reduce_window_sum');
    expect(named((v) => lax.reduceWindow(v, -Infinity, lax.max, [2]), x)).toBe('reduce_window_max');
    expect(named((v) => lax.reduceWindow(v, Infinity, lax.min, [2]), x)).toBe('reduce_window_min');
    expect(named((v) => lax.reduceWindow(v, 1, lax.mul, [2]), x)).toBe('reduce_window');
  });

  it('drops operands that nothing needs', () => {
    const scalar = { shape: [], dtype: 'float32', weak: false } as const;
    const jaxpr = transforms.trace((a, b, c, x, y, z) => [transforms.lax.add(a, x), transforms.lax.mul(transforms.lax.add(b, y), c), transforms.lax.max(c, z)], [scalar, scalar, scalar, scalar, scalar, scalar]); // prettier-ignore
    const small = (used: boolean[]): readonly boolean[] => reducePrimitive.dce(transforms, used, { jaxpr, dimensions: [0] }).results; // prettier-ignore
    expect(small([true, false, false])).toEqual([true, false, false]);
    expect(small([false, true, false])).toEqual([false, true, true]);
  });

  it('says what is wrong', () => {
    const x = np.ones([3]);
    expect(() => lax.reduce([x, x], 0, lax.add, [0])).toThrow(/the initial values/);
    expect(() => lax.reduce(x, x, lax.add, [0])).toThrow('initial values are scalars');
    expect(() => lax.reduce(x, 0, (a: NDArray, b: NDArray) => [a, b], [0])).toThrow('the computation gives');
    expect(() => lax.reduce(x, 0, (a: NDArray) => a, [1])).toThrow('reduce (C5)');
    expect(() => grad((v: NDArray) => lax.reduce(v, 0, (a: NDArray, b: NDArray) => a.add(b.mul(v.sum())), [0]))(x)).toThrow('closes over'); // prettier-ignore
  });
});

describe('reduceWindow', () => {
  const add = (a: NDArray, b: NDArray): NDArray => a.add(b);
  const upTo = (n: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: n });
  const pad = fc.integer({ min: -1, max: 2 });
  const layouts = fc.record({
    size: upTo(3),
    stride: upTo(3),
    low: pad,
    high: pad,
    base: upTo(2),
    dilation: upTo(2),
  });
  it('of a sum, is reduce_window_sum with all its rules', () => {
    fc.assert(
      fc.property(layouts, fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 8 }), (p, values) => {
        const { size, stride, low, high, base, dilation } = p;
        const padding = [[low, high]] as const;
        const options = { windowStrides: [stride], padding, baseDilation: [base], windowDilation: [dilation] };
        const general = (x: NDArray): NDArray => lax.reduceWindow(x, 0, add, [size], options);
        const special = (x: NDArray): NDArray => lax.reduceWindowSum(x, [size], options);
        const x = f64(values);
        const squared = (f: typeof general) => grad((v: NDArray) => lax.reduceSum(lax.square(f(v)), [0]));
        expect(disagreement(general, special, [x])).toBeNull();
        expect(disagreement(squared(general), squared(special), [x])).toBeNull();
        const wide = np.stack([x, x.add(1)], 1);
        expect(disagreement(vmap(general, 1), vmap(special, 1), [wide])).toBeNull();
      }),
      { numRuns: 40 },
    );
  });
});

it.each<[string, NDArray, ArrayLike, Parameters<typeof lax.reduce>[2], string]>([
  ['the sum of complex numbers', np.array([{ re: 1, im: 2 }]), 0, lax.add, 'reduce_sum'],
  ['a product', np.ones([2]), 1, lax.mul, 'reduce_prod'],
  ['a conjunction', np.array([true]), true, lax.bitwiseAnd, 'reduce_and'],
  ['bits', np.array([1n]), 0n, lax.bitwiseXor, 'reduce_xor'],
  ['a sum that does not begin at zero', np.ones([2]), 1, lax.add, 'reduce'],
  ['a complex one', np.array([{ re: 1, im: 2 }]), np.array({ re: 0, im: 1 }), lax.add, 'reduce'],
  ['a maximum that does not begin at the lowest', np.ones([2]), 0, lax.max, 'reduce'],
])('%s is as special as its initial value', (_, x, init, f, name) => {
  expect(String(makeJaxpr((y: NDArray) => lax.reduce(y, init, f, [0]))(x))).toContain(` = ${name}[`);
});

it('the dimensions may come in any order, and there must be an operand', () => {
  const x = np.arange(6).reshape(2, 3).astype('float32');
  expect(lax.reduce(x, 0, lax.add, [1, 0]).item()).toBe(15);
  expect(lax.reduce(x, 1, lax.add, [1, 0]).item()).toBe(16);
  expect(() => lax.reduce(np.array([true]), false, lax.add, [0])).toThrow(
    'add (I1): x must be one of float32, float64, ',
  );
  expect(() => lax.reduce([], [], () => [], [])).toThrow('lax.reduce(anonymous): there must be an operand');
});
