/** Complex numbers, which these engines hold but hardly compute with. */
import { gap } from '../../reference/core/backend.ts';
import type { Part } from './lowering.ts';

const NO_COMPLEX = gap('no complex numbers in tfjs');

export const complex: Part<'complex' | 'real' | 'imag' | 'conj'> = {
  complex: NO_COMPLEX,
  real: NO_COMPLEX,
  imag: NO_COMPLEX,
  conj: NO_COMPLEX,
};
