/** Fourier transforms and spectral decompositions: none. */
import { gap } from '../../reference/core/backend.ts';
import type { Part } from './lowering.ts';

const NO_DECOMPOSITION = gap('no eigenvalues or singular values in tfjs');

export const decompositions: Part<'fft' | 'eigh' | 'svd' | 'eig'> = {
  fft: gap('no complex numbers in tfjs'),
  eigh: NO_DECOMPOSITION,
  svd: NO_DECOMPOSITION,
  eig: NO_DECOMPOSITION,
};
