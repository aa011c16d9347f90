import { describe, expect, it, test } from 'vitest';
import { grad, lax, type NDArray, np } from '../../index.ts';
import { NUMBERS } from '../../core/dtypes.ts';

const x = np.array([[1, 2, 0, -1, 3], [2, 2, 1, 0, 1], [0, 1, 4, 1, 2], [5, 1, 1, 1, 1]]); // prettier-ignore
/** Within the transforms' errors on numbers of size 30, in float32. */
const close = (a: NDArray, b: NDArray): void => {
  expect([a.dtype, a.shape]).toEqual([b.dtype, b.shape]);
  const [p, q] = [a, b].map((z) => (z.dtype === 'complex64' ? [lax.real(z), lax.imag(z)] : [z]).flatMap((part) => [...part.dataSync()].map(Number)));
  p!.forEach((v, i) => expect(Math.abs(v - q![i]!)).toBeLessThan(30 * 60 * 2 ** -24));
}; // prettier-ignore

it('rfft gives half a spectrum, of real numbers', () => {
  close(lax.real(np.fft.rfft(np.array([1, 2, 3, 4]))), np.array([10, -2, -2]));
  close(lax.imag(np.fft.rfft(np.array([1, 2, 3, 4]))), np.array([0, 2, 0]));
  expect(() => np.fft.rfft(x, 0)).toThrow(/positive length/);
});

it('frequencies and shifts', () => {
  expect(np.fft.fftfreq(5).js()).toEqual([0, 1, 2, -2, -1].map((k) => Math.fround(k / 5)));
  expect(np.fft.fftfreq(4, 0.5).js()).toEqual([0, 0.5, -1, -0.5]);
  expect(np.fft.rfftfreq(4).js()).toEqual([0, 0.25, 0.5]);
  expect(np.fft.fftshift(np.fft.fftfreq(4)).js()).toEqual([-0.5, -0.25, 0, 0.25]);
  expect(np.fft.ifftshift(np.fft.fftshift(np.arange(5))).js()).toEqual([0, 1, 2, 3, 4]);
});

// Complex numbers move and multiply once they are in the dtype classes.
describe.runIf(NUMBERS.includes('complex64'))('complex numbers', () => {
  test.each(['backward', 'ortho', 'forward'] as const)('there and back with the norm %s', (norm) => {
    close(np.fft.irfft(np.fft.rfft(x, null, 0, { norm }), 4, 0, { norm }), x);
    close(np.fft.irfftn(np.fft.rfftn(x, null, null, { norm }), [4, 5], null, { norm }), x);
    close(lax.real(np.fft.ifftn(np.fft.fftn(x, null, null, { norm }), null, null, { norm })), x);
  });
  it('puts zeros behind', () => expect(np.fft.rfft(x, 8, 0).shape).toEqual([5, 5]));
  it('goes over more than three axes', () => {
    const y = np.reshape(np.array(Array.from({ length: 48 }, (_, i) => i % 7)), [2, 3, 2, 2, 2]);
    close(np.fft.irfftn(np.fft.rfftn(y)), y);
    close(lax.real(np.fft.ifft2(np.fft.fft2(y))), y);
  });
  it('differentiates: the energy of a spectrum is N times that of the numbers', () => {
    const energy = (z: NDArray): NDArray => {
      const f = np.fft.fft(z);
      return lax.reduceSum(lax.real(lax.mul(f, lax.conj(f))), [0]);
    };
    const z = np.array([1, -2, 3]);
    close(grad(energy)(z), np.multiply(z, 6));
  });
});
