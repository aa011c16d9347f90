import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readNpz } from '../../conformance/npz.ts';
import { packageFile } from '../../conformance/package.ts';
import { contents } from '../../conformance/testing/arrays.ts';
import { ulpDistance } from '../../conformance/ulp.ts';
import { numbers } from '../core/host.ts';
import { type DType, enableX64, errors, jit, lax, nn, type NDArray, np, random, vmap } from '../index.ts';

interface StreamProgram {
  readonly id: string;
  readonly function: string;
  readonly seed: string;
  readonly args: {
    readonly shape: number[];
    readonly data: number;
    readonly num: number;
    readonly p: number;
    readonly minval: number;
    readonly maxval: number;
  };
  readonly dtype: DType;
  readonly x64: boolean;
  readonly threefryPartitionable: boolean;
  readonly outputs: readonly [string];
  readonly ulp: number;
}
const manifest = JSON.parse(readFileSync(packageFile('fixtures/manifest.json'), 'utf8')) as {
  programs: StreamProgram[];
};
const arrays = readNpz(readFileSync(packageFile('fixtures/programs.npz')));

const calls: Readonly<Record<string, (key: NDArray, program: StreamProgram) => NDArray>> = {
  PRNGKey: (key) => key,
  split: (key, { args }) => random.split(key, args.num),
  fold_in: (key, { args }) => random.foldIn(key, args.data),
  bits: (key, { args }) => random.bits(key, args.shape),
  uniform: (key, { args, dtype }) =>
    random.uniform(key, args.shape, { dtype, minval: args.minval, maxval: args.maxval }),
  normal: (key, { args, dtype }) => random.normal(key, args.shape, { dtype }),
  bernoulli: (key, { args }) => random.bernoulli(key, args.p, args.shape),
  randint: (key, { args, dtype }) => random.randint(key, args.shape, args.minval, args.maxval, { dtype }),
};

afterEach(() => {
  enableX64(false);
  random.useThreefryPartitionable(false);
});

describe("JAX's streams (fixtures/programs.npz)", () => {
  const groups = Map.groupBy(manifest.programs, (p) => p.id.split('/').slice(0, 3).join('/'));
  it.each([...groups])('%s', (_, programs) => {
    for (const program of programs) {
      enableX64(program.x64);
      random.useThreefryPartitionable(program.threefryPartitionable);
      const got = calls[program.function]!(random.key(BigInt(program.seed)), program);
      const want = arrays.get(program.outputs[0])!;
      expect(contents(got), program.id).toMatchObject({ dtype: want.dtype, shape: want.shape });
      const distances = contents(got).values.map((v, i) => ulpDistance(v, numbers(want)[i]!, want.dtype));
      expect(Math.max(0, ...distances), program.id).toBeLessThanOrEqual(program.ulp);
    }
  });

  it('are those that the README of 2019 printed', () => {
    const key = random.PRNGKey(0);
    expect(random.split(key).js()).toEqual([
      [4146024105, 967050713],
      [2718843009, 1272950319],
    ]);
    expect(random.uniform(key, 3).js()).toEqual([0.9653214, 0.31468165, 0.63302994].map(Math.fround));
    expect(random.foldIn(key, 7).js()).toEqual([2716826189, 292468403]);
  });

  it('shuffle as jax.random.permutation(PRNGKey(42), 10) does', () => {
    expect(random.permutation(random.key(42), 10).js()).toEqual(PERMUTATION_OF_10);
  });
  it('shuffle long arrays twice, as JAX does', () => {
    const order = (threefryPartitionable: boolean): number[] =>
      contents(random.permutation(random.key(0), 2000, { threefryPartitionable })).values.slice(0, 6);
    expect(order(false)).toEqual([1467, 1171, 1068, 188, 1379, 1884]);
    expect(order(true)).toEqual([988, 23, 1144, 1675, 1700, 884]);
  });
  it('choose by probabilities as jax.random.choice does', () => {
    const p = np.array([0.1, 0.2, 0.3, 0.25, 0.15]);
    const chosen = (threefryPartitionable: boolean): unknown =>
      random.choice(random.key(1), 5, [8], { p, threefryPartitionable }).js();
    expect(chosen(false)).toEqual([3, 0, 4, 0, 1, 4, 4, 3]);
    expect(chosen(true)).toEqual([2, 2, 2, 2, 1, 2, 0, 1]);
  });
});
describe('other dtypes are as in JAX 0.10.2', () => {
  const k = random.key(42);
  const draw: Readonly<Record<string, (dtype: DType) => NDArray>> = {
    bits: (dtype) => random.bits(k, [3], dtype),
    uniform: (dtype) => random.uniform(k, [3], dtype),
    normal: (dtype) => random.normal(k, [3], dtype),
    'randint(-200, 256)': (dtype) => random.randint(k, [3], dtype.startsWith('u') ? 0 : -200, 256, dtype),
    'randint(-2⁶², 2⁶²)': (dtype) => random.randint(k, [3], -(2n ** 62n), 2n ** 62n, dtype),
  };
  // Of the stream of 2019, and of today's.
  it.each([
    ['bits', 'uint8', [143, 4, 62], [162, 217, 249]],
    ['bits', 'uint16', [45869, 983, 33780], [5026, 12505, 63993]],
    ['bits', 'uint64', [13462782411356743825n, 16033796027023006562n, 16091099645456652183n], [7871734211187709741n, 276886910877598708n, 10591095138341673235n]], // prettier-ignore
    ['uniform', 'float16', [0.69921875, 0.0146484375, 0.5146484375], [0.076171875, 0.1904296875, 0.9755859375]],
    ['uniform', 'bfloat16', [0.5546875, 0.015625, 0.2421875], [0.6328125, 0.84375, 0.96875]],
    ['normal', 'float16', [0.5224609375, -2.171875, 0.037322998046875], [-1.4296875, -0.87548828125, 1.974609375]],
    ['normal', 'bfloat16', [0.142578125, -2.109375, -0.69140625], [0.34375, 1.015625, 1.890625]],
    ['randint(-200, 256)', 'int8', [91, -6, -63], [68, -110, 55]],
    ['randint(-200, 256)', 'uint8', [219, 122, 65], [196, 18, 183]],
    ['randint(-2⁶², 2⁶²)', 'int64', [737850866990560265n, 1429391967684893512n, -3545556397496990502n], [-145378591231461835n, -3741815450302687554n, -3506958169482507113n]], // prettier-ignore
  ] as const)('%s of %s', (name, dtype, original, today) => {
    enableX64(true);
    expect(draw[name]!(dtype).js()).toEqual(original);
    random.useThreefryPartitionable(true);
    expect(draw[name]!(dtype).js()).toEqual(today);
  });
  it('bits are 64 in 64-bit mode', () => {
    expect(random.bits(k).dtype).toBe('uint32');
    enableX64(true);
    expect(random.bits(k).dtype).toBe('uint64');
  });
  it('complex normals have half of the variance in each part', () => {
    const z = random.normal(random.key(3), [5000], 'complex64');
    expect(z.dtype).toBe('complex64');
    // Five standard deviations of the sample variance of 5,000 numbers of variance ½.
    const allowed = 5 * 0.5 * Math.sqrt(2 / 5000);
    for (const part of [lax.real(z), lax.imag(z)]) {
      expect(Math.abs((np.var(part).item() as number) - 0.5)).toBeLessThan(allowed);
    }
  });
});

// JAX 0.10.2, jax_threefry_partitionable=False.
const PERMUTATION_OF_10 = [9, 0, 2, 6, 1, 4, 5, 8, 3, 7];

const key = random.key(7);
const samplers: Readonly<Record<string, (k: NDArray) => NDArray>> = {
  split: (k) => random.split(k, 3),
  foldIn: (k) => random.foldIn(k, 5),
  uniform: (k) => random.uniform(k, [3], { minval: -2, maxval: 5 }),
  'uniform f64': (k) => random.uniform(k, [3], 'float64'),
  normal: (k) => random.normal(k, [2, 2]),
  truncatedNormal: (k) => random.truncatedNormal(k, -1, 2, [3]),
  bernoulli: (k) => random.bernoulli(k, 0.3, [4]),
  randint: (k) => random.randint(k, [4], -3, 9),
  permutation: (k) => random.permutation(k, 6),
  choice: (k) => random.choice(k, np.array([5, 6, 7]), [4], { p: np.array([0.2, 0.5, 0.3]) }),
  categorical: (k) => random.categorical(k, np.array([0.1, 2, -1])),
  exponential: (k) => random.exponential(k, [3]),
  gumbel: (k) => random.gumbel(k, [3]),
  laplace: (k) => random.laplace(k, [3]),
  logistic: (k) => random.logistic(k, [3]),
  cauchy: (k) => random.cauchy(k, [3]),
};

describe('samplers', () => {
  it.each(Object.entries(samplers))('%s: under jit and vmap the same numbers', (_, f) => {
    for (const partitionable of [false, true]) {
      random.useThreefryPartitionable(partitionable);
      expect(contents(jit(f)(key))).toEqual(contents(f(key)));
      const keys = random.split(key, 3);
      expect(contents(vmap(f)(keys))).toEqual(contents(np.stack(np.unstack(keys).map((k) => f(k)))));
    }
  });

  it('keep to their intervals', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: -5, max: 0, noNaN: true }),
        fc.double({ min: 1e-3, max: 5, noNaN: true }),
        (seed, low, width) => {
          const k = random.key(seed);
          const [from, to] = [Math.fround(low), Math.fround(Math.fround(low) + width)];
          const uniform = contents(random.uniform(k, [200], { minval: from, maxval: to })).values;
          expect(uniform.every((v) => v >= from && v <= to)).toBe(true);
          const normal = contents(random.truncatedNormal(k, from, to, [200])).values;
          expect(normal.every((v) => v > from && v < to)).toBe(true);
          const integers = contents(random.randint(k, [200], -3, 4)).values;
          expect(new Set(integers)).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('have the moments of their distributions', () => {
    // 10,000 numbers: the mean of a variable of variance 1 is within 0.05 but for one seed in a million; these are fixed.
    const mean = (x: NDArray): number => np.mean(x).item() as number;
    const n = 10_000;
    expect(Math.abs(mean(random.uniform(key, n)) - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(mean(random.normal(key, n)))).toBeLessThan(0.05);
    expect(Math.abs(mean(np.square(random.normal(key, n))) - 1)).toBeLessThan(0.1);
    expect(Math.abs(mean(random.exponential(key, n)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(random.gumbel(key, n)) - np.eulerGamma)).toBeLessThan(0.07);
    expect(Math.abs(mean(random.bernoulli(key, 0.3, n)) - 0.3)).toBeLessThan(0.05);
  });

  it('permute: every element once, slices together', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 40 }), (seed, n) => {
        const order = contents(random.permutation(random.key(seed), n)).values;
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        const rows = random.permutation(random.key(seed), np.reshape(np.arange(2 * n), [n, 2]));
        expect(rows.js()).toEqual(order.map((i) => [2 * i, 2 * i + 1]));
      }),
      { numRuns: 20 },
    );
  });

  it('say what is wrong', () => {
    expect(() => random.normal(random.split(key), [2])).toThrow('random.normal: expected a key, u32[2], got u32[2,2]');
    expect(() => random.uniform(key, [2], { minVal: 0 } as object)).toThrow(errors.OptionError);
    expect(() => random.uniform(key, [2], 'int32')).toThrow('dtype must be a float');
    expect(() => random.key(0.5)).toThrow('must be an integer');
    expect(() => random.choice(key, 3, [4], { replace: false })).toThrow('cannot draw 4 of 3');
  });
});

describe('initializers', () => {
  it.each(['glorotNormal', 'glorotUniform', 'lecunNormal', 'lecunUniform', 'heNormal', 'heUniform'] as const)(
    '%s has its variance',
    (name) => {
      const weights = nn.initializers[name]()(key, [60, 40]);
      const fan = { glorot: 50, lecun: 60, he: 30 }[name.replace(/Normal|Uniform/, '')]!;
      expect(Math.abs((np.var(weights).item() as number) * fan - 1)).toBeLessThan(0.15);
    },
  );
  it('needs a matrix', () => {
    expect(() => nn.initializers.heNormal()(key, [3])).toThrow(errors.ShapeError);
  });
});
