import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  checkpoint,
  customJvp,
  customVjp,
  debug,
  grad,
  hessian,
  jit,
  jvp,
  linearize,
  linearTranspose,
  makeJaxpr,
  np,
  tidy,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from '../../index.ts';
import { ArgumentError, BackendError } from '../../core/errors.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { printProgram } from '../../core/text.ts';
import * as lax from '../../lax.ts';
import { cond, scan } from '../../transforms/control-flow.ts';
import { whileLoop } from '../../transforms/loops.ts';
import { readProgram } from '../../transforms/programs.ts';
import { evaluateJaxpr } from '../../interpreter.ts';

let seen: number[] = [];
afterEach(() => {
  seen = [];
});
const note = (x: NDArray): void => debug.callback((v: NDArray) => void seen.push(Number(v.item())), x);
const noted = (x: NDArray): NDArray => {
  note(x);
  return x;
};

/** The numbers that callbacks got during `f`. */
function calls(f: () => unknown): number[] {
  seen = [];
  f();
  return seen;
}

// ---- random programs with callbacks in them

type Step = 'note' | 'sin' | 'scale' | { readonly [construct in keyof typeof CONSTRUCTS]?: readonly Step[] };

const CONSTRUCTS = {
  jit: (f: (x: NDArray) => NDArray, x: NDArray) => jit(f)(x),
  checkpoint: (f: (x: NDArray) => NDArray, x: NDArray) => checkpoint(f)(x),
  scan: (f: (x: NDArray) => NDArray, x: NDArray) => scan((c: NDArray) => [f(c), c], x, null, { length: 2 })[0],
  while: (f: (x: NDArray) => NDArray, x: NDArray) => {
    const carry: NDArray[] = [np.array(0, { dtype: 'int32' }), x];
    return whileLoop(
      ([i]) => lax.lt(i!, 2),
      ([i, c]) => [lax.add(i!, 1), f(c!)],
      carry,
    )[1]!;
  },
  cond: (f: (x: NDArray) => NDArray, x: NDArray) => cond(np.array(true), f, (v: NDArray) => noted(lax.neg(v)), x),
} as const;

const programs: fc.Arbitrary<readonly Step[]> = fc.letrec<{ step: Step; steps: readonly Step[] }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 3, arbitrary: fc.constantFrom<Step>('note', 'sin', 'scale') },
    ...Object.keys(CONSTRUCTS).map((name) => ({
      weight: 1,
      arbitrary: tie('steps').map((inner): Step => ({ [name]: inner })),
    })),
  ),
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 3 }),
})).steps;

const compiled =
  (steps: readonly Step[]) =>
  (x: NDArray): NDArray =>
    steps.reduce<NDArray>((v, step) => {
      if (step === 'note') return noted(v);
      if (step === 'sin') return lax.sin(v);
      if (step === 'scale') return lax.mul(v, 1.5);
      const [[name, inner]] = Object.entries(step) as [[keyof typeof CONSTRUCTS, readonly Step[]]];
      return CONSTRUCTS[name](compiled(inner), v);
    }, x);

const x = np.array(0.5);

describe('callbacks in random programs are called once for each value, in order', () => {
  test.each([
    ['jit', (f: (x: NDArray) => NDArray) => jit(f)(x)],
    ['jvp', (f: (x: NDArray) => NDArray) => jvp(f, [x], [1])],
    ['grad', (f: (x: NDArray) => NDArray) => grad(f)(x)],
    ['vjp', (f: (x: NDArray) => NDArray) => vjp(f, [x])[1](1)],
    ['linearize', (f: (x: NDArray) => NDArray) => linearize(f, [x])[1](1)],
    ['jit of grad', (f: (x: NDArray) => NDArray) => jit(grad(f))(x)],
    ['grad of jit', (f: (x: NDArray) => NDArray) => grad(jit(f))(x)],
    ['grad of checkpoint', (f: (x: NDArray) => NDArray) => grad(checkpoint(f))(x)],
    ['grad of grad', (f: (x: NDArray) => NDArray) => grad(grad(f))(x)],
    ['hessian', (f: (x: NDArray) => NDArray) => hessian(f)(x)],
    ['vmap, the same for every example', (f: (x: NDArray) => NDArray) => vmap((y: NDArray) => lax.add(f(x), y))(np.array([1, 2, 3]))], // prettier-ignore
  ] as const)('%s', (_, transformed) => {
    fc.assert(
      fc.property(programs, (steps) => {
        const f = compiled(steps);
        expect(calls(() => transformed(f))).toEqual(calls(() => f(x)));
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    ['vmap', (f: (x: NDArray) => NDArray) => vmap(f)],
    ['jit of vmap', (f: (x: NDArray) => NDArray) => jit(vmap(f))],
    ['vmap of grad', (f: (x: NDArray) => NDArray) => vmap(grad(f))],
    ['vmap of jit', (f: (x: NDArray) => NDArray) => vmap(jit(f))],
  ] as const)('%s: each for all examples, one after the other', (_, transformed) => {
    fc.assert(
      fc.property(programs, (steps) => {
        const f = compiled(steps);
        const rows = [0.5, 0.25, -1];
        const single = rows.map((v) => calls(() => f(np.array(v))));
        expect(calls(() => transformed(f)(np.array(rows)))).toEqual(single[0]!.flatMap((_v, k) => single.map((s) => s[k]!))); // prettier-ignore
      }),
      { numRuns: 10 },
    );
  });

  test('a program of the cache calls each time', () => {
    const f = jit(noted);
    expect(calls(() => [f(1), f(2), f(3)])).toEqual([1, 2, 3]);
  });
});

describe('where there is a choice', () => {
  test('of two vmaps, the outer one counts fastest, as in JAX', () => {
    expect(calls(() => vmap(vmap(noted))(np.array([[0, 1], [2, 3]])))).toEqual([0, 2, 1, 3]); // prettier-ignore
  });

  test('a loop whose examples stop one by one asks its predicate once per iteration', () => {
    const f = (v: NDArray): NDArray => whileLoop((c: NDArray) => lax.lt(noted(c), 3), (c: NDArray) => lax.add(c, 1), v); // prettier-ignore
    expect(calls(() => vmap(f)(np.array([1, 2])))).toEqual([1, 2, 2, 3, 3, 3]);
  });

  test('branches that the examples choose are all computed', () => {
    const f = (v: NDArray): NDArray => cond(lax.gt(v, 1), noted, (w: NDArray) => lax.neg(noted(lax.mul(w, 10))), v);
    expect(calls(() => vmap(f)(np.array([0, 2])))).toEqual([0, 20, 0, 2]);
  });

  test('transposition leaves out what is linear', () => {
    const f = (v: NDArray): NDArray => {
      note(v);
      note(np.array(7));
      return lax.mul(v, 2);
    };
    expect(calls(() => linearTranspose(f, x)(1))).toEqual([7]);
  });
});

describe('rules of the user', () => {
  const square = customJvp((v: NDArray) => lax.mul(v, v));
  square.defjvp(([v], [dv]) => {
    note(dv);
    return [lax.mul(v, v), lax.mul(dv, lax.mul(v, 2))];
  });
  const viaLoop = (v: NDArray): NDArray =>
    whileLoop((c: NDArray) => lax.lt(c, 3), (c: NDArray) => lax.add(square(c), 1), v); // prettier-ignore

  test('tangents are shown in forward mode, each time, and never in reverse mode', () => {
    expect(calls(() => jvp(square, [3], [5]))).toEqual([5]);
    const [, derivative] = linearize((v: NDArray) => square(v), [3]);
    expect(calls(() => [derivative(1), derivative(2)])).toEqual([1, 2]);
    expect(calls(() => grad((v: NDArray) => square(v))(3))).toEqual([]);
    expect(calls(() => expect(grad(viaLoop)(1).item()).toBe(8))).toEqual([]); // 1 → 2 → 5, by 2·1 and 2·2
  });

  test('a backward pass is called where it is computed', () => {
    const clipped = customVjp((v: NDArray) => v);
    clipped.defvjp((v) => [v, null], (_, ct: NDArray) => [noted(ct)]); // prettier-ignore
    const f = (v: NDArray): NDArray => lax.mul(clipped(v), v);
    expect(calls(() => grad(f)(3))).toEqual([3]);
    expect(calls(() => jit(grad(jit(f)))(3))).toEqual([3]);
    expect(calls(() => vmap(grad(f))(np.array([1, 2])))).toEqual([1, 2]);
  });
});

describe('what a callback gets', () => {
  test('trees with concrete arrays, and what is no array as it is', () => {
    const got: unknown[] = [];
    jit((v: NDArray) => {
      debug.callback((...args: unknown[]) => got.push(tree.map((a: unknown) => (typeof a === 'string' ? a : (a as NDArray).js()), args)), { v, list: [v, 2] }, 'tag', null); // prettier-ignore
      return v;
    })(np.array([1, 2]));
    expect(got).toEqual([[{ v: [1, 2], list: [[1, 2], 2] }, 'tag', null]]);
  });

  test('arrays that stay, and that it may compute with', () => {
    const kept: NDArray[] = [];
    const keep = (v: NDArray): NDArray => {
      debug.callback((w: NDArray) => void kept.push(w, lax.mul(w, 2), valueAndGrad((u: NDArray) => lax.mul(u, u))(w)[1]), v); // prettier-ignore
      return lax.sin(v);
    };
    grad(keep)(3);
    tidy(() => jit(keep)(3));
    vmap(grad(keep))(np.array([3]));
    expect(kept.map((w) => w.item())).toEqual([3, 6, 6, 3, 6, 6, 3, 6, 6]);
  });

  test('it has to be a function', () => {
    const wrong = np.array(1) as unknown as () => void;
    expect(() => debug.callback(wrong, 1)).toThrow('debug.callback takes a function first, got f32[] 1');
  });

  test('what it throws ends the program', () => {
    const cause = new Error('from the callback');
    const f = jit((v: NDArray) => {
      debug.callback(() => {
        throw cause;
      }, v);
      return v;
    });
    expect(() => f(1)).toThrow(BackendError);
    expect(() => f(1)).toThrow(expect.objectContaining({ cause }));
    expect(() => debug.checkNans(f)(1)).toThrow(expect.objectContaining({ cause }));
  });
});

test('a program that was saved and read calls nobody', () => {
  const jaxpr = readProgram(printProgram(makeJaxpr(vmap((v: NDArray) => lax.sin(noted(v))))(np.array([0, 0]))));
  expect(String(jaxpr)).toContain('debug_callback[name="anonymous"]');
  const input = { dtype: 'float32', shape: [2], data: Float32Array.of(0, 0) } as const;
  expect(calls(() => expect(evaluateJaxpr(jaxpr, [input])).toEqual([input]))).toEqual([]);
});

describe('debug.print', () => {
  const printed = (f: () => unknown): unknown[] => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      f();
      return log.mock.calls.flat();
    } finally {
      log.mockRestore();
    }
  };
  const pair = np.array([1.5, -0]);

  test.each<[string, readonly unknown[], string]>([
    ['hi {{}}', [], 'hi {}'],
    ['{} and {}', [1, pair], '1 and [1.5, -0]'],
    ['{1} before {0}, {1}', [1, 2], '2 before 1, 2'],
    ['{} {loss}', [3, { loss: pair }], '3 [1.5, -0]'],
    ['{}', [{ w: [pair, true], none: null }], '{ none: null, w: [[1.5, -0], true] }'],
    ['{} {}', ['text', np.array([true, false])], 'text [true, false]'],
  ])('%s', (format, args, line) => {
    expect(printed(() => debug.print(format, ...args))).toEqual([line]);
  });

  test('values of programs', () => {
    const f = jit(vmap((v: NDArray) => debug.print('v = {}, {twice}', v, { twice: lax.mul(v, 2) })));
    expect(() => f(np.array([1, 2]))).toThrow(); // it has no result
    const g = jit(vmap((v: NDArray) => (debug.print('v = {}, {twice}', v, { twice: lax.mul(v, 2) }), v)));
    expect(printed(() => g(np.array([1, 2])))).toEqual(['v = 1, 2', 'v = 2, 4']);
  });

  test.each<[string, readonly unknown[], string]>([
    ['{} {}', [1], 'no argument for the field 1'],
    ['{}', [1, 2], 'no field for argument 1'],
    ['{x}', [1], '{x} needs an object'],
    ['{x}', [{ y: 1 }], 'no argument for the field {x}'],
    ['{x}', [{ x: 1, y: 1 }], 'no field for argument y'],
    ['{', [], 'a single {'],
    ['{0} {}', [1], 'mixes'],
    ['{:.2f}', [1], '{:.2f} is no field'],
  ])('%s of %j is an error', (format, args, message) => {
    expect(() => debug.print(format, ...args)).toThrow(ArgumentError);
    expect(() => debug.print(format, ...args)).toThrow(message);
  });
});
