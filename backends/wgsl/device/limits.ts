/** What a device does not take, told before it refuses it. */
import { BackendError } from '../../../reference/core/errors.ts';
import { showAval } from '../../../reference/core/host.ts';
import { MOST_WORKGROUPS } from '../compile/making.ts';
import { type KernelStep, type Owner, type Plan, showOwner, type Step } from '../compile/plan.ts';
import { bufferBytes, type Type } from '../compile/types.ts';

/** Storage buffers of one kernel, on every adapter. */
const MOST_BUFFERS = 8;

/** `f32[3], the result of mul at model.ts:3:7,` */
export const showMade = (type: Type, owner: Owner | null): string =>
  owner === null ? showAval(type) : `${showAval(type)}, the result of ${showOwner(owner)},`;

/** @throws BackendError if a value is larger than what kernels can use */
export function requireFits(what: () => string, bytes: number, largest: number): void {
  if (bytes > largest)
    throw new BackendError(
      `wgsl: ${what()} takes ${bytes} bytes, and this device has buffers of at most ${largest} (maxBufferSize, maxStorageBufferBindingSize); compute it in smaller parts`,
    );
}

export const requireValueFits = (type: Type, owner: Owner | null, largest: number): void =>
  requireFits(() => showMade(type, owner), bufferBytes(type), largest);

/** @throws BackendError if a program has a value or a kernel that no device of these limits takes */
export function requireWithin({ buffers, steps, results }: Plan, largest: number): void {
  for (const { type, owner } of results) requireValueFits(type, owner, largest);
  for (const kernel of kernelsOf(steps)) {
    for (const { buffer } of kernel.bindings)
      requireFits(() => `a value of ${showOwner(kernel)}`, buffers[buffer]!.bytes, largest);
    requireAtMost(kernel, 'storage buffers', kernel.bindings.length, MOST_BUFFERS);
    for (const count of kernel.workgroups) requireAtMost(kernel, 'workgroups along one axis', count, MOST_WORKGROUPS);
  }
}

function requireAtMost(kernel: KernelStep, what: string, count: number, most: number): void {
  if (count > most)
    throw new BackendError(
      `wgsl: ${showOwner(kernel)} needs ${count} ${what}, and WebGPU has ${most}; compute it in smaller parts`,
    );
}

const kernelsOf = (steps: readonly Step[]): readonly KernelStep[] =>
  steps.flatMap((step) => (step.kind === 'kernel' ? [step] : 'steps' in step ? kernelsOf(step.steps) : []));
