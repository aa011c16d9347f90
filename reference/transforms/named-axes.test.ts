/** Names of axes: where they hold, what depends on them, and what goes wrong. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  checkpoint,
  customGradient,
  customJvp,
  customVjp,
  evaluateJaxpr,
  grad,
  jit,
  jvp,
  lax,
  makeJaxpr,
  np,
  pmap,
  softPmap,
  vjp,
  vmap,
} from '../index.ts';
import { DivergentLanesError, UnboundAxisError } from '../core/errors.ts';
import type { NDArray } from '../core/ndarray.ts';
import { readProgram } from './programs.ts';
import { printProgram } from '../core/text.ts';

const x = np.array([1, 2, 4]);
const over = <F extends (...args: NDArray[]) => unknown>(f: F) => vmap(f, { axisName: 'i' });

describe('a name holds', () => {
  test('where the function runs, and no longer', () => {
    expect(over((v) => lax.psum(v, 'i'))(x).js()).toEqual([7, 7, 7]);
    expect(() => lax.psum(1, 'i')).toThrow(UnboundAxisError);
    expect(() => over((_: NDArray) => { throw new Error('stop'); })(x)).toThrow('stop'); // prettier-ignore
    expect(() => lax.axisSize('i')).toThrow("no axis is named 'i' here; in scope: none");
    expect(() => over((v) => lax.psum(v, 'j'))(x)).toThrow(/no axis is named 'j' here; in scope: 'i' \(\d\)\. Name it/);
  });

  test('for the innermost axis that has it', () => {
    const inner = over((v) => lax.psum(v, 'i'));
    const outer = vmap((row: NDArray) => [inner(row), lax.axisSize('i')], { axisName: 'i' });
    const [sums, sizes] = outer(np.array([[1, 2], [3, 4], [5, 6]])) as [NDArray, NDArray]; // prettier-ignore
    expect(sums.js()).toEqual([[3, 3], [7, 7], [11, 11]]); // prettier-ignore
    expect(sizes.js()).toEqual([3, 3, 3]);
  });

  test('in functions that have been jitted before, for other sizes and for none', () => {
    const f = jit((v: NDArray) => lax.psum(v, 'i'));
    expect(over(f)(x).js()).toEqual([7, 7, 7]);
    expect(over(f)(np.array([1, 2])).js()).toEqual([3, 3]);
    expect(() => f(x)).toThrow(UnboundAxisError);
    const g = jit((v: NDArray) => v.mul(lax.axisSize('i')));
    expect(over(g)(x).js()).toEqual([3, 6, 12]);
    expect(over(g)(np.array([1, 2])).js()).toEqual([2, 4]);
  });

  test.each([
    ['customJvp', (rule: (v: NDArray, d: NDArray) => NDArray) => {
      const f = customJvp((v: NDArray) => v.mul(1));
      f.defjvp(([v], [d]) => [v, rule(v, d)]);
      return f;
    }],
    ['customVjp', (rule: (v: NDArray, d: NDArray) => NDArray) => {
      const f = customVjp((v: NDArray) => v.mul(1));
      f.defvjp((v: NDArray) => [v, v], (v: NDArray, ct: NDArray) => [rule(v, ct)]);
      return f;
    }],
    ['customGradient', (rule: (v: NDArray, d: NDArray) => NDArray) =>
      customGradient((v: NDArray) => [v.mul(1), (ct: NDArray) => [rule(v, ct)]])],
  ])('in the rule of %s, also where it runs outside', (_, make) => {
    const f = make((v, d) => d.mul(lax.psum(v, 'i').add(lax.axisIndex('i').astype('float32'))));
    const expected = [7, 8, 9];
    expect(over(grad(f))(x).js()).toEqual(expected);
    expect(grad((v: NDArray) => over(f)(v).sum())(x).js()).toEqual(expected);
    // Nothing that the call takes is batched: its rule alone tells the lanes apart.
    const alone = grad((w: NDArray) => over((_: NDArray) => f(w))(x).sum())(np.array(2));
    expect(alone.item()).toBe(6 + 7 + 8);
  }); // prettier-ignore
});

describe('programs that nothing goes into', () => {
  const lane = (): NDArray => lax.axisIndex('i').astype('float32');
  test.each<[string, () => NDArray]>([
    ['jit', () => jit(lane)()],
    ['checkpoint', () => checkpoint(lane)()],
    ['scan', () => lax.scan((c: NDArray) => [c.add(lane()), null], 0, null, { length: 3 })[0].div(3)],
    ['scan, stacked', () => lax.scan((c) => [c, lane()], 0, null, { length: 2 })[1].take(1, 0)],
    ['while', () => lax.foriLoop(0, 3, (_: NDArray, c: NDArray) => c.add(lane()), np.array(0)).div(3)],
    ['while, each lane for itself', () => lax.whileLoop((c: NDArray) => c.less(lane()), (c: NDArray) => c.add(1), np.array(0))],
    ['cond', () => lax.cond(true, lane, () => np.array(-1))],
    ['cond, each lane for itself', () => lax.cond(lane().greater(0), (v: NDArray) => v, () => np.array(0), lane())],
    ['reduce', () => lax.reduce(np.ones([2]), 1, (a: NDArray, b: NDArray) => a.mul(b).mul(0).add(lane()), [0])],
    ['reduce_window', () => lax.reduceWindow(np.ones([2]), 1, (a: NDArray, b: NDArray) => a.mul(b).mul(0).add(lane()), [2]).take(0, 0)],
  ])('%s', (_, f) => {
    expect(vmap(f, { axisName: 'i', axisSize: 3 })().js()).toEqual([0, 1, 2]);
    expect(jit(vmap(f, { axisName: 'i', axisSize: 3 }))().js()).toEqual([0, 1, 2]);
  }); // prettier-ignore
});

test('trees keep their types', () => {
  const f = (v: NDArray): NDArray[] => {
    expectTypeOf(lax.psum({ a: v, b: [v, 2] as const }, 'i')).toEqualTypeOf<{ a: NDArray; b: readonly [NDArray, NDArray] }>(); // prettier-ignore
    expectTypeOf(lax.pmax(v, ['i'])).toEqualTypeOf<NDArray>();
    const { a, b } = lax.psum({ a: v, b: [v, 2] as const }, 'i');
    return [a, ...b];
  };
  expectTypeOf(pmap(f, 'i')(x)).toEqualTypeOf<NDArray[]>();
  expect(over(f)(x).map((y) => y.js())).toEqual([[7, 7, 7], [7, 7, 7], [6, 6, 6]]); // prettier-ignore
});

test('the sum of a number is known', () => {
  expect(over(jit((v: NDArray) => v.mul(lax.psum(1, 'i').item() as number)))(x).js()).toEqual([3, 6, 12]);
  expect(over(jit((v: NDArray) => [lax.psum([v, { n: 2 }], 'i'), lax.pmean(1, 'i')]))(x)).toMatchObject([[{}, { n: {} }], {}]); // prettier-ignore
});

describe('axes of size 0 and 1', () => {
  test('sums of nothing', () => {
    const nothing = np.zeros([0, 2]);
    const f = vmap((v: NDArray) => [lax.psum(v, 'i'), lax.pmin(v, 'i')], { axisName: 'i', outAxes: null });
    expect((f(nothing)).map((y) => y.js())).toEqual([[0, 0], [Infinity, Infinity]]); // prettier-ignore
    expect(over((v) => lax.ppermute(v, 'i', []))(nothing).shape).toEqual([0, 2]);
    expect(over((v) => lax.allGather(v, 'i'))(nothing).shape).toEqual([0, 0, 2]);
    expect(() => over((v) => lax.allToAll(v, 'i', 0, 0, { tiled: true }))(nothing)).toThrow('all_to_all (C3)');
  });
  test('a lane of its own', () => {
    const one = np.array([[1, 2]]);
    expect(over((v) => [lax.pmean(v, 'i'), lax.ppermute(v, 'i', [[0, 0]]), lax.pswapaxes(v.reshape([1, 2]), 'i', 0)])(one)) // prettier-ignore
      .toMatchObject([{ shape: [1, 2] }, { shape: [1, 2] }, { shape: [1, 1, 2] }]);
  });
});

describe('dtypes', () => {
  test.each(['int8', 'uint32', 'int64', 'bool', 'float16', 'complex64'] as const)('%s is moved as it is', (dtype) => {
    const v = np.array([1, 0, 1]).astype(dtype);
    const moved = over((a) => [lax.pshuffle(a, 'i', [1, 2, 0]), lax.allGather(a, 'i').take(0, 0)])(v);
    expect(moved.map((y) => [y.dtype, y.astype('int32').js()])).toEqual([[dtype, [0, 1, 1]], [dtype, [1, 1, 1]]]); // prettier-ignore
    const sum = over((a) => lax.psum(a, 'i'))(v);
    expect([sum.dtype, sum.astype('int32').js()]).toEqual([dtype === 'bool' ? 'int32' : dtype, [2, 2, 2]]);
  });
  test('complex numbers have no largest', () => {
    expect(() => over((v) => lax.pmax(v, 'i'))(x.astype('complex64'))).toThrow('pmax (I1)');
  });
  test('the mean of integers is a float', () => {
    expect(over((v) => lax.pmean(v, 'i'))(np.array([1n, 2n])).dtype).toBe('float32');
  });
});

describe('programs with collectives', () => {
  const inner = (v: NDArray): NDArray => jit((w: NDArray) => w.div(lax.psum(w, 'i')))(v);
  const jaxpr = makeJaxpr(inner, { axisEnv: [['i', 3]] })(1);
  test('print and read back', () => {
    const text = printProgram(jaxpr);
    expect(text).toContain('psum[axis_name="i" axis_size=3]');
    expect(printProgram(readProgram(text))).toBe(text);
  });
  test('are computed by nobody', () => {
    const input = { shape: [], dtype: 'float32', data: Float32Array.of(1) } as const;
    expect(() => evaluateJaxpr(jaxpr, [input])).toThrow(/psum over the axis 'i' at .*named-axes\.test\.ts:\d+:\d+/);
    expect(() => evaluateJaxpr(jaxpr, [input])).toThrow(UnboundAxisError);
  });
});

describe('errors', () => {
  test('of sizes that differ', () => {
    const traced = vmap((v: NDArray) => vjp((w: NDArray) => lax.psum(w, 'i'), [v])[1], { axisName: 'i' });
    expect(traced).toBeTypeOf('function');
    const two = (pull: (ct: NDArray) => NDArray[]): NDArray => vmap((ct: NDArray) => pull(ct)[0]!, { axisName: 'i' })(np.ones([2])); // prettier-ignore
    expect(() => over((v) => two(vjp((w: NDArray) => lax.psum(w, 'i'), [v])[1] as never))(x)).toThrow(
      "psum is over an axis 'i' of size 3, but meets one of that name with size 2",
    );
  });
  test('of lanes that part', () => {
    const chosen = (v: NDArray): NDArray => lax.cond(v.greater(1), (w: NDArray) => lax.psum(w, 'i'), (w: NDArray) => w, v); // prettier-ignore
    expect(() => over(chosen)(x)).toThrow(DivergentLanesError);
    const looped = (v: NDArray): NDArray => lax.whileLoop((c: NDArray) => c.less(9), (c: NDArray) => c.add(lax.psum(c, 'i')), v); // prettier-ignore
    expect(() => over(looped)(x)).toThrow("while: the end of the loop differs between the lanes of 'i'");
    // Lanes of another axis may part.
    const both = vmap((row: NDArray) => over((v) => lax.cond(row.sum().greater(5), (w: NDArray) => lax.psum(w, 'i'), (w: NDArray) => w, v))(row)); // prettier-ignore
    expect(both(np.array([[1, 2], [3, 4]])).js()).toEqual([[1, 2], [7, 7]]); // prettier-ignore
  });
  test('of arguments', () => {
    expect(() => vmap((v: NDArray) => v, { axisName: 3 as never })(x)).toThrow('axisName must be a string');
    expect(() => vmap((v: NDArray) => v, { axisSize: 2 })(x)).toThrow('axisSize is 2, but argument[0] has 3 examples');
    expect(() => vmap((v: NDArray) => v, { axisSize: -1 })(x)).toThrow('axisSize must be a natural number, got -1');
    expect(() => over((v) => lax.psum(v, 3 as never))(x)).toThrow('the name of an axis is a string, got 3');
    expect(() => over((v) => lax.axisIndex([]).add(v))(x)).toThrow('at least one axis must be named');
    expect(() => over((v) => lax.pshuffle(v, 'i', [0, 0, 1]))(x)).toThrow('perm must have each of the 3 lanes once');
    expect(() => over((v) => lax.allToAll(v, 'i', 0, 0))(np.ones([3, 2]))).toThrow('must have one row for each of the 3 lanes'); // prettier-ignore
    expect(() => over((v) => lax.psumScatter(v, 'i'))(np.ones([3, 2]))).toThrow('must have a part for each of the 3 lanes'); // prettier-ignore
    expect(() => over((v) => lax.allGather(v, 'i', { axis: 2 }))(x)).toThrow('axis 2 is out of range');
  });
});

describe('pmap', () => {
  test('is jit of vmap', () => {
    const f = (v: NDArray): NDArray => v.div(lax.psum(v, 'i'));
    const program = String(makeJaxpr(pmap(f, 'i'))(x));
    expect(program).toBe(String(makeJaxpr(jit(over(f)))(x)).replace('name="anonymous"', 'name="f"'));
    expect(pmap(f, 'i')(x).js()).toEqual(over(f)(x).js());
    expect(softPmap(f, 'i')(x).js()).toEqual(over(f)(x).js());
  });
  test('compiles once for one value of its static arguments', () => {
    let traced = 0;
    const f = pmap((n: number, v: NDArray, w: NDArray) => (traced++, v.mul(n).add(w)), { staticBroadcastedArgnums: 0, inAxes: [null, 0, null] }); // prettier-ignore
    expect([f(2, x, 1), f(2, x, 1), f(3, x, 1)].map((y) => y.js())).toEqual([[3, 5, 9], [3, 5, 9], [4, 7, 13]]); // prettier-ignore
    expect(traced).toBe(2);
  });
  test('frees what it is given, if asked', () => {
    const y = np.array([1, 2]);
    pmap((v: NDArray) => v.mul(2), { donateArgnums: [0] })(y);
    expect(() => y.js()).toThrow('donated');
  });
  test('knows its options', () => {
    expect(() => pmap((v: NDArray) => v, { devices: [] } as never)).toThrow("unknown option 'devices'");
    expect(() => softPmap((v: NDArray) => v, { inAxes: 0 } as never)).toThrow("unknown option 'inAxes'");
    expect(() => pmap((v: NDArray) => jvp(np.sin, [v], [v])[1])(np.array(1))).toThrow('axis 0 does not exist');
    expect(() =>
      pmap(function twice(v: NDArray) {
        return v.mul(2);
      })(1),
    ).toThrow('vmap(twice)');
  });
});
