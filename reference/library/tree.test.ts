import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad, jit, jvp, type NDArray, np, tree, vmap } from '../index.ts';

class Spot {
  x: unknown;
  readonly label: unknown;
  y: unknown;
  constructor(x: unknown, y: unknown, label: unknown) {
    [this.x, this.y, this.label] = [x, y, label];
  }
}
tree.registerDataclass(Spot, { data: ['x', 'y'], meta: ['label'] });
class Place extends Spot {}
tree.registerDataclass(Place, { data: ['x', 'y'], meta: ['label'] });

/** Trees of every kind of node, with leaves that JavaScript compares by value. */
const trees = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('node')),
    node: fc.oneof(
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'two words', '0'), tie('tree'), { maxKeys: 3 }),
      fc.tuple(tie('tree'), tie('tree'), fc.constantFrom('p', 'q', null)).map(([x, y, label]) => new Spot(x, y, label)),
    ),
  })).tree;
const some = trees(fc.integer());

/** What a path leads to. */
const at = (root: unknown, path: string): unknown =>
  [...path.matchAll(/\.([\w$]+)|\[("[^"]*"|\d+)\]/g)].reduce<unknown>(
    (x, [, name, key]) => (x as Record<string, unknown>)[name ?? (JSON.parse(key!) as string)],
    root,
  );

describe('trees', () => {
  test('are their structure and their leaves', () =>
    fc.assert(
      fc.property(some, (t) => {
        const [leaves, treedef] = tree.flatten(t);
        expect(treedef.leafCount).toBe(leaves.length);
        expect(tree.unflatten(treedef, leaves)).toEqual(t);
        expect(tree.structure(tree.unflatten(treedef, leaves)).equals(treedef)).toBe(true);
      }),
    ));

  test('map keeps identity and composition, and its paths lead to the leaves', () =>
    fc.assert(
      fc.property(some, (t) => {
        const [f, g] = [(n: number): number => n + 1, (n: number): string => `<${n}>`];
        expect(tree.map((x: number) => x, t)).toEqual(t);
        expect(tree.map((x: number) => g(f(x)), t)).toEqual(tree.map(g, tree.map(f, t)));
        tree.mapWithPath((path, x) => expect(at(t, path)).toBe(x), t);
        expect(tree.leavesWithPath(t).map(([, x]) => x)).toEqual(tree.leaves(t));
      }),
    ));

  test('further trees may go on where the first has a leaf, and must not stop before', () =>
    fc.assert(
      fc.property(some, fc.nat(), (t, n) => {
        const [leaves, treedef] = tree.flatten(t);
        fc.pre(leaves.length > 0);
        const path = treedef.paths()[n % leaves.length]!;
        const longer = tree.mapWithPath((p, x: number) => (p === path ? [x] : x), t);
        expect(tree.map((_, other: unknown) => other, t, longer)).toEqual(longer);
        expect(() => tree.map((_, other: unknown) => other, longer, t)).toThrow(
          `tree.map: tree 2: expected a list of 1 at ${path === '' ? 'the root' : path}, got a leaf`,
        );
      }),
    ));

  test('options come after the last tree', () => {
    const isLeaf = Array.isArray;
    const joined = (...lists: number[][]): number[] => lists.flat();
    expect(tree.map(joined, { a: [1] }, { a: [2] }, { a: [3] }, { isLeaf })).toEqual({ a: [1, 2, 3] });
    expect(tree.map(joined, { a: [1] }, { isLeaf })).toEqual({ a: [1] });
  });

  test('inside out: an outer of inners is an inner of outers', () =>
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [outer, inner] = [tree.structure(a), tree.structure(b)];
        const nested = tree.map((x: number) => tree.map((y: number) => `${x}/${y}`, b), a);
        const turned = tree.map((y: number) => tree.map((x: number) => `${x}/${y}`, a), b);
        expect(tree.transpose(outer, inner, nested)).toEqual(turned);
        if (outer.leafCount > 0) expect(tree.transpose(outer, null, nested)).toEqual(turned);
      }),
    ));

  test('a prefix is spread over what is below its leaves', () =>
    fc.assert(
      fc.property(some, fc.nat(), (t, depth) => {
        const [leaves, treedef] = tree.flatten(t);
        let count = 0;
        const prefix = tree.map(() => count++, t, { isLeaf: (x: unknown) => x !== null && count >= depth % 4 });
        const values = tree.leaves(tree.broadcast(prefix, t));
        expect(values.length).toBe(leaves.length);
        expect([...new Set(values)]).toEqual(tree.leaves(prefix).filter((x) => values.includes(x)));
        expect(tree.structure(tree.broadcast(prefix, t)).equals(treedef)).toBe(true);
      }),
    ));

  test('reduce and all see every leaf', () =>
    fc.assert(
      fc.property(some, (t) => {
        const leaves = tree.leaves(t) as number[];
        const total = leaves.reduce((a, b) => a + b, 0);
        expect(tree.reduce((a: number, b: number) => a + b, t, 0)).toBe(total);
        if (leaves.length > 0) expect(tree.reduce((a: number, b: number) => a + b, t)).toBe(total);
        expect(tree.all(t)).toBe(leaves.every((x) => x !== 0));
        expect(tree.all(tree.map((x: number) => np.array(x), t))).toBe(leaves.every((x) => x !== 0));
      }),
    ));

  test.each<[string, () => unknown, RegExp]>([
    ['one that contains itself', () => tree.leaves(cyclic()), /contains itself: what is at \[1\]\.next is one of the nodes above it/],
    ['its like in auxiliary data', () => String(tree.structure(new Spot(1, 2, cyclic()))), /nested more than 1000 levels deep, or contains itself/],
    ['100,000 nested lists', () => tree.leaves(deep(100_000)), /nested more than 1000 levels deep/],
    ['a wrong number of leaves', () => tree.unflatten(tree.structure([1, 2]), [1]), /\[\*, \*\] has 2 leaves, got 1/],
    ['a class of other auxiliary data', () => tree.map((x, y) => [x, y], [new Spot(1, 2, 'p')], [new Spot(1, 2, 'q')]), /expected a Spot\(\["p"\]\) of 2 at \[0\], got a Spot\(\["q"\]\) of 2/],
    ['another class', () => tree.map((x, y) => [x, y], new Spot(1, 2, 'p'), new Place(1, 2, 'p')), /expected a Spot\(\["p"\]\) of 2 at the root, got a Place\(\["p"\]\) of 2/],
    ['a wrong number, where the structure is long', () => tree.unflatten(tree.structure(new Array(100).fill(1)), []), /unflatten: \[(\*, ){66}\*… has 100 leaves, got 0/],
    ['other keys', () => tree.map((x, y) => [x, y], { a: 1 }, { b: 1 }), /expected an object of a at the root, got an object of b/],
    ['tangents of another structure', () => jvp((p: { w: NDArray[] }) => p.w[0]!, [{ w: [np.ones([])] }], [{ w: [] }]), /differ at \[0\]\.w: a list of 1, and a list of 0/],
    ['axes of another structure', () => vmap((p: { w: NDArray }) => p.w, [{ v: 0 }])({ w: np.ones([2]) }), /inAxes\[0\]: the prefix does not fit the structure: expected an object of w, got an object of v/],
    ['axes below nothing', () => vmap((_: null, x: NDArray) => x, [[0], 0])(null, np.ones([2])), /inAxes\[0\]: .* expected null, got a list of 1/],
    ['axes of a class that has more of them', () => vmap((p: Spot) => p.x, [[0, 0, 0]] as never)(new Spot(np.ones([2]), np.ones([2]), 'p')), /expected a Spot.* of 2, got a list of 3/],
    ['nothing in place of a list', () => tree.broadcast(null, [1]), /expected a list of 1, got null/],
    ['axes below a leaf', () => vmap((p: { w: NDArray }) => p.w, [{ w: [0] }])({ w: np.ones([2]) }), /inAxes\[0\]\.w: .* expected a leaf, got a list of 1/],
    ['nothing to reduce', () => tree.reduce((a: number) => a, [null]), /needs an initial value/],
    ['a field that nobody named', () => tree.leaves(Object.assign(new Spot(1, 2, 'p'), { z: 3 })), /Spot has a field 'z'/],
    ['a class registered twice', () => tree.registerStatic(Spot), /Spot is registered already/],
  ])('refuse %s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore

  test('the deepest tree that is taken can be worked with', () => {
    const t = deep(1000);
    expect(tree.map((x: number) => x, t)).toEqual(t);
    expect(tree.structure(t).paths()).toEqual(['[0]'.repeat(1000)]);
  });
});

function cyclic(): unknown {
  const t: unknown[] = [1];
  t.push({ next: t });
  return t;
}
function deep(levels: number, leaf: unknown = 1): unknown {
  let t = leaf;
  for (let i = 0; i < levels; i++) t = [t];
  return t;
}

describe('registered classes', () => {
  test('of fields are made again with their methods and structure', () => {
    class Line {
      w: NDArray;
      b: NDArray;
      kind = 'affine';
      constructor(w: NDArray, b: NDArray) {
        [this.w, this.b] = [w, b];
      }
      apply(x: NDArray): NDArray {
        return x.mul(this.w).add(this.b);
      }
    }
    tree.registerDataclass(Line, { data: ['w', 'b'], meta: ['kind'] });
    const model = new Line(np.array(2), np.array(3));
    const gradient = jit(grad((m: Line) => m.apply(np.array(5))))(model);
    expect(gradient).toBeInstanceOf(Line);
    expect([gradient.w.item(), gradient.b.item(), gradient.kind]).toEqual([5, 1, 'affine']);
    expect(tree.leavesWithPath({ model }).map(([path]) => path)).toEqual(['.model.w', '.model.b']);
  });

  test('that are static have no leaves, and are themselves only', () => {
    class Config {
      readonly #power: number;
      constructor(power: number) {
        this.#power = power;
      }
      apply(x: NDArray): NDArray {
        return np.power(x, this.#power);
      }
    }
    tree.registerStatic(Config);
    const f = jit((x: NDArray, c: Config) => c.apply(x));
    expect([f(3, new Config(2)).item(), f(3, new Config(3)).item()]).toEqual([9, 27]);
    expect(tree.leaves(new Config(1))).toEqual([]);
  });
});

describe('Partial', () => {
  const affine = (w: NDArray, b: NDArray, x: NDArray): NDArray => x.mul(w).add(b);
  const number = fc.float({ noNaN: true }).map((v) => np.array(v));

  test('is the function with its first arguments, under every transformation', () =>
    fc.assert(
      fc.property(number, number, number, (w, b, x) => {
        const expected = affine(w, b, x).item();
        for (const f of [new tree.Partial(affine, w, b), new tree.Partial(new tree.Partial(affine, w), b)]) {
          expect([f(x).item(), f instanceof tree.Partial, f.f, f.name]).toEqual([expected, true, affine, 'affine']);
          const call = (g: tree.Partial<[NDArray], NDArray>, y: NDArray): NDArray => g(y);
          expect(jit(call)(f, x).item()).toBe(expected);
          expect(vmap(call, [null, 0])(f, np.stack([x, x])).js()).toEqual([expected, expected]);
          expect(grad(call)(f, x).args.map((g) => (g as NDArray).item())).toEqual([x.item(), 1]);
          expect(jit((g: typeof f) => g)(f)(x).item()).toBe(expected);
        }
      }),
      { numRuns: 10 },
    ));

  test('of the same function traces once, whatever its arguments', () => {
    let traced = 0;
    const f = jit((g: tree.Partial<[NDArray], NDArray>) => {
      traced++;
      return g(np.array(1));
    });
    for (const w of [2, 3]) expect(f(new tree.Partial(affine, np.array(w), np.array(0))).item()).toBe(w);
    expect(traced).toBe(1);
    expect(() => new tree.Partial(3 as never)).toThrow(/expected a function, got 3/);
  });
});

describe('ravelPytree', () => {
  const arrays = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }).map((shape) =>
    np
      .arange(shape.reduce((n, d) => n * d, 1))
      .astype('float32')
      .reshape(shape),
  );
  const numbers = (t: unknown): unknown => tree.map((x: NDArray) => x.js(), t);

  test('and unravel are inverse, and differentiate as the identity', () =>
    fc.assert(
      fc.property(trees(arrays), (t) => {
        const [flat, unravel] = tree.ravelPytree(t);
        expect(flat.shape).toEqual([tree.reduce((n: number, x: NDArray) => n + x.size, t, 0)]);
        expect(numbers(unravel(flat))).toEqual(numbers(t));
        const around = (v: NDArray): NDArray => tree.ravelPytree(unravel(v))[0];
        expect(jvp(around, [flat], [flat])[1].js()).toEqual(flat.js());
        const wide = tree.leaves(unravel(flat.astype('float64'))) as NDArray[];
        expect(wide.every((x) => x.dtype === 'float64')).toBe(true);
      }),
      { numRuns: 40 },
    ));

  test('of several dtypes promotes, and gives each leaf its own again', () => {
    const t = { i: np.array([1, 2], { dtype: 'int32' }), x: np.array(0.5, { dtype: 'float32' }), n: 3 };
    const [flat, unravel] = tree.ravelPytree(t);
    expect([flat.dtype, flat.js()]).toEqual(['float32', [1, 2, 3, 0.5]]);
    expect(tree.map((x: NDArray) => x.dtype, unravel(flat))).toEqual({ i: 'int32', x: 'float32', n: 'float32' });
    expect(() => unravel(flat.astype('float16'))).toThrow(/must be float32, got f16\[4\]/);
    expect(() => unravel(np.ones([3]))).toThrow(/expected a vector of 4 elements, got f32\[3\]/);
    expect(() => unravel(np.ones([2, 2]))).toThrow(/expected a vector of 4 elements, got f32\[2,2\]/);
    expect(() => tree.ravelPytree({ w: ['no'] } as never)).toThrow(/leaf \.w\[0\]: expected an array or a number/);
    expect(tree.ravelPytree(null)[0].shape).toEqual([0]);
  });
});
