/** Complex numbers and their parts. */
import type { Part } from './compile/lowering.ts';
import { elementwise, opaque } from './pointwise.ts';

export const complex: Part<'complex' | 'real' | 'imag' | 'conj'> = {
  complex: elementwise((_, [re, im]) => `vec2f(${re}, ${im})`),
  real: elementwise((_, [z]) => `${z}.x`),
  imag: elementwise((_, [z]) => `${z}.y`),
  conj: elementwise((k, [z]) => `vec2f(${z}.x, ${opaque(k, `-${z}.y`, 'float32')})`),
};
