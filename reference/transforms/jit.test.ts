import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { bits } from '../../conformance/testing/bits.ts';
import { smallVectors, smoothFunction, smoothPrograms } from '../../conformance/testing/programs/smooth.ts';
import {
  type BackendDefinition,
  clearCaches,
  disableJit,
  enableX64,
  errors,
  explainCacheMisses,
  gap,
  grad,
  jit,
  jvp,
  lax,
  makeJaxpr,
  NDArray,
  np,
  pmap,
  reference,
  softPmap,
  valueAndGrad,
  vmap,
} from '../index.ts';
import { Backend } from '../core/open-backend.ts';
import { printProgram } from '../core/text.ts';
import { readProgram } from './programs.ts';

const double = (x: NDArray): NDArray => x.mul(2);
const here = /reference\/transforms\/jit\.test\.ts:\d+:\d+/;

describe('the cache', () => {
  test('traces once for each structure, shape, dtype, weakness and static value', () => {
    const dtypes = ['float32', 'int32', 'bool'] as const;
    const argument = fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.tuple(fc.constantFrom(...dtypes), fc.nat(2)).map(([dtype, n]) => np.zeros([n], { dtype })),
    );
    const call = fc.tuple(fc.oneof(argument, fc.array(argument, { maxLength: 2 })), fc.constantFrom(1, '1', 'a'));
    const kind = (x: unknown): unknown =>
      Array.isArray(x) ? x.map(kind) : x instanceof NDArray ? `${x.dtype}[${x.shape.join()}]` : 'weak';
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
        const f = jit((x: unknown, _: unknown) => x, { staticArgnums: 1 });
        const kinds = new Set<string>();
        for (const [x, fixed] of calls) {
          f(x, fixed);
          kinds.add(JSON.stringify([kind(x), fixed]));
        }
        const traces = kinds.size;
        expect(f.cacheInfo()).toEqual({ traces, hits: calls.length - traces, entries: traces });
      }),
      { numRuns: 30 },
    );
  });

  test('belongs to one call of jit, and can be forgotten, alone or with all others', () => {
    const [f, g] = [jit(double), jit(double)];
    const counts = (): number[] => [f, g].map((h) => h.cacheInfo().entries);
    f(1);
    g(1);
    expect(counts()).toEqual([1, 1]);
    f.clearCache();
    expect(counts()).toEqual([0, 1]);
    clearCaches();
    expect(counts()).toEqual([0, 0]);
    expect([f(3).item(), g.cacheInfo()]).toEqual([6, { traces: 0, hits: 0, entries: 0 }]);
    expect(f.cacheInfo()).toEqual({ traces: 1, hits: 0, entries: 1 });
  });

  test('keeps no program that closes over a traced value', () => {
    const inner = jit((x: NDArray, f: (y: NDArray) => NDArray) => f(x), { staticArgnums: 1 });
    const f = (x: NDArray): NDArray => inner(np.array(2), (y: NDArray) => y.mul(x));
    expect([grad(f)(3).item(), vmap(f)(np.array([1, 2])).js(), jit(f)(5).item()]).toEqual([2, [2, 4], 10]);
    expect(inner.cacheInfo()).toEqual({ traces: 3, hits: 0, entries: 0 });
  });

  test('is found again from within other transformations, and from the function itself', () => {
    const power = jit((x: NDArray, n: number): NDArray => (n === 0 ? np.ones([]) : x.mul(power(x, n - 1))), { staticArgnums: 1 }); // prettier-ignore
    expect(power(2, 5).item()).toBe(32);
    expect(power.cacheInfo().traces).toBe(6);
    expect(power(2, 3).item()).toBe(8);
    const f = jit(double);
    expect([grad(f)(np.array(1)).item(), jit(f)(np.array(1)).item(), jvp(f, [np.array(1)], [np.array(1)])[1].item()]).toEqual([2, 2, 2]); // prettier-ignore
    expect(f.cacheInfo()).toEqual({ traces: 1, hits: 2, entries: 1 });
  });
});

describe('static arguments', () => {
  const scaled = (x: NDArray, { by = 2 } = {}, n = 1): NDArray => x.mul(by * n);
  test('have their defaults where a call leaves them out', () => {
    const f = jit(scaled, { staticArgnums: [1, 2] });
    expect([f(3).item(), f(3, { by: 5 }).item(), f(3, { by: 5 }, 2).item()]).toEqual([6, 15, 30]);
    expect(f(3, { by: 5 }).item()).toBe(15);
    expect(f.cacheInfo()).toEqual({ traces: 3, hits: 1, entries: 3 });
  });

  test('may be counted from the end', () => {
    const f = jit((x: NDArray, n: number) => x.mul(n), { staticArgnums: -1 });
    expect([f(3, 2).item(), f(3, 4).item(), f.cacheInfo().traces]).toEqual([6, 12, 2]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['one that is donated too', () => jit(double, { staticArgnums: 0, donateArgnums: -1 })(1), /argument 0 cannot be both static and donated/],
    ['one before the first', () => jit(double, { staticArgnums: -2 })(1), /staticArgnums: argnums -2 is out of range/],
    ['half an argument', () => jit(double, { staticArgnums: 0.5 })(1), /argnums 0\.5 is out of range/],
  ])('refuse %s', (_, run, message) => expect(run).toThrow(message)); // prettier-ignore
});

test('using a donated array names the call and its line', () => {
  const f = jit((p: { w: NDArray }, x: NDArray) => p.w.add(x), { donateArgnums: [0, 5] });
  const [w, x] = [np.ones([2]), np.ones([2])];
  expect(f({ w }, x).js()).toEqual([2, 2]);
  expect(() => w.add(1)).toThrow(/f32\[2\], was used after it was donated to jit\(anonymous\) at /);
  expect(() => w.js()).toThrow(here);
  expect(x.js()).toEqual([1, 1]);
  expect(() => f({ w }, x)).toThrow(errors.DisposedError);
});

describe('lower', () => {
  const model = (p: { w: NDArray; b: NDArray }, x: NDArray, n: number): { y: NDArray } => ({ y: x.mul(p.w).add(p.b).mul(n) }); // prettier-ignore
  const f = jit(model, { staticArgnums: 2, donateArgnums: 1 });
  const args = [{ w: np.array(2), b: np.array(3) }, np.array([1, 2])] as const;

  test('tells the program and its types', () => {
    const low = f.lower(...args, 10);
    expect(String(low.jaxpr)).toBe(String(makeJaxpr((p: (typeof args)[0], x: NDArray) => model(p, x, 10))(...args)));
    expect([low.inTree, low.outTree].map(String)).toEqual(['[{"b": *, "w": *}, *]', '{"y": *}']);
    expect(low.inAvals.map((a) => a.shape)).toEqual([[], [], [2]]);
    expect(low.outAvals).toEqual([{ dtype: 'float32', shape: [2], weak: false }]);
    expect(low.donated).toEqual([false, false, true]);
    expect(printProgram(readProgram(low.text))).toBe(low.text);
  });

  test('compiles to a function of the traced arguments', () => {
    const compiled = f.lower(...args, 10).compile();
    const [p] = args;
    expect([bits(compiled(p, np.array([1, 2]))), compiled.backend]).toEqual([
      bits(f(p, np.array([1, 2]), 10)),
      reference,
    ]);
    expect(() => compiled(p, np.ones([3]))).toThrow(/takes f32\[2\] as argument \[1\], got f32\[3\]/);
    expect(() => compiled(p)).toThrow(/takes the arguments .*, got /);
  });

  test('does not run, and shares the programs of calls', () => {
    const g = jit((x: NDArray) => x.mul(x));
    expect(g(2).item()).toBe(4);
    expect(g.lower(3).jaxpr).toBe(g.lower(4).jaxpr);
    expect(g.cacheInfo()).toEqual({ traces: 1, hits: 2, entries: 1 });
  });

  test('tells what a backend does not compute before anything runs', async () => {
    const definition: BackendDefinition = {
      ...(await import('../interpreter.ts')).referenceBackend,
      name: 'without-sin',
      supports: (primitive) => (primitive.name === 'sin' ? gap('no sines here') : true),
    };
    const poor = new Backend(definition, await definition.open({}));
    const low = jit((x: NDArray) => np.sin(x)).lower(1);
    expect(() => low.compile({ backend: poor })).toThrow(/without-sin does not compute this program:\n.*no sines here/);
    expect(low.compile()(0)).toBeInstanceOf(NDArray);
  });

  test.each<[string, string, () => unknown]>([
    ['jit', 'jit(double)', () => jit(double, { backend: 'cpu' as never })],
    [
      'compile',
      'jit(double).lower(…).compile',
      () =>
        jit(double)
          .lower(1)
          .compile({ backend: 'cpu' as never }),
    ],
    ['pmap', 'pmap(double)', () => pmap(double, { backend: 'cpu' as never })],
    ['softPmap', 'pmap(double)', () => softPmap(double, { backend: 'cpu' as never })],
  ])('%s wants a backend that is open', (_, where, run) => {
    expect(run).toThrow(errors.ArgumentError);
    expect(run).toThrow(`${where}: expected an open backend, got the string "cpu"; open one: await backend(`);
  });

  test('refuses what closes over a traced value', () => {
    const run = (x: NDArray): NDArray =>
      jit(() => x.mul(2))
        .lower()
        .compile()();
    expect(() => grad(run)(1)).toThrow(/closes over a traced value/);
  });
});

describe('disableJit', () => {
  test('runs the function at each call, on values', () => {
    const seen: unknown[] = [];
    const f = jit((x: NDArray, n: number) => {
      seen.push(x.item());
      return Number(x.item()) > 0 ? x.mul(n) : x.neg();
    }, { staticArgnums: 1 }); // prettier-ignore
    const results = disableJit(() => [f(2, 3), f(-2, 3), grad((x: NDArray) => f(x, 3))(5)].map((y) => y.item()));
    expect([results, seen, f.cacheInfo().traces]).toEqual([[6, 2, 3], [2, -2, 5], 0]);
    expect(() => f(2, 3)).toThrow(errors.ConcretizationError);
  });

  test('ends with the function, however that ends', () => {
    const probe = jit((x: NDArray) => Number(x.item()));
    expect(() => disableJit(() => disableJit(() => { throw new Error('mine'); }))).toThrow('mine'); // prettier-ignore
    expect(() => probe(1)).toThrow(errors.ConcretizationError);
    expect(() => disableJit(async () => 1)).toThrow(/disableJit returned a Promise/);
    expect(disableJit(() => [disableJit(() => probe(1).item()), probe(2).item()])).toEqual([1, 2]);
  });

  test('changes no bit, of values and derivatives, through every kind of control flow', () =>
    fc.assert(
      fc.property(smoothPrograms(fc), smallVectors(fc), (program, values) => {
        const f = jit(smoothFunction(program));
        const x = np.array(values, { dtype: 'float64' });
        expect(disableJit(() => bits(f(x)))).toEqual(bits(f(x)));
        const both = vmap(f);
        const rows = np.stack([x, x.neg()]);
        expect(disableJit(() => bits(both(rows)))).toEqual(bits(both(rows)));
      }),
      { numRuns: 40 },
    ));
});

describe('jit changes no bit on the reference', () => {
  const values = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, 1e308)), { minLength: 3, maxLength: 3 }); // prettier-ignore

  test('of random programs and their gradients', () =>
    fc.assert(
      fc.property(
        smoothPrograms(fc),
        smallVectors(fc),
        fc.constantFrom<'float32' | 'float64'>('float32', 'float64'),
        (program, v, dtype) => {
          const f = smoothFunction(program, dtype);
          const x = np.array(v, { dtype });
          expect(bits(jit(f)(x))).toEqual(bits(f(x)));
          const value = valueAndGrad((y: NDArray) => f(y).sum());
          expect(bits(jit(value)(x))).toEqual(bits(value(x)));
        },
      ),
      { numRuns: 30 },
    ));

  test.each<[string, (x: NDArray, y: NDArray) => NDArray]>([
    ['x·0', (x) => x.mul(0)],
    ['x + 0', (x) => x.add(0)],
    ['x − x', (x) => x.sub(x)],
    ['x / x', (x) => x.div(x)],
    ['(x + y) − y', (x, y) => x.add(y).sub(y)],
    ['x·y + x·x, without contraction', (x, y) => x.mul(y).add(x.mul(x))],
    ['a sum', (x, y) => np.concatenate([x, y, x]).sum()],
    ['x / 3 as x·⅓', (x) => x.div(3)],
  ])('of %s, which it may not simplify', (_, f) =>
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [x, y] = [np.array(a, { dtype: 'float64' }), np.array(b, { dtype: 'float64' })];
        expect(bits(jit(f)(x, y))).toEqual(bits(f(x, y)));
      }),
      { numRuns: 30 },
    ),
  ); // prettier-ignore
});

describe('explainCacheMisses', () => {
  afterEach(() => {
    explainCacheMisses(null);
    enableX64(false);
  });
  const said: string[] = [];
  const differing = (...calls: (() => unknown)[]): string => {
    explainCacheMisses((message) => said.push(message));
    for (const call of calls) call();
    expect(said.at(-1)).toMatch(here);
    return said.at(-1)!.replace(/^.*?: /, '');
  };
  const f = jit((p: unknown, _?: unknown) => p, { staticArgnums: 1 });
  test.each<[string, () => void, RegExp]>([
    ['nothing', () => f(1, 'a'), /^there is no program yet$/],
    ['a dtype', () => f({ w: np.zeros([2], { dtype: 'int32' }) }, 'a'), /argument \[0\]\.w: f32\[2\], now i32\[2\]$/],
    ['a shape', () => f({ w: np.zeros([3]) }, 'a'), /argument \[0\]\.w: f32\[2\], now f32\[3\]$/],
    ['weakness', () => f({ w: 1 }, 'a'), /argument \[0\]\.w: f32\[2\], now f32\[\] \(weak: from a JavaScript number\)$/],
    ['a static value', () => f({ w: np.zeros([2]) }, 'b'), /static argument 1: "a", now "b"$/],
    ['a static value that is left out', () => f({ w: np.zeros([2]) }), /static argument 1: "a", now left out$/],
    ['structure', () => f({ w: [np.zeros([2])] }, 'a'), /the structure of the arguments \(they differ at \[0\]\.w: a leaf, and a list of 1\): /],
    ['default dtypes', () => { enableX64(); f({ w: np.zeros([2], { dtype: 'float32' }) }, 'a'); }, /the default dtypes: 32 bits, now 64 bits$/],
  ])('names %s', (what, call, message) => {
    f.clearCache();
    if (what !== 'nothing') f({ w: np.zeros([2]) }, 'a');
    expect(differing(call)).toMatch(message);
  }); // prettier-ignore

  test('chooses the nearest program, and is silent about hits', () => {
    f.clearCache();
    f({ w: np.zeros([2]) }, 'a');
    f({ w: np.zeros([7]) }, 'b');
    expect(differing(() => f({ w: np.zeros([2]) }, 'b'))).toMatch(/^of 2 programs the nearest differs in [^;]*$/);
    const count = said.length;
    f({ w: np.zeros([2]) }, 'b');
    expect(said.length).toBe(count);
  });
});

describe('asking for a value under jit', () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  test('names the line, the argument, the function, its call, and the fix', () => {
    const predict = (p: { w: NDArray }, x: NDArray): NDArray => (Number(p.w.mul(2).item()) > 0 ? x : x.neg());
    const lines = message(() => jit(predict)({ w: 1 }, 2)).split('\n');
    expect(lines[1]).toMatch(new RegExp(`^  x\\.item\\(\\) at \\S*${here.source} asks for the value of x: f32\\[\\], which depends on argument \\[0\\]\\.w of jit\\(predict\\), while that is being traced for the call at \\S*${here.source}\\.$`)); // prettier-ignore
    expect(lines[2]).toContain('jit(predict, { staticArgnums: [0] })');
    expect(lines[1]!.match(new RegExp(here, 'g'))!.length).toBe(2);
  });

  test('numbers arguments as the user does, the static ones included', () => {
    expect(message(() => jit((_: string, x: NDArray) => x.item(), { staticArgnums: 0 })('a', 1))).toMatch(/depends on argument \[1\] of .*\{ staticArgnums: \[1\] \}/s); // prettier-ignore
    expect(message(() => jit((x: NDArray, y: NDArray) => x.add(y).item())(1, 1))).toMatch(/argument \[0\] and \[1\] of .*staticArgnums: \[0, 1\]/s); // prettier-ignore
    const ofNone = message(() => jit(() => np.zeros([]).add(1).item())());
    expect(ofNone).toMatch(/f32\[\], while jit\(anonymous\) is being traced/);
    expect(ofNone).not.toContain('staticArgnums');
  });

  test('in a body or a branch names those', () => {
    const scan = message(() => lax.scan((c: NDArray, x: NDArray) => [c, x.item()], 0, np.ones([2])));
    expect(scan).toMatch(/argument \[1\] of lax\.scan\(anonymous\)/);
    expect(scan).not.toMatch(/staticArgnums/);
    expect(message(() => lax.cond(true, (x: NDArray) => x.item(), (x: NDArray) => x.item(), 1))).toMatch(/of lax\.cond onFalse \(anonymous\)/); // prettier-ignore
  });
});
