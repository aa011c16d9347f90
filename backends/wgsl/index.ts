/**
 * The backend `wgsl`: programs become fused WGSL kernels that run through WebGPU, in browsers and, with the npm package
 * `webgpu`, under Node (spec/backend.md).
 */
import { type BackendDefinition, type Capabilities, defineBackend } from '../../reference/core/backend.ts';
import { shortName } from '../../reference/core/dtypes.ts';
import type { Aval } from '../../reference/core/host.ts';
import { supportsFrom } from '../table.ts';
import { arithmetic } from './arithmetic.ts';
import { bits } from './bits.ts';
import { comparison } from './comparison.ts';
import { compile } from './compile/compile.ts';
import type { Table } from './compile/lowering.ts';
import { isHeld } from './compile/types.ts';
import { complex } from './complex.ts';
import { contraction } from './contraction.ts';
import { control } from './control.ts';
import { conversion } from './conversion.ts';
import { convolution } from './convolution.ts';
import { cumulatives } from './cumulative.ts';
import { openDevice } from './device/adapter.ts';
import { WgslSession } from './device/session.ts';
import { fft } from './fft.ts';
import { indexing } from './indexing.ts';
import { joining } from './joining.ts';
import { linalg } from './linalg.ts';
import { math } from './math.ts';
import { random } from './random.ts';
import { reductions } from './reduction.ts';
import { scatters } from './scatter.ts';
import { shape } from './shape.ts';
import { sorting } from './sorting.ts';
import { special } from './special.ts';
import { spectral } from './spectral.ts';
import { trigonometry } from './trigonometry.ts';
import { windowed } from './windowed.ts';

export const wgslTable: Table = {
  ...arithmetic,
  ...comparison,
  ...bits,
  ...conversion,
  ...math,
  ...complex,
  ...special,
  ...random,
  ...trigonometry,
  ...shape,
  ...joining,
  ...indexing,
  ...scatters,
  ...windowed,
  ...fft,
  ...linalg,
  ...spectral,
  ...reductions,
  ...contraction,
  ...convolution,
  ...cumulatives,
  ...sorting,
};

const unheld = ({ dtype }: Aval): string | null => (isHeld(dtype) ? null : `no ${shortName(dtype)} in WGSL`);
const capabilities: Capabilities = { syncRead: false, hiddenMemory: true };

export const wgsl: BackendDefinition = defineBackend({
  name: 'wgsl',
  profile: 'gpu',
  capabilities,
  supports: supportsFrom(wgslTable, unheld, capabilities, new Set(Object.keys(control))),
  open: async ({ powerPreference }) =>
    new WgslSession(await openDevice(powerPreference as GPUPowerPreference | undefined), (jaxpr, target) =>
      compile(jaxpr, wgslTable, control, target),
    ),
});
