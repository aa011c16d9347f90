import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disagreement } from '../../conformance/testing/agree.ts';
import { bits } from '../../conformance/testing/bits.ts';
import { type BackendDefinition, defineBackend, disableJit, errors, grad, interpret, jit, lax, makeJaxpr, type NDArray, np, primitiveNamed, vmap } from '../index.ts'; // prettier-ignore
import { avalOf, type HostArray } from '../core/host.ts';
import { Backend } from '../core/open-backend.ts';

const vector = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 9, maxLength: 9 });
const array = (v: readonly number[]): NDArray => np.array(v, { dtype: 'float64' });

/** A scan over trees, with a constant, a carry of two leaves and two ys. */
const looped =
  (options: lax.ScanOptions) =>
  (x: NDArray, w: NDArray): unknown =>
    lax.scan(
      ({ a, b }, { p, q }) => [{ a: a.mul(w).add(p), b: np.sin(b.add(q)) }, [a.mul(b), { p }]],
      { a: w, b: x.sum() },
      { p: x, q: x.mul(w) },
      options,
    );
const total = (t: unknown): NDArray => {
  const [{ a, b }, [y]] = t as [{ a: NDArray; b: NDArray }, [NDArray]];
  return a.add(b).add(y.sum());
};

describe('unroll', () => {
  const ways = fc.record({ n: fc.nat(9), unroll: fc.oneof(fc.boolean(), fc.integer({ min: 1, max: 11 })), reverse: fc.boolean() }); // prettier-ignore

  test('changes no bit of a scan, with or without jit and vmap', () =>
    fc.assert(
      fc.property(ways, vector, ({ n, unroll, reverse }, v) => {
        const [x, w] = [array(v.slice(0, n)), array([0.5]).reshape()];
        const [plain, written] = [looped({ reverse }), looped({ reverse, unroll })];
        expect(bits(written(x, w))).toEqual(bits(plain(x, w)));
        expect(bits(jit(written)(x, w))).toEqual(bits(plain(x, w)));
        const weak = (way: lax.ScanOptions): unknown =>
          lax.scan((c, s) => [c.mul(c).add(s), [c, 1]], 1, x.astype('float32'), way);
        expect(bits(weak({ reverse, unroll }))).toEqual(bits(weak({ reverse })));
        const batch = np.stack([w, x.sum()]);
        expect(bits(vmap(written, [null, 0])(x, batch))).toEqual(bits(vmap(plain, [null, 0])(x, batch)));
      }),
      { numRuns: 25, examples: [[{ n: 5, unroll: 2, reverse: true }, [1, 2, 3, 4, 5]]] },
    ));

  test('and its derivative is that of the scan', () =>
    fc.assert(
      fc.property(ways, vector, ({ n, unroll, reverse }, v) => {
        const gradient = (options: lax.ScanOptions) => (x: NDArray, w: NDArray) =>
          grad((...args: [NDArray, NDArray]) => total(looped(options)(...args)), { argnums: [0, 1] })(x, w);
        const args = [array(v.slice(0, n)), array([0.5]).reshape()] as const;
        expect(disagreement(gradient({ reverse, unroll }), gradient({ reverse }), args)).toBeNull();
      }),
      { numRuns: 15 },
    ));

  test('is how many iterations the body of the program does', () => {
    const text = (unroll: number | boolean): string =>
      String(makeJaxpr((x: NDArray) => lax.scan((c, s) => [np.sin(c.add(s)), null], 0, x, { unroll }))(np.ones([7])));
    const count = (unroll: number | boolean): number => text(unroll).split(' = sin ').length - 1;
    expect([1, false, 3, 7, true].map(count)).toEqual([1, 1, 4, 7, 7]);
    expect([1, 3, 7, true].map((n) => text(n).includes('scan['))).toEqual([true, true, false, false]);
    const looping = String(makeJaxpr((n: NDArray) => lax.foriLoop(0, 6, (i, c) => c.add(i), n, { unroll: 2 }))(1));
    expect(looping).toContain('length=3');
  });
});

test('the branches stand in the text as programs', () => {
  const text = String(makeJaxpr((x: NDArray) => lax.cond(true, lax.neg, lax.sin, x))(1));
  expect(text).toMatch(
    /= cond\[branches=\[\{ lambda ; c:f32\*\[\]\. let\n\s+d:f32\*\[\] = sin c\n\s+in \(d,\) \}, \{ lambda/,
  );
});

test('a loop over trees takes no slices, and slices of nothing', () => {
  expect(bits(lax.scan((c) => [c.add(1), { c, none: null }], 0, null, { length: 2 }))).toEqual(bits([np.add(1, 1), { c: np.array([0, 1]), none: null }])); // prettier-ignore
  const [carry, { y }] = lax.scan((c, { x }) => [c, { y: x.mul(c) }], np.array(1), { x: np.zeros([0, 3]), none: null });
  expect([carry.item(), y.shape]).toEqual([1, [0, 3]]);
  expect(lax.scan((c) => [c, null], { a: 1 }, [], { length: 0 })[0].a.item()).toBe(1);
});

test('map gives the same with every batchSize', () =>
  fc.assert(
    fc.property(vector, fc.nat(9), fc.integer({ min: 1, max: 10 }), (v, n, batchSize) => {
      const xs = { x: array(v.slice(0, n)), w: np.ones([n, 2]) };
      const f = ({ x, w }: typeof xs): unknown => [np.sin(x).mul(w), x];
      const [plain, batched] = [lax.map(f, xs), lax.map(f, xs, { batchSize })];
      expect(bits(batched)).toEqual(bits(plain));
    }),
    { numRuns: 30 },
  ));

describe('cond', () => {
  test('takes an operand for each branch, or the same for both', () => {
    const f = (p: NDArray): NDArray =>
      lax.cond(
        p,
        { a: 2 },
        ({ a }) => a.mul(10),
        [3, 4],
        ([x, y]) => x!.add(y!),
      );
    expect([f(np.array(true)).item(), f(np.array(false)).item(), jit(f)(np.array(false)).item()]).toEqual([20, 7, 7]);
    expect(vmap(f)(np.array([true, false])).js()).toEqual([20, 7]);
    expect(lax.cond(true, () => 1, () => 2).item()).toBe(1); // prettier-ignore
    expect(lax.cond(0, (x, y) => x.sub(y), (x, y) => y.sub(x), 1, 5).item()).toBe(4); // prettier-ignore
  });

  test('and switch clamp the choice', () =>
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 4 }), (i, n) => {
        const branches = Array.from({ length: n }, (_, k) => (x: NDArray) => x.add(k));
        const wanted = Math.min(Math.max(i, 0), n - 1);
        const run = (index: NDArray): NDArray => lax.switch(index, branches, 0);
        const index = np.array(i, { dtype: 'int32' });
        expect([run(index).item(), jit(run)(index).item(), disableJit(() => run(index).item())]).toEqual([wanted, wanted, wanted]); // prettier-ignore
      }),
      { numRuns: 20 },
    ));
});

describe('reverse mode through a loop whose limits are traced', () => {
  const power = (x: NDArray, from: NDArray, to: NDArray): NDArray => lax.foriLoop(from, to, (_, y) => y.mul(x), np.ones([], { dtype: 'float64' })); // prettier-ignore
  test('works on the reference', () =>
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2, noNaN: true }), fc.nat(3), fc.nat(6), (v, from, n) => {
        const x = array([v]).reshape();
        const limits = [from, from + n].map((i) => np.array(i, { dtype: 'int32' }));
        const traced = jit(grad((y: NDArray, a: NDArray, b: NDArray) => power(y, a, b)));
        const known = grad((y: NDArray) => lax.foriLoop(from, from + n, (_, c) => c.mul(y), array([1]).reshape()));
        expect(disagreement((y: NDArray) => traced(y, limits[0]!, limits[1]!), known, [x])).toBeNull();
      }),
      { numRuns: 15 },
    ));

  test('is a clear error where a backend cannot read at once, and a loop of known length is none', async () => {
    const late = new Backend(lateBackend, await lateBackend.open({}));
    const unbounded = (x: NDArray): NDArray => lax.whileLoop((y) => y.less(100), (y) => y.mul(y), x); // prettier-ignore
    const run = jit(grad(unbounded), { backend: late });
    expect(() => run(2)).toThrow(errors.NoSyncReadError);
    expect(() => run(2)).toThrow(/while at \S*control-flow\.test\.ts:\d+:\d+ decides by a value, which this backend cannot read at once.*lax\.scan/); // prettier-ignore
    const known = jit(
      grad((x: NDArray) => lax.foriLoop(0, 3, (_, y) => y.mul(y), x)),
      { backend: late },
    );
    expect(await known(2).jsAsync()).toBe(1024);
  });
});

/** The reference, if its values came late. */
const copyOf = (value: HostArray): HostArray => ({ ...value });
const lateBackend: BackendDefinition = defineBackend({
  name: 'late',
  profile: 'strict',
  capabilities: { syncRead: false },
  supports: () => true,
  open: async () => ({
    devices: [{ id: 0, description: 'the reference, read late' }],
    compile: interpret<HostArray>({
      apply: (primitive, operands, params) => primitive.evaluate(operands, params).map(copyOf),
      put: copyOf,
      clone: copyOf,
      free: () => undefined,
      avalOf,
      primitiveNamed,
    }),
    put: copyOf,
    read: async (buffer) => buffer as HostArray,
    free: () => undefined,
    live: () => ({ buffers: 0, bytes: 0 }),
    close: () => undefined,
  }),
});

describe('under disableJit', () => {
  test('bodies and branches see numbers, and results keep their types', () => {
    const seen: unknown[] = [];
    const see = (x: NDArray): NDArray => {
      seen.push(x.item());
      return x;
    };
    const program = (): unknown => [
      lax.scan((c, x) => [see(c).add(x), c], 0, np.array([1, 2], { dtype: 'float64' })),
      lax.whileLoop((c) => see(c).less(3), (c) => c.add(1), 2),
      lax.foriLoop(0, 2, (i, c) => c.add(see(i)), np.array(0.5)),
      lax.cond(np.array(true), (x) => see(x), (x) => x, 7),
      lax.map((x) => see(x).mul(2), np.array([8, 9])),
    ]; // prettier-ignore
    expect(program).toThrow(errors.ConcretizationError);
    const results = disableJit(program);
    // The first carry of the scan is seen as float32, and again as the float64 that the body makes of it.
    expect(seen).toEqual([0, 0, 1, 2, 3, 0, 1, 7, 8, 9]);
    const quiet = (): unknown => [
      lax.scan((c, x) => [c.add(x), c], 0, np.array([1, 2], { dtype: 'float64' })),
      lax.whileLoop((c) => c.less(3), (c) => c.add(1), 2),
      lax.foriLoop(0, 2, (i, c) => c.add(i), np.array(0.5)),
      lax.cond(np.array(true), (x) => x, (x) => x, 7),
      lax.map((x) => x.mul(2), np.array([8, 9])),
    ]; // prettier-ignore
    expect(bits(results)).toEqual(bits(quiet()));
  });

  test('examples of a batch have no numbers, so that their control flow is traced', () => {
    const f = (x: NDArray): NDArray =>
      lax.whileLoop((y) => y.less(10), (y) => lax.cond(y.greater(3), (z) => z.mul(3), (z) => z.add(1), y), x); // prettier-ignore
    const batch = np.array([1, 5, 20]);
    expect(disableJit(() => bits(vmap(f)(batch)))).toEqual(bits(vmap(f)(batch)));
    const late = (n: NDArray): NDArray => lax.whileLoop(([i]) => i.less(4), ([i, c]) => [i.add(1), c.mul(n)], [n.mul(0).add(1), 1] as const)[1]; // prettier-ignore
    expect(disableJit(() => vmap(late)(np.array([2, 3])).js())).toEqual([8, 27]);
  });

  test('mistakes are found as without it', () => {
    const wrong = [
      () => lax.scan((c) => [np.stack([c, c]), null], np.array(1), null, { length: 2 }),
      () => lax.scan((c: { a: NDArray }) => [{ b: c.a } as never, null], { a: 1 }, null, { length: 2 }),
      () => lax.whileLoop(() => true, (c) => np.stack([c, c]), 1),
      () => lax.whileLoop(() => 1, (c) => c, 1),
    ]; // prettier-ignore
    const message = (f: () => unknown): string => {
      try {
        return String(f());
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const f of wrong) {
      expect(message(f)).toMatch(/spec\/errors\.md/);
      expect(disableJit(() => message(f))).toBe(message(f));
    }
  });
});

describe('errors name the argument and its path', () => {
  const x = np.ones([2]);
  test.each<[string, () => unknown, RegExp]>([
    ['a leaf of init', () => lax.scan((c) => [c, null], { w: ['no'] } as never, x), /lax\.scan\(anonymous\) init, argument \[0\]\.w\[0\]: a string is no array/],
    ['xs without an axis', () => lax.scan((c) => [c, null], 1, { a: x, b: 1 }), /xs\.b must have an axis to scan over, got f32\[\]/],
    ['xs of other lengths', () => lax.scan((c) => [c, null], 1, [x, { p: np.ones([3]) }]), /xs\[0\] has 2 slices, but xs\[1\]\.p has 3/],
    ['length', () => lax.scan((c) => [c, null], 1, x, { length: 3 }), /length is 3, but xs has 2/],
    ['unroll', () => lax.scan((c) => [c, null], 1, x, { unroll: 0 }), /unroll must be a positive integer or a boolean, got 0/],
    ['a vector as predicate', () => lax.cond(x, lax.neg, lax.sin, 1), /lax\.cond: predicate must be a scalar, got \S+\[2\]; np\.where/],
    ['an index that is no integer', () => lax.switch(np.ones([]), [lax.neg], 1), /lax\.switch: index must be an integer scalar, got f32\[\]/],
    ['an index that is no scalar', () => lax.switch(np.array([0], { dtype: 'int32' }), [lax.neg], 1), /lax\.switch: index must be an integer scalar, got i32\[1\]/],
    ['a body that returns no pair', () => lax.scan((c) => c as never, 0, x), /lax\.scan\(anonymous\): f must return \[carry, y\]/],
    ['the unroll of a traced limit', () => lax.foriLoop(0, np.array(2, { dtype: 'int32' }), (_, c) => c, 1, { unroll: 2 }), /unroll needs numbers as limits/],
    ['batchSize', () => lax.map((y) => y, x, { batchSize: 0 }), /batchSize must be a positive integer, got 0/],
    ['a carry of another structure', () => lax.scan((c) => [{ w: [c.w[0]!, c.w[0]!] }, null], { w: [1] }, x), /they differ at \.w: a list of 1, and a list of 2/],
    ['a carry of another shape', () => lax.scan((c) => [{ w: np.stack([c.w, c.w]) }, null], { w: 1 }, x), /the initial carry gives f32\[\] at carry\.w, the body gives f32\[2\]/],
    ['a carry of another dtype', () => lax.whileLoop(() => true, ({ n }) => ({ n: n.astype('float32') }), { n: np.array(1, { dtype: 'int32' }) }), /the initial carry gives i32\[\] at carry\.n, the body gives f32\[\]/],
    ['branches of other structures', () => lax.cond(true, function yes() { return { a: [x] }; }, function no() { return { a: [x, x] }; } as never), /onFalse \(no\) returns .*, onTrue \(yes\) .*they differ at \.a: a list of 2, and a list of 1/],
    ['branches of other types', () => lax.switch(0, [(y) => ({ a: y }), (y) => ({ a: np.stack([y, y]) })], 1), /branch 0 \(anonymous\) gives f32\[\] at result\.a, branch 1 \(anonymous\) gives f32\[2\]/],
    ['branches with an operand of their own', () => lax.cond(true, x, function yes(y) { return y; }, 1, function no() { return [1]; } as never), /onFalse \(no\) returns .*, onTrue \(yes\)/],
    ['an operand in place of a function', () => lax.cond(true, 1 as never, 2 as never, 3, lax.neg as never), /lax\.cond, argument \[1\]: a function is no array/],
    ['no branches', () => lax.switch(0, []), /branches must be a list of at least one function/],
    ['an operand of a branch', () => lax.cond(true, () => 1, () => 2, { a: 'no' }), /lax\.cond, argument \[0\]\.a: a string is no array/],
    ['a predicate that is a tree', () => lax.whileLoop(() => [true] as never, (c) => c, 1), /the predicate must give one bool scalar, got \[\*\]/],
    ['an option', () => lax.foriLoop(0, 1, (_, c) => c, 1, { unrol: 2 } as never), /lax\.foriLoop: unknown option 'unrol'/],
  ])('%s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
});
