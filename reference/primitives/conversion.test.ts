import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtypes.ts';
import { evaluator } from '../../conformance/testing/elementwise.ts';
import { convertElementType } from './conversion.ts';

const convert = (from: DType, to: DType): ((x: number) => number) =>
  evaluator(convertElementType, from, { new_dtype: to, weak_type: false });

describe('convert_element_type', () => {
  it('truncates floats, saturates at the ends and takes NaN to 0', () => {
    const values = [1.9, -1.9, -0.5, 2 ** 31, -1e30, Infinity, -Infinity, NaN];
    expect(values.map(convert('float32', 'int32'))).toEqual([
      1,
      -1,
      0,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31 - 1,
      -(2 ** 31),
      0,
    ]);
    expect(values.map(convert('float64', 'uint32'))).toEqual([1, 0, 0, 2 ** 31, 0, 2 ** 32 - 1, 0, 0]);
  });

  it('is x ≠ 0 to bool', () => {
    expect([0, -0, 1e-45, NaN, -Infinity].map(convert('float32', 'bool'))).toEqual([0, 0, 1, 1, 1]);
    expect([0, 256].map(convert('int32', 'bool'))).toEqual([0, 1]);
  });

  it('rounds to nearest even to float32', () => {
    expect([2 ** 24 + 1, 2 ** 24 + 3, 2 ** 31 - 1].map(convert('int32', 'float32'))).toEqual([
      2 ** 24,
      2 ** 24 + 4,
      2 ** 31,
    ]);
    expect([1 + 2 ** -24, 1e300, -(2 ** -150)].map(convert('float64', 'float32'))).toEqual([1, Infinity, -0]);
  });

  it('wraps between integers', () => {
    fc.assert(
      fc.property(fc.integer(), (x) => {
        expect(BigInt(convert('int32', 'uint32')(x))).toBe(BigInt.asUintN(32, BigInt(x)));
        expect(convert('uint32', 'int32')(convert('int32', 'uint32')(x))).toBe(x);
      }),
    );
  });

  it('is exact wherever every value fits, and says so', () => {
    const exact = (from: DType, to: DType): string =>
      convertElementType.accuracy([{ shape: [], dtype: from, weak: false }], { new_dtype: to, weak_type: false }).kind;
    fc.assert(
      fc.property(fc.integer(), (x) => {
        expect(convert('int32', 'float64')(x)).toBe(x);
      }),
    );
    expect(exact('int32', 'float64')).toBe('exact');
    expect(exact('float32', 'float64')).toBe('exact');
    expect(exact('bool', 'float32')).toBe('exact');
    expect(exact('int32', 'float32')).toBe('rounded');
    expect(exact('float64', 'float32')).toBe('rounded');
    expect(exact('float64', 'int32')).toBe('exact');
  });
});
