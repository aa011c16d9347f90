/** An open device: values on it, programs, and what went wrong. */
import type { Buffer, Device, Executable, Session } from '../../../reference/core/backend.ts';
import { BackendError } from '../../../reference/core/errors.ts';
import { type HostArray, showAval } from '../../../reference/core/host.ts';
import type { Jaxpr } from '../../../reference/core/jaxpr.ts';
import type { Target } from '../compile/making.ts';
import type { Plan } from '../compile/plan.ts';
import { bufferBytes, fromDevice, toDevice, type Type } from '../compile/types.ts';
import type { Opened } from './adapter.ts';
import { Commands } from './commands.ts';
import { COPY_DST, MAP_READ, Memory, type Storage } from './memory.ts';
import { Pipelines } from './pipelines.ts';
import { type Engine, type Lifetimes, lifetimesOf, runPlan } from './run.ts';

/** What may have gone wrong, as far as it is known: a message, or null. */
type Check = Promise<string | null>;

/** A value, computed or to be. */
class WgslBuffer {
  readonly type: Type;
  /** null: the run that makes it waits for another one. */
  storage: Storage | null = null;
  checks: readonly Check[] = [];
  isFreed = false;
  constructor(type: Type) {
    this.type = type;
  }
}

/** What has to wait, as it goes on. */
type Waits = Generator<Promise<void>, void>;
/** Something to be recorded. */
type Job = () => Waits | void;

export class WgslSession implements Session, Engine {
  readonly devices: readonly Device[];
  readonly memory: Memory;
  readonly pipelines: Pipelines;
  readonly commands: Commands;
  readonly #device: GPUDevice;
  readonly #target: Target;
  readonly #plan: (jaxpr: Jaxpr, target: Target) => Plan;
  readonly #live = new Set<WgslBuffer>();
  #checks: Check[] = [];
  readonly #waiting: Job[] = [];
  #busy: Promise<void> | null = null;
  #lost: string | null = null;
  #isClosed = false;

  constructor({ device, description, cpu }: Opened, plan: (jaxpr: Jaxpr, target: Target) => Plan) {
    this.#device = device;
    this.#plan = plan;
    // A kernel that writes a row of a loop's results also reads the row's number.
    this.#target = { cpu, buffers: 7, workgroup: 64 };
    this.devices = [{ id: 0, description: `WebGPU, ${description}` }];
    const checked = (check: Check): void => this.checked(check);
    this.commands = new Commands(device, new Memory(device, () => {}, checked, MAP_READ | COPY_DST));
    this.memory = new Memory(device, () => this.commands.forget(), checked);
    this.pipelines = new Pipelines(device);
    void device.lost.then(({ reason, message }) => {
      if (!this.#isClosed)
        this.#lost = `the device is lost (${reason}${message ? `: ${message}` : ''}), and its arrays with it`;
    });
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.checked(Promise.resolve(event.error.message));
    });
  }

  checked(check: Check): void {
    this.#checks.push(check);
  }

  get adapter(): GPUAdapterInfo {
    return this.#device.adapterInfo;
  }

  /** The adapter is software on the CPU. */
  get cpu(): boolean {
    return this.#target.cpu;
  }

  // ---- values

  put(value: HostArray): Buffer {
    this.#requireDevice();
    this.#requireFits(value);
    const buffer = this.#own(new WgslBuffer({ shape: value.shape, dtype: value.dtype }));
    buffer.storage = this.#upload(value);
    buffer.checks = this.#checksSoFar();
    return buffer;
  }

  #upload(value: HostArray): Storage {
    const storage = this.memory.acquire(bufferBytes(value));
    this.commands.write(storage, toDevice(value));
    return storage;
  }

  #own(buffer: WgslBuffer): WgslBuffer {
    this.#live.add(buffer);
    return buffer;
  }

  async read(handle: Buffer): Promise<HostArray> {
    const buffer = handle as WgslBuffer;
    while (this.#busy !== null) await this.#busy;
    this.#requireDevice();
    await failOn(buffer.checks);
    buffer.checks = [];
    const bytes = await this.commands.read(buffer.storage!, bufferBytes(buffer.type)).catch((error: unknown) => {
      this.#requireDevice();
      throw new BackendError(`a value cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
    await failOn(this.#checksSoFar());
    return fromDevice(buffer.type, bytes);
  }

  /** Hands over all that is recorded, and waits until the device has done it. */
  async finish(): Promise<void> {
    while (this.#busy !== null) await this.#busy;
    this.#requireDevice();
    this.commands.submit();
    await this.#device.queue.onSubmittedWorkDone();
  }

  free(handle: Buffer): void {
    const buffer = handle as WgslBuffer;
    this.#live.delete(buffer);
    buffer.isFreed = true;
    // A job that is yet to run makes it, or uses it.
    if (this.#busy === null) release(this.memory, buffer);
    else this.#waiting.push(() => release(this.memory, buffer));
  }

  live(): { readonly buffers: number; readonly bytes: number } {
    let bytes = 0;
    for (const { type } of this.#live) bytes += bufferBytes(type);
    return { buffers: this.#live.size, bytes };
  }

  close(): void {
    this.#isClosed = true;
    this.#live.clear();
    this.commands.close();
    this.#device.destroy();
  }

  // ---- programs

  compile(jaxpr: Jaxpr): Executable {
    this.#requireDevice();
    const plan = this.#plan(jaxpr, this.#target);
    this.#requireSmall(plan);
    const lifetimes = lifetimesOf(plan);
    const constants = new Map<number, Storage>();
    const upload = (): void => {
      for (const [i, { content }] of plan.buffers.entries()) {
        if (content !== null && 'value' in content && !constants.has(i)) constants.set(i, this.#upload(content.value));
      }
    };
    return {
      run: (inputs) => {
        this.#requireDevice();
        const operands = inputs as readonly WgslBuffer[];
        const results = plan.results.map(({ type }) => this.#own(new WgslBuffer(type)));
        this.#enqueue(() => {
          upload();
          return this.#run(plan, lifetimes, constants, operands, results);
        });
        return results;
      },
      dispose: releasing(this.memory, constants),
    };
  }

  *#run(
    plan: Plan,
    lifetimes: Lifetimes,
    constants: ReadonlyMap<number, Storage>,
    operands: readonly WgslBuffer[],
    results: readonly WgslBuffer[],
  ): Generator<Promise<void>, void> {
    const given = new Map(constants);
    for (const [i, { content }] of plan.buffers.entries()) {
      if (content !== null && 'input' in content) given.set(i, operands[content.input]!.storage!);
    }
    const storages = yield* runPlan(this, plan, lifetimes, given);
    const checks = [...operands.flatMap((x) => x.checks), ...this.#checksSoFar()];
    results.forEach((x, i) => Object.assign(x, { storage: storages[i]!, checks }));
  }

  #checksSoFar(): Check[] {
    const checks = this.#checks;
    this.#checks = [];
    return checks;
  }

  /** Records a job now, or after those that wait. */
  #enqueue(job: Job): void {
    if (this.#busy !== null) {
      this.#waiting.push(job);
      return;
    }
    const begun = this.#begin(job);
    if (begun !== null) this.#busy = this.#goOn(begun.steps, begun.first);
  }

  /** What fails at once is told at once; what it has found on the way is nobody else's. null: it is done. */
  #begin(job: Job): { readonly steps: Waits; readonly first: Promise<void> } | null {
    try {
      const steps = job();
      const first = steps?.next();
      return !steps || !first || first.done ? null : { steps, first: first.value };
    } catch (error) {
      void this.#checksSoFar();
      throw error;
    }
  }

  async #goOn(steps: Waits, first: Promise<void>): Promise<void> {
    try {
      await first;
      for (let next = steps.next(); !next.done; next = steps.next()) await next.value;
      for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
        const more = job();
        if (more) for (let next = more.next(); !next.done; next = more.next()) await next.value;
      }
    } catch (error) {
      // Whoever reads a result is told.
      this.#lost ??= error instanceof Error ? error.message : String(error);
      this.#waiting.length = 0;
    } finally {
      this.#busy = null;
    }
  }

  // ---- what can go wrong

  #requireDevice(): void {
    if (this.#lost !== null)
      throw new BackendError(`wgsl: ${this.#lost}; close the backend and open it again: await backend('wgsl')`);
  }

  #requireFits(value: Type): void {
    const bytes = bufferBytes(value);
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (bytes > most)
      throw new BackendError(
        `wgsl: ${showAval(value)} takes ${bytes} bytes, and this device has buffers of at most ${most}`,
      );
  }

  #requireSmall({ buffers, results }: Plan): void {
    const { maxStorageBufferBindingSize } = this.#device.limits;
    for (const { type } of results) this.#requireFits(type);
    const largest = Math.max(0, ...buffers.map(({ bytes }) => bytes));
    if (largest > maxStorageBufferBindingSize)
      throw new BackendError(
        `wgsl: the program has a value of ${largest} bytes, and this device has buffers of at most ${maxStorageBufferBindingSize}`,
      );
  }
}

/** @throws BackendError if something failed that a value was made from */
async function failOn(checks: readonly Check[]): Promise<void> {
  for (const failure of await Promise.all(checks)) if (failure !== null) throw new BackendError(`wgsl: ${failure}`);
}

function release(memory: Memory, { storage }: WgslBuffer): void {
  if (storage !== null) memory.release(storage);
}

/** Gives constants back. It stands by itself, as a function that refers to a program keeps it alive. */
const releasing = (memory: Memory, constants: Map<number, Storage>) => (): void => {
  for (const storage of constants.values()) memory.release(storage);
  constants.clear();
};
