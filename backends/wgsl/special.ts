/** Special functions. */
import type { Part } from './compile/lowering.ts';
import { besselI0e, besselI1e } from './functions/bessel.ts';
import { erfc, erfInv } from './functions/errors.ts';
import { digamma, lgamma } from './functions/gamma.ts';
import { regularizedIncompleteBeta } from './functions/incomplete-beta.ts';
import { igamma, igammac, igammaGradA, randomGammaGrad } from './functions/incomplete-gamma.ts';
import { polygamma, zeta } from './functions/zeta.ts';
import { called, calledAlone } from './pointwise.ts';

/** In additions. */
const COST = 30;

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
  lgamma: calledAlone(lgamma),
  digamma: calledAlone(digamma),
  polygamma: calledAlone(polygamma),
  zeta: calledAlone(zeta),
  bessel_i0e: called(besselI0e, COST),
  bessel_i1e: called(besselI1e, COST),
  igamma: calledAlone(igamma),
  igammac: calledAlone(igammac),
  igamma_grad_a: calledAlone(igammaGradA),
  random_gamma_grad: calledAlone(randomGammaGrad),
  regularized_incomplete_beta: calledAlone(regularizedIncompleteBeta),
};
