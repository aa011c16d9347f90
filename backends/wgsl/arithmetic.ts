/** Arithmetic, rounding to integers, extremes. */
import type { Part } from './compile/lowering.ts';
import { elementwise } from './pointwise.ts';

export const arithmetic: Part<'add' | 'sub' | 'mul' | 'neg'> = {
  add: elementwise((_, [x, y]) => `(${x} + ${y})`),
  sub: elementwise((_, [x, y]) => `(${x} - ${y})`),
  mul: elementwise((_, [x, y]) => `(${x} * ${y})`),
  neg: elementwise((_, [x], dtype) => (dtype.startsWith('uint') ? `(~${x} + 1u)` : `(-${x})`)),
};
