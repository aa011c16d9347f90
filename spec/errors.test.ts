/** The catalogue of errors: every class has an entry, every entry is provoked where a user would meet it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as etalon from '../reference/index.ts';
import type { Tree as Untyped } from '../reference/transforms/call.ts';

const { backend, checkpoint, customGradient, customJvp, customVjp, defineBackend, devicePut, errors, evalShape, grad } = etalon; // prettier-ignore
const { hessian, jacfwd, jacrev, jit, jvp, lax, linearize, linearTranspose, makeJaxpr, np, random, tidy, vjp, vmap } = etalon; // prettier-ignore
type ErrorClass = { readonly anchor: string } & (abstract new (...args: never[]) => etalon.EtalonError);

const page = readFileSync(new URL('errors.md', import.meta.url), 'utf8');
const entries = new Map(page.split(/^## /m).slice(1).map((text) => [text.split('\n', 1)[0]!, text])); // prettier-ignore
const classes = (Object.values(errors) as unknown[]).filter(
  (x): x is ErrorClass => typeof x === 'function' && 'anchor' in x,
);

/** Entries without an executed block: what needs a backend of its own is below, programs are in core/parse.test.ts. */
const provokedElsewhere = ['mixed-backends', 'no-sync-read', 'gap', 'program'];

describe('the catalogue', () => {
  it.each(classes.map((c) => [c.name, c] as const))('has an entry for %s', (name, { anchor }) => {
    const entry = entries.get(anchor);
    expect(entry).toContain(`\`${name}\``);
    if (anchor === 'etalon') return;
    expect(entry).toContain('**Fix**');
    if (!provokedElsewhere.includes(anchor)) expect(entry).toMatch(/```ts run[^`]*\/\/ throws/);
  });
  it('has no entry that is no class', () => {
    expect([...entries.keys()].filter((anchor) => !classes.some((c) => c.anchor === anchor))).toEqual([]);
  });
});

const x = np.array([1, 2, 3]);
const scalar = np.array(1);
const ints = np.array([1n, 2n]);
/** JavaScript as it is written without types. */
const js = <T>(value: T): Untyped => value;
const [a, n, l] = [js(x), js(np), js(lax)] as [Untyped, Untyped, Untyped];

/** What the message has to hold: what was wrong, and what to write. */
type Provoked = readonly [title: string, type: ErrorClass, says: readonly RegExp[], provoke: () => unknown];

const operators: readonly (readonly [string, () => unknown])[] = [
  ['x + 1', () => a + 1],
  ["'a' + x", () => 'a' + a],
  ['x - y', () => a - a],
  ['x * 2', () => a * 2],
  ['x / 2', () => a / 2],
  ['x % 2', () => a % 2],
  ['x ** 2', () => a ** 2],
  ['-x', () => -a],
  ['+x', () => +a],
  ['~x', () => ~a],
  ['x < 1', () => a < 1],
  ['x >= 1', () => a >= 1],
  ['x & 1', () => a & 1],
  ['x << 1', () => a << 1],
  ['Number(x)', () => Number(a)],
  ['Math.sin(x)', () => Math.sin(a)],
];

const language: readonly Provoked[] = [
  ...operators.map(([title, f]): Provoked => [
    title,
    errors.OperatorError,
    [/an operator/, /x\.add\(y\)/, /item\(\)/],
    f,
  ]),
  ['x[0]', errors.OperatorError, [/\[0\]/, /x\.slice\(0\)/], () => a[0]],
  ['x[-1]', errors.OperatorError, [/\[-1\]/, /x\.slice\(-1\)/], () => a[-1]],
  ["x['0:2']", errors.OperatorError, [/\[0:2\]/, /x\.slice/], () => a['0:2']],
  ['x[mask]', errors.OperatorError, [/bool\[3\]/, /x\.slice/], () => a[x.greater(1) as never]],
  ['x[list]', errors.OperatorError, [/\[0,1\]/, /x\.slice/], () => a[[0, 1] as never]],
  ['x[undefined]', errors.OperatorError, [/undefined/], () => a[undefined as never]],
  ['x[0] = 1', errors.OperatorError, [/immutable/, /x\.at\(0\)\.set\(y\)/], () => (a[0] = 1)],
  ['x.name = 1', errors.OperatorError, [/name of an array was set to 1/, /immutable/], () => (a.name = 1)],
  ['x.shape = […]', errors.OperatorError, [/shape of an array/, /x\.reshape/], () => (a.shape = [3])],
  ['x.length', errors.OperatorError, [/no length/, /x\.shape\[0\]/], () => a.length as unknown],
  ['x.map(f)', errors.OperatorError, [/no map/, /vmap/], () => a.map(Math.abs)],
  ['for … of', errors.OperatorError, [/iterated/, /x\.js\(\)/], () => { for (const _ of a) return; }], // prettier-ignore
  ['[...x]', errors.OperatorError, [/iterated or spread/], () => [...a]],
  ['const [p] = x', errors.OperatorError, [/iterated/], () => { const [p] = a; return p as unknown; }], // prettier-ignore
  ['for … of a scalar', errors.OperatorError, [/f32\[\]/], () => { for (const _ of js(scalar)) return; }], // prettier-ignore
  ['item() of three elements', errors.ArgumentError, [/f32\[3\]/, /x\.js\(\)/], () => x.item()],
];

const values: readonly Provoked[] = [
  ['a list', errors.ArgumentError, [/np\.sum/, /a list/, /np\.array/], () => n.sum([1, 2])],
  ['a typed array', errors.ArgumentError, [/np\.sin/, /Float32Array/, /np\.array/], () => n.sin(new Float32Array(2))],
  ['undefined', errors.ArgumentError, [/np\.sin/, /undefined/], () => n.sin(undefined)],
  ['a string', errors.ArgumentError, [/np\.sin/, /"1"/, /quotes/], () => n.sin('1')],
  ['a Promise', errors.ArgumentError, [/np\.sin/, /await/], () => n.sin(Promise.resolve(1))],
  ['a bigint out of range', errors.ArgumentError, [/np\.array/, /outside/, /int32/], () => np.array([2n ** 40n])],
  ['a number out of range beside integers', errors.ArgumentError, [/np\.add/, /outside/, /astype/], () => np.add(ints, 2 ** 40)], // prettier-ignore
  ['a fraction beside integers', errors.ArgumentError, [/np\.add/, /0\.5 is not an integer/, /astype/], () => np.add(ints, 0.5)], // prettier-ignore
  ['an unknown dtype', errors.DTypeError, [/np\.zeros: dtype/, /f32/, /float32/], () => n.zeros([1], 'f32')],
  ['{ out }', errors.OptionError, [/np\.exp/, /\{ out \}/], () => n.exp(x, { out: x })],
  ['{ axes }', errors.OptionError, [/np\.sum/, /'axes'/, /axis, keepdims/], () => n.sum(x, { axes: 0 })],
  ['{ axes } of a method', errors.OptionError, [/np\.sum/, /'axes'/], () => a.sum({ axes: 0 })],
  ['a flag that is none', errors.OptionError, [/np\.sum/, /keepdims must be true or false/], () => n.sum(x, { keepdims: 1 })], // prettier-ignore
  ['a dtype in the place of options', errors.OptionError, [/np\.sum/, /options have names/], () => n.sum(x, 0, 'float32')], // prettier-ignore
  ['one argument too many', errors.ArgumentError, [/np\.add/, /more than it takes/], () => n.add(x, x, x)],
  ['where of one argument', errors.ArgumentError, [/np\.where/, /np\.where\(condition, x, y\)/], () => n.where(x)],
  ['shapes', errors.ShapeError, [/np\.add/, /\[3\] and \[2\]/], () => np.add(x, np.array([1, 2]))],
  ['an axis', errors.ShapeError, [/np\.sum/, /axis 1/, /rank 1/], () => np.sum(x, 1)],
  ['a constraint', errors.ConstraintError, [/reduce_sum \(C2\)/, /\[0, 0\]/], () => lax.reduceSum(x, [0, 0])],
  ['a parameter of another kind', errors.ConstraintError, [/reduce_sum \(P\)/, /axes must be array/], () => l.reduceSum(x, 0)], // prettier-ignore
];

const traced: readonly Provoked[] = [
  ['if (x.item())', errors.ConcretizationError, [/x\.item\(\)/, /lax\.cond/, /staticArgnums/], () => jit((v: etalon.NDArray) => (Number(v.item()) > 0 ? v : v))(1)], // prettier-ignore
  ['… under vmap', errors.ConcretizationError, [/x\.item\(\)/, /per example/], () => vmap((v: etalon.NDArray) => np.array(v.item() as number))(x)], // prettier-ignore
  ['a traced shape', errors.ConcretizationError, [/np\.zeros: shape/, /static/], () => jit((v: Untyped) => n.zeros(v))(1)], // prettier-ignore
  ['a traced axis', errors.ConcretizationError, [/np\.sum: axis/, /static/], () => jit((v: Untyped) => n.sum(x, v))(0)], // prettier-ignore
  ['a traced mask', errors.ConcretizationError, [/mask/, /np\.where/], () => jit((v: etalon.NDArray) => x.slice(v.greater(1)))(x)], // prettier-ignore
  ['a traced range', errors.ConcretizationError, [/stop of a range/, /lax\.dynamicSlice/], () => jit((v: Untyped) => a.slice([0, v]))(1n)], // prettier-ignore
  ['lax.slice', errors.ConcretizationError, [/lax\.slice: startIndices\[0\]/, /lax\.dynamicSlice/], () => jit((v: Untyped) => l.slice(x, [v], [3]))(1n)], // prettier-ignore
  ['an array as a static argument', errors.ArgumentError, [/jit/, /static argument holds an array/], () => jit((v: etalon.NDArray) => v, { staticArgnums: 0 })(x)], // prettier-ignore
];

/** Runs a function of the user's where each transformation would. */
const bodies: Readonly<Record<string, (f: Untyped) => unknown>> = {
  jit: (f) => jit(f)(1),
  grad: (f) => grad(f)(1),
  vmap: (f) => vmap(f)(x),
  jvp: (f) => jvp(f, [1], [1]),
  vjp: (f) => vjp(f, [1]),
  linearize: (f) => linearize(f, [1]),
  jacfwd: (f) => jacfwd(f)(1),
  jacrev: (f) => jacrev(f)(1),
  hessian: (f) => hessian(f)(1),
  makeJaxpr: (f) => makeJaxpr(f)(1),
  evalShape: (f) => evalShape(f, 1),
  linearTranspose: (f) => linearTranspose(f, 1),
  checkpoint: (f) => checkpoint(f)(1),
  customJvp: (f) => {
    const g = customJvp((v: etalon.NDArray) => v);
    g.defjvp(f);
    return jvp(g as Untyped, [1], [1]);
  },
  customVjp: (f) => {
    const g = customVjp((v: etalon.NDArray) => v);
    g.defvjp(f, (_: unknown, ct: unknown) => [ct]);
    return grad(g as Untyped)(1);
  },
  customGradient: (f) => customGradient(f)(1),
  'lax.cond': (f) => l.cond(true, f, (v: unknown) => v, 1),
  'lax.switch': (f) => l.switch(0, [f], 1),
  'lax.scan': (f) => l.scan(f, scalar, x),
  'lax.whileLoop': (f) => l.whileLoop(() => true, f, 0),
  'lax.foriLoop': (f) => l.foriLoop(0, 3, f, 0),
  'lax.map': (f) => l.map(f, x),
  'lax.associativeScan': (f) => l.associativeScan(f, x),
  'lax.reduce': (f) => l.reduce(x, 0, f, [0]),
  tidy: (f) => tidy(f),
};
const later = {
  async: async (v: unknown) => v,
  generator: function* (v: unknown): unknown {
    yield v;
  },
  thenable: (v: unknown) => ({ then: (f: (v: unknown) => unknown) => f(v) }),
};
const asynchronous = Object.entries(bodies).flatMap(
  ([name, run]) =>
  Object.entries(later).map(([kind, f]): Provoked => [`${kind} in ${name}`, errors.AsyncFunctionError, [/Await outside/], () => run(f)]), // prettier-ignore
);

const mismatches: readonly Provoked[] = [
  ['branches of two structures', errors.TreeError, [/lax\.cond/, /onFalse/, /onTrue/], () => l.cond(true, (v: unknown) => v, (v: unknown) => [v], 1)], // prettier-ignore
  ['branches of two shapes', errors.ShapeError, [/lax\.cond/, /onFalse/, /onTrue/], () => l.cond(true, (v: unknown) => v, () => x, 1)], // prettier-ignore
  ['a carry of another structure', errors.TreeError, [/lax\.scan/, /carry/], () => l.scan((c: unknown, v: unknown) => [[c], v], 0, x)], // prettier-ignore
  ['a carry of another shape', errors.ShapeError, [/lax\.whileLoop/, /carry/], () => l.whileLoop(() => true, () => x, 0)], // prettier-ignore
  ['tangents of another structure', errors.TreeError, [/jvp/, /tangents/, /an object of a/], () => jvp((v: Untyped) => v, [{ a: scalar }], [{ b: scalar }] as Untyped)], // prettier-ignore
  ['tangents of another shape', errors.ShapeError, [/jvp/, /tangents\[0\]/, /f32\[\]/], () => jvp((v: etalon.NDArray) => v, [scalar], [x])], // prettier-ignore
  ['a cotangent of another shape', errors.ShapeError, [/vjp/, /cotangent/], () => vjp((v: etalon.NDArray) => v, [scalar])[1](x)], // prettier-ignore
  ['inAxes of another structure', errors.TreeError, [/vmap/, /inAxes/], () => vmap((v: Untyped) => v, [[0, 0]])({ a: x })], // prettier-ignore
  ['an axis that an argument lacks', errors.ShapeError, [/vmap/, /argument\[0\]/, /axis 1/], () => vmap((v: etalon.NDArray) => v, [1])(x)], // prettier-ignore
  ['batches of two sizes', errors.ShapeError, [/vmap/, /3 examples/, /argument\[1\]/], () => vmap((v: etalon.NDArray, w: etalon.NDArray) => v.add(w))(x, ints)], // prettier-ignore
  ['outAxes null of a batched result', errors.ShapeError, [/vmap/, /outAxes/], () => vmap((v: etalon.NDArray) => v, { outAxes: null })(x)], // prettier-ignore
  ['argnums out of range', errors.ArgumentError, [/grad/, /argnums 1/], () => grad((v: etalon.NDArray) => v, { argnums: 1 } as Untyped)(scalar)], // prettier-ignore
  ['a rule of another structure', errors.TreeError, [/customJvp/, /\[value, tangent\]/], () => bodies['customJvp']!((v: unknown[]) => v[0])], // prettier-ignore
  ['grad of an array', errors.DifferentiationError, [/grad/, /f32\[3\]/], () => grad((v: etalon.NDArray) => v)(x)],
  ['grad of an integer', errors.DifferentiationError, [/grad/, /argument\[0\]/, /astype/], () => grad((v: etalon.NDArray) => v)(np.array(1n))], // prettier-ignore
  ['grad of a complex result', errors.DifferentiationError, [/grad/, /holomorphic/], () => grad((v: etalon.NDArray) => v)(np.array(1, 'complex64'))], // prettier-ignore
  ['no function', errors.ArgumentError, [/jit: f must be a function/], () => jit(3 as Untyped)],
  ['a key that is none', errors.ArgumentError, [/random\.normal/, /random\.key/], () => random.normal(x)],
];

const lifetimes: readonly Provoked[] = [
  ['a leaked tracer', errors.LeakedTracerError, [/outside the transformed function/], () => { let kept: etalon.NDArray | undefined; jit((v: etalon.NDArray) => (kept = v))(1); return kept!.add(1); }], // prettier-ignore
  ['after dispose', errors.DisposedError, [/an array, f32\[2\], was used after it was disposed\n/], () => { const y = np.array([1, 2]); y.dispose(); return y.add(1); }], // prettier-ignore
  ['after donation', errors.DisposedError, [/donated/], () => { const y = np.array([1, 2]); jit((v: etalon.NDArray) => v.add(1), { donateArgnums: 0 })(y); return y.add(1); }], // prettier-ignore
  ['after tidy', errors.DisposedError, [/tidy/], () => { let y: etalon.NDArray | undefined; tidy(() => void (y = np.array([1]).add(1))); return y!.add(1); }], // prettier-ignore
];

describe.each(Object.entries({ language, values, traced, asynchronous, mismatches, lifetimes }))('%s', (_, cases) => {
  it.each(cases)('%s', (_, type, says, provoke) => {
    let thrown: unknown;
    try {
      provoke();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(type);
    const { message } = thrown as Error;
    for (const words of says) expect(message).toMatch(words);
    expect(message.split('\n').at(-1)).toBe(`  spec/errors.md#${type.anchor}`);
  });
});

describe('backends', () => {
  it('template strings and Object.is are left alone', () => {
    expect(`${a}`).toBe('f32[3] [1, 2, 3]');
    expect(x === a).toBe(true);
  });
  it('arrays of two backends do not mix', async () => {
    const cpu = await backend('tfjs:cpu');
    expect(() => devicePut(x, cpu).add(devicePut(x, etalon.reference))).toThrow(errors.MixedBackendsError);
    expect(() => devicePut(x, cpu).add(devicePut(x, etalon.reference))).toThrow(/devicePut\(x, backend\)/);
    expect(
      devicePut(x, cpu)
        .add(np.array([1, 1, 1]))
        .js(),
    ).toEqual([2, 3, 4]); // uncommitted
  });
  it('an array of a closed backend is gone', async () => {
    const { open, ...rest } = etalon.referenceBackend;
    const own = await backend(defineBackend({ ...rest, name: 'own', open }));
    const y = devicePut(x, own).add(1);
    own.close();
    expect(() => y.add(1)).toThrow(errors.DisposedError);
    expect(() => y.js()).toThrow(/own was closed/);
  });
  it('gaps are told before anything runs', async () => {
    const none = etalon.withGaps({ ...etalon.referenceBackend, name: 'none', supports: () => etalon.gap('nothing here') } as Untyped) as Untyped; // prettier-ignore
    const own = await backend(none);
    expect(() => jit((v: etalon.NDArray) => np.sin(v), { backend: own })(x)).toThrow(errors.GapError);
  });
  it('what cannot be read at once says what to await', async () => {
    const { open } = etalon.referenceBackend;
    const slow = defineBackend({
      ...etalon.referenceBackend,
      name: 'slow',
      open: async (options) => ({ ...(await open(options)), readSync: undefined }) as Untyped,
    });
    const own = await backend(slow);
    expect(() => devicePut(x, own).js()).toThrow(errors.NoSyncReadError);
    expect(() => devicePut(x, own).js()).toThrow(/await x\.data\(\)/);
  });
});
