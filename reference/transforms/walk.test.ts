import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { backend, devicePut, grad, jit, liveBuffers, np, reference } from '../index.ts';
import { randomProgram } from '../../conformance/programs/random.ts';
import { RandomStream } from '../../conformance/programs/random-stream.ts';
import { higherOrderPrograms } from '../../tools/spec/programs.ts';
import { ConcreteArray } from '../core/array.ts';
import { setRunner } from '../core/evaluation.ts';
import { type Aval, type HostArray, hostScalar } from '../core/host.ts';
import { allEquations, type Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { bind } from '../core/trace.ts';
import * as lax from '../lax.ts';
import { jit as jitPrimitive } from '../primitives/higher-order/jit.ts';
import { scan, switch_ } from './control-flow.ts';
import { customJvp } from './custom-jvp.ts';
import { whileLoop } from './loops.ts';
import { makeJaxpr } from './make-jaxpr.ts';
import { type Executed, type Observer, walk } from './walk.ts';

afterEach(() => setRunner(null));

/** What `f` gives while its equations are shown to `observe`. */
function walked<T>(observe: Observer, f: () => T): T {
  setRunner((call) => walk(call, observe));
  try {
    return f();
  } finally {
    setRunner(null);
  }
}
const ignore: Observer = () => undefined;

/** The places that `f` computes at, each with its primitive. */
function places(f: () => unknown): string[] {
  const seen: string[] = [];
  walked((e) => seen.push([...e.path, e.primitive.name].join(' > ')), f);
  return seen;
}

const run = (jaxpr: Jaxpr, inputs: readonly NDArray[]): { aval: Aval; host: HostArray }[] =>
  bind(jitPrimitive, inputs, { name: 'f', jaxpr, backend: null }).map((y) => ({
    aval: y.aval,
    host: (y as ConcreteArray).toHost(),
  }));

/** Values, types and buffers are the same, walked or not. */
function expectSame(jaxpr: Jaxpr, hosts: readonly HostArray[]): void {
  const inputs = hosts.map((host, i) => ConcreteArray.fromHost(host, jaxpr.inAvals[i]!.weak));
  expect(walked(ignore, () => run(jaxpr, inputs))).toEqual(run(jaxpr, inputs));
}

describe('a program that is walked', () => {
  test('gives what it gives as a whole: random programs', () => {
    fc.assert(
      fc.property(fc.constantFrom('float32', 'int32', 'complex64'), fc.nat(), (dtype, seed) => {
        const { jaxpr, inputs } = randomProgram(dtype, 6, new RandomStream(seed, 1));
        expectSame(jaxpr, inputs);
      }),
      { numRuns: 40 },
    );
  });

  test('and so with every higher-order primitive, under transformations', () => {
    for (const jaxpr of higherOrderPrograms()) {
      const inputs = jaxpr.inAvals.map(
        (a) => (np.arange(3).mul(np.ones(a.shape)).astype(a.dtype) as ConcreteArray).toHost(), // all take [3] or [2,3]
      );
      expectSame(jaxpr, inputs);
    }
  });

  test('gives weak values back as such', () => {
    const sums = (x: NDArray): unknown =>
      scan((c: NDArray, s: NDArray) => [lax.add(c, s), s], x, lax.broadcast(x, [3]));
    const jaxpr = makeJaxpr(sums)(1);
    expect(jaxpr.outAvals.map(({ weak }) => weak)).toEqual([true, false]);
    expectSame(jaxpr, [hostScalar('float32', 2)]);
  });

  test('leaves no buffers behind', () => {
    const x = devicePut(np.array([0.5, 2]), reference);
    const f = jit(
      grad((v: NDArray) => {
        const [c, ys] = scan((a: NDArray, y: NDArray) => [lax.sin(lax.mul(a, y)), a], v, np.ones([4, 2]));
        return np.add(c, ys).sum();
      }),
    );
    f(x);
    const before = liveBuffers(reference).buffers;
    const y = walked(ignore, () => f(x));
    expect(liveBuffers(reference).buffers - before).toBe(1);
    const failing = (): unknown =>
      walked(
        (e) => {
          if (e.path.at(-1) === 'scan, iteration 2') throw new Error('enough');
        },
        () => f(x),
      );
    expect(failing).toThrow('enough');
    expect(liveBuffers(reference).buffers - before).toBe(1);
    expect(y.shape).toEqual([2]);
  });
});

test('all gaps of a backend are named before anything runs', async () => {
  const f = jit((x: NDArray) => np.cbrt(lax.sin(x)).add(lax.lgamma(x)));
  const x = devicePut(np.array([1, 2]), await backend('tfjs:cpu'));
  const seen: string[] = [];
  const messages = [
    f,
    (y: NDArray) =>
      walked(
        (e) => seen.push(e.primitive.name),
        () => f(y),
      ),
  ].map((g) => {
    // prettier-ignore
    try {
      return g(x).toString();
    } catch (error) {
      return (error as Error).message;
    }
  });
  expect(messages[0]).toContain('lgamma');
  expect(messages[1]).toBe(messages[0]);
  expect(seen).toEqual([]);
});

describe('what an observer is shown', () => {
  test('every equation of a straight program once, in order, with its values', () => {
    const seen: Executed[] = [];
    const f = jit((x: NDArray) => lax.mul(lax.sin(x), 2));
    const hosts: (number | bigint)[][] = [];
    walked(
      (e) => {
        seen.push(e);
        hosts.push([...e.operands, ...e.results].map((x) => Number(x.item())));
      },
      () => f(np.array(0)),
    );
    expect(seen.map((e) => e.primitive.name)).toEqual(['sin', 'mul']);
    expect(hosts).toEqual([
      [0, 0],
      [0, 2, 0],
    ]);
    for (const { source } of seen) expect(source?.toString()).toContain('walk.test.ts');
  });

  test('the place of each: functions, iterations, branches, predicates', () => {
    const twice = customJvp(function double(x: NDArray) {
      return lax.mul(x, 2);
    });
    twice.defjvp(([x], [dx]) => [lax.mul(x, 2), lax.mul(dx, 2)]);
    const f = jit(function outer(x: NDArray) {
      const [y] = scan((c: NDArray) => [lax.neg(c), null], x, null, { length: 2, reverse: true });
      const z = whileLoop((c: NDArray) => lax.lt(c, 1), (c: NDArray) => lax.add(c, 1), y); // prettier-ignore
      return switch_(1, [(v: NDArray) => v, (v: NDArray) => lax.abs(twice(v))], z);
    });
    expect(places(() => f(np.array(0)))).toEqual([
      'jit(outer) > scan, iteration 1 > neg',
      'jit(outer) > scan, iteration 0 > neg',
      'jit(outer) > while, predicate of iteration 0 > lt',
      'jit(outer) > while, iteration 0 > add',
      'jit(outer) > while, predicate of iteration 1 > lt',
      'jit(outer) > cond, branch 1 > custom_jvp_call(double) > mul',
      'jit(outer) > cond, branch 1 > abs',
    ]);
  });

  test('as many equations as there are, where none is in a loop', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { jaxpr, inputs } = randomProgram('float32', 8, new RandomStream(seed, 2));
        const all = [...allEquations(jaxpr)];
        fc.pre(all.every((e) => e.primitive.kind === 'first-order' || e.primitive.name === 'jit'));
        const arrays = inputs.map((x) => ConcreteArray.fromHost(x));
        const names = places(() => run(jaxpr, arrays)).map((p) => p.split(' > ').at(-1));
        expect(names.toSorted()).toEqual(
          all.flatMap((e) => (e.primitive.kind === 'first-order' ? [e.primitive.name] : [])).toSorted(),
        );
      }),
      { numRuns: 30 },
    );
  });
});
