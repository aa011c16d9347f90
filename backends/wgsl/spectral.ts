/** Spectra: eigenvalues of Hermitian matrices and singular values. */
import { gap } from '../../reference/core/backend.ts';
import type { Part } from './compile/lowering.ts';
import { eigh } from './linalg/eigh.ts';
import { svd } from './linalg/svd.ts';

export const spectral: Part<'eigh' | 'svd' | 'eig'> = {
  eigh,
  svd,
  eig: gap('eigenvectors of matrices that are not Hermitian need more than the 24 bits of WGSL floats'),
};
