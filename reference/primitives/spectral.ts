/** The spectral decompositions (spec/primitives/spectral.md). */
export { eig } from './eig.ts';
export { eigh } from './eigh.ts';
export { svd } from './svd.ts';
