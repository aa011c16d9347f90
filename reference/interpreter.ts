/**
 * The reference backend: each equation by its primitive's normative `evaluate`, on host arrays, in order. What it
 * computes is what a program means (spec/README.md).
 */
import { type BackendDefinition, defineBackend, type Session } from './core/backend.ts';
import { avalOf, type HostArray } from './core/host.ts';
import type { Jaxpr } from './core/jaxpr.ts';
import { interpret, type Kernels } from './core/machine.ts';
import { primitiveNamed } from './primitives/index.ts';

/** `counted` is told of every handle that begins (+1) and ends (−1). */
function kernels(counted: (change: 1 | -1, value: HostArray) => void): Kernels<HostArray> {
  const begin = (value: HostArray): HostArray => {
    counted(1, value);
    return value;
  };
  return {
    apply: (primitive, operands, params) => primitive.evaluate(operands, params).map((y) => begin({ ...y })),
    put: (value) => begin({ ...value }),
    read: (value) => value,
    clone: (value) => begin({ ...value }),
    free: (value) => counted(-1, value),
    avalOf,
    primitiveNamed,
  };
}

function openSession(): Session {
  let buffers = 0;
  let bytes = 0;
  const own = kernels((change, value) => {
    buffers += change;
    bytes += change * value.data.byteLength;
  });
  const compile = interpret(own);
  return {
    devices: [{ id: 0, description: 'reference interpreter' }],
    compile,
    put: own.put,
    read: (buffer) => Promise.resolve(buffer as HostArray),
    readSync: (buffer) => buffer as HostArray,
    free: (buffer) => own.free(buffer as HostArray),
    live: () => ({ buffers, bytes }),
    close: () => undefined,
  };
}

/** The reference as a backend: answers everything, strictly. */
export const referenceBackend: BackendDefinition = defineBackend({
  name: 'reference',
  profile: 'strict',
  capabilities: { syncRead: true },
  supports: () => true,
  open: () => Promise.resolve(openSession()),
});

/** A session of the reference, at once: it has nothing to wait for. */
export const openReference: () => Session = openSession;

const compile = interpret(kernels(() => undefined));

/** The values of a jaxpr's outputs by definition. */
export function evaluateJaxpr(jaxpr: Jaxpr, operands: readonly HostArray[]): readonly HostArray[] {
  return compile(jaxpr).run(operands) as readonly HostArray[];
}
