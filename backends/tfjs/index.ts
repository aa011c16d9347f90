/**
 * The backends `tfjs:wasm` and `tfjs:cpu`: the engines of TensorFlow.js 4.22. They run at once and single-threaded.
 * What an engine computes wrongly is composed from what it computes right (each lowering says what), or is a gap.
 */
import {
  type BackendDefinition,
  type Buffer,
  defineBackend,
  type Device,
  type Session,
} from '../../reference/core/backend.ts';
import { checkOptions } from '../../reference/core/errors.ts';
import { allocate, type Aval, type HostArray, sizeOf } from '../../reference/core/host.ts';
import { dtypes, shortName } from '../../reference/core/dtypes.ts';
import { interpret } from '../../reference/core/machine.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { lowererOf, supportsFrom } from '../table.ts';
import { arithmetic } from './arithmetic.ts';
import { bits } from './bits.ts';
import { comparison } from './comparison.ts';
import { complex } from './complex.ts';
import { contraction } from './contraction.ts';
import { conversion } from './conversion.ts';
import { convolution } from './convolution.ts';
import { cumulative } from './cumulative.ts';
import { type Engine, type EngineName, isComputed, startEngine, type Storage, storageOf } from './engine.ts';
import { indexing } from './indexing.ts';
import { Kernels } from './kernels.ts';
import { linalg } from './linalg.ts';
import type { Table, Value } from './lowering.ts';
import { math } from './math.ts';
import { random } from './random.ts';
import { reductions } from './reduction.ts';
import { decompositions } from './spectral.ts';
import { shape } from './shape.ts';
import { sorting } from './sorting.ts';
import { special } from './special.ts';
import { trigonometry } from './trigonometry.ts';
import { windowed } from './windowed.ts';

const table: Table = {
  ...arithmetic,
  ...math,
  ...trigonometry,
  ...special,
  ...comparison,
  ...complex,
  ...bits,
  ...conversion,
  ...shape,
  ...reductions,
  ...cumulative,
  ...sorting,
  ...contraction,
  ...convolution,
  ...indexing,
  ...windowed,
  ...decompositions,
  ...linalg,
  ...random,
};

/** Why the engines compute nothing with a value; null: they do. */
const unheld = ({ dtype }: Aval): string | null => (isComputed(dtype) ? null : `no ${shortName(dtype)} in tfjs`);

/** A value in a session's engine, with its own reference to the data. */
class TfjsBuffer implements Value {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly type: Aval['dtype'];
  constructor(dataId: object, shape: readonly number[], type: Aval['dtype']) {
    this.dataId = dataId;
    this.shape = shape;
    this.type = type;
  }
  get dtype(): Storage {
    return storageOf(this.type);
  }
}

/** What the engine stores. */
function bitsOf({ dtype, data }: HostArray): Float32Array | Int32Array | Uint8Array {
  const storage = storageOf(dtype);
  if (storage === 'float32') return data as Float32Array;
  const { buffer, byteOffset, byteLength } = data;
  return storage === 'int32'
    ? new Int32Array(buffer, byteOffset, byteLength / 4)
    : new Uint8Array(buffer, byteOffset, byteLength);
}

function fromBits(bits: ArrayBufferView, { shape: s, type }: TfjsBuffer): HostArray {
  const data = allocate(type, sizeOf(s));
  new Uint8Array(data.buffer).set(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
  return { shape: s, dtype: type, data };
}

class TfjsSession implements Session {
  readonly devices: readonly Device[];
  readonly #engine: Engine;
  readonly #kernels: Kernels;
  readonly #live = new Set<TfjsBuffer>();
  readonly compile: Session['compile'];

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#kernels = new Kernels(engine);
    const flavour = engine.isWasm ? 'wasm SIMD' : 'plain JavaScript';
    this.devices = [{ id: 0, description: `tfjs-core ${engine.version}, ${flavour}, 1 thread` }];
    this.compile = interpret<TfjsBuffer>({
      apply: (primitive, operands, params, results) => this.#apply(primitive, operands, params, results),
      put: (value) => this.#put(value),
      read: (value) => this.readSync(value),
      clone: (value) => this.#clone(value),
      free: (value) => this.free(value),
      avalOf: ({ shape: s, type }) => ({ shape: s, dtype: type, weak: false }),
      primitiveNamed,
    });
  }

  put(value: HostArray): Buffer {
    return this.#put(value);
  }

  async read(buffer: Buffer): Promise<HostArray> {
    return this.readSync(buffer);
  }

  readSync(buffer: Buffer): HostArray {
    return fromBits(this.#engine.read(buffer as TfjsBuffer), buffer as TfjsBuffer);
  }

  free(buffer: Buffer): void {
    this.#live.delete(buffer as TfjsBuffer);
    this.#engine.drop(buffer as TfjsBuffer);
  }

  live(): { buffers: number; bytes: number } {
    let bytes = 0;
    for (const x of this.#live) bytes += sizeOf(x.shape) * dtypes[x.type].bytes;
    return { buffers: this.#live.size, bytes };
  }

  close(): void {
    for (const x of [...this.#live]) this.free(x);
  }

  #own(
    dataId: object,
    { shape: s, dtype }: { readonly shape: readonly number[]; readonly dtype: Aval['dtype'] },
  ): TfjsBuffer {
    const buffer = new TfjsBuffer(dataId, s, dtype);
    this.#live.add(buffer);
    return buffer;
  }

  #put(value: HostArray): TfjsBuffer {
    const bits = bitsOf(value);
    return this.#own(this.#engine.write(bits, [bits.length], storageOf(value.dtype)).dataId, value);
  }

  #clone(value: TfjsBuffer): TfjsBuffer {
    this.#engine.share(value);
    return this.#own(value.dataId, { shape: value.shape, dtype: value.type });
  }

  /** Kernels are only run for results that have elements: wasm's give garbage for others. */
  #apply(
    primitive: AnyFirstOrder,
    operands: readonly TfjsBuffer[],
    params: Params,
    results: readonly Aval[],
  ): TfjsBuffer[] {
    if (results.every((r) => sizeOf(r.shape) === 0)) return results.map((r) => this.#empty(r));
    const lower = lowererOf(table, primitive);
    const tensors = this.#engine.scope(() => lower(this.#kernels, operands, params, results));
    return tensors.map((x, i) => this.#own(x.dataId, results[i]!));
  }

  #empty(type: Aval): TfjsBuffer {
    const none = { float32: new Float32Array(0), int32: new Int32Array(0), bool: new Uint8Array(0) };
    const storage = storageOf(type.dtype);
    return this.#own(this.#engine.write(none[storage], type.shape, storage).dataId, type);
  }
}

const tfjs = (name: EngineName): BackendDefinition =>
  defineBackend({
    name: `tfjs:${name}`,
    profile: 'strict',
    capabilities: { syncRead: true, hiddenMemory: name === 'wasm' },
    supports: supportsFrom(table, unheld),
    open: async (options) => {
      checkOptions(options, ['wasmPaths'], `tfjs:${name}`);
      return new TfjsSession(await startEngine(name, options['wasmPaths']));
    },
  });

/** TensorFlow.js compiled to WebAssembly. `open({ wasmPaths })` says where a page serves the .wasm files. */
export const tfjsWasm: BackendDefinition = tfjs('wasm');
/** TensorFlow.js in plain JavaScript: the engine of last resort. */
export const tfjsCpu: BackendDefinition = tfjs('cpu');
