/** Special functions. */
import type { Part } from './compile/lowering.ts';
import { erfc, erfInv } from './functions/errors.ts';
import { called } from './pointwise.ts';

/** In additions. */
const COST = 30;

export const special: Part<'erfc' | 'erf_inv'> = {
  erfc: called(erfc, COST),
  erf_inv: called(erfInv, COST),
};
