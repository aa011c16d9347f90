/** The transformations of jaxprs that the rules of higher-order primitives receive. */
import type { Transforms } from '../core/rules.ts';
import { bind } from '../core/trace.ts';
import * as lax from '../lax.ts';
import { dceJaxpr } from './dce.ts';
import { evaluate } from './evaluate.ts';
import { jvpJaxpr } from './jvp.ts';
import { partialEvalJaxpr } from './partial-eval.ts';
import { stageClosed } from './staging.ts';
import { transposeJaxpr } from './transpose.ts';
import { batchJaxpr } from './vmap.ts';

export const transforms: Transforms = {
  lax,
  bind,
  trace: (f, avals) => stageClosed((args) => f(...args), avals),
  traceList: stageClosed,
  evaluate,
  jvp: (jaxpr, nonzero, force) => jvpJaxpr(transforms, jaxpr, nonzero, force),
  partialEval: (jaxpr, known, force) => partialEvalJaxpr(transforms, jaxpr, known, force),
  transpose: (jaxpr, linear, given, force) => transposeJaxpr(transforms, jaxpr, linear, given, force),
  batch: (jaxpr, batched, axis, force) => batchJaxpr(transforms, jaxpr, batched, axis, force),
  dce: (jaxpr, used) => dceJaxpr(transforms, jaxpr, used),
};
