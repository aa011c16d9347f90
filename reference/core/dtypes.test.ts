import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_DTYPES, finfo, iinfo, type Promotable, promote } from './dtypes.ts';

const operands = fc.array(fc.record({ dtype: fc.constantFrom(...ALL_DTYPES), weak: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
});

test('any operands promote to one dtype, whatever their order and however often they come', () => {
  fc.assert(
    fc.property(operands, (list) => {
      const result = promote(list);
      expect(ALL_DTYPES).toContain(result.dtype);
      expect(promote(list.toReversed())).toEqual(result);
      expect(promote([...list, ...list])).toEqual(result);
    }),
  );
});

test('weak operands alone promote as those that are not, and stay weak', () => {
  fc.assert(
    fc.property(operands, (list) => {
      const as = (weak: boolean): Promotable => promote(list.map(({ dtype }) => ({ dtype, weak })));
      fc.pre(list.some(({ dtype }) => dtype !== 'bool'));
      expect(as(true)).toEqual({ dtype: as(false).dtype, weak: true });
    }),
  );
  expect(
    promote([
      { dtype: 'int16', weak: true },
      { dtype: 'uint16', weak: true },
    ]),
  ).toEqual({ dtype: 'int32', weak: true });
});

test('limits are those of floats, and of integers', () => {
  expect(iinfo('bool')).toEqual({ min: 0, max: 1 });
  expect(iinfo('uint16')).toEqual({ min: 0, max: 65535 });
  expect(iinfo('int8')).toEqual({ min: -128, max: 127 });
  expect(finfo('complex64')).toBe(finfo('float32'));
  for (const dtype of ['int64', 'float32'] as const)
    expect(() => iinfo(dtype)).toThrow(`iinfo: ${dtype} is not an integer dtype of at most 32 bits`);
  expect(() => finfo('int32')).toThrow('finfo: int32 is not a float or complex dtype');
});
