/** `scipy`: the parts of SciPy that JAX has, in camelCase, built on `lax`. Not normative. */
export * as special from './special.ts';
