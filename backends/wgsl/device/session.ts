/** An open device: values on it, programs, and what went wrong. */
import type { Buffer, Device, Executable, Session } from '../../../reference/core/backend.ts';
import { BackendError } from '../../../reference/core/errors.ts';
import type { HostArray } from '../../../reference/core/host.ts';
import type { Jaxpr } from '../../../reference/core/jaxpr.ts';
import type { Target } from '../compile/making.ts';
import { type Owner, type Plan, showOwner } from '../compile/plan.ts';
import { bufferBytes, fromDevice, toDevice, type Type } from '../compile/types.ts';
import type { Opened } from './adapter.ts';
import { Batches, type Check, type Span } from './batches.ts';
import { Commands } from './commands.ts';
import { requireValueFits, requireWithin, showMade } from './limits.ts';
import { FOR_KERNELS, FOR_READING, largestBuffer, Memory, type Storage } from './memory.ts';
import { Pipelines } from './pipelines.ts';
import { type Engine, type Lifetimes, lifetimesOf, runPlan } from './run.ts';

const NONE: Span = { from: Infinity, to: -1 };

/** A value, computed or to be. */
class WgslBuffer {
  readonly type: Type;
  /** The equation that makes it; null: it was put there. */
  readonly owner: Owner | null;
  /** null: the run that makes it waits for another one, or has failed. */
  storage: Storage | null = null;
  /** The batches of commands that compute it, and what it is made of: those that are not known to be right. */
  span: Span = NONE;
  /** Why there is no value. */
  failure: Error | null = null;
  constructor(type: Type, owner: Owner | null) {
    this.type = type;
    this.owner = owner;
  }
}

/** What has to wait, as it goes on. */
type Waits = Generator<Promise<void>, void>;
/** Something to be done in its turn. It does not throw. */
type Job = () => Waits | void;

/** A program, ready to run. */
interface Program {
  readonly plan: Plan;
  readonly lifetimes: Lifetimes;
  /** Buffers of the constants, as soon as it has run. */
  readonly constants: Map<number, Storage>;
}

export class WgslSession implements Session, Engine {
  readonly devices: readonly Device[];
  readonly device: GPUDevice;
  readonly memory: Memory;
  /** Where the host reads from. */
  readonly staging: Memory;
  readonly pipelines: Pipelines;
  readonly commands: Commands;
  readonly batches: Batches;
  readonly #target: Target;
  readonly #plan: (jaxpr: Jaxpr, target: Target) => Plan;
  readonly #largest: number;
  readonly #live = new Set<WgslBuffer>();
  readonly #waiting: Job[] = [];
  #busy: Promise<void> | null = null;
  #lost: string | null = null;
  /** What is being recorded needs something new. */
  #hasNew = false;

  constructor({ device, description, cpu }: Opened, plan: (jaxpr: Jaxpr, target: Target) => Plan) {
    this.device = device;
    this.#plan = plan;
    // A kernel that writes a row of a loop's results also reads the row's number.
    this.#target = { cpu, buffers: 7, workgroup: 64 };
    this.#largest = largestBuffer(device);
    this.devices = [{ id: 0, description: `WebGPU, ${description}` }];
    this.batches = new Batches(device);
    const destroying = (storage: Storage): void => this.commands.forget(storage);
    const checked = (check: Check): void => this.#checked(check);
    this.memory = new Memory(device, FOR_KERNELS, { checked, destroying });
    this.staging = new Memory(device, FOR_READING, { checked: (check) => this.#checkedApart(check), destroying });
    this.commands = new Commands(device, this.batches, this.staging);
    this.pipelines = new Pipelines(device, checked);
    void device.lost.then(({ reason, message }) => {
      this.#lost ??= `the device is lost (${reason}${message ? `: ${message.trim()}` : ''}), and its arrays with it`;
    });
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.batches.failAll(event.error.message);
    });
  }

  /** What is new may fail, and the batch that needs it: what was there before is not to be in it. */
  #checkedApart(check: Check): void {
    this.commands.submit();
    this.batches.checked(check);
  }

  #checked(check: Check): void {
    if (this.#hasNew) this.batches.checked(check);
    else this.#checkedApart(check);
    this.#hasNew = true;
  }

  /** What comes later is not to be in it either. */
  #endOfNew(): void {
    if (this.#hasNew) this.commands.submit();
    this.#hasNew = false;
  }

  get lost(): string | null {
    return this.#lost;
  }

  get adapter(): GPUAdapterInfo {
    return this.device.adapterInfo;
  }

  /** The adapter is software on the CPU. */
  get cpu(): boolean {
    return this.#target.cpu;
  }

  // ---- values

  put(value: HostArray): Buffer {
    const what = (): string => `${showMade(value, null)} cannot be put there`;
    this.#requireDevice(what);
    requireValueFits(value, null, this.#largest);
    const buffer = new WgslBuffer({ shape: value.shape, dtype: value.dtype }, null);
    this.#live.add(buffer);
    buffer.storage = this.#upload(value, PUT);
    return buffer;
  }

  #upload(value: HostArray, owner: Owner): Storage {
    const storage = this.memory.acquire(bufferBytes(value), owner);
    this.commands.write(storage, toDevice(value));
    this.#endOfNew();
    return storage;
  }

  async read(handle: Buffer): Promise<HostArray> {
    while (this.#busy !== null) await this.#busy;
    const { type, owner, storage, failure, span } = handle as WgslBuffer;
    const gone = (): string => `${showMade(type, owner)} is gone`;
    this.#requireDevice(gone);
    try {
      if (failure !== null) throw failure;
      return fromDevice(type, await this.commands.read(storage!, bufferBytes(type), span));
    } catch (error) {
      this.#requireDevice(gone);
      const why = error instanceof Error ? error.message : String(error);
      throw new BackendError(`wgsl: ${why}\n  so that ${showMade(type, owner)} was not computed`, { cause: error });
    }
  }

  /** Hands over all that is recorded, and waits until the device has done it. */
  async finish(): Promise<void> {
    while (this.#busy !== null) await this.#busy;
    this.#requireDevice(() => 'what was recorded is gone');
    this.commands.submit();
    await this.device.queue.onSubmittedWorkDone();
  }

  free(handle: Buffer): void {
    const buffer = handle as WgslBuffer;
    this.#live.delete(buffer);
    this.whenIdle(() => {
      if (buffer.storage !== null) this.memory.release(buffer.storage);
    });
  }

  live(): { readonly buffers: number; readonly bytes: number } {
    let bytes = 0;
    for (const { type } of this.#live) bytes += bufferBytes(type);
    return { buffers: this.#live.size, bytes };
  }

  close(): void {
    this.#lost ??= 'the backend was closed';
    this.#live.clear();
    this.device.destroy();
  }

  // ---- programs

  compile(jaxpr: Jaxpr): Executable {
    const [equation] = jaxpr.equations;
    const what = equation ? showOwner({ label: equation.primitive.name, source: equation.source }) : 'a program';
    this.#requireDevice(() => `${what} cannot be compiled`);
    const plan = this.#plan(jaxpr, this.#target);
    requireWithin(plan, this.#largest);
    const program: Program = { plan, lifetimes: lifetimesOf(plan), constants: new Map() };
    return {
      run: (inputs) => {
        const owner = plan.results.find((result) => result.owner !== null)?.owner;
        this.#requireDevice(() => `${owner ? showOwner(owner) : 'a program'} cannot run`);
        const results = plan.results.map((result) => new WgslBuffer(result.type, result.owner));
        for (const result of results) this.#live.add(result);
        this.whenIdle(() => this.#run(program, inputs as readonly WgslBuffer[], results));
        return results;
      },
      dispose: releasing(this, program.constants),
    };
  }

  *#run(program: Program, operands: readonly WgslBuffer[], results: readonly WgslBuffer[]): Waits {
    const { plan, lifetimes } = program;
    try {
      const since = Math.min(this.batches.current, ...operands.map((x) => this.#since(x)));
      const storages = this.#given(program, operands);
      const made = yield* runPlan(this, plan, lifetimes, { storages, since });
      const span = { from: since, to: this.batches.current };
      results.forEach((x, i) => Object.assign(x, { storage: made[i]!, span }));
    } catch (error) {
      // Whoever reads a result is told.
      for (const x of results) x.failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#endOfNew();
    }
  }

  /** The batch from which on a value may have failed. @throws what it failed of */
  #since({ failure, storage, span }: WgslBuffer): number {
    if (failure !== null) throw failure;
    const why = storage!.failure ?? this.batches.failureIn(span);
    if (why !== null) throw new Error(why);
    return span.to < this.batches.settled ? Infinity : span.from;
  }

  /** What is in buffers before a program begins. */
  #given({ plan, constants }: Program, operands: readonly WgslBuffer[]): ReadonlyMap<number, Storage> {
    const given = new Map<number, Storage>();
    for (const [i, { content }] of plan.buffers.entries()) {
      if (content === null) continue;
      if ('input' in content) given.set(i, operands[content.input]!.storage!);
      else given.set(i, this.#constant(constants, i, content.value));
    }
    return given;
  }

  #constant(constants: Map<number, Storage>, buffer: number, value: HostArray): Storage {
    let storage = constants.get(buffer);
    if (storage === undefined || storage.failure !== null)
      constants.set(buffer, (storage = this.#upload(value, CONSTANT)));
    return storage;
  }

  /** Does something now, or after what waits. */
  whenIdle(job: Job): void {
    if (this.#busy !== null) {
      this.#waiting.push(job);
      return;
    }
    const steps = job();
    const first = steps?.next();
    if (steps && first && !first.done) this.#busy = this.#goOn(steps, first.value);
  }

  async #goOn(steps: Waits, first: Promise<void>): Promise<void> {
    await waited(steps, first);
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      const more = job();
      const next = more?.next();
      if (more && next && !next.done) await waited(more, next.value);
    }
    this.#busy = null;
  }

  // ---- what can go wrong

  #requireDevice(what: () => string): void {
    if (this.#lost !== null)
      throw new BackendError(`wgsl: ${what()}: ${this.#lost}; open it again: await backend('wgsl')`);
  }
}

const PUT: Owner = { label: 'an array that is put there', source: null };
const CONSTANT: Owner = { label: 'a constant of a program', source: null };

/** Goes on to the end, waiting where it has to. */
async function waited(steps: Waits, first: Promise<void>): Promise<void> {
  for (let wait: Promise<void> | null = first; wait !== null;) {
    const next: IteratorResult<Promise<void>, void> = await wait.then(
      () => steps.next(),
      (error: unknown) => steps.throw(error),
    );
    wait = next.done ? null : next.value;
  }
}

/** Gives constants back. It stands by itself, as a function that refers to a program keeps it alive. */
const releasing = (session: WgslSession, constants: Map<number, Storage>) => (): void =>
  session.whenIdle(() => {
    for (const storage of constants.values()) session.memory.release(storage);
    constants.clear();
  });
