import { describe, expect, it } from 'vitest';
import { grad, np } from '../../index.ts';

const [inf, nan] = [Infinity, NaN];
const z = np.array([
  { re: 1, im: 2 },
  { re: nan, im: inf },
  { re: 3, im: 0 },
  { re: 0, im: -inf },
]);

describe('complex numbers are as in JAX 0.10.2', () => {
  it('in parts', () => {
    expect(np.real(z).js()).toEqual([1, nan, 3, 0]);
    expect(np.imag(z).js()).toEqual([2, inf, 0, -inf]);
    expect(String(np.conj(z))).toBe('c64[4] [1-2i, NaN-Infinityi, 3-0i, 0+Infinityi]');
    expect(np.angle(z).js()).toEqual([1.1071488, nan, 0, -Math.PI / 2].map(Math.fround));
    expect(np.angle(np.array([-1, 1]), { deg: true }).js()).toEqual([180, 0]);
  });
  it('in tests', () => {
    expect(np.isreal(z).js()).toEqual([false, false, true, false]);
    expect(np.iscomplex(z).js()).toEqual([true, true, false, true]);
    expect(np.isnan(z).js()).toEqual([false, true, false, false]);
    expect(np.isinf(z).js()).toEqual([false, true, false, true]);
    expect(np.isfinite(z).js()).toEqual([true, false, true, false]);
    expect([np.iscomplexobj(z), np.iscomplexobj(1), np.isrealobj(z)]).toEqual([true, false, false]);
  });
  it('rounded and replaced part by part', () => {
    expect(String(np.round(z))).toBe('c64[4] [1+2i, NaN+Infinityi, 3+0i, 0-Infinityi]');
    expect(String(np.nanToNum(z))).toBe('c64[4] [1+2i, 0+3.4028235e+38i, 3+0i, 0-3.4028235e+38i]');
  });
  it('beside float64 are complex128', () => {
    expect(np.promoteTypes('float64', 'complex64')).toBe('complex128');
    expect(np.promoteTypes('int64', 'complex64')).toBe('complex64');
  });
});

describe('the same functions of real numbers', () => {
  it.each(['float32', 'int32', 'bool'] as const)('%s', (dtype) => {
    const x = np.astype(np.array([0, 1]), dtype);
    for (const same of [np.real(x), np.conj(x)]) expect([same.dtype, same.js()]).toEqual([dtype, x.js()]);
    expect(np.imag(x).dtype).toBe(dtype);
    expect(np.isreal(x).js()).toEqual([true, true]);
    expect(np.iscomplex(x).js()).toEqual([false, false]);
  });
});

it('|z|² has the gradient 2·conj(z)', () => {
  const squared = (w: typeof z): typeof z => np.real(np.multiply(w, np.conj(w)));
  expect(String(grad(squared)(np.array({ re: 1, im: 2 })))).toBe('c64[] 2-4i');
});
