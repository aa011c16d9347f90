/**
 * Etalon: JAX in TypeScript. Transformations, arrays, and the namespaces `numpy` (also `np`), `lax`, `random`, `nn`,
 * `scipy` and `tree`. The specification is in spec/; start at spec/README.md.
 */
import { installArrayMethods } from './core/ndarray.ts';
import { installJaxprPrinter } from './core/jaxpr.ts';
import { printJaxpr } from './core/text.ts';
import { obeyEnvironment } from './library/debug/nans.ts';
import { arrayMethods } from './library/methods.ts';

installArrayMethods(arrayMethods);
installJaxprPrinter(printJaxpr);
obeyEnvironment();

export * as debug from './library/debug/index.ts';
export * as lax from './library/lax.ts';
export * as nn from './library/nn.ts';
export * as np from './library/numpy/index.ts';
export * as numpy from './library/numpy/index.ts';
export * as random from './library/random.ts';
export * as scipy from './library/scipy/index.ts';
export * as tree from './library/tree.ts';
export * as checkify from './transforms/checkify/index.ts';

export { grad, type GradOptions, jvp, linearize, valueAndGrad, vjp } from './transforms/grad.ts';
export { hessian, jacfwd, type Jacobian, jacobian, type JacobianOptions, jacrev } from './transforms/jacobian.ts';
export { evalShape, linearTranspose, type ShapeOf } from './transforms/linear-transpose.ts';
export { explainCacheMisses } from './transforms/cache-misses.ts';
export { disableJit } from './transforms/disable-jit.ts';
export { jit, type JitOptions, type Jitted } from './transforms/jit.ts';
export { type CacheInfo, clearCaches } from './transforms/jit-cache.ts';
export type { Compiled, Lowered } from './transforms/lower.ts';
export { vmap, type VmapOptions } from './transforms/batching.ts';
export { makeJaxpr, type MakeJaxprOptions } from './transforms/make-jaxpr.ts';
export { pmap, type PmapOptions, softPmap } from './transforms/pmap.ts';
export {
  checkpoint,
  type CheckpointOptions,
  checkpointPolicies,
  type CheckpointPolicy,
} from './transforms/checkpoint.ts';
export { closureConvert } from './transforms/closure-convert.ts';
export type { CustomOptions } from './transforms/custom.ts';
export { customGradient, customVjp, type CustomVjp } from './transforms/custom-vjp.ts';
export { type ArgumentJvpRule, customJvp, type CustomJvp } from './transforms/custom-jvp.ts';
export {
  type ArgumentVjpRule,
  customTransforms,
  type CustomTransforms,
  defjvp,
  defjvpAll,
  defvjp,
  defvjpAll,
} from './transforms/custom-transforms.ts';
export { stopGradient } from './transforms/stop-gradient.ts';

export * from './backends.ts';
export type { Backend } from './core/open-backend.ts';
export { type BackendDefinition, defineBackend, gap, type Gap, type Session } from './core/backend.ts';
export { enableX64, x64Enabled } from './core/config.ts';
export type { DType } from './core/dtypes.ts';
export * as errors from './core/errors.ts';
export { EtalonError } from './core/errors.ts';
export { type Aval, type HostArray, hostArray, type HostData, type Shape } from './core/host.ts';
export { Jaxpr } from './core/jaxpr.ts';
export { interpret, type Kernels } from './core/machine.ts';
export { opByOp } from '../backends/op-by-op.ts';
export { type Lowerings, supportsFrom, withGaps } from '../backends/table.ts';
export { type ArrayLike, NDArray, type Nested } from './core/ndarray.ts';
export { primitiveNamed, primitives } from './primitives/index.ts';
export { evaluateJaxpr, referenceBackend } from './interpreter.ts';
