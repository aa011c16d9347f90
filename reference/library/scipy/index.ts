/** `scipy`: the parts of SciPy that JAX has, in camelCase, built on `lax`. Not normative. */
export * as special from './special.ts';
export * as sparse from './sparse/index.ts';
