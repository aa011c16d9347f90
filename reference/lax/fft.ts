/** Fourier transforms in `lax`. */
import { refuseExtra } from '../core/errors.ts';
import type { Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { FftType } from '../primitives/fft.ts';
import { apply } from './apply.ts';

/**
 * The discrete Fourier transform over the last axes, as many as there are lengths (1 to 3): of complex numbers and back
 * ('FFT', 'IFFT'), of real numbers to the first half of their spectrum and back ('RFFT', 'IRFFT').
 *
 * @example
 * lax.fft(np.array([1, 2, 3, 4]), 'RFFT', [4]); // [10, -2+2i, -2]
 */
export const fft = (x: NDArray, fftType: FftType, fftLengths: Shape, ...more: []): NDArray => {
  refuseExtra(more, 'lax.fft');
  return apply('fft', [x], { fft_type: fftType, fft_lengths: fftLengths });
};
