/** The backends that come with Etalon: names and where they are, so that each is loaded only when asked for. */
import type { BackendDefinition } from '../reference/core/backend.ts';
import { BackendError } from '../reference/core/errors.ts';

const backends: Readonly<Record<string, () => Promise<BackendDefinition>>> = {
  reference: async () => (await import('../reference/interpreter.ts')).referenceBackend,
  'tfjs:wasm': async () => (await import('./tfjs/index.ts')).tfjsWasm,
  'tfjs:cpu': async () => (await import('./tfjs/index.ts')).tfjsCpu,
  wgsl: async () => (await import('./wgsl/index.ts')).wgsl,
};

/** The names that `loadBackendDefinition` knows. */
export const BACKEND_NAMES: readonly string[] = Object.keys(backends);

/** The definition of a built-in backend. @throws BackendError naming those that exist */
export async function loadBackendDefinition(name: string): Promise<BackendDefinition> {
  if (!Object.hasOwn(backends, name)) {
    throw new BackendError(`there is no backend '${name}'; the backends are ${BACKEND_NAMES.join(', ')}`);
  }
  return backends[name]!();
}
