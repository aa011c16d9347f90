/** The namespace `lax`: the functions that apply one primitive, and structured control flow. */
export * from '../lax/functions.ts';
export * from './convolution.ts';
export {
  associativeScan,
  type AssociativeScanOptions,
  foriLoop,
  type ForiLoopOptions,
  map,
  type MapOptions,
  whileLoop,
} from '../transforms/loops.ts';
export { cond, scan, type ScanOptions, switch_, switch_ as switch } from '../transforms/control-flow.ts';
export { customLinearSolve, customRoot, type LinearMap, type LinearSolveOptions, type RootOptions } from '../transforms/custom-linear-solve.ts'; // prettier-ignore
export { type Computation, reduce, reduceWindow } from '../transforms/reduce.ts';
