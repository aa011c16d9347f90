import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finfo } from '../reference/core/dtypes.ts';
import {
  build,
  buildElements,
  type Complex,
  type Element,
  elements,
  type HostArray,
  hostArray,
  numbers,
} from '../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../reference/core/primitive.ts';
import { primitives } from '../reference/primitives/index.ts';
import { judgeEquation, judgeProgram, judgeSaved } from './budgets.ts';
import { makeGen } from './programs/gen.ts';

const f32 = (...values: number[]): HostArray => hostArray('float32', [values.length], values);
const gen = makeGen(fc, 'float32', 'odd');

/** What is wrong with results that differ from the reference's as `change` says. */
function wrongWith(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  change: (v: number, i: number) => number,
  profile: 'strict' | 'gpu' = 'strict',
): string | null {
  const expected = primitive.evaluate(operands, params);
  const got = expected.map((y) => build(y.dtype, y.shape, (i) => change(numbers(y)[i]!, i)));
  return judgeEquation(primitive, operands, params, expected, got, profile).wrong?.message ?? null;
}

test('the reference is within every budget of itself', () => {
  const calls = fc.constantFrom<AnyFirstOrder>(
    primitives.add,
    primitives.exp,
    primitives.pow,
    primitives.reduce_sum,
    primitives.reduce_prod,
    primitives.dot_general,
  );
  const one = calls.chain((p) => p.cases(gen).map((call) => ({ p, call })));
  fc.assert(fc.property(one, ({ p, call }) => wrongWith(p, call.args, call.params as Params, (v) => v) === null));
});

test('the budgets of a wrong result are numbers, beside NaN and what may be anything too', () => {
  const rows = hostArray('float32', [3, 2], [NaN, 1, 1e30, 1e30, 2, 3]);
  const call = [[rows], { axes: [1] }] as const;
  const expected = primitives.reduce_prod.evaluate(...call);
  const { wrong, budgets } = judgeEquation(primitives.reduce_prod, ...call, expected, [f32(NaN, 0, 7)], 'strict');
  expect(wrong?.message).toMatch(/result 0\[2\] is 7, expected 6/);
  expect([...budgets[0]!.subarray(0, 2)]).toEqual([0, Infinity]);
});

describe('exact and rounded results', () => {
  test('are compared bit for bit', () => {
    expect(wrongWith(primitives.add, [f32(1), f32(2)], {}, (v) => v + 2 ** -22)).toMatch(
      /result 0\[0\] is 3\.0000002, expected 3, 1 ulp off/,
    );
  });
  test('are powers of a complex zero', () => {
    const [zero, one] = [0, 1].map((re) => hostArray('complex64', [1], [{ re, im: 0 }])) as [HostArray, HostArray];
    const judge = (y: HostArray): string | null =>
      judgeEquation(primitives.pow, [zero, one], {}, [zero], [y], 'strict').wrong?.message ?? null;
    expect(judge(zero)).toBeNull();
    expect(judge(one)).toMatch(/is 1\+0i, expected 0\+0i/);
  });
  test('products of complex numbers may lose each of their terms to underflow', () => {
    const { tiny } = finfo('float32');
    const flushed = (v: number): number => (Math.abs(v) < tiny ? 0 : v);
    const part = fc.double({ min: 2 ** -65, max: 2 ** -61, noNaN: true }).chain((v) => fc.constantFrom(v, -v));
    const number = fc.tuple(part, part).map(([re, im]) => ({ re: Math.fround(re), im: Math.fround(im) }));
    const judge = (z: Complex, w: Complex, profile: 'strict' | 'gpu'): string | null => {
      const round = (v: number): number => (profile === 'gpu' ? flushed(Math.fround(v)) : Math.fround(v));
      const sum = (...terms: [number, number]): number => round(round(terms[0]) + round(terms[1]));
      const operands = [z, w].map((x) => hostArray('complex64', [1], [x]));
      const got = { re: sum(z.re * w.re, -z.im * w.im), im: sum(z.re * w.im, z.im * w.re) };
      const expected = primitives.mul.evaluate(operands, {});
      return judgeEquation(primitives.mul, operands, {}, expected, [hostArray('complex64', [1], [got])], profile).wrong?.message ?? null; // prettier-ignore
    };
    fc.assert(fc.property(number, number, (z, w) => judge(z, w, 'gpu') === null && judge(z, w, 'strict') === null));
  });
  test('distinguish zeros, but not on a gpu', () => {
    const flipped = (profile: 'strict' | 'gpu'): string | null =>
      wrongWith(primitives.neg, [f32(0)], {}, () => 0, profile);
    expect(flipped('strict')).toMatch(/is 0, expected -0/);
    expect(flipped('gpu')).toBeNull();
  });
  test('keep the sign of zeros where it is certain: not where the terms of a sum cancel', () => {
    const plusZero = (primitive: AnyFirstOrder, params: Params, ...x: number[]): string | null =>
      wrongWith(primitive, [f32(...x)], params, () => 0);
    expect(plusZero(primitives.tanh, {}, -0)).toMatch(/is 0, expected -0/);
    expect(plusZero(primitives.reduce_prod, { axes: [0] }, -1, 0)).toMatch(/is 0, expected -0/);
    const minusZero = (...x: number[]): string | null =>
      wrongWith(primitives.reduce_sum, [f32(...x)], { axes: [0] }, () => -0);
    expect(minusZero(-0, -0)).toMatch(/is -0, expected 0/);
    expect(minusZero(1, -1)).toBeNull();
  });
  test('let a sum lose the −0 of a product that underflows, and make none', () => {
    const product = (a: number, b: number, got: number): string | null => {
      const dimension_numbers = [
        [[0], [0]],
        [[], []],
      ];
      const params = { dimension_numbers, precision: null, preferred_element_type: null };
      const operands = [a, b].map((x) => hostArray('float64', [1], [x]));
      return wrongWith(primitives.dot_general, operands, params, () => got);
    };
    expect(product(-1e-200, 1e-200, 0)).toBeNull();
    expect(product(-1e-200, 1e-200, -0)).toBeNull();
    expect(product(1e-200, 1e-200, -0)).toMatch(/is -0, expected 0/);
  });
  test('that are rounded up to the smallest normal number may be flushed, on a gpu', () => {
    const flushed = (profile: 'strict' | 'gpu'): string | null =>
      wrongWith(primitives.mul, [f32(2 ** -126), f32(1 - 2 ** -24)], {}, () => 0, profile);
    expect(flushed('gpu')).toBeNull();
    expect(flushed('strict')).not.toBeNull();
  });

  test('of subnormal operands may be those of zeros, on a gpu, and only of those', () => {
    const below = 2 ** -130;
    const infinite = (at: number, profile: 'strict' | 'gpu'): string | null =>
      wrongWith(primitives.rsqrt, [f32(below, 4)], {}, (v, i) => (i === at ? Infinity : v), profile);
    expect(infinite(0, 'strict')).toMatch(/is Infinity/);
    expect(infinite(0, 'gpu')).toBeNull();
    expect(infinite(1, 'gpu')).toMatch(/is Infinity, expected 0.5/);
    const compared = (x: number, profile: 'strict' | 'gpu'): string | null => {
      const operands = [f32(x), f32(0)];
      const got = [hostArray('bool', [1], [0])];
      const expected = primitives.gt.evaluate(operands, {});
      return judgeEquation(primitives.gt, operands, {}, expected, got, profile).wrong?.message ?? null;
    };
    expect(compared(below, 'strict')).toMatch(/is false, expected true/);
    expect(compared(below, 'gpu')).toBeNull();
    expect(compared(1, 'gpu')).toMatch(/is false, expected true/);
  });
  test('any NaN matches any NaN, and nothing else', () => {
    expect(wrongWith(primitives.max, [f32(NaN), f32(1)], {}, () => -NaN)).toBeNull();
    expect(wrongWith(primitives.max, [f32(NaN), f32(1)], {}, () => 1)).toMatch(/is 1, expected NaN/);
  });
});

describe('units in the last place', () => {
  test('are counted from the exact value', () => {
    const steps = (n: number): string | null => wrongWith(primitives.exp, [f32(1)], {}, (v) => v + n * 2 ** -22);
    expect([steps(1), steps(2)]).toEqual([null, null]); // budget 3, and the rounding of the reference is less than 1
    expect(steps(5)).toMatch(/5 ulp off/);
  });
  test('poles have no neighbours', () => {
    expect(wrongWith(primitives.log, [f32(0)], {}, () => -3.4e38)).toMatch(/expected -Infinity/);
  });
});

describe('sums', () => {
  const sum = (values: number[], change: (v: number) => number): string | null =>
    wrongWith(primitives.reduce_sum, [f32(...values)], { axes: [0] }, change);

  test('any order of summation is within the budget', () => {
    const values = fc.array(fc.float({ noNaN: true, min: -(2 ** 100), max: 2 ** 100 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        values.chain((v) => fc.tuple(fc.constant(v), fc.shuffledSubarray(v, { minLength: v.length }))),
        ([v, order]) => sum(v, () => order.reduce((s, x) => Math.fround(s + x), 0)) === null,
      ),
    );
  });
  test('a forgotten element is not', () => {
    expect(sum([1, 2, 3], () => 3)).toMatch(/is 3, expected 6/);
    expect(sum([1e20, 1, -1e20], () => 0)).toBeNull(); // lost to cancellation in every order but one
  });
  test('an infinite part of a complex number does not hide that the other overflows', () => {
    const [x, y, overflown] = [[-390, -0.4], [-3.4e38, -Infinity], [NaN, Infinity]].map(([re, im]) =>
      hostArray('complex64', [], [{ re: re!, im: im! }]),
    ) as [HostArray, HostArray, HostArray]; // prettier-ignore
    const call = [
      [x, y],
      {
        dimension_numbers: [
          [[], []],
          [[], []],
        ],
        precision: null,
        preferred_element_type: null,
      },
    ] as const;
    const expected = primitives.dot_general.evaluate(...call);
    expect(judgeEquation(primitives.dot_general, ...call, expected, [overflown], 'strict').wrong).toBeNull();
  });
  test('complex powers may overflow before they are divided by', () => {
    const complex = (re: number, im: number = 0): HostArray => hostArray('complex64', [], [{ re, im }]);
    const judge = (
      primitive: AnyFirstOrder,
      operands: readonly HostArray[],
      params: Params,
      got = NaN,
    ): string | null => {
      const expected = primitive.evaluate(operands, params);
      return judgeEquation(primitive, operands, params, expected, [complex(got)], 'strict').wrong?.message ?? null;
    };
    const cube = (re: number): string | null => judge(primitives.integer_pow, [complex(re)], { y: -3 });
    const power = (re: number): string | null => judge(primitives.pow, [complex(re), complex(-3)], {});
    expect([cube(1e30), cube(Infinity), cube(2e-13), power(-Infinity)]).toEqual([null, null, null, null]);
    for (const of of [cube, power]) expect(of(2)).toMatch(/expected 0\.125/);
    expect(judge(primitives.pow, [complex(-3e38, 1), complex(32)], {}, Infinity)).toBeNull();
  });
  test('inverse transforms may overflow before they divide', () => {
    const spectrum = (re: number): HostArray => buildElements('complex64', [5], () => ({ re, im: 0 }));
    const judge = (re: number, y: number): string | null =>
      wrongWith(primitives.fft, [spectrum(re)], { fft_type: 'IRFFT', fft_lengths: [8] }, () => y);
    expect(judge(3e38, NaN)).toBeNull();
    expect(judge(3e37, Infinity)).toMatch(/expected 3e\+37/);
  });
  test('where the terms may overflow, infinities and NaN are legal', () => {
    expect(sum([3e38, 3e38, -3e38], () => Infinity)).toBeNull();
    expect(sum([Infinity, 3e38, -3e38, -3e38], () => NaN)).toBeNull();
    expect(sum([Infinity, 1], () => NaN)).toMatch(/expected Infinity/);
    expect(sum([1, 2], () => Infinity)).toMatch(/expected 3/);
  });
});

test('a product whose factors leave the range in some order says nothing', () => {
  const product = (values: number[], got: number): string | null =>
    wrongWith(primitives.reduce_prod, [f32(...values)], { axes: [0] }, () => got);
  expect(product([1e30, 1e30, 1e-30, 1e-30], Infinity)).toBeNull();
  expect(product([1e-30, 1e-30, Infinity], NaN)).toBeNull();
  expect(product([1e30, 1e30, 0], NaN)).toBeNull();
  expect(product([2, Infinity], NaN)).toMatch(/expected Infinity/);
  expect(product([2, 3], 7)).toMatch(/expected 6/);
});

describe('solutions', () => {
  /** Some root of x: the sign is free. */
  const root: AnyFirstOrder = {
    ...primitives.sqrt,
    accuracy: () => ({
      kind: 'backward',
      checks: ([x], _, [y], eta) =>
        [...numbers(x!)].map((v, i) => ({
          what: '|y² − x|',
          error: Math.abs(numbers(y!)[i]! ** 2 - v),
          allowed: 4 * 2 ** -24 * v + eta,
        })),
      forward: (_, [y]) => [Float64Array.from(numbers(y!), () => Infinity)],
    }),
  };
  const judged = (change: (v: number) => number): ReturnType<typeof judgeEquation> => {
    const [x, y] = [f32(2, 9), f32(Math.SQRT2, 3)];
    return judgeEquation(root, [x], {}, [y], [build('float32', [2], (i) => change(numbers(y)[i]!))], 'strict');
  };

  test('pass if they solve the problem, whichever they are', () => {
    expect(judged((v) => -v)).toMatchObject({ wrong: null, compared: 2, uncompared: 0, measured: { unit: 'budget' } });
  });
  test('are convicted if they do not', () => {
    expect(judged((v) => v * 1.001).wrong?.message).toMatch(/\|y² − x\| is 0\.018, allowed is 0\.00000215/);
    expect(judged(() => NaN).wrong?.message).toMatch(/is NaN/);
  });
  test('may have elements whose modulus overflows', () => {
    const complex = (re: number): Complex => ({ re, im: 0 });
    const max = { re: Number.MAX_VALUE, im: Number.MAX_VALUE };
    const a = hostArray('complex128', [3, 3], [...[3, 1, 2, 1, 3, 1, 1, 1].map(complex), max]);
    const factors = primitives.lu.evaluate([a], {});
    const packed = elements(factors[0]!);
    const judge = (relative: number): string | undefined => {
      const changed = (v: Element): Element => complex((v as Complex).re * (1 + relative));
      const lu = buildElements('complex128', [3, 3], (i) => (i === 5 ? changed : (v: Element) => v)(packed(i)));
      return judgeEquation(primitives.lu, [a], {}, factors, [lu, ...factors.slice(1)], 'strict').wrong?.message;
    };
    expect(judge(2 ** -50)).toBeUndefined();
    expect(judge(2 ** -40)).toMatch(/^\|P·A − L·U\| is /);
  });
  test('of another type are wrong', () => {
    expect(judgeEquation(root, [f32(4)], {}, [f32(2)], [], 'strict').wrong?.message).toMatch(/1 results expected/);
  });
});

test('results of another type are wrong', () => {
  const wrong = (got: HostArray[]): string | undefined =>
    judgeEquation(primitives.neg, [f32(1, 2)], {}, [f32(-1, -2)], got, 'strict').wrong?.message;
  expect(wrong([f32(-1)])).toMatch(/should be f32\[2\], got f32\[1\]/);
  expect(wrong([])).toMatch(/1 results expected, got 0/);
});

test('programs: within the bound, beyond the likely, beyond the bound, unbounded', () => {
  const expected = {
    value: f32(1, 1, 1, 1),
    bound: { worst: Float64Array.of(1, 1, 1, Infinity), variance: Float64Array.of(1, 1e-4, 1, Infinity) },
  };
  const judged = judgeProgram([expected], [f32(1.5, 1.5, 3, 99)], 'strict');
  expect(judged).toMatchObject({
    compared: 3,
    uncompared: 1,
    wrong: { element: { index: [2], expected: '1', got: '3', budget: 1 } },
  });
  expect(judgeProgram([expected], [f32(1.5, 1.5, 1, 99)], 'strict')).toMatchObject({ wrong: null, suspect: 1 });
});

test('a budget that is not a number lets nothing pass', () => {
  const expected = { value: f32(1, 1), bound: { worst: Float64Array.of(1, NaN), variance: Float64Array.of(1, 1) } };
  expect(() => judgeProgram([expected], [f32(1, 2)], 'strict')).toThrow('result 0: element 1 has no budget');
});

test('where everything is allowed, so is a difference beyond the largest number', () => {
  const { max } = finfo('float64');
  const [x, y] = [max, -max].map((v) => hostArray('float64', [1], [v])) as [HostArray, HostArray];
  const accuracy = { kind: 'normwise', n: 1, scale: () => [Float64Array.of(Infinity)] } as const;
  const anything: AnyFirstOrder = { ...primitives.neg, accuracy: () => accuracy };
  expect(judgeEquation(anything, [y], {}, [x], [y], 'strict')).toMatchObject({ wrong: null, compared: 1 });
});

test('saved budgets', () => {
  const saved = (got: HostArray): string | null =>
    judgeSaved([f32(1, 2)], [got], [Float64Array.of(0.5, 0.5)]).wrong?.message ?? null;
  expect(saved(f32(1.25, 2.5))).toBeNull();
  expect(saved(f32(1, 3))).toMatch(/expected 2/);
});
