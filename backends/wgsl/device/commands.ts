/** Commands for the queue of a device, in batches: handing over each by itself costs more than running it. */
import { type KernelStep, type Owner, showOwner } from '../compile/plan.ts';
import { type Batches, caught, type Span } from './batches.ts';
import { COPY_DST, MAP_READ, type Memory, type Storage, UNIFORM } from './memory.ts';
import type { Pipeline } from './pipelines.ts';

/** So many dispatches are handed over at the latest, so that the device has work while more is recorded. */
const LONGEST_BATCH = 256;
/** Bind groups that are remembered at most. */
export const MOST_BIND_GROUPS = 4096;
/** Buffers with numbers for kernels that are kept at most. */
export const MOST_UNIFORMS = 1024;

const READING: Owner = { label: 'reading', source: null };

export class Commands {
  readonly #device: GPUDevice;
  readonly #batches: Batches;
  readonly #staging: Memory;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #recorded = 0;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #uniforms = new Map<string, GPUBuffer>();
  /** Dispatches so far. */
  dispatches = 0;

  constructor(device: GPUDevice, batches: Batches, staging: Memory) {
    this.#device = device;
    this.#batches = batches;
    this.#staging = staging;
  }

  /** What is remembered. */
  get size(): { readonly groups: number; readonly uniforms: number } {
    return { groups: this.#groups.size, uniforms: this.#uniforms.size };
  }

  dispatch(pipeline: Pipeline, storages: readonly Storage[], step: KernelStep): void {
    const group = this.#group(pipeline, storages, step);
    this.#pass ??= this.#encode().beginComputePass();
    this.#pass.setPipeline(pipeline.pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(...step.workgroups);
    this.dispatches++;
    for (const storage of storages) storage.batch = this.#batches.current;
    if (++this.#recorded >= LONGEST_BATCH) this.submit();
  }

  copy(from: Storage, to: Storage, bytes: number): void {
    this.#endPass();
    this.#encode().copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes);
    from.batch = to.batch = this.#batches.current;
  }

  /** Writes to a buffer. Writes overtake commands that are not handed over: those that use the buffer are, before. */
  write(to: Storage, data: ArrayBufferView<ArrayBuffer>): void {
    if (to.batch === this.#batches.current) this.submit();
    this.#batches.open();
    const whole = data.byteLength - (data.byteLength % 4);
    if (whole > 0) this.#device.queue.writeBuffer(to.buffer, 0, data.buffer, data.byteOffset, whole);
    if (whole === data.byteLength) return;
    const rest = new Uint8Array(4);
    rest.set(new Uint8Array(data.buffer, data.byteOffset + whole, data.byteLength - whole));
    this.#device.queue.writeBuffer(to.buffer, whole, rest);
  }

  /**
   * The first `bytes` of a buffer, once all commands so far have run.
   * @throws Error if what it holds was not computed, in the batches that it comes from
   */
  async read(from: Storage, bytes: number, made: Span): Promise<ArrayBuffer> {
    for (;;) {
      const staging = this.#staging.acquire(bytes, READING);
      const batch = this.#batches.current;
      this.copy(from, staging, bytes);
      this.submit();
      const [mapped] = await Promise.allSettled([this.#map(staging, bytes), this.#batches.whenSettled()]);
      const copy = mapped.status === 'fulfilled' ? mapped.value.slice(0) : null;
      if (copy !== null) staging.buffer.unmap();
      this.#staging.release(staging);
      const failure = from.failure ?? this.#batches.failureIn(made);
      if (failure !== null) throw new Error(failure);
      const refusal = this.#batches.failureIn({ from: batch, to: batch });
      if (copy !== null && refusal === null) return copy;
      // It may have been refused because of what was handed over with it: then once more.
      if (copy === null) throw refusal === null ? (mapped as PromiseRejectedResult).reason : new Error(refusal);
    }
  }

  /** What fails here is told by the promise. */
  async #map({ buffer }: Storage, bytes: number): Promise<ArrayBuffer> {
    this.#device.pushErrorScope('validation');
    const mapping = buffer.mapAsync(MAP_READ, 0, bytes);
    void caught(this.#device);
    await mapping;
    return buffer.getMappedRange(0, bytes);
  }

  /** Hands over what is recorded. */
  submit(): void {
    this.#endPass();
    if (this.#encoder !== null) this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#recorded = 0;
    this.#batches.close();
  }

  /** A buffer is about to cease to exist: commands that use it are handed over, and bind groups forgotten. */
  forget(storage: Storage): void {
    if (storage.batch === this.#batches.current) this.submit();
    this.#groups.clear();
  }

  #encode(): GPUCommandEncoder {
    this.#batches.open();
    return (this.#encoder ??= this.#device.createCommandEncoder());
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #group({ id, layout }: Pipeline, storages: readonly Storage[], step: KernelStep): GPUBindGroup {
    const { literals } = step;
    const key = `${id}:${storages.map((s) => s.id).join(',')}:${literals.join(',')}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= MOST_BIND_GROUPS) this.#groups.clear();
      if (this.#uniforms.size >= MOST_UNIFORMS) this.#forgetUniforms();
      this.#batches.open();
      const resources = storages.map(({ buffer }) => ({ buffer }));
      if (literals.length > 0) resources.push({ buffer: this.#uniform(literals) });
      group = this.#device.createBindGroup({
        label: showOwner(step),
        layout,
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
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

  #forgetUniforms(): void {
    this.submit();
    for (const buffer of this.#uniforms.values()) buffer.destroy();
    this.#uniforms.clear();
    this.#groups.clear();
  }
}
