/**
 * `numpy`: JAX's numpy functions in camelCase, built on `lax` alone, so that each one differentiates, batches and
 * compiles. Nothing here is normative; what the primitives below it do is.
 */
export { finfo } from '../../core/dtypes.ts';
export { iinfo } from './creation.ts';
export * from './constants.ts';
export {
  arange,
  array,
  type ArrayOptions,
  type ArraySource,
  asarray,
  astype,
  diag,
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  identity,
  linspace,
  meshgrid,
  ndim,
  ones,
  onesLike,
  promoteTypes,
  resultType,
  shape,
  size,
  tri,
  tril,
  triu,
  zeros,
  zerosLike,
} from './creation.ts';
export * from './elementwise.ts';
export * as linalg from './linalg.ts';
export * from './logic.ts';
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  countNonzero,
  cumprod,
  cumsum,
  diff,
  max,
  mean,
  min,
  prod,
  ptp,
  std,
  sum,
  variance as var,
  variance as var_,
  type VarianceOptions,
} from './reductions.ts';
export * from './shape.ts';
export * from './sorting.ts';
export * from './join.ts';
export * from './products.ts';
export { einsum } from './einsum.ts';
export { diagonal, take, takeAlongAxis, type TakeMode, type TakeOptions } from './indexing.ts';
export * as fft from './fft.ts';
