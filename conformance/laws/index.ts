/** Every law on programs. `rejects`, `fixture` and `training` have cases of their own kinds. */
import type { LawName } from '../types.ts';
import { adjoint } from './adjoint.ts';
import { derivative } from './derivative.ts';
import { jitIsEager } from './jit-is-eager.ts';
import { keepsInputs } from './keeps-inputs.ts';
import type { Law } from './law.ts';
import { linearity } from './linearity.ts';
import { repeats } from './repeats.ts';
import { value } from './value.ts';
import { vmapIsLoop } from './vmap-is-loop.ts';

export type ProgramLaw = Exclude<LawName, 'rejects' | 'fixture' | 'training'>;

export const laws: { readonly [N in ProgramLaw]: Law } = {
  value,
  'jit-is-eager': jitIsEager,
  'vmap-is-loop': vmapIsLoop,
  adjoint,
  derivative,
  linearity,
  repeats,
  'keeps-inputs': keepsInputs,
};
