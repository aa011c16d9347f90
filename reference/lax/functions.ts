/**
 * The functions of `lax`: each applies one primitive, with JAX's strictness. Arrays must agree in shape and dtype
 * (numpy's functions promote and broadcast); a JavaScript number takes the dtype and shape of the arrays beside it.
 * What each primitive means stands in spec/primitives/.
 */
export * from './collectives.ts';
export * from './contraction.ts';
export * from './elementwise.ts';
export * from './fft.ts';
export * from './indexing.ts';
export * from './random.ts';
export * from './reduction.ts';
export * from './shape.ts';
export * from './sorting.ts';
export * from './windows.ts';
export * as linalg from './linalg.ts';
