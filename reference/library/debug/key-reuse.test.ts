import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyReuseError } from '../../core/errors.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { checkpoint, debug, grad, jit, np, random, vmap } from '../../index.ts';
import * as lax from '../../lax.ts';
import { cond, scan } from '../../transforms/control-flow.ts';
import { foriLoop, whileLoop } from '../../transforms/loops.ts';

type Draw = (key: NDArray, options: random.StreamOptions) => NDArray;

/** Every function of `random` that takes a key. */
const DRAWS: Readonly<Record<string, Draw>> = {
  bits: (k, o) => random.bits(k, [3], o),
  'bits of 8': (k, o) => random.bits(k, [5], { ...o, dtype: 'uint8' }),
  'bits of 64': (k, o) => random.bits(k, [2], { ...o, dtype: 'uint64' }),
  uniform: (k, o) => random.uniform(k, [2, 2], o),
  normal: (k, o) => random.normal(k, [], o),
  'complex normal': (k, o) => random.normal(k, [2], { ...o, dtype: 'complex64' }),
  exponential: (k, o) => random.exponential(k, [2], o),
  gumbel: (k, o) => random.gumbel(k, [2], o),
  laplace: (k, o) => random.laplace(k, [2], o),
  logistic: (k, o) => random.logistic(k, [2], o),
  cauchy: (k, o) => random.cauchy(k, [2], o),
  truncatedNormal: (k, o) => random.truncatedNormal(k, -1, 1, [2], o),
  bernoulli: (k, o) => random.bernoulli(k, 0.5, [3], o),
  randint: (k, o) => random.randint(k, [3], 0, 7, o),
  'randint of 8 bits': (k, o) => random.randint(k, [3], 0, 7, { ...o, dtype: 'int8' }),
  permutation: (k, o) => random.permutation(k, 5, o),
  choice: (k, o) => random.choice(k, 5, [2], o),
  'choice without replacement': (k, o) => random.choice(k, 5, [2], { ...o, replace: false }),
  'weighted choice': (k, o) => random.choice(k, 2, [2], { ...o, p: np.array([0.5, 0.5]) }),
  categorical: (k, o) => random.categorical(k, np.array([0, 1]), -1, o),
  split: (k, o) => random.split(k, 3, o),
};
const draws = fc.constantFrom(...Object.keys(DRAWS));
const options = fc.record({ threefryPartitionable: fc.boolean() });
const keys = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seed) => random.key(seed));

const check = debug.checkKeyReuse;

describe('a key is good for one use', () => {
  test('every function of random takes one key once', () => {
    expect(Object.keys(random).filter((name) => !covered(name))).toEqual([]);
    for (const [name, draw] of Object.entries(DRAWS)) {
      for (const threefryPartitionable of [false, true]) {
        const f = (k: NDArray): NDArray => draw(k, { threefryPartitionable });
        expect(() => check(f)(random.key(0)), name).not.toThrow();
        expect(() => check(jit(f))(random.key(0)), name).not.toThrow();
        expect(() => check(vmap(f))(random.split(random.key(0))), name).not.toThrow();
      }
    }
  });
  /** Those without a key, or which use none up. */
  const covered = (name: string): boolean =>
    ['key', 'PRNGKey', 'foldIn', 'useThreefryPartitionable'].includes(name) || name in DRAWS;

  test('whatever the two uses are', () => {
    fc.assert(
      fc.property(keys, draws, draws, options, fc.boolean(), (key, first, second, o, jitted) => {
        const f = (k: NDArray): NDArray[] => [DRAWS[first]!(k, o), DRAWS[second]!(k, o)];
        expect(() => check(jitted ? jit(f) : f)(key)).toThrow(KeyReuseError);
      }),
      { numRuns: 40 },
    );
  });

  test('keys that were split off are other keys', () => {
    fc.assert(
      fc.property(
        keys,
        fc.array(draws, { minLength: 1, maxLength: 4 }),
        options,
        fc.boolean(),
        (key, names, o, jitted) => {
          const f = (k: NDArray): NDArray[] => {
            const parts = np.unstack(random.split(k, names.length, o));
            return names.map((name, i) => DRAWS[name]!(parts[i]!, o));
          };
          expect(() => check(jitted ? jit(f) : f)(key)).not.toThrow();
        },
      ),
      { numRuns: 20 },
    );
  });

  test('foldIn uses nothing up', () => {
    const f = (k: NDArray): NDArray => {
      const one = random.normal(random.foldIn(k, 0));
      const many = vmap((i: NDArray) => random.normal(random.foldIn(k, i)))(np.arange(1, 4));
      return lax.add(lax.reduceSum(many, [0]), lax.add(one, random.normal(k)));
    };
    expect(() => check(f)(random.key(0))).not.toThrow();
    const twice = (k: NDArray): NDArray[] => [1, 1].map((i) => random.normal(random.foldIn(k, i)));
    expect(() => check(twice)(random.key(0))).toThrow(KeyReuseError);
  });
});

describe('wherever the two uses are', () => {
  const key = random.key(5);
  const again = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      expect(error).toBeInstanceOf(KeyReuseError);
      return (error as Error).message;
    }
    throw new Error('nothing was thrown');
  };

  test('both lines are named', () => {
    const found = again(() => check(jit(function f(k: NDArray) { return [random.normal(k), random.split(k)]; }))(key)); // prettier-ignore
    expect(found).toMatch(
      /^the key \[0, 5\] was used twice:\n {2}first random\.bits at \S*key-reuse\.test\.ts:\d+:\d+, in jit\(f\)\n {2}then random\.split at \S*key-reuse\.test\.ts:\d+:\d+, in jit\(f\)\n/,
    );
  });

  test.each<[string, () => unknown]>([
    ['in iterations of a scan', () => scan((c: NDArray) => [lax.add(c, random.normal(key)), c], np.array(0), null, { length: 2 })], // prettier-ignore
    ['in iterations of a loop', () => foriLoop(0, 2, (_: NDArray, c: NDArray) => lax.add(c, random.normal(key)), np.array(0))], // prettier-ignore
    ['in two calls of one program', () => [1, 2].map(() => drawn(key))],
    ['inside and outside of a program', () => [drawn(key), random.uniform(key)]],
    ['in two keys of one seed', () => [random.normal(random.key(9)), random.normal(random.key(9))]],
    ['in a branch and before it', () => [random.normal(key), cond(np.array(true), (k: NDArray) => random.normal(k), (k: NDArray) => random.uniform(k), key)]], // prettier-ignore
    ['in examples of a batch', () => vmap((k: NDArray) => random.normal(k))(np.stack([key, key]))],
    ['in examples of a batch, of random_bits', () => vmap((k: NDArray) => random.normal(k, [2], 'float16'))(np.stack([key, key]))], // prettier-ignore
  ])('%s', (_, f) => {
    expect(again(() => check(f)())).toContain('was used twice');
    expect(f).not.toThrow();
  });
  const drawn = jit((k: NDArray) => random.normal(k));

  test.each<[string, () => unknown]>([
    ['in one of two branches', () => cond(np.array(true), (k: NDArray) => random.normal(k), (k: NDArray) => random.uniform(k), key)], // prettier-ignore
    ['in the branches of each example', () => vmap((p: NDArray, k: NDArray) => cond(p, (q: NDArray) => random.normal(q), (q: NDArray) => random.uniform(q), k))(np.array([true, false]), random.split(key))], // prettier-ignore
    ['by a checkpoint that draws again what it drew', () => grad(checkpoint((x: NDArray) => lax.sin(lax.sin(lax.mul(x, random.normal(key))))))(1)], // prettier-ignore
    ['backwards through a loop', () => grad((x: NDArray) => rejected(x, key))(0.1)],
    ['by examples that have stopped', () => vmap(rejected)(np.array([0.1, 5]), random.split(key))],
    ['by a draw of nothing', () => [random.normal(key, [0]), random.normal(key, [0], 'float16'), random.normal(key)]],
  ])('but not %s', (_, f) => {
    expect(() => check(f)()).not.toThrow();
  });
  const rejected = (x: NDArray, k: NDArray): NDArray => {
    const carry: NDArray[] = [x, k];
    return whileLoop(
      ([y]) => lax.lt(y!, 1),
      ([y, last]) => {
        const [next, now] = np.unstack(random.split(last!));
        return [lax.add(lax.mul(y!, 2), random.uniform(now!)), next!];
      },
      carry,
    )[0]!;
  };
});

test('keyReuse for everything that follows, beginning anew each time', () => {
  const key = random.key(0);
  debug.keyReuse();
  try {
    random.normal(key);
    expect(() => random.normal(key)).toThrow(KeyReuseError);
    debug.keyReuse();
    expect(() => random.normal(key)).not.toThrow();
  } finally {
    debug.keyReuse(false);
  }
  expect(() => random.normal(key)).not.toThrow();
});
