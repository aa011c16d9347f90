/** Inverse trigonometric functions, hyperbolic functions and their inverses. */
import type { Part } from './compile/lowering.ts';
import { acos, asin, atan, atan2 } from './functions/arcs.ts';
import { complexCosh, complexSinh } from './functions/complex-exponentials.ts';
import {
  complexAcos,
  complexAcosh,
  complexAsin,
  complexAsinh,
  complexAtan,
  complexAtanh,
} from './functions/complex-logarithms.ts';
import { cosh, sinh } from './functions/exponentials.ts';
import { acosh, asinh, atanh } from './functions/logarithms.ts';
import { called } from './pointwise.ts';

/** In additions. */
const COST = 20;

export const trigonometry: Part<'asin' | 'acos' | 'atan' | 'atan2' | 'sinh' | 'cosh' | 'asinh' | 'acosh' | 'atanh'> = {
  asin: called(asin, COST, complexAsin),
  acos: called(acos, COST, complexAcos),
  atan: called(atan, COST, complexAtan),
  atan2: called(atan2, COST),
  sinh: called(sinh, COST, complexSinh),
  cosh: called(cosh, COST, complexCosh),
  asinh: called(asinh, COST, complexAsinh),
  acosh: called(acosh, COST, complexAcosh),
  atanh: called(atanh, COST, complexAtanh),
};
