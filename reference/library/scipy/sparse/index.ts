/** `scipy.sparse`: of SciPy's, the solvers, which need nothing but products. */
export * as linalg from './linalg.ts';
