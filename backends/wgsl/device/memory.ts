/** Buffers of a device, used again and again: a fresh one costs more than what is computed into it. */

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
}

/** What is kept for later at most, in bytes. */
const KEPT = 256 * 2 ** 20;

/** Sizes that buffers come in: four to each power of two, so that at most a fifth is wasted. */
export function sizeClass(bytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 2));
  return Math.ceil(bytes / step) * step;
}

export class Memory {
  readonly #device: GPUDevice;
  readonly #usage: number;
  readonly #free = new Map<number, Storage[]>();
  /** Told of every buffer that ceases to exist. */
  readonly #destroyed: (storage: Storage) => void;
  /** Told of the check of every allocation. */
  readonly #checked: (check: Promise<string | null>) => void;
  #kept = 0;
  #ids = 0;
  /** Bytes of all buffers, those kept for later included. */
  allocated = 0;

  constructor(
    device: GPUDevice,
    destroyed: (storage: Storage) => void,
    checked: (check: Promise<string | null>) => void,
    usage: number = STORAGE | COPY_SRC | COPY_DST,
  ) {
    this.#device = device;
    this.#destroyed = destroyed;
    this.#checked = checked;
    this.#usage = usage;
  }

  /** A buffer of at least so many bytes, of any content, with one reference. */
  acquire(bytes: number): Storage {
    const size = sizeClass(bytes);
    const kept = this.#free.get(size)?.pop();
    if (kept !== undefined) {
      this.#kept -= size;
      kept.references = 1;
      return kept;
    }
    this.allocated += size;
    return { id: this.#ids++, buffer: this.#create(size), bytes: size, references: 1, batch: -1 };
  }

  #create(size: number): GPUBuffer {
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
    const buffer = this.#device.createBuffer({ size, usage: this.#usage });
    const checks = [this.#device.popErrorScope(), this.#device.popErrorScope()];
    this.#checked(
      Promise.all(checks).then(([invalid, memory]) => {
        if (memory) return `out of memory: ${size} bytes beside ${this.allocated - size} that are allocated`;
        return invalid?.message ?? null;
      }),
    );
    return buffer;
  }

  share(storage: Storage): Storage {
    storage.references++;
    return storage;
  }

  release(storage: Storage): void {
    if (--storage.references > 0) return;
    if (this.#kept + storage.bytes > KEPT) return this.#destroy(storage);
    this.#kept += storage.bytes;
    const same = this.#free.get(storage.bytes);
    if (same === undefined) this.#free.set(storage.bytes, [storage]);
    else same.push(storage);
  }

  #destroy(storage: Storage): void {
    this.allocated -= storage.bytes;
    this.#destroyed(storage);
    storage.buffer.destroy();
  }

  /** Gives back all that is kept for later. */
  trim(): void {
    for (const same of this.#free.values()) for (const storage of same) this.#destroy(storage);
    this.#free.clear();
    this.#kept = 0;
  }
}
