/** Choosing where programs run: opening backends, the default one, and moving arrays. */
import { loadBackendDefinition } from '../backends/registry.ts';
import { ConcreteArray } from './core/array.ts';
import { getDefaultBackend, setDefaultBackend as makeDefault } from './core/evaluation.ts';
import { Backend, requireBackend } from './core/open-backend.ts';
import { tidyArrays } from './core/scopes.ts';
import type { BackendDefinition, OpenOptions } from './core/backend.ts';
import { environmentVariable } from './core/config.ts';
import { ArgumentError, describe, OptionError, refuseExtra } from './core/errors.ts';
import { callback } from './core/arguments.ts';
import { asArray } from './core/convert.ts';
import type { NDArray } from './core/ndarray.ts';
import { leaves, type Mapped } from './core/tree.ts';
import { map } from './core/tree-map.ts';
import { openReference, referenceBackend } from './interpreter.ts';
import { rejectAsync } from './transforms/call.ts';

/** The reference interpreter: always open, and the default until another is set. */
export const reference: Backend = new Backend(referenceBackend, openReference());
makeDefault(reference);

interface Opened {
  readonly backend: Promise<Backend>;
  readonly options: OpenOptions;
}
const opened = new Map<string, Opened>([['reference', { backend: Promise.resolve(reference), options: {} }]]);

/**
 * Opens a backend: by name (once per process; `backends()` of the command line lists them), or from a definition. One
 * that has been closed, or whose device was lost, is opened again. What options there are is the backend's to say.
 *
 * @example
 * const wasm = await backend('tfjs:wasm');
 * const f = jit((x) => np.sin(x).sum(), { backend: wasm });
 * @throws BackendError if there is no such backend, or it cannot start here (and what to install); OptionError for an
 *   option that the backend does not know, or that it was not opened with
 */
export async function backend(which: string | BackendDefinition, options: OpenOptions = {}): Promise<Backend> {
  if (typeof which !== 'string' && typeof (which as Partial<BackendDefinition> | null)?.open !== 'function')
    throw new ArgumentError(`backend: expected the name of a backend or its definition, got ${describe(which)}`);
  if (typeof which !== 'string') return new Backend(which, await which.open(options));
  for (let known = opened.get(which); known !== undefined; known = opened.get(which)) {
    const open = await known.backend;
    if (!open.closed && (open.session.lost ?? null) === null) {
      requireOpenedWith(options, known.options, which);
      return open;
    }
    if (opened.get(which) === known) opened.delete(which);
  }
  const opening = loadBackendDefinition(which).then(
    async (definition) => new Backend(definition, await definition.open(options)),
  );
  opened.set(which, { backend: opening, options });
  opening.catch(() => opened.delete(which));
  return opening;
}

/** An open backend keeps the options that it was opened with. */
function requireOpenedWith(options: OpenOptions, own: OpenOptions, which: string): void {
  const other = Object.keys(options).find((key) => !Object.is(options[key], own[key]));
  if (other !== undefined)
    throw new OptionError(
      `backend: ${which} is open already, with ${other} ${describe(own[other])}, not ${describe(options[other])}; options are given when it is first opened, or after close()`,
    );
}

/** The backend on which computations on uncommitted arrays run from now on. @throws ArgumentError */
export const setDefaultBackend = (which: Backend): void => makeDefault(requireBackend(which, 'setDefaultBackend'));

/** Opens the backend that ETALON_BACKEND names, if it is set, and makes it the default. */
export async function init(): Promise<Backend> {
  const name = environmentVariable('ETALON_BACKEND');
  if (name !== undefined && name !== '') setDefaultBackend(await backend(name));
  return getDefaultBackend();
}

/**
 * A copy of every array of a tree on `where`; numbers become arrays there.
 * @throws NoSyncReadError if an array's own backend cannot read at once
 */
export function devicePut<T>(tree: T, where: Backend = getDefaultBackend(), ...more: []): Mapped<T, NDArray> {
  refuseExtra(more, 'devicePut');
  requireBackend(where, 'devicePut');
  return map((leaf) => {
    const x = asArray(leaf, 'devicePut');
    if (!(x instanceof ConcreteArray))
      throw new ArgumentError('devicePut: a traced value lives nowhere yet; use jit(f, { backend })');
    if (x.backend === where) return x;
    return ConcreteArray.fromBuffer(x.aval, where, where.session.put(x.toHost(), where.device));
  }, tree);
}

/**
 * Runs `f`, then frees every array that was made meanwhile and is not part of its result.
 *
 * @example
 * const y = tidy(() => np.exp(x).sum()); // the exponentials are gone
 */
export function tidy<T>(f: () => T, ...more: []): T {
  refuseExtra(more, 'tidy');
  callback(f, 'tidy: f');
  return tidyArrays(() => {
    const result = f();
    rejectAsync(result, 'tidy');
    return result;
  }, leaves);
}

/** Waits until every array of a tree has been computed. */
export async function blockUntilReady<T>(tree: T): Promise<T> {
  await Promise.all(leaves(tree).map((x) => asArray(x, 'blockUntilReady').blockUntilReady()));
  return tree;
}

/** What is alive on a backend, for memory checks. */
export const liveBuffers = (
  where: Backend = getDefaultBackend(),
): { readonly buffers: number; readonly bytes: number } => requireBackend(where, 'liveBuffers').session.live();

export { getDefaultBackend };
