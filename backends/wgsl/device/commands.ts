/** Commands for the queue of a device, in batches: handing over each by itself costs more than running it. */
import { COPY_DST, MAP_READ, type Memory, type Storage, UNIFORM } from './memory.ts';
import type { Pipeline } from './pipelines.ts';

/** So many dispatches are handed over at the latest, so that the device has work while more is recorded. */
const LONGEST_BATCH = 256;
/** Bind groups that are remembered at most. */
const MOST_BIND_GROUPS = 4096;

export class Commands {
  readonly #device: GPUDevice;
  readonly #staging: Memory;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #batch = 0;
  #recorded = 0;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #uniforms = new Map<string, GPUBuffer>();
  /** Dispatches so far. */
  dispatches = 0;

  constructor(device: GPUDevice, staging: Memory) {
    this.#device = device;
    this.#staging = staging;
  }

  dispatch(
    { id, pipeline, layout }: Pipeline,
    storages: readonly Storage[],
    literals: Uint32Array<ArrayBuffer>,
    [x, y, z]: readonly [number, number, number],
  ): void {
    this.#pass ??= this.#encode().beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, this.#group(id, layout, storages, literals));
    this.#pass.dispatchWorkgroups(x, y, z);
    this.dispatches++;
    for (const storage of storages) storage.batch = this.#batch;
    if (++this.#recorded >= LONGEST_BATCH) this.submit();
  }

  copy(from: Storage, to: Storage, bytes: number): void {
    this.#endPass();
    this.#encode().copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes);
    from.batch = to.batch = this.#batch;
  }

  /** Writes to a buffer. Writes overtake commands that are not handed over: those that use the buffer are, before. */
  write(to: Storage, data: ArrayBufferView<ArrayBuffer>): void {
    if (to.batch === this.#batch) this.submit();
    const whole = data.byteLength - (data.byteLength % 4);
    if (whole > 0) this.#device.queue.writeBuffer(to.buffer, 0, data.buffer, data.byteOffset, whole);
    if (whole === data.byteLength) return;
    const rest = new Uint8Array(4);
    rest.set(new Uint8Array(data.buffer, data.byteOffset + whole, data.byteLength - whole));
    this.#device.queue.writeBuffer(to.buffer, whole, rest);
  }

  /** The first `bytes` of a buffer, once all commands so far have run. */
  async read(from: Storage, bytes: number): Promise<ArrayBuffer> {
    const staging = this.#staging.acquire(bytes);
    try {
      this.copy(from, staging, bytes);
      this.submit();
      await staging.buffer.mapAsync(MAP_READ, 0, bytes);
      const copy = staging.buffer.getMappedRange(0, bytes).slice(0);
      staging.buffer.unmap();
      return copy;
    } finally {
      this.#staging.release(staging);
    }
  }

  /** Hands over what is recorded. */
  submit(): void {
    if (this.#encoder === null) return;
    this.#endPass();
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#recorded = 0;
    this.#batch++;
  }

  /** Forgets the bind groups of a buffer that ceases to exist. */
  forget(): void {
    this.#groups.clear();
  }

  close(): void {
    for (const buffer of this.#uniforms.values()) buffer.destroy();
    this.#uniforms.clear();
    this.#groups.clear();
  }

  #encode(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #group(
    id: number,
    layout: GPUBindGroupLayout,
    storages: readonly Storage[],
    literals: Uint32Array<ArrayBuffer>,
  ): GPUBindGroup {
    const key = `${id}:${storages.map((s) => s.id).join(',')}:${literals.join(',')}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      const resources = storages.map(({ buffer }) => ({ buffer }));
      if (literals.length > 0) resources.push({ buffer: this.#uniform(literals) });
      group = this.#device.createBindGroup({
        layout,
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
      if (this.#groups.size >= MOST_BIND_GROUPS) this.#groups.clear();
      this.#groups.set(key, group);
    }
    return group;
  }

  /** A buffer with numbers that never change. */
  #uniform(literals: Uint32Array<ArrayBuffer>): GPUBuffer {
    const key = literals.join(',');
    let buffer = this.#uniforms.get(key);
    if (buffer === undefined) {
      buffer = this.#device.createBuffer({ size: literals.byteLength, usage: UNIFORM | COPY_DST });
      this.#device.queue.writeBuffer(buffer, 0, literals);
      this.#uniforms.set(key, buffer);
    }
    return buffer;
  }
}
