/** Special functions. */
import type { Part } from './compile/lowering.ts';
import { besselI0e, besselI1e } from './functions/bessel.ts';
import { erfc, erfInv } from './functions/errors.ts';
import { digamma, lgamma } from './functions/gamma.ts';
import { regularizedIncompleteBeta } from './functions/incomplete-beta.ts';
import { igamma, igammac, igammaGradA, randomGammaGrad } from './functions/incomplete-gamma.ts';
import { polygamma, zeta } from './functions/zeta.ts';
import { called } from './pointwise.ts';

/** In additions. */
const COST = 30;
const COST_OF_PAIRS = 1000;

export const special: Part<
  | 'erfc'
  | 'erf_inv'
  | 'lgamma'
  | 'digamma'
  | 'polygamma'
  | 'zeta'
  | 'bessel_i0e'
  | 'bessel_i1e'
  | 'igamma'
  | 'igammac'
  | 'igamma_grad_a'
  | 'random_gamma_grad'
  | 'regularized_incomplete_beta'
> = {
  erfc: called(erfc, COST),
  erf_inv: called(erfInv, COST),
  lgamma: called(lgamma, COST_OF_PAIRS),
  digamma: called(digamma, COST_OF_PAIRS),
  polygamma: called(polygamma, COST_OF_PAIRS),
  zeta: called(zeta, COST_OF_PAIRS),
  bessel_i0e: called(besselI0e, COST),
  bessel_i1e: called(besselI1e, COST),
  igamma: called(igamma, COST_OF_PAIRS),
  igammac: called(igammac, COST_OF_PAIRS),
  igamma_grad_a: called(igammaGradA, COST_OF_PAIRS),
  random_gamma_grad: called(randomGammaGrad, COST_OF_PAIRS),
  regularized_incomplete_beta: called(regularizedIncompleteBeta, COST_OF_PAIRS),
};
