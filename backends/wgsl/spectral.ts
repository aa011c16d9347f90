/** Spectra: eigenvalues and singular values. */
import type { Part } from './compile/lowering.ts';
import { eig } from './linalg/eig.ts';
import { eigh } from './linalg/eigh.ts';
import { svd } from './linalg/svd.ts';

export const spectral: Part<'eigh' | 'svd' | 'eig'> = { eigh, svd, eig };
