import { describe, expect, it } from 'vitest';
import { lax, numpy as np, vjp } from '../index.ts';
import type { NDArray } from '../core/ndarray.ts';

const values = (x: NDArray): number[] => Array.from(x.dataSync() as Float32Array);
const upTo = (...shape: number[]): NDArray =>
  np
    .arange(shape.reduce((a, b) => a * b))
    .reshape(shape)
    .astype('float32');

describe('padding by name', () => {
  it('is none, or as much as keeps the size, the odd one after or before', () => {
    expect(lax.padtypeToPads([5, 6], [2, 3], [1, 2], 'VALID')).toEqual([[0, 0], [0, 0]]); // prettier-ignore
    expect(lax.padtypeToPads([5, 6], [2, 3], [1, 2], 'SAME')).toEqual([[0, 1], [0, 1]]); // prettier-ignore
    expect(lax.padtypeToPads([5, 6], [2, 3], [1, 2], 'SAME_LOWER')).toEqual([[1, 0], [1, 0]]); // prettier-ignore
    expect(() => lax.padtypeToPads([5], [2], [1], 'FULL' as 'SAME')).toThrow("must be 'SAME', 'SAME_LOWER', 'VALID'");
  });

  it('counts the dilated window', () => {
    const y = lax.convGeneralDilated(upTo(1, 1, 5), np.ones([1, 1, 2]), [1], 'SAME', { rhsDilation: [2] });
    expect(values(y)).toEqual([1, 2, 4, 6, 3]); // as JAX
  });

  it('is refused where the operand is dilated', () => {
    const call = (): NDArray =>
      lax.convGeneralDilated(upTo(1, 1, 5), np.ones([1, 1, 2]), [1], 'SAME', { lhsDilation: [2] });
    expect(call).toThrow('with lhsDilation the padding is given in pairs');
  });
});

describe('dimension numbers', () => {
  it('are lists of axes, the spatial ones in the order of the second word', () => {
    expect(lax.convDimensionNumbers([1, 2, 3, 4], [1, 2, 3, 4], ['NHWC', 'WHIO', 'CWNH'])).toEqual({
      lhs_spec: [0, 3, 2, 1],
      rhs_spec: [3, 2, 0, 1],
      out_spec: [2, 0, 1, 3],
    });
    expect(lax.convDimensionNumbers([1, 2, 3], [1, 2, 3], null).out_spec).toEqual([0, 1, 2]);
  });

  it.each([
    [['NHWC', 'HWIO', 'NHWX']],
    [['NHHC', 'HWIO', 'NHWC']],
    [['NHWC', 'HWOO', 'NHWC']],
    [['NWC', 'HWIO', 'NHWC']],
  ] as const)('have every letter once (%s)', (words) => {
    expect(() => lax.convDimensionNumbers([1, 2, 3, 4], [1, 2, 3, 4], words)).toThrow('dimension numbers');
  });

  it('need operands of one rank', () => {
    expect(() => lax.convDimensionNumbers([1, 2, 3], [1, 2], null)).toThrow('operands of one rank');
  });
});

describe('shapes', () => {
  it('are those of the results', () => {
    expect(lax.convShapeTuple([2, 3, 8, 9], [5, 3, 3, 3], [2, 1], 'SAME')).toEqual([2, 5, 4, 9]);
    expect(lax.convShapeTuple([4, 3, 8], [6, 3, 3], [1], [[0, 1]], 2)).toEqual([2, 6, 7]);
    expect(() => lax.convShapeTuple([4, 3, 8], [6, 3, 3], [1], [])).toThrow('one pair per spatial axis');
    const words = ['NHWC', 'HWIO', 'NHWC'] as const;
    expect(lax.convGeneralShapeTuple([2, 8, 9, 3], [3, 3, 3, 5], [2, 1], 'VALID', words)).toEqual([2, 3, 7, 5]);
    expect(lax.convTransposeShapeTuple([2, 8, 9, 3], [3, 3, 3, 5], [2, 1], 'SAME', words)).toEqual([2, 16, 9, 5]);
  });
});

describe('the other convolutions', () => {
  it('conv takes channels first', () => {
    const [x, w] = [upTo(1, 2, 3, 3), upTo(2, 2, 2, 2)];
    expect(values(lax.conv(x, w, [1, 1], 'VALID'))).toEqual(values(lax.convGeneralDilated(x, w, [1, 1], 'VALID')));
  });

  it('convWithGeneralPadding takes dilations', () => {
    const y = lax.convWithGeneralPadding(upTo(1, 1, 3), np.ones([1, 1, 2]), [1], [[1, 1]], [2], null);
    expect(values(y)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  const transposed = (padding: 'SAME' | 'VALID' | [number, number][], options: lax.ConvTransposeOptions): number[] => {
    const [x, w] = [np.array([1, 2, 3]).reshape([1, 3, 1]), np.array([1, 10, 100]).reshape([3, 1, 1])];
    return values(lax.convTranspose(x, w, [2], padding, options));
  };
  // What jax.lax.conv_transpose gives.
  it.each([
    ['SAME', {}, [100, 10, 201, 20, 302, 30]],
    ['SAME', { transposeKernel: true }, [1, 10, 102, 20, 203, 30]],
    ['SAME', { rhsDilation: [2] }, [0, 210, 0, 321, 0, 32]],
    ['VALID', {}, [100, 10, 201, 20, 302, 30, 3]],
    ['VALID', { transposeKernel: true, useConsistentPadding: true }, [1, 10, 102, 20, 203, 30, 300]],
    [[[1, 2]] as [number, number][], {}, [10, 201, 20, 302, 30, 3]],
    [[[1, 2]] as [number, number][], { useConsistentPadding: true }, [10, 201, 20, 302]],
  ] as const)('convTranspose with padding %j and %j', (padding, options, expected) => {
    expect(transposed(padding as 'SAME', options)).toEqual(expected);
  });

  it('convTranspose with transposeKernel is the gradient of a convolution', () => {
    const w = upTo(3, 2, 4);
    const forward = (x: NDArray): NDArray =>
      lax.convGeneralDilated(x, w, [2], 'SAME', { dimensionNumbers: ['NHC', 'HIO', 'NHC'] });
    const ct = upTo(1, 3, 4);
    const [, pull] = vjp(forward, [upTo(1, 6, 2)]);
    const back = lax.convTranspose(ct, w, [2], 'SAME', { transposeKernel: true });
    expect(values(pull(ct)[0])).toEqual(values(back));
  });

  it('convTranspose says what is missing', () => {
    const x = np.ones([1, 1, 1, 1, 1, 1]);
    expect(() => lax.convTranspose(x, x, [1, 1, 1, 1], 'SAME')).toThrow('dimensionNumbers must be given');
    const y = np.ones([1, 1, 1]);
    expect(() => lax.convTranspose(y, y, [1], [])).toThrow('padding must have 1 pairs');
    expect(() => lax.convTranspose(y, y, [1], 3 as never)).toThrow("lax.convTranspose: padding must be 'SAME', 'VALID' or a list of pairs, got 3"); // prettier-ignore
    expect(() => lax.convTranspose(y, y, [1], 'SAME', { groups: 2 } as object)).toThrow('groups');
  });
});
