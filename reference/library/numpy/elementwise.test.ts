import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents } from '../../../conformance/testing/arrays.ts';
import { type NDArray, np } from '../../index.ts';

const special = fc.constantFrom(0, -0, 1, -1, 2.5, -3, Infinity, -Infinity, NaN);
const floats = fc.oneof(special, fc.float({ noNaN: true, min: -1000, max: 1000 }));
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const one = (x: NDArray): number => x.item() as number;

/** Python's float modulo (CPython, float_rem), which numpy's follows. */
function pythonMod(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? Math.fround(r + y) : r;
}

describe('arithmetic', () => {
  it('mod has the sign of the divisor, for floats', () => {
    fc.assert(
      fc.property(floats, floats, (x, y) => {
        const [a, b] = [Math.fround(x), Math.fround(y)];
        expect(one(np.mod(np.array(a), np.array(b)))).toBe(pythonMod(a, b));
      }),
    );
  });

  it('floorDivide and mod of integers belong together', () => {
    fc.assert(
      fc.property(
        int32,
        int32.filter((y) => y !== 0 && y !== -1),
        (x, y) => {
          const [a, b] = [np.array(BigInt(x)), np.array(BigInt(y))];
          const [quotient, rest] = np.divmod(a, b);
          expect(one(quotient)).toBe(Math.floor(x / y) + 0);
          expect(one(rest)).toBe(x - y * Math.floor(x / y) + 0);
          expect(np.divide(a, b).dtype).toBe('float32');
        },
      ),
    );
  });

  it('floorDivide of floats is the floor of the quotient', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (x, y, negative) => {
          const divisor = negative ? -y : y;
          expect(one(np.floorDivide(np.array(x), np.array(divisor))) + 0).toBe(Math.floor(x / divisor) + 0);
        },
      ),
    );
  });

  it('power of integers wraps, and keeps the dtype', () => {
    fc.assert(
      fc.property(int32, fc.nat({ max: 40 }), (x, y) => {
        const expected = Number(BigInt.asIntN(32, BigInt(x) ** BigInt(y)));
        const base = np.array(BigInt(x));
        expect(contents(np.power(base, y))).toEqual({ dtype: 'int32', shape: [], values: [expected] });
        expect(one(np.power(base, np.array(BigInt(y))))).toBe(expected);
      }),
    );
    expect(() => np.power(np.array(2n), -1)).toThrow('integers have no negative powers');
  });

  it.each<[string, { dtype: string }, string]>([
    ['int32 + float32', np.add(np.array([1n]), np.array([1])), 'float32'],
    ['bool + bool', np.add(np.array([true]), np.array([true])), 'bool'],
    ['bool // bool', np.floorDivide(np.array([true]), np.array([true])), 'int32'],
    ['bool + int32', np.add(np.array([true]), np.array([1n])), 'int32'],
    ['float64 + number', np.add(np.array([1], 'float64'), 2), 'float64'],
    ['int32 / number', np.divide(np.array([1n]), 2), 'float32'],
    ['exp int32', np.exp(np.array([1n])), 'float32'],
    ['square bool', np.square(np.array([true])), 'int32'],
    ['abs uint32', np.abs(np.array([1], 'uint32')), 'uint32'],
    ['floor int32', np.floor(np.array([1n])), 'int32'],
    ['rint int32', np.rint(np.array([1n])), 'float32'],
  ])('%s', (_, x, dtype) => {
    expect(x.dtype).toBe(dtype);
  });

  it('numbers keep their weakness', () => {
    expect(np.add(1, 2).weakType).toBe(true);
    expect(np.logaddexp(1, 2).weakType).toBe(true);
    expect(np.add(np.array(1), 2).weakType).toBe(false);
  });

  it('says what is wrong', () => {
    const list = [1, 2] as unknown as number;
    expect(() => np.add(np.array([1, 2]), list)).toThrow('np.add: expected an array or a number, got a list');
    expect(() => np.add(np.zeros([2]), np.zeros([3]))).toThrow('np.add: the shapes [2] and [3] do not broadcast');
    expect(() => np.add(np.array([1n]), 0.5)).toThrow("astype('float32')");
  });
});

describe('rounding', () => {
  it('round goes to even, at any decimal', () => {
    expect(np.round(np.array([0.5, 1.5, 2.5, -0.5, -1.5])).js()).toEqual([0, 2, 2, -0, -2]);
    expect(np.round(np.array([0.25, 0.75, 12.3]), 1).js()).toEqual([0.2, 0.8, 12.3].map(Math.fround));
    expect(np.round(np.array([15, 25, 27]), -1).js()).toEqual([20, 20, 30]);
  });
  it('trunc drops the fraction', () => {
    fc.assert(
      fc.property(floats, (x) => {
        const v = Math.fround(x);
        expect(one(np.trunc(np.array(v)))).toBe(Math.trunc(v));
      }),
    );
  });
});

describe('functions made of others', () => {
  /** Within `ulps` units of 2⁻²³ of the size of the exact result. */
  const near = (got: number, exact: number, ulps: number): void => {
    if (!Number.isFinite(Math.fround(exact)) || Number.isNaN(exact)) expect(got).toBe(Math.fround(exact));
    else expect(Math.abs(got - exact)).toBeLessThanOrEqual(ulps * 2 ** -23 * Math.abs(exact) + 2 ** -149 * ulps);
  };
  const wide = fc.float({ noNaN: true, min: -100, max: 100 });

  // Correctly rounded functions and at most five roundings after them.
  it.each<[string, typeof np.sinh, (x: number) => number]>([
    ['sinh', np.sinh, Math.sinh],
    ['cosh', np.cosh, Math.cosh],
    ['exp2', np.exp2, (x) => 2 ** x],
    ['rad2deg', np.rad2deg, (x) => (x * 180) / Math.PI],
  ])('%s', (_, f, exact) => {
    fc.assert(
      fc.property(fc.oneof(wide, fc.float({ min: -1, max: 1, noNaN: true })), (x) =>
        near(one(f(np.array(x))), exact(x), 5),
      ),
    );
  });
  it('hypot neither overflows nor loses small numbers', () => {
    const any = fc.float({ noNaN: true });
    fc.assert(fc.property(any, any, (x, y) => near(one(np.hypot(np.array(x), np.array(y))), Math.hypot(x, y), 4)));
  });
  it('logaddexp at infinities', () => {
    const at = (x: number, y: number): number => one(np.logaddexp(np.array(x), np.array(y)));
    expect([at(-Infinity, -Infinity), at(Infinity, Infinity), at(-Infinity, 3), at(Infinity, -Infinity)]).toEqual([
      -Infinity,
      Infinity,
      3,
      Infinity,
    ]);
    expect(at(NaN, 1)).toBeNaN();
    expect(at(1000, 1000)).toBe(Math.fround(1000 + Math.LN2));
  });
});

describe('choosing', () => {
  it('where broadcasts all three and promotes two', () => {
    const x = np.where(np.array([1, 0]), np.array([[1n], [2n]]), np.array(0.5));
    expect(contents(x)).toEqual({ dtype: 'float32', shape: [2, 2], values: [1, 0.5, 2, 0.5] });
    expect(np.where(np.array(true), np.array([1n]), 0).dtype).toBe('int32');
  });
  it('clip leaves a side open', () => {
    const x = np.array([-2, 0, 2, NaN]);
    expect(np.clip(x, -1, 1).js()).toEqual([-1, 0, 1, NaN]);
    expect(np.clip(x, null, 1).js()).toEqual([-2, 0, 1, NaN]);
    expect(np.clip(x, 1).js()).toEqual([1, 1, 2, NaN]);
  });
  it('heaviside and nanToNum', () => {
    expect(np.heaviside(np.array([-2, 0, 3, NaN]), 0.5).js()).toEqual([0, 0.5, 1, NaN]);
    expect(np.nanToNum(np.array([NaN, 1, -Infinity]), { nan: 7, neginf: -9 }).js()).toEqual([7, 1, -9]);
  });
});
