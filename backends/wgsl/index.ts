/**
 * The backend `wgsl`: programs become fused WGSL kernels that run through WebGPU, in browsers and, with the npm package
 * `webgpu`, under Node (spec/backend.md).
 */
import {
  type BackendDefinition,
  type Capabilities,
  defineBackend,
  type OpenOptions,
} from '../../reference/core/backend.ts';
import { shortName } from '../../reference/core/dtypes.ts';
import { checkOptions, describe, OptionError } from '../../reference/core/errors.ts';
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
import { atomicScatters } from './scatter-atomics.ts';
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

/** As `wgslTable`, with sums of many updates in whatever order they come. */
export const atomicTable: Table = { ...wgslTable, ...atomicScatters };

const unheld = ({ dtype }: Aval): string | null => (isHeld(dtype) ? null : `no ${shortName(dtype)} in WGSL`);
const capabilities: Capabilities = { syncRead: false, hiddenMemory: true };

/** What `backend('wgsl', …)` takes. */
interface WgslOptions {
  /** Which GPU, where there are several. */
  readonly powerPreference?: GPUPowerPreference;
  /** Scatters of many updates use atomic operations: sums of floats may then have other bits in every run. */
  readonly atomics?: boolean;
}

function optionsOf(options: OpenOptions): WgslOptions {
  checkOptions(options, ['powerPreference', 'atomics'], 'wgsl');
  const { powerPreference } = options;
  if (!(['low-power', 'high-performance', undefined] as unknown[]).includes(powerPreference))
    throw new OptionError(
      `wgsl: powerPreference must be 'low-power' or 'high-performance', got ${describe(powerPreference)}`,
    );
  return options;
}

export const wgsl: BackendDefinition = defineBackend({
  name: 'wgsl',
  profile: 'gpu',
  capabilities,
  supports: supportsFrom(wgslTable, unheld, capabilities, new Set(Object.keys(control))),
  open: async (options) => {
    const { powerPreference, atomics = false } = optionsOf(options);
    const opened = await openDevice(powerPreference);
    const description = atomics ? `${opened.description}, with atomics` : opened.description;
    const table = atomics ? atomicTable : wgslTable;
    return new WgslSession({ ...opened, description }, (jaxpr, target) => compile(jaxpr, table, control, target));
  },
});
