/** The built-in backends, by name. Each is imported only when it is asked for: its engine is an optional peer. */
import type { BackendDefinition } from '../reference/core/backend.ts';
import { BackendError } from '../reference/core/errors.ts';

const loaders: Readonly<Record<string, () => Promise<BackendDefinition>>> = {
  reference: async () => (await import('../reference/interpreter.ts')).referenceBackend,
  'tfjs:wasm': async () => (await import('./tfjs/index.ts')).tfjsWasm,
  'tfjs:cpu': async () => (await import('./tfjs/index.ts')).tfjsCpu,
};

export const BACKEND_NAMES: readonly string[] = Object.keys(loaders);

/** @throws BackendError for a name that is not built in */
export function loadBackendDefinition(name: string): Promise<BackendDefinition> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load === undefined) {
    throw new BackendError(`there is no backend '${name}'; there are ${BACKEND_NAMES.join(', ')}, and files that default-export defineBackend(…)`);
  }
  return load();
}
