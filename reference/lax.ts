/**
 * The functions of `lax`: each applies one primitive, with JAX's strictness. Arrays must agree in shape and dtype
 * (numpy's functions promote and broadcast); a JavaScript number takes the dtype and shape of the arrays beside it.
 * What each primitive means stands in spec/primitives/.
 */
import type { Tangent } from './core/primitive.ts';
import { add } from './lax/elementwise.ts';

export * from './lax/collectives.ts';
export * from './lax/contraction.ts';
export * from './lax/elementwise.ts';
export * from './lax/fft.ts';
export * from './lax/indexing.ts';
export * from './lax/random.ts';
export * from './lax/reduction.ts';
export * from './lax/shape.ts';
export * from './lax/sorting.ts';
export * from './lax/windows.ts';
export * as linalg from './lax/linalg.ts';

// ---- for rules

export { collective } from './lax/apply.ts';

/** The sum of two tangents, of which either may be a symbolic zero. */
export const addTangents = (a: Tangent, b: Tangent): Tangent => (a === null ? b : b === null ? a : add(a, b));
