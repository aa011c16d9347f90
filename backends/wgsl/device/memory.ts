/** Buffers of a device, used again and again: a fresh one costs more than what is computed into it. */
import { type Owner, showOwner } from '../compile/plan.ts';
import { caught, type Check } from './batches.ts';

// GPUBufferUsage and GPUMapMode, which Node has no globals for.
export const MAP_READ = 0x1;
const COPY_SRC = 0x4;
export const COPY_DST = 0x8;
export const UNIFORM = 0x40;
const STORAGE = 0x80;

/** A piece of device memory, shared by the values that are the same. */
export interface Storage {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  references: number;
  /** The last batch of commands that uses it. */
  batch: number;
  /** Why there is none: as far as is known. */
  failure: string | null;
}

/** What buffers are for, and how many bytes of them are kept for later at most. */
interface Kind {
  readonly usage: number;
  readonly kept: number;
}

/** What kernels compute with. */
export const FOR_KERNELS: Kind = { usage: STORAGE | COPY_SRC | COPY_DST, kept: 256 * 2 ** 20 };
/** What the host reads from. */
export const FOR_READING: Kind = { usage: MAP_READ | COPY_DST, kept: 64 * 2 ** 20 };

/** Who is told what happens to buffers. */
interface Watcher {
  /** Each allocation fails, with a message, or it does not. */
  checked(check: Check): void;
  /** A buffer is about to cease to exist. */
  destroying(storage: Storage): void;
}

/** The bytes of the largest buffer that a kernel can use. */
export const largestBuffer = ({ limits }: GPUDevice): number =>
  Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);

/** Sizes that buffers come in: four to each power of two, so that at most a fifth is wasted. */
export function sizeClass(bytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 2));
  return Math.ceil(bytes / step) * step;
}

export class Memory {
  readonly #device: GPUDevice;
  readonly #kind: Kind;
  readonly #watcher: Watcher;
  readonly #largest: number;
  /** Buffers that nothing uses, by their sizes; the oldest last, to be used first: steps of a loop then use the same ones. */
  readonly #free = new Map<number, Storage[]>();
  #ids = 0;
  /** Bytes of the buffers that are kept for later. */
  kept = 0;
  /** Bytes of all buffers, those included. */
  allocated = 0;
  /** How many there are. */
  buffers = 0;

  constructor(device: GPUDevice, kind: Kind, watcher: Watcher) {
    this.#device = device;
    this.#kind = kind;
    this.#watcher = watcher;
    this.#largest = largestBuffer(device);
  }

  /** A buffer of at least so many bytes, of any content, with one reference. */
  acquire(bytes: number, owner: Owner): Storage {
    const size = Math.max(bytes, Math.min(sizeClass(bytes), this.#largest));
    const kept = this.#free.get(size)?.pop();
    if (kept === undefined) return this.#create(size, owner);
    this.kept -= size;
    kept.references = 1;
    return kept;
  }

  #create(size: number, owner: Owner): Storage {
    const device = this.#device;
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const buffer = device.createBuffer({ size, usage: this.#kind.usage });
    const checks = [caught(device), caught(device)];
    const storage: Storage = { id: this.#ids++, buffer, bytes: size, references: 1, batch: -1, failure: null };
    this.allocated += size;
    this.buffers++;
    this.#watcher.checked(
      Promise.all(checks).then(([invalid, memory]) => {
        if (memory === null && invalid === null) return null;
        const rest = this.allocated - size;
        storage.failure =
          memory === null
            ? `${showOwner(owner)} failed: a buffer of ${size} bytes is refused: ${invalid}`
            : `${showOwner(owner)} failed: out of memory: it needs ${size} bytes beside the ${rest} that are allocated; dispose of arrays, or compute in smaller parts`;
        this.#withdraw(storage);
        return storage.failure;
      }),
    );
    return storage;
  }

  /** Nobody is to use it again, and others may have what is kept for later. */
  #withdraw(storage: Storage): void {
    this.#forget(storage);
    const same = this.#free.get(storage.bytes);
    const at = same?.indexOf(storage) ?? -1;
    if (at >= 0) {
      same!.splice(at, 1);
      this.kept -= storage.bytes;
    }
    this.trim();
  }

  share(storage: Storage): Storage {
    storage.references++;
    return storage;
  }

  release(storage: Storage): void {
    if (--storage.references > 0 || storage.failure !== null) return;
    if (this.kept + storage.bytes > this.#kind.kept) return this.#destroy(storage);
    this.kept += storage.bytes;
    const same = this.#free.get(storage.bytes);
    if (same === undefined) this.#free.set(storage.bytes, [storage]);
    else same.splice(same.findLastIndex(({ id }) => id > storage.id) + 1, 0, storage);
  }

  #forget(storage: Storage): void {
    this.allocated -= storage.bytes;
    this.buffers--;
  }

  #destroy(storage: Storage): void {
    this.#forget(storage);
    this.#watcher.destroying(storage);
    storage.buffer.destroy();
  }

  /** Gives back all that is kept for later. */
  trim(): void {
    for (const same of this.#free.values()) for (const storage of same) this.#destroy(storage);
    this.#free.clear();
    this.kept = 0;
  }
}
