import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finfo } from '../../core/dtypes.ts';
import { type Complex, fromBfloat16Bits, rounder } from '../../core/host.ts';
import {
  exactComplexPrefixProducts,
  exactComplexProduct,
  exactDot,
  exactPrefixProducts,
  exactPrefixSums,
  exactProduct,
  ExactSum,
  exactSum,
  type FloatDType,
  roundScaled,
} from './exact.ts';

const FLOAT_DTYPES: readonly FloatDType[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** A finite double as a multiple of 2⁻¹⁰⁷⁴: an independent path to exact values. */
function scaled(x: number): bigint {
  const bits = new BigUint64Array(new Float64Array([x]).buffer)[0]!;
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** The bit patterns of each format: what stands for infinity, and the values of those below. */
const view = new DataView(new ArrayBuffer(8));
const PATTERNS: Readonly<Record<FloatDType, { infinity: bigint; value: (pattern: bigint) => number }>> = {
  float16: { infinity: 0x7c00n, value: (p) => (view.setUint16(0, Number(p)), view.getFloat16(0)) },
  bfloat16: { infinity: 0x7f80n, value: (p) => fromBfloat16Bits(Number(p)) },
  float32: { infinity: 0x7f800000n, value: (p) => (view.setUint32(0, Number(p)), view.getFloat32(0)) },
  float64: { infinity: 0x7ffn << 52n, value: (p) => (view.setBigUint64(0, p), view.getFloat64(0)) },
};

/**
 * The value of `dtype` nearest to numerator·2^exponent, ties to even, found by bisection over the bit patterns:
 * nothing in common with the code under test.
 */
function nearest(numerator: bigint, exponent: number, dtype: FloatDType): number {
  if (numerator === 0n) return 0;
  if (numerator < 0n) return -nearest(-numerator, exponent, dtype);
  const { infinity, value } = PATTERNS[dtype];
  // Twice the value of a pattern in units of 2^-1074; infinity stands for the power of two after the largest.
  const past = 2n ** BigInt(1074 + Math.round(Math.log2(finfo(dtype).max)));
  const twice = (pattern: bigint): bigint => 2n * (pattern < infinity ? scaled(value(pattern)) : past);
  const up = BigInt(Math.max(-1074 - exponent, 0));
  const target = 2n * (numerator << BigInt(Math.max(exponent + 1074, 0)));
  const cmp = (pattern: bigint): bigint => (twice(pattern) << up) - target;
  let low = 0n;
  let high = infinity;
  while (high - low > 1n) {
    const mid = (low + high) / 2n;
    if (cmp(mid) <= 0n) low = mid;
    else high = mid;
  }
  const below = -cmp(low);
  const above = cmp(high);
  const pattern = above <= 0n ? high : below < above || (below === above && low % 2n === 0n) ? low : high;
  return value(pattern);
}

const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
const singles = fc.float({ noNaN: true, noDefaultInfinity: true });
/** Magnitudes that meet: what rounds, cancels and carries. */
const close = fc
  .tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.integer({ min: -30, max: 30 }))
  .map(([m, e]) => m * 2 ** e);
/** A value between two neighbours, and something tiny that decides which is nearer. */
const nearTies = (dtype: FloatDType): fc.Arbitrary<number[]> => {
  const { unitRoundoff: half, smallestSubnormal, digits } = finfo(dtype);
  const deepest = Math.min(140, -Math.log2(smallestSubnormal)); // what still decides
  return fc
    .tuple(
      fc.nat(2 ** Math.min(20, digits - 2)),
      fc.constantFrom(1, -1),
      fc.integer({ min: digits + 1, max: Math.max(digits + 1, deepest) }),
      fc.constantFrom(1, -1),
    )
    .chain(([k, sign, e, direction]) =>
      fc.shuffledSubarray([sign * (1 + 2 * k * half), sign * half, direction * 2 ** -e], { minLength: 3 }),
    );
};
const numbersOf = (dtype: FloatDType): fc.Arbitrary<number[]> => {
  const all = fc
    .oneof(fc.array(dtype === 'float64' ? doubles : singles), fc.array(close, { maxLength: 40 }))
    .map((xs) => xs.map(rounder(dtype)).filter(Number.isFinite));
  return fc.oneof(all, all, nearTies(dtype));
};
/** Followed by its own negative in another order: what remains is far smaller than what was added. */
const cancelling = (dtype: FloatDType): fc.Arbitrary<number[]> =>
  numbersOf(dtype).chain((xs) =>
    numbersOf(dtype).chain((rest) =>
      fc.shuffledSubarray([...xs, ...xs.map((x) => -x), ...rest.slice(0, 2)], {
        minLength: 2 * xs.length + Math.min(rest.length, 2),
      }),
    ),
  );
const anyNumbers = (dtype: FloatDType): fc.Arbitrary<number[]> => fc.oneof(numbersOf(dtype), cancelling(dtype));

describe.each(FLOAT_DTYPES)('%s', (dtype) => {
  it('sums are the exact sum rounded once', () => {
    fc.assert(
      fc.property(anyNumbers(dtype), (xs) => {
        expect(exactSum(xs, 0, xs.length, dtype)).toBe(
          nearest(
            xs.map(scaled).reduce((a, b) => a + b, 0n),
            -1074,
            dtype,
          ),
        );
      }),
    );
  });

  it('dot products are the exact sum of exact products, rounded once', () => {
    const pairs = fc.tuple(anyNumbers(dtype), anyNumbers(dtype));
    fc.assert(
      fc.property(pairs, fc.boolean(), ([a, b], wide) => {
        const n = Math.min(a.length, b.length);
        const to = wide ? 'float64' : dtype;
        let exact = 0n;
        for (let k = 0; k < n; k++) exact += scaled(a[k]!) * scaled(b[k]!);
        expect(exactDot(a, 0, b, 0, n, dtype, to)).toBe(nearest(exact, -2148, to));
      }),
    );
  });

  it('keeps every digit of a product', () => {
    const normal = fc
      .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -20, max: 20 }))
      .map(([m, e]) => m * 2 ** e);
    fc.assert(
      fc.property(normal, normal, (x, y) => {
        const rest = scaled(x) * scaled(y) - (scaled(x * y) << 1074n);
        expect(exactDot([x, -x * y], 0, [y, 1], 0, 2, 'float64', dtype)).toBe(nearest(rest, -2148, dtype));
      }),
    );
  });

  it('prefix sums are the sums of the prefixes', () => {
    fc.assert(
      fc.property(anyNumbers(dtype), (xs) => {
        const out = new Float64Array(xs.length);
        exactPrefixSums(xs, dtype, out);
        expect([...out]).toEqual(xs.map((_, k) => exactSum(xs, 0, k + 1, dtype)));
      }),
    );
  });

  it('products are the exact product rounded once', () => {
    fc.assert(
      fc.property(numbersOf(dtype), (xs) => {
        const finite = xs.filter((x) => x !== 0);
        const exact = finite.map(scaled).reduce((a, b) => a * b, 1n);
        expect(exactProduct(finite, 0, finite.length, dtype)).toBe(nearest(exact, -1074 * finite.length, dtype));
      }),
    );
  });

  it('prefix products are the products of the prefixes', () => {
    fc.assert(
      fc.property(numbersOf(dtype), (xs) => {
        const out = new Float64Array(xs.length);
        exactPrefixProducts(xs, dtype, out);
        expect([...out]).toEqual(xs.map((_, k) => exactProduct(xs, 0, k + 1, dtype)));
      }),
    );
  });

  it('gives what IEEE 754 gives for two terms or factors', () => {
    const round = rounder(dtype);
    const any = (dtype === 'float64' ? fc.double() : fc.float()).map(round);
    fc.assert(
      fc.property(any, any, (x, y) => {
        expect(exactSum([x, y], 0, 2, dtype)).toBe(round(x + y) + 0);
        expect(exactProduct([x, y], 0, 2, dtype)).toBe(round(x * y));
      }),
    );
  });

  it('does not let an intermediate overflow matter', () => {
    const { max } = finfo(dtype);
    expect(exactSum([max, max, -max], 0, 3, dtype)).toBe(max);
    expect(exactSum([max, max], 0, 2, dtype)).toBe(Infinity);
    expect(exactDot([max, -max, 1], 0, [max, max, 3], 0, 3, dtype, dtype)).toBe(3);
    expect(exactProduct([max, max, 0.5, 0.5], 0, 4, dtype)).toBe(Infinity);
    const large = 2 ** (Math.round(Math.log2(max)) - 1);
    expect(exactProduct([large, large, 1 / large, -1024 / large], 0, 4, dtype)).toBe(-1024);
  });

  it('knows signed zeros, infinities and NaN', () => {
    expect(exactSum([-0, -0], 0, 2, dtype)).toBe(0);
    expect(exactSum([], 0, 0, dtype)).toBe(0);
    expect(exactSum([1.5, -1.5], 0, 2, dtype)).toBe(0);
    expect(exactSum([1, Infinity, 2], 0, 3, dtype)).toBe(Infinity);
    expect(exactSum([Infinity, 1, -Infinity], 0, 3, dtype)).toBeNaN();
    expect(exactDot([0, 1], 0, [Infinity, 1], 0, 2, dtype, dtype)).toBeNaN();
    expect(exactProduct([], 0, 0, dtype)).toBe(1);
    expect(exactProduct([-1, 0, 5], 0, 3, dtype)).toBe(-0);
    expect(exactProduct([0, Infinity], 0, 2, dtype)).toBeNaN();
    expect(exactProduct([-2, Infinity], 0, 2, dtype)).toBe(-Infinity);
  });
});

it('tells what ill-conditioned dot products of doubles round to', () => {
  const factor = fc
    .tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.integer({ min: -60, max: 60 }))
    .map(([m, e]) => m * 2 ** e);
  const pairs = fc.array(fc.tuple(factor, factor), { maxLength: 12 });
  fc.assert(
    fc.property(pairs, fc.nat(3), (terms, mood) => {
      // Most cancel: each product comes back with the other sign, its factors exchanged, a little changed or rounded.
      const back = terms.map(([x, y]): [number, number] => [[y, y, -y, y * (1 + 2 ** -52)][mood]!, [-x, -x * y, x, -x][mood]!]); // prettier-ignore
      const all = [...terms, ...(mood === 1 ? back.map(([, p]): [number, number] => [1, p]) : back), [2 ** -70, 1]];
      const [a, b] = [all.map(([x]) => x!), all.map(([, y]) => y!)];
      const exact = a.reduce((sum, x, k) => sum + scaled(x) * scaled(b[k]!), 0n);
      expect(exactDot(a, 0, b, 0, a.length, 'float64', 'float64')).toBe(nearest(exact, -2148, 'float64'));
    }),
    { numRuns: 1000 },
  );
});

it('decides ties between doubles by what lies far below', () => {
  const tie = 1 + 2 ** -53; // is 1 as a double
  expect(tie).toBe(1);
  for (const [tail, rounded] of [
    [0, 1],
    [2 ** -160, 1 + 2 ** -52],
    [-(2 ** -160), 1],
  ] as const)
    // prettier-ignore
    expect(exactDot([1, 2 ** -53, tail], 0, [1, 1, 1], 0, 3, 'float64', 'float64')).toBe(rounded);
});

it('keeps an exact sum over more terms than its limbs take without a carry', () => {
  const exact = new ExactSum();
  for (let i = 0; i < 2 ** 21 + 5; i++) exact.add(-(2 ** 53 - 1));
  expect(exact.round('float64')).toBe(nearest(-BigInt(2 ** 53 - 1) * BigInt(2 ** 21 + 5), 0, 'float64'));
});

it('rounds to nearest, ties to even, in the subnormal range and at overflow', () => {
  expect(roundScaled(3n, -150, 'float32')).toBe(2 * 2 ** -149);
  expect(roundScaled(1n, -150, 'float32')).toBe(0);
  expect(roundScaled(-5n, -150, 'float32')).toBe(-2 * 2 ** -149);
  expect(roundScaled((1n << 25n) - 1n, 103, 'float32')).toBe(Infinity);
  expect(roundScaled((1n << 26n) - 3n, 102, 'float32')).toBe((2 - 2 ** -23) * 2 ** 127);
  expect(roundScaled(1n, 100_000, 'float64')).toBe(Infinity);
});

describe.each<FloatDType>(['float32', 'float64'])('complex products of %s', (part) => {
  const finite = numbersOf(part).map((xs) => pairUp(xs.slice(0, 40)));
  const axes = numbersOf(part).chain((xs) =>
    fc
      .infiniteStream(fc.boolean())
      .map((turn) => xs.map((v): Complex => (turn.next().value ? { re: v, im: 0 } : { re: 0, im: v }))),
  );
  const product = (xs: readonly Complex[], n: number = xs.length): Complex =>
    exactComplexProduct((i) => xs[i]!, 0, n, part);

  it('are the exact product, each part rounded once', () => {
    fc.assert(
      fc.property(fc.oneof(finite, axes), (xs) => {
        let [re, im] = [1n, 0n];
        for (const x of xs) {
          const [a, b] = [scaled(x.re), scaled(x.im)];
          [re, im] = [re * a - im * b, re * b + im * a];
        }
        const expected = [re, im].map((v) => nearest(v, -1074 * xs.length, part));
        const { re: x, im: y } = product(xs);
        expect([x, y].map((v) => v + 0)).toEqual(expected.map((v) => v + 0));
      }),
      { numRuns: 50 },
    );
  });

  it('of prefixes are the products of the prefixes, infinities and NaN included', () => {
    const any = fc.array(fc.record({ re: fc.float(), im: fc.float() }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(finite, axes, any), (xs) => {
        expect(exactComplexPrefixProducts((i) => xs[i]!, 0, xs.length, part)).toEqual(
          xs.map((_, k) => product(xs, k + 1)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('turn as often as one likes', () => {
    const turn: Complex[] = Array.from({ length: 4001 }, () => ({ re: 0, im: 1 }));
    expect(exactComplexPrefixProducts((i) => turn[i]!, 0, turn.length, part).at(-1)).toEqual({ re: 0, im: 1 });
  });
});

/** Neighbours as the parts of complex numbers. */
const pairUp = (xs: readonly number[]): Complex[] =>
  Array.from({ length: Math.floor(xs.length / 2) }, (_, i) => ({ re: xs[2 * i]!, im: xs[2 * i + 1]! }));
