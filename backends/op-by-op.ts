/** The shortest way to a backend: lowerings, and three functions between the host and the device. */
import {
  type BackendDefinition,
  type Buffer,
  defineBackend,
  type ProfileName,
  type Session,
} from '../reference/core/backend.ts';
import { type Aval, type HostArray, sizeOf } from '../reference/core/host.ts';
import { dtypes } from '../reference/core/dtypes.ts';
import { interpret, type Kernels } from '../reference/core/machine.ts';
import { primitiveNamed } from '../reference/primitives/index.ts';
import { lowererOf, type Lowerings, supportsFrom, withGaps } from './table.ts';

/** How values get onto the device and back. V is whatever the device calls a value. */
export interface Host<V extends object> {
  put(value: HostArray): V;
  read(value: V): HostArray;
  free(value: V): void;
}

export interface OpByOpOptions<V extends object> {
  readonly name: string;
  /** What the arithmetic of the device may do (spec/numerics.md#profiles). */
  readonly profile?: ProfileName;
  /** Versions, adapter, threads: what reports print. */
  readonly description?: string;
  /** What is computed; the rest are gaps. A lowering may return an operand. */
  readonly lowerings: Partial<Lowerings<Host<V>, V>>;
  /** Why values of a type cannot be held; null: they can. */
  readonly values?: (type: Aval) => string | null;
  readonly host: Host<V>;
}

/**
 * A backend that computes one primitive at a time.
 *
 * @example
 * export default opByOp({
 *   name: 'mine',
 *   lowerings: { add: (host, [x, y]) => [myAdd(x, y)] },
 *   host: { put: upload, read: download, free: release },
 * });
 */
export function opByOp<V extends object>(options: OpByOpOptions<V>): BackendDefinition {
  const { name, profile = 'strict', lowerings, values = () => null } = options;
  return defineBackend({
    name,
    profile,
    capabilities: { syncRead: true },
    supports: supportsFrom(withGaps(lowerings), values),
    open: () => Promise.resolve(openSession(options)),
  });
}

interface Handle<V> {
  readonly value: V;
  readonly type: Aval;
}

function openSession<V extends object>({ name, description = name, lowerings, host }: OpByOpOptions<V>): Session {
  const table = withGaps(lowerings);
  const live = new Set<Handle<V>>();
  const references = new Map<V, number>();
  const own = (value: V, { shape, dtype }: Omit<Aval, 'weak'>): Handle<V> => {
    const handle = { value, type: { shape, dtype, weak: false } };
    live.add(handle);
    references.set(value, (references.get(value) ?? 0) + 1);
    return handle;
  };
  const readSync = (buffer: Buffer): HostArray => host.read((buffer as Handle<V>).value);
  const kernels: Kernels<Handle<V>> = {
    apply(primitive, operands, params, results) {
      const lower = lowererOf(table, primitive);
      const out = lower(
        host,
        operands.map((x) => x.value),
        params,
        results,
      );
      return out.map((value, i) => own(value, results[i]!));
    },
    put: (value) => own(host.put(value), value),
    read: readSync,
    clone: ({ value, type }) => own(value, type),
    free(handle) {
      live.delete(handle);
      const left = references.get(handle.value)! - 1;
      if (left > 0) references.set(handle.value, left);
      else {
        references.delete(handle.value);
        host.free(handle.value);
      }
    },
    avalOf: ({ type }) => type,
    primitiveNamed,
  };
  return {
    devices: [{ id: 0, description }],
    compile: interpret(kernels),
    put: kernels.put,
    read: async (buffer) => readSync(buffer),
    readSync,
    free: (buffer) => kernels.free(buffer as Handle<V>),
    live() {
      const bytes = [...live].reduce((sum, { type }) => sum + sizeOf(type.shape) * dtypes[type.dtype].bytes, 0);
      return { buffers: live.size, bytes };
    },
    close: () => [...live].forEach(kernels.free),
  };
}
