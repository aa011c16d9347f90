/** Special functions, of which the engines have erf only. */
import { gap } from '../../reference/core/backend.ts';
import type { SpecialFunction } from '../../reference/primitives/accuracy.ts';
import type { Part } from './lowering.ts';

const missing = gap('no special functions in tfjs');

export const special: Part<SpecialFunction> = {
  erfc: missing,
  erf_inv: missing,
  lgamma: missing,
  digamma: missing,
  polygamma: missing,
  zeta: missing,
  bessel_i0e: missing,
  bessel_i1e: missing,
  igamma: missing,
  igammac: missing,
  igamma_grad_a: missing,
  random_gamma_grad: missing,
  regularized_incomplete_beta: missing,
};
