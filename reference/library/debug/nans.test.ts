import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AsyncFunctionError, ArgumentError, FloatingPointError } from '../../core/errors.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { backend, checkpoint, debug, devicePut, grad, hessian, jit, makeJaxpr, np, random, vmap } from '../../index.ts';
import * as lax from '../../lax.ts';
import { cond, scan } from '../../transforms/control-flow.ts';
import { whileLoop } from '../../transforms/loops.ts';
import { obeyEnvironment } from './nans.ts';
import { smallVectors, smoothFunction, smoothPrograms } from '../../../conformance/testing/programs/smooth.ts';

/** The message of the error that `f` throws. */
function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(FloatingPointError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

const HERE = String.raw`\S*library/debug/nans\.test\.ts:\d+:\d+`;
const root = (x: NDArray): NDArray => lax.sqrt(x);

describe('the message', () => {
  test('names the equation, the element, the operands there, the line and the place', () => {
    const f = debug.checkNans(
      jit(function ratios(x: NDArray) {
        return lax.div(x, lax.sub(x, 1));
      }),
    );
    const zeroth = np.array([[3, 2], [0, 4]]); // prettier-ignore
    expect(f(zeroth).shape).toEqual([2, 2]);
    const g = debug.checkNans(jit(function ratios(x: NDArray) { return lax.div(x, lax.mul(x, 2)); })); // prettier-ignore
    expect(message(() => g(zeroth))).toMatch(
      new RegExp(
        `^div made a NaN of operands without one: element \\[1, 0\\] of its result \\(f32\\[2,2\\]\\) at ${HERE}, in jit\\(ratios\\)\n  there: x = 0, y = 0\n`,
      ),
    );
  });

  test('operands of other shapes are named by their types', () => {
    const f = debug.checkNans((x: NDArray, y: NDArray) => np.dot(x, y));
    expect(message(() => f(np.array([Infinity, 1]), np.array([0, 1])))).toContain('there: lhs = f32[2], rhs = f32[2]');
  });

  test.each<[string, (x: NDArray) => NDArray, number, string]>([
    ['scan', (x) => scan((c: NDArray) => [root(lax.sub(c, 1)), c], x, null, { length: 5 })[0], 2, 'scan, iteration 2'],
    ['while', (x) => whileLoop((c: NDArray) => lax.lt(c, 9), (c: NDArray) => root(lax.neg(c)), x), 1, 'while, iteration 0'], // prettier-ignore
    ['cond', (x) => cond(lax.lt(x, 0), root, (v: NDArray) => v, x), -1, 'cond, branch 1'],
    ['checkpoint', (x) => checkpoint(root)(x), -1, 'checkpoint'],
    ['jit', (x) => jit(function inner(v: NDArray) { return root(v); })(x), -1, 'jit(inner)'], // prettier-ignore
  ])('%s', (_, f, x, place) => {
    const found = message(() => debug.checkNans(jit(function outer(v: NDArray) { return f(v); }))(x)); // prettier-ignore
    expect(found).toContain(`, in jit(outer) > ${place}\n`);
    expect(found).toMatch(new RegExp(HERE));
  });

  test.each<[string, (f: (x: NDArray) => NDArray) => (x: NDArray) => unknown]>([
    ['grad', (f) => grad(f)],
    ['grad of jit', (f) => grad(jit(f))],
    ['jit of grad', (f) => jit(grad(f))],
    ['hessian', (f) => hessian(f)],
    ['vmap of grad', (f) => (x) => vmap(grad(f))(lax.broadcast(x, [2]))],
    ['grad of checkpoint', (f) => grad(checkpoint(f))],
  ])('derivatives have the line of their equation: %s', (_, transformed) => {
    const cubic = (x: NDArray): NDArray => {
      const y = lax.sub(x, x);
      return root(y); // this line: 0 · ∞ or ∞ − ∞ behind it
    };
    const line = new Error().stack!.split('\n')[1]!.replace(/.*nans\.test\.ts:(\d+):.*/, '$1');
    const found = message(() => debug.checkNans(transformed(cubic))(np.array(1)));
    const at = Number(/nans\.test\.ts:(\d+):/.exec(found)![1]);
    expect([Number(line) - 4, Number(line) - 3]).toContain(at);
  });
});

describe('what is found', () => {
  test('the first one, not what it leads to', () => {
    const f = (x: NDArray): NDArray => lax.exp(lax.mul(root(x), 2));
    expect(message(() => debug.checkNans(f)(np.array(-1)))).toMatch(/^sqrt/);
    expect(message(() => debug.checkNans(jit(f))(-1))).toMatch(/^sqrt/);
  });

  test('not what comes in', () => {
    expect(
      debug
        .checkNans(jit((x: NDArray) => lax.add(x, 1)))(NaN)
        .item(),
    ).toBe(NaN);
  });

  test('complex numbers and narrow floats', () => {
    const zero = np.array([{ re: 0, im: 0 }]);
    expect(message(() => debug.checkNans((z: NDArray) => lax.div(z, z))(zero))).toContain('x = 0+0i');
    const narrow = np.array([0, 1], { dtype: 'bfloat16' });
    expect(message(() => debug.checkNans((z: NDArray) => lax.div(z, z))(narrow))).toContain('element [0]');
  });

  test('on other backends', async () => {
    const x = devicePut(np.array([1, -1]), await backend('tfjs:cpu'));
    expect(message(() => debug.checkNans(jit(root))(x))).toContain('element [1]');
  });

  test('nothing in random programs and in random numbers', () => {
    fc.assert(
      fc.property(smoothPrograms(fc), smallVectors(fc), (program, values) => {
        const f = (v: NDArray): NDArray => lax.reduceSum(smoothFunction(program)(v), [0]);
        const x = np.array(values, { dtype: 'float64' });
        expect(
          debug
            .checkNans(jit(grad(f)))(x)
            .js(),
        ).toEqual(grad(f)(x).js());
      }),
      { numRuns: 20 },
    );
    expect(debug.checkNans(jit((k: NDArray) => random.normal(k, [20])))(random.key(0)).shape).toEqual([20]);
  });
});

describe('switches', () => {
  test('nans for everything that follows', () => {
    debug.nans();
    try {
      expect(() => root(np.array(-1))).toThrow(FloatingPointError);
      expect(() => debug.checkNans(root)(np.array(-1))).toThrow(FloatingPointError);
      expect(() => root(np.array(-1))).toThrow(FloatingPointError); // the scope did not switch it off
    } finally {
      debug.nans(false);
    }
    expect(root(np.array(-1)).item()).toBe(NaN);
  });

  test('infs', () => {
    debug.infs();
    try {
      expect(message(() => lax.log(np.array([1, 0])))).toContain('log made an infinity of operands without one: element [1]'); // prettier-ignore
      expect(lax.neg(np.array(Infinity)).item()).toBe(-Infinity);
      expect(root(np.array(-1)).item()).toBe(NaN);
    } finally {
      debug.infs(false);
    }
    expect(lax.log(np.array(0)).item()).toBe(-Infinity);
  });

  test.each([
    ['ETALON_DEBUG_NANS', (): NDArray => root(np.array(-1)), () => debug.nans(false)],
    ['ETALON_DEBUG_INFS', (): NDArray => lax.log(np.array(0)), () => debug.infs(false)],
  ])('%s=1 for a process', (name, compute, off) => {
    vi.stubEnv(name, '0');
    obeyEnvironment();
    expect(compute).not.toThrow();
    vi.stubEnv(name, '1');
    obeyEnvironment(); // as the entry does
    try {
      expect(compute).toThrow(FloatingPointError);
    } finally {
      off();
      vi.unstubAllEnvs();
    }
  });

  test('a scope ends with its function, also with one that fails', () => {
    expect(() => debug.checkNans(root)(np.array(-1))).toThrow(FloatingPointError);
    expect(root(np.array(-1)).item()).toBe(NaN);
  });

  test('a scope belongs around the whole', () => {
    expect(() => grad(debug.checkNans(root))(1)).toThrow(ArgumentError);
    expect(() => makeJaxpr(debug.checkNans(root))(1)).toThrow('put it outermost');
    expect(() => debug.checkNans((x: NDArray) => Promise.resolve(x))(np.array(1))).toThrow(AsyncFunctionError);
  });
});
