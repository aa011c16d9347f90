import { describe, expect, test } from 'vitest';
import '../index.ts';
import { defaultFloat } from '../core/dtypes.ts';
import { enableX64 } from '../core/config.ts';
import { fromNested } from '../core/convert.ts';
import { showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray, Nested } from '../core/ndarray.ts';
import * as lax from '../lax.ts';
import { vmap } from './batching.ts';
import { cond, scan, switch_ } from './control-flow.ts';
import { customJvp } from './custom-jvp.ts';
import { grad, jvp, linearize, vjp } from './grad.ts';
import { jit } from './jit.ts';
import { makeJaxpr } from './make-jaxpr.ts';
import { stopGradient } from './stop-gradient.ts';

const array = (values: Nested, dtype: 'float32' | 'float64' | 'int32' = 'float64'): NDArray =>
  fromNested(values, dtype, 'test');
const sum = (x: NDArray): NDArray =>
  lax.reduceSum(
    x,
    x.shape.map((_, d) => d),
  );

describe('grad', () => {
  test('works to any order', () => {
    let f: (x: NDArray) => NDArray = (x) => lax.mul(lax.mul(x, x), lax.mul(x, x));
    const values = [];
    for (let k = 0; k <= 5; k++) {
      values.push(f(array(2)).item());
      f = grad(f);
    }
    expect(values).toEqual([16, 32, 48, 48, 24, 0]);
  });

  test('lets JavaScript branch on values', () => {
    const absolute = (x: NDArray): NDArray => ((x.item() as number) > 0 ? x : lax.neg(x));
    expect([grad(absolute)(array(3)).item(), grad(absolute)(array(-3)).item()]).toEqual([1, -1]);
  });

  test('gives values in every way that an array does', async () => {
    let later: Promise<unknown>[] = [];
    const read = (x: NDArray): NDArray => {
      expect([x.item(), x.js(), [...x.dataSync()]]).toEqual([3, 3, [3]]);
      later = [x.data().then(([v]) => v), x.jsAsync(), x.blockUntilReady().then((ready) => ready === x)];
      return x;
    };
    for (const run of [() => grad(read)(array(3)), () => jvp(read, [array(3)], [array(1)])]) {
      run();
      expect(await Promise.all(later)).toEqual([3, 3, true]);
    }
  });

  test('keeps nested derivatives apart (perturbation confusion)', () => {
    const f = (x: NDArray): NDArray => lax.mul(x, grad((y: NDArray) => lax.add(x, y))(array(1)));
    expect(grad(f)(array(1)).item()).toBe(1);
    const g = (x: NDArray): NDArray => grad((y: NDArray) => lax.mul(lax.mul(x, x), y))(x);
    expect(grad(g)(array(3)).item()).toBe(6);
  });

  test('gives trees like its arguments, for chosen argnums, with aux', () => {
    const f = (p: { w: NDArray; b: NDArray[] }, x: NDArray): NDArray => lax.add(sum(lax.mul(p.w, x)), p.b[0]!);
    const p = { w: array([1, 2]), b: [array(5)] };
    const g = grad(f)(p, array([3, 4]));
    expect([g.w.js(), g.b[0]!.js()]).toEqual([[3, 4], 1]);
    const both = grad(f, { argnums: [0, 1] })(p, array([3, 4]));
    expect(both[1].js()).toEqual([1, 2]);
    const [value, aux] = grad((x: NDArray) => [sum(x), lax.neg(x)], { hasAux: true })(array([1, 2]));
    expect([value.js(), aux.js()]).toEqual([
      [1, 1],
      [-1, -2],
    ]);
  });

  test('names a constant once, however often the derivative needs it', () => {
    const w = array([1, 2]);
    for (const transform of [(f: (x: NDArray) => NDArray) => f, jit]) {
      const derivative = makeJaxpr(grad(transform((x: NDArray) => sum(lax.mul(lax.mul(x, w), w)))))(w);
      const programs = [derivative, ...derivative.equations.map(({ params }) => params['jaxpr'] as Jaxpr | undefined)];
      expect(programs.reduce((n, jaxpr) => n + (jaxpr?.consts.length ?? 0), 0)).toBe(1);
    }
  });

  test('stops at stopGradient', () => {
    expect(grad((x: NDArray) => lax.mul(x, stopGradient(x)))(array(3)).item()).toBe(3);
  });

  test.each([
    ['a vector result', () => grad((x: NDArray) => x)(array([1, 2])), /grad needs a scalar result, got f64\[2\]/],
    ['an integer argument', () => grad((x: NDArray) => x)(array(1, 'int32')), /i32\[\], which has no derivative/],
    ['a tree result', () => grad((x: NDArray) => [x, x])(array(1)), /needs one scalar/],
    ['a Promise', () => grad(async (x: NDArray) => x)(array(1)), /returned a Promise/],
    ['an argnums out of range', () => grad((x: NDArray) => x, { argnums: 2 })(array(1)), /argnums 2 is out of range/],
    ['an unknown option', () => grad((x: NDArray) => x, { argnum: 1 } as object), /unknown option 'argnum'/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

describe('jit', () => {
  test('traces once per types', () => {
    let traced = 0;
    const f = jit((x: NDArray) => {
      traced++;
      return lax.mul(x, 2);
    });
    f(array([1]));
    f(array([2]));
    f(array([2, 3]));
    f(1);
    f(2);
    expect(traced).toBe(3);
  });

  test('traces anew for another dtype, strength or width of numbers', () => {
    const double = jit((x: NDArray) => lax.add(x, x));
    expect((['float32', 'int32'] as const).map((dtype) => double(array(2, dtype)).dtype)).toEqual(['float32', 'int32']);
    const row = jit((x: NDArray) => lax.reshape(x, [1]));
    expect([row(2).weakType, row(array(2, 'float32')).weakType]).toEqual([true, false]);
    const half = jit(() => lax.full([], 0.5, defaultFloat()));
    const dtypes = [false, true].map((on) => {
      enableX64(on);
      return half().dtype;
    });
    enableX64(false);
    expect(dtypes).toEqual([false, true].map((on) => (on ? 'float64' : 'float32')));
  });
  test('takes static arguments', () => {
    const f = jit((x: NDArray, n: number) => lax.integerPow(x, n), { staticArgnums: 1 });
    expect([f(array(3), 2).item(), f(array(3), 3).item()]).toEqual([9, 27]);
  });

  test('closes over tracers of enclosing transformations', () => {
    expect(grad((x: NDArray) => jit((y: NDArray) => lax.mul(x, y))(array(2)))(array(3)).item()).toBe(2);
    const nested = jit((x: NDArray) => jit((y: NDArray) => lax.mul(x, y))(array(2)));
    expect([nested(array(3)).item(), nested(array(4)).item()]).toEqual([6, 8]);
  });

  test('traces anew what closes over values of an enclosing transformation', () => {
    let outer = array(0);
    const f = jit((y: NDArray) => lax.mul(outer, y));
    const twice = (x: NDArray): NDArray => {
      outer = x;
      return lax.add(f(array(2)), f(array(2)));
    };
    expect([vmap(twice)(array([1, 3])).js(), grad(twice)(array(5)).item(), vmap(twice)(array([7])).js()]).toEqual([
      [4, 12],
      4,
      [28],
    ]);
  });

  test('donates', () => {
    const x = array([1, 2]);
    jit((y: NDArray) => lax.neg(y), { donateArgnums: 0 })(x);
    expect(() => x.js()).toThrow(/was used after it was donated/);
  });

  test('refuses to give a value', () => {
    expect(() => jit((x: NDArray) => ((x.item() as number) > 0 ? x : lax.neg(x)))(array(1))).toThrow(
      /a traced value has no number yet/,
    );
  });

  test('refuses leaked tracers', () => {
    let leaked: NDArray | undefined;
    jit((x: NDArray) => (leaked = x))(array(1));
    expect(() => lax.neg(leaked!)).toThrow(/has already returned/);
  });
});

describe('vmap', () => {
  test('maps chosen axes, and puts results where outAxes says', () => {
    const f = (x: NDArray, y: NDArray): NDArray => lax.mul(x, y);
    const rows = array([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    expect(vmap(f, [1, null])(rows, array([10, 100])).js()).toEqual([[10, 400], [20, 500], [30, 600]]); // prettier-ignore
    expect(vmap(f, { inAxes: [1, null], outAxes: 1 })(rows, array([10, 100])).js()).toEqual([[10, 20, 30], [400, 500, 600]]); // prettier-ignore
    expect(vmap(f, { inAxes: [-1, null], outAxes: -1 })(rows, array([10, 100])).shape).toEqual([2, 3]);
  });

  test('gives per-example gradients', () => {
    const loss = (w: NDArray, x: NDArray, y: NDArray): NDArray => lax.integerPow(lax.sub(sum(lax.mul(w, x)), y), 2);
    const perExample = jit(vmap(grad(loss), { inAxes: [null, 0, 0] }));
    const g = perExample(array([1, 1]), array([[1, 2], [3, 4]]), array([0, 0])); // prettier-ignore
    expect(g.js()).toEqual([[6, 12], [42, 56]]); // prettier-ignore
  });

  test('may have no examples at all', () => {
    expect(vmap(() => array(1), { inAxes: [], axisSize: 0 })().shape).toEqual([0]);
    expect(() => vmap(() => array(1), { inAxes: [], axisSize: -1 })()).toThrow(
      'axisSize must be a natural number, got -1',
    );
  });

  test('takes trees of axes', () => {
    const f = ({ a, b }: { a: NDArray; b: NDArray }): NDArray => lax.add(a, b);
    expect(vmap(f, [{ a: 0, b: null }])({ a: array([1, 2]), b: array(10) }).js()).toEqual([11, 12]);
  });

  test.each([
    [
      'unequal sizes',
      () => vmap(lax.add)(array([1]), array([1, 2])),
      /1 examples in argument\[0\] and 2 in argument\[1\]/,
    ],
    ['no batched argument', () => vmap(lax.neg, [null])(array([1])), /at least one argument/],
    ['an axis that does not exist', () => vmap(lax.neg, 1)(array([1])), /axis 1 does not exist in f64\[1\]/],
    ['a batched result where outAxes is null', () => vmap(lax.neg, { outAxes: null })(array([1])), /needs an axis/],
    ['a value', () => vmap((x: NDArray) => lax.mul(x, x.item() as number))(array([1])), /no number yet/],
    ['another structure of inAxes', () => vmap(lax.neg, [0, 0])(array([1])), /does not fit/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

describe('jvp, vjp, linearize', () => {
  test('agree with the calculus', () => {
    const [y, dy] = jvp(lax.sin, [array(0.5)], [array(2)]);
    expect([y.item(), dy.item()]).toEqual([Math.sin(0.5), 2 * Math.cos(0.5)]);
    const [, pull] = vjp((a: NDArray, b: NDArray) => lax.mul(a, b), [array(3), array(4)]);
    expect(pull(array(10)).map((ct) => ct.item())).toEqual([40, 30]);
    const [, derivative] = linearize(lax.exp, [array(0)]);
    expect([derivative(array(1)).item(), derivative(array(3)).item()]).toEqual([1, 3]);
  });

  test('a result may be constant, or be given twice', () => {
    const f = (x: NDArray): NDArray[] => {
      const y = lax.mul(x, 2);
      return [lax.full([], 7, 'float64'), y, y];
    };
    const [, pull] = vjp(f, [array(1)]);
    expect(pull([1, 10, 100])[0].item()).toBe(220);
    const [, derivative] = linearize(f, [array(1)]);
    expect(derivative(3).map((d) => d.item())).toEqual([0, 6, 6]);
  });
  test('what a result does not depend on has no tangent', () => {
    const place = (x: NDArray): NDArray => lax.selectAndGatherAdd(array([1, 2]), x, 'ge', [2]);
    const [y, dy] = jvp(place, [array([3, 4])], [array([1, 1])]);
    expect([y.js(), dy.js()]).toEqual([[2], [0]]);
  });
  test('integer primals have no cotangent', () => {
    const [, pull] = vjp(
      (x: NDArray, i: NDArray) => lax.mul(x, lax.convertElementType(i, 'float64')),
      [array(3), array(4, 'int32')],
    );
    const [dx, di] = pull(array(1));
    expect([dx.item(), di]).toEqual([4, null]);
  });

  test.each([
    ['a tangent of another shape', () => jvp(lax.sin, [array([1, 2])], [array(1)]), /expected f64\[2\]/],
    ['another structure', () => jvp(lax.sin, [array(1)], [] as never), /structure/],
  ])('refuse %s', (_, run, message) => expect(run).toThrow(message));
});

describe('control flow', () => {
  const branchy = (x: NDArray): NDArray =>
    cond(
      lax.gt(x, 0),
      (v: NDArray) => lax.mul(v, v),
      (v: NDArray) => lax.neg(v),
      x,
    );

  test('cond and switch choose, differentiate and batch', () => {
    expect([branchy(array(3)).item(), branchy(array(-2)).item()]).toEqual([9, 2]);
    expect([
      grad(branchy)(array(3)).item(),
      grad(branchy)(array(-2)).item(),
      grad(grad(branchy))(array(3)).item(),
    ]).toEqual([6, -1, 2]);
    expect(vmap(grad(branchy))(array([3, -2])).js()).toEqual([6, -1]);
    const pick = (i: NDArray): NDArray => switch_(i, [() => 10, () => 20, () => 30]);
    expect([-5, 0, 1, 2, 9].map((i) => pick(array(i, 'int32')).item())).toEqual([10, 10, 20, 30, 30]);
  });

  test('scan carries, stacks, reverses and takes no xs', () => {
    const [c, ys] = scan((a: NDArray, x: NDArray) => [lax.add(a, x), lax.mul(a, x)], array(0), array([1, 2, 3]));
    expect([c.item(), ys.js()]).toEqual([6, [0, 2, 9]]);
    const [, back] = scan((a: NDArray, x: NDArray) => [lax.add(a, x), a], array(0), array([1, 2, 3]), {
      reverse: true,
    });
    expect(back.js()).toEqual([5, 3, 0]);
    const [power] = scan((a: NDArray) => [lax.mul(a, 2), null], array(1), null, { length: 10 });
    expect(power.item()).toBe(1024);
    const [none, empty] = scan((a: NDArray, x: NDArray) => [a, x], array(7), array([]));
    expect([none.item(), empty.shape]).toEqual([7, [0]]);
  });

  test.each([
    [
      'branches of different types',
      () =>
        cond(
          true,
          () => array(1),
          () => array([1, 2]),
        ),
      /they must agree/,
    ],
    [
      'branches of different structure',
      () =>
        cond(
          true,
          () => [array(1)],
          () => array(1) as unknown,
        ),
      /returns/,
    ],
    [
      'a carry that changes shape',
      () => scan((c: NDArray) => [lax.broadcast(c, [2]), null], array(1), null, { length: 2 }),
      /must agree/,
    ],
    [
      'xs of different lengths',
      () => scan((c: NDArray) => [c, null], array(1), [array([1]), array([1, 2])]),
      /xs\[0\] has 1 slices, but xs\[1\] has 2/,
    ],
    ['no length', () => scan((c: NDArray) => [c, null], array(1), null), /without xs/],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

describe('customJvp', () => {
  const log1pexp = customJvp((x: NDArray) => lax.log(lax.add(1, lax.exp(x))));
  log1pexp.defjvp(([x], [dx]) => [log1pexp(x), lax.mul(lax.logistic(x), dx)]);

  test('replaces the derivative, to any order and under vmap and jit', () => {
    expect(grad(log1pexp)(array(1000)).item()).toBe(1);
    const s = lax.logistic(array(0.5)).item() as number;
    expect(grad(grad(log1pexp))(array(0.5)).item()).toBe(s * (1 - s));
    expect(jit(vmap(grad(log1pexp)))(array([0, 1000])).js()).toEqual([0.5, 1]);
  });

  test.each([
    ['a missing rule', () => customJvp(lax.sin)(array(1)), /no rule yet/],
    [
      'a rule with a wrong tangent',
      () => grad(withRule((x) => [x, array([1, 2])]))(array(1)),
      /the rule's tangent: expected f64\[\], .* got f64\[2\]/,
    ],
    [
      'a rule that returns one value',
      () => grad(withRule((x) => x as never))(array(1)),
      /must return \[value, tangent\]/,
    ],
  ])('refuses %s', (_, run, message) => expect(run).toThrow(message));
});

function withRule(rule: (x: NDArray) => readonly [NDArray, NDArray]): (x: NDArray) => NDArray {
  const f = customJvp((x: NDArray) => lax.sin(x));
  f.defjvp(([x]) => rule(x));
  return f;
}

describe('makeJaxpr', () => {
  test('shows the program', () => {
    const jaxpr = makeJaxpr((x: NDArray) => sum(lax.mul(lax.sin(x), 2)))(array([1, 2, 3]));
    expect(jaxpr.equations.map((e) => e.primitive.name)).toEqual(['sin', 'broadcast_in_dim', 'mul', 'reduce_sum']);
    expect(jaxpr.outAvals.map(showAval)).toEqual(['f64[]']);
  });
});
